//! Why a run of discovery gave no report at all.

use crate::client;
use crate::discover::naming::Collision;

/// Why a run of discovery gave no report at all. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The cluster could not be asked for its topics.
    #[error("the cluster's topics could not be listed: {0}")]
    Topics(#[source] client::Error),
    /// Two topics would give one table.
    #[error("{0}\nrename one, or choose among them with --topic or --topic-prefix")]
    Collision(#[from] Collision),
    /// Topics are to be written to, and nothing says how.
    #[error(
        "a {0} needs a format: its topics may be empty, and rows are written in it\nadd \"format\": {{\"formatType\": \"json\"}} to the data system, or use --format json"
    )]
    FormatRequired(&'static str),
}

impl Error {
    /// Whether the caller can mend it by asking for something else.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Collision(_) | Self::FormatRequired(_) => true,
            Self::Topics(error) => error.kind() == client::Kind::Usage,
        }
    }

    /// Whether the same run may succeed later.
    pub fn is_retriable(&self) -> bool {
        match self {
            Self::Topics(error) => error.is_retriable(),
            _ => false,
        }
    }
}
