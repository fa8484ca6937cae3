//! A strict reader of the text of OpenMetrics 1.0, as far as capsock writes it: what the specification forbids is a panic.

use std::collections::{BTreeMap, BTreeSet};

/// A metric family.
#[derive(Debug, Default)]
pub(crate) struct Family {
    pub(crate) kind: String,
    pub(crate) unit: String,
    pub(crate) help: String,
    pub(crate) samples: Vec<Sample>,
}

#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

/// The families by their names.
pub(crate) fn families(text: &str) -> BTreeMap<String, Family> {
    let body = text.strip_suffix("# EOF\n").expect("the text ends with # EOF and a newline");
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    for line in body.lines() {
        if let Some(metadata) = line.strip_prefix("# ") {
            let (word, rest) = metadata.split_once(' ').expect("a word");
            let (name, value) = rest.split_once(' ').expect("a name and a value");
            assert!(is_name(name), "{line}");
            if name != current {
                assert!(!families.contains_key(name), "the lines of a family stand together: {line}");
                current = name.to_owned();
            }
            let family = families.entry(current.clone()).or_default();
            assert!(family.samples.is_empty(), "metadata stands before the samples: {line}");
            let field = match word {
                "TYPE" => &mut family.kind,
                "UNIT" => &mut family.unit,
                "HELP" => &mut family.help,
                _ => panic!("no such metadata: {line}"),
            };
            assert!(field.is_empty() && !value.is_empty(), "once: {line}");
            *field = value.to_owned();
        } else {
            let sample = sample(line);
            let family = families.get_mut(&current).expect("a family stands before its samples");
            let suffix = sample.name.strip_prefix(current.as_str()).unwrap_or_else(|| panic!("{line}"));
            assert!(suffixes(&family.kind).contains(&suffix), "not of {}: {line}", family.kind);
            family.samples.push(sample);
        }
    }
    for (name, family) in &families {
        check(name, family);
    }
    families
}

/// The suffixes of a family's samples.
fn suffixes(kind: &str) -> &'static [&'static str] {
    match kind {
        "counter" => &["_total"],
        "gauge" | "stateset" => &[""],
        "info" => &["_info"],
        "histogram" => &["_bucket", "_count", "_sum"],
        _ => panic!("no such type: {kind}"),
    }
}

/// `name{label="value",...} value`; no value of a label is escaped.
fn sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').expect("a value");
    let (name, rest) = series.split_once('{').unwrap_or((series, "}"));
    assert!(is_name(name), "{line}");
    let mut labels = BTreeMap::new();
    for label in rest.strip_suffix('}').expect("a brace").split(',').filter(|label| !label.is_empty()) {
        let (label, value) = label.split_once('=').expect("a label's value");
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).expect("quoted");
        assert!(is_name(label) && !value.contains(['"', '\\']), "{line}");
        assert!(labels.insert(label.to_owned(), value.to_owned()).is_none(), "twice: {line}");
    }
    Sample { name: name.to_owned(), labels, value: value.parse().expect("a number") }
}

fn is_name(name: &str) -> bool {
    let first = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    name.starts_with(first) && name.chars().all(|letter| first(letter) || letter.is_ascii_digit())
}

fn check(name: &str, family: &Family) {
    assert!(!family.samples.is_empty() && !family.help.is_empty(), "{name}");
    assert!(!family.help.contains(['"', '\\']), "it has to be escaped: {}", family.help);
    if !family.unit.is_empty() {
        assert!(name.ends_with(&format!("_{}", family.unit)), "{name} does not end with its unit");
    }
    let series: BTreeSet<_> = family.samples.iter().map(|one| (&one.name, &one.labels)).collect();
    assert_eq!(series.len(), family.samples.len(), "{name} has a sample twice");
    for sample in &family.samples {
        match family.kind.as_str() {
            "counter" => assert!(sample.value >= 0.0, "{sample:?}"),
            "info" => assert!(sample.value == 1.0, "{sample:?}"),
            "stateset" => {
                assert!(sample.labels.contains_key(name), "{sample:?}");
                assert!(sample.value == 0.0 || sample.value == 1.0, "{sample:?}");
            }
            _ => {}
        }
    }
    if family.kind == "histogram" {
        check_histogram(name, family);
    }
}

/// Of a histogram with one set of labels.
fn check_histogram(name: &str, family: &Family) {
    let one = |suffix: &str| {
        let found: Vec<_> =
            family.samples.iter().filter(|one| one.name == format!("{name}_{suffix}")).collect();
        assert_eq!(found.len(), 1, "{name}_{suffix}");
        found[0].value
    };
    let buckets: Vec<_> = family.samples.iter().filter(|one| one.name.ends_with("_bucket")).collect();
    let bound =
        |sample: &Sample| sample.labels["le"].replace("+Inf", "inf").parse::<f64>().expect("a number");
    assert!(buckets.is_sorted_by(|one, next| bound(one) < bound(next)), "{name}: bounds ascend");
    assert!(buckets.is_sorted_by_key(|one| one.value), "{name}: buckets are cumulative");
    let last = buckets.last().expect("a bucket");
    assert_eq!((last.labels["le"].as_str(), last.value), ("+Inf", one("count")), "{name}");
    assert!(one("sum") >= 0.0, "{name}");
}
