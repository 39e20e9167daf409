//! The cluster that the tests of one binary share, what they write there and what they read back.
use crate::{Cluster, Peer, StartError, skip};
use serde_json::{Value, json};
use std::io;
use std::sync::OnceLock;

/// A running cluster and the Java client beside it.
#[derive(Debug)]
pub struct Kafka {
    servers: String,
    /// What is put before every topic's name on a cluster that is not ours.
    scope: String,
    java: Peer,
    librdkafka: OnceLock<Result<Peer, String>>,
    /// Ours. In a static it is never dropped: it is the brokers' leash that ends them.
    cluster: Option<Cluster>,
}

impl Kafka {
    /// The cluster of this test binary: the one that `TOPICA_TEST_SERVERS` names, or one broker of Apache Kafka. `None`, having said so, where neither is to be had.
    ///
    /// # Panics
    /// When Java and Maven are there and the broker does not start; with `CI` set, also when they are not.
    pub fn shared() -> Option<&'static Kafka> {
        static SHARED: OnceLock<Result<Kafka, StartError>> = OnceLock::new();
        match SHARED.get_or_init(|| Kafka::start(1)) {
            Ok(kafka) => Some(kafka),
            Err(StartError::Unavailable(needs)) => {
                skip(needs);
                None
            }
            Err(StartError::Failed(why)) => panic!("{why}"),
        }
    }

    /// The cluster of `TOPICA_TEST_SERVERS`, or one with `brokers` brokers.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(brokers: usize) -> Result<Kafka, StartError> {
        let given = std::env::var("TOPICA_TEST_SERVERS").ok().filter(|s| !s.is_empty());
        let cluster = if given.is_none() { Some(Cluster::start(brokers)?) } else { None };
        let scope = if given.is_some() { format!("topica-test-{}-", std::process::id()) } else { String::new() };
        let servers = given.or_else(|| cluster.as_ref().map(|c| c.servers().to_owned())).unwrap_or_default();
        let java = Peer::java(&servers).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => StartError::Unavailable(format!("Java 17 and Maven ({e})")),
            _ => StartError::Failed(e.to_string()),
        })?;
        Ok(Kafka { servers, scope, java, librdkafka: OnceLock::new(), cluster })
    }

    /// `bootstrap.servers`.
    pub fn servers(&self) -> &str {
        &self.servers
    }

    /// Its TLS listener, if the cluster is ours.
    pub fn tls_servers(&self) -> Option<&str> {
        self.cluster.as_ref().map(Cluster::tls_servers)
    }

    /// Its controllers' listener, if the cluster is ours.
    pub fn controllers(&self) -> Option<&str> {
        self.cluster.as_ref().map(Cluster::controllers)
    }

    /// The name that a topic called `name` in a test has on this cluster.
    pub fn topic(&self, name: &str) -> String {
        format!("{}{name}", self.scope)
    }

    /// The Java client.
    pub fn java(&self) -> &Peer {
        &self.java
    }

    /// The librdkafka client, started at the first use. `None`, having said so, without Python.
    ///
    /// # Panics
    /// With `CI` set, when it is not to be had.
    pub fn librdkafka(&self) -> Option<&Peer> {
        match self.librdkafka.get_or_init(|| Peer::librdkafka(&self.servers).map_err(|e| e.to_string())) {
            Ok(peer) => Some(peer),
            Err(why) => {
                skip(&format!("Python 3 with pip ({why})"));
                None
            }
        }
    }

    /// Creates topics, each with its number of partitions, replicated as often as there are brokers up to three.
    pub fn create(&self, topics: &[(&str, u32)]) {
        let replicas = self.servers.split(',').count().min(3);
        let topics: Vec<Value> = topics
            .iter()
            .map(|(name, partitions)| json!({"name": name, "partitions": partitions, "replicas": replicas}))
            .collect();
        self.java.call(&json!({"do": "create", "topics": topics}));
    }

    /// Creates a topic of one partition and writes these values there, in order.
    pub fn write<V: AsRef<[u8]>>(&self, topic: &str, values: impl IntoIterator<Item = V>) -> Vec<Record> {
        self.create(&[(topic, 1)]);
        self.produce(values.into_iter().map(|v| Record::new(topic, v.as_ref())).collect())
    }

    /// Writes records with the Java client as it comes; the answer is the same records with partition, offset and timestamp filled in.
    pub fn produce(&self, records: Vec<Record>) -> Vec<Record> {
        produce(&self.java, records, &json!({}))
    }

    /// Every record of a topic as the Java client sees it, those of open and aborted transactions left out.
    pub fn consume(&self, topic: &str) -> Vec<Record> {
        consume(&self.java, topic)
    }
}

/// Where a record went.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
pub struct Ack {
    /// The partition.
    pub partition: i32,
    /// The offset in it.
    pub offset: i64,
    /// Milliseconds since 1970.
    pub timestamp: i64,
}

