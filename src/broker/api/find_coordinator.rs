//! FindCoordinator: which node keeps a group.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::{FindCoordinatorRequest, FindCoordinatorResponse};
use kafka_protocol::protocol::StrBytes;

use super::super::error::Refusal;
use super::super::state::{Context, Shared, broker_id};

const GROUP: i8 = 0;

pub(in super::super) fn answer(
    request: FindCoordinatorRequest,
    cx: &Context,
    shared: &Shared,
) -> FindCoordinatorResponse {
    // Up to version 3 a request names one key, and the response has its answer at the top.
    if cx.version < 4 {
        let found = describe(request.key, request.key_type, cx, shared);
        return FindCoordinatorResponse::default()
            .with_error_code(found.error_code)
            .with_error_message(found.error_message)
            .with_node_id(found.node_id)
            .with_host(found.host)
            .with_port(found.port);
    }
    let coordinators = request.coordinator_keys.into_iter().map(|key| describe(key, request.key_type, cx, shared));
    FindCoordinatorResponse::default().with_coordinators(coordinators.collect())
}

fn describe(key: StrBytes, key_type: i8, cx: &Context, shared: &Shared) -> Coordinator {
    let found = find(&key, key_type, cx, shared);
    let coordinator = Coordinator::default().with_key(key);
    match found {
        Ok(node) => coordinator
            .with_node_id(broker_id(node))
            .with_host(cx.host.clone())
            .with_port(i32::from(shared.port_of(node))),
        Err(refusal) => coordinator
            .with_node_id(broker_id(-1))
            .with_port(-1)
            .with_error_code(refusal.code())
            .with_error_message(refusal.message()),
    }
}

fn find(key: &str, key_type: i8, cx: &Context, shared: &Shared) -> Result<i32, Refusal> {
    cx.check_forced()?;
    if key_type != GROUP {
        // An error that clients take as final: they would look for a coordinator for ever otherwise.
        return Err(Refusal::new(
            ResponseError::TransactionalIdAuthorizationFailed,
            "the embedded broker has no transactions and no share groups",
        ));
    }
    if key.is_empty() {
        return Err(ResponseError::InvalidGroupId.into());
    }
    Ok(shared.coordinator_of(key))
}
