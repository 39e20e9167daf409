//! Heartbeat: a member lives, and learns of a rebalance.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{HeartbeatRequest, HeartbeatResponse};

use super::super::group::Identity;
use super::super::state::{Context, Shared};

pub(in super::super) fn answer(request: &HeartbeatRequest, cx: &Context, shared: &Shared) -> HeartbeatResponse {
    let result = beat(request, cx, shared);
    shared.deadlines.notify_one();
    HeartbeatResponse::default().with_error_code(result.map_or_else(|code| code.code(), |()| 0))
}

fn beat(request: &HeartbeatRequest, cx: &Context, shared: &Shared) -> Result<(), ResponseError> {
    shared.check_group(cx, &request.group_id)?;
    let mut state = shared.lock();
    let group = state.groups.get_mut(&request.group_id).ok_or(ResponseError::UnknownMemberId)?;
    group.heartbeat(cx.now, Identity { member_id: &request.member_id, generation: request.generation_id })
}
