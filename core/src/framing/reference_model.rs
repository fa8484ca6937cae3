//! A reference model of the splitter, which keeps the whole input and searches it byte by byte. A property test and a
//! fuzz target compare the two.

use super::delimiter::MAX_DELIMITER;
use super::{AnyFrame, Delimiter, Frame, FrameError, LengthPrefix, Newline, Splitter};
use crate::choices::Endian;

/// A frame that the model knows by its parameters.
#[derive(Debug, Clone)]
pub(crate) enum ModelFrame {
    Line,
    /// The width, whether the first byte is the most significant, and whether the number counts its own bytes.
    Length(usize, bool, bool),
    Delimiter(Vec<u8>),
}

impl ModelFrame {
    /// The frame that a number and a byte string choose; any do.
    pub(crate) fn chosen(number: u8, delimiter: &[u8]) -> ModelFrame {
        match number % 3 {
            0 => ModelFrame::Line,
            1 => {
                let number = number / 3;
                let width = LengthPrefix::WIDTHS[usize::from(number % 3)] as usize;
                ModelFrame::Length(width, number & 4 == 0, number & 8 == 0)
            }
            _ if delimiter.is_empty() => ModelFrame::Delimiter(b"\r\n".to_vec()),
            _ => ModelFrame::Delimiter(delimiter[..delimiter.len().min(MAX_DELIMITER)].to_vec()),
        }
    }

    pub(crate) fn frame(&self) -> AnyFrame {
        match self {
            ModelFrame::Line => AnyFrame::Line(Newline),
            ModelFrame::Length(width, big, itself) => {
                let endian = if *big { Endian::Big } else { Endian::Little };
                AnyFrame::Length(LengthPrefix::new(*width as u32, endian, *itself))
            }
            ModelFrame::Delimiter(delimiter) => AnyFrame::Delimiter(Delimiter::new(delimiter)),
        }
    }

    /// The payloads of the complete messages of the input, and what follows them.
    pub(crate) fn cut(&self, input: &[u8], longest: usize) -> Cut {
        let (mut payloads, mut rest) = (Vec::new(), input);
        loop {
            match self.first(rest, longest) {
                Err(error) => return Cut { payloads, rest: Err(error) },
                Ok(None) => return Cut { payloads, rest: Ok(rest.to_vec()) },
                Ok(Some((payload, end))) => {
                    payloads.push(payload.to_vec());
                    rest = &rest[end..];
                }
            }
        }
    }

    /// The payload of the first message, and where the message ends; `None` if it is not complete.
    fn first<'a>(&self, input: &'a [u8], longest: usize) -> Result<Option<(&'a [u8], usize)>, FrameError> {
        if let ModelFrame::Length(width, big, itself) = *self {
            let Some(prefix) = input.get(..width) else { return Ok(None) };
            let fold = |number: u64, byte: &u8| number * 256 + u64::from(*byte);
            let number = if big { prefix.iter().fold(0, fold) } else { prefix.iter().rev().fold(0, fold) };
            let payload = match itself {
                true if number < width as u64 => return Err(FrameError::Malformed),
                true => number - width as u64,
                false => number,
            };
            if payload > longest as u64 {
                return Err(FrameError::TooLong);
            }
            let end = width + payload as usize;
            return Ok(input.get(width..end).map(|payload| (payload, end)));
        }
        let end = match self {
            ModelFrame::Delimiter(delimiter) => delimiter.as_slice(),
            _ => b"\n",
        };
        let start = (0..input.len()).find(|start| input[*start..].starts_with(end));
        let message = start.map_or(input.len(), |start| start + end.len());
        if message > longest {
            return Err(FrameError::TooLong);
        }
        let payload = |start| if matches!(self, ModelFrame::Line) { message } else { start };
        Ok(start.map(|start| (&input[..payload(start)], message)))
    }

    /// The last payload, if the stream ends after `rest` of an incomplete message.
    pub(crate) fn last(&self, rest: &[u8]) -> Result<Option<Vec<u8>>, FrameError> {
        match self {
            _ if rest.is_empty() => Ok(None),
            ModelFrame::Length(..) => Err(FrameError::Malformed),
            _ => Ok(Some(rest.to_vec())),
        }
    }
}

pub(crate) struct Cut {
    pub(crate) payloads: Vec<Vec<u8>>,
    /// What follows the last complete message.
    pub(crate) rest: Result<Vec<u8>, FrameError>,
}

