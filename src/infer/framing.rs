//! Cuts a stream of bytes into messages: lines, whole inputs, or what a varint length announces.

use std::str::FromStr;

/// The longest message that is taken from a stream unless something else is asked for, in bytes.
pub const LONGEST_MESSAGE: usize = 64 << 20;

/// What a message is in a stream of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Framing {
    /// Each line, without its end (`\n` or `\r\n`). Blank lines are none.
    #[default]
    Lines,
    /// Each input as a whole.
    File,
    /// What follows an unsigned varint (LEB128) with its length in bytes, as protobuf's `writeDelimitedTo` has it.
    Varint,
}

impl FromStr for Framing {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "lines" => Ok(Self::Lines),
            "file" => Ok(Self::File),
            "varint" => Ok(Self::Varint),
            other => Err(format!("unknown framing `{other}`: one of lines, file, varint")),
        }
    }
}

/// Cuts a stream. Holds at most one message.
#[derive(Debug)]
pub(crate) struct Framer {
    framing: Framing,
    longest: usize,
    /// The message that is not all there yet.
    partial: Vec<u8>,
    /// Varint: the length that was announced.
    announced: Option<usize>,
    /// The number of the message that comes next, from 1.
    number: i64,
    /// Why the rest of this line, or of this input, gives no message.
    lost: Option<String>,
}

impl Framer {
    pub(crate) fn new(framing: Framing, longest: usize) -> Self {
        Self {
            framing,
            longest,
            partial: Vec::new(),
            announced: None,
            number: 1,
            lost: None,
        }
    }

    /// Cuts a chunk. `message` gets each message with its number, or why there is none; it says whether it wants more.
    pub(crate) fn feed(&mut self, chunk: &[u8], mut message: impl FnMut(i64, Result<&[u8], String>) -> bool) -> bool {
        match self.framing {
            Framing::Lines => self.lines(chunk, &mut message),
            Framing::File => {
                self.keep(chunk);
                true
            }
            Framing::Varint => self.varints(chunk, &mut message),
        }
    }

    /// The input ends: what is left of it is a message, if it can be one.
    pub(crate) fn end_of_input(&mut self, mut message: impl FnMut(i64, Result<&[u8], String>) -> bool) -> bool {
        let lost = self.lost.take();
        let unfinished = self.framing == Framing::Varint && (self.announced.is_some() || !self.partial.is_empty());
        let more = match lost {
            Some(reason) => message(self.number, Err(reason)),
            None if unfinished => message(self.number, Err("the input ends inside the message".to_owned())),
            None if is_blank(&self.partial) && self.framing != Framing::File => true,
            None if self.partial.is_empty() => true,
            None => message(self.number, Ok(without_return(&self.partial, self.framing))),
        };
        if self.framing == Framing::File || !self.partial.is_empty() {
            self.number += 1;
        }
        self.partial.clear();
        self.announced = None;
        more
    }

    fn lines(&mut self, mut chunk: &[u8], message: &mut impl FnMut(i64, Result<&[u8], String>) -> bool) -> bool {
        while let Some(end) = memchr::memchr(b'\n', chunk) {
            let (line, rest) = (chunk.get(..end).unwrap_or_default(), chunk.get(end + 1..).unwrap_or_default());
            chunk = rest;
            let number = self.number;
            self.number += 1;
            let more = if self.partial.is_empty() && self.lost.is_none() && line.len() <= self.longest {
                is_blank(line) || message(number, Ok(without_return(line, Framing::Lines)))
            } else {
                self.keep(line);
                let more = match self.lost.take() {
                    Some(reason) => message(number, Err(reason)),
                    None => is_blank(&self.partial) || message(number, Ok(without_return(&self.partial, Framing::Lines))),
                };
                self.partial.clear();
                more
            };
            if !more {
                return false;
            }
        }
        self.keep(chunk);
        true
    }

