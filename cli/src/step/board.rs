//! Who is about to do what: the programs of the run with their threads, of which each runs, waits in a call, or is held before
//! one.

use super::call::waiting;
use super::control::Question;

/// A program of the run.
#[derive(Debug)]
struct Program {
    name: String,
    process: u32,
    runs: bool,
}

/// A thread of a program or of its child: that which asks.
#[derive(Debug)]
struct Actor<C> {
    name: String,
    /// The place of its program; `None` for a process that none of them has started.
    program: Option<usize>,
    process: u32,
    /// `None` until it has asked.
    thread: Option<u32>,
    /// The calls that are held, with their connections: one, or also that of a signal handler during the wait.
    held: Vec<(String, C)>,
    /// The call that it is blocked in, and for what.
    waits: Option<String>,
}

/// What a list has of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) number: Option<usize>,
    pub(super) name: String,
    /// `UDPServer.py waits in recvfrom for a datagram`
    pub(super) text: String,
    pub(super) held: bool,
}

/// A call that has ended, as far as it matters here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended<'a> {
    pub(super) process: u32,
    pub(super) thread: u32,
    pub(super) call: &'a str,
    pub(super) ok: bool,
    pub(super) bytes: u64,
}

#[derive(Debug)]
pub(super) struct Board<C> {
    programs: Vec<Program>,
    actors: Vec<Actor<C>>,
    /// The actor that went last.
    last: Option<usize>,
    /// How many receives have returned data.
    messages: usize,
}

impl<C> Board<C> {
    pub(super) fn new() -> Board<C> {
        Board { programs: Vec::new(), actors: Vec::new(), last: None, messages: 0 }
    }

    /// A program was started, of which nothing else is known yet.
    pub(super) fn started(&mut self, name: &str, process: u32) {
        let program = Some(self.programs.len());
        self.programs.push(Program { name: name.to_owned(), process, runs: true });
        let (name, thread, held, waits) = (name.to_owned(), None, Vec::new(), None);
        self.actors.push(Actor { name, program, process, thread, held, waits });
    }

    /// Those programs that run have these processes.
    pub(super) fn running(&mut self, processes: &[u32]) {
        for program in &mut self.programs {
            program.runs = processes.contains(&program.process);
        }
    }

    /// A call asks, and is held.
    pub(super) fn asked(&mut self, question: Question, connection: C) {
        let place = self.place(&question);
        let actor = &mut self.actors[place];
        actor.process = question.process;
        actor.thread = Some(question.thread);
        actor.waits = None;
        actor.held.push((question.call, connection));
    }

    /// The actor of a call, which is a new one the first time.
    fn place(&mut self, question: &Question) -> usize {
        let Question { process, parent, program, thread, .. } = question;
        let known = |actor: &Actor<C>| actor.process == *process && actor.thread == Some(*thread);
        let first = |actor: &Actor<C>| actor.process == *process && actor.thread.is_none();
        // A program that was started by a script or a launcher.
        let launched = |actor: &Actor<C>| actor.thread.is_none() && Some(actor.process) == *parent;
        let find = |is: &dyn Fn(&Actor<C>) -> bool| self.actors.iter().position(is);
        if let Some(place) = find(&known).or_else(|| find(&first)).or_else(|| find(&launched)) {
            return place;
        }
        let of = |process: u32| self.actors.iter().filter(move |actor| actor.process == process);
        let (name, program) = if let Some(sibling) = of(*process).next() {
            (format!("{} thread {}", sibling.name, of(*process).count() + 1), sibling.program)
        } else if let Some(parent) = parent.and_then(|parent| of(parent).next()) {
            let root = parent.program.map_or(&parent.name, |program| &self.programs[program].name);
            let prefix = format!("{root} child ");
            let is_child = |actor: &&Actor<C>| {
                let number = actor.name.strip_prefix(&prefix);
                number.is_some_and(|number| number.parse::<u32>().is_ok())
            };
            let number = self.actors.iter().filter(is_child).count() + 1;
            (format!("{prefix}{number}"), parent.program)
        } else {
            (program.clone(), None)
        };
        let (process, held, waits) = (*process, Vec::new(), None);
        self.actors.push(Actor { name, program, process, thread: None, held, waits });
        self.actors.len() - 1
    }

    /// A call waits, of this thread if it is known.
    pub(super) fn begun(&mut self, process: u32, thread: Option<u32>, call: &str, transport: &str) {
        let is_it = |actor: &&mut Actor<C>| {
            let thread_is = thread.is_none_or(|thread| actor.thread == Some(thread));
            actor.process == process && thread_is && actor.held.is_empty()
        };
        if let Some(actor) = self.actors.iter_mut().find(is_it) {
            actor.waits = Some(waiting(call, transport));
        }
    }

