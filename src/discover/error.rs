//! Why a run of discovery gave no report at all.

use crate::discover::naming::Collision;
use crate::{catalog, client};

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
    /// A table could not be written down so that it reads back as it was meant.
    #[error("table `{table}`: {source}")]
    Table {
        /// The table.
        table: String,
        /// What is wrong with it.
        #[source]
        source: catalog::Error,
    },
    /// Inference failed in a way that it never should.
    #[error("inferring table `{table}` failed\nthis is a defect of topica: please report it")]
    Defect {
        /// The table.
        table: String,
    },
}

impl Error {
    /// Whether the caller can mend it by asking for something else.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Collision(_) | Self::FormatRequired(_) => true,
            Self::Topics(error) => error.kind() == client::Kind::Usage,
            Self::Table { .. } | Self::Defect { .. } => false,
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
