//! Consumer groups over the wire: waiting, sharing, session ends, static members, offsets.

use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{ApiKey, GroupId, HeartbeatRequest, JoinGroupRequest};
use tokio::time::Instant;

use crate::client::{Client, broker, text};
use crate::versions::{commit, join, join_request};

fn beat(group: &str, member: &str, generation: i32) -> HeartbeatRequest {
    let request = HeartbeatRequest::default().with_group_id(GroupId(text(group))).with_member_id(text(member));
    request.with_generation_id(generation)
}

#[tokio::test]
async fn a_join_waits_for_the_other_member() {
    let (broker, mut first) = broker().await;
    let first_id = join(&mut first, 5, "g").await;
    let mut second = Client::connect(broker.address()).await;
    let given = second.call(5, &join_request("g", "")).await.member_id;
    second.send(5, &join_request("g", given.as_str())).await;
    // The first member learns by its heartbeat that it shall join again.
    loop {
        let code = first.call(3, &beat("g", &first_id, 1)).await.error_code;
        if code == ResponseError::RebalanceInProgress.code() {
            break;
        }
        assert_eq!(code, 0);
    }
    let leader = first.call(5, &join_request("g", &first_id)).await;
    let follower = second.receive::<JoinGroupRequest>(5).await;
    assert_eq!((leader.generation_id, follower.generation_id), (2, 2));
    assert_eq!((leader.members.len(), follower.members.len()), (2, 0));
}

#[tokio::test]
async fn a_member_that_falls_silent_is_dropped_by_the_clock() {
    let (broker, mut client) = broker().await;
    let mut request = join_request("g", "");
    request.session_timeout_ms = 150;
    let member = client.call(3, &request).await.member_id;
    assert_eq!(client.call(3, &beat("g", &member, 1)).await.error_code, 0);
    let began = Instant::now();
    // Looking does not keep it alive.
    loop {
        let groups = vec![GroupId(text("g"))];
        let request = kafka_protocol::messages::DescribeGroupsRequest::default().with_groups(groups);
        if client.call(0, &request).await.groups[0].members.is_empty() {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(10));
        tokio::task::yield_now().await;
    }
    assert!(began.elapsed() >= Duration::from_millis(100));
    assert_eq!(client.call(3, &beat("g", &member, 1)).await.error_code, ResponseError::UnknownMemberId.code());
    assert!(broker.stats().requests_of(ApiKey::Heartbeat) == 2);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let (_broker, mut client) = broker().await;
    let good = join_request("g", "");
    for (request, code) in [
        (join_request("", ""), ResponseError::InvalidGroupId),
        (good.clone().with_session_timeout_ms(0), ResponseError::InvalidSessionTimeout),
        (good.clone().with_session_timeout_ms(i32::MAX), ResponseError::InvalidSessionTimeout),
        (good.clone().with_protocols(vec![]), ResponseError::InconsistentGroupProtocol),
        (good.clone().with_member_id(text("stranger")), ResponseError::UnknownMemberId),
        // Static members are not kept, and are told so rather than treated as others.
        (good.with_group_instance_id(Some(text("static"))), ResponseError::UnsupportedVersion),
    ] {
        assert_eq!(client.call(5, &request).await.error_code, code.code());
    }
}

#[tokio::test]
async fn offsets_are_kept_by_members_and_by_outsiders_of_empty_groups() {
    let (_broker, mut client) = broker().await;
    assert_eq!(commit(&mut client, 8, "g", 1).await, 0);
    join(&mut client, 5, "g").await;
    assert_eq!(commit(&mut client, 8, "g", 1).await, ResponseError::UnknownMemberId.code());
}
