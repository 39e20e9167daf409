//! Consumer groups of the classic protocol: which groups there are, and what they hold in all.

mod offsets;
mod rebalance;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::config::BrokerConfig;
pub(super) use offsets::{Committed, MAX_METADATA};
pub(super) use rebalance::Group;

/// What all groups may hold together: subscriptions, assignments, committed offsets.
const MAX_HELD: usize = 64 << 20;

/// Session timeouts that are accepted (`group.max.session.timeout.ms`); short ones, too, for tests that wait for them.
const MAX_SESSION: Duration = Duration::from_secs(30 * 60);

/// A member wants into a generation.
#[derive(Debug, Clone)]
pub(super) struct Join {
    /// Empty when the member has none yet.
    pub(super) member_id: String,
    pub(super) client_id: String,
    pub(super) host: String,
    pub(super) session_timeout: Duration,
    pub(super) rebalance_timeout: Duration,
    pub(super) protocol_type: String,
    /// Name and metadata, the preferred one first.
    pub(super) protocols: Vec<(String, Bytes)>,
    /// A new member must come again with the id that it was given (KIP-394).
    pub(super) id_required: bool,
}

/// A member is in a generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Joined {
    pub(super) generation: i32,
    pub(super) protocol_type: String,
    pub(super) protocol: String,
    pub(super) leader: String,
    pub(super) member_id: String,
    /// All members and their metadata, for the leader; empty for the others.
    pub(super) members: Vec<(String, Bytes)>,
}

/// Why not, and the id that the member has or was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotJoined {
    pub(super) code: ResponseError,
    pub(super) member_id: String,
}

/// What a member was assigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Synced {
    pub(super) protocol_type: String,
    pub(super) protocol: String,
    pub(super) assignment: Bytes,
}

/// A member's identity as it goes with each request after the first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity<'a> {
    pub(super) member_id: &'a str,
    pub(super) generation: i32,
}

pub(super) type JoinResult = Result<Joined, NotJoined>;
pub(super) type SyncResult = Result<Synced, ResponseError>;

/// An answer that is there, or one that comes when others have done their part.
#[derive(Debug)]
pub(super) enum Answer<T> {
    Now(T),
    Later(oneshot::Receiver<T>),
}

/// All groups of the broker.
#[derive(Debug)]
pub(super) struct Coordinator {
    groups: BTreeMap<String, Group>,
    max_groups: usize,
    max_members: usize,
    initial_delay: Duration,
    next_member: u64,
}

impl Coordinator {
    pub(super) fn new(config: &BrokerConfig) -> Self {
        Self {
            groups: BTreeMap::new(),
            max_groups: config.max_groups,
            max_members: config.max_group_members,
            initial_delay: config.initial_rebalance_delay,
            next_member: 0,
        }
    }

    pub(super) fn get(&self, group: &str) -> Option<&Group> {
        self.groups.get(group)
    }

    pub(super) fn get_mut(&mut self, group: &str) -> Option<&mut Group> {
        self.groups.get_mut(group)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Group)> {
        self.groups.iter().map(|(name, group)| (name.as_str(), group))
    }

    /// A member joins; the group is made if it is its first.
    pub(super) fn join(&mut self, now: Instant, group: &str, join: Join) -> Answer<JoinResult> {
        let refuse = |code| Answer::Now(Err(NotJoined { code, member_id: join.member_id.clone() }));
        if join.session_timeout.is_zero() || join.session_timeout > MAX_SESSION {
            return refuse(ResponseError::InvalidSessionTimeout);
        }
        if join.protocols.is_empty() || join.protocol_type.is_empty() {
            return refuse(ResponseError::InconsistentGroupProtocol);
        }
        let size: usize = join.protocols.iter().map(|(name, metadata)| name.len() + metadata.len()).sum();
        if size > self.room() {
            return refuse(ResponseError::GroupMaxSizeReached);
        }
        if !self.groups.contains_key(group) && !join.member_id.is_empty() {
            return refuse(ResponseError::UnknownMemberId);
        }
        let new_id = if join.member_id.is_empty() { self.new_member_id(&join.client_id) } else { String::new() };
        let (max_members, delay) = (self.max_members, self.initial_delay);
        match self.entry(group) {
            Ok(group) => group.join(now, join, new_id, max_members, delay),
            Err(code) => refuse(code),
        }
    }

    /// A member gets, or as the leader gives, what each member is assigned.
    pub(super) fn sync(
        &mut self,
        now: Instant,
        group: &str,
        who: Identity<'_>,
        assignments: Vec<(String, Bytes)>,
    ) -> Answer<SyncResult> {
        let size: usize = assignments.iter().map(|(_, assignment)| assignment.len()).sum();
        if size > self.room() {
            return Answer::Now(Err(ResponseError::GroupMaxSizeReached));
        }
        match self.groups.get_mut(group) {
            Some(group) => group.sync(now, who, assignments),
            None => Answer::Now(Err(ResponseError::UnknownMemberId)),
        }
    }

    /// Keeps an offset that [`Group::check_commit`] let pass.
    ///
    /// # Errors
    /// `OFFSET_METADATA_TOO_LARGE`, `GROUP_MAX_SIZE_REACHED`.
    pub(super) fn commit(
        &mut self,
        group: &str,
        topic: &str,
        partition: i32,
        committed: Committed,
    ) -> Result<(), ResponseError> {
        if committed.metadata.len() > MAX_METADATA {
            return Err(ResponseError::OffsetMetadataTooLarge);
        }
        if self.room() < topic.len() + committed.metadata.len() {
            return Err(ResponseError::GroupMaxSizeReached);
        }
        self.entry(group)?.offsets.commit(topic, partition, committed);
        Ok(())
    }

    /// Deletes a group without members, with its offsets.
    ///
    /// # Errors
    /// `NON_EMPTY_GROUP`, `GROUP_ID_NOT_FOUND`.
    pub(super) fn delete(&mut self, group: &str) -> Result<(), ResponseError> {
        match self.groups.get(group) {
            None => Err(ResponseError::GroupIdNotFound),
            Some(found) if !found.is_empty() => Err(ResponseError::NonEmptyGroup),
            Some(_) => {
                self.groups.remove(group);
                Ok(())
            }
        }
    }

    /// A topic is gone: so are the offsets committed for it.
    pub(super) fn forget_topic(&mut self, topic: &str) {
        self.groups.values_mut().for_each(|group| group.offsets.forget_topic(topic));
    }

    /// Does what is due at `now`: members whose session ended, rebalances whose time is up.
    pub(super) fn expire(&mut self, now: Instant) {
        self.groups.values_mut().for_each(|group| group.expire(now));
        self.groups.retain(|_, group| !group.is_forgettable());
    }

    /// When [`expire`](Self::expire) has something to do.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.groups.values().filter_map(Group::next_deadline).min()
    }

    fn entry(&mut self, group: &str) -> Result<&mut Group, ResponseError> {
        if self.groups.len() >= self.max_groups && !self.groups.contains_key(group) {
            self.groups.retain(|_, group| !group.is_forgettable());
            if self.groups.len() >= self.max_groups {
                return Err(ResponseError::GroupMaxSizeReached);
            }
        }
        Ok(self.groups.entry(group.to_owned()).or_default())
    }

    /// Bytes that groups may yet hold.
    fn room(&self) -> usize {
        MAX_HELD.saturating_sub(self.groups.values().map(Group::held).sum())
    }

    fn new_member_id(&mut self, client_id: &str) -> String {
        self.next_member += 1;
        let client_id: String = client_id.chars().take(100).collect();
        format!("{client_id}-{:08}", self.next_member)
    }
}
