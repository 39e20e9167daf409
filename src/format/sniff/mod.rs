//! Which format is a topic in: a vote over its payloads.
//!
//! Each payload is looked at alone first and has one kind, whatever the others are; the verdict weighs the counts of
//! kinds. So sniffers of different partitions merge to the same verdict in any order, one stray message decides nothing,
//! and a topic of two formats is reported as such. No payload is copied or kept.

mod fixed;
mod payload;
mod scalar;
mod verdict;

pub use scalar::Scalar;
pub(in crate::format) use scalar::time_of_day;
pub use verdict::{Share, Verdict};

use super::{Format, csv};
use fixed::Fixed;
use payload::Kind;
use verdict::Counts;

/// Which part of a record the payloads are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// The record's value.
    #[default]
    Value,
    /// The record's key. Kafka's own serialisers for numbers are common here.
    Key,
}

/// What a [`Sniffer`] is told beforehand.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// What the payloads are.
    pub role: Role,
    /// The format, if it is configured or the topic's extension names it. The vote then counts what fits.
    pub format: Option<Format>,
    /// What is known about the dialect, should the payloads be delimited.
    pub csv: csv::Hints,
    /// How many payloads at most are tried under every dialect.
    pub max_payloads: u64,
    /// How many bytes of payloads at most are tried under every dialect.
    pub max_bytes: u64,
}

impl Options {
    /// Nothing is known; 1,000 payloads or 1 MiB are tried in full.
    pub fn new(role: Role) -> Self {
        Self { role, format: None, csv: csv::Hints::default(), max_payloads: 1_000, max_bytes: 1 << 20 }
    }

    /// With a configured format.
    pub fn format(mut self, format: Option<Format>) -> Self {
        self.format = format;
        self
    }

    /// With what is configured about the dialect.
    pub fn csv(mut self, hints: csv::Hints) -> Self {
        self.csv = hints;
        self
    }
}

/// Counts the votes of the payloads of one topic and role.
#[derive(Clone, Debug)]
pub struct Sniffer {
    options: Options,
    counts: Counts,
    fixed: Fixed,
    /// Made when the first text asks for it.
    votes: Option<csv::Votes>,
    /// Texts that were offered as rows.
    rows_offered: u64,
    rows_bytes: u64,
    tried: u64,
    tried_bytes: u64,
    /// The dialect under which texts are still counted once the full vote is over.
    leader: Option<Option<csv::Leader>>,
}

/// A text longer than this is judged by its first lines within it.
const LONGEST_VOTE: usize = 64 << 10;

impl Sniffer {
    /// No votes yet.
    pub fn new(mut options: Options) -> Self {
        options.csv.delimited |= options.format == Some(Format::Csv);
        Self {
            options,
            counts: Counts::default(),
            fixed: Fixed::default(),
            votes: None,
            rows_offered: 0,
            rows_bytes: 0,
            tried: 0,
            tried_bytes: 0,
            leader: None,
        }
    }

    /// Counts one payload. A null (a tombstone, a record without a key) is none and is not to be added.
    ///
    /// Time is linear in the payload's length; nothing is allocated once the formats of a topic have been seen.
    pub fn add(&mut self, payload: &[u8]) {
        let kind = Kind::of(payload);
        self.counts.add(kind, 1);
        if self.options.role == Role::Key || self.options.format.is_some_and(|format| format.fixed_length().is_some()) {
            self.fixed.add(payload, kind);
        }
        let rows = match kind {
            Kind::Text(None) | Kind::Separated => !is_markup(payload),
            Kind::Empty | Kind::Binary => false,
            // Whoever configures a format knows better.
            _ => self.options.format == Some(Format::Csv),
        };
        if rows && matches!(self.options.format, None | Some(Format::Csv)) {
            self.offer_row(payload);
        }
        self.tried += 1;
        self.tried_bytes += payload.len() as u64;
    }

    /// Counts payloads that were found elsewhere to fit `format`, the verdict's so far, and need no look of their own: by
    /// a JSON walk, or as rows of the verdict's dialect. Texts are better added: what they are as a whole counts too.
    pub fn add_fitting(&mut self, format: Format, payloads: u64) {
        self.tried += payloads;
        let kind = match format {
            Format::Json => Kind::JsonContainer,
            Format::Empty => Kind::Empty,
            Format::Text => Kind::Text(None),
            Format::Csv => {
                if let Some(votes) = &mut self.votes
                    && let Some(leader) = *self.leader.get_or_insert_with(|| votes.leader())
                {
                    votes.add_fitting(leader, payloads);
                }
                Kind::Text(None)
            }
            _ => Kind::Binary,
        };
        if matches!(format, Format::Csv | Format::Text) {
            self.rows_offered += payloads;
        }
        self.counts.add(kind, payloads);
        self.fixed.add_fitting(format, payloads);
    }

    /// Has everything been tried that is tried in full? From here on it is enough to add the winner's misfits, and to
    /// count the rest by [`Sniffer::add_fitting`].
    pub fn is_full(&self) -> bool {
        self.tried >= self.options.max_payloads || self.tried_bytes >= self.options.max_bytes
    }

    /// Adds another sniffer's votes, cast under the same options.
    pub fn merge(&mut self, other: &Sniffer) {
        self.counts.merge(&other.counts);
        self.fixed.merge(&other.fixed);
        match (&mut self.votes, &other.votes) {
            (Some(mine), Some(theirs)) => mine.merge(theirs),
            (mine @ None, theirs) => mine.clone_from(theirs),
            (Some(_), None) => {}
        }
        self.rows_offered += other.rows_offered;
        self.rows_bytes += other.rows_bytes;
        self.tried += other.tried;
        self.tried_bytes += other.tried_bytes;
        self.leader = None;
    }

    fn offer_row(&mut self, payload: &[u8]) {
        let Ok(text) = std::str::from_utf8(payload) else {
            return;
        };
        // Texts have a budget of their own: those that come late may be the misfits of a winner without rows.
        let full = self.rows_offered >= self.options.max_payloads || self.rows_bytes >= self.options.max_bytes;
        self.rows_offered += 1;
        self.rows_bytes += payload.len() as u64;
        let text = match text.as_bytes().get(..LONGEST_VOTE).map(|head| memchr::memrchr(b'\n', head)) {
            None => text,
            Some(Some(line_end)) => text.get(..line_end).unwrap_or_default(),
            Some(None) => "",
        };
        let votes = self.votes.get_or_insert_with(|| csv::Votes::new(self.options.csv.clone()));
        if !full {
            votes.add(text);
        } else if let Some(leader) = *self.leader.get_or_insert_with(|| votes.leader()) {
            votes.add_late(text, leader);
        }
    }
}

/// Is it XML or HTML by its brackets?
fn is_markup(payload: &[u8]) -> bool {
    let text = payload.strip_prefix(b"\xef\xbb\xbf").unwrap_or(payload).trim_ascii();
    text.first() == Some(&b'<') && text.last() == Some(&b'>')
}
