//! The HTML page: both figures, a table of the calls, and the call reference. The script only adds keyboard control,
//! details and a filter. The page loads no other resource, and its content security policy forbids it.

use super::call_reference::ENTRIES;
use super::canvas::Target;
use super::escape::escaped;
use super::label::grouped;
use super::layout::Layout;
use super::style::STYLE;
use super::svg::{figure, summary};
use super::{Model, PageOptions, gantt_svg, table};

const PAGE_STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");
const LIVE_SCRIPT: &str = include_str!("page/live.js");
const STEP_STYLE: &str = include_str!("page/step.css");
const STEP_SCRIPT: &str = include_str!("page/step.js");
/// The SHA-256 of the style and the script that the content security policy permits. A test compares them.
const STYLE_HASH: &str = "sha256-IeDDin9eT3mARYQz6fVkpOCI3zwSJU8ZMg2OqqeHgqo=";
/// The same for the light style.
const LIGHT_HASH: &str = "sha256-BFMeRWSLIWCOkb17AwHoPd8h5gNcikha7cyavDgxxDc=";
const LIVE_HASH: &str = "sha256-ZaRmm91udT0SlL9BxLHmXM8oYtEL9zdjTyTW1eYGMJQ=";
const STEP_STYLE_HASH: &str = "sha256-32YybMl6jiRW2ViGtAB+pgPa9MxCiM+p+Jd3XfYIT9E=";
const STEP_HASH: &str = "sha256-+UhokcyIrqxUjZ47aPNk+s+CX5ozCRrKu/3JGJKgKhs=";
const SCRIPT_HASH: &str = "sha256-leealQ62O2XrqK1qQhZ45CY/6FueEs5U+FADbV84e6U=";

