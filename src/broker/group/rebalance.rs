//! One group's state machine: Empty, PreparingRebalance, CompletingRebalance, Stable.
//!
//! Modelled on Apache Kafka's classic group coordinator. What is not here: static members (`group.instance.id`), the
//! consumer protocol of KIP-848.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::offsets::Offsets;
use super::{Answer, Identity, Join, JoinResult, Joined, NotJoined, SyncResult, Synced};

/// Where a group is between two generations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum State {
    /// No members.
    #[default]
    Empty,
    /// Members are asked to join the next generation: until all did or the deadline, but not before `hold`.
    Preparing { deadline: Instant, hold: Instant },
    /// The generation stands; its leader has yet to say who gets what.
    Completing,
    /// All is assigned.
    Stable,
}

#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) client_id: String,
    pub(crate) host: String,
    pub(crate) assignment: Bytes,
    protocols: Vec<(String, Bytes)>,
    session_timeout: Duration,
    rebalance_timeout: Duration,
    session_ends: Instant,
    waiting_join: Option<oneshot::Sender<JoinResult>>,
    waiting_sync: Option<oneshot::Sender<SyncResult>>,
    synced: bool,
}

impl Member {
    fn has_joined(&self) -> bool {
        self.waiting_join.as_ref().is_some_and(|waiting| !waiting.is_closed())
    }

    /// One that waits for us cannot send heartbeats; it is alive as long as its connection is.
    fn waits(&self) -> bool {
        self.has_joined() || self.waiting_sync.as_ref().is_some_and(|waiting| !waiting.is_closed())
    }

    fn touch(&mut self, now: Instant) {
        self.session_ends = now + self.session_timeout;
    }

    /// What it said about itself for a protocol.
    pub(crate) fn metadata(&self, protocol: &str) -> Option<&Bytes> {
        self.protocols.iter().find(|(name, _)| name == protocol).map(|(_, metadata)| metadata)
    }

    fn held(&self) -> usize {
        self.assignment.len() + self.protocols.iter().map(|(name, metadata)| name.len() + metadata.len()).sum::<usize>()
    }
}

/// One consumer group.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) offsets: Offsets,
    state: State,
    generation: i32,
    protocol_type: String,
    protocol: String,
    leader: String,
    members: BTreeMap<String, Member>,
    /// Ids given out to members that have yet to come with them, and until when they may.
    pending: HashMap<String, Instant>,
    /// When members of this generation that did not ask for their assignment are dropped.
    sync_deadline: Option<Instant>,
}

impl Group {
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Nothing would be lost with it.
    pub(crate) fn is_forgettable(&self) -> bool {
        self.is_empty() && self.pending.is_empty() && self.offsets.is_empty() && self.state == State::Empty
    }

    pub(crate) fn protocol_type(&self) -> &str {
        &self.protocol_type
    }

    /// The chosen protocol; empty between generations.
    pub(crate) fn protocol(&self) -> &str {
        if self.state == State::Stable { &self.protocol } else { "" }
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &Member)> {
        self.members.iter().map(|(id, member)| (id.as_str(), member))
    }

