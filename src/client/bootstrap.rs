//! Which server is asked about the cluster: the first bootstrap server that answers, later any broker that is connected.

use std::time::Duration;

use kafka_protocol::messages::{MetadataRequest, MetadataResponse};
use tokio::time::{Instant, sleep_until, timeout};

use super::retry::Budget;
use super::together::Together;
use super::{Client, Error};
use crate::wire::{self, Connection};

/// A server that is silent for so long gets company: the next one is tried beside it. Less, if time is short.
const STAGGER: Duration = Duration::from_secs(1);

impl Client {
    /// Asks the bootstrap servers, as long as the budget lasts, and the brokers known from before, for the cluster; keeps the connection.
    pub(super) async fn bootstrap(&self, budget: Budget) -> Result<(Connection, MetadataResponse), Error> {
        let brokers = &self.inner.brokers;
        let mut servers = brokers.bootstrap_servers().to_vec();
        for broker in &self.inner.metadata.snapshot().cluster.brokers {
            let address = broker.address();
            if !servers.contains(&address) {
                servers.push(address);
            }
        }
        let stagger = STAGGER.min(budget.left() / u32::try_from(servers.len() + 1).unwrap_or(u32::MAX));
        let mut failures: Vec<Option<wire::Error>> = vec![None; servers.len()];
        let mut waiting = servers.iter().enumerate();
        let mut trying = Together::new();
        loop {
            if !budget.left().is_zero()
                && let Some((at, server)) = waiting.next()
            {
                trying.add(async move { (at, self.ask_cluster(&server.to_string(), budget).await) });
            } else if trying.is_empty() {
                return Err(Error::Bootstrap { failures: failures.into_iter().flatten().collect() });
            }
            let company = Instant::now() + stagger;
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

    async fn ask_cluster(&self, server: &str, budget: Budget) -> Result<(Connection, MetadataResponse), wire::Error> {
        let mut options = self.inner.brokers.options().clone();
        options.connect_timeout = options.connect_timeout.min(budget.left());
        let connection = Connection::open(server, &options).await?;
        // No topics: the question is who the brokers are, and whether we may ask.
        let reply = connection
            .call(|_| MetadataRequest::default().with_topics(Some(Vec::new())).with_allow_auto_topic_creation(false));
        let left = budget.left();
        match timeout(left, reply).await {
            Ok(reply) => Ok((connection.clone(), reply?)),
            Err(_) => {
                let address = connection.address().clone();
                Err(wire::Error::Silent { address, api: "Metadata".to_owned(), after: left })
            }
        }
    }
}
