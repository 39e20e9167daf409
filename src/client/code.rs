//! What does a broker's error code mean?

use std::fmt;

use kafka_protocol::error::ResponseError;

/// An error code of the Kafka protocol, as a broker sent it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorCode(i16);

impl ErrorCode {
    /// OFFSET_OUT_OF_RANGE: the log does not have that offset.
    pub const OFFSET_OUT_OF_RANGE: Self = Self(1);
    /// UNKNOWN_TOPIC_OR_PARTITION: not there, or not yet there, or not for us to know.
    pub const UNKNOWN_TOPIC_OR_PARTITION: Self = Self(3);
    /// LEADER_NOT_AVAILABLE: an election is under way.
    pub const LEADER_NOT_AVAILABLE: Self = Self(5);
    /// NOT_LEADER_OR_FOLLOWER: the partition is led by another broker.
    pub const NOT_LEADER_OR_FOLLOWER: Self = Self(6);
    /// MESSAGE_TOO_LARGE: a batch is larger than the topic allows.
    pub const MESSAGE_TOO_LARGE: Self = Self(10);
    /// TOPIC_AUTHORIZATION_FAILED: an ACL forbids it.
    pub const TOPIC_AUTHORIZATION_FAILED: Self = Self(29);
    /// TOPIC_ALREADY_EXISTS.
    pub const TOPIC_ALREADY_EXISTS: Self = Self(36);
    /// NOT_CONTROLLER: another broker is.
    pub const NOT_CONTROLLER: Self = Self(41);

    /// The code, if it is an error: 0 is none.
    #[must_use]
    pub fn from_wire(code: i16) -> Option<Self> {
        (code != 0).then_some(Self(code))
    }

    /// The number on the wire.
    #[must_use]
    pub fn code(self) -> i16 {
        self.0
    }

    /// Whether Kafka calls it retriable: the same request may succeed later, or at another broker.
    #[must_use]
    pub fn is_retriable(self) -> bool {
        // FENCED_LEADER_EPOCH and UNKNOWN_LEADER_EPOCH tell of metadata that is too old, here or there.
        matches!(self.0, 74 | 75) || self.known().is_some_and(|e| e.is_retriable())
    }

    /// Whether the broker refused it because of who we are: authentication or authorisation.
    #[must_use]
    pub fn is_denied(self) -> bool {
        matches!(self.0, 29..=31 | 33 | 34 | 53 | 58 | 61..=66)
    }

    /// Whether it says that the topic or partition is not there, which may be true for a moment only.
    pub(super) fn is_unknown_topic(self) -> bool {
        matches!(self.0, 3 | 100 | 103)
    }

    /// Whether a leader that answers Produce with it may have appended the batch.
    pub(super) fn leaves_append_open(self) -> bool {
        // UNKNOWN_SERVER_ERROR; NOT_LEADER_OR_FOLLOWER, which is also said when the leader moved while the replicas were
        // waited for; REQUEST_TIMED_OUT; NOT_ENOUGH_REPLICAS_AFTER_APPEND; DUPLICATE_SEQUENCE_NUMBER; KAFKA_STORAGE_ERROR,
        // after which a restart may find what was being written.
        matches!(self.0, -1 | 6 | 7 | 20 | 46 | 56)
    }

    /// Kafka's name for it, `NOT_LEADER_OR_FOLLOWER` for instance; `None` for one that is newer than this program.
    #[must_use]
    pub fn name(self) -> Option<String> {
        let camel = format!("{:?}", self.known()?);
        let mut name = String::with_capacity(camel.len() + 8);
        for c in camel.chars() {
            if c.is_ascii_uppercase() && !name.is_empty() {
                name.push('_');
            }
            name.push(c.to_ascii_uppercase());
        }
        Some(name)
    }

    fn known(self) -> Option<ResponseError> {
        ResponseError::try_from_code(self.0).filter(|e| !matches!(e, ResponseError::Unknown(_)))
    }

    /// What the user should do, in one line, where there is something.
    pub(super) fn hint(self) -> Option<&'static str> {
        Some(match self.0 {
            1 => "Records before the earliest offset were deleted; ask for the offsets again.",
            3 => "Check the topic's name, which is case-sensitive, and that it exists.",
            10 | 18 => "Send smaller batches, or raise max.message.bytes of the topic.",
            17 => "A topic's name has 1 to 249 of the characters a-z, A-Z, 0-9, '.', '_' and '-'.",
            19 | 20 => "Fewer replicas are in sync than min.insync.replicas asks for: see whether all brokers are up.",
            29..=31 | 53 => "Ask the cluster's administrator for an ACL that allows it.",
            35 => "The broker is too old or too new for this request.",
            38 => "Ask for no more replicas than there are brokers.",
            76 => "The broker or the topic does not take this compression; choose another one.",
            _ => return None,
        })
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(&name),
            None => write!(f, "error code {}", self.0),
        }
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} ({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_names_that_kafka_gives_them() {
        assert_eq!(ErrorCode(6).to_string(), "NOT_LEADER_OR_FOLLOWER");
        assert_eq!(ErrorCode(17).to_string(), "INVALID_TOPIC_EXCEPTION");
        assert_eq!(ErrorCode(-1).to_string(), "UNKNOWN_SERVER_ERROR");
        assert_eq!(ErrorCode(9999).to_string(), "error code 9999");
        assert_eq!(ErrorCode::from_wire(0), None);
    }

    #[test]
    fn what_may_pass_is_told_from_what_will_not() {
        for code in [3, 5, 6, 7, 13, 14, 15, 16, 19, 20, 41, 56, 74, 75, 100] {
            assert!(ErrorCode(code).is_retriable(), "{code}");
        }
        for code in [-1, 1, 10, 17, 29, 35, 36, 45, 76, 9999] {
            assert!(!ErrorCode(code).is_retriable(), "{code}");
        }
        assert!(ErrorCode(29).is_denied() && !ErrorCode(3).is_denied());
    }
}
