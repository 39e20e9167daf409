//! A bare client: one connection, one request at a time, each in the version that the test wants.

use std::net::SocketAddr;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{ApiKey, ProduceRequest, ProduceResponse, RequestHeader, ResponseHeader, TopicName};
use kafka_protocol::protocol::{Decodable, Encodable, Request, StrBytes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use topica::broker::{Broker, BrokerConfig};
use topica::record::{BatchWriter, Compression, Producer};

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    correlation_id: i32,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), correlation_id: 0 }
    }

    /// Sends a request and reads its response, to the last byte.
    pub(crate) async fn call<R: Request>(&mut self, version: i16, request: &R) -> R::Response {
        self.send(version, request).await;
        self.receive::<R>(version).await
    }

    pub(crate) async fn send<R: Request>(&mut self, version: i16, request: &R) {
        self.correlation_id += 1;
        let frame = frame(version, self.correlation_id, request);
        self.stream.write_all(&frame).await.unwrap();
    }

    pub(crate) async fn receive<R: Request>(&mut self, version: i16) -> R::Response {
        let mut frame = self.read_frame().await.expect("the broker closed the connection");
        let api = ApiKey::try_from(R::KEY).unwrap();
        let header = ResponseHeader::decode(&mut frame, api.response_header_version(version)).unwrap();
        assert_eq!(header.correlation_id, self.correlation_id);
        let response = R::Response::decode(&mut frame, version).unwrap_or_else(|e| panic!("{api:?} v{version}: {e}"));
        assert!(!frame.has_remaining(), "{api:?} v{version}: {} bytes left over", frame.len());
        response
    }

    /// A frame without its length; `None` when the broker has closed.
    pub(crate) async fn read_frame(&mut self) -> Option<Bytes> {
        let length = self.stream.read_i32().await.ok()?;
        let mut frame = BytesMut::zeroed(usize::try_from(length).unwrap());
        self.stream.read_exact(&mut frame).await.ok()?;
        Some(frame.freeze())
    }

    pub(crate) async fn is_closed(&mut self) -> bool {
        matches!(self.stream.read(&mut [0; 1]).await, Ok(0) | Err(_))
    }

    /// Produces one batch with acks=all; the answer for its partition: error code and base offset.
    pub(crate) async fn produce(&mut self, topic: &str, partition: i32, batch: Bytes) -> (i16, i64) {
        let response = self.call(9, &produce_request(topic, partition, batch)).await;
        only_partition(&response)
    }
}

pub(crate) fn frame<R: Request>(version: i16, correlation_id: i32, request: &R) -> Bytes {
    let api = ApiKey::try_from(R::KEY).unwrap();
    let header = RequestHeader::default()
        .with_request_api_key(R::KEY)
        .with_request_api_version(version)
        .with_correlation_id(correlation_id)
        .with_client_id(Some(text("test")));
    let mut frame = BytesMut::new();
    frame.put_i32(0);
    header.encode(&mut frame, api.request_header_version(version)).unwrap();
    request.encode(&mut frame, version).unwrap_or_else(|e| panic!("{api:?} v{version}: {e}"));
    let length = i32::try_from(frame.len() - 4).unwrap();
    frame[..4].copy_from_slice(&length.to_be_bytes());
    frame.freeze()
}

pub(crate) fn produce_request(topic: &str, partition: i32, batch: Bytes) -> ProduceRequest {
    let data = PartitionProduceData::default().with_index(partition).with_records(Some(batch));
    let topic = TopicProduceData::default().with_name(name(topic)).with_partition_data(vec![data]);
    ProduceRequest::default().with_acks(-1).with_timeout_ms(1_000).with_topic_data(vec![topic])
}

pub(crate) fn only_partition(response: &ProduceResponse) -> (i16, i64) {
    let partition = &response.responses[0].partition_responses[0];
    (partition.error_code, partition.base_offset)
}

pub(crate) fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

pub(crate) fn name(topic: &str) -> TopicName {
    TopicName(text(topic))
}

/// A batch of records with these values; the n-th has the timestamp `1000 + n`.
pub(crate) fn batch(values: &[&str]) -> Bytes {
    compressed(values, Compression::None)
}

pub(crate) fn compressed(values: &[&str], compression: Compression) -> Bytes {
    writer(values).finish(compression, None).unwrap()
}

/// The same from an idempotent producer.
pub(crate) fn stamped(values: &[&str], id: i64, epoch: i16, base_sequence: i32) -> Bytes {
    let producer = Producer { id, epoch, base_sequence, transactional: false };
    writer(values).finish(Compression::None, Some(producer)).unwrap()
}

fn writer(values: &[&str]) -> BatchWriter {
    let mut writer = BatchWriter::new(usize::MAX);
    for (n, value) in (1_000..).zip(values) {
        writer.push(n, None, Some(value.as_bytes()), &[]).unwrap();
    }
    writer
}

/// A broker with the topic `t` of two partitions, and a client of it.
pub(crate) async fn broker() -> (Broker, Client) {
    broker_with(BrokerConfig::new()).await
}

pub(crate) async fn broker_with(config: BrokerConfig) -> (Broker, Client) {
    let broker = Broker::start(config.with_topic("t", 2)).await.unwrap();
    let client = Client::connect(broker.address()).await;
    (broker, client)
}
