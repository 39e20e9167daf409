//! Does a written table read every message back without loss?

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Encoding, Table};
use crate::infer::narrow::Narrow;
use crate::infer::observe::{EXAMPLES, not_an_object};
use crate::infer::reading::Rows;
use crate::infer::{Message, Reject};
use crate::schema::{Conform, Fit, Type};

/// Different places, and different unknown fields, that are told apart.
const PLACES: usize = 20;

/// Shows messages to a table that was read back, and counts those that do not fit. What does not parse at all was
/// counted before and is passed over.
pub(crate) struct Check {
    how: How,
    narrow: Narrow,
    depth: usize,
    /// Messages that do not fit.
    pub(crate) misfits: u64,
    /// Where, and how many there.
    pub(crate) places: BTreeMap<String, u64>,
    /// Fields that the table does not have.
    pub(crate) extra: BTreeSet<String>,
    pub(crate) rejects: Vec<Reject>,
}

enum How {
    Json(Conform),
    Rows(Conform, Rows),
    Text,
    Nothing,
}

impl Check {
    /// For a table that was read back. `rows` is how its delimited text lies in the values.
    pub(crate) fn new(written: &Table, rows: Option<Rows>, depth: usize) -> Self {
        let text = written.schema.columns.first().is_some_and(|column| column.field.ty == Type::String);
        let how = match (&written.encoding, rows) {
            (Encoding::Json, _) => How::Json(Conform::json(&written.schema)),
            (Encoding::Csv(dialect), Some(mut rows)) => {
                rows.dialect = dialect.clone();
                How::Rows(Conform::csv(&written.schema, written.empty_is_null), rows)
            }
            (Encoding::Raw, _) if text => How::Text,
            _ => How::Nothing,
        };
        let narrow = Narrow::of(written);
        Self { how, narrow, depth, misfits: 0, places: BTreeMap::new(), extra: BTreeSet::new(), rejects: Vec::new() }
    }

    /// Shows a message.
    pub(crate) fn message(&mut self, message: &Message<'_>) {
        let Some(value) = message.value.filter(|value| !value.is_empty()) else {
            return;
        };
        let fit = match &mut self.how {
            How::Json(conform) => {
                if not_an_object(value).is_some() {
                    return;
                }
                match conform.check_json(value, self.depth) {
                    Ok(mut fit) => {
                        self.narrow.of_object(value, &mut fit.misfits);
                        fit
                    }
                    Err(_) => return,
                }
            }
            How::Rows(conform, rows) => {
                let mut fields = Vec::with_capacity(rows.columns.len());
                if rows.read(value, &mut fields).is_err() || rows.is_header(&fields) {
                    return;
                }
                // A row of another length was counted before; a delimiter at the end makes none.
                match fields.get(rows.columns.len()..) {
                    Some([]) => {}
                    Some([last]) if last.raw.is_empty() => {}
                    _ => return,
                }
                let mut fit = conform.check_row(&fields);
                self.narrow.of_fields(&fields, &mut fit.misfits);
                fit
            }
            How::Text | How::Nothing => return,
        };
        self.count(message, fit);
    }

    fn count(&mut self, message: &Message<'_>, fit: Fit) {
        for name in fit.extra {
            if self.extra.len() < PLACES {
                self.extra.insert(name);
            }
        }
        if fit.misfits.is_empty() {
            return;
        }
        self.misfits += 1;
        if self.rejects.len() < EXAMPLES
            && let Some(first) = fit.misfits.first()
        {
            let place = if first.path.is_empty() { "the record" } else { first.path.as_str() };
            self.rejects.push(Reject {
                partition: message.partition,
                offset: message.offset,
                reason: format!("{place} does not fit its column"),
            });
        }
        let mut seen = BTreeSet::new();
        for misfit in fit.misfits {
            let known = self.places.contains_key(&misfit.path) || self.places.len() < PLACES;
            if known && seen.insert(misfit.path.clone()) {
                *self.places.entry(misfit.path).or_default() += 1;
            }
        }
    }
}
