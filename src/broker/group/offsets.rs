//! The offsets that a group has committed.

use std::collections::BTreeMap;

/// The longest metadata with a committed offset (`offset.metadata.max.bytes`).
pub(crate) const MAX_METADATA: usize = 4096;

/// One committed offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Committed {
    pub(crate) offset: i64,
    pub(crate) leader_epoch: i32,
    pub(crate) metadata: String,
}

/// All of a group, by topic and partition.
#[derive(Debug, Default)]
pub(crate) struct Offsets {
    topics: BTreeMap<String, BTreeMap<i32, Committed>>,
    held: usize,
}

impl Offsets {
    pub(crate) fn get(&self, topic: &str, partition: i32) -> Option<&Committed> {
        self.topics.get(topic)?.get(&partition)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &BTreeMap<i32, Committed>)> {
        self.topics.iter().map(|(name, partitions)| (name.as_str(), partitions))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }

    /// About how many bytes this takes.
    pub(crate) fn held(&self) -> usize {
        self.held
    }

    pub(crate) fn commit(&mut self, topic: &str, partition: i32, committed: Committed) {
        self.held += size(&committed);
        let partitions = self.topics.entry(topic.to_owned()).or_default();
        if let Some(old) = partitions.insert(partition, committed) {
            self.held = self.held.saturating_sub(size(&old));
        }
    }

    pub(crate) fn forget_topic(&mut self, topic: &str) {
        let gone = self.topics.remove(topic).unwrap_or_default();
        self.held = self.held.saturating_sub(gone.values().map(size).sum());
    }
}

fn size(committed: &Committed) -> usize {
    size_of::<Committed>() + committed.metadata.len()
}
