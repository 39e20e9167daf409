//! What is no Kafka broker is named as what it is, with what to do.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use topica::wire::{ConnectOptions, Connection, Error, LooksLike};

/// Connects to something that says `banner` at once or, if `polite`, after the first bytes; then hangs up.
async fn met_with(banner: &'static [u8], polite: bool) -> Error {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            if polite {
                let _ = stream.read_buf(&mut Vec::with_capacity(1000)).await;
            }
            let _ = stream.write_all(banner).await;
        }
    });
    let error = Connection::open(&address, &ConnectOptions::default()).await.unwrap_err();
    server.abort();
    assert_eq!(error.address().unwrap().to_string(), address);
    assert!(error.to_string().contains(&address), "{error}");
    assert!(!error.to_string().contains('\n'));
    error
}

#[tokio::test]
async fn an_http_port_is_named() {
    let error = met_with(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n", true).await;
    assert!(matches!(error, Error::NotKafka { found: LooksLike::Http, .. }), "{error:?}");
    assert!(error.to_string().contains("HTTP, not Kafka"), "{error}");
    assert!(error.hint().unwrap().contains("9092"));
    assert!(!error.is_retriable());
}

#[tokio::test]
async fn a_tls_listener_is_named_by_its_alert() {
    // What OpenSSL sends to a client that does not speak TLS: fatal alert, protocol version.
    let error = met_with(&[0x15, 3, 3, 0, 2, 2, 70], true).await;
    assert!(matches!(error, Error::NotKafka { found: LooksLike::Tls, .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("TLS"));
}

#[tokio::test]
async fn an_ssh_port_is_named() {
    let error = met_with(b"SSH-2.0-OpenSSH_9.6\r\n", false).await;
    assert!(matches!(error, Error::NotKafka { found: LooksLike::Ssh, .. }), "{error:?}");
}

#[tokio::test]
async fn a_peer_that_hangs_up_without_a_word_may_want_tls() {
    let error = met_with(b"", true).await;
    assert!(matches!(error, Error::HungUp { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("TLS"));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_says_nothing_is_given_up_in_time() {
    let (ours, _theirs) = tokio::io::duplex(1 << 16);
    let options = ConnectOptions::default();
    let start = tokio::time::Instant::now();
    let error = Connection::over(Box::new(ours), super::script::address(), &options).await.unwrap_err();
    assert!(matches!(error, Error::Silent { .. }), "{error:?}");
    assert_eq!(start.elapsed(), options.connect_timeout);
    assert_eq!(options.connect_timeout, Duration::from_secs(10));
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = Connection::open(&address, &ConnectOptions::default()).await.unwrap_err();
    assert_eq!(error.to_string(), format!("{address}: connection refused"));
    assert!(error.is_connect() && error.is_retriable());
    let hint = error.hint().unwrap();
    assert!(hint.contains(&address[address.rfind(':').unwrap() + 1..]), "{hint}");
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_said_to_be_one() {
    let error = Connection::open("no-such-host.invalid:9092", &ConnectOptions::default()).await.unwrap_err();
    assert!(matches!(error, Error::Resolve { .. }), "{error:?}");
    assert!(error.to_string().contains("\"no-such-host.invalid\" does not resolve"), "{error}");
    let error = Connection::open("host:port", &ConnectOptions::default()).await.unwrap_err();
    assert!(matches!(error, Error::Address { .. }), "{error:?}");
}
