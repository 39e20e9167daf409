//! The other end of a connection: reads requests, answers what the test says.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::{ApiVersionsResponse, MetadataResponse, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use topica::wire::{Address, ConnectOptions, Connection};

/// A request as the peer sees it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) key: i16,
    pub(crate) version: i16,
    pub(crate) correlation: i32,
    pub(crate) body: Bytes,
}

impl Seen {
    pub(crate) fn decode<R: Request>(&self) -> R {
        R::decode(&mut self.body.clone(), self.version).unwrap()
    }
}

pub(crate) struct Peer<S>(pub(crate) S);

impl<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin> Peer<S> {
    /// The next request; `None` when the client closed.
    pub(crate) async fn request(&mut self) -> Option<Seen> {
        let mut length = [0; 4];
        self.0.read_exact(&mut length).await.ok()?;
        let mut frame = vec![0; u32::from_be_bytes(length) as usize];
        self.0.read_exact(&mut frame).await.ok()?;
        let mut frame = Bytes::from(frame);
        let (key, version) = ((&frame[..2]).get_i16(), (&frame[2..4]).get_i16());
        let flexible = kafka_protocol::messages::ApiKey::try_from(key).unwrap().request_header_version(version);
        let header = RequestHeader::decode(&mut frame, flexible).unwrap();
        Some(Seen { key, version, correlation: header.correlation_id, body: frame })
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
        self.0.flush().await.unwrap();
    }

    pub(crate) async fn reply(&mut self, correlation: i32, header_version: i16, body: &[u8]) {
        self.send(&frame(correlation, header_version, body)).await;
    }

    /// Answers ApiVersions, whatever its version, with these.
    pub(crate) async fn greet(&mut self, apis: &[(i16, i16, i16)]) {
        let asked = self.request().await.unwrap();
        assert_eq!(asked.key, 18);
        self.reply(asked.correlation, 0, &api_versions(apis, asked.version)).await;
    }

    /// Answers a Metadata request with a cluster of that name and nothing in it.
    pub(crate) async fn answer_metadata(&mut self, asked: &Seen, cluster: &str) {
        assert_eq!(asked.key, 3);
        self.reply(asked.correlation, i16::from(asked.version >= 9), &metadata(cluster, asked.version)).await;
    }
}

pub(crate) fn frame(correlation: i32, header_version: i16, body: &[u8]) -> Bytes {
    let mut out = BytesMut::new();
    ResponseHeader::default().with_correlation_id(correlation).encode(&mut out, header_version).unwrap();
    out.put_slice(body);
    let mut framed = BytesMut::new();
    framed.put_u32(out.len() as u32);
    framed.put_slice(&out);
    framed.freeze()
}

pub(crate) fn encoded(message: &impl Encodable, version: i16) -> Bytes {
    let mut out = BytesMut::new();
    message.encode(&mut out, version).unwrap();
    out.freeze()
}

pub(crate) fn api_versions(apis: &[(i16, i16, i16)], version: i16) -> Bytes {
    let api = |&(key, min, max): &(i16, i16, i16)| {
        ApiVersion::default().with_api_key(key).with_min_version(min).with_max_version(max)
    };
    encoded(&ApiVersionsResponse::default().with_api_keys(apis.iter().map(api).collect()), version)
}

pub(crate) fn metadata(cluster: &str, version: i16) -> Bytes {
    encoded(&MetadataResponse::default().with_cluster_id(Some(cluster.to_owned().into())), version)
}

/// ApiVersions and Metadata, as a broker of our time has them.
pub(crate) const MODERN: &[(i16, i16, i16)] = &[(3, 0, 13), (18, 0, 4)];

pub(crate) fn address() -> Address {
    Address::new("broker.test", 9092)
}

/// A connection, and the peer that it was made with.
pub(crate) async fn connected(apis: &[(i16, i16, i16)], options: &ConnectOptions) -> (Connection, Peer<DuplexStream>) {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let mut peer = Peer(theirs);
    let (connection, ()) = tokio::join!(Connection::over(Box::new(ours), address(), options), peer.greet(apis));
    (connection.unwrap(), peer)
}
