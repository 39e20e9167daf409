//! InitProducerId: an identity for an idempotent producer (KIP-98, KIP-360).

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{InitProducerIdRequest, InitProducerIdResponse, ProducerId};

use super::super::error::Refusal;
use super::super::state::{Context, Shared};

pub(in super::super) fn answer(
    request: InitProducerIdRequest,
    cx: &Context,
    shared: &Shared,
) -> InitProducerIdResponse {
    match init(&request, cx, shared) {
        Ok((id, epoch)) => {
            InitProducerIdResponse::default().with_producer_id(ProducerId(id)).with_producer_epoch(epoch)
        }
        Err(refusal) => InitProducerIdResponse::default()
            .with_error_code(refusal.code())
            .with_producer_id(ProducerId(-1))
            .with_producer_epoch(-1),
    }
}

fn init(request: &InitProducerIdRequest, cx: &Context, shared: &Shared) -> Result<(i64, i16), Refusal> {
    cx.check_forced()?;
    if request.transactional_id.is_some() {
        return Err(ResponseError::TransactionalIdAuthorizationFailed.into());
    }
    // Without a transactional id there is nothing to continue: as in Kafka, the producer starts afresh.
    Ok((shared.lock().new_producer_id(), 0))
}