/// Pushes the pieces through a splitter for messages of at most `longest` bytes, which is stopped after each `batch`
/// messages, and compares the payloads with those of the model. With `preallocated` it must not allocate.
pub(crate) fn check(model: &ModelFrame, pieces: &[&[u8]], longest: usize, batch: usize, preallocated: bool) {
    let frame = model.frame();
    let most_held = frame.most_held(longest);
    let mut splitter = if preallocated {
        Splitter::preallocated(frame, longest).expect("memory")
    } else {
        Splitter::new(frame)
    };
    let memory = (splitter.partial.as_ptr(), splitter.partial.capacity());
    let (batch, mut input, mut payloads) = (batch.max(1), Vec::new(), Vec::<Vec<u8>>::new());
    for piece in pieces {
        input.extend_from_slice(piece);
        let mut rest = *piece;
        loop {
            let before = payloads.len();
            let outcome = splitter.push(rest, longest, |_, payload| {
                payloads.push(payload.to_vec());
                payloads.len() - before < batch
            });
            assert!(splitter.partial.len() <= most_held, "it holds no more than the longest message");
            if preallocated {
                let now = (splitter.partial.as_ptr(), splitter.partial.capacity());
                assert_eq!(now, memory, "a preallocated splitter neither allocates nor frees");
            } else {
                assert!(splitter.partial.capacity() <= 2 * input.len() + 256, "memory for what has arrived");
            }
            let cut = model.cut(&input, longest);
            match outcome {
                Err(error) => {
                    assert_eq!((payloads, Err(error)), (cut.payloads, cut.rest), "{model:?} {input:?}");
                    return;
                }
                Ok(used) => {
                    let stopped = payloads.len() - before == batch;
                    assert!(stopped || used == rest.len(), "it continues until it is stopped");
                    assert_eq!(payloads, cut.payloads[..payloads.len()], "{model:?} {input:?}");
                    rest = &rest[used..];
                }
            }
            if rest.is_empty() {
                assert_eq!(payloads, cut.payloads, "{model:?} {input:?}");
                assert!(cut.rest.is_ok(), "what is not accepted is reported at once: {model:?} {input:?}");
                break;
            }
        }
    }
    let mut last = None;
    let ended = splitter.finish(|_, payload| last = Some(payload.to_vec()));
    let rest = model.cut(&input, longest).rest.expect("every piece was accepted");
    assert_eq!(ended.map(|()| last), model.last(&rest), "{model:?} {input:?}");
}

/// Frames a payload, and compares with the model: what is framed is one message, and what is refused is none.
pub(crate) fn check_framed(model: &ModelFrame, payload: &[u8]) {
    let mut output = b"before".to_vec();
    let frame = model.frame();
    frame.begin(&mut output);
    output.extend_from_slice(payload);
    let framed = frame.complete(&mut output, b"before".len(), true);
    let message = output.split_off(b"before".len());
    if matches!(model, ModelFrame::Line) {
        // A payload may be several lines, as a handler's reply may.
        assert!(framed.is_ok() && message.starts_with(payload) && message.ends_with(b"\n"));
        return;
    }
    let one = |message: &[u8]| {
        let cut = model.cut(message, usize::MAX);
        cut.payloads == [payload] && cut.rest == Ok(Vec::new())
    };
    match framed {
        Ok(()) => assert!(one(&message), "{model:?} {payload:?}"),
        Err(_) => match model {
            ModelFrame::Length(width, _, itself) => {
                let counted = payload.len() + if *itself { *width } else { 0 };
                assert!(counted as u64 >= 1 << (8 * width), "{model:?} {}", payload.len());
            }
            ModelFrame::Delimiter(delimiter) => {
                assert!(!one(&[payload, delimiter].concat()), "{model:?} {payload:?}");
            }
            ModelFrame::Line => unreachable!("every payload is accepted"),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Bytes of which messages are made, and others.
    fn bytes(length: usize) -> impl Strategy<Value = Vec<u8>> {
        vec(prop_oneof![Just(b'\n'), Just(b'a'), Just(b'b'), 0..6_u8, any::<u8>()], 0..length)
    }

    fn frame() -> impl Strategy<Value = ModelFrame> {
        let delimiter = prop_oneof![Just(b"\r\n".to_vec()), vec(prop_oneof![Just(b'a'), Just(b'b')], 1..4)];
        (any::<u8>(), delimiter).prop_map(|(number, delimiter)| ModelFrame::chosen(number, &delimiter))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

        #[test]
        fn messages_are_those_of_the_whole_input(
            frame in frame(),
            pieces in vec(bytes(12), 0..8),
            longest in 0..16_usize,
            batch in 1..4_usize,
            preallocated: bool,
        ) {
            let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            check(&frame, &pieces, longest, batch, preallocated);
        }

        #[test]
        fn a_framed_payload_is_one_message(
            frame in frame(),
            payload in prop_oneof![9 => bytes(8), 1 => (0..300_usize).prop_map(|length| vec![b'a'; length])],
        ) {
            check_framed(&frame, &payload);
        }
    }
}
