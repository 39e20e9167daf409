//! Which server is asked about the cluster: the first bootstrap server that answers, later any broker that is connected.

use std::time::Duration;

use kafka_protocol::messages::{MetadataRequest, MetadataResponse};
use tokio::time::{Instant, sleep_until};

use super::together::Together;
use super::{Client, Error};
use crate::wire::{self, Connection};

/// A server that is silent for so long gets company: the next one is tried beside it.
const STAGGER: Duration = Duration::from_secs(1);

impl Client {
    /// Asks the bootstrap servers, and the brokers known from before, for the cluster; keeps the connection.
    pub(super) async fn bootstrap(&self) -> Result<(Connection, MetadataResponse), Error> {
        let brokers = &self.inner.brokers;
        let mut servers = brokers.bootstrap_servers().to_vec();
        for broker in &self.inner.metadata.snapshot().cluster.brokers {
            let address = broker.address();
            if !servers.contains(&address) {
                servers.push(address);
            }
        }
        let mut failures: Vec<Option<wire::Error>> = vec![None; servers.len()];
        let mut waiting = servers.iter().enumerate();
        let mut trying = Together::new();
        loop {
            if let Some((at, server)) = waiting.next() {
                trying.add(async move { (at, self.ask_cluster(&server.to_string()).await) });
            } else if trying.is_empty() {
                return Err(Error::Bootstrap { failures: failures.into_iter().flatten().collect() });
            }
            let company = Instant::now() + STAGGER;
            let more = waiting.len() > 0;
            tokio::select! {
                ended = trying.next() => match ended {
                    Some((_, Ok((connection, reply)))) => {
                        tracing::debug!(server = %connection.address(), brokers = reply.brokers.len(), "bootstrapped");
                        brokers.keep_seed(connection.clone());
                        return Ok((connection, reply));
                    }
                    Some((at, Err(error))) => {
                        tracing::debug!(%error, "bootstrap server failed");
                        if let Some(failure) = failures.get_mut(at) {
                            *failure = Some(error);
                        }
                    }
                    None => {}
                },
                () = sleep_until(company), if more => {}
            }
        }
    }

    async fn ask_cluster(&self, server: &str) -> Result<(Connection, MetadataResponse), wire::Error> {
        let connection = Connection::open(server, self.inner.brokers.options()).await?;
        // No topics: the question is who the brokers are, and whether we may ask.
        let reply = connection
            .call(|_| MetadataRequest::default().with_topics(Some(Vec::new())).with_allow_auto_topic_creation(false));
        let reply = reply.await?;
        Ok((connection, reply))
    }
}
