//! Whatever ApiVersions advertises works in every version that it advertises.

use bytes::{Buf, BufMut, BytesMut};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic};
use kafka_protocol::messages::*;
use tokio::io::AsyncWriteExt;
use topica::broker::Broker;

use crate::client::{Client, batch, broker, name, only_partition, produce_request, text};

#[tokio::test]
async fn every_advertised_version_works() {
    let (broker, mut client) = broker().await;
    broker.append("t", 0, batch(&["one", "two"])).unwrap();
    let advertised = client.call(3, &ApiVersionsRequest::default()).await;
    assert_eq!(advertised.error_code, 0);
    assert!(advertised.api_keys.len() > 20);
    for api in advertised.api_keys {
        let key = ApiKey::try_from(api.api_key).unwrap();
        for version in api.min_version..=api.max_version {
            exercise(&broker, &mut client, key, version).await;
        }
    }
}

/// One request of that API in that version that must succeed, and what must be in its answer.
async fn exercise(broker: &Broker, client: &mut Client, api: ApiKey, version: i16) {
    let v = version;
    let id = topic_id(client).await;
    match api {
        ApiKey::ApiVersions => {
            let request = ApiVersionsRequest::default();
            let request = if v >= 3 { request.with_client_software_name(text("x")) } else { request };
            let response = client.call(v, &request).await;
            assert!(response.error_code == 0 && response.api_keys.iter().any(|api| api.api_key == 1));
        }
        ApiKey::Metadata => {
            let response = client.call(v, &metadata("t")).await;
            let topic = &response.topics[0];
            assert_eq!((topic.error_code, topic.partitions.len(), topic.partitions[0].leader_id.0), (0, 2, 1));
            let unknown = client.call(v, &metadata("unknown")).await;
            assert_eq!(unknown.topics[0].error_code, ResponseError::UnknownTopicOrPartition.code());
            let all = MetadataRequest::default().with_topics(if v == 0 { Some(vec![]) } else { None });
            assert!(client.call(v, &all).await.topics.iter().any(|topic| topic.name == Some(name("t"))));
        }
        ApiKey::Produce if v < 3 => old_produce(client, v).await,
        ApiKey::Produce => {
            let mut request = produce_request("t", 1, batch(&["x"]));
            if v >= 13 {
                request.topic_data[0].name = name("");
                request.topic_data[0].topic_id = id;
            }
            let end = broker.end_offset("t", 1).unwrap();
            assert_eq!(only_partition(&client.call(v, &request).await), (0, end));
            request.topic_data[0].partition_data[0].index = 99;
            let refused = only_partition(&client.call(v, &request).await);
            assert_eq!(refused.0, ResponseError::UnknownTopicOrPartition.code());
        }
        ApiKey::Fetch => fetch(client, v, id).await,
        ApiKey::ListOffsets => list_offsets(client, v).await,
        ApiKey::CreateTopics => {
            let config =
                CreatableTopicConfig::default().with_name(text("cleanup.policy")).with_value(Some(text("compact")));
            let new = format!("created-{v}");
            let topic =
                CreatableTopic::default().with_name(name(&new)).with_num_partitions(3).with_replication_factor(1);
            let request = CreateTopicsRequest::default().with_topics(vec![topic.with_configs(vec![config])]);
            assert_eq!(client.call(v, &request).await.topics[0].error_code, 0);
            let again = client.call(v, &request).await;
            assert_eq!(again.topics[0].error_code, ResponseError::TopicAlreadyExists.code());
            assert!(broker.end_offset(&new, 2).is_some());
        }
        ApiKey::CreatePartitions => {
            broker.create_topic(&format!("grown-{v}"), 1).unwrap();
            let topic = CreatePartitionsTopic::default().with_name(name(&format!("grown-{v}"))).with_count(3);
            let request = CreatePartitionsRequest::default().with_topics(vec![topic.with_assignments(None)]);
            assert_eq!(client.call(v, &request).await.results[0].error_code, 0);
            assert!(broker.end_offset(&format!("grown-{v}"), 2).is_some());
        }
        ApiKey::DeleteTopics => {
            broker.create_topic("doomed", 1).unwrap();
            let request = if v >= 6 {
                let topic = DeleteTopicState::default().with_name(Some(name("doomed")));
                DeleteTopicsRequest::default().with_topics(vec![topic])
            } else {
                DeleteTopicsRequest::default().with_topic_names(vec![name("doomed")])
            };
            assert_eq!(client.call(v, &request).await.responses[0].error_code, 0);
            let again = client.call(v, &request).await;
            assert_eq!(again.responses[0].error_code, ResponseError::UnknownTopicOrPartition.code());
        }
        ApiKey::DeleteRecords => {
            let topic = format!("cut-{v}");
            broker.create_topic(&topic, 1).unwrap();
            broker.append(&topic, 0, batch(&["a", "b", "c"])).unwrap();
            let cut = DeleteRecordsPartition::default().with_partition_index(0).with_offset(2);
            let topic = DeleteRecordsTopic::default().with_name(name(&topic)).with_partitions(vec![cut]);
            let response = client.call(v, &DeleteRecordsRequest::default().with_topics(vec![topic])).await;
            let partition = &response.topics[0].partitions[0];
            assert_eq!((partition.error_code, partition.low_watermark), (0, 2));
        }
        ApiKey::InitProducerId => {
            let request = InitProducerIdRequest::default().with_transactional_id(None);
            let response = client.call(v, &request).await;
            assert_eq!((response.error_code, response.producer_epoch), (0, 0));
            assert!(response.producer_id.0 >= 0);
        }
        ApiKey::OffsetForLeaderEpoch => {
            let partition = OffsetForLeaderPartition::default().with_partition(0).with_leader_epoch(0);
            let topic = OffsetForLeaderTopic::default().with_topic(name("t")).with_partitions(vec![partition]);
            let request = OffsetForLeaderEpochRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![topic]);
            let response = client.call(v, &request).await;
            let partition = &response.topics[0].partitions[0];
            assert_eq!((partition.error_code, partition.leader_epoch, partition.end_offset), (0, 0, 2));
        }
        ApiKey::DescribeConfigs => {
            let topic = DescribeConfigsResource::default().with_resource_type(2).with_resource_name(text("t"));
            let node = DescribeConfigsResource::default().with_resource_type(4).with_resource_name(text("1"));
            let resources = vec![topic.with_configuration_keys(None), node.with_configuration_keys(None)];
            let response = client.call(v, &DescribeConfigsRequest::default().with_resources(resources)).await;
            assert!(response.results.iter().all(|result| result.error_code == 0 && !result.configs.is_empty()));
        }
        ApiKey::DescribeCluster => {
            let response = client.call(v, &DescribeClusterRequest::default()).await;
            assert_eq!((response.error_code, response.brokers.len()), (0, 1));
        }
        ApiKey::FindCoordinator => {
            let request = FindCoordinatorRequest::default();
            if v >= 4 {
                let keys = vec![text("g"), text("h")];
                let response = client.call(v, &request.with_coordinator_keys(keys)).await;
                assert!(response.coordinators.iter().all(|c| c.error_code == 0 && c.node_id.0 == 1 && c.port > 0));
            } else {
                let response = client.call(v, &request.with_key(text("g"))).await;
                assert!(response.error_code == 0 && response.node_id.0 == 1 && response.port > 0);
            }
        }
        ApiKey::JoinGroup => {
            let (group, member) = (format!("join-{v}"), join(client, v, &format!("join-{v}")).await);
            leave(client, &group, &member).await;
        }
        ApiKey::SyncGroup => {
            let group = format!("sync-{v}");
            let member = join(client, 5, &group).await;
            let response = client.call(v, &sync(&group, &member, v)).await;
            assert_eq!((response.error_code, &response.assignment[..]), (0, &b"mine"[..]));
            leave(client, &group, &member).await;
        }
        ApiKey::Heartbeat => {
            let group = format!("beat-{v}");
            let member = join(client, 5, &group).await;
            client.call(3, &sync(&group, &member, 3)).await;
            let request = HeartbeatRequest::default().with_group_id(GroupId(text(&group))).with_generation_id(1);
            assert_eq!(client.call(v, &request.clone().with_member_id(text(&member))).await.error_code, 0);
            let stranger = client.call(v, &request.with_member_id(text("stranger"))).await;
            assert_eq!(stranger.error_code, ResponseError::UnknownMemberId.code());
            leave(client, &group, &member).await;
        }
        ApiKey::LeaveGroup => {
            let group = format!("leave-{v}");
            let member = join(client, 5, &group).await;
            let request = LeaveGroupRequest::default().with_group_id(GroupId(text(&group)));
            if v >= 3 {
                let identity = MemberIdentity::default().with_member_id(text(&member));
                let response = client.call(v, &request.with_members(vec![identity])).await;
                assert_eq!((response.error_code, response.members[0].error_code), (0, 0));
            } else {
                assert_eq!(client.call(v, &request.with_member_id(text(&member))).await.error_code, 0);
            }
        }
        ApiKey::OffsetCommit => {
            assert_eq!(commit(client, v, &format!("commit-{v}"), 1).await, 0);
        }
        ApiKey::OffsetFetch => offset_fetch(client, v).await,
        ApiKey::ListGroups => {
            commit(client, 8, "listed", 1).await;
            let response = client.call(v, &ListGroupsRequest::default()).await;
            assert!(
                response.error_code == 0 && response.groups.iter().any(|group| group.group_id.0.as_str() == "listed")
            );
        }
        ApiKey::DescribeGroups => {
            commit(client, 8, "described", 1).await;
            let groups = vec![GroupId(text("described")), GroupId(text("nobody"))];
            let response = client.call(v, &DescribeGroupsRequest::default().with_groups(groups)).await;
            assert_eq!((response.groups[0].error_code, response.groups[0].group_state.as_str()), (0, "Empty"));
            assert_eq!(response.groups[1].group_state.as_str(), "Dead");
        }
        ApiKey::DeleteGroups => {
            commit(client, 8, "deleted", 1).await;
            let request = DeleteGroupsRequest::default().with_groups_names(vec![GroupId(text("deleted"))]);
            assert_eq!(client.call(v, &request).await.results[0].error_code, 0);
            let again = client.call(v, &request).await;
            assert_eq!(again.results[0].error_code, ResponseError::GroupIdNotFound.code());
        }
        other => panic!("{other:?} is advertised and not tested"),
    }
}

