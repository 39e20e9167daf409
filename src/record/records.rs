//! Walking the records of one batch: borrowed keys, values and headers, and nothing allocated.
//!
//! This is the hot path of reading. [`Outline::next`] parses one record at a position that it keeps, so that the
//! iterator here and the lending reader in `fetch.rs` share it.

use super::batch::Header;
use super::error::{Bad, Error};
use super::varint::Cursor;

/// One record, borrowed from the batch or from the buffer that it was inflated into.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Its offset in the partition.
    pub offset: i64,
    /// In ms since 1970: the producer's time, or the broker's if the topic has `LogAppendTime`; -1 if there is none.
    pub timestamp: i64,
    /// The key, if there is one.
    pub key: Option<&'a [u8]>,
    /// The value; `None` is a tombstone in a compacted topic.
    pub value: Option<&'a [u8]>,
    /// The headers, in the order they were written; a key may occur more than once.
    pub headers: Headers<'a>,
}

/// The headers of a record: pairs of a key, which need not be UTF-8, and a value or null.
///
/// Iterating parses them; that they are sound was checked when the record was read.
#[derive(Clone, Copy)]
pub struct Headers<'a> {
    cursor: Cursor<'a>,
    left: u32,
}

impl Headers<'_> {
    /// How many there are, or are left to iterate.
    pub fn len(&self) -> usize {
        self.left as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }
}

impl std::fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Headers").field("len", &self.left).finish_non_exhaustive()
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = (&'a [u8], Option<&'a [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        header(&mut self.cursor).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), Some(self.len()))
    }
}

impl ExactSizeIterator for Headers<'_> {}

#[inline(always)]
fn header<'a>(cursor: &mut Cursor<'a>) -> Result<(&'a [u8], Option<&'a [u8]>), Error> {
    let length = cursor.varint().ok_or(Error::Varint { part: "header key length" })?;
    let key = usize::try_from(length).ok().and_then(|length| cursor.take(length));
    let key = key.ok_or(Error::Overrun { part: "header key", length, left: cursor.left() })?;
    let value = nullable(cursor, "header value length", "header value")?;
    Ok((key, value))
}

/// Bytes behind their length; -1 is null. Other negative lengths are refused, though Java takes them for null.
#[inline(always)]
fn nullable<'a>(
    cursor: &mut Cursor<'a>,
    length_part: &'static str,
    part: &'static str,
) -> Result<Option<&'a [u8]>, Error> {
    let length = cursor.varint().ok_or(Error::Varint { part: length_part })?;
    match usize::try_from(length) {
        Ok(length_usize) => match cursor.take(length_usize) {
            Some(bytes) => Ok(Some(bytes)),
            None => Err(Error::Overrun { part, length, left: cursor.left() }),
        },
        Err(_) if length == -1 => Ok(None),
        Err(_) => Err(Error::Overrun { part, length, left: cursor.left() }),
    }
}

/// The records of one batch.
///
/// A damaged record whose length is sound costs itself only. Any other damage ends the iteration with an error that
/// covers the rest of the batch. Bytes behind the last record are such an error too, after all records were yielded.
#[derive(Debug, Clone)]
pub struct Records<'a> {
    bytes: &'a [u8],
    outline: Outline,
}

impl<'a> Records<'a> {
    pub(super) fn new(bytes: &'a [u8], outline: Outline) -> Records<'a> {
        Records { bytes, outline }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, Bad>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.outline.next(self.bytes)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // Nothing is reserved for a count from outside, but no record has less than seven bytes.
        (0, Some(self.bytes.len() / MIN_RECORD + 1))
    }
}

impl std::iter::FusedIterator for Records<'_> {}

/// Length, attributes, timestamp delta, offset delta, key length, value length, header count: a byte each.
const MIN_RECORD: usize = 7;

/// A walk over a batch's records: what its header says of them, and how far it has come. The bytes are handed in, so
/// that their owner may be anybody.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outline {
    position: usize,
    found: i32,
    /// The smallest offset delta that the next record may have; one above `last_delta` after the last.
    next_delta: i64,
    done: bool,
    count: i32,
    base_offset: i64,
    last_delta: i32,
    base_timestamp: i64,
    log_append_time: Option<i64>,
}

impl Outline {
    pub(super) fn new(header: &Header) -> Result<Outline, Error> {
        let count = header.record_count;
        if count < 0 {
            return Err(Error::RecordCount { count });
        }
        Ok(Outline {
            position: 0,
            found: 0,
            next_delta: 0,
            done: false,
            count,
            base_offset: header.base_offset,
            last_delta: header.last_offset_delta,
            base_timestamp: header.base_timestamp,
            log_append_time: header.is_log_append_time().then_some(header.max_timestamp),
        })
    }

