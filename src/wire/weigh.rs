//! How much memory will a reply take when it is decoded? Asked before it is.
//!
//! A decoded array takes many times the bytes that it has on the wire: three bytes of a Fetch reply make a topic of
//! a hundred. `kafka_protocol` checks that an array claims no more elements than there are bytes left and reserves them
//! all at once, so a frame of 64 MiB could ask for gigabytes. Here a reply is walked by its layout (the protocol
//! guide's, as far as it decides sizes), nothing is allocated, and what would take more than [`MAX_DECODED`] is refused.

use std::mem::size_of;

use kafka_protocol::messages::api_versions_response::{ApiVersion, FinalizedFeatureKey, SupportedFeatureKey};
use kafka_protocol::messages::create_topics_response::{CreatableTopicConfigs, CreatableTopicResult};
use kafka_protocol::messages::fetch_response::{self, AbortedTransaction, FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::produce_response::{
    self, BatchIndexAndErrorMessage, PartitionProduceResponse, TopicProduceResponse,
};

/// The most that the structures of one reply may take, in bytes: 64 MiB. Strings and records are slices of the frame
/// and do not count. Enough for the metadata of some 200,000 partitions.
pub const MAX_DECODED: usize = 64 << 20;

/// The most that a reply of an API without a layout here may have, in bytes.
const MAX_UNKNOWN: usize = 1 << 20;
/// What an unknown tagged field takes in memory, about: its share of a tree's node.
const TAGGED: usize = 96;

/// Why a reply is not decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WeightError {
    /// It ends inside a field, or an array claims more elements than there are.
    #[error("it ends inside a field or an array")]
    Short,
    /// A length is negative, or a variable-length number is too long.
    #[error("a length in it is no length")]
    Length,
    /// Its structures would take more memory than [`MAX_DECODED`].
    #[error("decoded, it would take more than {MAX_DECODED} bytes")]
    TooHeavy,
    /// It is large, and its layout is not known here.
    #[error("it has {0} bytes, more than is accepted from this API")]
    Unknown(usize),
}

/// A field, in the versions that have it.
struct Field {
    from: i16,
    to: i16,
    kind: Kind,
}

