//! Requests and their answers: many at once, cancelled, late, never.

use std::sync::Arc;
use std::time::Duration;

use kafka_protocol::messages::MetadataRequest;
use tokio::time::Instant;
use topica::wire::{Call, ConnectOptions, Connection, Error, Lost};

use super::script::*;

async fn ask(connection: &Connection) -> Result<String, Error> {
    let reply = connection.call(|_| MetadataRequest::default()).await?;
    Ok(reply.cluster_id.unwrap().to_string())
}

fn asking(connection: &Connection) -> tokio::task::JoinHandle<Result<String, Error>> {
    let connection = connection.clone();
    tokio::spawn(async move { ask(&connection).await })
}

fn cause(error: &Error) -> &Arc<Lost> {
    match error {
        Error::Lost { cause, .. } => cause,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn answers_find_their_requests_in_any_order() {
    let (connection, mut peer) = connected(MODERN, &ConnectOptions::default()).await;
    let mut calls = Vec::new();
    let mut seen = Vec::new();
    for _ in 0..5 {
        calls.push(asking(&connection));
        seen.push(peer.request().await.unwrap());
    }
    for (n, asked) in seen.iter().enumerate().rev() {
        peer.answer_metadata(asked, &format!("answer {n}")).await;
    }
    for (n, call) in calls.into_iter().enumerate() {
        assert_eq!(call.await.unwrap().unwrap(), format!("answer {n}"));
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_are_in_flight_than_allowed() {
    let mut options = ConnectOptions::default();
    options.max_in_flight = 2;
    let (connection, mut peer) = connected(MODERN, &options).await;
    let calls: Vec<_> = (0..6).map(|_| asking(&connection)).collect();
    for _ in 0..3 {
        let (first, second) = (peer.request().await.unwrap(), peer.request().await.unwrap());
        // Paused time passes only when nothing else can happen.
        let third = tokio::time::timeout(Duration::from_secs(1), peer.request()).await;
        assert!(third.is_err(), "a third request came before an answer");
        peer.answer_metadata(&first, "a").await;
        peer.answer_metadata(&second, "b").await;
    }
    for call in calls {
        call.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_call_that_is_given_up_does_not_shift_the_answers() {
    let (connection, mut peer) = connected(MODERN, &ConnectOptions::default()).await;
    let given_up = asking(&connection);
    let first = peer.request().await.unwrap();
    given_up.abort();
    assert!(given_up.await.unwrap_err().is_cancelled());
    let next = asking(&connection);
    let second = peer.request().await.unwrap();
    peer.answer_metadata(&first, "for nobody").await;
    peer.answer_metadata(&second, "for the second").await;
    assert_eq!(next.await.unwrap().unwrap(), "for the second");
}

#[tokio::test]
async fn what_was_sent_before_the_connection_broke_is_told_from_what_was_not() {
    let mut options = ConnectOptions::default();
    options.max_in_flight = 1;
    let (connection, mut peer) = connected(MODERN, &options).await;
    let first = asking(&connection);
    peer.request().await.unwrap();
    let queued = asking(&connection);
    tokio::task::yield_now().await;
    drop(peer);
    let (first, queued) = (first.await.unwrap().unwrap_err(), queued.await.unwrap().unwrap_err());
    assert!(first.may_have_been_executed(), "{first:?}");
    assert!(!queued.may_have_been_executed(), "{queued:?}");
    assert!(Arc::ptr_eq(cause(&first), cause(&queued)));
    let late = ask(&connection).await.unwrap_err();
    assert!(!late.may_have_been_executed(), "{late:?}");
}

#[tokio::test]
async fn a_call_that_is_given_up_in_the_queue_is_never_sent() {
    let mut options = ConnectOptions::default();
    options.max_in_flight = 1;
    let (connection, mut peer) = connected(MODERN, &options).await;
    let first = asking(&connection);
    let seen = peer.request().await.unwrap();
    let queued = asking(&connection);
    tokio::task::yield_now().await;
    queued.abort();
    let _ = queued.await;
    let last = asking(&connection);
    peer.answer_metadata(&seen, "first").await;
    let seen = peer.request().await.unwrap();
    peer.answer_metadata(&seen, "last").await;
    assert_eq!(first.await.unwrap().unwrap(), "first");
    assert_eq!(last.await.unwrap().unwrap(), "last");
    drop(connection);
    assert!(peer.request().await.is_none(), "nothing else was sent");
}

#[tokio::test]
async fn a_connection_that_breaks_fails_all_who_wait_with_one_cause() {
    let mut options = ConnectOptions::default();
    options.max_in_flight = 3;
    let (connection, mut peer) = connected(MODERN, &options).await;
    // One answer first, so that this is no refusal of the first request.
    let call = asking(&connection);
    let seen = peer.request().await.unwrap();
    peer.answer_metadata(&seen, "ok").await;
    call.await.unwrap().unwrap();
    // Three in flight and two queued; then half an answer, and the end.
    let calls: Vec<_> = (0..5).map(|_| asking(&connection)).collect();
    let seen = peer.request().await.unwrap();
    peer.request().await.unwrap();
    peer.request().await.unwrap();
    let answer = frame(seen.correlation, 1, &metadata("never", seen.version));
    peer.send(&answer[..answer.len() - 3]).await;
    drop(peer);
    let mut errors = Vec::new();
    for call in calls {
        errors.push(call.await.unwrap().unwrap_err());
    }
    for error in &errors {
        assert!(Arc::ptr_eq(cause(error), cause(&errors[0])));
        assert!(error.to_string().contains("the stream ended inside a frame"), "{error}");
        assert!(error.is_retriable());
    }
    assert!(connection.is_closed());
    let later = ask(&connection).await.unwrap_err();
    assert!(Arc::ptr_eq(cause(&later), cause(&errors[0])), "and all who come later");
}

#[tokio::test]
async fn hanging_up_at_the_first_request_points_to_sasl() {
    let (connection, mut peer) = connected(MODERN, &ConnectOptions::default()).await;
    let call = asking(&connection);
    peer.request().await.unwrap();
    drop(peer);
    let error = call.await.unwrap().unwrap_err();
    assert!(matches!(**cause(&error), Lost::ClosedAtFirstRequest), "{error:?}");
    assert!(error.hint().unwrap().contains("SASL"));
}

#[tokio::test]
async fn an_answer_to_nothing_ends_the_connection() {
    let (connection, mut peer) = connected(MODERN, &ConnectOptions::default()).await;
    let call = asking(&connection);
    let seen = peer.request().await.unwrap();
    peer.reply(seen.correlation + 1000, 1, &metadata("wrong", seen.version)).await;
    let error = call.await.unwrap().unwrap_err();
    assert!(matches!(**cause(&error), Lost::Correlation(id) if id == seen.correlation + 1000), "{error:?}");

    // The same answer twice is one too many.
    let (connection, mut peer) = connected(MODERN, &ConnectOptions::default()).await;
    let first = asking(&connection);
    let seen = peer.request().await.unwrap();
    let second = asking(&connection);
    peer.request().await.unwrap();
    peer.answer_metadata(&seen, "once").await;
    peer.answer_metadata(&seen, "twice").await;
    assert_eq!(first.await.unwrap().unwrap(), "once");
    let error = second.await.unwrap().unwrap_err();
    assert!(matches!(**cause(&error), Lost::Correlation(_)), "{error:?}");
}

#[tokio::test]
async fn a_frame_without_a_correlation_id_ends_the_connection() {
    let (connection, mut peer) = connected(MODERN, &ConnectOptions::default()).await;
    let call = asking(&connection);
    peer.request().await.unwrap();
    peer.send(&[0, 0, 0, 2, 1, 2]).await;
    let error = call.await.unwrap().unwrap_err();
    assert!(matches!(**cause(&error), Lost::Short(2)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_request_without_an_answer_ends_the_connection_for_all() {
    let options = ConnectOptions::default();
    let (connection, mut peer) = connected(MODERN, &options).await;
    let start = Instant::now();
    let first = asking(&connection);
    peer.request().await.unwrap();
    tokio::time::advance(Duration::from_secs(20)).await;
    let second = asking(&connection);
    peer.request().await.unwrap();
    let (first, second) = (first.await.unwrap().unwrap_err(), second.await.unwrap().unwrap_err());
    assert_eq!(start.elapsed().as_secs(), options.request_timeout.as_secs());
    assert!(Arc::ptr_eq(cause(&first), cause(&second)));
    assert_eq!(first.to_string(), "broker.test:9092: the connection broke: Metadata was not answered within 30s");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_asks_the_broker_to_wait_is_waited_for() {
    let options = ConnectOptions::default();
    let (connection, mut peer) = connected(MODERN, &options).await;
    let mut call = Call::default();
    call.patience = Duration::from_secs(60);
    let asked = connection.call_with(call, |_| MetadataRequest::default());
    let script = async {
        let seen = peer.request().await.unwrap();
        tokio::time::sleep(options.request_timeout + Duration::from_secs(59)).await;
        peer.answer_metadata(&seen, "late").await;
    };
    let (reply, ()) = tokio::join!(asked, script);
    assert_eq!(reply.unwrap().cluster_id.as_deref(), Some("late"));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_is_given_up_too() {
    let (ours, theirs) = tokio::io::duplex(64);
    let mut peer = Peer(theirs);
    let options = ConnectOptions::default();
    let (connection, ()) = tokio::join!(Connection::over(Box::new(ours), address(), &options), peer.greet(MODERN));
    let connection = connection.unwrap();
    // More than the pipe holds.
    let topic = kafka_protocol::messages::metadata_request::MetadataRequestTopic::default()
        .with_name(Some(kafka_protocol::messages::TopicName("x".repeat(1000).into())));
    let call = connection.call(|_| MetadataRequest::default().with_topics(Some(vec![topic])));
    let error = call.await.unwrap_err();
    assert!(matches!(**cause(&error), Lost::Timeout { .. }), "{error:?}");
}

#[tokio::test]
async fn the_last_handle_closes_the_connection() {
    let (connection, mut peer) = connected(MODERN, &ConnectOptions::default()).await;
    let other = connection.clone();
    drop(connection);
    let call = asking(&other);
    let seen = peer.request().await.unwrap();
    peer.answer_metadata(&seen, "still here").await;
    call.await.unwrap().unwrap();
    drop(other);
    assert!(peer.request().await.is_none());
}
