//! ListGroups: the groups that this node coordinates.

use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::messages::{ListGroupsRequest, ListGroupsResponse};
use kafka_protocol::protocol::StrBytes;

use super::super::state::{Context, Shared};

/// The type of all groups here, as ListGroups v5 has it.
const TYPE: &str = "classic";

pub(in super::super) fn answer(request: &ListGroupsRequest, cx: &Context, shared: &Shared) -> ListGroupsResponse {
    if let Some(code) = cx.forced {
        return ListGroupsResponse::default().with_error_code(code.code());
    }
    let passes = |filter: &[StrBytes], value: &str| {
        filter.is_empty() || filter.iter().any(|wanted| wanted.as_str().eq_ignore_ascii_case(value))
    };
    let state = shared.lock();
    let groups = state
        .groups
        .iter()
        .filter(|(name, _)| shared.coordinator_of(name) == cx.node)
        .filter(|(_, group)| passes(&request.states_filter, group.state_name()) && passes(&request.types_filter, TYPE))
        .map(|(name, group)| {
            ListedGroup::default()
                .with_group_id(StrBytes::from_string(name.to_owned()).into())
                .with_protocol_type(StrBytes::from_string(group.protocol_type().to_owned()))
                .with_group_state(StrBytes::from_static_str(group.state_name()))
                .with_group_type(StrBytes::from_static_str(TYPE))
        });
    ListGroupsResponse::default().with_groups(groups.collect())
}
