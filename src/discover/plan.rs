//! Which records of a topic are the sample: fixed by its earliest offsets, its end offsets and the budgets alone.
//!
//! The record budget is split over the partitions by largest remainder. In each, a head, a tail and evenly spaced
//! windows between share what fell to it, so a schema that changed last week shows. The byte budget is split over the
//! windows in proportion to their records; what some windows leave of it, others get in (partition, offset) order.
//! A topic that is smaller than its budgets is read whole.

/// Windows in a partition that is not read whole: a head, a tail and 14 between.
pub const WINDOWS: usize = 16;

/// The offsets of a partition when the run started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The partition's index.
    pub partition: i32,
    /// The earliest offset that it still has.
    pub earliest: i64,
    /// The offset after its last record.
    pub end: i64,
}

/// What may be read of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Records.
    pub records: u64,
    /// Bytes of keys and values.
    pub bytes: u64,
}

/// The sample of a topic, before any of it is read.
///
/// Windows are laid out in offsets. Records lie in batches, of which a broker sends whole ones only, so on reading a
/// window moves back to where the batch begins that holds its start; the last one of a partition stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// By partition index; partitions without records are left out.
    pub partitions: Vec<PartitionPlan>,
    /// Whether the record budget covers every offset. (Whether the bytes do is seen on reading.)
    pub whole: bool,
    /// The byte budget.
    pub bytes: u64,
}

/// The sample of one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionPlan {
    /// The partition's index.
    pub partition: i32,
    /// Nothing at or after it is read.
    pub end: i64,
    /// By offset; they do not overlap.
    pub windows: Vec<Window>,
}

/// A run of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The offset at which reading starts, or rather the batch that holds it: see [`Plan`]. Where compaction left a
    /// gap, it starts at the next record.
    pub start: i64,
    /// How many records are taken.
    pub records: u64,
    /// How many bytes of keys and values may be taken before other windows have had their share.
    pub bytes: u64,
}