/// The page in one file: the socket-interaction figure, the Gantt chart, and a table of the first 2,000 calls
/// and those of the figure.
#[must_use]
pub fn html(model: &Model, options: &PageOptions<'_>) -> String {
    let layout = Layout::new(model, options);
    let mut out = String::new();
    head(&mut out, model, options);
    out.push_str("<main>\n");
    let about = "Each program is a column, and time goes down. Arrows are what went from one to another.";
    section(&mut out, "interaction-section", "Who called what, and what went between them", about);
    scrolled(&mut out, "The interaction", &figure(model, options, &layout, Target::Page));
    if let Some(caption) = options.caption {
        out.push_str(&format!("<p class=\"caption\">{}</p>\n", escaped(caption)));
    }
    let about = "Each client is a row, and time goes to the right.";
    section(&mut out, "gantt-section", "Who was served, and who waited", about);
    scrolled(&mut out, "The clients' times", &gantt_svg::gantt(model, options, Target::Page));
    let rows = table::rows(&layout);
    let about =
        table::folded(model, &rows).unwrap_or_else(|| "All that the pictures show, in words.".to_owned());
    section(&mut out, "calls", "The calls", &about);
    scrolled(&mut out, "The table of calls", &table::calls(model, options, &layout, &rows));
    if rows.len() < model.steps.len() {
        out.push_str("<h3>All calls, counted</h3>\n");
        scrolled(&mut out, "The calls, counted", &table::counted(model, options));
    }
    out.push_str("</section>\n");
    call_reference(&mut out, model);
    remarks(&mut out, model);
    out.push_str("</main>\n");
    out.push_str(include_str!("page/tail.html"));
    let (live, stepped) = (options.live, options.live && options.stepped);
    let scripts = [Some(SCRIPT), live.then_some(LIVE_SCRIPT), stepped.then_some(STEP_SCRIPT)];
    for script in scripts.into_iter().flatten() {
        out.push_str(&format!("<script>{script}</script>\n"));
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn head(out: &mut String, model: &Model, options: &PageOptions<'_>) {
    let (title, summary) = (escaped(options.title), escaped(&summary(model, options)));
    let (style, style_hash) = if options.light { (light_style(), LIGHT_HASH) } else { (style(), STYLE_HASH) };
    let stepped = options.live && options.stepped;
    let only = |wanted: bool, text: String| if wanted { text } else { String::new() };
    let (step_style, step_script) =
        (only(stepped, format!(" '{STEP_STYLE_HASH}'")), only(stepped, format!(" '{STEP_HASH}'")));
    let live = only(options.live, format!(" '{LIVE_HASH}'{step_script}; connect-src 'self'"));
    out.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str(&format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '{style_hash}'{step_style}; \
         script-src '{SCRIPT_HASH}'{live}; base-uri 'none'; form-action 'none'\">\n"
    ));
    out.push_str("<meta name=\"referrer\" content=\"no-referrer\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    let schemes = if options.light { "light" } else { "light dark" };
    out.push_str(&format!("<meta name=\"color-scheme\" content=\"{schemes}\">\n"));
    out.push_str(&format!("<title>{title}</title>\n<style>{style}</style>\n"));
    out.push_str(&only(stepped, format!("<style>{STEP_STYLE}</style>\n")));
    out.push_str("</head>\n<body>\n");
    out.push_str("<a class=\"skip\" href=\"#calls\">Skip to the table of calls</a>\n");
    out.push_str(&format!("<header>\n<div>\n<h1>{title}</h1>\n<p id=\"summary\">{summary}</p>\n"));
    if options.live {
        out.push_str("<p id=\"live\" role=\"status\"></p>\n");
    }
    out.push_str("</div>\n");
    out.push_str(include_str!("page/tools.html"));
    out.push_str("</header>\n");
    if stepped {
        out.push_str(include_str!("page/step.html"));
    }
}

fn style() -> String {
    format!("{STYLE}{PAGE_STYLE}")
}

/// The style without the rules for dark colour schemes: each set of them ends at a line with its closing brace.
fn light_style() -> String {
    let mut light = String::new();
    let mut dark = false;
    for line in style().split_inclusive('\n') {
        dark |= line.starts_with("@media screen and (prefers-color-scheme: dark)");
        if !dark {
            light.push_str(&line.replace("color-scheme: light dark", "color-scheme: light"));
        }
        dark &= line.trim_end() != "}";
    }
    light
}

/// Closes the previous section, unless this is the first one, and opens the next.
fn section(out: &mut String, id: &str, heading: &str, about: &str) {
    if id != "interaction-section" {
        out.push_str("</section>\n");
    }
    out.push_str(&format!("<section id=\"{id}\" aria-labelledby=\"{id}-heading\">\n"));
    out.push_str(&format!("<h2 id=\"{id}-heading\">{heading}</h2>\n<p>{}</p>\n", escaped(about)));
}

/// Content that scrolls if it is wider than the window.
fn scrolled(out: &mut String, label: &str, content: &str) {
    out.push_str(&format!("<div class=\"scroll\" role=\"region\" aria-label=\"{label}\" tabindex=\"0\">\n"));
    out.push_str(content);
    out.push_str("</div>\n");
}

/// The reference of the calls that the trace contains.
fn call_reference(out: &mut String, model: &Model) {
    let mut used = [false; ENTRIES.len()];
    for step in &model.steps {
        if let Some(entry) = ENTRIES.iter().position(|entry| entry.call == step.call.call) {
            used[entry] = true;
        }
    }
    out.push_str("<section id=\"glossary\" aria-labelledby=\"glossary-heading\">\n");
    out.push_str("<h2 id=\"glossary-heading\">What the calls are</h2>\n");
    let mut rows = String::from(
        "<table>\n<thead><tr><th scope=\"col\">Call</th><th scope=\"col\">In C</th>\
         <th scope=\"col\">Waits for</th><th scope=\"col\">Manual page</th></tr></thead>\n<tbody>\n",
    );
    for (entry, _) in ENTRIES.iter().zip(used).filter(|(_, used)| *used) {
        rows.push_str(&format!(
            "<tr id=\"about-{}\"><th scope=\"row\"><code>{0}</code></th><td><code>{}</code></td><td>{}</td>\
             <td><code>man 2 {}</code></td></tr>\n",
            entry.call,
            escaped(entry.signature),
            escaped(entry.waits_for),
            entry.manual.trim_end_matches("(2)")
        ));
    }
    rows.push_str("</tbody>\n</table>\n");
    scrolled(out, "The table of what the calls are", &rows);
    out.push_str("</section>\n");
}

fn remarks(out: &mut String, model: &Model) {
    const MAX: usize = 50;
    if model.remarks.is_empty() {
        return;
    }
    out.push_str("<section id=\"remarks\" aria-labelledby=\"remarks-heading\">\n");
    out.push_str("<h2 id=\"remarks-heading\">What the trace does not say</h2>\n<ul>\n");
    for remark in model.remarks.iter().take(MAX) {
        out.push_str(&format!("<li>{}</li>\n", escaped(remark)));
    }
    if model.remarks.len() > MAX {
        out.push_str(&format!("<li>And {} more.</li>\n", grouped((model.remarks.len() - MAX) as u64)));
    }
    out.push_str("</ul>\n</section>\n");
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_policy_allows_the_style_and_the_script() {
        let hash = |text: &str| {
            let digest = Sha256::digest(text.as_bytes());
            format!("sha256-{}", base64::engine::general_purpose::STANDARD.encode(digest))
        };
        assert_eq!(STYLE_HASH, hash(&style()));
        assert_eq!(LIGHT_HASH, hash(&light_style()));
        assert!(style().contains("dark") && !light_style().contains("dark"), "{}", light_style());
        assert_eq!(SCRIPT_HASH, hash(SCRIPT));
        assert_eq!(LIVE_HASH, hash(LIVE_SCRIPT));
        assert_eq!(STEP_STYLE_HASH, hash(STEP_STYLE));
        assert_eq!(STEP_HASH, hash(STEP_SCRIPT));
    }
}
