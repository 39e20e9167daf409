//! ApiVersions: what this broker speaks (KIP-35, KIP-511).

use kafka_protocol::ResponseError;
use kafka_protocol::messages::ApiVersionsResponse;
use kafka_protocol::messages::api_versions_response::ApiVersion;

use super::super::state::Context;
use super::SUPPORTED;

pub(in super::super) fn answer(cx: &Context) -> ApiVersionsResponse {
    ApiVersionsResponse::default()
        .with_error_code(cx.forced.map_or(0, |code| code.code()))
        .with_api_keys(SUPPORTED.iter().map(|&(key, min, max)| version(key as i16, min, max)).collect())
}

/// The answer, in version 0, to a version that is not spoken: the client starts again with what is in it.
pub(in super::super) fn unsupported() -> ApiVersionsResponse {
    let own = SUPPORTED.iter().filter(|(key, ..)| *key == kafka_protocol::messages::ApiKey::ApiVersions);
    ApiVersionsResponse::default()
        .with_error_code(ResponseError::UnsupportedVersion.code())
        .with_api_keys(own.map(|&(key, min, max)| version(key as i16, min, max)).collect())
}

fn version(key: i16, min: i16, max: i16) -> ApiVersion {
    ApiVersion::default().with_api_key(key).with_min_version(min).with_max_version(max)
}
