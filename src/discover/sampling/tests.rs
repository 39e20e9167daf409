//! What is sampled is a function of the plan and the records: logs of every shape, fetched in every way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::discover::fetched::Fetched;
use crate::discover::plan::{Budget, Extent};
use crate::record::{BatchWriter, Compression, FetchReader, Inflater, assign_offsets};

/// A partition's log.
#[derive(Clone, Debug)]
struct Log {
    batches: Vec<Batch>,
    end: i64,
}

#[derive(Clone, Debug)]
struct Batch {
    last: i64,
    bytes: Vec<u8>,
}

impl Log {
    /// Batches of records of the given sizes, each batch after a gap of offsets.
    fn new(batches: &[(i64, Vec<usize>)]) -> Self {
        let mut log = Self { batches: Vec::new(), end: 0 };
        for (gap, sizes) in batches {
            let mut writer = BatchWriter::new(64 << 20);
            for size in sizes {
                writer.push(0, None, Some(&vec![b'v'; *size]), &[]).unwrap();
            }
            let mut bytes = writer.finish(Compression::None, None).unwrap().to_vec();
            let base = log.end + gap;
            log.end = assign_offsets(&mut bytes, base, 0).unwrap();
            log.batches.push(Batch { last: log.end - 1, bytes });
        }
        log
    }

    /// As Kafka answers: from the batch that has the offset on, cut off at the limit, but if it is the first partition
    /// of the request with one whole batch at least.
    fn fetch(&self, offset: i64, max_bytes: usize, first: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        for batch in self.batches.iter().filter(|batch| batch.last >= offset) {
            if bytes.is_empty() && batch.bytes.len() > max_bytes {
                return if first { batch.bytes.clone() } else { Vec::new() };
            }
            let room = max_bytes - bytes.len();
            bytes.extend_from_slice(&batch.bytes[..room.min(batch.bytes.len())]);
            if batch.bytes.len() > room {
                break;
            }
        }
        bytes
    }

    fn largest_batch(&self) -> usize {
        self.batches.iter().map(|batch| batch.bytes.len()).max().unwrap_or(0)
    }
}

/// How a run fetches.
#[derive(Clone, Copy, Debug)]
struct Manner {
    /// No partition is asked for more.
    limit: usize,
    reverse: bool,
}

const PLAIN: Manner = Manner { limit: usize::MAX, reverse: false };

struct Outcome {
    sample: Sample,
    wire: BTreeMap<i32, usize>,
}

fn run(logs: &[Log], budget: Budget, manner: Manner) -> Outcome {
    let extents: Vec<Extent> =
        (0..).zip(logs).map(|(partition, log)| Extent { partition, earliest: 0, end: log.end }).collect();
    let mut sampling = Sampling::new(&Plan::new(&extents, budget));
    let mut inflater = Inflater::default();
    let mut wire = BTreeMap::new();
    for round in 0.. {
        assert!(round < 100_000, "it does not come to an end");
        let mut wants = sampling.wants();
        if wants.is_empty() {
            break;
        }
        wants.sort_by_key(|want| !want.stuck);
        let mut fetched: Vec<(Want, Vec<u8>)> = Vec::new();
        for (i, want) in wants.into_iter().enumerate() {
            let log = &logs[want.partition as usize];
            let limit = if want.stuck { usize::MAX } else { manner.limit };
            let max = (want.max_bytes as usize).min(limit).max(1);
            fetched.push((want, log.fetch(want.offset, max, i == 0)));
        }
        if manner.reverse {
            fetched.reverse();
        }
        for (want, bytes) in fetched {
            *wire.entry(want.partition).or_insert(0) += bytes.len();
            let mut reader = Fetched::new(&bytes, sampling.takes_from(want.partition), [], &mut inflater);
            sampling.accept(want.partition, i64::MAX, &mut reader);
        }
    }
    assert!(sampling.is_done());
    Outcome { sample: sampling.finish(None), wire }
}

fn offsets(sample: &Sample) -> Vec<(i32, i64)> {
    sample.messages().map(|m| (m.partition, m.offset)).collect()
}

/// `n` batches of `each` records of `size` bytes.
fn even(n: usize, each: usize, size: usize) -> Log {
    Log::new(&vec![(0, vec![size; each]); n])
}

#[test]
fn a_topic_within_its_budgets_is_read_whole() {
    let logs = [even(10, 10, 100), even(1, 3, 5000)];
    let outcome = run(&logs, Budget { records: 200, bytes: 30_000 }, PLAIN);
    assert!(outcome.sample.complete);
    assert_eq!(outcome.sample.len(), 103);
}