/// A record before it is written, or after it was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    /// The topic.
    pub topic: String,
    /// The partition; `None` before it is written leaves the choice to the client.
    pub partition: Option<i32>,
    /// The offset, once it is written.
    pub offset: i64,
    /// Milliseconds since 1970; `None` before it is written means now.
    pub timestamp: Option<i64>,
    /// The key.
    pub key: Option<Vec<u8>>,
    /// The value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// The headers, in order.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Record {
    /// A record with a value and nothing else.
    pub fn new(topic: &str, value: impl AsRef<[u8]>) -> Record {
        Record { topic: topic.to_owned(), value: Some(value.as_ref().to_vec()), ..Record::default() }
    }

    /// A record without a value.
    pub fn tombstone(topic: &str, key: &str) -> Record {
        Record { topic: topic.to_owned(), key: Some(key.into()), ..Record::default() }
    }

    /// The same with a key.
    pub fn key(mut self, key: impl AsRef<[u8]>) -> Record {
        self.key = Some(key.as_ref().to_vec());
        self
    }

    /// The same for a partition.
    pub fn partition(mut self, partition: i32) -> Record {
        self.partition = Some(partition);
        self
    }

    /// The same with a timestamp in milliseconds.
    pub fn at(mut self, timestamp: i64) -> Record {
        self.timestamp = Some(timestamp);
        self
    }

    /// The same with one more header.
    pub fn header(mut self, name: &str, value: &str) -> Record {
        self.headers.push((name.to_owned(), Some(value.into())));
        self
    }

    /// The value as text.
    ///
    /// # Panics
    /// For a tombstone, or what is not UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(self.value.as_deref().expect("not a tombstone")).expect("UTF-8")
    }

    fn to_node(&self) -> Value {
        let headers: Vec<Value> =
            self.headers.iter().map(|(name, value)| json!([name, node(value.as_deref())])).collect();
        json!({"topic": self.topic, "partition": self.partition, "timestamp": self.timestamp, "key": node(self.key.as_deref()), "value": node(self.value.as_deref()), "headers": headers})
    }

    fn from_node(node: &Value) -> Record {
        let headers = node["headers"].as_array().into_iter().flatten();
        Record {
            topic: node["topic"].as_str().unwrap_or_default().to_owned(),
            partition: node["partition"].as_i64().and_then(|p| i32::try_from(p).ok()),
            offset: node["offset"].as_i64().unwrap_or(-1),
            timestamp: node["timestamp"].as_i64(),
            key: bytes(&node["key"]),
            value: bytes(&node["value"]),
            headers: headers.map(|h| (h[0].as_str().unwrap_or_default().to_owned(), bytes(&h[1]))).collect(),
        }
    }
}

/// Writes records with a client and its configuration.
///
/// # Panics
/// When a record was not acknowledged.
pub fn produce(peer: &Peer, mut records: Vec<Record>, config: &Value) -> Vec<Record> {
    let nodes: Vec<Value> = records.iter().map(Record::to_node).collect();
    let acks = peer.call(&json!({"do": "produce", "records": nodes, "config": config}));
    let acks: Vec<Ack> = serde_json::from_value(acks).expect("one ack a record");
    assert_eq!(acks.len(), records.len());
    for (record, ack) in records.iter_mut().zip(acks) {
        record.partition = Some(ack.partition);
        record.offset = ack.offset;
        record.timestamp = Some(ack.timestamp);
    }
    records
}

/// Writes records with the Java client in one transaction, which ends with "commit" or "abort".
pub fn transact(peer: &Peer, id: &str, records: &[Record], end: &str) {
    let nodes: Vec<Value> = records.iter().map(Record::to_node).collect();
    peer.call(&json!({"do": "produce", "records": nodes, "config": {"transactional.id": id}, "end": end}));
}

/// Every record of a topic as a client sees it.
pub fn consume(peer: &Peer, topic: &str) -> Vec<Record> {
    let records =
        peer.call(&json!({"do": "consume", "topics": [topic], "config": {"isolation.level": "read_committed"}}));
    let mut records: Vec<Record> = records.as_array().into_iter().flatten().map(Record::from_node).collect();
    records.sort_by_key(|r| (r.partition, r.offset));
    records
}

fn node(bytes: Option<&[u8]>) -> Value {
    match bytes.map(std::str::from_utf8) {
        None => Value::Null,
        Some(Ok(text)) => Value::from(text),
        Some(Err(_)) => {
            json!({"hex": bytes.unwrap_or_default().iter().map(|b| format!("{b:02x}")).collect::<String>()})
        }
    }
}

fn bytes(node: &Value) -> Option<Vec<u8>> {
    match node {
        Value::String(text) => Some(text.clone().into_bytes()),
        Value::Object(object) => object["hex"].as_str().map(unhex),
        _ => None,
    }
}

fn unhex(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap_or_default(), 16).expect("hexadecimal"))
        .collect()
}