async fn topic_id(client: &mut Client) -> uuid::Uuid {
    client.call(12, &metadata("t")).await.topics[0].topic_id
}

pub(crate) fn metadata(topic: &str) -> MetadataRequest {
    let topic = MetadataRequestTopic::default().with_name(Some(name(topic)));
    MetadataRequest::default().with_topics(Some(vec![topic])).with_allow_auto_topic_creation(true)
}

/// A request of version 2 or older with a message set; no client that speaks these versions only is supported, but it
/// is told so.
async fn old_produce(client: &mut Client, version: i16) {
    let mut body = BytesMut::new();
    body.put_i32(0);
    for number in [0, version] {
        body.put_i16(number);
    }
    body.put_i32(7); // correlation id
    body.put_i16(-1); // client id
    body.put_i16(1); // acks
    body.put_i32(1_000); // timeout
    body.put_i32(1);
    body.put_i16(1);
    body.put_slice(b"t");
    body.put_i32(1);
    body.put_i32(0); // partition
    body.put_i32(30);
    body.put_bytes(0, 30);
    let length = i32::try_from(body.len() - 4).unwrap();
    body[..4].copy_from_slice(&length.to_be_bytes());
    client.stream.write_all(&body).await.unwrap();
    let mut response = client.read_frame().await.unwrap();
    assert_eq!((response.get_i32(), response.get_i32(), response.get_i16()), (7, 1, 1));
    assert_eq!(response.get_u8(), b't');
    assert_eq!((response.get_i32(), response.get_i32()), (1, 0));
    assert_eq!((response.get_i16(), response.get_i64()), (ResponseError::InvalidRecord.code(), -1));
    let rest = [0, 4, 12][usize::try_from(version).unwrap()];
    assert_eq!(response.remaining(), rest);
}

