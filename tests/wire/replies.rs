//! Replies whose frame is right and whose content is not: the request fails, the connection goes on.

use bytes::{BufMut, BytesMut};
use kafka_protocol::messages::MetadataRequest;
use topica::wire::{ConnectOptions, Error, FrameError, Lost, ReplyError};

use super::script::*;

/// What becomes of a request that is answered with `body`, and of the one after it.
async fn answered_with(body: &[u8]) -> Error {
    let (connection, mut peer) = connected(&[(18, 0, 3), (3, 9, 9)], &ConnectOptions::default()).await;
    let script = async {
        let asked = peer.request().await.unwrap();
        peer.reply(asked.correlation, 1, body).await;
        let asked = peer.request().await.unwrap();
        peer.answer_metadata(&asked, "fine").await;
    };
    let calls = async {
        let first = connection.call(|_| MetadataRequest::default()).await;
        let second = connection.call(|_| MetadataRequest::default()).await;
        assert_eq!(second.unwrap().cluster_id.as_deref(), Some("fine"));
        first.unwrap_err()
    };
    tokio::join!(calls, script).0
}

#[tokio::test]
async fn a_reply_that_is_cut_short_fails_its_request_only() {
    let whole = metadata("cluster", 9);
    for cut in 0..whole.len() {
        let error = answered_with(&whole[..cut]).await;
        assert!(matches!(error, Error::Malformed { ref api, version: 9, .. } if api == "Metadata"), "{error:?}");
        assert!(error.to_string().starts_with("broker.test:9092: malformed reply to Metadata v9: "), "{error}");
        assert!(!error.is_retriable());
    }
}

#[tokio::test]
async fn a_reply_with_bytes_left_over_fails_its_request_only() {
    let error = answered_with(&[&metadata("cluster", 9)[..], b"more"].concat()).await;
    assert!(matches!(error, Error::Malformed { source: ReplyError::Trailing(4), .. }), "{error:?}");
    assert!(error.may_have_been_executed());
    assert!(error.to_string().ends_with("4 bytes are left over after the last field"), "{error}");
}

#[tokio::test]
async fn arrays_that_claim_more_than_there_is_fail_their_request_only() {
    // Throttle time, then a compact array of 2^28 brokers.
    let mut body = BytesMut::new();
    body.put_i32(0);
    body.put_slice(&[0xff, 0xff, 0xff, 0x7f]);
    assert!(matches!(answered_with(&body).await, Error::Malformed { .. }));
    // So for the tagged fields, in the body and in the header.
    let whole = metadata("cluster", 9);
    let body = [&whole[..whole.len() - 1], &[0xff, 0xff, 0xff, 0xff, 0x0f]].concat();
    assert!(matches!(answered_with(&body).await, Error::Malformed { .. }));
}

#[tokio::test]
async fn a_reply_beyond_the_cap_ends_the_connection() {
    let mut options = ConnectOptions::default();
    options.max_frame = 1000;
    let (connection, mut peer) = connected(MODERN, &options).await;
    let script = async {
        peer.request().await.unwrap();
        peer.send(&1001_u32.to_be_bytes()).await;
    };
    let (reply, ()) = tokio::join!(connection.call(|_| MetadataRequest::default()), script);
    let error = reply.unwrap_err();
    match &error {
        Error::Lost { cause, .. } => {
            assert!(matches!(**cause, Lost::Frame(FrameError::TooLarge { length: 1001, max: 1000 })), "{cause:?}");
        }
        other => panic!("{other:?}"),
    }
    assert!(!error.is_retriable(), "the same request would bring the same reply");
    assert!(error.hint().unwrap().contains("fewer bytes"));
}
