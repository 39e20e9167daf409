//! DescribeCluster: the nodes and the controller (KIP-700).

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_protocol::messages::{DescribeClusterRequest, DescribeClusterResponse};
use kafka_protocol::protocol::StrBytes;

use super::super::state::{Context, Shared, broker_id};

const BROKERS: i8 = 1;

pub(in super::super) fn answer(
    request: DescribeClusterRequest,
    cx: &Context,
    shared: &Shared,
) -> DescribeClusterResponse {
    let response = DescribeClusterResponse::default().with_endpoint_type(request.endpoint_type);
    if let Some(code) = cx.forced {
        return response.with_error_code(code.code());
    }
    if cx.version >= 1 && request.endpoint_type != BROKERS {
        return response.with_error_code(ResponseError::MismatchedEndpointType.code());
    }
    let brokers = shared.nodes().map(|(node, port)| {
        DescribeClusterBroker::default()
            .with_broker_id(broker_id(node))
            .with_host(cx.host.clone())
            .with_port(i32::from(port))
    });
    response
        .with_cluster_id(StrBytes::from_string(shared.config.cluster_id.clone()))
        .with_controller_id(broker_id(1))
        .with_brokers(brokers.collect())
}