async fn fetch(client: &mut Client, v: i16, id: uuid::Uuid) {
    let partition = FetchPartition::default().with_partition(0).with_partition_max_bytes(1 << 20);
    let topic = FetchTopic::default().with_partitions(vec![partition]);
    let topic = if v >= 13 { topic.with_topic_id(id) } else { topic.with_topic(name("t")) };
    let mut request = FetchRequest::default().with_max_bytes(1 << 20).with_min_bytes(1).with_topics(vec![topic]);
    let response = client.call(v, &request).await;
    let partition = &response.responses[0].partitions[0];
    assert_eq!((response.error_code, partition.error_code, partition.high_watermark), (0, 0, 2));
    assert!(!partition.records.as_ref().unwrap().is_empty());
    request.topics[0].partitions[0].fetch_offset = 99;
    let response = client.call(v, &request).await;
    let partition = &response.responses[0].partitions[0];
    assert_eq!(partition.error_code, ResponseError::OffsetOutOfRange.code());
    assert!(partition.records.as_ref().unwrap().is_empty());
}

async fn list_offsets(client: &mut Client, v: i16) {
    for (timestamp, offset) in [(-2, 0), (-1, 2), (1_001, 1), (5_000, -1), (-3, 1), (-4, 0), (-5, -1)] {
        let partition = ListOffsetsPartition::default().with_partition_index(0).with_timestamp(timestamp);
        let topic = ListOffsetsTopic::default().with_name(name("t")).with_partitions(vec![partition]);
        let request = ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![topic]);
        let response = client.call(v, &request).await;
        let partition = &response.topics[0].partitions[0];
        assert_eq!((partition.error_code, partition.offset), (0, offset), "timestamp {timestamp} in version {v}");
    }
}

