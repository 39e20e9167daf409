//! How does a byte stream to a broker come about? Here TLS and proxies will be added; nothing above knows the difference.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::{Address, Error};

/// A byte stream that a [`Connection`](super::Connection) can be made of.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// What lies between this client and a broker.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Transport {
    /// TCP and nothing else.
    #[default]
    Plain,
}

impl Transport {
    /// A stream to `address`. A name with several addresses is tried address by address until one accepts.
    pub(super) async fn dial(&self, address: &Address, patience: Duration) -> Result<Box<dyn Stream>, Error> {
        match self {
            Self::Plain => Ok(Box::new(tcp(address, patience).await?)),
        }
    }
}

async fn tcp(address: &Address, patience: Duration) -> Result<TcpStream, Error> {
    let start = Instant::now();
    let resolved = timeout_at(start + patience, tokio::net::lookup_host((address.host.as_str(), address.port))).await;
    let candidates: Vec<SocketAddr> = match resolved {
        Err(_) => return Err(Error::ConnectTimeout { address: address.clone(), after: patience }),
        Ok(Err(source)) => return Err(Error::Resolve { address: address.clone(), source: Arc::new(source) }),
        Ok(Ok(found)) => found.collect(),
    };
    let mut attempts = Vec::new();
    for peer in candidates {
        // Each address has its own patience: a black hole before a good address must not eat it.
        match timeout_at(Instant::now() + patience, TcpStream::connect(peer)).await {
            Ok(Ok(stream)) => {
                // Requests are small and answers awaited: Nagle's algorithm would hold each back for the last one's ACK.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%peer, %error, "TCP_NODELAY could not be set");
                }
                return Ok(stream);
            }
            Ok(Err(error)) => attempts.push((peer, Arc::new(error))),
            Err(_) => attempts.push((peer, Arc::new(std::io::ErrorKind::TimedOut.into()))),
        }
    }
    Err(Error::Connect { address: address.clone(), attempts })
}
