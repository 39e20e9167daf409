//! How a cluster is found, and what is said when it is not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use topica::broker::{Broker, BrokerConfig};
use topica::client::{Client, ClientConfig, ConfigError, Error, Kind, OffsetSpec};

async fn dead_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

#[tokio::test]
async fn the_first_server_that_answers_is_enough() {
    let broker = Broker::start(BrokerConfig::new()).await.unwrap();
    let servers = [dead_port().await, "no-such-host.invalid:9092".to_owned(), broker.bootstrap()];
    let client = Client::connect(ClientConfig::new(servers)).await.unwrap();
    assert_eq!(client.cluster().brokers.len(), 1);
}

#[tokio::test]
async fn a_server_that_says_nothing_does_not_hold_up_the_others() {
    let broker = Broker::start(BrokerConfig::new()).await.unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let servers = [silent.local_addr().unwrap().to_string(), broker.bootstrap()];
    let start = Instant::now();
    Client::connect(ClientConfig::new(servers)).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}

#[tokio::test]
async fn when_none_answers_each_is_named_with_its_reason() {
    let dead = dead_port().await;
    let http = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let web = http.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = http.accept().await.unwrap();
            let _ = stream.read_buf(&mut Vec::with_capacity(1000)).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let start = Instant::now();
    let error = Client::connect(ClientConfig::new([&dead, &web])).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(5), "a wrong port is told at once");
    assert_eq!(
        error.to_string(),
        format!("no bootstrap server answered: {dead}: connection refused; {web}: this is HTTP, not Kafka")
    );
    assert_eq!(error.kind(), Kind::Unreachable);
    assert!(error.hint().is_some());
}

#[tokio::test]
async fn a_configuration_that_cannot_work_is_the_callers_fault() {
    for (servers, expected) in
        [("", "no bootstrap servers"), ("kafka:port", "\"kafka:port\""), ("SSL://kafka:1", "plaintext")]
    {
        let error = Client::connect(ClientConfig::new([servers])).await.unwrap_err();
        assert!(matches!(error, Error::Config(ConfigError::NoServers | ConfigError::Server { .. })), "{error:?}");
        assert_eq!(error.kind(), Kind::Usage);
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn an_advertised_address_that_cannot_be_reached_is_named_as_such() {
    let config = BrokerConfig::new().with_topic("orders", 1).with_advertised_host("no-such-host.invalid");
    let broker = Broker::start(config).await.unwrap();
    let client = Client::connect(ClientConfig::new([broker.bootstrap()])).await.unwrap();
    let advertised = format!("no-such-host.invalid:{}", broker.address().port());
    let start = Instant::now();
    let error = client.list_offsets(&[("orders", 0)], OffsetSpec::Latest).await.remove(0).1.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert!(error.to_string().starts_with(&format!("broker 1 cannot be reached at {advertised}")), "{error}");
    assert!(error.hint().unwrap().contains("advertised.listeners"));
    assert_eq!(error.kind(), Kind::Unreachable);
    assert_eq!(error.address(), Some(advertised));
}

#[tokio::test]
async fn connecting_ends_with_the_time_allowed_and_every_server_was_tried() {
    let mut silent = Vec::new();
    for _ in 0..4 {
        silent.push(TcpListener::bind("127.0.0.1:0").await.unwrap());
    }
    let servers = silent.iter().map(|listener| listener.local_addr().unwrap().to_string());
    let start = Instant::now();
    let config = ClientConfig::new(servers).timeout(Duration::from_millis(500));
    let error = Client::connect(config).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    let Error::Bootstrap { failures } = &error else { panic!("{error:?}") };
    assert_eq!(failures.len(), 4, "{error}");
    assert!(error.is_retriable() && error.to_string().contains("did not answer ApiVersions"), "{error}");
}
