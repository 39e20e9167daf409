//! Connections to Kafka brokers: frames, version negotiation, requests and replies. Knows nothing of topics or records.
//!
//! One task owns each socket ([`Connection`] is a cheap handle to it); requests are matched to replies by correlation id,
//! many may be in flight, and a connection that breaks answers all who wait with one cause. A length from outside is
//! checked before it is used ([`frame`], [`MAX_DECODED`]), and a peer that does not speak Kafka is named ([`LooksLike`]).
//!
//! The messages themselves are `kafka_protocol`'s; nothing else of that crate is used.

mod address;
mod connection;
mod dial;
mod error;
pub mod frame;
mod handshake;
mod looks_like;
mod message;
mod versions;
mod weigh;

pub use address::{Address, DEFAULT_PORT};
pub use connection::{Call, ConnectOptions, Connection};
pub use dial::{Stream, Transport};
pub use error::{Error, Lost};
pub use frame::{FrameError, read_frame};
pub use looks_like::LooksLike;
pub use message::{ReplyError, decode_reply};
pub use versions::{BrokerVersions, api_name, our_versions};
pub use weigh::{MAX_DECODED, WeightError};
