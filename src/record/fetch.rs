//! What a consumer reads of one partition in one Fetch reply: data records only, from the offset that was asked for.

use std::collections::HashSet;

use super::batch::{Batch, Batches, MarkerKind, PLAUSIBLE_DELTA, Partial};
use super::codec::Inflater;
use super::error::{Bad, Error};
use super::records::{Outline, Record};

/// The data records of one partition in one Fetch reply.
///
/// * Records below the asked offset are skipped: a broker sends whole batches.
/// * Control batches are hidden; so are aborted transactions, if the reply's list of them is given.
/// * A record has the batch's log append time where the topic says so.
/// * What is damaged is yielded as a [`Bad`] and costs itself only.
///
/// [`next`](FetchReader::next) lends: a record borrows from the reader, whose buffer the next batch overwrites.
#[derive(Debug)]
pub struct FetchReader<'a, 'i> {
    batches: Batches<'a>,
    inflater: &'i mut Inflater,
    aborted: Aborted,
    open: Option<Open<'a>>,
    /// Where to go on: everything below has been yielded or passed.
    position: i64,
    asked: i64,
    end: i64,
    damaged: bool,
}

/// The batch that is being read. A compressed one lies in the inflater's buffer.
#[derive(Debug)]
struct Open<'a> {
    stored: Option<&'a [u8]>,
    len: usize,
    outline: Outline,
    next_offset: i64,
}

impl<'a, 'i> FetchReader<'a, 'i> {
    /// Reads `records`, the reply's bytes for the partition, from the offset `from` that was asked for.
    pub fn new(records: &'a [u8], from: i64, inflater: &'i mut Inflater) -> FetchReader<'a, 'i> {
        FetchReader {
            batches: Batches::new(records),
            inflater,
            aborted: Aborted::default(),
            open: None,
            position: from,
            asked: from,
            end: i64::MAX,
            damaged: false,
        }
    }

    /// Reads no record at or above the offset `end`.
    #[must_use]
    pub fn until(mut self, end: i64) -> FetchReader<'a, 'i> {
        self.end = end;
        self
    }

    /// Leaves out the records of aborted transactions, given as the reply lists them: producer id and first offset.
    ///
    /// A `read_committed` reply must be read with its list; its records end at the last stable offset.
    #[must_use]
    pub fn skip_aborted(mut self, aborted: impl IntoIterator<Item = (i64, i64)>) -> FetchReader<'a, 'i> {
        self.aborted = Aborted::new(aborted);
        self
    }

