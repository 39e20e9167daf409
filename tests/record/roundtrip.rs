//! What is written comes back, by our reader and by an independent one, and the other way round.

use bytes::{Bytes, BytesMut};
use kafka_protocol::records as other;
use proptest::prelude::*;
use topica::record::{BatchWriter, Batches, Compression, FetchReader, Inflater, Producer, PushError};

use crate::build::{Owned, at, batch, read_all};

fn bytes(max: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..max),
        // Compressible, and past the sizes where length fields grow.
        (any::<u8>(), 0..max * 40).prop_map(|(byte, len)| vec![byte; len]),
    ]
}

fn record() -> impl Strategy<Value = Owned> {
    let header = (bytes(10), proptest::option::of(bytes(20)));
    let headers = prop_oneof![3 => Just(Vec::new()).boxed(), 1 => proptest::collection::vec(header, 0..4).boxed()];
    let timestamp = prop_oneof![-1i64..5_000, Just(-1), 1_600_000_000_000i64..1_800_000_000_000, Just(i64::MAX - 1)];
    (timestamp, proptest::option::of(bytes(40)), proptest::option::of(bytes(200)), headers)
        .prop_map(|(timestamp, key, value, headers)| Owned { offset: 0, timestamp, key, value, headers })
}

fn write(records: &[Owned], compression: Compression, producer: Option<Producer>) -> Bytes {
    let mut writer = BatchWriter::new(1 << 24);
    for record in records {
        let headers: Vec<_> = record.headers.iter().map(|(key, value)| (key.as_slice(), value.as_deref())).collect();
        writer.push(record.timestamp, record.key.as_deref(), record.value.as_deref(), &headers).unwrap();
    }
    assert_eq!(writer.len(), records.len());
    let size = writer.size();
    let batch = writer.finish(compression, producer).unwrap();
    assert!(compression != Compression::None || batch.len() == size);
    assert!(writer.is_empty());
    batch
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn our_batches_come_back_in_every_codec(
        mut records in proptest::collection::vec(record(), 1..40),
        codec in proptest::sample::select(Compression::ALL.to_vec()),
        base in 0i64..1 << 40,
    ) {
        let batch = at(base, write(&records, codec, None));
        for (delta, record) in records.iter_mut().enumerate() {
            record.offset = base + delta as i64;
        }
        let read: Vec<Owned> = read_all(&batch).into_iter().map(Result::unwrap).collect();
        prop_assert_eq!(&read, &records);

        // The lending reader sees the same, from any offset in the batch.
        for from in [base, base + records.len() as i64 / 2, base + records.len() as i64] {
            let mut inflater = Inflater::default();
            let mut reader = FetchReader::new(&batch, from, &mut inflater);
            let mut lent = Vec::new();
            while let Some(record) = reader.next() {
                lent.push(Owned::from(record.unwrap()));
            }
            prop_assert_eq!(&lent[..], &records[(from - base) as usize..]);
            prop_assert_eq!(reader.next_offset(), base + records.len() as i64);
        }
    }

    #[test]
    fn an_independent_reader_agrees(
        mut records in proptest::collection::vec(record(), 1..40),
        with_producer in any::<bool>(),
    ) {
        // That reader wants header keys in UTF-8.
        for (key, _) in records.iter_mut().flat_map(|record| &mut record.headers) {
            *key = String::from_utf8_lossy(key).into_owned().into_bytes();
        }
        let producer = Producer { id: 7, epoch: 3, base_sequence: 11, transactional: true };
        let batch = write(&records, Compression::None, with_producer.then_some(producer));
        let theirs = other::RecordBatchDecoder::decode(&mut batch.clone()).unwrap();
        prop_assert_eq!(theirs.records.len(), records.len());
        for (at, (theirs, ours)) in theirs.records.iter().zip(&records).enumerate() {
            prop_assert_eq!(theirs.offset, at as i64);
            prop_assert_eq!(theirs.timestamp, ours.timestamp);
            prop_assert_eq!(theirs.key.as_deref(), ours.key.as_deref());
            prop_assert_eq!(theirs.value.as_deref(), ours.value.as_deref());
            prop_assert_eq!(theirs.transactional, with_producer);
            prop_assert_eq!(theirs.producer_id, if with_producer { 7 } else { -1 });
            prop_assert_eq!(theirs.producer_epoch, if with_producer { 3 } else { -1 });
            let headers: Vec<_> =
                theirs.headers.iter().map(|(key, value)| (key.as_bytes().to_vec(), value.as_ref().map(|value| value.to_vec()))).collect();
            prop_assert_eq!(&headers, &ours.headers);
        }
    }

    #[test]
    fn an_independent_writer_is_understood(records in proptest::collection::vec(record(), 1..40)) {
        let mut buffer = BytesMut::new();
        let theirs: Vec<other::Record> = records.iter().enumerate().map(|(at, record)| theirs(at as i64, record)).collect();
        let options = other::RecordEncodeOptions { version: 2, compression: other::Compression::None };
        other::RecordBatchEncoder::encode(&mut buffer, &theirs, &options).unwrap();
        let read: Vec<Owned> = read_all(&buffer).into_iter().map(Result::unwrap).collect();
        prop_assert_eq!(read.len(), records.len());
        for (at, (read, record)) in read.iter().zip(&records).enumerate() {
            prop_assert_eq!(read.offset, at as i64);
            prop_assert_eq!((&read.key, &read.value, read.timestamp), (&record.key, &record.value, record.timestamp));
        }
    }
}