    /// The state's name, as DescribeGroups has it.
    pub(crate) fn state_name(&self) -> &'static str {
        match self.state {
            State::Empty => "Empty",
            State::Preparing { .. } => "PreparingRebalance",
            State::Completing => "CompletingRebalance",
            State::Stable => "Stable",
        }
    }

    /// About how many bytes this takes.
    pub(crate) fn held(&self) -> usize {
        self.offsets.held() + self.members.values().map(Member::held).sum::<usize>()
    }

    /// A member joins, for the first time (`new_id` is the id for it) or again.
    pub(crate) fn join(
        &mut self,
        now: Instant,
        join: Join,
        new_id: String,
        max_members: usize,
        initial_delay: Duration,
    ) -> Answer<JoinResult> {
        let refuse = |code, member_id: &str| Answer::Now(Err(NotJoined { code, member_id: member_id.to_owned() }));
        if !self.accepts(&join) {
            return refuse(ResponseError::InconsistentGroupProtocol, &join.member_id);
        }
        if join.member_id.is_empty() {
            if self.members.len() + self.pending.len() >= max_members {
                return refuse(ResponseError::GroupMaxSizeReached, "");
            }
            if join.id_required {
                self.pending.insert(new_id.clone(), now + join.session_timeout);
                return refuse(ResponseError::MemberIdRequired, &new_id);
            }
            return self.add(now, new_id, join, initial_delay);
        }
        if self.pending.remove(&join.member_id).is_some() {
            let id = join.member_id.clone();
            return self.add(now, id, join, initial_delay);
        }
        let id = join.member_id.clone();
        let Some(member) = self.members.get_mut(&id) else {
            return refuse(ResponseError::UnknownMemberId, &id);
        };
        member.touch(now);
        let unchanged = member.protocols == join.protocols;
        let repeats = match self.state {
            // The answer to its first request got lost.
            State::Completing => unchanged,
            // A leader joins again because it wants a rebalance, say for a new partition.
            State::Stable => unchanged && id != self.leader,
            State::Empty | State::Preparing { .. } => false,
        };
        if repeats {
            return Answer::Now(Ok(self.joined(&id)));
        }
        let answer = self.park(now, &id, join);
        self.rebalance(now, Duration::ZERO);
        answer
    }

    /// Does the member speak a protocol that all others do?
    fn accepts(&self, join: &Join) -> bool {
        let others: Vec<&Member> =
            self.members.iter().filter(|&(id, _)| *id != join.member_id).map(|(_, member)| member).collect();
        let shared = |name: &str| others.iter().all(|member| member.metadata(name).is_some());
        others.is_empty()
            || self.protocol_type == join.protocol_type && join.protocols.iter().any(|(name, _)| shared(name))
    }

    fn add(&mut self, now: Instant, id: String, join: Join, initial_delay: Duration) -> Answer<JoinResult> {
        let first = self.members.is_empty();
        self.members.insert(
            id.clone(),
            Member {
                client_id: join.client_id.clone(),
                host: join.host.clone(),
                assignment: Bytes::new(),
                protocols: Vec::new(),
                session_timeout: join.session_timeout,
                rebalance_timeout: join.rebalance_timeout,
                session_ends: now,
                waiting_join: None,
                waiting_sync: None,
                synced: false,
            },
        );
        let answer = self.park(now, &id, join);
        self.rebalance(now, if first { initial_delay } else { Duration::ZERO });
        answer
    }

    /// Takes over what a member says of itself, and lets it wait for the generation.
    fn park(&mut self, now: Instant, id: &str, join: Join) -> Answer<JoinResult> {
        let (waiting, answer) = oneshot::channel();
        if self.members.len() == 1 {
            self.protocol_type.clone_from(&join.protocol_type);
        }
        if let Some(member) = self.members.get_mut(id) {
            if let Some(earlier) = member.waiting_join.take() {
                let code = ResponseError::RebalanceInProgress;
                let _ = earlier.send(Err(NotJoined { code, member_id: id.to_owned() }));
            }
            member.client_id = join.client_id;
            member.host = join.host;
            member.protocols = join.protocols;
            member.session_timeout = join.session_timeout;
            member.rebalance_timeout = join.rebalance_timeout;
            member.touch(now);
            member.waiting_join = Some(waiting);
        }
        Answer::Later(answer)
    }

    /// Asks all members to join a new generation, unless that is under way, and ends it if all did.
    fn rebalance(&mut self, now: Instant, delay: Duration) {
        if !matches!(self.state, State::Preparing { .. }) {
            for member in self.members.values_mut() {
                if let Some(waiting) = member.waiting_sync.take() {
                    let _ = waiting.send(Err(ResponseError::RebalanceInProgress));
                    member.touch(now);
                }
            }
            let longest = self.members.values().map(|member| member.rebalance_timeout).max().unwrap_or_default();
            self.sync_deadline = None;
            self.state = State::Preparing { deadline: now + longest.max(delay), hold: now + delay };
        }
        self.end_join_if_due(now);
    }

    fn end_join_if_due(&mut self, now: Instant) {
        let State::Preparing { deadline, hold } = self.state else {
            return;
        };
        let all = self.pending.is_empty() && self.members.values().all(Member::has_joined);
        if now >= deadline || (all && now >= hold) {
            self.begin_generation(now);
        }
    }

    fn begin_generation(&mut self, now: Instant) {
        self.members.retain(|_, member| member.has_joined());
        self.generation = self.generation.checked_add(1).unwrap_or(1);
        let Some(first) = self.members.keys().next().cloned() else {
            self.state = State::Empty;
            self.protocol.clear();
            self.leader.clear();
            return;
        };
        self.protocol = self.elect_protocol();
        if !self.members.contains_key(&self.leader) {
            self.leader = first;
        }
        self.state = State::Completing;
        let longest = self.members.values().map(|member| member.rebalance_timeout).max().unwrap_or_default();
        self.sync_deadline = Some(now + longest);
        let answers: Vec<Joined> = self.members.keys().map(|id| self.joined(id)).collect();
        for (member, joined) in self.members.values_mut().zip(answers) {
            member.touch(now);
            member.synced = false;
            member.assignment = Bytes::new();
            if let Some(waiting) = member.waiting_join.take() {
                let _ = waiting.send(Ok(joined));
            }
        }
    }

    /// Each member votes for the first of its protocols that all have; the most votes win, the name decides a tie.
    fn elect_protocol(&self) -> String {
        let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
        for member in self.members.values() {
            let shared = |name: &str| self.members.values().all(|other| other.metadata(name).is_some());
            if let Some((name, _)) = member.protocols.iter().find(|(name, _)| shared(name)) {
                *votes.entry(name).or_default() += 1;
            }
        }
        let most = votes.values().max().copied().unwrap_or(0);
        votes.into_iter().find(|&(_, count)| count == most).map(|(name, _)| name.to_owned()).unwrap_or_default()
    }

    fn joined(&self, id: &str) -> Joined {
        let of = |member: &Member| member.metadata(&self.protocol).cloned().unwrap_or_default();
        let members = if id == self.leader {
            self.members.iter().map(|(id, member)| (id.clone(), of(member))).collect()
        } else {
            Vec::new()
        };
        Joined {
            generation: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol: self.protocol.clone(),
            leader: self.leader.clone(),
            member_id: id.to_owned(),
            members,
        }
    }

    /// A member asks for its assignment; the leader brings all of them.
    pub(crate) fn sync(
        &mut self,
        now: Instant,
        who: Identity<'_>,
        assignments: Vec<(String, Bytes)>,
    ) -> Answer<SyncResult> {
        if let Err(code) = self.check(who) {
            return Answer::Now(Err(code));
        }
        let leads = who.member_id == self.leader;
        let Some(member) = self.members.get_mut(who.member_id) else {
            return Answer::Now(Err(ResponseError::UnknownMemberId));
        };
        member.touch(now);
        match self.state {
            State::Empty => Answer::Now(Err(ResponseError::UnknownMemberId)),
            State::Preparing { .. } => Answer::Now(Err(ResponseError::RebalanceInProgress)),
            State::Completing => {
                member.synced = true;
                let (waiting, answer) = oneshot::channel();
                member.waiting_sync = Some(waiting);
                if leads {
                    self.assign(now, assignments);
                }
                Answer::Later(answer)
            }
            State::Stable => {
                member.synced = true;
                let assignment = member.assignment.clone();
                Answer::Now(Ok(self.synced(assignment)))
            }
        }
    }

    fn assign(&mut self, now: Instant, assignments: Vec<(String, Bytes)>) {
        for (id, assignment) in assignments {
            if let Some(member) = self.members.get_mut(&id) {
                member.assignment = assignment;
            }
        }
        self.state = State::Stable;
        let answers: Vec<Synced> = self.members.values().map(|member| self.synced(member.assignment.clone())).collect();
        for (member, synced) in self.members.values_mut().zip(answers) {
            if let Some(waiting) = member.waiting_sync.take() {
                member.touch(now);
                let _ = waiting.send(Ok(synced));
            }
        }
    }

    fn synced(&self, assignment: Bytes) -> Synced {
        Synced { protocol_type: self.protocol_type.clone(), protocol: self.protocol.clone(), assignment }
    }

    /// Does the member name the protocol that the group has (SyncGroup v5)? A name not given is right.
    pub(crate) fn speaks(&self, protocol_type: Option<&str>, protocol: Option<&str>) -> bool {
        protocol_type.is_none_or(|name| name == self.protocol_type) && protocol.is_none_or(|name| name == self.protocol)
    }

    /// A member says that it lives.
    ///
    /// # Errors
    /// `UNKNOWN_MEMBER_ID`, `ILLEGAL_GENERATION`, and `REBALANCE_IN_PROGRESS` to make it join again.
    pub(crate) fn heartbeat(&mut self, now: Instant, who: Identity<'_>) -> Result<(), ResponseError> {
        self.check(who)?;
        self.touch(now, who.member_id);
        match self.state {
            State::Preparing { .. } => Err(ResponseError::RebalanceInProgress),
            State::Empty | State::Completing | State::Stable => Ok(()),
        }
    }

    /// A member goes.
    ///
    /// # Errors
    /// `UNKNOWN_MEMBER_ID`.
    pub(crate) fn leave(&mut self, now: Instant, member_id: &str) -> Result<(), ResponseError> {
        if self.pending.remove(member_id).is_some() {
            self.end_join_if_due(now);
            return Ok(());
        }
        self.members.remove(member_id).ok_or(ResponseError::UnknownMemberId)?;
        self.rebalance(now, Duration::ZERO);
        Ok(())
    }

    /// May this member, or somebody outside of an empty group (generation -1), commit offsets?
    ///
    /// # Errors
    /// `UNKNOWN_MEMBER_ID`, `ILLEGAL_GENERATION`, `REBALANCE_IN_PROGRESS`.
    pub(crate) fn check_commit(&mut self, now: Instant, who: Identity<'_>) -> Result<(), ResponseError> {
        if who.generation < 0 && who.member_id.is_empty() && self.members.is_empty() {
            return Ok(());
        }
        self.check(who)?;
        self.touch(now, who.member_id);
        if self.state == State::Completing { Err(ResponseError::RebalanceInProgress) } else { Ok(()) }
    }

    fn check(&self, who: Identity<'_>) -> Result<(), ResponseError> {
        if !self.members.contains_key(who.member_id) {
            return Err(ResponseError::UnknownMemberId);
        }
        if who.generation != self.generation {
            return Err(ResponseError::IllegalGeneration);
        }
        Ok(())
    }

    fn touch(&mut self, now: Instant, member_id: &str) {
        if let Some(member) = self.members.get_mut(member_id) {
            member.touch(now);
        }
    }

    /// Does what is due at `now`.
    pub(crate) fn expire(&mut self, now: Instant) {
        let before = self.members.len();
        self.pending.retain(|_, until| *until > now);
        self.members.retain(|_, member| member.session_ends > now || member.waits());
        if self.sync_deadline.is_some_and(|deadline| deadline <= now) {
            self.sync_deadline = None;
            self.members.retain(|_, member| member.synced);
        }
        if self.members.len() < before {
            self.rebalance(now, Duration::ZERO);
        }
        self.end_join_if_due(now);
    }

    /// When [`expire`](Self::expire) has something to do.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let sessions = self.members.values().filter(|member| !member.waits()).map(|member| member.session_ends);
        let sync = self.sync_deadline.filter(|_| self.members.values().any(|member| !member.synced));
        let join = match self.state {
            State::Preparing { deadline, hold } => {
                let all = self.pending.is_empty() && self.members.values().all(Member::has_joined);
                Some(if all { hold } else { deadline })
            }
            State::Empty | State::Completing | State::Stable => None,
        };
        sessions.chain(self.pending.values().copied()).chain(sync).chain(join).min()
    }
}
