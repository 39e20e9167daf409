//! Produce before version 3: advertised, because librdkafka does not compress without it, and answered.
//!
//! Apache Kafka 4 advertises these versions for the same reason (KAFKA-18659). A request of version 2 is one of version
//! 3 without the transactional id in front; the message sets that belong to it are refused, each by its partition.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse};
use kafka_protocol::protocol::{Decodable, Encodable};

/// A null string, as a transactional id that is not there.
const NO_TRANSACTIONAL_ID: &[u8] = &(-1i16).to_be_bytes();

/// Reads the body of a request of version 0, 1 or 2.
pub(in super::super) fn decode(body: &Bytes) -> kafka_protocol::error::Result<ProduceRequest> {
    ProduceRequest::decode(&mut NO_TRANSACTIONAL_ID.chain(body.clone()).copy_to_bytes(2 + body.len()), 3)
}

/// Writes the response in version 0, 1 or 2.
pub(in super::super) fn encode(
    response: &ProduceResponse,
    version: i16,
    out: &mut BytesMut,
) -> kafka_protocol::error::Result<()> {
    if version == 2 {
        return response.encode(out, 3);
    }
    out.put_i32(response.responses.len() as i32);
    for topic in &response.responses {
        let name = topic.name.0.as_bytes();
        out.put_i16(name.len() as i16); // it came in such a field
        out.put_slice(name);
        out.put_i32(topic.partition_responses.len() as i32);
        for partition in &topic.partition_responses {
            out.put_i32(partition.index);
            out.put_i16(partition.error_code);
            out.put_i64(partition.base_offset);
        }
    }
    if version == 1 {
        out.put_i32(response.throttle_time_ms);
    }
    Ok(())
}