fn theirs(offset: i64, record: &Owned) -> other::Record {
    other::Record {
        transactional: false,
        control: false,
        partition_leader_epoch: 0,
        producer_id: -1,
        producer_epoch: -1,
        timestamp_type: other::TimestampType::Creation,
        offset,
        sequence: offset as i32,
        timestamp: record.timestamp,
        key: record.key.clone().map(Bytes::from),
        value: record.value.clone().map(Bytes::from),
        headers: Default::default(),
        delete_horizon_ms: None,
    }
}

#[test]
fn a_writer_keeps_to_its_limit() {
    let mut writer = BatchWriter::new(100);
    writer.push(0, None, Some(&[1; 20]), &[]).unwrap();
    let size = writer.size();
    assert_eq!(writer.push(0, None, Some(&[2; 20]), &[]), Err(PushError::Full { size: 115, limit: 100 }));
    assert_eq!(writer.push(0, None, Some(&[2; 40]), &[]), Err(PushError::TooLarge { size: 108, limit: 100 }));
    assert_eq!(writer.push(-2, None, None, &[]), Err(PushError::Timestamp(-2)));
    assert_eq!((writer.len(), writer.size()), (1, size));
    let first = writer.finish(Compression::None, None).unwrap();
    assert_eq!(first.len(), size);
    // The next batch starts over.
    writer.push(5, None, Some(&[2; 20]), &[]).unwrap();
    let second = writer.finish(Compression::None, None).unwrap();
    let header = *Batches::new(&second).next().unwrap().unwrap().header();
    assert_eq!((header.base_timestamp, header.max_timestamp, header.record_count), (5, 5, 1));
    assert_eq!(read_all(&second)[0].as_ref().unwrap().value, Some(vec![2; 20]));
}

#[test]
fn sizes_around_the_codecs_blocks_come_back() {
    for codec in Compression::ALL {
        for size in [0, 1, 32_700, 32_768, 65_500, 65_536, 65_537, 131_072, 200_000] {
            for noisy in [false, true] {
                let mut state = 1u32;
                let value: String = (0..size)
                    .map(|_| {
                        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        if noisy { char::from((state >> 25) as u8) } else { 'x' }
                    })
                    .collect();
                let bytes = batch(0, &[&value], codec);
                let read = read_all(&bytes);
                assert_eq!(read[0].as_ref().unwrap().value.as_deref(), Some(value.as_bytes()), "{codec} {size}");
            }
        }
    }
}
