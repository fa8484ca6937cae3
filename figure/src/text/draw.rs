//! Draws the rows of the text figure.

use std::collections::HashMap;

use super::super::call_text;
use super::super::label;
use super::super::read::connects_on;
use super::super::timeline::{self, Entry};
use super::super::{Model, TextOptions};
use super::canvas::{Row, Style, clipped, shown, width, wrapped};
use super::columns::Column;
use super::glyphs::{ASCII, BOX, Glyphs};
use super::tags::tags;

/// The width of the time column.
pub(super) const MARGIN: usize = 11;

pub(super) struct Drawing<'a> {
    pub(super) model: &'a Model,
    pub(super) options: &'a TextOptions,
    pub(super) columns: Vec<Column>,
    pub(super) places: Vec<(usize, Option<usize>)>,
    pub(super) timed: bool,
    pub(super) glyphs: &'static Glyphs,
    /// The time of the first call.
    pub(super) zero: u64,
    /// For each program, whether several threads made calls.
    pub(super) threads: Vec<bool>,
    /// For each column, the number of calls that are blocked.
    pub(super) waiting: Vec<usize>,
    pub(super) tags: HashMap<usize, usize>,
    /// For each step, the messages that it received.
    pub(super) received: HashMap<usize, Vec<usize>>,
    pub(super) out: String,
}

