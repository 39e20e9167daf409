//! Why the broker refused: as an answer on the wire, and as an error of the in-process calls.

use kafka_protocol::ResponseError;
use kafka_protocol::protocol::StrBytes;

/// Why an in-process call on the broker failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The broker refused, as it would have refused a client.
    #[error("{topic}: {reason} ({code})")]
    Refused {
        /// The topic that was asked for.
        topic: String,
        /// Kafka's name of the error code.
        code: ResponseError,
        /// Why, in words.
        reason: String,
    },
    /// The records cannot be written as one batch.
    #[error("{topic}: {reason}")]
    Records {
        /// The topic that was written to.
        topic: String,
        /// What is wrong with them.
        reason: String,
    },
}

/// A refusal as it goes over the wire: an error code and, where the API has room for it, a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: ResponseError,
    pub(super) message: Option<String>,
}

impl Refusal {
    pub(super) fn new(code: ResponseError, message: impl Into<String>) -> Self {
        Self { code, message: Some(message.into()) }
    }

    pub(super) fn code(&self) -> i16 {
        self.code.code()
    }

    /// The sentence for a response's `error_message`.
    pub(super) fn message(self) -> Option<StrBytes> {
        self.message.map(StrBytes::from_string)
    }

    pub(super) fn into_error(self, topic: &str) -> Error {
        let reason = self.message.unwrap_or_else(|| self.code.to_string());
        Error::Refused { topic: topic.to_owned(), code: self.code, reason }
    }
}

impl From<ResponseError> for Refusal {
    fn from(code: ResponseError) -> Self {
        Self { code, message: None }
    }
}
