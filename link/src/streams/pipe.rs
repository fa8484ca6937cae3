//! One direction of a TCP connection through the link: from bytes that were read to bytes that are due, without a socket or
//! a clock.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::impairments::StreamImpairments;
use crate::fate::Fates;

/// The most bytes that a direction of a connection holds, with [`PIECE_COST`] for each piece; then it stops reading, and
/// the sender notices.
pub(super) const HELD: usize = 512 << 10;

/// What a piece costs beside its bytes.
const PIECE_COST: usize = 64;

/// With a rate, a piece is as long as a segment of Ethernet, so that the bytes come evenly.
const PIECE: usize = 1460;

/// The time between two sends of `segment`: each goes as a segment of its own, and its receiver can read it.
const SEGMENT_GAP: Duration = Duration::from_millis(1);

/// How a direction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The sender has closed its direction.
    HalfClose,
    /// The connection is closed after the given number of bytes.
    Cut,
    /// The connection is reset, by its sender or after the given number of bytes (`true`).
    Reset(bool),
}

/// What a direction does next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ready<'a> {
    /// It sends this.
    Send(&'a [u8]),
    /// It has sent all, and ends.
    End(End),
    /// Nothing before this time.
    At(Instant),
    /// Nothing before more is read.
    Idle,
}

/// A direction of a connection.
#[derive(Debug)]
pub(super) struct Pipe {
    fates: Fates,
    segment: usize,
    /// How many bytes are read before it ends, and how.
    limit: Option<(u64, End)>,
    /// In their order: a piece that is due waits for those before it.
    pieces: VecDeque<Piece>,
    held: usize,
    /// How many pieces and bytes have been taken.
    taken: u64,
    bytes: u64,
    /// When the transmission of all that was taken ends.
    free: Option<Instant>,
    /// When the next segment may be sent.
    gap: Option<Instant>,
    end: Option<(Instant, End)>,
    /// Nothing follows.
    over: bool,
}

#[derive(Debug)]
struct Piece {
    due: Instant,
    bytes: Box<[u8]>,
    sent: usize,
}

impl Pipe {
    pub(super) fn new(fates: Fates, impairments: &StreamImpairments, now: Instant) -> Pipe {
        let StreamImpairments { cut, reset, segment, .. } = *impairments;
        let cut = cut.map(|bytes| (bytes, End::Cut));
        let reset = reset.map(|bytes| (bytes, End::Reset(true)));
        // Of two at the same byte, the reset.
        let limit = reset.into_iter().chain(cut).min_by_key(|(bytes, _)| *bytes);
        let mut pipe = Pipe {
            fates,
            segment: segment.unwrap_or(usize::MAX).max(1),
            limit,
            pieces: VecDeque::new(),
            held: 0,
            taken: 0,
            bytes: 0,
            free: None,
            gap: None,
            end: None,
            over: false,
        };
        pipe.end_at_limit(now);
        pipe
    }

    /// How many bytes it takes now.
    pub(super) fn room(&self) -> usize {
        if self.end.is_some() {
            return 0;
        }
        let room = HELD.saturating_sub(self.held + PIECE_COST);
        let until_limit = self.limit.map_or(u64::MAX, |(limit, _)| limit - self.bytes);
        room.min(usize::try_from(until_limit).unwrap_or(usize::MAX))
    }

    /// Takes bytes that were read, no more than there was room for.
    pub(super) fn take(&mut self, bytes: &[u8], now: Instant) {
        let rate = self.fates.impairments().rate;
        for part in bytes.chunks(if rate.is_some() { PIECE } else { bytes.len().max(1) }) {
            let transmitted = match rate {
                Some(rate) => self.free.map_or(now, |free| free.max(now)) + rate.time_of(part.len()),
                None => now,
            };
            self.free = Some(transmitted);
            self.taken += 1;
            let due = transmitted + self.fates.delay_of(self.taken);
            self.held += part.len() + PIECE_COST;
            self.bytes += part.len() as u64;
            self.pieces.push_back(Piece { due, bytes: part.into(), sent: 0 });
        }
        self.end_at_limit(now);
    }

    /// The sender has ended its direction, or the connection.
    pub(super) fn ends(&mut self, end: End, now: Instant) {
        if self.end.is_none() {
            self.taken += 1;
            let transmitted = self.free.map_or(now, |free| free.max(now));
            self.end = Some((transmitted + self.fates.delay_of(self.taken), end));
        }
    }

    fn end_at_limit(&mut self, now: Instant) {
        if let Some((limit, end)) = self.limit
            && self.bytes >= limit
            && self.end.is_none()
        {
            self.end = Some((now, end));
        }
    }

