//! SyncGroup: the leader says who gets what, everybody learns it.

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{SyncGroupRequest, SyncGroupResponse};
use kafka_protocol::protocol::StrBytes;

use super::super::group::{Answer, Identity, SyncResult};
use super::super::state::{Context, Shared, own};

pub(in super::super) fn answer(request: SyncGroupRequest, cx: &Context, shared: &Shared) -> Answer<SyncResult> {
    if let Err(code) = shared.check_group(cx, &request.group_id) {
        return Answer::Now(Err(code));
    }
    if request.group_instance_id.is_some() {
        return Answer::Now(Err(ResponseError::UnsupportedVersion));
    }
    let mut state = shared.lock();
    let speaks = state
        .groups
        .get(&request.group_id)
        .is_none_or(|group| group.speaks(request.protocol_type.as_deref(), request.protocol_name.as_deref()));
    if !speaks {
        return Answer::Now(Err(ResponseError::InconsistentGroupProtocol));
    }
    let who = Identity { member_id: &request.member_id, generation: request.generation_id };
    let assignments =
        request.assignments.iter().map(|a| (a.member_id.as_str().to_owned(), own(&a.assignment))).collect();
    let answer = state.groups.sync(cx.now, &request.group_id, who, assignments);
    drop(state);
    shared.deadlines.notify_one();
    answer
}

pub(in super::super) fn response(result: SyncResult) -> SyncGroupResponse {
    match result {
        Ok(synced) => SyncGroupResponse::default()
            .with_protocol_type(Some(StrBytes::from_string(synced.protocol_type)))
            .with_protocol_name(Some(StrBytes::from_string(synced.protocol)))
            .with_assignment(synced.assignment),
        Err(code) => SyncGroupResponse::default().with_error_code(code.code()).with_assignment(Bytes::new()),
    }
}