#[test]
fn large_records_are_sampled_over_the_whole_of_the_topic() {
    // Forty records of 1 MB: the budget holds sixteen.
    let logs = [even(20, 1, 1_000_000), even(20, 1, 1_000_000)];
    let outcome = run(&logs, Budget { records: 32, bytes: 16 << 20 }, PLAIN);
    let offsets = offsets(&outcome.sample);
    assert!(outcome.sample.bytes <= 16 << 20);
    assert_eq!(offsets.len(), 16);
    for expected in [(0, 0), (0, 19), (1, 0), (1, 19)] {
        assert!(offsets.contains(&expected), "{offsets:?}");
    }
    assert!(!outcome.sample.complete);
}

#[test]
fn bytes_that_some_windows_leave_go_to_those_that_were_cut() {
    // Partition 1 is small in bytes, partition 0 large.
    let logs = [even(100, 1, 1000), even(100, 1, 10)];
    let outcome = run(&logs, Budget { records: 1000, bytes: 102_000 }, PLAIN);
    assert!(outcome.sample.complete);
    assert_eq!(outcome.sample.bytes, 101_000);
    let outcome = run(&logs, Budget { records: 1000, bytes: 61_500 }, PLAIN);
    assert!(!outcome.sample.complete);
    assert_eq!(offsets(&outcome.sample).len(), 160, "sixty large ones, all small ones");
}

#[test]
fn windows_that_compaction_emptied_slide_on() {
    // Of a million offsets, a record each 10,000 is left.
    let logs = [Log::new(&vec![(9_999, vec![10]); 100])];
    let outcome = run(&logs, Budget { records: 64, bytes: 1 << 20 }, PLAIN);
    let offsets = offsets(&outcome.sample);
    assert!(offsets.len() >= 60, "{}", offsets.len());
    let mut unique = offsets.clone();
    unique.dedup();
    assert_eq!(unique, offsets);
}

#[test]
fn a_batch_that_cannot_be_decoded_costs_its_records_only() {
    let mut log = even(5, 10, 100);
    let last = log.batches[2].bytes.len() - 1;
    log.batches[2].bytes[last] ^= 1;
    let outcome = run(&[log], Budget { records: 1000, bytes: 1 << 20 }, PLAIN);
    assert_eq!((outcome.sample.len(), outcome.sample.undecoded), (40, 10));
    assert_eq!(outcome.sample.rejects[0].offset, 20);
    assert!(outcome.sample.complete, "it has been looked at");
}

#[test]
fn an_open_transaction_ends_the_sample() {
    let log = even(10, 10, 100);
    let extent = Extent { partition: 0, earliest: 0, end: 100 };
    let budget = Budget { records: 1000, bytes: 1 << 20 };
    let mut sampling = Sampling::new(&Plan::new(&[extent], budget));
    let mut inflater = Inflater::default();
    let bytes: Vec<u8> = log.batches[..5].iter().flat_map(|batch| batch.bytes.clone()).collect();
    let mut reader = Fetched::new(&bytes, 0, [], &mut inflater);
    sampling.accept(0, 50, &mut reader);
    assert!(sampling.is_done());
    let sample = sampling.finish(None);
    assert_eq!((sample.len(), sample.complete), (50, false));
    assert!(sample.unread[0].contains("offset 50"), "{:?}", sample.unread);
}

#[test]
fn a_partition_that_fails_leaves_the_others() {
    let extents = [0, 1].map(|partition| Extent { partition, earliest: 0, end: 10 });
    let budget = Budget { records: 1000, bytes: 1 << 20 };
    let mut sampling = Sampling::new(&Plan::new(&extents, budget));
    sampling.fail(1, "it has no leader");
    let log = even(1, 10, 10);
    let bytes = log.fetch(0, usize::MAX, true);
    let mut inflater = Inflater::default();
    sampling.accept(0, i64::MAX, &mut Fetched::new(&bytes, 0, [], &mut inflater));
    let sample = sampling.finish(None);
    assert_eq!((sample.len(), sample.complete), (10, false));
    assert_eq!(sample.unread, ["partition 1: it has no leader"]);
}

#[test]
fn a_partition_that_says_nothing_is_given_up() {
    let extent = Extent { partition: 0, earliest: 0, end: 10 };
    let budget = Budget { records: 1000, bytes: 1 << 20 };
    let mut sampling = Sampling::new(&Plan::new(&[extent], budget));
    let mut inflater = Inflater::default();
    let mut rounds = 0;
    while !sampling.wants().is_empty() {
        rounds += 1;
        assert!(rounds < 20);
        sampling.accept(0, i64::MAX, &mut Fetched::new(&[], 0, [], &mut inflater));
    }
    let sample = sampling.finish(None);
    assert!(!sample.complete);
    assert_eq!(sample.unread, ["partition 0: nothing is readable at offset 0"]);
}

