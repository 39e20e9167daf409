//! What is counted about the texts of a topic to tell whether they are rows, and in which dialect.
//!
//! For each delimiter that occurs, under each reading of quotes, a tally: how many messages had how many fields, and what
//! the columns looked like. Tallies are sums, so any split of the messages over any number of [`Votes`], merged in any
//! order, counts the same.

use std::collections::BTreeMap;

use super::detect::Hints;
use super::rows::{Rows, Syntax};
use super::tally::{Look, Tally};

/// What may stand between fields, likeliest first, with how far a constant count alone speaks for it.
pub(super) const DELIMITERS: [(char, f64); 16] = [
    (',', 1.0),
    ('\t', 1.0),
    (';', 1.0),
    ('|', 1.0),
    ('\u{1}', 1.0),
    ('\u{1f}', 1.0),
    ('\u{1e}', 1.0),
    ('\u{1c}', 1.0),
    ('^', 0.95),
    ('~', 0.95),
    ('§', 0.95),
    ('¦', 0.95),
    (':', 0.5),
    ('#', 0.5),
    ('!', 0.5),
    (' ', 0.4),
];

/// How quotes are read. Payloads without any quote or backslash read the same under each and are tallied once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Quoting {
    /// Payloads where it makes no difference.
    Plain,
    Double,
    None,
    Single,
    DoubleEscaped,
}

impl Quoting {
    /// The readings among which a verdict chooses, likeliest first.
    pub(super) const READINGS: [Quoting; 4] = [Quoting::Double, Quoting::None, Quoting::Single, Quoting::DoubleEscaped];

    pub(super) fn marks(self) -> (Option<char>, Option<char>) {
        match self {
            Quoting::Plain | Quoting::None => (None, None),
            Quoting::Double => (Some('"'), None),
            Quoting::Single => (Some('\''), None),
            Quoting::DoubleEscaped => (Some('"'), Some('\\')),
        }
    }
}

/// A dialect among those voted on.
#[derive(Clone, Copy, Debug)]
pub(in crate::format) struct Leader {
    pub(super) bit: usize,
    pub(super) quoting: Quoting,
    pub(super) columns: usize,
}

/// The votes of a topic's texts on a dialect.
#[derive(Clone, Debug)]
pub struct Votes {
    pub(super) hints: Hints,
    pub(super) delimiters: Vec<(char, f64)>,
    /// For each byte, the delimiters that start with it, one bit each.
    starts: Box<[u32; 256]>,
    pub(super) tallies: BTreeMap<(usize, Quoting), Tally>,
    /// Texts that were counted under one dialect only.
    pub(super) late: BTreeMap<(usize, Quoting), Tally>,
    /// Texts that were counted, and those of them in which a delimiter did not occur, by delimiter.
    pub(super) texts: u64,
    pub(super) without: Vec<u64>,
    /// Room for the fields of the row at hand.
    looks: Vec<Look>,
}

impl Votes {
    /// No votes yet. What `hints` settle is not voted on.
    pub fn new(hints: Hints) -> Self {
        let delimiters = match hints.delimiter {
            Some(delimiter) => vec![(delimiter, 1.0)],
            None => DELIMITERS.to_vec(),
        };
        let mut starts = Box::new([0u32; 256]);
        for (bit, (delimiter, _)) in delimiters.iter().enumerate() {
            let first = delimiter.encode_utf8(&mut [0; 4]).as_bytes().first().copied().unwrap_or_default();
            if let Some(start) = starts.get_mut(usize::from(first)) {
                *start |= 1 << bit;
            }
        }
        let without = vec![0; delimiters.len()];
        Self {
            hints,
            delimiters,
            starts,
            tallies: BTreeMap::new(),
            late: BTreeMap::new(),
            texts: 0,
            without,
            looks: Vec::new(),
        }
    }

    /// Counts one text under each dialect that it may be in.
    pub fn add(&mut self, text: &str) {
        self.texts += 1;
        let (mut present, mut quotes) = (0u32, false);
        for &byte in text.as_bytes() {
            present |= self.starts.get(usize::from(byte)).copied().unwrap_or_default();
            quotes |= matches!(byte, b'"' | b'\'' | b'\\');
        }
        let settled = self.hints.settles_quoting();
        for bit in 0..self.delimiters.len() {
            if present & (1 << bit) == 0 {
                if let Some(without) = self.without.get_mut(bit) {
                    *without += 1;
                }
            } else if settled || !quotes {
                self.tally(bit, Quoting::Plain, text);
            } else {
                for quoting in Quoting::READINGS {
                    self.tally(bit, quoting, text);
                }
            }
        }
    }

    fn tally(&mut self, bit: usize, quoting: Quoting, text: &str) {
        let Some((delimiter, weight)) = self.delimiters.get(bit) else {
            return;
        };
        let rows = Rows::of_text(text, self.syntax(*delimiter, quoting), self.hints.comment.as_deref());
        // Prose has many spaces; only what is narrow and delimited by them could be a table.
        let looked_at = if *weight > 0.5 { usize::MAX } else { 24 };
        self.tallies.entry((bit, quoting)).or_default().add(rows, looked_at, &mut self.looks);
    }

    fn syntax(&self, delimiter: char, quoting: Quoting) -> Syntax {
        match quoting {
            Quoting::Plain if self.hints.settles_quoting() => {
                Syntax::new(delimiter, self.hints.configured_quote(), self.hints.escape)
            }
            _ => {
                let (quote, escape) = quoting.marks();
                Syntax::new(delimiter, quote, escape)
            }
        }
    }

    /// Counts one text under the leading dialect only: for what comes after the full vote. `leader` is from
    /// [`Votes::leader`].
    pub(in crate::format) fn add_late(&mut self, text: &str, leader: Leader) {
        if let Some((delimiter, _)) = self.delimiters.get(leader.bit) {
            let rows = Rows::of_text(text, self.syntax(*delimiter, leader.quoting), self.hints.comment.as_deref());
            self.late.entry((leader.bit, leader.quoting)).or_default().add_late(rows, leader.columns);
        }
    }

    /// Counts texts that were found to be rows of the leading dialect.
    pub(in crate::format) fn add_fitting(&mut self, leader: Leader, texts: u64) {
        let tally = self.late.entry((leader.bit, leader.quoting)).or_default();
        tally.count(leader.columns, texts, false);
    }

    /// Adds another sniffer's votes, cast under the same hints.
    pub fn merge(&mut self, other: &Votes) {
        self.texts += other.texts;
        for (mine, theirs) in self.without.iter_mut().zip(&other.without) {
            *mine += theirs;
        }
        for (key, tally) in &other.tallies {
            self.tallies.entry(*key).or_default().merge(tally);
        }
        for (key, tally) in &other.late {
            self.late.entry(*key).or_default().merge(tally);
        }
    }
}
