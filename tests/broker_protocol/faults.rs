//! Interceptions: errors, delays and lost answers on demand, and shutting down.

use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{ApiKey, ApiVersionsRequest};
use tokio::time::Instant;
use topica::broker::{Action, Interception};

use crate::client::{Client, batch, broker, produce_request};
use crate::versions::metadata;

#[tokio::test]
async fn an_error_is_answered_as_often_as_asked_and_nothing_is_done() {
    let (broker, mut client) = broker().await;
    let code = ResponseError::NotEnoughReplicas;
    broker.intercept(Interception::times(ApiKey::Produce, Action::Fail(code), 2));
    assert_eq!(client.produce("t", 0, batch(&["a"])).await, (code.code(), -1));
    assert_eq!(client.call(12, &metadata("t")).await.topics[0].error_code, 0);
    assert_eq!(client.produce("t", 0, batch(&["a"])).await, (code.code(), -1));
    assert_eq!(client.produce("t", 0, batch(&["a"])).await, (0, 0));
    assert_eq!(broker.stats().requests_of(ApiKey::Produce), 3);
}

#[tokio::test]
async fn a_dropped_request_is_not_done_and_a_dropped_answer_is() {
    let (broker, mut client) = broker().await;
    broker.intercept(Interception::once(ApiKey::Produce, Action::Drop));
    client.send(9, &produce_request("t", 0, batch(&["a"]))).await;
    assert!(client.is_closed().await);
    assert_eq!(broker.end_offset("t", 0), Some(0));

    let mut client = Client::connect(broker.address()).await;
    broker.intercept(Interception::once(ApiKey::Produce, Action::DropAnswer).on_node(1));
    client.send(9, &produce_request("t", 0, batch(&["a"]))).await;
    assert!(client.is_closed().await);
    assert_eq!(broker.end_offset("t", 0), Some(1));
}

#[tokio::test]
async fn a_delay_delays_and_rules_can_be_taken_back() {
    let (broker, mut client) = broker().await;
    broker.intercept(Interception::once(ApiKey::Metadata, Action::Delay(Duration::from_millis(120))));
    let began = Instant::now();
    client.call(12, &metadata("t")).await;
    assert!(began.elapsed() >= Duration::from_millis(120));
    broker.intercept(Interception::once(ApiKey::Metadata, Action::Drop));
    broker.intercept(Interception::once(ApiKey::Metadata, Action::Drop).on_node(2));
    broker.clear_interceptions();
    assert_eq!(client.call(12, &metadata("t")).await.topics[0].error_code, 0);
}

#[tokio::test]
async fn dropping_the_broker_closes_everything() {
    let (broker, mut client) = broker().await;
    client.call(3, &ApiVersionsRequest::default()).await;
    let address = broker.address();
    drop(broker);
    assert!(client.is_closed().await);
    // The port is free again once the runtime has dropped the listener's task.
    let deadline = Instant::now() + Duration::from_secs(10);
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        assert!(Instant::now() < deadline);
        tokio::task::yield_now().await;
    }
}
