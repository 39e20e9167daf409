//! A producer id, with which brokers tell a batch that was sent again from a new one (KIP-98).

use kafka_protocol::messages::InitProducerIdRequest;
use tokio::time::{sleep, timeout};

use super::brokers::Lane;
use super::retry::{Backoff, Budget};
use super::{Client, Error, ErrorCode};

/// Who sends, for the brokers: goes into each batch, beside its sequence number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProducerId {
    /// The id: unique in the cluster.
    pub id: i64,
    /// The epoch: a higher one fences off a lower one of the same id.
    pub epoch: i16,
}

impl Client {
    /// A new producer id, for an idempotent producer without a transactional id. Any broker gives one.
    ///
    /// # Errors
    /// When no broker gives one within [`ClientConfig::timeout`](super::ClientConfig::timeout), or writing is denied.
    pub async fn init_producer_id(&self) -> Result<ProducerId, Error> {
        let config = self.config();
        let budget = Budget::starting_now(config.timeout);
        let mut backoff = Backoff::new(config.retry_backoff, config.retry_backoff_max);
        let mut attempt = 0;
        loop {
            let error = match timeout(budget.left(), self.init_producer_id_once(attempt)).await {
                Ok(Ok(producer)) => return Ok(producer),
                Ok(Err(error)) => error,
                Err(_) => return Err(Error::NoAnswer { topic: None, partition: None, after: budget.used() }),
            };
            if !error.is_retriable() {
                return Err(error);
            }
            let pause = backoff.pause();
            if pause >= budget.left() {
                return Err(error.timed_out(budget.used()));
            }
            sleep(pause).await;
            attempt += 1;
            // The brokers may be others by now. Without newer metadata the next attempt asks another one of those known.
            if let Ok(Err(error)) = timeout(budget.left(), self.refresh([], None, budget)).await {
                tracing::debug!(%error, "no newer metadata");
            }
        }
    }

    /// Asks one broker; another one at each attempt.
    async fn init_producer_id_once(&self, attempt: usize) -> Result<ProducerId, Error> {
        let snapshot = self.inner.metadata.snapshot();
        let brokers = &snapshot.cluster.brokers;
        let broker = brokers.get(attempt % brokers.len().max(1)).ok_or(Error::NoBrokers)?;
        let address = broker.address();
        let connection = self.inner.brokers.get(broker.id, &address, Lane::General).await.map_err(|unreached| {
            Error::Advertised { broker: broker.id, address: address.to_string(), source: unreached.error }
        })?;
        // Without a transactional id the timeout means nothing; Kafka wants it positive all the same.
        let request = InitProducerIdRequest::default().with_transactional_id(None).with_transaction_timeout_ms(60_000);
        let reply = connection.call(|_| request).await?;
        match ErrorCode::from_wire(reply.error_code) {
            None => Ok(ProducerId { id: reply.producer_id.0, epoch: reply.producer_epoch }),
            Some(code) => Err(Error::Broker {
                topic: None,
                partition: None,
                address: Some(address.to_string()),
                code,
                message: None,
            }),
        }
    }
}
