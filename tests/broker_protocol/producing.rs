//! Produce: what is accepted, what is refused with which error, and that nothing is appended twice.

use bytes::{Bytes, BytesMut};
use kafka_protocol::ResponseError;
use topica::broker::BrokerConfig;
use topica::record::{Batches, Compression};

use crate::client::{batch, broker, broker_with, compressed, only_partition, produce_request, stamped};

#[tokio::test]
async fn batches_get_consecutive_offsets_in_every_codec() {
    let (broker, mut client) = broker().await;
    let codecs = [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];
    for (n, codec) in (0..).zip(codecs) {
        assert_eq!(client.produce("t", 0, compressed(&["a", "b", "c"], codec)).await, (0, n * 3), "{codec:?}");
    }
    assert_eq!(broker.end_offset("t", 0), Some(15));
}

#[tokio::test]
async fn a_batch_sent_again_is_answered_with_its_old_offset() {
    let (broker, mut client) = broker().await;
    assert_eq!(client.produce("t", 0, stamped(&["a", "b"], 7, 0, 0)).await, (0, 0));
    assert_eq!(client.produce("t", 0, stamped(&["c"], 7, 0, 2)).await, (0, 2));
    assert_eq!(client.produce("t", 0, stamped(&["a", "b"], 7, 0, 0)).await, (0, 0));
    assert_eq!(client.produce("t", 0, stamped(&["c"], 7, 0, 2)).await, (0, 2));
    let gap = client.produce("t", 0, stamped(&["e"], 7, 0, 4)).await;
    assert_eq!(gap.0, ResponseError::OutOfOrderSequenceNumber.code());
    assert_eq!(client.produce("t", 0, stamped(&["d"], 7, 1, 0)).await, (0, 3));
    let fenced = client.produce("t", 0, stamped(&["e"], 7, 0, 3)).await;
    assert_eq!(fenced.0, ResponseError::InvalidProducerEpoch.code());
    assert_eq!(broker.end_offset("t", 0), Some(4));
}

#[tokio::test]
async fn damage_is_refused_and_named() {
    let (broker, mut client) = broker_with(BrokerConfig::new().with_max_batch(1_000)).await;
    let good = batch(&["a", "b"]);
    let flip = |at: usize| {
        let mut bytes = BytesMut::from(&good[..]);
        bytes[at] ^= 1;
        bytes.freeze()
    };
    // The record count, with the checksum made right again.
    let miscounted = {
        let mut bytes = BytesMut::from(&good[..]);
        bytes[60] = 3;
        let crc = crc32c::crc32c(&bytes[21..]);
        bytes[17..21].copy_from_slice(&crc.to_be_bytes());
        bytes.freeze()
    };
    let twice: Bytes = [&good[..], &good[..]].concat().into();
    let large = batch(&[&"x".repeat(2_000)]);
    let invalid = ResponseError::InvalidRecord;
    for (what, bytes, code) in [
        ("a flipped bit", flip(good.len() - 1), ResponseError::CorruptMessage),
        ("another magic", flip(16), invalid),
        ("a wrong count", miscounted, invalid),
        ("half a batch", good.slice(..good.len() - 1), invalid),
        ("two batches", twice, invalid),
        ("a stub", good.slice(..10), invalid),
        ("nothing", Bytes::new(), invalid),
        ("too large", large, ResponseError::MessageTooLarge),
    ] {
        assert_eq!(client.produce("t", 0, bytes).await, (code.code(), -1), "{what}");
    }
    assert_eq!(broker.end_offset("t", 0), Some(0));
    assert_eq!(client.produce("t", 0, good).await, (0, 0));
}

#[tokio::test]
async fn acks_are_honoured() {
    let (broker, mut client) = broker().await;
    let mut request = produce_request("t", 0, batch(&["a"]));
    for (acks, code) in [(1, 0), (2, ResponseError::InvalidRequiredAcks.code())] {
        request.acks = acks;
        assert_eq!(only_partition(&client.call(9, &request).await).0, code);
    }
    // No answer to acks=0: what comes next is the answer to the next request.
    request.acks = 0;
    client.send(9, &request).await;
    assert_eq!(client.produce("t", 0, batch(&["b"])).await, (0, 2));
    assert_eq!(broker.end_offset("t", 0), Some(3));
    // When it fails, closing the connection is all that a broker can do.
    request.topic_data[0].partition_data[0].index = 99;
    client.send(9, &request).await;
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn a_full_broker_says_so_and_deleting_makes_room() {
    let (broker, mut client) = broker_with(BrokerConfig::new().with_max_retained(1_000)).await;
    let mut appended = 0;
    let refused = loop {
        let response = client.call(9, &produce_request("t", 0, batch(&["some value"]))).await;
        let partition = response.responses[0].partition_responses[0].clone();
        if partition.error_code != 0 {
            break partition;
        }
        appended += 1;
    };
    assert!((5..15).contains(&appended));
    assert_eq!(refused.error_code, ResponseError::PolicyViolation.code());
    assert!(refused.error_message.unwrap().contains("at most 1000 bytes"));
    broker.delete_records("t", 0, appended).unwrap();
    assert_eq!(client.produce("t", 0, batch(&["some value"])).await, (0, appended));
    broker.delete_topic("t").unwrap();
    broker.create_topic("t", 1).unwrap();
    assert_eq!(client.produce("t", 0, batch(&["some value"])).await, (0, 0));
}

#[tokio::test]
async fn what_is_appended_in_process_is_what_is_fetched() {
    let (broker, _client) = broker().await;
    assert_eq!(broker.append("t", 1, batch(&["a", "b"])).unwrap(), 0);
    assert_eq!(broker.append("t", 1, batch(&["c"])).unwrap(), 2);
    assert!(broker.append("t", 9, batch(&["c"])).unwrap_err().to_string().contains('t'));
    assert!(broker.append("t", 0, Bytes::from_static(b"nonsense")).is_err());
    let bytes = crate::fetching::fetch_all(&broker, "t", 1).await;
    let offsets: Vec<i64> = Batches::new(&bytes).map(|batch| batch.unwrap().base_offset()).collect();
    assert_eq!(offsets, [0, 2]);
}
