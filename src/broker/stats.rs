//! What the broker did so far, so that tests can assert budgets from the other side of the wire.

use std::collections::BTreeMap;

use kafka_protocol::messages::ApiKey;

/// So many partitions are counted apart: topics that come and go shall not fill the memory.
const MAX_COUNTED: usize = 1_000_000;

/// Counts since the broker started, or since [`Broker::reset_stats`](super::Broker::reset_stats).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Requests received, by API key (`ApiKey as i16`), intercepted ones included.
    pub requests: BTreeMap<i16, u64>,
    /// Bytes of record batches sent in Fetch replies, by topic and partition.
    pub fetched: BTreeMap<(String, i32), u64>,
    /// Bytes of record batches accepted by Produce, by topic and partition. Duplicates do not count.
    pub produced: BTreeMap<(String, i32), u64>,
    /// Connections accepted.
    pub connections: u64,
    /// Connections open now.
    pub open_connections: u64,
}

impl Stats {
    /// Requests of one API.
    #[must_use]
    pub fn requests_of(&self, api: ApiKey) -> u64 {
        self.requests.get(&(api as i16)).copied().unwrap_or(0)
    }

    /// Bytes of record batches sent to clients from one topic, over all its partitions.
    #[must_use]
    pub fn fetched_from(&self, topic: &str) -> u64 {
        self.fetched.iter().filter(|((name, _), _)| name == topic).map(|(_, bytes)| bytes).sum()
    }

    pub(super) fn count_request(&mut self, api: ApiKey) {
        *self.requests.entry(api as i16).or_default() += 1;
    }

    pub(super) fn count_fetched(&mut self, topic: &str, partition: i32, bytes: usize) {
        if bytes > 0 {
            count(&mut self.fetched, topic, partition, bytes);
        }
    }

    pub(super) fn count_produced(&mut self, topic: &str, partition: i32, bytes: usize) {
        count(&mut self.produced, topic, partition, bytes);
    }
}

fn count(counts: &mut BTreeMap<(String, i32), u64>, topic: &str, partition: i32, bytes: usize) {
    let key = (topic.to_owned(), partition);
    if counts.len() < MAX_COUNTED || counts.contains_key(&key) {
        *counts.entry(key).or_default() += bytes as u64;
    }
}
