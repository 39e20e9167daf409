//! Ports and the tasks behind them: accepting connections, and the clock of the consumer groups.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};

use super::config::BrokerConfig;
use super::connection;
use super::state::Shared;

/// After a failed accept (no file descriptors left, say) the next is tried so much later.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Binds one listener for each node.
pub(super) async fn bind(config: &BrokerConfig) -> io::Result<(Vec<TcpListener>, Vec<SocketAddr>)> {
    let mut listeners = Vec::with_capacity(config.nodes);
    let mut addresses = Vec::with_capacity(config.nodes);
    for node in 0..config.nodes.max(1) {
        let port = if node == 0 { config.listen.port() } else { 0 };
        let listener = TcpListener::bind((config.listen.ip(), port)).await?;
        addresses.push(listener.local_addr()?);
        listeners.push(listener);
    }
    Ok((listeners, addresses))
}

/// Starts all tasks; each ends when it is aborted.
pub(super) fn serve(listeners: Vec<TcpListener>, shared: &Arc<Shared>) -> Vec<JoinHandle<()>> {
    let slots = Arc::new(Semaphore::new(shared.config.max_connections.min(Semaphore::MAX_PERMITS)));
    let nodes = (1..).zip(listeners);
    let mut tasks: Vec<_> = nodes
        .map(|(node, listener)| tokio::spawn(accept(listener, node, Arc::clone(shared), Arc::clone(&slots))))
        .collect();
    tasks.push(tokio::spawn(keep_deadlines(Arc::clone(shared))));
    tasks
}

async fn accept(listener: TcpListener, node: i32, shared: Arc<Shared>, slots: Arc<Semaphore>) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!(%error, "accept failed");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        while connections.try_join_next().is_some() {}
        let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else {
            tracing::debug!(%peer, "too many connections");
            continue;
        };
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            serve_connection(stream, peer, node, &shared).await;
            drop(slot);
        });
    }
}

async fn serve_connection(stream: TcpStream, peer: SocketAddr, node: i32, shared: &Shared) {
    let _open = Open::new(shared);
    if let Err(reason) = connection::serve(stream, peer, node, shared).await {
        tracing::debug!(%peer, node, %reason, "connection closed");
    }
}

/// Counts a connection as open while it lives, however it ends.
struct Open<'a>(&'a Shared);

impl<'a> Open<'a> {
    fn new(shared: &'a Shared) -> Self {
        let stats = &mut shared.lock().stats;
        stats.connections += 1;
        stats.open_connections += 1;
        Self(shared)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let stats = &mut self.0.lock().stats;
        stats.open_connections = stats.open_connections.saturating_sub(1);
    }
}

/// Ends sessions and rebalances when their time is up.
async fn keep_deadlines(shared: Arc<Shared>) {
    loop {
        let next = shared.lock().groups.next_deadline();
        let due = async {
            match next {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => shared.lock().groups.expire(Instant::now()),
            () = shared.deadlines.notified() => {}
        }
    }
}
