//! DescribeGroups: a group's state and its members.

use std::collections::HashSet;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use kafka_protocol::messages::{DescribeGroupsRequest, DescribeGroupsResponse, GroupId};
use kafka_protocol::protocol::StrBytes;

use super::super::group::Group;
use super::super::state::{Context, Shared};

pub(in super::super) fn answer(
    request: DescribeGroupsRequest,
    cx: &Context,
    shared: &Shared,
) -> DescribeGroupsResponse {
    let mut seen = HashSet::new();
    let distinct = request.groups.into_iter().filter(|name| seen.insert(name.clone()));
    let groups = distinct.map(|name| describe(name, cx, shared));
    DescribeGroupsResponse::default().with_groups(groups.collect())
}

fn describe(name: GroupId, cx: &Context, shared: &Shared) -> DescribedGroup {
    let allowed = shared.check_group(cx, &name);
    let state = shared.lock();
    let group = state.groups.get(&name);
    let described = DescribedGroup::default().with_group_id(name.clone());
    match (allowed, group) {
        (Err(code), _) => described.with_error_code(code.code()),
        (Ok(()), Some(group)) => fill(described, group),
        // Version 6 says that there is none; before, such a group was told as dead.
        (Ok(()), None) => {
            let missing = if cx.version >= 6 { ResponseError::GroupIdNotFound.code() } else { 0 };
            described.with_error_code(missing).with_group_state(StrBytes::from_static_str("Dead"))
        }
    }
}

fn fill(described: DescribedGroup, group: &Group) -> DescribedGroup {
    let members = group.members().map(|(id, member)| {
        DescribedGroupMember::default()
            .with_member_id(StrBytes::from_string(id.to_owned()))
            .with_client_id(StrBytes::from_string(member.client_id.clone()))
            .with_client_host(StrBytes::from_string(member.host.clone()))
            .with_member_metadata(member.metadata(group.protocol()).cloned().unwrap_or_default())
            .with_member_assignment(member.assignment.clone())
    });
    described
        .with_group_state(StrBytes::from_static_str(group.state_name()))
        .with_protocol_type(StrBytes::from_string(group.protocol_type().to_owned()))
        .with_protocol_data(StrBytes::from_string(group.protocol().to_owned()))
        .with_members(members.collect())
}
