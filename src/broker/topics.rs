//! The topics: their names, ids, partitions and leaders, and the rules for new ones.

use std::collections::btree_map::Entry;
use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hasher};

use kafka_protocol::ResponseError;
use uuid::Uuid;

use super::batch::Batch;
use super::error::Refusal;
use super::log::{Appended, Log};

/// Kafka's own limit: names become directory names with a suffix there.
const MAX_NAME: usize = 249;

/// One topic.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) id: Uuid,
    pub(super) partitions: Vec<Partition>,
    pub(super) replication_factor: i16,
    pub(super) configs: BTreeMap<String, String>,
}

impl Topic {
    pub(super) fn partition(&self, index: i32) -> Option<&Partition> {
        self.partitions.get(usize::try_from(index).ok()?)
    }

    pub(super) fn partition_mut(&mut self, index: i32) -> Option<&mut Partition> {
        self.partitions.get_mut(usize::try_from(index).ok()?)
    }
}

/// One partition: who leads it, and its log.
#[derive(Debug)]
pub(super) struct Partition {
    pub(super) leader: i32,
    pub(super) replicas: Vec<i32>,
    /// Each leader epoch and the offset where it began, oldest first (KIP-101). Never empty.
    epochs: Vec<(i32, i64)>,
    pub(super) log: Log,
}

impl Partition {
    fn new(replicas: Vec<i32>) -> Self {
        let leader = replicas.first().copied().unwrap_or(-1);
        Self { leader, replicas, epochs: vec![(0, 0)], log: Log::default() }
    }

    pub(super) fn epoch(&self) -> i32 {
        self.epochs.last().map_or(0, |&(epoch, _)| epoch)
    }

    /// Makes `node` the leader, in a new epoch.
    pub(super) fn lead_by(&mut self, node: i32) {
        self.leader = node;
        if !self.replicas.contains(&node) {
            self.replicas.push(node);
        }
        let epoch = self.epoch().saturating_add(1);
        self.epochs.push((epoch, self.log.end()));
    }

    /// The largest epoch not above `epoch`, and where it ended.
    pub(super) fn end_of_epoch(&self, epoch: i32) -> Option<(i32, i64)> {
        let next = self.epochs.partition_point(|&(known, _)| known <= epoch);
        let &(found, _) = self.epochs.get(next.checked_sub(1)?)?;
        let end = self.epochs.get(next).map_or(self.log.end(), |&(_, start)| start);
        Some((found, end))
    }

    /// Is `node` the leader, in the epoch that the client believes in (-1: it has no belief)?
    pub(super) fn check_leader(&self, node: i32, believed_epoch: i32) -> Result<(), Refusal> {
        if self.leader != node {
            return Err(ResponseError::NotLeaderOrFollower.into());
        }
        if believed_epoch >= 0 && believed_epoch < self.epoch() {
            return Err(ResponseError::FencedLeaderEpoch.into());
        }
        if believed_epoch > self.epoch() {
            return Err(ResponseError::UnknownLeaderEpoch.into());
        }
        Ok(())
    }
}

/// A topic to be made, its numbers settled.
#[derive(Debug)]
pub(super) struct NewTopic {
    /// The replicas of each partition; the first one leads.
    pub(super) replicas: Vec<Vec<i32>>,
    pub(super) configs: BTreeMap<String, String>,
}

/// All topics, by name and by id.
#[derive(Debug)]
pub(super) struct Topics {
    by_name: BTreeMap<String, Topic>,
    names: HashMap<Uuid, String>,
    /// Each name with its `.` and `_` made equal, and the name itself.
    blurred: HashMap<String, String>,
    partitions: usize,
    max_partitions: usize,
    retained: usize,
    max_retained: usize,
}

