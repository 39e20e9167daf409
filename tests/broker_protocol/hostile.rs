//! Bytes that no client would send: the connection goes, the broker stays, and no lying length costs memory.

use std::time::Duration;

use bytes::{BufMut, BytesMut};
use kafka_protocol::messages::ApiVersionsRequest;
use tokio::io::AsyncWriteExt;
use topica::broker::{Broker, BrokerConfig};

use crate::client::{Client, batch, broker, frame, produce_request};
use crate::versions::metadata;

async fn is_alive(broker: &Broker) -> bool {
    Client::connect(broker.address()).await.call(0, &ApiVersionsRequest::default()).await.error_code == 0
}

#[tokio::test]
async fn what_is_no_kafka_request_closes_the_connection() {
    let (broker, _client) = broker().await;
    for bytes in [
        &b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..],
        &[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3],
        b"SSH-2.0-OpenSSH_9.2\r\n",
        &[0xff; 64],
        &[0, 0, 0, 0],
        &[0, 0, 0, 4, 0, 3, 0, 9],
        &[0x7f, 0xff, 0xff, 0xff, 0, 3, 0, 9, 0, 0, 0, 1],
    ] {
        let mut client = Client::connect(broker.address()).await;
        client.stream.write_all(bytes).await.unwrap();
        assert!(client.is_closed().await, "{bytes:?}");
    }
    assert!(is_alive(&broker).await);
}

/// A count of two thousand million in each place where a request can have one.
#[tokio::test]
async fn lying_counts_are_refused() {
    let (broker, _client) = broker().await;
    for (key, version, before) in [
        (3, 1, &b""[..]),                                                // Metadata: topics
        (0, 3, &[0xff, 0xff, 0, 1, 0, 0, 0, 1]),                         // Produce: topics
        (0, 3, &[0xff, 0xff, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, b't']), // Produce: partitions
        (1, 4, &[0; 17]),                                                // Fetch: topics
        (19, 2, b""),                                                    // CreateTopics: topics
        (15, 0, b""),                                                    // DescribeGroups: groups
        (11, 0, &[0, 1, b'g', 0, 0, 0, 9, 0, 0, 0, 1, b'c']),            // JoinGroup: protocols
    ] {
        let mut client = Client::connect(broker.address()).await;
        let mut request = BytesMut::new();
        request.put_i32(i32::try_from(2 + 2 + 4 + 2 + before.len() + 4).unwrap());
        request.put_i16(key);
        request.put_i16(version);
        request.put_i32(1);
        request.put_i16(-1);
        request.put_slice(before);
        request.put_i32(2_000_000_000);
        client.stream.write_all(&request).await.unwrap();
        assert!(client.is_closed().await, "API {key}");
    }
    assert!(is_alive(&broker).await);
}

#[tokio::test]
async fn a_request_without_records_has_no_reason_to_be_large() {
    let (broker, mut client) = broker().await;
    let mut request = BytesMut::from(&frame(12, 1, &metadata("t"))[..]);
    request.put_bytes(0, 2 << 20);
    let length = i32::try_from(request.len() - 4).unwrap();
    request[..4].copy_from_slice(&length.to_be_bytes());
    let _ = client.stream.write_all(&request).await;
    assert!(client.is_closed().await);
    assert!(is_alive(&broker).await);
}

#[tokio::test]
async fn every_cut_and_every_flipped_byte_of_a_produce_is_survived() {
    let (broker, _client) = broker().await;
    let whole = frame(9, 1, &produce_request("t", 0, batch(&["some", "values"])));
    for at in 4..whole.len() {
        let _ = topica::broker::answer_frame(&whole[4..at]);
        let mut flipped = BytesMut::from(&whole[4..]);
        flipped[at - 4] ^= 0xff;
        let _ = topica::broker::answer_frame(&flipped);
    }
    assert!(is_alive(&broker).await);
}

#[tokio::test]
async fn a_connection_too_many_and_an_idle_one_are_closed() {
    let config = BrokerConfig::new().with_max_connections(1).with_idle(Duration::from_millis(200));
    let broker = Broker::start(config).await.unwrap();
    let mut first = Client::connect(broker.address()).await;
    first.call(0, &ApiVersionsRequest::default()).await;
    assert!(Client::connect(broker.address()).await.is_closed().await);
    // Half a frame is no sign of life.
    first.stream.write_all(&[0, 0, 0]).await.unwrap();
    assert!(first.is_closed().await);
    while broker.stats().open_connections > 0 {
        tokio::task::yield_now().await;
    }
    Client::connect(broker.address()).await.call(0, &ApiVersionsRequest::default()).await;
}

#[tokio::test]
async fn three_hundred_connections_are_served_at_once() {
    let (broker, _client) = broker().await;
    let mut clients = Vec::new();
    for _ in 0..300 {
        clients.push(Client::connect(broker.address()).await);
    }
    for client in &mut clients {
        client.send(0, &ApiVersionsRequest::default()).await;
    }
    for client in &mut clients {
        assert_eq!(client.receive::<ApiVersionsRequest>(0).await.error_code, 0);
    }
    assert_eq!(broker.stats().open_connections, 301);
}
