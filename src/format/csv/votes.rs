//! What is counted about the texts of a topic to tell whether they are rows, and in which dialect.
//!
//! For each delimiter that occurs, under each reading of quotes, a tally: how many messages had how many fields, and what
//! the columns looked like. Tallies are sums, so any split of the messages over any number of [`Votes`], merged in any
//! order, counts the same.

use std::collections::BTreeMap;

use super::cell::{Cell, is_name, name_likeness};
use super::detect::Hints;
use super::rows::{Rows, Syntax};

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
    pub(super) const READINGS: [Quoting; 4] = [
        Quoting::Double,
        Quoting::None,
        Quoting::Single,
        Quoting::DoubleEscaped,
    ];

    pub(super) fn marks(self) -> (Option<char>, Option<char>) {
        match self {
            Quoting::Plain | Quoting::None => (None, None),
            Quoting::Double => (Some('"'), None),
            Quoting::Single => (Some('\''), None),
            Quoting::DoubleEscaped => (Some('"'), Some('\\')),
        }
    }
}

/// Columns beyond this are counted and not looked at.
const LOOKED_AT: usize = 128;
/// How many candidates for a header row are kept: the likeliest, so that which came first cannot matter.
const HEADERS: usize = 8;

/// What was counted for one delimiter under one reading of quotes.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// Messages by the number of fields that each of their rows has.
    pub(super) fields: BTreeMap<usize, u64>,
    /// Messages that leave the dialect or whose rows differ in their number of fields.
    pub(super) odd: u64,
    /// Messages of more than one row.
    pub(super) several: u64,
    pub(super) columns: Vec<Column>,
    pub(super) headers: Vec<HeaderRow>,
}

/// What the fields of one column looked like.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Column {
    pub(super) cells: u64,
    pub(super) empty: u64,
    pub(super) number: u64,
    pub(super) time: u64,
    pub(super) uuid: u64,
    pub(super) boolean: u64,
    pub(super) log_level: u64,
    pub(super) key_value: u64,
    pub(super) phrase: u64,
    /// Fields that start with a space.
    pub(super) indented: u64,
    /// Fields that go on as the fraction of a log line's time does: three digits, then a space.
    pub(super) millis: u64,
}

impl Column {
    fn add(&mut self, field: &str) {
        let cell = Cell::of(field);
        self.cells += 1;
        self.indented += u64::from(field.starts_with(' '));
        let bytes = field.as_bytes();
        self.millis += u64::from(
            matches!(bytes, [a, b, c, b' ', ..] if a.is_ascii_digit() && b.is_ascii_digit() && c.is_ascii_digit()),
        );
        match cell {
            Cell::Empty => self.empty += 1,
            Cell::Number => self.number += 1,
            Cell::Time => self.time += 1,
            Cell::Uuid => self.uuid += 1,
            Cell::Boolean => self.boolean += 1,
            Cell::LogLevel => self.log_level += 1,
            Cell::KeyValue => self.key_value += 1,
            Cell::Phrase => self.phrase += 1,
            Cell::Word => {}
        }
    }

    pub(super) fn merge(&mut self, other: &Column) {
        self.cells += other.cells;
        self.empty += other.empty;
        self.number += other.number;
        self.time += other.time;
        self.uuid += other.uuid;
        self.boolean += other.boolean;
        self.log_level += other.log_level;
        self.key_value += other.key_value;
        self.phrase += other.phrase;
        self.indented += other.indented;
        self.millis += other.millis;
    }

    /// The most frequent type other than text, and how many cells have it.
    pub(super) fn typed(&self) -> u64 {
        self.number.max(self.time).max(self.uuid).max(self.boolean)
    }

    /// Is nearly every field that is not empty of one type other than text?
    pub(super) fn is_typed(&self) -> bool {
        let filled = self.cells - self.empty;
        let other = filled - self.typed();
        filled > 0 && (other == 0 || other <= 1 && filled >= 3 || other * 20 <= filled)
    }
}

/// A row all of whose fields could be names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HeaderRow {
    /// How much they look like names; the likelier ones are kept.
    pub(super) likeness: u32,
    pub(super) names: Vec<String>,
    pub(super) seen: u64,
}

impl Tally {
    /// How many texts were counted.
    pub(super) fn texts(&self) -> u64 {
        self.odd + self.fields.values().sum::<u64>()
    }

    pub(super) fn merge(&mut self, other: &Tally) {
        for (fields, messages) in &other.fields {
            *self.fields.entry(*fields).or_default() += messages;
        }
        self.odd += other.odd;
        self.several += other.several;
        if self.columns.len() < other.columns.len() {
            self.columns.resize(other.columns.len(), Column::default());
        }
        for (mine, theirs) in self.columns.iter_mut().zip(&other.columns) {
            mine.merge(theirs);
        }
        for header in &other.headers {
            self.add_header(
                header.likeness,
                header.seen,
                |names| names == header.names,
                || header.names.clone(),
            );
        }
    }

