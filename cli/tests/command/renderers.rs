//! The SVG file in the programs that show and convert such files: dark on light in each, whatever colours their user
//! prefers. A program that is not here is skipped, by its name.

use std::path::Path;
use std::process::Command;

use resvg::tiny_skia::Pixmap;

use crate::support::{Server, words};

/// The programs, each with its names and its arguments, in which IN, OUT and FOLDER stand for files.
const PROGRAMS: [(&str, &[&str], &str); 4] = [
    ("rsvg-convert", &["rsvg-convert"], "-o OUT IN"),
    ("Inkscape", &["inkscape"], "--export-type=png --export-filename=OUT IN"),
    (
        "LibreOffice",
        &["soffice", "libreoffice"],
        "-env:UserInstallation=file://FOLDER/profile --headless --convert-to png --outdir FOLDER IN",
    ),
    (
        "Chromium",
        &["chromium", "chromium-browser", "google-chrome"],
        "--headless --no-sandbox --disable-gpu --force-dark-mode --user-data-dir=FOLDER/chromium \
         --window-size=1000,1000 --screenshot=OUT file://IN",
    ),
];

fn found(names: &[&str]) -> Option<std::path::PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let mut places =
        std::env::split_paths(&folders).flat_map(|folder| names.iter().map(move |name| folder.join(name)));
    places.find(|place| place.is_file())
}

/// The shares of the pixels that are light and that are dark; what is transparent is the white of a page.
fn shares(png: &Path) -> (f64, f64) {
    let pixels = Pixmap::decode_png(&std::fs::read(png).unwrap()).unwrap();
    let (mut light, mut dark) = (0_u32, 0_u32);
    for pixel in pixels.pixels() {
        // The colours are premultiplied.
        let on_white = |colour: u8| u32::from(colour) + 255 - u32::from(pixel.alpha());
        let grey = (on_white(pixel.red()) + on_white(pixel.green()) + on_white(pixel.blue())) / 3;
        light += u32::from(grey > 200);
        dark += u32::from(grey < 100);
    }
    let all = f64::from(pixels.width() * pixels.height());
    (f64::from(light) / all, f64::from(dark) / all)
}

fn assert_dark_on_light(program: &str, png: &Path) {
    let (light, dark) = shares(png);
    assert!(light > 0.75 && dark > 0.002 && dark < 0.2, "{program}: {light} is light, {dark} dark");
}

#[test]
fn the_picture_is_dark_on_light_in_each_program() {
    let folder = tempfile::tempdir().unwrap();
    let (trace, svg) = (folder.path().join("run.jsonl"), folder.path().join("figure.svg"));
    let server =
        Server::start(&format!("udp --host 127.0.0.1 --concurrency iterative --trace {}", trace.display()));
    let line = format!("client udp 127.0.0.1 {} --trace {} hello", server.port(), trace.display());
    assert_eq!(words(&line).done().code, 0);
    server.running.signal(libc::SIGINT);
    assert_eq!(server.running.done().code, 130);
    let out = folder.path().join("figure.png");
    for file in [&svg, &out] {
        assert_eq!(words(&format!("trace {} -o {}", trace.display(), file.display())).done().code, 0);
    }
    assert_dark_on_light("capsock", &out);
    for (program, names, arguments) in PROGRAMS {
        let Some(path) = found(names) else {
            eprintln!("skipped: {program} is not here");
            continue;
        };
        std::fs::remove_file(&out).unwrap();
        let replaced = |word: &str| {
            let word = word.replace("OUT", out.to_str().unwrap()).replace("IN", svg.to_str().unwrap());
            word.replace("FOLDER", folder.path().to_str().unwrap())
        };
        let done = Command::new(path).args(arguments.split_whitespace().map(replaced)).output().unwrap();
        assert!(out.exists(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
        assert_dark_on_light(program, &out);
    }
}
