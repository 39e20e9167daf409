//! A partition's part of a Fetch reply, as something to sample from.

use std::iter::Peekable;

use crate::discover::sampling::{Broken, InBatch, Source, Taken};
use crate::record::{Batches, FetchReader, Inflater};

/// The records of a partition's part of a Fetch reply, each with the batch that it lies in.
pub(crate) struct Fetched<'a, 'i> {
    reader: FetchReader<'a, 'i>,
    batches: Peekable<Intact<'a>>,
    batch: InBatch,
}

/// The batches that are intact.
struct Intact<'a>(Batches<'a>);

impl Iterator for Intact<'_> {
    type Item = InBatch;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.0.by_ref().find_map(Result::ok)?;
        let (base, last) = (batch.base_offset(), batch.last_offset());
        Some(InBatch { base, last, length: batch.bytes().len() as u64 })
    }
}

impl<'a, 'i> Fetched<'a, 'i> {
    /// `records` as the reply has them, from the offset `from` on, with its list of aborted transactions.
    pub(crate) fn new(
        records: &'a [u8],
        from: i64,
        aborted: impl IntoIterator<Item = (i64, i64)>,
        inflater: &'i mut Inflater,
    ) -> Self {
        Self {
            reader: FetchReader::new(records, from, inflater).skip_aborted(aborted),
            batches: Intact(Batches::new(records)).peekable(),
            batch: InBatch { base: -1, last: -1, length: 0 },
        }
    }
}

impl Source for Fetched<'_, '_> {
    fn next(&mut self) -> Option<Result<Taken<'_>, Broken>> {
        Some(match self.reader.next()? {
            Ok(record) => {
                while let Some(batch) = self.batches.next_if(|batch| batch.base <= record.offset) {
                    self.batch = batch;
                }
                Ok(Taken { offset: record.offset, key: record.key, value: record.value, batch: self.batch })
            }
            Err(bad) => Err(Broken { first: bad.first_offset, last: bad.last_offset, reason: bad.reason.to_string() }),
        })
    }

    fn resume(&self) -> i64 {
        self.reader.next_offset()
    }

    fn needs(&self) -> u64 {
        self.reader.partial().and_then(|partial| partial.needed).unwrap_or(0) as u64
    }
}
