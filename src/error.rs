//! The error of the whole crate: whatever a room says, and whose fault it is.

use crate::{catalog, client, discover, record, rows, sink, source};

/// What went wrong, in whichever room.
///
/// Each room has an error of its own, which says more; this one joins them for programs that use several.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The cluster could not be reached, or a broker refused.
    #[error(transparent)]
    Client(#[from] client::Error),
    /// A data system, a table or a schema file.
    #[error(transparent)]
    Catalog(#[from] catalog::Error),
    /// A run of discovery.
    #[error(transparent)]
    Discover(#[from] discover::Error),
    /// Writing rows.
    #[error(transparent)]
    Sink(#[from] sink::Error),
    /// Reading rows.
    #[error(transparent)]
    Source(#[from] source::Error),
    /// A record batch.
    #[error(transparent)]
    Record(#[from] record::Error),
    /// A record that is no row, or a row that is no record.
    #[error(transparent)]
    Row(#[from] rows::Misfit),
}

/// Who has to do something about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The caller: configuration or arguments.
    Caller,
    /// The cluster, or the network on the way to it.
    Cluster,
    /// Whoever wrote the data.
    Data,
    /// topica itself, or the machine that it runs on.
    Internal,
}

impl Error {
    /// Who has to do something about it.
    pub fn fault(&self) -> Fault {
        match self {
            Error::Client(error) => of_client(error),
            Error::Catalog(catalog::Error::ReadBack(_)) => Fault::Internal,
            Error::Catalog(catalog::Error::Io { .. }) => Fault::Internal,
            Error::Catalog(_) => Fault::Caller,
            Error::Discover(discover::Error::Topics(error)) => of_client(error),
            Error::Discover(_) => Fault::Caller,
            Error::Sink(error) => of_sink(error),
            Error::Source(source::Error::Client(error)) => of_client(error),
            Error::Source(_) => Fault::Caller,
            Error::Record(_) | Error::Row(_) => Fault::Data,
        }
    }

    /// Whether the same call may succeed later.
    pub fn is_retriable(&self) -> bool {
        match self {
            Error::Client(error)
            | Error::Discover(discover::Error::Topics(error))
            | Error::Source(source::Error::Client(error))
            | Error::Sink(sink::Error::Client(error)) => error.is_retriable(),
            _ => false,
        }
    }
}

fn of_client(error: &client::Error) -> Fault {
    if error.kind() == client::Kind::Usage { Fault::Caller } else { Fault::Cluster }
}

fn of_sink(error: &sink::Error) -> Fault {
    match error {
        sink::Error::Misfit(_) | sink::Error::Row(_) => Fault::Data,
        sink::Error::Client(error) => of_client(error),
        sink::Error::Broken(cause) => of_sink(cause),
        sink::Error::Codec(_) => Fault::Internal,
        sink::Error::NoPartition(_) | sink::Error::NoTopic(_) => Fault::Caller,
    }
}