/// Joins a group as its first member, with whatever version of JoinGroup; the member's id.
pub(crate) async fn join(client: &mut Client, v: i16, group: &str) -> String {
    let mut request = join_request(group, "");
    if v == 0 {
        request.rebalance_timeout_ms = -1;
    }
    let mut response = client.call(v, &request).await;
    if v >= 4 {
        assert_eq!(response.error_code, ResponseError::MemberIdRequired.code());
        request.member_id = response.member_id;
        response = client.call(v, &request).await;
    }
    assert_eq!((response.error_code, response.generation_id, response.members.len()), (0, 1, 1));
    assert_eq!(response.protocol_name, Some(text("range")));
    assert_eq!(response.leader, response.member_id);
    response.member_id.as_str().to_owned()
}

pub(crate) fn join_request(group: &str, member: &str) -> JoinGroupRequest {
    let protocol = JoinGroupRequestProtocol::default().with_name(text("range")).with_metadata("meta".into());
    JoinGroupRequest::default()
        .with_group_id(GroupId(text(group)))
        .with_member_id(text(member))
        .with_session_timeout_ms(10_000)
        .with_rebalance_timeout_ms(10_000)
        .with_protocol_type(text("consumer"))
        .with_protocols(vec![protocol])
}

fn sync(group: &str, member: &str, v: i16) -> SyncGroupRequest {
    let assignment = sync_group_request::SyncGroupRequestAssignment::default();
    let assignment = assignment.with_member_id(text(member)).with_assignment("mine".into());
    let named = v >= 5;
    SyncGroupRequest::default()
        .with_group_id(GroupId(text(group)))
        .with_generation_id(1)
        .with_member_id(text(member))
        .with_protocol_type(named.then(|| text("consumer")))
        .with_protocol_name(named.then(|| text("range")))
        .with_assignments(vec![assignment])
}

async fn leave(client: &mut Client, group: &str, member: &str) {
    let request = LeaveGroupRequest::default().with_group_id(GroupId(text(group))).with_member_id(text(member));
    assert_eq!(client.call(1, &request).await.error_code, 0);
}

