//! Which version of each API do both sides speak?

use std::collections::BTreeMap;

use kafka_protocol::messages::{ApiKey, ApiVersionsResponse};
use kafka_protocol::protocol::{Request, VersionRange};

/// The version of ApiVersions that is asked first. Later versions change nothing that is used here, and each would cost
/// the older brokers a second round trip (KIP-35, KIP-511).
pub(super) const FIRST_API_VERSIONS: i16 = 3;

/// The versions of API `R` that this client speaks: what the message library knows, cut where a version would change
/// what the request does.
#[must_use]
pub fn our_versions<R: Request>() -> VersionRange {
    let known = R::VERSIONS;
    let ours = match ApiKey::try_from(R::KEY) {
        // Before v4 a broker creates each topic that is asked for: looking must not change anything (KIP-204).
        // v13 adds only an error code for clients that rebootstrap (KIP-1102), and librdkafka's mock cluster has it wrong.
        Ok(ApiKey::Metadata) => VersionRange { min: 4, max: 12 },
        // v18 is for followers only (KIP-1166).
        Ok(ApiKey::Fetch) => VersionRange { min: 4, max: 17 },
        Ok(ApiKey::ApiVersions) => VersionRange { min: 0, max: FIRST_API_VERSIONS },
        _ => known,
    };
    known.intersect(&ours)
}

/// The name of the API with this key, as the protocol guide has it.
#[must_use]
pub fn api_name(key: i16) -> String {
    ApiKey::try_from(key).map_or_else(|()| format!("API {key}"), |api| format!("{api:?}"))
}

/// What a broker said that it speaks.
#[derive(Debug, Clone, Default)]
pub struct BrokerVersions {
    by_key: BTreeMap<i16, VersionRange>,
}

impl BrokerVersions {
    pub(super) fn from_reply(reply: &ApiVersionsResponse) -> Self {
        let range = |api: &kafka_protocol::messages::api_versions_response::ApiVersion| VersionRange {
            min: api.min_version,
            max: api.max_version,
        };
        Self { by_key: reply.api_keys.iter().map(|api| (api.api_key, range(api))).collect() }
    }

    /// The versions of the API with this key that the broker speaks; `None` if it does not have the API.
    #[must_use]
    pub fn of(&self, key: i16) -> Option<VersionRange> {
        self.by_key.get(&key).copied()
    }

    /// The highest version of `R` that both sides speak, and that is at most `cap`.
    ///
    /// # Errors
    /// The broker's range, if there is no such version.
    pub fn negotiate<R: Request>(&self, cap: i16) -> Result<i16, Option<VersionRange>> {
        let theirs = self.of(R::KEY);
        let both = theirs.ok_or(theirs)?.intersect(&our_versions::<R>());
        let both = VersionRange { min: both.min, max: both.max.min(cap) };
        if both.is_empty() { Err(theirs) } else { Ok(both.max) }
    }
}
