//! DeleteGroups: groups without members, and the offsets that they committed.

use kafka_protocol::messages::delete_groups_response::DeletableGroupResult;
use kafka_protocol::messages::{DeleteGroupsRequest, DeleteGroupsResponse};

use super::super::state::{Context, Shared};

pub(in super::super) fn answer(request: DeleteGroupsRequest, cx: &Context, shared: &Shared) -> DeleteGroupsResponse {
    let results = request.groups_names.into_iter().map(|name| {
        let result = shared.check_group(cx, &name).and_then(|()| shared.lock().groups.delete(&name));
        DeletableGroupResult::default()
            .with_group_id(name)
            .with_error_code(result.map_or_else(|code| code.code(), |()| 0))
    });
    DeleteGroupsResponse::default().with_results(results.collect())
}