    /// The record at the position, or what is wrong with it, or with the end of the batch. `bytes` are always the same.
    #[inline(always)]
    pub(super) fn next<'b>(&mut self, bytes: &'b [u8]) -> Option<Result<Record<'b>, Bad>> {
        let rest = bytes.get(self.position..).unwrap_or_default();
        if self.done || self.found >= self.count || rest.is_empty() {
            return self.end(rest.len()).map(Err);
        }
        let mut cursor = Cursor::new(rest);
        let Some(length) = cursor.varint() else {
            return Some(Err(self.give_up(Error::Varint { part: "record length" })));
        };
        let body = usize::try_from(length).ok().and_then(|length| cursor.take(length));
        let Some(body) = body else {
            return Some(Err(self.give_up(Error::RecordLength { length, left: cursor.left() })));
        };
        self.position += rest.len() - cursor.left();
        self.found += 1;
        Some(self.record(body))
    }

    /// Goes forward to the first record at or above `offset`, or to the first one that is damaged.
    pub(super) fn skip_below(&mut self, offset: i64, bytes: &[u8]) {
        loop {
            let before = *self;
            match self.next(bytes) {
                Some(Ok(record)) if record.offset < offset => {}
                // A damaged record below it was somebody else's to report, if what follows can be told from it.
                Some(Err(bad)) if bad.last_offset < offset && !self.done => {}
                _ => {
                    *self = before;
                    return;
                }
            }
        }
    }

    #[inline(always)]
    fn record<'b>(&mut self, body: &'b [u8]) -> Result<Record<'b>, Bad> {
        let mut cursor = Cursor::new(body);
        // The record's own attributes, of which none is defined.
        if cursor.skip_byte().is_none() {
            return Err(self.give_up(Error::RecordLength { length: 0, left: 0 }));
        }
        let Some(timestamp_delta) = cursor.varlong() else {
            return Err(self.give_up(Error::Varint { part: "timestamp delta" }));
        };
        let Some(delta) = cursor.varint() else {
            return Err(self.give_up(Error::Varint { part: "offset delta" }));
        };
        if i64::from(delta) < self.next_delta || delta > self.last_delta {
            return Err(self.give_up(Error::OffsetDelta {
                delta,
                minimum: i32::try_from(self.next_delta).unwrap_or(i32::MAX),
                maximum: self.last_delta,
            }));
        }
        self.next_delta = i64::from(delta) + 1;
        // Not above the batch's last offset, which fits.
        let offset = self.base_offset.wrapping_add(i64::from(delta));
        match self.content(offset, timestamp_delta, cursor) {
            Ok(record) => Ok(record),
            Err(reason) => Err(Bad { first_offset: offset, last_offset: offset, reason }),
        }
    }

    #[inline(always)]
    fn content<'b>(&self, offset: i64, delta: i64, mut cursor: Cursor<'b>) -> Result<Record<'b>, Error> {
        let timestamp = match self.log_append_time {
            Some(time) => time,
            None => match self.base_timestamp.checked_add(delta) {
                Some(time) => time,
                None => {
                    return Err(Error::Timestamp { base: self.base_timestamp, delta });
                }
            },
        };
        let key = nullable(&mut cursor, "key length", "key")?;
        let value = nullable(&mut cursor, "value length", "value")?;
        let count = cursor.varint().ok_or(Error::Varint { part: "header count" })?;
        let headers = if count == 0 { Headers { cursor, left: 0 } } else { check_headers(&mut cursor, count)? };
        if cursor.left() != 0 {
            return Err(Error::RecordTail { bytes: cursor.left() });
        }
        Ok(Record { offset, timestamp, key, value, headers })
    }

    /// Whether the next call yields nothing. Asked by the lending reader, which may not hold a borrow when it does.
    #[inline(always)]
    pub(super) fn is_done(&self, len: usize) -> bool {
        self.done || (self.found >= self.count && self.position >= len)
    }

    #[cold]
    #[inline(never)]
    fn end(&mut self, bytes: usize) -> Option<Bad> {
        if self.done {
            return None;
        }
        let Outline { count, found, .. } = *self;
        if found < count {
            return Some(self.give_up(Error::MissingRecords { count, found }));
        }
        self.done = true;
        if bytes == 0 {
            return None;
        }
        Some(self.give_up(Error::TrailingBytes { bytes, count }))
    }

    /// The rest of the batch is lost.
    #[cold]
    #[inline(never)]
    fn give_up(&mut self, reason: Error) -> Bad {
        self.done = true;
        let last_offset = self.base_offset.saturating_add(i64::from(self.last_delta));
        // After the last record, the batch's end is what is bad.
        let first_offset = self.base_offset.saturating_add(self.next_delta).min(last_offset);
        Bad { first_offset, last_offset, reason }
    }
}

/// Walks over the headers once, so that iterating over them later cannot fail.
fn check_headers<'b>(cursor: &mut Cursor<'b>, count: i32) -> Result<Headers<'b>, Error> {
    let lying = Error::HeaderCount { count, left: cursor.left() };
    // A header has two lengths of a byte each at least.
    let Some(left) = u32::try_from(count).ok().filter(|&count| count as usize <= cursor.left() / 2) else {
        return Err(lying);
    };
    let headers = Headers { cursor: *cursor, left };
    for _ in 0..left {
        header(cursor)?;
    }
    Ok(headers)
}
