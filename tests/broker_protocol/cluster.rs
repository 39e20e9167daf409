//! Several nodes, one state: leaders and coordinators are found, moved, and asked for by the right node only.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic};
use kafka_protocol::messages::{
    BrokerId, FetchRequest, FindCoordinatorRequest, GroupId, HeartbeatRequest, MetadataRequest,
    OffsetForLeaderEpochRequest,
};
use topica::broker::{Broker, BrokerConfig};

use crate::client::{Client, batch, name, only_partition, produce_request, text};

async fn three_nodes() -> Broker {
    Broker::start(BrokerConfig::new().with_nodes(3).with_topic("t", 6)).await.unwrap()
}

#[tokio::test]
async fn leaders_are_spread_and_every_node_tells_the_same() {
    let broker = three_nodes().await;
    for &address in broker.addresses() {
        let response = Client::connect(address).await.call(12, &MetadataRequest::default().with_topics(None)).await;
        let ports: Vec<i32> = response.brokers.iter().map(|node| node.port).collect();
        assert_eq!(ports, broker.addresses().iter().map(|a| i32::from(a.port())).collect::<Vec<_>>());
        let mut leaders: Vec<i32> = response.topics[0].partitions.iter().map(|p| p.leader_id.0).collect();
        leaders.sort_unstable();
        assert_eq!(leaders, [1, 1, 2, 2, 3, 3]);
    }
}

#[tokio::test]
async fn a_partition_whose_leader_moves_is_refused_by_the_old_one_and_served_by_the_new_one() {
    let broker = three_nodes().await;
    let old = broker.leader("t", 0).unwrap();
    let new = old % 3 + 1;
    let at = |node: i32| broker.addresses()[usize::try_from(node - 1).unwrap()];
    let mut of_old = Client::connect(at(old)).await;
    let mut of_new = Client::connect(at(new)).await;
    let produce = produce_request("t", 0, batch(&["a"]));
    assert_eq!(only_partition(&of_old.call(9, &produce).await), (0, 0));

    broker.move_leader("t", 0, new).unwrap();
    let refused = of_old.call(10, &produce).await;
    let partition = &refused.responses[0].partition_responses[0];
    assert_eq!(partition.error_code, ResponseError::NotLeaderOrFollower.code());
    assert_eq!((partition.current_leader.leader_id.0, partition.current_leader.leader_epoch), (new, 1));
    assert!(refused.node_endpoints.iter().any(|node| node.node_id.0 == new));
    assert_eq!(only_partition(&of_new.call(9, &produce).await), (0, 1));

    let mut wanted = FetchPartition::default().with_partition(0).with_partition_max_bytes(1 << 20);
    wanted.current_leader_epoch = 0;
    let topic = FetchTopic::default().with_topic(name("t")).with_partitions(vec![wanted]);
    let mut fetch = FetchRequest::default().with_max_bytes(1 << 20).with_topics(vec![topic]);
    let code = |response: &kafka_protocol::messages::FetchResponse| response.responses[0].partitions[0].error_code;
    assert_eq!(code(&of_old.call(12, &fetch).await), ResponseError::NotLeaderOrFollower.code());
    assert_eq!(code(&of_new.call(12, &fetch).await), ResponseError::FencedLeaderEpoch.code());
    fetch.topics[0].partitions[0].current_leader_epoch = 1;
    assert_eq!(code(&of_new.call(12, &fetch).await), 0);

    // Epoch 0 ended where the move found the log.
    let wanted = OffsetForLeaderPartition::default().with_partition(0).with_leader_epoch(0);
    let topic = OffsetForLeaderTopic::default().with_topic(name("t")).with_partitions(vec![wanted]);
    let request = OffsetForLeaderEpochRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![topic]);
    let response = of_new.call(4, &request).await;
    assert_eq!(response.topics[0].partitions[0].end_offset, 1);
    assert!(broker.move_leader("t", 0, 4).is_err() && broker.move_leader("u", 0, 1).is_err());
}

#[tokio::test]
async fn a_group_is_kept_by_one_node() {
    let broker = three_nodes().await;
    let mut seen = std::collections::BTreeSet::new();
    for group in ["a", "b", "c", "d", "e", "f", "g"] {
        let mut client = Client::connect(broker.address()).await;
        let request = FindCoordinatorRequest::default().with_key(text(group));
        let coordinator = client.call(3, &request).await;
        seen.insert(coordinator.node_id.0);
        for (node, &address) in (1..).zip(broker.addresses()) {
            let request = HeartbeatRequest::default().with_group_id(GroupId(text(group))).with_member_id(text("m"));
            let answer = Client::connect(address).await.call(3, &request).await.error_code;
            let expected = if node == coordinator.node_id.0 {
                ResponseError::UnknownMemberId
            } else {
                ResponseError::NotCoordinator
            };
            assert_eq!(answer, expected.code());
        }
    }
    assert!(seen.len() > 1);
}