    /// Counts a candidate. The likeliest are kept, by a total order, so one that is among them in the end was always.
    fn add_header(
        &mut self,
        likeness: u32,
        seen: u64,
        is_same: impl Fn(&[String]) -> bool,
        names: impl FnOnce() -> Vec<String>,
    ) {
        if let Some(known) = self
            .headers
            .iter_mut()
            .find(|header| header.likeness == likeness && is_same(&header.names))
        {
            known.seen += seen;
            return;
        }
        if self.headers.len() >= HEADERS
            && self
                .headers
                .last()
                .is_some_and(|last| last.likeness > likeness)
        {
            return;
        }
        let names = names();
        let before = |header: &HeaderRow| (likeness, &header.names) < (header.likeness, &names);
        let at = self.headers.partition_point(before);
        self.headers.insert(
            at,
            HeaderRow {
                likeness,
                names,
                seen,
            },
        );
        self.headers.truncate(HEADERS);
    }

    /// Counts one message's rows.
    fn add(&mut self, text: &str, syntax: Syntax, comment: Option<&str>, look: bool) {
        let mut rows = Rows::of_text(text, syntax, comment);
        let (mut count, mut seen) = (0, 0u64);
        loop {
            let columns = &mut self.columns;
            let (mut names, mut likeness) = (true, 0);
            let row = rows.clone();
            let result = rows.next_row(|index, field| {
                if !look || index >= LOOKED_AT {
                    return;
                }
                if columns.len() <= index {
                    columns.resize(index + 1, Column::default());
                }
                if let Some(column) = columns.get_mut(index) {
                    column.add(field.raw);
                }
                names = names && is_name(field.raw);
                if names {
                    likeness += name_likeness(field.raw);
                }
            });
            match result {
                Ok(None) => break,
                Ok(Some(fields)) if seen == 0 || fields == count => {
                    count = fields;
                    seen += 1;
                    if look && names && fields > 1 && fields <= LOOKED_AT {
                        self.offer_header(row, likeness);
                    }
                }
                Ok(Some(_)) | Err(_) => {
                    self.odd += 1;
                    return;
                }
            }
        }
        self.several += u64::from(seen > 1);
        *self.fields.entry(count).or_default() += 1;
    }

    fn offer_header(&mut self, row: Rows<'_>, likeness: u32) {
        let is_same = |names: &[String]| {
            let mut same = 0;
            let fields = row.clone().next_row(|index, field| {
                same += usize::from(
                    names
                        .get(index)
                        .is_some_and(|name| name == field.raw.trim()),
                );
            });
            fields == Ok(Some(names.len())) && same == names.len()
        };
        let names = || {
            let mut names = Vec::new();
            let _ = row
                .clone()
                .next_row(|_, field| names.push(field.raw.trim().to_owned()));
            names
        };
        self.add_header(likeness, 1, is_same, names);
    }
}

/// A dialect among those voted on.
#[derive(Clone, Copy, Debug)]
pub(in crate::format) struct Leader(usize, Quoting);

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
            let first = delimiter
                .encode_utf8(&mut [0; 4])
                .as_bytes()
                .first()
                .copied()
                .unwrap_or_default();
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
        }
    }

    /// Counts one text under each dialect that it may be in.
    pub fn add(&mut self, text: &str) {
        self.texts += 1;
        let (mut present, mut quotes) = (0u32, false);
        for &byte in text.as_bytes() {
            present |= self
                .starts
                .get(usize::from(byte))
                .copied()
                .unwrap_or_default();
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
        let Some((delimiter, _)) = self.delimiters.get(bit) else {
            return;
        };
        let syntax = self.syntax(*delimiter, quoting);
        self.tallies.entry((bit, quoting)).or_default().add(
            text,
            syntax,
            self.hints.comment.as_deref(),
            true,
        );
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
        let Leader(bit, quoting) = leader;
        if let Some((delimiter, _)) = self.delimiters.get(bit) {
            let syntax = self.syntax(*delimiter, quoting);
            self.late.entry((bit, quoting)).or_default().add(
                text,
                syntax,
                self.hints.comment.as_deref(),
                false,
            );
        }
    }

    /// Counts texts that were found to be rows of the leading dialect.
    pub(in crate::format) fn add_fitting(&mut self, leader: Leader, texts: u64) {
        let Leader(bit, quoting) = leader;
        if let Some(columns) = self.verdict().map(|verdict| verdict.columns) {
            *self
                .late
                .entry((bit, quoting))
                .or_default()
                .fields
                .entry(columns)
                .or_default() += texts;
        }
    }

    /// The dialect that the votes so far speak for.
    pub(in crate::format) fn leader(&self) -> Option<Leader> {
        self.leading().map(|(bit, quoting)| Leader(bit, quoting))
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