#[test]
fn records_that_are_gone_are_skipped() {
    let extent = Extent { partition: 0, earliest: 0, end: 100 };
    let budget = Budget { records: 1000, bytes: 1 << 20 };
    let mut sampling = Sampling::new(&Plan::new(&[extent], budget));
    assert!(sampling.skip_to(0, 40));
    assert_eq!(sampling.wants()[0].offset, 40);
    assert!(!sampling.skip_to(0, 40), "no news");
    assert!(sampling.skip_to(0, 100));
    assert!(sampling.is_done());
}

#[test]
fn no_more_is_fetched_than_the_budget_and_a_batch_a_window() {
    let budget = Budget { records: 2_000, bytes: 400_000 };
    for (n, each, size) in [(1_000, 10, 200), (100, 100, 200), (5_000, 1, 300), (10_000, 1, 20), (50, 40, 5_000)] {
        let logs = [even(n, each, size), even(n / 2, each, size)];
        let outcome = run(&logs, budget, PLAIN);
        let wire: usize = outcome.wire.values().sum();
        let most = 400_000 + logs.iter().map(|log| 16 * log.largest_batch()).sum::<usize>();
        assert!(wire <= most, "{n} {each} {size}: {wire} of {most}");
        assert!(outcome.sample.bytes <= 400_000);
        let enough = outcome.sample.len() == 2_000 || outcome.sample.bytes >= 200_000;
        assert!(enough, "{n} {each} {size}: {} records, {} bytes", outcome.sample.len(), outcome.sample.bytes);
    }
}

#[test]
fn no_more_is_fetched_than_the_records_and_a_batch_a_window() {
    for (n, each, size) in [(3_000, 1, 300), (1_000, 7, 300), (100, 100, 300), (20, 1_000, 300), (1, 10_000, 300)] {
        let logs = [even(n, each, size), even(n, each, size), even(n, each, size)];
        for records in [48, 300, 1_000, 3_000] {
            let outcome = run(&logs, Budget { records, bytes: 16 << 20 }, PLAIN);
            let wire: usize = outcome.wire.values().sum();
            let batch = logs[0].largest_batch();
            let most = records as usize * batch.div_ceil(each) + 3 * 16 * (batch + batch / 32);
            assert!(wire <= most, "{n} {each} {size}: {wire} of {most} for {records} records");
            assert_eq!(outcome.sample.len(), records);
        }
    }
}

fn logs() -> impl Strategy<Value = Vec<Log>> {
    let gap = prop_oneof![8 => Just(0i64), 1 => 0i64..50, 1 => 500i64..1000];
    let size = prop_oneof![8 => 0usize..100, 1 => 1000usize..5000];
    let batch = (gap, proptest::collection::vec(size, 1..20));
    proptest::collection::vec(proptest::collection::vec(batch, 0..60).prop_map(|b| Log::new(&b)), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn fetch_sizes_and_arrival_order_change_nothing(
        logs in logs(),
        records in 1u64..600,
        bytes in 100u64..60_000,
        limit in 1usize..20_000,
    ) {
        let budget = Budget { records, bytes };
        let one = run(&logs, budget, PLAIN);
        let two = run(&logs, budget, Manner { limit, reverse: true });
        prop_assert_eq!(offsets(&one.sample), offsets(&two.sample));
        prop_assert_eq!(one.sample.complete, two.sample.complete);
    }

    #[test]
    fn no_record_is_taken_twice_and_the_budgets_are_kept(logs in logs(), records in 1u64..600, bytes in 1u64..60_000) {
        let sample = run(&logs, Budget { records, bytes }, PLAIN).sample;
        let offsets = offsets(&sample);
        prop_assert!(offsets.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert!(sample.len() <= records);
        // One record larger than the budget is better than none; empty ones beside it cost nothing.
        let sized = sample.messages().filter(|message| message.value.is_some_and(|value| !value.is_empty())).count();
        prop_assert!(sample.bytes <= bytes || sized == 1);
        let mut all = 0;
        let mut offsets_in_all = 0;
        let mut records_in_all = 0;
        for log in &logs {
            offsets_in_all += log.end;
            let mut inflater = Inflater::default();
            let everything: Vec<u8> = log.batches.iter().flat_map(|b| b.bytes.clone()).collect();
            let mut reader = FetchReader::new(&everything, 0, &mut inflater);
            while let Some(record) = reader.next() {
                all += record.unwrap().value.unwrap().len() as u64;
                records_in_all += 1;
            }
        }
        if offsets_in_all as u64 <= records && all <= bytes {
            prop_assert!(sample.complete);
            prop_assert_eq!(sample.len(), records_in_all);
        }
        if sample.complete {
            prop_assert_eq!(sample.len(), records_in_all);
        }
    }
}