    /// A call has ended.
    pub(super) fn ended(&mut self, call: Ended<'_>) {
        let is_it =
            |actor: &&mut Actor<C>| actor.process == call.process && actor.thread == Some(call.thread);
        if let Some(actor) = self.actors.iter_mut().find(is_it) {
            actor.waits = None;
        }
        let receives = matches!(call.call, "recv" | "recvfrom" | "recvmsg");
        self.messages += usize::from(receives && call.ok && call.bytes > 0);
    }

    pub(super) fn messages(&self) -> usize {
        self.messages
    }

    /// Forgets the calls of programs that have gone.
    pub(super) fn forget(&mut self, is_over: impl Fn(&C) -> bool) {
        for actor in &mut self.actors {
            actor.held.retain(|(_, connection)| !is_over(connection));
        }
    }

    /// Lets a call of this actor go: returns its connection, if one is held.
    pub(super) fn go(&mut self, place: usize) -> Option<C> {
        let (_, connection) = self.actors.get_mut(place)?.held.pop()?;
        self.last = Some(place);
        Some(connection)
    }

    /// All connections.
    pub(super) fn release(&mut self) -> Vec<C> {
        let held = self.actors.iter_mut().flat_map(|actor| actor.held.drain(..));
        held.map(|(_, connection)| connection).collect()
    }

    /// Whose turn it is: that of whoever went last, else that of another thread of its program, else of the first that is held.
    pub(super) fn next(&self) -> Option<usize> {
        let held = self.held();
        let program = self.last.and_then(|last| self.actors[last].program);
        let same = |place: &&usize| program.is_some() && self.actors[**place].program == program;
        let last = held.iter().find(|place| Some(**place) == self.last);
        last.or_else(|| held.iter().find(same)).or_else(|| held.first()).copied()
    }

    /// The actors that are held before a call.
    pub(super) fn held(&self) -> Vec<usize> {
        (0..self.actors.len()).filter(|place| !self.actors[*place].held.is_empty()).collect()
    }

    pub(super) fn name(&self, place: usize) -> &str {
        &self.actors[place].name
    }

    /// The actor with this number in the list, or this name, with or without its extension.
    ///
    /// # Errors
    /// There is none, or several.
    pub(super) fn find(&self, word: &str) -> Result<usize, String> {
        let listed = self.listed();
        if let Ok(number) = word.parse::<usize>()
            && let Some(place) = listed.iter().find(|place| **place + 1 == number)
        {
            return Ok(*place);
        }
        let stem = |name: &str| {
            name.rsplit_once('.').is_some_and(|(stem, rest)| stem == word && !rest.contains(' '))
        };
        let exact = listed.iter().find(|place| self.actors[**place].name == word);
        let mut short = listed.iter().filter(|place| stem(&self.actors[**place].name));
        match (exact, short.next(), short.next()) {
            (Some(place), ..) | (None, Some(place), None) => Ok(*place),
            (None, Some(_), Some(_)) => Err(format!("several programs have the name {word}")),
            (None, None, _) => Err(format!("no program here has the number or the name {word}")),
        }
    }

    /// Whether each program that runs is held or blocked, with all of its threads that have asked.
    pub(super) fn is_settled(&self) -> bool {
        let is_still = |actor: &Actor<C>| !actor.held.is_empty() || actor.waits.is_some();
        self.actors.iter().filter(|actor| self.runs(actor)).all(is_still)
    }

    fn runs(&self, actor: &Actor<C>) -> bool {
        actor.program.is_none_or(|program| self.programs[program].runs)
    }

    /// The actors that are listed, each with its place, from 1 on, as its number. A thread that neither waits nor is held may have
    /// ended, and is not.
    fn listed(&self) -> Vec<usize> {
        let is_listed = |actor: &Actor<C>| {
            let is_first = actor.program.is_some_and(|program| self.programs[program].name == actor.name);
            !actor.held.is_empty() || self.runs(actor) && (is_first || actor.waits.is_some())
        };
        (0..self.actors.len()).filter(|place| is_listed(&self.actors[*place])).collect()
    }

    /// The programs and threads that do something, and the programs that have ended.
    pub(super) fn entries(&self) -> Vec<Entry> {
        let listed = self.listed().into_iter().map(|place| {
            let Actor { name, held, waits, .. } = &self.actors[place];
            let text = match (held.last(), waits) {
                (Some((call, _)), _) => format!("{name} is about to {call}"),
                (None, Some(call)) => format!("{name} waits in {call}"),
                (None, None) => format!("{name} runs"),
            };
            Entry { number: Some(place + 1), name: name.clone(), text, held: !held.is_empty() }
        });
        let ended = self.programs.iter().filter(|program| !program.runs).map(|program| {
            let (name, text) = (program.name.clone(), format!("{} has ended", program.name));
            Entry { number: None, name, text, held: false }
        });
        listed.chain(ended).collect()
    }

