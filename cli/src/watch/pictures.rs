//! The picture of what has been read, drawn when somebody asks for it.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use capsock_figure::{self as figure, GrowingTrace, Model, PageOptions, ReadError, TextOptions};

use crate::stdio::message;

/// The calls that are drawn at most. A million of them take 0.7 GB, and 1.8 GB in the 7 s in which they are drawn.
const MOST_CALLS: usize = 1_000_000;

/// A new picture is told of no sooner than after this many times as long as the last one took to draw, so that the
/// programs have the processor.
const REST: u32 = 3;

/// How the pictures look.
#[derive(Debug, Clone, Default)]
pub(crate) struct Style {
    pub(crate) title: Option<String>,
    pub(crate) font_size: u16,
    pub(crate) light: bool,
    pub(crate) unfolded: bool,
    /// Whether the bytes that were sent are shown.
    pub(crate) payload: bool,
    /// Whether the page lets calls go.
    pub(crate) stepped: bool,
}

pub(crate) struct Pictures {
    name: String,
    style: Style,
    state: Mutex<State>,
    changed: Condvar,
    /// The last page, with its number. Who waits for the lock shares it.
    page: Mutex<Option<(u64, Arc<str>)>>,
}

struct State {
    trace: GrowingTrace,
    /// Counts what was added.
    number: u64,
    /// When the next picture may be told of.
    rested: Instant,
    full: bool,
    ended: bool,
    /// What is told of programs that are stepped, and how often that was.
    told: (u64, Arc<str>),
}

/// What a page that is open is told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// There is a picture with this number.
    Picture(u64),
    /// This is told of programs that are stepped, with its number.
    Told(u64, Arc<str>),
    /// Nothing, for the time of the wait.
    None,
    /// There will be no other picture.
    End,
}

impl Pictures {
    pub(crate) fn new(path: &Path, style: Style) -> Pictures {
        let name = path.display().to_string();
        let trace = GrowingTrace::new(&*name);
        let state = State {
            trace,
            number: 0,
            rested: Instant::now(),
            full: false,
            ended: false,
            told: (0, "".into()),
        };
        let (state, changed, page) = (Mutex::new(state), Condvar::new(), Mutex::default());
        Pictures { name, style, state, changed, page }
    }

