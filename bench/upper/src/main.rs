//! How fast text becomes upper case: capsock, the standard library, and a plain copy.
//!
//! Usage: capsock-bench-upper ASCII MIXED ROUNDS. The files hold 64 KiB of text each. Prints a line for each
//! round of each function: its name, the text's name, the size in bytes, and GB of input in a second.
//! All that can write to a buffer of the caller's write to the same one again and again.

use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

use capsock::UppercaseStream;

type Function = fn(&[u8], &mut Vec<u8>);

const FUNCTIONS: [(&str, Function, bool); 5] = [
    ("memcpy", copy, true),
    ("capsock, UppercaseStream", stream, true),
    ("capsock, uppercase", at_once, true),
    ("Rust, copy and make_ascii_uppercase", ascii, false),
    ("Rust, str::to_uppercase", std_string, true),
];
/// Input of one measurement at least, and the time after which a function is out of the rounds.
const LEAST: usize = 4 << 20;
const MOST: Duration = Duration::from_millis(2_500);

fn copy(input: &[u8], output: &mut Vec<u8>) {
    output.extend_from_slice(input);
}

fn stream(input: &[u8], output: &mut Vec<u8>) {
    let mut stream = UppercaseStream::new();
    stream.push(input, output);
    stream.finish(output);
}

fn at_once(input: &[u8], output: &mut Vec<u8>) {
    *output = capsock::uppercase(input);
}

fn ascii(input: &[u8], output: &mut Vec<u8>) {
    output.extend_from_slice(input);
    output.make_ascii_uppercase();
}

/// It has no other form than one that makes a String; that the text is UTF-8 is known before.
fn std_string(input: &[u8], output: &mut Vec<u8>) {
    // SAFETY: `main` has checked that the text is UTF-8, and repeats all of it.
    let text = unsafe { str::from_utf8_unchecked(input) };
    *output = text.to_uppercase().into_bytes();
}

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, ascii, mixed, rounds] = &arguments[..] else {
        return Err(std::io::Error::other("usage: capsock-bench-upper ASCII MIXED ROUNDS"));
    };
    let rounds: usize = rounds.parse().map_err(std::io::Error::other)?;
    let mut out = std::io::stdout().lock();
    for (name, path) in [("ASCII", ascii), ("mixed", mixed)] {
        let unit = std::fs::read_to_string(path)?;
        for times in [1, 1024] {
            let text = unit.repeat(times).into_bytes();
            let expected = unit.to_uppercase().repeat(times).into_bytes();
            let mut spent = [Duration::ZERO; FUNCTIONS.len()];
            let mut output = Vec::new();
            for round in 0..=rounds {
                for (index, (label, function, any_text)) in FUNCTIONS.iter().enumerate() {
                    if (name == "mixed" && !any_text) || spent[index] > MOST {
                        continue;
                    }
                    // The buffer has room for all that any of them writes, except where it is replaced.
                    output.clear();
                    output.reserve(3 * text.len());
                    let repeats = (LEAST / text.len()).max(1);
                    let start = Instant::now();
                    for _ in 0..repeats {
                        output.clear();
                        function(black_box(&text), &mut output);
                        black_box(&output);
                    }
                    let took = start.elapsed();
                    if *label != "memcpy" && output != expected {
                        return Err(std::io::Error::other(format!("{label} gives a wrong result")));
                    }
                    spent[index] += took;
                    if round > 0 {
                        let rate = (repeats * text.len()) as f64 / took.as_nanos() as f64;
                        writeln!(out, "{label}\t{name}\t{}\t{rate:.4}", text.len())?;
                    }
                }
            }
        }
    }
    out.flush()
}