impl Topics {
    /// No topics, and room for so many partitions and so many bytes of batches.
    pub(super) fn new(max_partitions: usize, max_retained: usize) -> Self {
        Self {
            by_name: BTreeMap::new(),
            names: HashMap::new(),
            blurred: HashMap::new(),
            partitions: 0,
            max_partitions,
            retained: 0,
            max_retained,
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Topic)> {
        self.by_name.iter().map(|(name, topic)| (name.as_str(), topic))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Topic> {
        self.by_name.get(name)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Topic> {
        self.by_name.get_mut(name)
    }

    pub(super) fn name_of(&self, id: Uuid) -> Option<&str> {
        self.names.get(&id).map(String::as_str)
    }

    /// One partition, as the client of node `node` names it.
    ///
    /// # Errors
    /// `UNKNOWN_TOPIC_OR_PARTITION`, and those of [`Partition::check_leader`].
    pub(super) fn led_by(&self, node: i32, name: &str, index: i32, believed_epoch: i32) -> Result<&Partition, Refusal> {
        let unknown = || Refusal::from(ResponseError::UnknownTopicOrPartition);
        let partition = self.get(name).and_then(|topic| topic.partition(index)).ok_or_else(unknown)?;
        partition.check_leader(node, believed_epoch)?;
        Ok(partition)
    }

    /// Appends a batch that was checked.
    ///
    /// # Errors
    /// `UNKNOWN_TOPIC_OR_PARTITION`, a gap in the producer's sequence, `POLICY_VIOLATION` when memory is full.
    pub(super) fn append(&mut self, name: &str, index: i32, batch: &Batch) -> Result<Appended, Refusal> {
        let (retained, max) = (self.retained, self.max_retained);
        let partition = self
            .by_name
            .get_mut(name)
            .and_then(|topic| topic.partition_mut(index))
            .ok_or_else(|| Refusal::from(ResponseError::UnknownTopicOrPartition))?;
        let epoch = partition.epoch();
        let appended = partition.log.append(batch, epoch, |bytes| {
            if bytes > max.saturating_sub(retained) {
                return Err(Refusal::new(
                    ResponseError::PolicyViolation,
                    format!("The embedded broker is full: it keeps at most {max} bytes in memory."),
                ));
            }
            Ok(())
        })?;
        if !appended.duplicate {
            self.retained += batch.bytes.len();
        }
        Ok(appended)
    }

    /// Forgets the records of a partition before `offset` (-1: all there are); the log's new start.
    ///
    /// # Errors
    /// `UNKNOWN_TOPIC_OR_PARTITION`, `OFFSET_OUT_OF_RANGE`.
    pub(super) fn delete_records(&mut self, name: &str, index: i32, offset: i64) -> Result<i64, Refusal> {
        let partition = self
            .by_name
            .get_mut(name)
            .and_then(|topic| topic.partition_mut(index))
            .ok_or_else(|| Refusal::from(ResponseError::UnknownTopicOrPartition))?;
        let log = &mut partition.log;
        let offset = if offset == -1 { log.end() } else { offset };
        if offset < 0 || offset > log.end() {
            return Err(ResponseError::OffsetOutOfRange.into());
        }
        let before = log.retained();
        log.delete_before(offset);
        self.retained = self.retained.saturating_sub(before - log.retained());
        Ok(log.start())
    }

    /// May a topic of this name and so many partitions be made?
    ///
    /// # Errors
    /// `INVALID_TOPIC_EXCEPTION`, `TOPIC_ALREADY_EXISTS`, `INVALID_PARTITIONS`.
    pub(super) fn check_new(&self, name: &str, partitions: usize) -> Result<(), Refusal> {
        check_name(name)?;
        if self.by_name.contains_key(name) {
            return Err(Refusal::new(ResponseError::TopicAlreadyExists, format!("Topic '{name}' already exists.")));
        }
        // Kafka's metric names make no difference between the two characters, so it refuses such neighbours.
        if let Some(other) = self.blurred.get(&blur(name)) {
            return Err(Refusal::new(
                ResponseError::InvalidTopicException,
                format!("Topic '{name}' collides with existing topic: {other}"),
            ));
        }
        if partitions == 0 {
            return Err(Refusal::new(ResponseError::InvalidPartitions, "Number of partitions must be larger than 0."));
        }
        self.check_room(partitions)
    }

    /// Is there room for so many more partitions?
    ///
    /// # Errors
    /// `INVALID_PARTITIONS`.
    pub(super) fn check_room(&self, partitions: usize) -> Result<(), Refusal> {
        if partitions > self.max_partitions.saturating_sub(self.partitions) {
            return Err(Refusal::new(
                ResponseError::InvalidPartitions,
                format!("The embedded broker holds at most {} partitions.", self.max_partitions),
            ));
        }
        Ok(())
    }

    /// Makes a topic that [`check_new`](Self::check_new) let pass.
    pub(super) fn insert(&mut self, name: &str, new: NewTopic) -> &Topic {
        let id = random_id();
        self.names.insert(id, name.to_owned());
        self.blurred.insert(blur(name), name.to_owned());
        self.partitions += new.replicas.len();
        let replication_factor = new.replicas.first().map_or(1, |replicas| replicas.len() as i16);
        let partitions = new.replicas.into_iter().map(Partition::new).collect();
        let topic = Topic { id, partitions, replication_factor, configs: new.configs };
        match self.by_name.entry(name.to_owned()) {
            Entry::Vacant(entry) => entry.insert(topic),
            Entry::Occupied(entry) => {
                let present = entry.into_mut();
                *present = topic;
                present
            }
        }
    }

    /// Adds partitions to a topic.
    ///
    /// # Errors
    /// `INVALID_PARTITIONS` when there is no room.
    pub(super) fn grow(&mut self, name: &str, added: Vec<Vec<i32>>, dry: bool) -> Result<(), Refusal> {
        self.check_room(added.len())?;
        if !dry && let Some(topic) = self.by_name.get_mut(name) {
            self.partitions += added.len();
            topic.partitions.extend(added.into_iter().map(Partition::new));
        }
        Ok(())
    }

    /// Deletes a topic and its records.
    pub(super) fn remove(&mut self, name: &str) -> Option<Topic> {
        let topic = self.by_name.remove(name)?;
        self.names.remove(&topic.id);
        self.blurred.remove(&blur(name));
        self.partitions = self.partitions.saturating_sub(topic.partitions.len());
        let bytes: usize = topic.partitions.iter().map(|partition| partition.log.retained()).sum();
        self.retained = self.retained.saturating_sub(bytes);
        Some(topic)
    }
}

fn blur(name: &str) -> String {
    name.replace('.', "_")
}

/// Kafka's rule for topic names.
///
/// # Errors
/// `INVALID_TOPIC_EXCEPTION`, with the reason.
pub(super) fn check_name(name: &str) -> Result<(), Refusal> {
    let refuse =
        |why: &str| Err(Refusal::new(ResponseError::InvalidTopicException, format!("Topic name is invalid: {why}")));
    if name.is_empty() {
        return refuse("the empty string is not allowed");
    }
    if name == "." || name == ".." {
        return refuse("'.' or '..' is not allowed");
    }
    if name.len() > MAX_NAME {
        return refuse(&format!("the length is longer than the max allowed length {MAX_NAME}"));
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
        return refuse("it contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'");
    }
    Ok(())
}

/// A topic's id must differ from that of any earlier topic of the same name, also before a restart: clients cache it.
fn random_id() -> Uuid {
    // The standard library seeds each of these from the system's randomness and a counter.
    let [high, low] = [(); 2].map(|()| RandomState::new().build_hasher().finish());
    uuid::Builder::from_u128(u128::from(high) << 64 | u128::from(low))
        .with_variant(uuid::Variant::RFC4122)
        .with_version(uuid::Version::Random)
        .into_uuid()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn made(topics: &mut Topics, name: &str) {
        topics.check_new(name, 1).unwrap();
        topics.insert(name, NewTopic { replicas: vec![vec![1]], configs: BTreeMap::new() });
    }

    #[test]
    fn names_are_judged_as_kafka_does() {
        let mut topics = Topics::new(10, 1 << 20);
        for bad in ["", ".", "..", "a b", "ä", "a/b", &"x".repeat(250)] {
            assert_eq!(topics.check_new(bad, 1).unwrap_err().code, ResponseError::InvalidTopicException, "{bad}");
        }
        made(&mut topics, "shop.orders");
        made(&mut topics, "orders");
        made(&mut topics, "orders.json");
        assert_eq!(topics.check_new("shop.orders", 1).unwrap_err().code, ResponseError::TopicAlreadyExists);
        assert_eq!(topics.check_new("shop_orders", 1).unwrap_err().code, ResponseError::InvalidTopicException);
        assert_eq!(topics.check_new("more", 8).unwrap_err().code, ResponseError::InvalidPartitions);
    }

    #[test]
    fn an_epoch_ends_where_the_next_one_began() {
        let mut partition = Partition::new(vec![1]);
        partition.lead_by(2);
        partition.lead_by(3);
        assert_eq!((partition.leader, partition.epoch()), (3, 2));
        assert_eq!(partition.end_of_epoch(0), Some((0, 0)));
        assert_eq!(partition.end_of_epoch(9), Some((2, 0)));
        assert_eq!(partition.end_of_epoch(-1), None);
        assert_eq!(partition.check_leader(1, -1).unwrap_err().code, ResponseError::NotLeaderOrFollower);
        assert_eq!(partition.check_leader(3, 1).unwrap_err().code, ResponseError::FencedLeaderEpoch);
        assert_eq!(partition.check_leader(3, 3).unwrap_err().code, ResponseError::UnknownLeaderEpoch);
        partition.check_leader(3, 2).unwrap();
    }

    #[test]
    fn ids_differ() {
        let ids: std::collections::HashSet<Uuid> = (0..1_000).map(|_| random_id()).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(!ids.contains(&Uuid::nil()));
    }
}
