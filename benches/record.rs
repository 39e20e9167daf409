//! Reading and writing record batches, beside the `kafka-protocol` family's own codec on the same bytes in the same
//! run. Divide the time by the records in the name to get ns per record.
#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::records as peer;
use topica::record::{BatchWriter, Compression, FetchReader, Inflater};

struct Shape {
    name: &'static str,
    records: usize,
    value: usize,
    headers: usize,
}

const SHAPES: [Shape; 3] = [
    Shape { name: "10000 x 100 B", records: 10_000, value: 100, headers: 0 },
    Shape { name: "1000 x 1000 B", records: 1_000, value: 1_000, headers: 0 },
    Shape { name: "10000 x 100 B, 2 headers", records: 10_000, value: 100, headers: 2 },
];

const HEADERS: [(&[u8], Option<&[u8]>); 2] = [(b"trace-id", Some(b"0123456789abcdef")), (b"source", Some(b"orders"))];

/// JSON-like, so that codecs find something to do.
fn value(at: usize, size: usize) -> Vec<u8> {
    let mut value = format!(r#"{{"id":{at},"customer":"c-{}","amount":{}.5,"note":""#, at * 7919 % 10_007, at % 997);
    while value.len() < size - 2 {
        value.push(char::from(b'a' + (value.len() * at % 23) as u8));
    }
    value.truncate(size - 2);
    value.push_str("\"}");
    value.into_bytes()
}

fn write(writer: &mut BatchWriter, values: &[Vec<u8>], headers: usize, compression: Compression) -> Bytes {
    for (at, value) in values.iter().enumerate() {
        writer.push(1_700_000_000_000 + at as i64, Some(&value[..8]), Some(value), &HEADERS[..headers]).unwrap();
    }
    writer.finish(compression, None).unwrap()
}

fn peer_records(values: &[Vec<u8>], headers: usize) -> Vec<peer::Record> {
    let record = |(at, value): (usize, &Vec<u8>)| peer::Record {
        transactional: false,
        control: false,
        delete_horizon_ms: None,
        partition_leader_epoch: 0,
        producer_id: -1,
        producer_epoch: -1,
        timestamp_type: peer::TimestampType::Creation,
        offset: at as i64,
        sequence: at as i32,
        timestamp: 1_700_000_000_000 + at as i64,
        key: Some(Bytes::copy_from_slice(&value[..8])),
        value: Some(Bytes::copy_from_slice(value)),
        headers: HEADERS[..headers]
            .iter()
            .map(|(key, value)| {
                (StrBytes::from(String::from_utf8_lossy(key).into_owned()), value.map(Bytes::from_static))
            })
            .collect(),
    };
    values.iter().enumerate().map(record).collect()
}

fn records(c: &mut Criterion) {
    for shape in SHAPES {
        let values: Vec<Vec<u8>> = (0..shape.records).map(|at| value(at, shape.value)).collect();
        let mut writer = BatchWriter::new(1 << 26);
        let batch = write(&mut writer, &values, shape.headers, Compression::None);
        let theirs = peer_records(&values, shape.headers);

        let mut group = c.benchmark_group("read");
        group.throughput(Throughput::Elements(shape.records as u64));
        group.bench_function(BenchmarkId::new("topica", shape.name), |b| {
            let mut inflater = Inflater::default();
            b.iter(|| {
                let mut reader = FetchReader::new(black_box(&batch), 0, &mut inflater);
                let (mut bytes, mut sum) = (0, 0i64);
                while let Some(record) = reader.next() {
                    let record = record.unwrap();
                    bytes += record.key.map_or(0, <[u8]>::len) + record.value.map_or(0, <[u8]>::len);
                    sum = sum.wrapping_add(record.offset ^ record.timestamp);
                }
                (bytes, sum)
            });
        });
        group.bench_function(BenchmarkId::new("proto-kafka", shape.name), |b| {
            b.iter(|| {
                let set = peer::RecordBatchDecoder::decode(&mut black_box(&batch).clone()).unwrap();
                let (mut bytes, mut sum) = (0, 0i64);
                for record in &set.records {
                    bytes += record.key.as_ref().map_or(0, Bytes::len) + record.value.as_ref().map_or(0, Bytes::len);
                    sum = sum.wrapping_add(record.offset ^ record.timestamp);
                }
                (bytes, sum)
            });
        });
        group.finish();

        let mut group = c.benchmark_group("write");
        group.throughput(Throughput::Elements(shape.records as u64));
        group.bench_function(BenchmarkId::new("topica", shape.name), |b| {
            b.iter(|| write(&mut writer, black_box(&values), shape.headers, Compression::None));
        });
        group.bench_function(BenchmarkId::new("proto-kafka", shape.name), |b| {
            let options = peer::RecordEncodeOptions { version: 2, compression: peer::Compression::None };
            let mut buffer = BytesMut::new();
            b.iter(|| {
                buffer.clear();
                peer::RecordBatchEncoder::encode(&mut buffer, black_box(&theirs), &options).unwrap();
                buffer.len()
            });
        });
        group.finish();
    }
}

fn codecs(c: &mut Criterion) {
    let values: Vec<Vec<u8>> = (0..1_000).map(|at| value(at, 200)).collect();
    let mut writer = BatchWriter::new(1 << 26);
    for codec in Compression::ALL {
        let batch = write(&mut writer, &values, 0, codec);
        let mut group = c.benchmark_group(format!("codec, 1000 x 200 B, {codec}"));
        group.throughput(Throughput::Bytes(200_000));
        group.bench_function("read", |b| {
            let mut inflater = Inflater::default();
            b.iter(|| {
                let mut reader = FetchReader::new(black_box(&batch), 0, &mut inflater);
                let mut count = 0;
                while let Some(record) = reader.next() {
                    count += record.unwrap().value.map_or(0, <[u8]>::len);
                }
                count
            });
        });
        group.bench_function("write", |b| b.iter(|| write(&mut writer, black_box(&values), 0, codec)));
        group.finish();
    }
}

criterion_group!(benches, records, codecs);
criterion_main!(benches);