enum Kind {
    /// So many bytes.
    Fixed(usize),
    /// A string or a nullable one.
    Text,
    /// Bytes or records, nullable or not.
    Blob,
    /// An array of numbers of so many bytes.
    Numbers(usize),
    /// An array of structures that take so many bytes in memory each.
    Many(usize, &'static Struct),
}

/// Fields in their order, and those tagged fields that hold arrays.
struct Struct {
    fields: &'static [Field],
    tagged: &'static [(u32, Kind)],
}

struct Layout {
    /// The first version with compact lengths and tagged fields.
    flexible: i16,
    body: Struct,
}

const fn between(from: i16, to: i16, kind: Kind) -> Field {
    Field { from, to, kind }
}

const fn since(from: i16, kind: Kind) -> Field {
    between(from, i16::MAX, kind)
}

const fn all(kind: Kind) -> Field {
    since(0, kind)
}

const fn plain(fields: &'static [Field]) -> Struct {
    Struct { fields, tagged: &[] }
}

use Kind::{Blob, Fixed, Many, Numbers, Text};

static ENDPOINT: Struct = plain(&[all(Fixed(4)), all(Text), all(Fixed(4)), all(Text)]);

static PRODUCE: Layout = Layout {
    flexible: 9,
    body: Struct {
        fields: &[all(Many(size_of::<TopicProduceResponse>(), &PRODUCED_TOPIC)), since(1, Fixed(4))],
        tagged: &[(0, Many(size_of::<produce_response::NodeEndpoint>(), &ENDPOINT))],
    },
};
static PRODUCED_TOPIC: Struct = plain(&[
    between(0, 12, Text),
    since(13, Fixed(16)),
    all(Many(size_of::<PartitionProduceResponse>(), &PRODUCED_PARTITION)),
]);
static PRODUCED_PARTITION: Struct = plain(&[
    all(Fixed(4 + 2 + 8)),
    since(2, Fixed(8)),
    since(5, Fixed(8)),
    since(8, Many(size_of::<BatchIndexAndErrorMessage>(), &RECORD_ERROR)),
    since(8, Text),
]);
static RECORD_ERROR: Struct = plain(&[all(Fixed(4)), all(Text)]);

static FETCH: Layout = Layout {
    flexible: 12,
    body: Struct {
        fields: &[
            since(1, Fixed(4)),
            since(7, Fixed(2 + 4)),
            all(Many(size_of::<FetchableTopicResponse>(), &FETCHED_TOPIC)),
        ],
        tagged: &[(0, Many(size_of::<fetch_response::NodeEndpoint>(), &ENDPOINT))],
    },
};
static FETCHED_TOPIC: Struct =
    plain(&[between(0, 12, Text), since(13, Fixed(16)), all(Many(size_of::<PartitionData>(), &FETCHED_PARTITION))]);
static FETCHED_PARTITION: Struct = plain(&[
    all(Fixed(4 + 2 + 8)),
    since(4, Fixed(8)),
    since(5, Fixed(8)),
    since(4, Many(size_of::<AbortedTransaction>(), &ABORTED)),
    since(11, Fixed(4)),
    all(Blob),
]);
static ABORTED: Struct = plain(&[all(Fixed(8 + 8))]);

static LIST_OFFSETS: Layout = Layout {
    flexible: 6,
    body: plain(&[since(2, Fixed(4)), all(Many(size_of::<ListOffsetsTopicResponse>(), &LISTED_TOPIC))]),
};
static LISTED_TOPIC: Struct =
    plain(&[all(Text), all(Many(size_of::<ListOffsetsPartitionResponse>(), &LISTED_PARTITION))]);
static LISTED_PARTITION: Struct = plain(&[all(Fixed(4 + 2)), since(1, Fixed(8 + 8)), since(4, Fixed(4))]);

static METADATA: Layout = Layout {
    flexible: 9,
    body: plain(&[
        since(3, Fixed(4)),
        all(Many(size_of::<MetadataResponseBroker>(), &BROKER)),
        since(2, Text),
        since(1, Fixed(4)),
        all(Many(size_of::<MetadataResponseTopic>(), &TOPIC)),
        between(8, 10, Fixed(4)),
        since(13, Fixed(2)),
    ]),
};
static BROKER: Struct = plain(&[all(Fixed(4)), all(Text), all(Fixed(4)), since(1, Text)]);
static TOPIC: Struct = plain(&[
    all(Fixed(2)),
    all(Text),
    since(10, Fixed(16)),
    since(1, Fixed(1)),
    all(Many(size_of::<MetadataResponsePartition>(), &PARTITION)),
    since(8, Fixed(4)),
]);
static PARTITION: Struct =
    plain(&[all(Fixed(2 + 4 + 4)), since(7, Fixed(4)), all(Numbers(4)), all(Numbers(4)), since(5, Numbers(4))]);

static API_VERSIONS: Layout = Layout {
    flexible: 3,
    body: Struct {
        fields: &[all(Fixed(2)), all(Many(size_of::<ApiVersion>(), &API)), since(1, Fixed(4))],
        tagged: &[
            (0, Many(size_of::<SupportedFeatureKey>(), &FEATURE)),
            (2, Many(size_of::<FinalizedFeatureKey>(), &FEATURE)),
        ],
    },
};
static API: Struct = plain(&[all(Fixed(2 + 2 + 2))]);
static FEATURE: Struct = plain(&[all(Text), all(Fixed(2 + 2))]);

static CREATE_TOPICS: Layout = Layout {
    flexible: 5,
    body: plain(&[since(2, Fixed(4)), all(Many(size_of::<CreatableTopicResult>(), &CREATED_TOPIC))]),
};
static CREATED_TOPIC: Struct = plain(&[
    all(Text),
    since(7, Fixed(16)),
    all(Fixed(2)),
    since(1, Text),
    since(5, Fixed(4 + 2)),
    since(5, Many(size_of::<CreatableTopicConfigs>(), &CREATED_CONFIG)),
]);
static CREATED_CONFIG: Struct = plain(&[all(Text), all(Text), all(Fixed(3))]);

fn layout(api_key: i16) -> Option<&'static Layout> {
    Some(match api_key {
        0 => &PRODUCE,
        1 => &FETCH,
        2 => &LIST_OFFSETS,
        3 => &METADATA,
        18 => &API_VERSIONS,
        19 => &CREATE_TOPICS,
        _ => return None,
    })
}

