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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use bytes::{Bytes, BytesMut};

    use super::*;
    use crate::catalog::{Encoding, Role, Table};
    use crate::client::AbortedTransaction;
    use crate::record::{BatchWriter, Compression, Producer, assign_offsets, end_marker};
    use crate::schema::Schema;

    fn at(offset: i64, batch: Bytes) -> Bytes {
        let mut batch = BytesMut::from(&batch[..]);
        assign_offsets(&mut batch, offset, 0).unwrap();
        batch.freeze()
    }

    fn batch(offset: i64, rows: i64, producer: Option<Producer>) -> Bytes {
        let mut writer = BatchWriter::new(1 << 20);
        for id in offset..offset + rows {
            writer.push(id, None, Some(format!("{{\"id\":{id}}}").as_bytes()), &[]).unwrap();
        }
        at(offset, writer.finish(Compression::Lz4, producer).unwrap())
    }

    fn damaged(batch: &Bytes) -> Bytes {
        let mut bytes = batch.to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        bytes.into()
    }

    /// What a fetch of these batches gives a reader that stops after `stop` rows, and where it goes on.
    fn read(
        batches: &[Bytes],
        (next, end): (i64, Option<i64>),
        aborted: Vec<AbortedTransaction>,
        stop: usize,
    ) -> (Vec<String>, i64) {
        let decoder = Decoder::new(&Table::new("t", "t", Role::Source, Encoding::Json, Schema::default()));
        let mut inflater = Inflater::default();
        let mut cursors = [Cursor { partition: 0, next, end, reached: false }];
        let records = FetchedRecords { records: batches.concat().into(), aborted, ..FetchedRecords::default() };
        let fetched = vec![(0, records)];
        let mut told = Vec::new();
        let rows = Rows::new(&mut cursors, &decoder, &mut inflater, fetched, Isolation::ReadCommitted);
        let _ = rows.for_each(|row| {
            told.push(match row.content {
                Content::Row(_) => row.offset.to_string(),
                Content::Unreadable { last_offset, .. } => format!("lost {} to {last_offset}", row.offset),
                other => panic!("{other:?}"),
            });
            if told.len() == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        (told, cursors[0].next)
    }

    #[test]
    fn a_damaged_batch_costs_itself_only() {
        let batches = [batch(0, 2, None), damaged(&batch(2, 3, None)), batch(5, 2, None)];
        let (told, next) = read(&batches, (0, None), Vec::new(), usize::MAX);
        assert_eq!(told, ["0", "1", "lost 2 to 4", "5", "6"]);
        assert_eq!(next, 7);
        // From its middle on, and up to an end in it, no more is lost than was asked for.
        assert_eq!(read(&batches[1..], (3, None), Vec::new(), usize::MAX).0, ["lost 3 to 4", "5", "6"]);
        assert_eq!(
            read(&batches, (0, Some(4)), Vec::new(), usize::MAX),
            (vec!["0".into(), "1".into(), "lost 2 to 3".into()], 5)
        );
        // Who stops at it goes on behind it.
        assert_eq!(read(&batches, (0, None), Vec::new(), 3).1, 5);
    }

    #[test]
    fn a_batch_that_is_cut_off_is_fetched_again() {
        let (whole, cut) = (batch(0, 2, None), batch(2, 3, None));
        let (told, next) = read(&[whole, cut.slice(..cut.len() - 1)], (0, None), Vec::new(), usize::MAX);
        assert_eq!((told.len(), next), (2, 2));
        assert_eq!(read(&[cut.slice(..5)], (2, None), Vec::new(), usize::MAX), (Vec::new(), 2));
    }

    #[test]
    fn rows_of_aborted_transactions_are_none_and_markers_neither() {
        let of = |id| Some(Producer { id, epoch: 0, base_sequence: 0, transactional: true });
        let batches = [
            batch(0, 2, of(1)),
            batch(2, 2, of(2)),
            batch(4, 1, None),
            at(5, end_marker(false, 1, 0, 0, 5)),
            batch(6, 1, of(1)),
            at(7, end_marker(true, 2, 0, 0, 7)),
            at(8, end_marker(true, 1, 0, 0, 8)),
        ];
        let aborted = || vec![AbortedTransaction { producer_id: 1, first_offset: 0 }];
        let (told, next) = read(&batches, (0, None), aborted(), usize::MAX);
        assert_eq!(told, ["2", "3", "4", "6"]);
        assert_eq!(next, 9, "behind the markers");
        assert_eq!(read(&batches, (1, Some(4)), aborted(), usize::MAX), (vec!["2".into(), "3".into()], 4));
    }
}
