//! JoinGroup: a member wants into the next generation; the answer comes when all are there.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::messages::{JoinGroupRequest, JoinGroupResponse};
use kafka_protocol::protocol::StrBytes;

use super::super::group::{Answer, Join, JoinResult, NotJoined};
use super::super::state::{Context, Shared, own};
use super::millis;

pub(in super::super) fn answer(request: JoinGroupRequest, cx: &Context, shared: &Shared) -> Answer<JoinResult> {
    let refuse = |code| Answer::Now(Err(NotJoined { code, member_id: request.member_id.as_str().to_owned() }));
    if let Err(code) = shared.check_group(cx, &request.group_id) {
        return refuse(code);
    }
    if request.group_instance_id.is_some() {
        // What a Kafka answers whose inter-broker protocol is too old for static members.
        return refuse(ResponseError::UnsupportedVersion);
    }
    let session_timeout = millis(request.session_timeout_ms);
    let join = Join {
        member_id: request.member_id.as_str().to_owned(),
        client_id: cx.client_id.clone(),
        host: cx.peer.clone(),
        session_timeout,
        rebalance_timeout: if cx.version >= 1 { millis(request.rebalance_timeout_ms) } else { session_timeout },
        protocol_type: request.protocol_type.as_str().to_owned(),
        protocols: request.protocols.iter().map(|p| (p.name.as_str().to_owned(), own(&p.metadata))).collect(),
        id_required: cx.version >= 4,
    };
    let answer = shared.lock().groups.join(cx.now, &request.group_id, join);
    shared.deadlines.notify_one();
    answer
}

pub(in super::super) fn response(result: JoinResult, cx: &Context) -> JoinGroupResponse {
    match result {
        Ok(joined) => {
            let members = joined.members.into_iter().map(|(id, metadata)| {
                JoinGroupResponseMember::default().with_member_id(StrBytes::from_string(id)).with_metadata(metadata)
            });
            JoinGroupResponse::default()
                .with_generation_id(joined.generation)
                .with_protocol_type(Some(StrBytes::from_string(joined.protocol_type)))
                .with_protocol_name(Some(StrBytes::from_string(joined.protocol)))
                .with_leader(StrBytes::from_string(joined.leader))
                .with_member_id(StrBytes::from_string(joined.member_id))
                .with_members(members.collect())
        }
        Err(refused) => JoinGroupResponse::default()
            .with_error_code(refused.code.code())
            .with_generation_id(-1)
            // Nullable from version 7 on.
            .with_protocol_name((cx.version < 7).then(StrBytes::default))
            .with_member_id(StrBytes::from_string(refused.member_id)),
    }
}
