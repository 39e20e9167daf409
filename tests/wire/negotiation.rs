//! Versions: ApiVersions with its fallbacks, and what is agreed on for each API.

use bytes::{BufMut, BytesMut};
use kafka_protocol::messages::{ApiVersionsRequest, FetchRequest, MetadataRequest};
use tokio::net::TcpListener;
use topica::wire::{BrokerVersions, ConnectOptions, Connection, Error, our_versions};

use super::script::*;

/// The v0 layout of error 35, with these APIs listed.
fn unsupported(apis: &[(i16, i16, i16)]) -> BytesMut {
    let mut body = BytesMut::new();
    body.put_i16(35);
    body.put_i32(apis.len() as i32);
    for &(key, min, max) in apis {
        body.put_i16(key);
        body.put_i16(min);
        body.put_i16(max);
    }
    body
}

/// Connects to a peer that answers v3 with `refusal`, and gives the version that is asked for next.
async fn next_version_after(refusal: &[u8]) -> i16 {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let mut peer = Peer(theirs);
    let script = async {
        let first = peer.request().await.unwrap();
        assert_eq!((first.key, first.version), (18, 3));
        let asked: ApiVersionsRequest = first.decode();
        assert_eq!(&*asked.client_software_name, "topica");
        peer.reply(first.correlation, 0, refusal).await;
        let second = peer.request().await.unwrap();
        assert_eq!(second.key, 18);
        assert_ne!(second.correlation, first.correlation);
        peer.reply(second.correlation, 0, &api_versions(MODERN, second.version)).await;
        second.version
    };
    let options = ConnectOptions::default();
    let (connection, version) = tokio::join!(Connection::over(Box::new(ours), address(), &options), script);
    assert_eq!(connection.unwrap().version::<MetadataRequest>().unwrap(), 12);
    version
}

#[tokio::test]
async fn a_broker_that_knows_older_versions_only_says_which() {
    assert_eq!(next_version_after(&unsupported(&[(18, 0, 2)])).await, 2);
    assert_eq!(next_version_after(&unsupported(&[(18, 0, 1)])).await, 1);
}

#[tokio::test]
async fn a_broker_that_does_not_say_which_is_asked_at_v0() {
    assert_eq!(next_version_after(&unsupported(&[])).await, 0);
    // What librdkafka's mock cluster answers: a compact array where v0 has a plain one. Recorded from 2.16.0.
    assert_eq!(next_version_after(&[0, 35, 1, 0, 18, 0, 0, 0, 2, 0, 0, 0, 0]).await, 0);
}

#[tokio::test]
async fn a_broker_that_refuses_every_version_is_given_up() {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let mut peer = Peer(theirs);
    let script = async {
        while let Some(asked) = peer.request().await {
            peer.reply(asked.correlation, 0, &unsupported(&[(18, 0, 2)])).await;
        }
    };
    let options = ConnectOptions::default();
    let (connection, ()) = tokio::join!(Connection::over(Box::new(ours), address(), &options), script);
    assert!(matches!(connection.unwrap_err(), Error::Refused { code: 35, .. }));
}

#[tokio::test]
async fn a_broker_that_hangs_up_at_v3_is_asked_at_v0_on_a_new_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap().to_string();
    let server = tokio::spawn(async move {
        let mut peer = Peer(listener.accept().await.unwrap().0);
        assert_eq!(peer.request().await.unwrap().version, 3);
        drop(peer);
        let mut peer = Peer(listener.accept().await.unwrap().0);
        let asked = peer.request().await.unwrap();
        assert_eq!(asked.version, 0);
        peer.reply(asked.correlation, 0, &api_versions(MODERN, 0)).await;
        let asked = peer.request().await.unwrap();
        peer.answer_metadata(&asked, "old").await;
    });
    let connection = Connection::open(&at, &ConnectOptions::default()).await.unwrap();
    let reply = connection.call(|_| MetadataRequest::default()).await.unwrap();
    assert_eq!(reply.cluster_id.as_deref(), Some("old"));
    server.await.unwrap();
}

#[tokio::test]
async fn the_highest_version_of_both_sides_is_used() {
    for (theirs, agreed) in [((0, 13), 12), ((0, 9), 9), ((4, 4), 4), ((12, 40), 12)] {
        let (connection, mut peer) =
            connected(&[(18, 0, 3), (3, theirs.0, theirs.1)], &ConnectOptions::default()).await;
        let call = connection.call(|version| {
            assert_eq!(version, agreed);
            MetadataRequest::default()
        });
        let script = async {
            let asked = peer.request().await.unwrap();
            assert_eq!(asked.version, agreed);
            peer.answer_metadata(&asked, "c").await;
        };
        let (reply, ()) = tokio::join!(call, script);
        reply.unwrap();
    }
}

#[tokio::test]
async fn without_a_common_version_the_error_names_the_api_and_both_ranges() {
    let (connection, _peer) = connected(&[(18, 0, 3), (3, 0, 2)], &ConnectOptions::default()).await;
    let error = connection.call(|_| MetadataRequest::default()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "broker.test:9092: no common version of Metadata: this client speaks v4 to v12, the broker v0 to v2"
    );
    let error = connection.call(|_| FetchRequest::default()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "broker.test:9092: no common version of Fetch: this client speaks v4 to v17, the broker none"
    );
    assert!(!error.is_retriable() && error.hint().is_some());
    assert!(!connection.is_closed(), "asking for what is not there costs nothing");
}

#[test]
fn looking_at_metadata_never_creates_a_topic() {
    assert!(our_versions::<MetadataRequest>().min >= 4);
    assert!(BrokerVersions::default().negotiate::<MetadataRequest>(i16::MAX).is_err());
}