    /// What it does now.
    pub(super) fn ready(&self, now: Instant) -> Ready<'_> {
        match (self.pieces.front(), self.end) {
            (Some(piece), _) => {
                let due = self.gap.map_or(piece.due, |gap| gap.max(piece.due));
                let rest = &piece.bytes[piece.sent..];
                if due > now { Ready::At(due) } else { Ready::Send(&rest[..rest.len().min(self.segment)]) }
            }
            (None, Some((due, _))) if due > now => Ready::At(due),
            (None, Some((_, end))) if !self.over => Ready::End(end),
            _ => Ready::Idle,
        }
    }

    /// So many of the bytes that were ready have been sent.
    pub(super) fn sent(&mut self, count: usize, now: Instant) {
        if self.segment != usize::MAX {
            self.gap = Some(now + SEGMENT_GAP);
        }
        let Some(piece) = self.pieces.front_mut() else { return };
        piece.sent += count;
        if piece.sent >= piece.bytes.len() {
            self.held -= piece.bytes.len() + PIECE_COST;
            self.pieces.pop_front();
        }
    }

    /// Its end has been carried out, or the connection has ended: nothing follows.
    pub(super) fn finish(&mut self, now: Instant) {
        self.pieces.clear();
        self.held = 0;
        self.end.get_or_insert((now, End::HalfClose));
        self.over = true;
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// How many bytes it has taken.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Direction;

    const MS: Duration = Duration::from_millis(1);

    fn pipe(impairments: &StreamImpairments, now: Instant) -> Pipe {
        Pipe::new(Fates::new(7, Direction::Up, impairments.as_impairments()), impairments, now)
    }

    /// What a direction does with bytes that come at once and the end of the stream: the milliseconds and lengths of its
    /// sends, the bytes, and its end.
    fn run(impairments: &StreamImpairments, bytes: &[u8]) -> (Vec<(u128, usize)>, Vec<u8>, Option<End>) {
        let start = Instant::now();
        let mut pipe = pipe(impairments, start);
        let taken = &bytes[..bytes.len().min(pipe.room())];
        pipe.take(taken, start);
        pipe.ends(End::HalfClose, start);
        let (mut sends, mut sent) = (Vec::new(), Vec::new());
        let mut now = start;
        loop {
            let count = match pipe.ready(now) {
                Ready::Send(part) => {
                    sends.push(((now - start).as_millis(), part.len()));
                    sent.extend_from_slice(part);
                    part.len()
                }
                Ready::At(at) => {
                    now = at;
                    continue;
                }
                Ready::End(end) => return (sends, sent, Some(end)),
                Ready::Idle => return (sends, sent, None),
            };
            pipe.sent(count, now);
        }
    }

    #[test]
    fn each_impairment_alone() {
        let none = StreamImpairments::default();
        assert_eq!(run(&none, b"hello"), (vec![(0, 5)], b"hello".to_vec(), Some(End::HalfClose)));

        let delay = StreamImpairments { delay: 40 * MS, ..none.clone() };
        assert_eq!(run(&delay, b"hello").0, [(40, 5)]);

        let rate = StreamImpairments { rate: "1460kB/s".parse().ok(), ..none.clone() };
        assert_eq!(run(&rate, &[7; 3000]).0, [(1, 1460), (2, 1460), (2, 80)]);

        let segment = StreamImpairments { segment: Some(2), ..none.clone() };
        assert_eq!(
            run(&segment, b"hello"),
            (vec![(0, 2), (1, 2), (2, 1)], b"hello".to_vec(), Some(End::HalfClose))
        );

        let cut = StreamImpairments { cut: Some(3), ..none.clone() };
        assert_eq!(run(&cut, b"hello"), (vec![(0, 3)], b"hel".to_vec(), Some(End::Cut)));

        let reset = StreamImpairments { reset: Some(3), cut: Some(3), ..none.clone() };
        assert_eq!(run(&reset, b"hello").2, Some(End::Reset(true)));

        let at_once = StreamImpairments { cut: Some(0), ..none };
        assert_eq!(run(&at_once, b"hello"), (vec![], vec![], Some(End::Cut)));
    }

    #[test]
    fn jitter_reorders_nothing() {
        let start = Instant::now();
        let mut pipe = pipe(
            &StreamImpairments { delay: 20 * MS, jitter: 20 * MS, ..StreamImpairments::default() },
            start,
        );
        let mut dues = Vec::new();
        for tick in 0..200_u32 {
            pipe.take(&[tick as u8], start + tick * MS);
        }
        let mut bytes = Vec::new();
        let mut now = start;
        loop {
            let count = match pipe.ready(now) {
                Ready::Send(part) => {
                    bytes.extend_from_slice(part);
                    dues.push(now);
                    part.len()
                }
                Ready::At(at) => {
                    now = at;
                    continue;
                }
                _ => break,
            };
            pipe.sent(count, now);
        }
        assert_eq!(bytes, (0..200).collect::<Vec<u8>>());
        assert!(dues.is_sorted() && pipe.held == 0);
    }

    #[test]
    fn it_holds_a_bounded_number_of_bytes_and_pieces() {
        let now = Instant::now();
        for length in [1, 1000, 65_536] {
            let mut pipe = pipe(&StreamImpairments { delay: 1000 * MS, ..StreamImpairments::default() }, now);
            let mut taken = 0;
            while pipe.room() > 0 {
                let part = length.min(pipe.room());
                pipe.take(&vec![1; part], now);
                taken += part;
            }
            assert!(taken <= HELD && pipe.pieces.len() <= HELD / PIECE_COST, "{length}");
        }
    }
}
