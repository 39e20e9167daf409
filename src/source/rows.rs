//! The rows of one round of fetches, lent out one by one.

use std::ops::ControlFlow;

use crate::client::{FetchedRecords, Isolation};
use crate::record::{FetchReader, Headers, Inflater};
use crate::rows::{Decoded, Decoder, Misfit};
use crate::source::Cursor;

/// Rows that were fetched together.
///
/// Each is lent to [`Rows::for_each`]'s closure; what was lent counts as read.
#[derive(Debug)]
pub struct Rows<'s> {
    cursors: &'s mut [Cursor],
    decoder: &'s Decoder,
    inflater: &'s mut Inflater,
    fetched: Vec<(i32, FetchedRecords)>,
    isolation: Isolation,
}

/// A record of the topic, and the row that it is.
#[derive(Debug)]
pub struct Row<'r> {
    /// Its partition.
    pub partition: i32,
    /// Its offset; of records that cannot be read, the first offset concerned.
    pub offset: i64,
    /// Milliseconds since 1970, by the producer or the broker; -1 if there is none.
    pub timestamp: i64,
    /// The record's key.
    pub key: Option<&'r [u8]>,
    /// The record's value.
    pub value: Option<&'r [u8]>,
    /// The record's headers; none of records that cannot be read.
    pub headers: Option<Headers<'r>>,
    /// What it is in the table.
    pub content: Content<'r>,
}

/// What a record is in its table.
#[derive(Debug)]
pub enum Content<'r> {
    /// A row: a JSON object without line breaks.
    Row(&'r [u8]),
    /// A record without a value: the row of its key is deleted.
    Tombstone,
    /// The header row of delimited text.
    HeaderRow,
    /// No row, and why.
    Misfit(Misfit),
    /// Not even a record: a damaged batch, say.
    Unreadable {
        /// The last offset that is lost with it.
        last_offset: i64,
        /// Why.
        reason: String,
    },
}

impl<'s> Rows<'s> {
    pub(super) fn new(
        cursors: &'s mut [Cursor],
        decoder: &'s Decoder,
        inflater: &'s mut Inflater,
        fetched: Vec<(i32, FetchedRecords)>,
        isolation: Isolation,
    ) -> Self {
        Self { cursors, decoder, inflater, fetched, isolation }
    }

    /// Lends each record to `take`, in each partition's order, until it breaks; the record at which it breaks counts
    /// as read, and those behind it are fetched again by the next [`Source::fetch`](crate::source::Source::fetch).
    pub fn for_each(self, mut take: impl FnMut(Row<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let mut json = Vec::new();
        for (partition, records) in &self.fetched {
            let Some(cursor) = self.cursors.iter_mut().find(|cursor| cursor.partition == *partition) else {
                continue;
            };
            cursor.reached = true;
            let mut reader = FetchReader::new(&records.records, cursor.next, self.inflater);
            if let Some(end) = cursor.end {
                reader = reader.until(end);
            }
            if self.isolation == Isolation::ReadCommitted {
                reader = reader
                    .skip_aborted(records.aborted.iter().map(|aborted| (aborted.producer_id, aborted.first_offset)));
            }
            while let Some(record) = reader.next() {
                let flow = match record {
                    Ok(record) => {
                        cursor.next = cursor.next.max(record.offset.saturating_add(1));
                        json.clear();
                        let content = match record.value {
                            None => Content::Tombstone,
                            Some(value) => match self.decoder.decode(value, &mut json) {
                                Ok(Decoded::Row) => Content::Row(&json),
                                Ok(Decoded::HeaderRow) => Content::HeaderRow,
                                Err(misfit) => Content::Misfit(misfit),
                            },
                        };
                        take(Row {
                            partition: *partition,
                            offset: record.offset,
                            timestamp: record.timestamp,
                            key: record.key,
                            value: record.value,
                            headers: Some(record.headers),
                            content,
                        })
                    }
                    Err(bad) => {
                        // A damaged header may say anything.
                        let last = bad.last_offset.min(cursor.end.map_or(i64::MAX, |end| end.saturating_sub(1)));
                        let last = last.max(bad.first_offset);
                        cursor.next = cursor.next.max(last.saturating_add(1));
                        take(Row {
                            partition: *partition,
                            offset: bad.first_offset,
                            timestamp: -1,
                            key: None,
                            value: None,
                            headers: None,
                            content: Content::Unreadable { last_offset: last, reason: bad.reason.to_string() },
                        })
                    }
                };
                flow?;
            }
            cursor.next = reader.next_offset().max(cursor.next);
        }
        ControlFlow::Continue(())
    }
}