impl Extent {
    /// Offsets between the earliest and the end; more than there are records in a compacted partition.
    pub fn len(&self) -> u64 {
        u64::try_from(i128::from(self.end) - i128::from(self.earliest)).unwrap_or(0)
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Plan {
    /// Lays the sample out. The order of `extents` does not matter.
    pub fn new(extents: &[Extent], budget: Budget) -> Self {
        let mut extents: Vec<Extent> = extents.iter().copied().filter(|extent| !extent.is_empty()).collect();
        extents.sort_by_key(|extent| extent.partition);
        extents.dedup_by_key(|extent| extent.partition);
        let sizes: Vec<u64> = extents.iter().map(Extent::len).collect();
        let quotas = split_over_partitions(budget.records, &sizes);
        let mut partitions: Vec<PartitionPlan> = extents
            .iter()
            .zip(&quotas)
            .filter(|(_, quota)| **quota > 0)
            .map(|(extent, quota)| PartitionPlan {
                partition: extent.partition,
                end: extent.end,
                windows: windows(extent, *quota),
            })
            .collect();
        let weights: Vec<u64> = partitions.iter().flat_map(|p| &p.windows).map(|w| w.records).collect();
        let mut shares = largest_remainder(budget.bytes, &weights).into_iter();
        for window in partitions.iter_mut().flat_map(|p| &mut p.windows) {
            window.bytes = shares.next().unwrap_or(0);
        }
        Self { partitions, whole: quotas == sizes, bytes: budget.bytes }
    }

    /// The records that are taken if no offset is missing and the bytes suffice.
    pub fn records(&self) -> u64 {
        self.partitions.iter().flat_map(|p| &p.windows).map(|w| w.records).sum()
    }
}

/// Splits the record budget: everything where that fits; else a record for each partition, and the rest by size.
fn split_over_partitions(budget: u64, sizes: &[u64]) -> Vec<u64> {
    let total: u128 = sizes.iter().map(|size| u128::from(*size)).sum();
    if total <= u128::from(budget) {
        return sizes.to_vec();
    }
    // One record of a small partition says more than one more of a large one: a header row may lie there.
    let each = u64::from(budget >= sizes.len() as u64);
    let rest: Vec<u64> = sizes.iter().map(|size| size.saturating_sub(each)).collect();
    let split = largest_remainder(budget - each * sizes.len() as u64, &rest);
    split.into_iter().map(|quota| quota + each).collect()
}

/// The windows of `quota` records of a partition: equal shares with equal gaps, the last one ending at its end.
fn windows(extent: &Extent, quota: u64) -> Vec<Window> {
    let size = extent.len();
    let count = if quota >= size { 1 } else { (WINDOWS as u64).min(quota) };
    let gap = i128::from(size - quota.min(size));
    let mut taken = 0i128;
    (0..count)
        .map(|i| {
            // Whole records that equal shares leave over go to the head first.
            let records = quota / count + u64::from(i < quota % count);
            let before = if count == 1 { 0 } else { gap * i128::from(i) / i128::from(count - 1) };
            let start = i128::from(extent.earliest) + taken + before;
            taken += i128::from(records);
            Window { start: i64::try_from(start).unwrap_or(extent.end), records, bytes: 0 }
        })
        .collect()
}

/// Splits `total` in proportion to `weights`: each gets the whole part of its share, and what is left over goes to the
/// largest remainders, the first of equals first. No share exceeds its weight when `total` does not exceed their sum.
fn largest_remainder(total: u64, weights: &[u64]) -> Vec<u64> {
    let sum: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    if sum == 0 {
        return vec![0; weights.len()];
    }
    let mut shares = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for (i, weight) in weights.iter().enumerate() {
        let product = u128::from(total) * u128::from(*weight);
        // At most `total`, which is 64 bits.
        shares.push(u64::try_from(product / sum).unwrap_or(total));
        remainders.push((product % sum, i));
    }
    let left = total - shares.iter().sum::<u64>();
    remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, i) in remainders.into_iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
        if let Some(share) = shares.get_mut(i) {
            *share += 1;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use proptest::prelude::*;

    fn extent(partition: i32, earliest: i64, end: i64) -> Extent {
        Extent { partition, earliest, end }
    }

    const BUDGET: Budget = Budget { records: 10_000, bytes: 16 << 20 };

    #[test]
    fn a_small_topic_is_read_whole() {
        let plan = Plan::new(&[extent(1, 5, 25), extent(0, 0, 0), extent(2, 0, 10)], BUDGET);
        assert!(plan.whole);
        assert_eq!(plan.partitions.len(), 2);
        assert_eq!(plan.partitions[0].partition, 1);
        assert_eq!(plan.partitions[0].windows.len(), 1);
        assert_eq!((plan.partitions[0].windows[0].start, plan.partitions[0].windows[0].records), (5, 20));
        assert_eq!(plan.records(), 30);
    }

    #[test]
    fn a_large_partition_gives_its_head_its_tail_and_fourteen_windows_between() {
        let plan = Plan::new(&[extent(0, 100, 1_000_100)], BUDGET);
        assert!(!plan.whole);
        let windows = &plan.partitions[0].windows;
        assert_eq!(windows.len(), WINDOWS);
        assert_eq!(windows[0].start, 100);
        let last = windows[WINDOWS - 1];
        assert_eq!(last.start + last.records as i64, 1_000_100);
        let gaps: Vec<i64> = windows.windows(2).map(|w| w[1].start - w[0].start - w[0].records as i64).collect();
        assert!(gaps.iter().max().unwrap() - gaps.iter().min().unwrap() <= 1, "{gaps:?}");
        assert_eq!(plan.records(), 10_000);
        assert_eq!(windows.iter().map(|w| w.bytes).sum::<u64>(), 16 << 20);
    }

    #[test]
    fn a_tiny_partition_beside_a_huge_one_is_not_overlooked() {
        let plan = Plan::new(&[extent(0, 0, 1_000_000_000), extent(1, 0, 3)], BUDGET);
        assert_eq!(plan.partitions.len(), 2);
        assert_eq!(plan.records(), 10_000);
    }

    #[test]
    fn a_budget_smaller_than_the_partitions_is_kept() {
        let extents: Vec<Extent> = (0..50).map(|p| extent(p, 0, 100)).collect();
        let plan = Plan::new(&extents, Budget { records: 7, bytes: 1000 });
        assert_eq!(plan.records(), 7);
        assert_eq!(Plan::new(&extents, Budget { records: 0, bytes: 0 }).records(), 0);
    }

    #[test]
    fn offsets_at_the_end_of_the_range_do_not_overflow() {
        let plan = Plan::new(
            &[extent(0, 0, i64::MAX), extent(1, i64::MIN, i64::MAX), extent(2, 7, 3)],
            Budget { records: u64::MAX, bytes: u64::MAX },
        );
        assert_eq!(plan.partitions.len(), 2);
    }

    fn extents() -> impl Strategy<Value = Vec<Extent>> {
        proptest::collection::vec((0i64..1_000_000, 0i64..2_000_000), 0..20).prop_map(|sizes| {
            (0..).zip(sizes).map(|(partition, (earliest, size))| extent(partition, earliest, earliest + size)).collect()
        })
    }

    proptest! {
        #[test]
        fn windows_lie_inside_and_apart_and_the_budget_is_used_up(
            extents in extents(),
            records in 0u64..50_000,
            bytes in 0u64..100_000_000,
        ) {
            let plan = Plan::new(&extents, Budget { records, bytes });
            let total: u64 = extents.iter().map(Extent::len).sum();
            prop_assert_eq!(plan.records(), records.min(total));
            prop_assert_eq!(plan.whole, total <= records);
            if plan.records() > 0 {
                let shares: u64 = plan.partitions.iter().flat_map(|p| &p.windows).map(|w| w.bytes).sum();
                prop_assert_eq!(shares, bytes);
            }
            for partition in &plan.partitions {
                let extent = extents.iter().find(|e| e.partition == partition.partition).unwrap();
                prop_assert!(partition.windows.len() <= WINDOWS);
                let mut next = extent.earliest;
                for window in &partition.windows {
                    prop_assert!(window.records > 0);
                    prop_assert!(window.start >= next);
                    next = window.start + window.records as i64;
                }
                prop_assert!(next <= extent.end);
                prop_assert_eq!(partition.windows[0].start, extent.earliest);
                if partition.windows.len() > 1 {
                    prop_assert_eq!(next, extent.end);
                }
            }
        }

        #[test]
        fn the_order_of_the_partitions_changes_nothing(mut extents in extents(), records in 0u64..50_000) {
            let budget = Budget { records, bytes: 1 << 20 };
            let one = Plan::new(&extents, budget);
            extents.reverse();
            prop_assert_eq!(one, Plan::new(&extents, budget));
        }

        #[test]
        fn largest_remainder_is_within_one_of_the_exact_share(
            total in 0u64..1_000_000,
            weights in proptest::collection::vec(0u64..1_000_000, 1..30),
        ) {
            let shares = largest_remainder(total, &weights);
            let sum: u64 = weights.iter().sum();
            if sum > 0 {
                prop_assert_eq!(shares.iter().sum::<u64>(), total);
                for (share, weight) in shares.iter().zip(&weights) {
                    let exact = total as f64 * *weight as f64 / sum as f64;
                    prop_assert!((*share as f64 - exact).abs() < 1.0 + 1e-6);
                }
            }
        }
    }
}
