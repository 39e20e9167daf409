//! DeleteRecords: the head of a partition goes (KIP-107).

use kafka_protocol::ResponseError;
use kafka_protocol::messages::delete_records_response::{DeleteRecordsPartitionResult, DeleteRecordsTopicResult};
use kafka_protocol::messages::{DeleteRecordsRequest, DeleteRecordsResponse};

use super::super::error::Refusal;
use super::super::state::{Context, Shared, State};

pub(in super::super) fn answer(request: DeleteRecordsRequest, cx: &Context, shared: &Shared) -> DeleteRecordsResponse {
    let state = &mut *shared.lock();
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|wanted| {
            let index = wanted.partition_index;
            let result = DeleteRecordsPartitionResult::default().with_partition_index(index);
            match delete(topic.name.0.as_str(), index, wanted.offset, cx, state) {
                Ok(start) => result.with_low_watermark(start),
                Err(refusal) => result.with_low_watermark(-1).with_error_code(refusal.code()),
            }
        });
        let partitions = partitions.collect();
        DeleteRecordsTopicResult::default().with_name(topic.name).with_partitions(partitions)
    });
    DeleteRecordsResponse::default().with_topics(topics.collect())
}

fn delete(name: &str, index: i32, offset: i64, cx: &Context, state: &mut State) -> Result<i64, Refusal> {
    cx.check_forced()?;
    state.topics.led_by(cx.node, name, index, -1)?;
    if offset < -1 {
        return Err(ResponseError::OffsetOutOfRange.into());
    }
    state.topics.delete_records(name, index, offset)
}
