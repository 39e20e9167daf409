//! What discovery asks for, counted from the broker's side: the records that it takes and one batch a window.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[allow(dead_code, reason = "shared with other tests, which need more of it")]
mod discover_support;

use discover_support::{broker, columns, discover, table};
use topica::broker::Broker;
use topica::discover::Options;
use topica::record::{BatchWriter, Compression};

const PARTITIONS: i32 = 3;
const RECORDS: usize = 7_000;
/// A partition's head, its tail and 14 windows between.
const WINDOWS: u64 = 16;

/// How a topic's records lie in batches.
struct Shape {
    name: &'static str,
    /// Records a batch, over and over.
    batches: Vec<usize>,
    compression: Compression,
    /// Bytes of a record, over and over.
    sizes: Vec<usize>,
}

/// What a topic's batches are like.
#[derive(Clone, Copy, Default)]
struct Filled {
    /// The largest batch.
    largest: u64,
    /// The most that a record takes on the wire: its batch by the number of records.
    each: u64,
    all: u64,
}

impl Shape {
    fn new(name: &'static str, batches: &[usize]) -> Self {
        Self { name, batches: batches.to_vec(), compression: Compression::None, sizes: vec![300] }
    }

    fn compressed(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    fn sizes(mut self, sizes: &[usize]) -> Self {
        self.sizes = sizes.to_vec();
        self
    }

    /// Creates the topic. The first record of each partition has a field of its own, and so has the last.
    fn fill(&self, broker: &Broker) -> Filled {
        let mut filled = Filled::default();
        broker.create_topic(self.name, PARTITIONS).unwrap();
        for partition in 0..PARTITIONS {
            let mut sizes = self.batches.iter().cycle();
            let mut at = 0;
            while at < RECORDS {
                let records = (*sizes.next().unwrap()).min(RECORDS - at);
                let mut writer = BatchWriter::new(64 << 20);
                for i in at..at + records {
                    let name = match i {
                        0 => "first",
                        i if i + 1 == RECORDS => "last",
                        _ => "between",
                    };
                    let size = self.sizes[i % self.sizes.len()];
                    // Digits that are not all the same, so that a codec has something to do.
                    let pad: String =
                        (0..size.saturating_sub(40)).map(|c| char::from(b'a' + ((i * 7 + c * c) % 23) as u8)).collect();
                    let value = format!(r#"{{"id":{i},"{name}":true,"pad":"{pad}"}}"#);
                    writer.push(1_700_000_000_000, None, Some(value.as_bytes()), &[]).unwrap();
                }
                let batch = writer.finish(self.compression, None).unwrap();
                let length = batch.len() as u64;
                filled.largest = filled.largest.max(length);
                filled.each = filled.each.max(length.div_ceil(records as u64));
                filled.all += length;
                broker.append(self.name, partition, batch).unwrap();
                at += records;
            }
        }
        filled
    }

    /// Discovers the topic within several budgets and looks at what was fetched.
    async fn check(self) {
        let broker = broker().await;
        let filled = self.fill(&broker);
        let windows = u64::try_from(PARTITIONS).unwrap() * WINDOWS;
        for (records, bytes) in [
            (48, 16 << 20),
            (300, 16 << 20),
            (1_000, 16 << 20),
            (5_000, 16 << 20),
            (20_000, 64 << 10),
            (20_000, 1 << 20),
        ] {
            broker.reset_stats();
            let report = discover(&broker, Options::default().budget(records, bytes)).await;
            let found = table(&report, self.name);
            let fetched = broker.stats().fetched_from(self.name);
            let allowed = (records * filled.each).min(bytes) + windows * filled.largest;
            let shown = format!(
                "{} of {} bytes allowed, of {} in all, in batches of {} at most, for {} records of {} and {} bytes of {bytes}",
                fetched, allowed, filled.all, filled.largest, found.sample.records, records, found.sample.bytes
            );
            assert!(fetched <= allowed, "{}: {shown}", self.name);
            assert!(found.sample.bytes <= bytes && found.sample.records <= records, "{}: {shown}", self.name);
            let names = columns(found);
            assert!(names.contains(&format!("first BOOLEAN {PARTITIONS}/0")), "{}: {names:?}", self.name);
            if records < 20_000 {
                assert_eq!(found.sample.records, records, "{}: {shown}", self.name);
                assert!(names.contains(&format!("last BOOLEAN {PARTITIONS}/0")), "{}: {names:?}", self.name);
            } else {
                assert!(found.sample.bytes >= bytes / 4, "{}: {shown}", self.name);
            }
        }
    }
}

#[tokio::test]
async fn batches_of_one_record() {
    Shape::new("ones", &[1]).check().await;
}

#[tokio::test]
async fn batches_of_a_few_records() {
    Shape::new("sevens", &[7]).check().await;
}

#[tokio::test]
async fn batches_larger_than_a_window() {
    Shape::new("hundreds", &[100]).check().await;
    Shape::new("thousands", &[1_000]).check().await;
}

#[tokio::test]
async fn one_batch_a_partition_is_read_once_and_sampled_all_over() {
    let broker = broker().await;
    let filled = Shape::new("giants", &[RECORDS]).fill(&broker);
    discover(&broker, Options::default().budget(1_000, 16 << 20)).await;
    assert_eq!(broker.stats().fetched_from("giants"), filled.all);
    Shape::new("giant", &[RECORDS]).check().await;
}

#[tokio::test]
async fn batches_of_all_sizes() {
    Shape::new("mixed", &[1, 7, 100, 3, 1_000, 1, 1, 40, 250]).check().await;
    Shape::new("uneven", &[100, 1]).sizes(&[60, 300, 2_000, 90]).check().await;
    Shape::new("bursts", &[1; 60].iter().copied().chain([2_000]).collect::<Vec<_>>()).check().await;
}

#[tokio::test]
async fn compressed_batches() {
    Shape::new("lz4", &[100]).compressed(Compression::Lz4).check().await;
    Shape::new("zstd", &[1_000]).compressed(Compression::Zstd).check().await;
    Shape::new("snappy", &[1, 500, 7]).compressed(Compression::Snappy).check().await;
}