/// Commits an offset for partition 0 of `t` from outside of any membership; the error code.
pub(crate) async fn commit(client: &mut Client, v: i16, group: &str, offset: i64) -> i16 {
    let partition = OffsetCommitRequestPartition::default().with_committed_offset(offset);
    let partition = partition.with_committed_metadata(Some(text("note")));
    let topic = OffsetCommitRequestTopic::default().with_name(name("t")).with_partitions(vec![partition]);
    let request = OffsetCommitRequest::default()
        .with_group_id(GroupId(text(group)))
        .with_generation_id_or_member_epoch(-1)
        .with_topics(vec![topic]);
    client.call(v, &request).await.topics[0].partitions[0].error_code
}

async fn offset_fetch(client: &mut Client, v: i16) {
    assert_eq!(commit(client, 8, "fetched", 2).await, 0);
    if v >= 8 {
        let topic = OffsetFetchRequestTopics::default().with_name(name("t")).with_partition_indexes(vec![0, 1]);
        let some =
            OffsetFetchRequestGroup::default().with_group_id(GroupId(text("fetched"))).with_topics(Some(vec![topic]));
        commit(client, 8, "all", 1).await;
        let all = some.clone().with_group_id(GroupId(text("all"))).with_topics(None);
        let response = client.call(v, &OffsetFetchRequest::default().with_groups(vec![some, all])).await;
        let [some, all] = &response.groups[..] else { panic!("{response:?}") };
        let offsets: Vec<i64> = some.topics[0].partitions.iter().map(|p| p.committed_offset).collect();
        assert_eq!((some.error_code, offsets), (0, vec![2, -1]));
        assert_eq!(all.topics[0].partitions[0].metadata, Some(text("note")));
    } else {
        let topic = OffsetFetchRequestTopic::default().with_name(name("t")).with_partition_indexes(vec![0, 1]);
        let request = OffsetFetchRequest::default().with_group_id(GroupId(text("fetched")));
        let response = client.call(v, &request.with_topics(Some(vec![topic]))).await;
        let offsets: Vec<i64> = response.topics[0].partitions.iter().map(|p| p.committed_offset).collect();
        assert_eq!((response.error_code, offsets), (0, vec![2, -1]));
    }
}

#[tokio::test]
async fn an_unknown_version_of_api_versions_is_answered_in_version_0() {
    let (_broker, mut client) = broker().await;
    let mut frame = BytesMut::new();
    frame.put_slice(&[0, 0, 0, 11, 0, 18, 0, 99, 0, 0, 0, 5, 0xff, 0xff, 0]);
    client.stream.write_all(&frame).await.unwrap();
    let mut response = client.read_frame().await.unwrap();
    assert_eq!((response.get_i32(), response.get_i16()), (5, ResponseError::UnsupportedVersion.code()));
    assert_eq!((response.get_i32(), response.get_i16()), (1, 18));
    assert_eq!((response.get_i16(), response.get_i16(), response.remaining()), (0, 4, 0));
    // The connection goes on.
    assert_eq!(client.call(0, &ApiVersionsRequest::default()).await.error_code, 0);
}

#[tokio::test]
async fn an_api_or_version_that_is_not_advertised_closes_the_connection() {
    for request in [[0, 24, 0, 0], [0, 3, 0, 99], [0x7f, 0xff, 0, 0], [0, 1, 0, 3]] {
        let (_broker, mut client) = broker().await;
        let mut frame = BytesMut::from(&[0, 0, 0, 10][..]);
        frame.put_slice(&request);
        frame.put_slice(&[0, 0, 0, 1, 0xff, 0xff]);
        client.stream.write_all(&frame).await.unwrap();
        assert!(client.is_closed().await);
    }
}

#[test]
fn the_banner_says_what_it_is_not() {
    let banner = topica::broker::banner();
    for word in ["replication", "persistence", "security", "tests only"] {
        assert!(banner.contains(word), "{word}");
    }
}