    /// A line for each: `1 UDPServer.py waits in recvfrom for a datagram`.
    pub(super) fn lines(&self) -> Vec<String> {
        let number =
            |number: Option<usize>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        self.entries().into_iter().map(|entry| format!("{} {}", number(entry.number), entry.text)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The connections are letters.
    fn board() -> Board<char> {
        let mut board = Board::new();
        board.started("server.py", 10);
        board.started("client.py", 20);
        board
    }

    fn ask(
        board: &mut Board<char>,
        (process, thread): (u32, u32),
        parent: u32,
        call: &str,
        connection: char,
    ) {
        let (program, parent, call) = ("x".to_owned(), Some(parent), call.to_owned());
        board.asked(Question { process, parent, program, thread, call }, connection);
    }

    fn received(process: u32, bytes: u64) -> Ended<'static> {
        Ended { process, thread: process, call: "recvfrom", ok: true, bytes }
    }

    #[test]
    fn a_program_goes_on_until_it_waits_and_then_the_other() {
        let mut board = board();
        assert_eq!(board.lines(), ["1 server.py runs", "2 client.py runs"]);
        assert!(!board.is_settled() && board.next().is_none());
        ask(&mut board, (20, 20), 1, "socket (UDP)", 'a');
        assert!(!board.is_settled());
        ask(&mut board, (10, 10), 1, "recvfrom", 'b');
        assert!(board.is_settled());
        assert_eq!(
            board.lines(),
            ["1 server.py is about to recvfrom", "2 client.py is about to socket (UDP)"]
        );
        let first = board.next().expect("the server");
        assert_eq!(board.name(first), "server.py");
        assert_eq!(board.go(first), Some('b'));
        assert!(!board.is_settled());
        board.begun(10, Some(10), "recvfrom", "udp");
        assert!(board.is_settled());
        assert_eq!(board.lines()[0], "1 server.py waits in recvfrom for a datagram");
        let second = board.next().expect("the client");
        assert_eq!(board.go(second), Some('a'));
        assert_eq!(board.go(second), None);
        ask(&mut board, (20, 20), 1, "sendto", 'c');
        board.ended(received(10, 5));
        ask(&mut board, (10, 10), 1, "sendto", 'd');
        assert_eq!(board.messages(), 1);
        assert_eq!(board.next(), Some(second), "the client went last");
        board.ended(received(10, 0));
        assert_eq!(board.messages(), 1, "the end of a stream is no message");
        board.running(&[10]);
        assert_eq!(board.lines()[2], "- client.py has ended");
        board.forget(|connection| *connection == 'c');
        assert_eq!(board.lines(), ["1 server.py is about to sendto", "- client.py has ended"]);
        assert_eq!(board.release(), ['d']);
    }

    #[test]
    fn threads_and_children_have_names_of_their_own() {
        let mut board = board();
        // A launcher has started the program.
        ask(&mut board, (11, 12), 10, "accept", 'a');
        for (who, parent, connection) in
            [((11, 13), 10, 'b'), ((14, 14), 11, 'c'), ((15, 15), 11, 'd'), ((15, 16), 11, 'e')]
        {
            ask(&mut board, who, parent, "recv", connection);
        }
        ask(&mut board, (99, 99), 98, "close", 'f');
        let names: Vec<String> = board.lines();
        assert_eq!(
            names,
            [
                "1 server.py is about to accept",
                "2 client.py runs",
                "3 server.py thread 2 is about to recv",
                "4 server.py child 1 is about to recv",
                "5 server.py child 2 is about to recv",
                "6 server.py child 2 thread 2 is about to recv",
                "7 x is about to close",
            ]
        );
        for (word, connection) in
            [("1", 'a'), ("server.py child 1", 'c'), ("6", 'e'), ("x", 'f'), ("server.py thread 2", 'b')]
        {
            let place = board.find(word).expect("there");
            assert_eq!(board.go(place), Some(connection), "{word}");
            ask(&mut board, (98, 98), 97, "close", 'z');
        }
        for word in ["0", "70", "serve"] {
            assert!(board.find(word).is_err(), "{word}");
        }
        assert!(board.find("server").is_ok_and(|place| board.name(place) == "server.py"));
    }

    #[test]
    fn the_call_of_a_signal_handler_goes_first() {
        let mut board = board();
        ask(&mut board, (10, 10), 1, "accept", 'a');
        ask(&mut board, (10, 10), 1, "close", 'b');
        let place = board.next().expect("the server");
        assert_eq!(board.go(place), Some('b'));
        assert_eq!(board.lines()[0], "1 server.py is about to accept");
        assert_eq!(board.go(place), Some('a'));
    }
}