/// Weighs a reply's header.
pub(super) fn header(frame: &[u8], header_version: i16) -> Result<(), WeightError> {
    let mut walk = Walk { left: frame, version: 0, flexible: true, weight: 0 };
    walk.skip(4)?;
    if header_version >= 1 { walk.tagged(&[]) } else { Ok(()) }
}

/// Weighs a reply's body; gives what is left after it, in bytes.
pub(super) fn body(api_key: i16, body: &[u8], version: i16) -> Result<usize, WeightError> {
    let Some(layout) = layout(api_key) else {
        return if body.len() > MAX_UNKNOWN { Err(WeightError::Unknown(body.len())) } else { Ok(0) };
    };
    let mut walk = Walk { left: body, version, flexible: version >= layout.flexible, weight: 0 };
    walk.structure(&layout.body)?;
    Ok(walk.left.len())
}

struct Walk<'a> {
    left: &'a [u8],
    version: i16,
    flexible: bool,
    weight: usize,
}

impl Walk<'_> {
    fn structure(&mut self, layout: &Struct) -> Result<(), WeightError> {
        for field in layout.fields {
            if (field.from..=field.to).contains(&self.version) {
                self.field(&field.kind)?;
            }
        }
        if self.flexible { self.tagged(layout.tagged) } else { Ok(()) }
    }

    fn field(&mut self, kind: &Kind) -> Result<(), WeightError> {
        match kind {
            Fixed(size) => self.skip(*size),
            Text => {
                let length = if self.flexible { self.compact()? } else { self.short()? };
                self.skip(length)
            }
            Blob => {
                let length = self.length()?;
                self.skip(length)
            }
            Numbers(size) => {
                let count = self.length()?;
                let bytes = count.checked_mul(*size).ok_or(WeightError::Short)?;
                self.skip(bytes)?;
                self.add(bytes)
            }
            Many(size, layout) => {
                let count = self.length()?;
                // Each has at least a byte on the wire, so this is where a lie ends, before it costs a long walk.
                if count > self.left.len() {
                    return Err(WeightError::Short);
                }
                self.add(count.checked_mul(*size).ok_or(WeightError::TooHeavy)?)?;
                (0..count).try_for_each(|_| self.structure(layout))
            }
        }
    }

    fn tagged(&mut self, known: &[(u32, Kind)]) -> Result<(), WeightError> {
        for _ in 0..self.varint()? {
            let tag = self.varint()?;
            let size = self.varint()? as usize;
            let content = self.left.get(..size).ok_or(WeightError::Short)?;
            match known.iter().find(|(t, _)| *t == tag) {
                // What it claims counts, not what its size is: the decoder believes the former.
                Some((_, kind)) => {
                    let mut inside = Walk { left: content, ..*self };
                    inside.field(kind)?;
                    self.weight = inside.weight;
                }
                None => self.add(TAGGED)?,
            }
            self.skip(size)?;
        }
        Ok(())
    }

    fn add(&mut self, bytes: usize) -> Result<(), WeightError> {
        self.weight = self.weight.saturating_add(bytes);
        if self.weight > MAX_DECODED { Err(WeightError::TooHeavy) } else { Ok(()) }
    }

    fn skip(&mut self, bytes: usize) -> Result<(), WeightError> {
        self.left = self.left.get(bytes..).ok_or(WeightError::Short)?;
        Ok(())
    }

    /// The length of an array or of bytes; null counts as none.
    fn length(&mut self) -> Result<usize, WeightError> {
        if self.flexible {
            return self.compact();
        }
        let (bytes, left) = self.left.split_first_chunk().ok_or(WeightError::Short)?;
        self.left = left;
        not_negative(i32::from_be_bytes(*bytes))
    }

    fn short(&mut self) -> Result<usize, WeightError> {
        let (bytes, left) = self.left.split_first_chunk().ok_or(WeightError::Short)?;
        self.left = left;
        not_negative(i32::from(i16::from_be_bytes(*bytes)))
    }

    /// A compact length is one more than what it stands for, so that 0 can be null.
    fn compact(&mut self) -> Result<usize, WeightError> {
        Ok((self.varint()? as usize).saturating_sub(1))
    }

    fn varint(&mut self) -> Result<u32, WeightError> {
        let mut value = 0_u64;
        for shift in (0..35).step_by(7) {
            let (&byte, left) = self.left.split_first().ok_or(WeightError::Short)?;
            self.left = left;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(value).map_err(|_| WeightError::Length);
            }
        }
        Err(WeightError::Length)
    }
}

