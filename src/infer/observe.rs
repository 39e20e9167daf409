//! Looks at every message once, under a decision: what it is counted as, and what the profile learns of it.

use crate::format::{Format, json};
use crate::infer::likely_key::LikelyKey;
use crate::infer::reading::{Decision, Reading};
use crate::infer::{Message, Reject};
use crate::schema::Profile;

/// Rejected records that are kept as examples.
pub(crate) const EXAMPLES: usize = 10;

/// What was made of the messages so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// All of them.
    pub(crate) records: u64,
    /// Bytes of keys and values.
    pub(crate) bytes: u64,
    /// Without a value.
    pub(crate) tombstones: u64,
    /// With a value of no bytes.
    pub(crate) empty: u64,
    /// In the format, rows or not.
    pub(crate) fits: u64,
    /// Rows of the table.
    pub(crate) rows: u64,
    /// In the format, but no rows: a JSON array, say.
    pub(crate) not_rows: u64,
    /// Rows of column names.
    pub(crate) headers: u64,
    /// Not in the format.
    pub(crate) misfits: u64,
    /// Of those and of the empty ones, how many are text at least.
    pub(crate) text: u64,
}

/// What a message's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Tombstone,
    Empty,
    Fits,
    Misfit,
}

/// Observes messages.
pub(crate) struct Observer {
    pub(crate) decision: Decision,
    pub(crate) profile: Profile,
    pub(crate) counts: Counts,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) likely: Option<LikelyKey>,
    depth: usize,
}

impl Observer {
    pub(crate) fn new(decision: Decision, keys: Option<Format>, depth: usize) -> Self {
        Self {
            decision,
            profile: Profile::new(),
            counts: Counts::default(),
            rejects: Vec::new(),
            likely: keys.map(LikelyKey::new),
            depth,
        }
    }

    /// Observes a message; messages come in the order of their partitions and offsets.
    pub(crate) fn observe(&mut self, message: &Message<'_>) -> Value {
        let position = self.counts.records;
        self.counts.records += 1;
        self.counts.bytes += message.key.map_or(0, <[u8]>::len) as u64;
        let Some(value) = message.value else {
            self.counts.tombstones += 1;
            return Value::Tombstone;
        };
        self.counts.bytes += value.len() as u64;
        if value.is_empty() {
            self.counts.empty += 1;
            self.counts.text += 1;
            if matches!(self.decision.reading, Reading::Json | Reading::Rows(_)) {
                self.reject(message, "the value is empty".to_owned());
            }
            return Value::Empty;
        }
        match self.read(position, value) {
            Ok(row) => {
                self.counts.fits += 1;
                if row && let (Some(likely), Some(key)) = (&mut self.likely, message.key) {
                    likely.compare(key, value, &self.decision.reading, self.depth);
                }
                Value::Fits
            }
            Err(Trouble::NotARow(reason)) => {
                self.counts.fits += 1;
                self.counts.not_rows += 1;
                self.reject(message, reason);
                Value::Fits
            }
            Err(Trouble::Misfit(reason)) => {
                self.counts.misfits += 1;
                self.counts.text += u64::from(std::str::from_utf8(value).is_ok());
                self.reject(message, reason);
                Value::Misfit
            }
        }
    }

    /// Whether a value is a row, and none of column names.
    fn read(&mut self, position: u64, value: &[u8]) -> Result<bool, Trouble> {
        match &self.decision.reading {
            Reading::Json => {
                if let Some(kind) = not_an_object(value) {
                    json::validate(value, self.depth).map_err(|error| Trouble::Misfit(error.to_string()))?;
                    return Err(Trouble::NotARow(format!("the value is a JSON {kind} and no object")));
                }
                let observed = self.profile.observe_json(position, value, self.depth);
                observed.map_err(|error| Trouble::Misfit(error.to_string()))?;
            }
            Reading::Rows(rows) => {
                let mut fields = Vec::with_capacity(rows.columns.len() + 1);
                rows.read(value, &mut fields).map_err(|error| Trouble::Misfit(error.to_string()))?;
                if rows.is_header(&fields) {
                    self.counts.headers += 1;
                    return Ok(false);
                }
                let observed = self.profile.observe_row(position, &rows.columns, &fields);
                observed.map_err(|error| Trouble::Misfit(error.to_string()))?;
            }
            Reading::Text => {
                let text = std::str::from_utf8(value);
                text.map_err(|error| Trouble::Misfit(format!("malformed UTF-8 at byte {}", error.valid_up_to())))?;
            }
            Reading::Bytes => {}
        }
        self.counts.rows += 1;
        Ok(true)
    }

    fn reject(&mut self, message: &Message<'_>, reason: String) {
        if self.rejects.len() < EXAMPLES {
            self.rejects.push(Reject { partition: message.partition, offset: message.offset, reason });
        }
    }
}

/// Why a value gives no row.
enum Trouble {
    NotARow(String),
    Misfit(String),
}

/// What a JSON document is, by its first character, if it is no object.
pub(crate) fn not_an_object(value: &[u8]) -> Option<&'static str> {
    let value = value.strip_prefix(b"\xef\xbb\xbf").unwrap_or(value).trim_ascii_start();
    match value.first() {
        Some(b'{') => None,
        Some(b'[') => Some("array"),
        Some(b'"') => Some("string"),
        Some(b't' | b'f') => Some("boolean"),
        Some(b'n') => Some("null"),
        _ => Some("number"),
    }
}
