//! The state machine alone, with a clock that the test moves.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::super::config::BrokerConfig;
use super::{Answer, Committed, Coordinator, Identity, Join, JoinResult, Joined, SyncResult};

const SESSION: Duration = Duration::from_secs(10);
const REBALANCE: Duration = Duration::from_secs(60);

struct Groups {
    coordinator: Coordinator,
    now: Instant,
}

impl Groups {
    fn new() -> Self {
        Self::with(&BrokerConfig::new())
    }

    fn with(config: &BrokerConfig) -> Self {
        Self { coordinator: Coordinator::new(config), now: Instant::now() }
    }

    fn join(&mut self, member_id: &str, protocols: &[&str]) -> Answer<JoinResult> {
        let metadata = |name: &&str| ((*name).to_owned(), Bytes::from_static(b"metadata"));
        let join = Join {
            member_id: member_id.to_owned(),
            client_id: "client".to_owned(),
            host: "/127.0.0.1".to_owned(),
            session_timeout: SESSION,
            rebalance_timeout: REBALANCE,
            protocol_type: "consumer".to_owned(),
            protocols: protocols.iter().map(metadata).collect(),
            id_required: false,
        };
        self.coordinator.join(self.now, "g", join)
    }

    fn sync(&mut self, joined: &Joined, assignments: &[(&str, &'static str)]) -> Answer<SyncResult> {
        let who = Identity { member_id: &joined.member_id, generation: joined.generation };
        let assignments = assignments.iter().map(|&(id, text)| (id.to_owned(), Bytes::from_static(text.as_bytes())));
        self.coordinator.sync(self.now, "g", who, assignments.collect())
    }

    fn beat(&mut self, joined: &Joined) -> Result<(), ResponseError> {
        let who = Identity { member_id: &joined.member_id, generation: joined.generation };
        let group = self.coordinator.get_mut("g").ok_or(ResponseError::UnknownMemberId)?;
        group.heartbeat(self.now, who)
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.coordinator.expire(self.now);
    }

    fn state(&self) -> &'static str {
        self.coordinator.get("g").map_or("Dead", |group| group.state_name())
    }

    /// A stable group of one member.
    fn stable(&mut self) -> Joined {
        let joined = arrived(self.join("", &["range"])).unwrap();
        let assigned = self.sync(&joined, &[(&joined.member_id, "all")]);
        assert_eq!(arrived(assigned).unwrap().assignment, "all");
        assert_eq!(self.state(), "Stable");
        joined
    }

    /// A stable group of two members, the leader first.
    fn two(&mut self) -> (Joined, Joined) {
        let first = self.stable();
        let second = later(self.join("", &["range"]));
        let first = arrived(self.join(&first.member_id, &["range"])).unwrap();
        let second = received(second).unwrap();
        let waiting = later(self.sync(&second, &[]));
        let assigned = self.sync(&first, &[(&first.member_id, "one"), (&second.member_id, "two")]);
        assert_eq!(arrived(assigned).unwrap().assignment, "one");
        assert_eq!(received(waiting).unwrap().assignment, "two");
        (first, second)
    }
}

/// An answer that is there, at once or because it was just given.
fn arrived<T>(answer: Answer<T>) -> T {
    match answer {
        Answer::Now(answer) => answer,
        Answer::Later(waiting) => received(waiting),
    }
}

fn received<T>(mut waiting: oneshot::Receiver<T>) -> T {
    waiting.try_recv().expect("the answer is not there yet")
}

/// An answer that has to wait for others.
fn later<T: std::fmt::Debug>(answer: Answer<T>) -> oneshot::Receiver<T> {
    match answer {
        Answer::Now(answer) => panic!("answered at once: {answer:?}"),
        Answer::Later(mut waiting) => {
            assert!(waiting.try_recv().is_err(), "answered at once");
            waiting
        }
    }
}

#[test]
fn a_second_member_makes_the_first_one_join_again() {
    let mut groups = Groups::new();
    let first = groups.stable();
    assert_eq!((first.generation, first.leader == first.member_id), (1, true));
    let second = later(groups.join("", &["range"]));
    assert_eq!(groups.state(), "PreparingRebalance");
    assert_eq!(groups.beat(&first), Err(ResponseError::RebalanceInProgress));

    let first = arrived(groups.join(&first.member_id, &["range"])).unwrap();
    let second = received(second).unwrap();
    assert_eq!((first.generation, second.generation), (2, 2));
    assert_eq!((first.members.len(), second.members.len()), (2, 0), "the leader alone learns of all members");
    assert_eq!(second.leader, first.member_id);
    assert_eq!(groups.state(), "CompletingRebalance");

    let waiting = later(groups.sync(&second, &[]));
    assert_eq!(groups.beat(&first), Ok(()));
    groups.sync(&first, &[(&second.member_id, "two")]);
    assert_eq!(received(waiting).unwrap().assignment, "two");
    assert_eq!(groups.state(), "Stable");
    // A member that asks again gets the same.
    assert_eq!(arrived(groups.sync(&second, &[])).unwrap().assignment, "two");
}

#[test]
fn a_member_that_goes_leaves_the_rest_to_the_others() {
    let mut groups = Groups::new();
    let (first, second) = groups.two();
    let group = groups.coordinator.get_mut("g").unwrap();
    group.leave(groups.now, &first.member_id).unwrap();
    assert_eq!(group.leave(groups.now, &first.member_id), Err(ResponseError::UnknownMemberId));
    assert_eq!(groups.beat(&second), Err(ResponseError::RebalanceInProgress));
    let second = arrived(groups.join(&second.member_id, &["range"])).unwrap();
    assert_eq!(second.leader, second.member_id, "a leader that went is replaced");
    groups.coordinator.get_mut("g").unwrap().leave(groups.now, &second.member_id).unwrap();
    assert_eq!(groups.state(), "Empty");
}

#[test]
fn a_member_without_heartbeats_is_dropped() {
    let mut groups = Groups::new();
    let (first, second) = groups.two();
    groups.pass(SESSION / 2);
    assert_eq!(groups.beat(&first), Ok(()));
    assert_eq!(groups.coordinator.next_deadline(), Some(groups.now + SESSION / 2));
    groups.pass(SESSION / 2);
    assert_eq!(groups.beat(&first), Err(ResponseError::RebalanceInProgress));
    assert_eq!(groups.beat(&second), Err(ResponseError::UnknownMemberId));
    groups.pass(SESSION);
    assert_eq!(groups.state(), "Dead", "an empty group without offsets is forgotten");
}

#[test]
fn a_rebalance_does_not_wait_for_ever() {
    let mut groups = Groups::new();
    let (first, second) = groups.two();
    let third = later(groups.join("", &["range"]));
    let waiting = later(groups.join(&second.member_id, &["range"]));
    // The first member lives, and does not join again.
    for _ in 0..11 {
        groups.pass(SESSION / 2);
        assert_eq!(groups.beat(&first), Err(ResponseError::RebalanceInProgress));
    }
    groups.pass(SESSION / 2);
    let (second, third) = (received(waiting).unwrap(), received(third).unwrap());
    assert_eq!((second.generation, third.generation), (3, 3));
    assert_eq!(groups.beat(&first), Err(ResponseError::UnknownMemberId));

    // The leader lives, and does not assign: it goes in its turn.
    let (leader, other) = if second.leader == second.member_id { (second, third) } else { (third, second) };
    let waiting = later(groups.sync(&other, &[]));
    for _ in 0..11 {
        groups.pass(SESSION / 2);
        assert_eq!(groups.beat(&leader), Ok(()));
    }
    groups.pass(SESSION / 2);
    assert_eq!(received(waiting), Err(ResponseError::RebalanceInProgress));
    assert_eq!(groups.beat(&leader), Err(ResponseError::UnknownMemberId));
}

#[test]
fn a_lost_answer_is_given_again_without_a_new_generation() {
    let mut groups = Groups::new();
    let (first, second) = groups.two();
    let again = arrived(groups.join(&second.member_id, &["range"])).unwrap();
    assert_eq!((again.generation, groups.state()), (second.generation, "Stable"));
    // A leader that joins again wants a rebalance.
    later(groups.join(&first.member_id, &["range"]));
    assert_eq!(groups.state(), "PreparingRebalance");
}

#[test]
fn the_protocol_is_one_that_all_speak() {
    let mut groups = Groups::new();
    let first = arrived(groups.join("", &["sticky", "range"])).unwrap();
    assert_eq!(first.protocol, "sticky");
    let refused = arrived(groups.join("", &["other"])).unwrap_err();
    assert_eq!(refused.code, ResponseError::InconsistentGroupProtocol);
    let second = later(groups.join("", &["range", "roundrobin"]));
    arrived(groups.join(&first.member_id, &["sticky", "range"])).unwrap();
    assert_eq!(received(second).unwrap().protocol, "range");
}

#[test]
fn strangers_and_old_generations_are_refused() {
    let mut groups = Groups::new();
    let (first, _) = groups.two();
    let stranger = Joined { member_id: "stranger".to_owned(), ..first.clone() };
    let old = Joined { generation: 1, ..first.clone() };
    assert_eq!(groups.beat(&stranger), Err(ResponseError::UnknownMemberId));
    assert_eq!(groups.beat(&old), Err(ResponseError::IllegalGeneration));
    assert_eq!(arrived(groups.sync(&old, &[])), Err(ResponseError::IllegalGeneration));
    assert_eq!(arrived(groups.join("stranger", &["range"])).unwrap_err().code, ResponseError::UnknownMemberId);
    let group = groups.coordinator.get_mut("g").unwrap();
    let outsider = Identity { member_id: "", generation: -1 };
    assert_eq!(group.check_commit(groups.now, outsider), Err(ResponseError::UnknownMemberId));
    let member = Identity { member_id: &first.member_id, generation: first.generation };
    assert_eq!(group.check_commit(groups.now, member), Ok(()));
}

#[test]
fn an_empty_group_waits_for_company_if_told_to() {
    let delay = Duration::from_secs(3);
    let mut groups = Groups::with(&BrokerConfig::new().with_initial_rebalance_delay(delay));
    let first = later(groups.join("", &["range"]));
    groups.pass(delay / 2);
    let second = later(groups.join("", &["range"]));
    assert_eq!(groups.coordinator.next_deadline(), Some(groups.now + delay / 2));
    groups.pass(delay / 2);
    assert_eq!((received(first).unwrap().generation, received(second).unwrap().generation), (1, 1));
}

#[test]
fn a_member_whose_connection_broke_while_it_waited_is_not_waited_for() {
    let mut groups = Groups::new();
    let first = groups.stable();
    drop(groups.join("", &["range"]));
    // It cannot be told from one that is slow, until its session ends.
    let first = later(groups.join(&first.member_id, &["range"]));
    groups.pass(SESSION);
    assert_eq!(received(first).unwrap().members.len(), 1);
}

#[test]
fn groups_and_members_and_what_they_hold_are_bounded() {
    let config = BrokerConfig { max_groups: 2, max_group_members: 1, ..BrokerConfig::new() };
    let mut groups = Groups::with(&config);
    groups.stable();
    let full = arrived(groups.join("", &["range"])).unwrap_err();
    assert_eq!(full.code, ResponseError::GroupMaxSizeReached);
    let committed = |length| Committed { offset: 1, leader_epoch: -1, metadata: "x".repeat(length) };
    groups.coordinator.commit("h", "t", 0, committed(0)).unwrap();
    let refused = groups.coordinator.commit("i", "t", 0, committed(0));
    assert_eq!(refused, Err(ResponseError::GroupMaxSizeReached));
    assert_eq!(groups.coordinator.commit("h", "t", 0, committed(4_097)), Err(ResponseError::OffsetMetadataTooLarge));
    let refused =
        (0..20_000).find_map(|partition| groups.coordinator.commit("h", "t", partition, committed(4_096)).err());
    assert_eq!(refused, Some(ResponseError::GroupMaxSizeReached));
    // A partition committed again takes no more room than once; a topic that goes gives it back.
    groups.coordinator.forget_topic("t");
    for _ in 0..20_000 {
        groups.coordinator.commit("h", "t", 0, committed(4_096)).unwrap();
    }
}