    fn varints(&mut self, mut chunk: &[u8], message: &mut impl FnMut(i64, Result<&[u8], String>) -> bool) -> bool {
        while !chunk.is_empty() && self.lost.is_none() {
            let Some(length) = self.announced else {
                let (byte, rest) = chunk.split_at(1);
                chunk = rest;
                self.partial.extend_from_slice(byte);
                if byte.first().is_some_and(|byte| byte & 0x80 == 0) {
                    match varint(&self.partial).filter(|length| *length <= self.longest as u64) {
                        Some(length) => self.announced = usize::try_from(length).ok(),
                        None => self.lost = Some(format!("its length is more than {} bytes", self.longest)),
                    }
                    self.partial.clear();
                    if self.announced == Some(0) {
                        self.announced = None;
                        self.number += 1;
                        if !message(self.number - 1, Ok(&[])) {
                            return false;
                        }
                    }
                } else if self.partial.len() >= 10 {
                    self.lost = Some("its length is no varint".to_owned());
                }
                continue;
            };
            let wanted = length - self.partial.len();
            let (part, rest) = chunk.split_at(wanted.min(chunk.len()));
            chunk = rest;
            let whole = self.partial.is_empty() && part.len() == length;
            if !whole {
                self.partial.extend_from_slice(part);
            }
            if whole || self.partial.len() == length {
                self.announced = None;
                self.number += 1;
                let more = message(self.number - 1, Ok(if whole { part } else { &self.partial }));
                self.partial.clear();
                if !more {
                    return false;
                }
            }
        }
        true
    }

    fn keep(&mut self, part: &[u8]) {
        if self.lost.is_some() {
            return;
        }
        if self.partial.len() + part.len() > self.longest {
            self.lost = Some(format!("the message is longer than {} bytes", self.longest));
            self.partial = Vec::new();
        } else {
            self.partial.extend_from_slice(part);
        }
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

fn without_return(line: &[u8], framing: Framing) -> &[u8] {
    match framing {
        Framing::Lines => line.strip_suffix(b"\r").unwrap_or(line),
        _ => line,
    }
}

/// An unsigned LEB128 of at most 10 bytes.
fn varint(bytes: &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for (i, byte) in bytes.iter().enumerate() {
        let part = u64::from(byte & 0x7f);
        let shift = u32::try_from(i).ok()?.checked_mul(7)?;
        if shift > 63 || part.leading_zeros() < shift {
            return None;
        }
        value |= part << shift;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use proptest::prelude::*;

    fn cut(framing: Framing, inputs: &[&[u8]], step: usize) -> Vec<(i64, Result<Vec<u8>, String>)> {
        let mut framer = Framer::new(framing, 100);
        let mut messages = Vec::new();
        let mut take = |number: i64, message: Result<&[u8], String>| {
            messages.push((number, message.map(<[u8]>::to_vec)));
            true
        };
        for input in inputs {
            for chunk in input.chunks(step) {
                framer.feed(chunk, &mut take);
            }
            framer.end_of_input(&mut take);
        }
        messages
    }

    #[test]
    fn lines_end_with_their_input_and_blank_ones_only_count() {
        for step in [1, 2, 1000] {
            let messages = cut(Framing::Lines, &[b"a\r\n\n  \nb", b"c\n"], step);
            assert_eq!(
                messages,
                [(1, Ok(b"a".to_vec())), (4, Ok(b"b".to_vec())), (5, Ok(b"c".to_vec()))],
                "{step}"
            );
        }
    }

    #[test]
    fn a_line_that_is_too_long_costs_itself() {
        let mut text = vec![b'x'; 150];
        text.extend(b"\nok\n");
        for step in [7, 1000] {
            let messages = cut(Framing::Lines, &[&text], step);
            assert_eq!(messages[0], (1, Err("the message is longer than 100 bytes".to_owned())));
            assert_eq!(messages[1], (2, Ok(b"ok".to_vec())));
        }
    }

    #[test]
    fn each_input_is_a_message() {
        let messages = cut(Framing::File, &[b"{\n}\n", b"x"], 2);
        assert_eq!(messages, [(1, Ok(b"{\n}\n".to_vec())), (2, Ok(b"x".to_vec()))]);
    }

    #[test]
    fn a_varint_that_lies_gives_no_message_and_takes_no_memory() {
        for bytes in [&b"\xff\xff\xff\xff\x7f"[..], &[0xff; 20], b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"] {
            let messages = cut(Framing::Varint, &[bytes], 3);
            assert_eq!(messages.len(), 1);
            assert!(messages[0].1.is_err());
        }
        assert!(cut(Framing::Varint, &[b"\x05abc"], 1)[0].1.is_err());
    }

    proptest! {
        #[test]
        fn varint_messages_come_out_as_they_went_in(
            messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..100), 0..20),
            step in 1usize..50,
        ) {
            let mut stream = Vec::new();
            for message in &messages {
                stream.push(message.len() as u8);
                stream.extend_from_slice(message);
            }
            let cut: Vec<Vec<u8>> =
                cut(Framing::Varint, &[&stream], step).into_iter().map(|(_, message)| message.unwrap()).collect();
            prop_assert_eq!(cut, messages);
        }
    }
}