impl<'a> Drawing<'a> {
    pub(super) fn new(
        model: &'a Model,
        options: &'a TextOptions,
        columns: Vec<Column>,
        places: Vec<(usize, Option<usize>)>,
        timed: bool,
    ) -> Drawing<'a> {
        let mut threads = vec![false; model.programs.len()];
        for step in &model.steps {
            threads[step.program] |= step.thread > 0;
        }
        let mut received: HashMap<usize, Vec<usize>> = HashMap::new();
        for (index, message) in model.messages.iter().enumerate() {
            if let Some(to) = message.to {
                received.entry(to).or_default().push(index);
            }
        }
        Drawing {
            model,
            options,
            waiting: vec![0; columns.len()],
            columns,
            places,
            timed,
            glyphs: if options.ascii { &ASCII } else { &BOX },
            zero: model.steps.iter().map(|step| step.call.begin).min().unwrap_or(0),
            threads,
            tags: HashMap::new(),
            received,
            out: String::new(),
        }
    }

    pub(super) fn draw(mut self, entries: &[Entry]) -> String {
        if self.model.steps.is_empty() {
            return format!("{}no socket call was recorded\n", remarks(self.model, self.options));
        }
        self.tags = tags(self.model, entries, &self.places);
        self.header();
        let mut waited = false;
        for (at, entry) in entries.iter().enumerate() {
            waited |= matches!(entry, Entry::Begin(_));
            match *entry {
                Entry::Begin(step) => self.begin_call(step),
                Entry::End(step) => self.end_call(step, entries[..at].contains(&Entry::Begin(step))),
                Entry::Call(step) => {
                    let text = self.call(step);
                    self.row(step, &text, self.time(self.model.steps[step].call.begin));
                }
                Entry::Arrow(message) => {
                    self.arrow(&self.model.messages[message], self.tags.get(&message).copied())
                }
                Entry::Repeat { rounds, entries, calls } => {
                    self.omission(&timeline::repeated(rounds, entries, calls))
                }
                Entry::Omitted(calls) => self.omission(&timeline::omitted(calls)),
            }
        }
        if self.waiting.iter().any(|calls| *calls > 0) {
            self.lines().write(self.options.colour, &mut self.out);
        }
        self.footer();
        self.legend(waited);
        let remarks = remarks(self.model, self.options);
        self.out.push_str(&remarks);
        self.out
    }

    fn header(&mut self) {
        for line in 0..2 {
            let mut row = Row::default();
            for (index, column) in self.columns.iter().enumerate() {
                let text =
                    shown(if line == 0 { &column.title } else { &column.subtitle }, self.options.ascii);
                let text = clipped(&text, column.room + 1, self.options.ascii);
                let style = if line == 0 { self.style(index) } else { Style::Dim };
                row.put(column.line, &text, style);
            }
            row.write(self.options.colour, &mut self.out);
        }
        self.lines().write(self.options.colour, &mut self.out);
    }

    fn footer(&mut self) {
        let mut row = Row::default();
        for (index, column) in self.columns.iter().enumerate() {
            row.put(column.line, self.glyphs.end, self.style(index));
        }
        row.write(self.options.colour, &mut self.out);
    }

    /// The style of a column's line and name.
    fn style(&self, index: usize) -> Style {
        if self.columns[index].untraced { Style::Dim } else { Style::Program(index) }
    }

    /// A row that contains only the programs' lines.
    pub(super) fn lines(&self) -> Row {
        let mut row = Row::default();
        for (index, column) in self.columns.iter().enumerate() {
            let waits = self.waiting[index] > 0;
            row.put(column.line, if waits { self.glyphs.waits } else { self.glyphs.line }, self.style(index));
        }
        row
    }

    fn time(&self, at: u64) -> Option<u64> {
        self.timed.then(|| at.saturating_sub(self.zero))
    }

    /// A call's text beside its program's line.
    fn row(&mut self, step: usize, text: &str, time: Option<u64>) {
        let of = &self.model.steps[step];
        let (index, number) = self.places[of.program];
        let column = &self.columns[index];
        let mut text = text.to_owned();
        let pids = &self.model.programs[of.program].pids;
        if let Some(nth) = pids.iter().position(|pid| *pid == of.call.pid).filter(|_| pids.len() > 1) {
            text = format!("P{} {text}", nth + 1);
        } else if self.threads[of.program] {
            text = format!("T{} {text}", of.thread + 1);
        }
        if let Some(number) = number {
            text = format!("[{number}] {text}");
        }
        let text = shown(&text, self.options.ascii);
        for (nth, line) in wrapped(&text, column.room).into_iter().enumerate() {
            let mut row = self.lines();
            if nth == 0 {
                row.put(column.line, self.glyphs.call, Style::Program(index));
                if let Some(time) = time {
                    let time = shown(&label::duration(time), self.options.ascii);
                    row.put((MARGIN - 2).saturating_sub(width(&time)), &time, Style::Dim);
                }
            }
            let bad = of.call.outcome != "ok"
                && (label::failed(of) || !(of.polls() || of.still_waits() || connects_on(&of.call)));
            let indent = if nth == 0 { 2 } else { 4 };
            row.put(column.line + indent, &line, if bad { Style::Bad } else { Style::Plain });
            row.write(self.options.colour, &mut self.out);
        }
    }

    fn begin_call(&mut self, step: usize) {
        let of = &self.model.steps[step];
        let text = call_text::call(self.model, of);
        // The new socket exists only when the call returns.
        let text = text.rsplit(" = ").next().unwrap_or_default().to_owned();
        let still = if of.still_waits() { " still waits" } else { "" };
        self.row(step, &format!("{text}{still}"), self.time(of.call.begin));
        if !self.threads[of.program] {
            self.waiting[self.places[of.program].0] += 1;
        }
    }

    fn end_call(&mut self, step: usize, begun: bool) {
        let of = &self.model.steps[step];
        let waiting = &mut self.waiting[self.places[of.program].0];
        *waiting = waiting.saturating_sub(usize::from(begun && !self.threads[of.program]));
        let text = if begun { self.outcome(step) } else { self.call(step) };
        let waited = if self.options.ordinals {
            String::new()
        } else {
            format!(" after {}", label::duration(of.call.blocked))
        };
        let text = format!("{text}{waited}{}", self.received_tags(step));
        self.row(step, &text, self.time(of.call.end));
    }

    /// The text of a call that has one row, with its result.
    fn call(&self, step: usize) -> String {
        let of = &self.model.steps[step];
        let text = call_text::call(self.model, of);
        let short = of.sends() && of.call.bytes < of.call.room;
        if of.call.outcome == "ok" && (!of.receives() || of.call.call == "accept") && !short && !of.polls() {
            return format!("{text}{}", self.received_tags(step));
        }
        format!("{text} {}{}", self.outcome(step), self.received_tags(step))
    }

    /// The result of a call.
    fn outcome(&self, step: usize) -> String {
        let of = &self.model.steps[step];
        if of.polls() && !label::failed(of) {
            return label::result(self.model, of).unwrap_or_default().replacen("returns:", "=", 1);
        }
        if connects_on(&of.call) {
            return label::CONNECTS_ON.to_owned();
        }
        if of.call.outcome != "ok" {
            return format!("{} {}", self.glyphs.fails, of.call.outcome);
        }
        match of.accepted {
            Some(accepted) => format!("= {}", self.model.sockets[accepted].name),
            None if of.receives() && of.call.transport == "tcp" && of.call.bytes == Some(0) => {
                "= 0 bytes, end of stream".to_owned()
            }
            None => format!("= {}", label::bytes(of.call.bytes.unwrap_or(0))),
        }
    }

    /// The numbers of the arrows that a call receives.
    fn received_tags(&self, step: usize) -> String {
        let numbers =
            self.received.get(&step).into_iter().flatten().filter_map(|message| self.tags.get(message));
        let numbers: Vec<_> = numbers.map(|number| format!("#{number}")).collect();
        if numbers.is_empty() {
            String::new()
        } else {
            format!("  {} {}", self.glyphs.takes, numbers.join(" "))
        }
    }

    fn omission(&mut self, text: &str) {
        let first = self.columns.first().map_or(0, |column| column.line);
        for line in [false, true, false] {
            let mut row = self.lines();
            if line {
                row.put(first + 2, &format!("{} {text}", self.glyphs.again), Style::Bold);
            }
            row.write(self.options.colour, &mut self.out);
        }
    }

    /// The legend of the glyphs in use.
    fn legend(&mut self, waited: bool) {
        let mut parts = Vec::new();
        if waited && self.threads.iter().any(|several| !several) {
            parts.push(format!("{} waits in a call", self.glyphs.waits));
        }
        if !self.tags.is_empty() {
            parts.push(format!("#n arrives before {} #n takes it", self.glyphs.takes));
        }
        let column = self.columns[0].line;
        for line in wrapped(&parts.join("  "), self.options.width - column) {
            let mut row = Row::default();
            row.put(column, &line, Style::Dim);
            row.write(self.options.colour, &mut self.out);
        }
    }
}

/// The remarks, wrapped to the width.
pub(in super::super) fn remarks(model: &Model, options: &TextOptions) -> String {
    let mut text = String::new();
    for remark in &model.remarks {
        let remark = shown(&format!("Note: {remark}"), options.ascii);
        for (nth, line) in wrapped(&remark, options.width).into_iter().enumerate() {
            text.extend([if nth == 0 { "" } else { "  " }, &line, "\n"]);
        }
    }
    text
}