    /// The next record, or the next thing that could not be read; `None` at the end of the reply or at
    /// [`until`](FetchReader::until).
    #[allow(clippy::should_implement_trait)]
    #[inline]
    pub fn next(&mut self) -> Option<Result<Record<'_>, Bad>> {
        let open = loop {
            // Two looks at `open`: a borrow that is returned must not be held while the next batch is inflated.
            if self.open.as_ref().is_some_and(|open| !open.outline.is_done(open.len)) {
                break self.open.as_mut()?;
            }
            match self.advance() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(bad) => return Some(Err(bad)),
            }
        };
        let bytes = match open.stored {
            Some(bytes) => bytes,
            None => self.inflater.filled(),
        };
        match open.outline.next(bytes)? {
            Ok(record) if record.offset < self.end => {
                self.position = record.offset + 1;
                Some(Ok(record))
            }
            Err(bad) if bad.first_offset < self.end => {
                self.position = self.position.max(bad.last_offset.saturating_add(1));
                Some(Err(bad))
            }
            _ => {
                self.position = self.position.max(self.end);
                self.open = None;
                self.batches = Batches::new(&[]);
                None
            }
        }
    }

    /// The offset to fetch from next.
    ///
    /// It is never below the one asked for, and always above what was yielded, damaged batches included: a consumer
    /// that goes on from here never loops on bad data. It equals the one asked for if not one whole batch was there;
    /// then [`partial`](FetchReader::partial) says how many bytes to ask for.
    pub fn next_offset(&self) -> i64 {
        self.position
    }

    /// Whether all records below [`until`](FetchReader::until) have been read or passed.
    pub fn is_at_end(&self) -> bool {
        self.position >= self.end
    }

    /// After the last record: the batch that was cut off at the end of the reply, if one was.
    pub fn partial(&self) -> Option<Partial> {
        self.batches.partial()
    }

    /// Closes the batch that is open and opens the next one that may have records for the caller. `false` at the end.
    #[inline(never)]
    fn advance(&mut self) -> Result<bool, Bad> {
        if let Some(open) = self.open.take() {
            self.position = self.position.max(open.next_offset);
        }
        loop {
            if self.position >= self.end {
                return Ok(false);
            }
            let batch = match self.batches.next() {
                None => {
                    // Whoever asks again from here must not get the same damage forever.
                    if self.damaged && self.position == self.asked {
                        self.position = self.position.saturating_add(1);
                    }
                    return Ok(false);
                }
                Some(Ok(batch)) => batch,
                Some(Err(bad)) => return self.pass(bad),
            };
            let hidden = self.aborted.hides(&batch);
            if batch.base_offset() >= self.end {
                return self.finish();
            }
            if hidden || batch.last_offset() < self.position || batch.header().record_count == 0 {
                self.position = self.position.max(batch.next_offset());
                continue;
            }
            match self.open(&batch) {
                Ok(open) => self.open = Some(open),
                Err(reason) => {
                    let first_offset = self.position.max(batch.base_offset());
                    return self.pass(Bad { first_offset, last_offset: batch.last_offset(), reason });
                }
            }
            return Ok(true);
        }
    }

    /// Goes on behind something bad, whose offsets are believed if anything in it may be.
    fn pass(&mut self, bad: Bad) -> Result<bool, Bad> {
        self.damaged = true;
        let first_offset = self.position;
        if matches!(bad.reason, Error::BatchLength { .. }) {
            return Err(Bad { first_offset, last_offset: first_offset, ..bad });
        }
        if let Error::Offsets { last_offset_delta, .. } = bad.reason {
            let last_offset = self.last_offset_of_misplaced(last_offset_delta).min(self.end - 1);
            self.position = last_offset.saturating_add(1);
            return Err(Bad { first_offset, last_offset, ..bad });
        }
        if bad.first_offset >= self.end {
            return self.finish();
        }
        let first_offset = bad.first_offset.max(self.position.min(bad.last_offset));
        self.position = self.position.max(bad.last_offset.saturating_add(1));
        Err(Bad { first_offset, ..bad })
    }

    /// Where a batch ends whose offsets cannot be: it lies between the position and the next batch, and its delta, which
    /// the checksum covers, tells the rest where it is one.
    fn last_offset_of_misplaced(&self, last_offset_delta: i32) -> i64 {
        let next = self.batches.peek_base_offset().filter(|&next| next > self.position);
        let sound = (0..PLAUSIBLE_DELTA).contains(&last_offset_delta);
        let own = sound.then(|| self.position.saturating_add(i64::from(last_offset_delta)));
        match (own, next) {
            (Some(own), Some(next)) => own.min(next - 1),
            (Some(own), None) => own,
            (None, Some(next)) => next - 1,
            (None, None) => self.position,
        }
    }

    /// Nothing more is to be read, since what comes lies at or above the end.
    fn finish(&mut self) -> Result<bool, Bad> {
        self.position = self.position.max(self.end);
        self.open = None;
        self.batches = Batches::new(&[]);
        Ok(false)
    }

    fn open(&mut self, batch: &Batch<'a>) -> Result<Open<'a>, Error> {
        let mut outline = batch.outline()?;
        let compression = batch.header().compression()?;
        let stored = batch.is_stored(compression).then(|| batch.payload());
        let bytes = match stored {
            Some(bytes) => bytes,
            None => {
                self.inflater.fill(compression, batch.payload())?;
                self.inflater.filled()
            }
        };
        if batch.base_offset() < self.position {
            outline.skip_below(self.position, bytes);
        }
        Ok(Open { stored, len: bytes.len(), outline, next_offset: batch.next_offset() })
    }
}

/// Which batches belong to aborted transactions, as Kafka's consumer finds it out (`CompletedFetch`): a transaction
/// listed as aborted begins at its first offset and ends with its producer's abort marker.
#[derive(Debug, Default)]
struct Aborted {
    /// By first offset, the lowest last.
    ahead: Vec<(i64, i64)>,
    /// Producers inside an aborted transaction.
    producers: HashSet<i64>,
}

impl Aborted {
    fn new(transactions: impl IntoIterator<Item = (i64, i64)>) -> Aborted {
        let mut ahead: Vec<(i64, i64)> = transactions.into_iter().collect();
        ahead.sort_unstable_by_key(|&(_, first_offset)| std::cmp::Reverse(first_offset));
        Aborted { ahead, producers: HashSet::new() }
    }

    /// Whether a consumer may not see this batch. To be asked of each batch, in order.
    fn hides(&mut self, batch: &Batch<'_>) -> bool {
        while let Some((producer, _)) = self.ahead.pop_if(|(_, first_offset)| *first_offset <= batch.last_offset()) {
            self.producers.insert(producer);
        }
        let producer = batch.header().producer_id;
        if batch.is_control() {
            if batch.marker() == Some(MarkerKind::Abort) {
                self.producers.remove(&producer);
            }
            return true;
        }
        batch.is_transactional() && self.producers.contains(&producer)
    }
}
