//! LeaveGroup: members go, the others share what they had.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::leave_group_response::MemberResponse;
use kafka_protocol::messages::{LeaveGroupRequest, LeaveGroupResponse};

use super::super::state::{Context, Shared};

pub(in super::super) fn answer(request: LeaveGroupRequest, cx: &Context, shared: &Shared) -> LeaveGroupResponse {
    if let Err(code) = shared.check_group(cx, &request.group_id) {
        return LeaveGroupResponse::default().with_error_code(code.code());
    }
    let leave = |member_id: &str| {
        let mut state = shared.lock();
        let group = state.groups.get_mut(&request.group_id).ok_or(ResponseError::UnknownMemberId);
        group.and_then(|group| group.leave(cx.now, member_id)).map_or_else(|code| code.code(), |()| 0)
    };
    // Up to version 2 one member leaves, from 3 on a list of them, each with its own error.
    let response = if cx.version < 3 {
        LeaveGroupResponse::default().with_error_code(leave(&request.member_id))
    } else {
        let members = request.members.iter().map(|member| {
            MemberResponse::default()
                .with_member_id(member.member_id.clone())
                .with_group_instance_id(member.group_instance_id.clone())
                .with_error_code(leave(&member.member_id))
        });
        LeaveGroupResponse::default().with_members(members.collect())
    };
    shared.deadlines.notify_one();
    response
}
