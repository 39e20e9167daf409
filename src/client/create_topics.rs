//! New topics, made by the controller.

use std::collections::BTreeMap;

use kafka_protocol::messages::CreateTopicsRequest;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::protocol::StrBytes;
use tokio::time::{sleep, timeout};

use super::brokers::Lane;
use super::metadata::topic_name;
use super::retry::{Backoff, Budget};
use super::{Client, Error, ErrorCode};

/// A topic to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// How many partitions; `None` for the broker's default (`num.partitions`, Kafka 2.4 and later).
    pub partitions: Option<i32>,
    /// How many replicas of each; `None` for the broker's default (`default.replication.factor`, Kafka 2.4 and later).
    pub replication_factor: Option<i16>,
    /// Its configuration, where it differs from the broker's.
    pub configs: BTreeMap<String, String>,
}

impl NewTopic {
    /// A topic of that name with the broker's defaults.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), partitions: None, replication_factor: None, configs: BTreeMap::new() }
    }

    /// With that many partitions.
    #[must_use]
    pub fn partitions(mut self, partitions: i32) -> Self {
        self.partitions = Some(partitions);
        self
    }

    /// With that many replicas of each partition.
    #[must_use]
    pub fn replication_factor(mut self, factor: i16) -> Self {
        self.replication_factor = Some(factor);
        self
    }

    /// With that configuration entry, `cleanup.policy` for instance.
    #[must_use]
    pub fn config(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.configs.insert(name.into(), value.into());
        self
    }
}

impl Client {
    /// Makes the topics. The results are in the order given; a topic that exists already is an error
    /// ([`ErrorCode::TOPIC_ALREADY_EXISTS`]), unless it came to be by an attempt of this call whose answer was lost.
    ///
    /// Other brokers may need some 100 ms to learn of a new topic; calls on it wait for that.
    pub async fn create_topics(&self, topics: &[NewTopic]) -> Vec<Result<(), Error>> {
        let config = self.config();
        let budget = Budget::starting_now(config.timeout);
        let mut backoff = Backoff::new(config.retry_backoff, config.retry_backoff_max);
        let mut results: Vec<Option<Result<(), Error>>> = topics.iter().map(|_| None).collect();
        // Whether an attempt was made of which it is not known what became.
        let mut in_doubt = false;
        loop {
            let pending: Vec<usize> =
                (0..topics.len()).filter(|at| !matches!(results.get(*at), Some(Some(_)))).collect();
            if pending.is_empty() {
                break;
            }
            let asked: Vec<&NewTopic> = pending.iter().map(|at| &topics[*at]).collect();
            let attempt = timeout(budget.left(), self.create_once(&asked, budget)).await;
            let mut failed: Vec<(usize, Error)> = Vec::new();
            match attempt {
                Ok(Ok(answers)) => {
                    for (at, answer) in pending.into_iter().zip(answers) {
                        match answer {
                            Err(error) if in_doubt && error.code() == Some(ErrorCode::TOPIC_ALREADY_EXISTS) => {
                                results[at] = Some(Ok(()))
                            }
                            Err(error) if error.is_retriable() => failed.push((at, error)),
                            answer => results[at] = Some(answer),
                        }
                    }
                }
                Ok(Err(error)) => {
                    in_doubt |= matches!(error, Error::Request { .. });
                    let may_pass = error.is_retriable();
                    for at in pending {
                        if may_pass {
                            failed.push((at, error.clone()));
                        } else {
                            results[at] = Some(Err(error.clone()));
                        }
                    }
                }
                Err(_) => {
                    for at in pending {
                        let topic = Some(topics[at].name.clone());
                        results[at] = Some(Err(Error::NoAnswer { topic, partition: None, after: budget.used() }));
                    }
                }
            }
            if failed.is_empty() {
                continue;
            }
            let pause = backoff.pause();
            if pause >= budget.left() {
                for (at, error) in failed {
                    results[at] = Some(Err(error.timed_out(budget.used())));
                }
                break;
            }
            sleep(pause).await;
            // The controller may have moved. Without newer metadata the next attempt fails as this one did.
            if let Ok(Err(error)) = timeout(budget.left(), self.refresh([], None, budget)).await {
                tracing::debug!(%error, "no newer metadata");
            }
        }
        results.into_iter().flatten().collect()
    }

    async fn create_once(&self, topics: &[&NewTopic], budget: Budget) -> Result<Vec<Result<(), Error>>, Error> {
        let snapshot = self.inner.metadata.snapshot();
        let controller = snapshot.cluster.controller.and_then(|id| snapshot.broker(id));
        // Any broker forwards to the controller in KRaft; in ZooKeeper mode it answers NOT_CONTROLLER, and metadata is asked again.
        let broker = controller.or(snapshot.cluster.brokers.first()).ok_or(Error::NoBrokers)?;
        let address = broker.address();
        let connection = self.inner.brokers.get(broker.id, &address, Lane::General).await.map_err(|unreached| {
            Error::Advertised { broker: broker.id, address: address.to_string(), source: unreached.error }
        })?;
        let text = |text: &String| StrBytes::from_string(text.clone());
        let creatable = |topic: &&NewTopic| {
            let configs = topic.configs.iter();
            CreatableTopic::default()
                .with_name(topic_name(&topic.name))
                .with_num_partitions(topic.partitions.unwrap_or(-1))
                .with_replication_factor(topic.replication_factor.unwrap_or(-1))
                .with_configs(
                    configs
                        .map(|(n, v)| CreatableTopicConfig::default().with_name(text(n)).with_value(Some(text(v))))
                        .collect(),
                )
        };
        let wait = budget.left().min(self.config().request_timeout);
        let request = CreateTopicsRequest::default()
            .with_topics(topics.iter().map(creatable).collect())
            .with_timeout_ms(i32::try_from(wait.as_millis()).unwrap_or(i32::MAX));
        let reply = connection.call(|_| request).await?;
        let answer = |topic: &&NewTopic| {
            let found = reply.topics.iter().find(|t| *t.name.0 == *topic.name);
            let found = found.ok_or_else(|| Error::Incomplete {
                topic: topic.name.clone(),
                partition: None,
                address: address.to_string(),
            })?;
            ErrorCode::from_wire(found.error_code).map_or(Ok(()), |code| {
                Err(Error::Broker {
                    topic: Some(topic.name.clone()),
                    partition: None,
                    address: Some(address.to_string()),
                    code,
                    message: found.error_message.as_ref().map(|m| m.to_string()),
                })
            })
        };
        Ok(topics.iter().map(answer).collect())
    }
}
