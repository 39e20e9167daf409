//! How does a byte stream to a broker come about? Here TLS and proxies will be added; nothing above knows the difference.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

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
    /// A stream to `address`, before `deadline`. A name with several addresses is tried address by address until one
    /// accepts.
    pub(super) async fn dial(&self, address: &Address, deadline: Instant) -> Result<Box<dyn Stream>, Error> {
        match self {
            Self::Plain => Ok(Box::new(tcp(address, deadline).await?)),
        }
    }
}

async fn tcp(address: &Address, deadline: Instant) -> Result<TcpStream, Error> {
    let start = Instant::now();
    let resolved = timeout_at(deadline, tokio::net::lookup_host((address.host.as_str(), address.port))).await;
    let candidates: Vec<SocketAddr> = match resolved {
        Err(_) => return Err(Error::ConnectTimeout { address: address.clone(), after: start.elapsed() }),
        Ok(Err(source)) => return Err(Error::Resolve { address: address.clone(), source: Arc::new(source) }),
        Ok(Ok(found)) => found.collect(),
    };
    let mut attempts = Vec::new();
    let mut untried = candidates.len();
    for peer in candidates {
        // Each address has its share of the time left: a black hole before a good address must not eat it all.
        let share = share(deadline.saturating_duration_since(Instant::now()), untried);
        untried -= 1;
        match timeout(share, TcpStream::connect(peer)).await {
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

/// What one of `untried` addresses may use of the time left. What it does not use is left for those behind it.
fn share(left: Duration, untried: usize) -> Duration {
    left / u32::try_from(untried).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_share_the_time_that_is_left() {
        let (mut left, mut shares) = (Duration::from_secs(12), Vec::new());
        for untried in (1..=4).rev() {
            let share = share(left, untried);
            shares.push(share.as_secs());
            // The second one refuses at once, which leaves its share to the others.
            left -= if untried == 3 { Duration::ZERO } else { share };
        }
        assert_eq!(shares, [3, 3, 4, 4]);
        assert_eq!(share(Duration::ZERO, 1), Duration::ZERO);
    }
}
