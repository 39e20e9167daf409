//! What a consumer sees of a Fetch reply: no control batches, no aborted records, nothing below what it asked for.

use topica::record::{BatchWriter, Batches, Compression, FetchReader, Inflater, MarkerKind, Producer, end_marker};
use topica::record::{assign_offsets, set_log_append_time};

use crate::build::{Owned, at, batch, raw, with};

fn read(reader: &mut FetchReader<'_, '_>) -> Vec<i64> {
    let mut offsets = Vec::new();
    while let Some(record) = reader.next() {
        offsets.push(record.unwrap().offset);
    }
    offsets
}

/// Two records of a transaction.
fn transaction(base: i64, producer: i64) -> Vec<u8> {
    let mut writer = BatchWriter::new(1000);
    writer.push(0, None, Some(b"x"), &[]).unwrap();
    writer.push(0, None, Some(b"y"), &[]).unwrap();
    let producer = Producer { id: producer, epoch: 0, base_sequence: 0, transactional: true };
    at(base, writer.finish(Compression::None, Some(producer)).unwrap())
}

#[test]
fn control_batches_are_hidden_and_aborted_transactions_skipped() {
    let bytes = [
        transaction(0, 1),                    // aborted
        transaction(2, 2),                    // committed
        at(4, end_marker(false, 1, 0, 0, 0)), // abort of 1
        transaction(5, 1),                    // committed: 1 goes on
        at(7, end_marker(true, 2, 0, 0, 0)),  // commit of 2
        at(8, end_marker(true, 1, 0, 0, 0)),  // commit of 1
        transaction(9, 2),                    // aborted
        batch(11, &["plain"], Compression::None),
        at(12, end_marker(false, 2, 0, 0, 0)), // abort of 2
    ]
    .concat();
    let mut inflater = Inflater::default();
    let mut reader = FetchReader::new(&bytes, 0, &mut inflater);
    assert_eq!(read(&mut reader), [0, 1, 2, 3, 5, 6, 9, 10, 11]);
    assert_eq!(reader.next_offset(), 13);

    // The list need not be in order.
    let mut reader = FetchReader::new(&bytes, 0, &mut inflater).skip_aborted([(2, 9), (1, 0)]);
    assert_eq!(read(&mut reader), [2, 3, 5, 6, 11]);
    assert_eq!(reader.next_offset(), 13);

    let kinds: Vec<_> = Batches::new(&bytes).filter_map(|batch| batch.unwrap().marker()).collect();
    assert_eq!(kinds, [MarkerKind::Abort, MarkerKind::Commit, MarkerKind::Commit, MarkerKind::Abort]);
}

#[test]
fn reading_starts_in_the_middle_of_a_batch_and_ends_before_the_end() {
    for codec in Compression::ALL {
        let bytes = [batch(10, &["a", "b", "c"], codec), batch(13, &["d", "e", "f"], codec)].concat();
        let mut inflater = Inflater::default();
        for from in 9..18 {
            for end in 9..18 {
                let mut reader = FetchReader::new(&bytes, from, &mut inflater).until(end);
                let expected: Vec<i64> = (from.max(10)..end.min(16)).collect();
                assert_eq!(read(&mut reader), expected, "{codec} {from}..{end}");
                assert!(reader.next_offset() >= from);
                assert_eq!(reader.is_at_end(), end <= 16 || from >= end, "{codec} {from}..{end}");
                assert!(reader.next().is_none());
            }
        }
    }
}

#[test]
fn compaction_leaves_gaps_and_the_next_offset_steps_over_them() {
    // Offset deltas 2 and 5 of a batch that covers 0 to 9.
    let compacted = raw(2, 9, &[12, 0, 0, 4, 1, 1, 0, 12, 0, 0, 10, 1, 1, 0]);
    // And one that was emptied, as the broker keeps it for the producer's sequence.
    let emptied = with(raw(0, 4, &[]), 0, 10i64.to_be_bytes());
    let emptied = with(emptied, 21, 4i16.to_be_bytes());
    let bytes = [compacted.clone(), emptied].concat();
    let mut inflater = Inflater::default();
    let mut reader = FetchReader::new(&bytes, 3, &mut inflater);
    assert_eq!(read(&mut reader), [5]);
    assert_eq!(reader.next_offset(), 15);
    // All that was asked for is gone: go on behind the batch.
    let mut reader = FetchReader::new(&compacted, 6, &mut inflater);
    assert!(read(&mut reader).is_empty());
    assert_eq!(reader.next_offset(), 10);
}

#[test]
fn an_empty_or_cut_reply_stays_where_it_is() {
    let mut inflater = Inflater::default();
    let bytes = batch(5, &["a", "b"], Compression::None);
    for len in [0, 5, 20, 70] {
        let mut reader = FetchReader::new(&bytes[..len], 5, &mut inflater);
        assert!(read(&mut reader).is_empty());
        assert_eq!(reader.next_offset(), 5);
        assert_eq!(reader.partial().map(|partial| partial.bytes), (len > 0).then_some(len));
    }
    let reader = FetchReader::new(&bytes[..20], 5, &mut inflater);
    let mut reader = reader.until(100);
    assert!(read(&mut reader).is_empty());
    assert_eq!(reader.partial().unwrap().needed, Some(bytes.len()));
}

#[test]
fn log_append_time_is_every_records_time() {
    let mut bytes = batch(0, &["a", "b"], Compression::Lz4);
    set_log_append_time(&mut bytes, 77_000).unwrap();
    let mut inflater = Inflater::default();
    let mut reader = FetchReader::new(&bytes, 0, &mut inflater);
    while let Some(record) = reader.next() {
        assert_eq!(record.unwrap().timestamp, 77_000);
    }
    assert_eq!(reader.next_offset(), 2);
}

#[test]
fn records_are_lent_from_the_reply_itself() {
    let bytes = batch(0, &["payload"], Compression::None);
    let mut inflater = Inflater::default();
    let mut reader = FetchReader::new(&bytes, 0, &mut inflater);
    let value = reader.next().unwrap().unwrap().value.unwrap();
    assert!(bytes.as_ptr_range().contains(&value.as_ptr()));
}

#[test]
fn a_broker_gives_a_batch_its_offsets_and_refuses_what_is_not_one() {
    let mut bytes = batch(0, &["a", "b"], Compression::Zstd);
    assert_eq!(assign_offsets(&mut bytes, 100, 4).unwrap(), 102);
    let batch_read = Batches::new(&bytes).next().unwrap().unwrap();
    assert_eq!((batch_read.base_offset(), batch_read.next_offset(), batch_read.header().leader_epoch), (100, 102, 4));
    let owned: Vec<Owned> = batch_read.records(&mut Inflater::default()).unwrap().map(|r| r.unwrap().into()).collect();
    assert_eq!(owned[1].offset, 101);

    assert!(assign_offsets(&mut bytes, i64::MAX - 1, 0).is_err());
    assert!(assign_offsets(&mut bytes, -1, 0).is_err());
    let two = [bytes.clone(), bytes.clone()].concat();
    for mut wrong in [vec![], two, bytes[..bytes.len() - 1].to_vec()] {
        let before = wrong.clone();
        assert!(assign_offsets(&mut wrong, 0, 0).is_err());
        assert!(set_log_append_time(&mut wrong, 0).is_err());
        assert_eq!(wrong, before);
    }
}