    pub(crate) fn add(&self, bytes: &[u8]) -> Result<(), ReadError> {
        let mut state = self.state();
        if state.full {
            return Ok(());
        }
        state.trace.add(bytes)?;
        state.full = state.trace.calls() >= MOST_CALLS;
        if state.full {
            message(format_args!(
                "the picture ends with {} calls; capsock trace draws the whole of {}",
                state.trace.calls(),
                self.name
            ));
        }
        state.number += 1;
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    /// Begins again, with another file.
    pub(crate) fn replace(&self, bytes: &[u8]) -> Result<(), ReadError> {
        let mut state = self.state();
        (state.trace, state.full) = (GrowingTrace::new(&*self.name), false);
        drop(state);
        self.add(bytes)
    }

    /// Tells the pages that are open, and those that come, this of programs that are stepped.
    #[cfg_attr(not(unix), allow(dead_code, reason = "no program is stepped there"))]
    pub(crate) fn tell(&self, text: String) {
        let mut state = self.state();
        state.told = (state.told.0 + 1, text.into());
        drop(state);
        self.changed.notify_all();
    }

    pub(crate) fn end(&self) {
        self.state().ended = true;
        self.changed.notify_all();
    }

    pub(crate) fn number(&self) -> u64 {
        self.state().number
    }

    /// Whether the last picture is long enough ago for another one.
    pub(crate) fn is_rested(&self) -> bool {
        self.state().rested <= Instant::now()
    }

    /// Waits for another picture than that with this number, or for what is told after that with the other.
    pub(crate) fn news(&self, seen: Option<u64>, told: u64, limit: Duration) -> News {
        let until = Instant::now() + limit;
        let mut state = self.state();
        loop {
            let now = Instant::now();
            if state.told.0 > told {
                return News::Told(state.told.0, Arc::clone(&state.told.1));
            }
            let is_new = seen != Some(state.number);
            if is_new && (state.ended || state.rested <= now) {
                return News::Picture(state.number);
            }
            if state.ended {
                return News::End;
            }
            if until <= now {
                return News::None;
            }
            let wake = if is_new { state.rested.min(until) } else { until };
            let wait = self.changed.wait_timeout(state, wake.saturating_duration_since(now));
            state = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The page, with its number.
    pub(crate) fn page(&self) -> (u64, Arc<str>) {
        let mut page = self.page.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = page.as_ref().filter(|(number, _)| *number == self.number()) {
            return last.clone();
        }
        let style = &self.style;
        let options = PageOptions {
            title: style.title.as_deref().unwrap_or(PageOptions::default().title),
            unfolded: style.unfolded,
            font_size: style.font_size,
            light: style.light,
            live: true,
            stepped: style.stepped,
            ..PageOptions::default()
        };
        let (number, drawn) = self.drawn(|model| figure::html(model, &options));
        page.insert((number, drawn.into())).clone()
    }

    /// The figure as text.
    pub(crate) fn text(&self, options: &TextOptions) -> String {
        let options = TextOptions { unfolded: self.style.unfolded, ..options.clone() };
        self.drawn(|model| figure::text(model, &options)).1
    }

    /// Draws what has been read until now, without holding up who reads more.
    fn drawn(&self, draw: impl FnOnce(&Model) -> String) -> (u64, String) {
        let begun = Instant::now();
        let (number, trace) = {
            let state = self.state();
            (state.number, state.trace.trace())
        };
        let model = figure::link_last_run(trace);
        let drawn = draw(&if self.style.payload { model } else { model.without_payload() });
        self.state().rested = Instant::now() + begun.elapsed() * REST;
        (number, drawn)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = concat!(
        r#"{"event":"process","capsock":1,"pid":7,"program":"a.py","language":"python","at":1,"wall":2}"#,
        "\n",
        r#"{"event":"call","capsock":1,"pid":7,"tid":7,"seq":0,"begin":3,"end":4,"blocked":0,"#,
        r#""call":"socket","fd":3,"transport":"udp","outcome":"ok"}"#,
        "\n",
    );

    #[test]
    fn a_page_is_drawn_once_for_all_that_was_added() {
        let pictures = Pictures::new(Path::new("run.jsonl"), Style { font_size: 13, ..Style::default() });
        let no_time = Duration::ZERO;
        // Who has just come has seen none.
        assert_eq!(pictures.news(None, 0, no_time), News::Picture(0));
        assert_eq!(pictures.news(Some(0), 0, no_time), News::None);
        let (first, page) = pictures.page();
        assert_eq!(first, 0);
        assert!(Arc::ptr_eq(&page, &pictures.page().1));
        pictures.add(LINES.as_bytes()).expect("a trace");
        assert_eq!(pictures.news(Some(0), 0, Duration::from_secs(60)), News::Picture(1));
        assert!(pictures.page().1.contains("a.py"));
        assert!(pictures.add(b"no trace\n").is_err());
        pictures.replace(b"").expect("a trace");
        assert!(!pictures.page().1.contains("a.py"));
        pictures.tell("one".to_owned());
        pictures.tell("two".to_owned());
        let number = Some(pictures.number());
        assert_eq!(pictures.news(number, 0, no_time), News::Told(2, "two".into()));
        assert_eq!(pictures.news(number, 2, no_time), News::None);
        pictures.end();
        assert_eq!(pictures.news(Some(0), 2, no_time), News::Picture(pictures.number()));
        assert_eq!(pictures.news(Some(pictures.number()), 2, no_time), News::End);
    }
}