/// -1 is null.
fn not_negative(length: i32) -> Result<usize, WeightError> {
    if length == -1 { Ok(0) } else { usize::try_from(length).map_err(|_| WeightError::Length) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use bytes::{Bytes, BytesMut};
    use kafka_protocol::messages::*;
    use kafka_protocol::protocol::{Encodable, Message, Request, StrBytes};

    use super::*;

    fn text(s: &str) -> StrBytes {
        StrBytes::from_string(s.to_owned())
    }

    /// Every version's encoding, by the message library, is walked to its last byte.
    fn walked_to_the_end<R: Request>(reply: impl Fn(i16) -> R::Response) {
        let range = R::Response::VERSIONS;
        for version in range.min..=range.max {
            let mut out = BytesMut::new();
            reply(version).encode(&mut out, version).unwrap();
            assert_eq!(body(R::KEY, &out, version), Ok(0), "{} v{version}: {out:x?}", crate::wire::api_name(R::KEY));
            for cut in 0..out.len() {
                let walked = body(R::KEY, &out[..cut], version);
                assert!(walked.is_err(), "v{version} cut at {cut} of {}: {walked:?}", out.len());
            }
        }
    }

    #[test]
    fn layouts_are_those_of_the_message_library() {
        walked_to_the_end::<ProduceRequest>(|v| {
            let error = BatchIndexAndErrorMessage::default()
                .with_batch_index(1)
                .with_batch_index_error_message(Some(text("no")));
            let mut partition = PartitionProduceResponse::default().with_index(3).with_base_offset(9);
            if v >= 8 {
                partition =
                    partition.with_record_errors(vec![error.clone(), error]).with_error_message(Some(text("bad")));
            }
            if v >= 10 {
                partition.current_leader.leader_id = BrokerId(2);
            }
            let mut topic =
                TopicProduceResponse::default().with_partition_responses(vec![partition.clone(), partition]);
            if v <= 12 {
                topic = topic.with_name(TopicName(text("orders")));
            }
            let mut reply = ProduceResponse::default().with_responses(vec![topic.clone(), topic]);
            if v >= 10 {
                let endpoint =
                    produce_response::NodeEndpoint::default().with_host(text("host")).with_rack(Some(text("a")));
                reply = reply.with_node_endpoints(vec![endpoint.clone(), endpoint]);
            }
            reply
        });
        walked_to_the_end::<FetchRequest>(|v| {
            let aborted = vec![AbortedTransaction::default(), AbortedTransaction::default()];
            let mut partition = PartitionData::default()
                .with_aborted_transactions(Some(aborted))
                .with_records(Some(Bytes::from_static(b"some records")));
            if v >= 12 {
                partition.current_leader.leader_id = BrokerId(2);
                partition.diverging_epoch.epoch = 1;
            }
            let none = PartitionData::default().with_aborted_transactions(None).with_records(None);
            let mut topic = FetchableTopicResponse::default().with_partitions(vec![partition, none]);
            if v <= 12 {
                topic = topic.with_topic(TopicName(text("orders")));
            }
            let mut reply = FetchResponse::default().with_responses(vec![topic.clone(), topic]);
            if v >= 16 {
                let endpoint = fetch_response::NodeEndpoint::default().with_host(text("host"));
                reply = reply.with_node_endpoints(vec![endpoint.clone(), endpoint]);
            }
            reply
        });
        walked_to_the_end::<ListOffsetsRequest>(|_| {
            let partitions = vec![ListOffsetsPartitionResponse::default(), ListOffsetsPartitionResponse::default()];
            let topic =
                ListOffsetsTopicResponse::default().with_name(TopicName(text("orders"))).with_partitions(partitions);
            ListOffsetsResponse::default().with_topics(vec![topic.clone(), topic])
        });
        walked_to_the_end::<MetadataRequest>(|v| {
            let broker =
                MetadataResponseBroker::default().with_host(text("host")).with_rack((v >= 1).then(|| text("rack")));
            let ids = vec![BrokerId(1), BrokerId(2)];
            let mut partition =
                MetadataResponsePartition::default().with_replica_nodes(ids.clone()).with_isr_nodes(ids.clone());
            if v >= 5 {
                partition = partition.with_offline_replicas(ids);
            }
            let topic = MetadataResponseTopic::default()
                .with_name(Some(TopicName(text("orders"))))
                .with_partitions(vec![partition.clone(), partition]);
            let reply = MetadataResponse::default()
                .with_brokers(vec![broker.clone(), broker])
                .with_topics(vec![topic.clone(), topic]);
            reply.with_cluster_id((v >= 2).then(|| text("cluster")))
        });
        walked_to_the_end::<ApiVersionsRequest>(|v| {
            let mut reply = ApiVersionsResponse::default().with_api_keys(vec![ApiVersion::default(); 3]);
            if v >= 3 {
                let supported = SupportedFeatureKey::default().with_name(text("kraft.version"));
                let finalized = FinalizedFeatureKey::default().with_name(text("metadata.version"));
                reply = reply
                    .with_supported_features(vec![supported.clone(), supported])
                    .with_finalized_features(vec![finalized; 2])
                    .with_finalized_features_epoch(3)
                    .with_unknown_tagged_field(99, Bytes::from_static(b"later"));
            }
            reply
        });
        walked_to_the_end::<CreateTopicsRequest>(|v| {
            let config = CreatableTopicConfigs::default().with_name(text("a")).with_value(Some(text("b")));
            let mut topic = CreatableTopicResult::default()
                .with_name(TopicName(text("orders")))
                .with_error_message(Some(text("no")))
                .with_configs(Some(vec![config.clone(), config]));
            if v >= 5 {
                topic = topic.with_topic_config_error_code(7);
            }
            CreateTopicsResponse::default().with_topics(vec![topic.clone(), topic])
        });
    }

    #[test]
    fn what_would_take_too_much_memory_is_refused() {
        // Fetch v12: no error, then topics of three bytes each: an empty name, no partitions, no tags.
        let topics = MAX_DECODED / size_of::<FetchableTopicResponse>() + 1;
        let mut reply = vec![0; 4 + 2 + 4];
        let mut count = u32::try_from(topics + 1).unwrap();
        while count >= 0x80 {
            reply.push((count & 0x7f) as u8 | 0x80);
            count >>= 7;
        }
        reply.push(count as u8);
        reply.extend([1, 1, 0].repeat(topics));
        reply.push(0);
        assert!(reply.len() < MAX_DECODED / 8);
        assert_eq!(body(1, &reply, 12), Err(WeightError::TooHeavy));
    }
}
