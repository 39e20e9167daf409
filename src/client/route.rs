//! How a call on many partitions gets to their leaders: one request per leader, all leaders together, and again for the
//! partitions that failed in a way that may pass, with newer metadata.

use std::collections::HashSet;
use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::brokers::{Lane, Unreached};
use super::metadata::{Broker, Snapshot};
use super::retry::{Backoff, Budget, NEVER_REACHED, UNKNOWN_TOPIC, UNRESOLVED};
use super::together::Together;
use super::{Client, Error, ErrorCode};
use crate::wire::{self, Connection};

/// A request that asks one leader about several of its partitions.
pub(super) trait PartitionCall: Sync {
    /// What is asked about one partition.
    type Item: Sync;
    /// What is answered for it.
    type Out: Send;
    const LANE: Lane;
    /// The most that items of one request may add up to, in terms of `size`.
    const MAX_SIZE: usize = usize::MAX;
    /// Whether it changes something, so that a lost answer leaves open whether that was done.
    const WRITES: bool = false;

    /// How long the request asks the broker to wait.
    fn patience(&self) -> Duration {
        Duration::ZERO
    }

    fn place(item: &Self::Item) -> (&str, i32);

    fn size(_: &Self::Item) -> usize {
        0
    }

    /// Sends one request about `items`, no two of which are about one partition. The answers are in the order of the
    /// items, `None` where the reply lacks one.
    fn send(
        &self,
        connection: &Connection,
        snapshot: &Snapshot,
        items: &[&Self::Item],
    ) -> impl Future<Output = Result<Answers<Self::Out>, wire::Error>> + Send;
}

pub(super) type Answers<T> = Vec<Option<Result<T, Refusal>>>;

/// A broker's error about one partition.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) code: ErrorCode,
    pub(super) message: Option<String>,
}

impl Refusal {
    /// `Err` if `code` is an error.
    pub(super) fn check(code: i16) -> Result<(), Self> {
        ErrorCode::from_wire(code).map_or(Ok(()), |code| Err(Self { code, message: None }))
    }
}

/// Where each item of a request stands among all items.
type Positions = Vec<usize>;

impl Client {
    /// Runs `call` for all items, each to its result, in the order of the items.
    pub(super) async fn run<C: PartitionCall>(&self, call: &C, items: &[C::Item]) -> Vec<Result<C::Out, Error>> {
        let config = &self.inner.config;
        let budget = Budget::starting_now(config.timeout.saturating_add(call.patience()));
        let mut backoff = Backoff::new(config.retry_backoff, config.retry_backoff_max);
        let mut results: Vec<Option<Result<C::Out, Error>>> = items.iter().map(|_| None).collect();
        let mut unknown_since: Vec<Option<Instant>> = vec![None; items.len()];
        // Whether an attempt was sent of which it is not known what became.
        let mut in_doubt = vec![false; items.len()];
        let mut before: Vec<Option<Error>> = items.iter().map(|_| None).collect();
        let mut pending: Positions = (0..items.len()).collect();
        let names: Vec<&str> = items.iter().map(|item| C::place(item).0).collect();
        let mut snapshot = match self.known(&names, budget).await {
            Ok(snapshot) => snapshot,
            Err(error) => return items.iter().map(|_| Err(error.clone())).collect(),
        };
        for round in 0.. {
            let mut failed: Vec<(usize, Error)> = Vec::new();
            for (at, result) in self.one_round(call, items, &pending, &snapshot, budget).await {
                match result {
                    Ok(out) => results[at] = Some(Ok(out)),
                    Err(failure) => {
                        in_doubt[at] |= C::WRITES && failure.leaves_open();
                        match failure.verdict(round, &mut unknown_since[at]) {
                            Verdict::Final(error) => results[at] = Some(Err(error)),
                            Verdict::MayPass(error) => failed.push((at, error)),
                        }
                    }
                }
            }
            let pause = backoff.pause();
            if failed.is_empty() {
                break;
            }
            if pause >= budget.left() {
                for (at, error) in failed {
                    // An attempt that time cut short tells less than the one before it.
                    let told = before[at].take().filter(|_| matches!(error, Error::NoAnswer { .. }));
                    results[at] = Some(Err(told.unwrap_or(error).timed_out(budget.used())));
                }
                break;
            }
            if let Some((_, error)) = failed.first() {
                tracing::debug!(%error, partitions = failed.len(), ?pause, "trying again");
            }
            sleep(pause).await;
            let stale = failed.iter().map(|(at, _)| names[*at]);
            match timeout(budget.left(), self.refresh(stale, Some(snapshot.generation), budget)).await {
                Ok(Ok(newer)) => snapshot = newer,
                // Nobody answers: what failed before is the better story, and the pause before the next attempt grows.
                Ok(Err(error)) => tracing::debug!(%error, "no newer metadata"),
                Err(_) => {
                    for (at, error) in failed {
                        results[at] = Some(Err(error.timed_out(budget.used())));
                    }
                    break;
                }
            }
            pending.clear();
            for (at, error) in failed {
                before[at] = Some(error);
                pending.push(at);
            }
        }
        let lost = |at: usize| {
            let (topic, partition) = C::place(&items[at]);
            let (topic, partition) = (Some(topic.to_owned()), Some(partition));
            Err(Error::NoAnswer { topic, partition, after: budget.used() })
        };
        let result = |(at, result): (usize, Option<_>)| {
            let result: Result<C::Out, Error> = result.unwrap_or_else(|| lost(at));
            result.map_err(|error| if in_doubt[at] { error.in_doubt() } else { error })
        };
        results.into_iter().enumerate().map(result).collect()
    }

    async fn one_round<C: PartitionCall>(
        &self,
        call: &C,
        items: &[C::Item],
        pending: &[usize],
        snapshot: &Snapshot,
        budget: Budget,
    ) -> Vec<(usize, Result<C::Out, Failure>)> {
        let mut results = Vec::with_capacity(pending.len());
        let mut requests: Vec<Request<'_>> = Vec::new();
        for &at in pending {
            let item = &items[at];
            let (topic, partition) = C::place(item);
            match snapshot.leader(topic, partition) {
                Err(error) => results.push((at, Err(Failure::Told(error)))),
                Ok(leader) => {
                    let size = C::size(item);
                    let fits = |r: &Request<'_>| {
                        r.leader.id == leader.id
                            && !r.holds.contains(&(topic, partition))
                            && r.size.saturating_add(size) <= C::MAX_SIZE
                    };
                    let request = match requests.iter().position(fits) {
                        Some(found) => &mut requests[found],
                        None => {
                            requests.push(Request { leader, positions: Vec::new(), holds: HashSet::new(), size: 0 });
                            let last = requests.len() - 1;
                            &mut requests[last]
                        }
                    };
                    request.positions.push(at);
                    request.holds.insert((topic, partition));
                    request.size = request.size.saturating_add(size);
                }
            }
        }
        let mut running = Together::new();
        for request in &requests {
            running.add(self.one_request(call, items, request, snapshot, budget));
        }
        results.extend(running.all().await.into_iter().flatten());
        results
    }

    async fn one_request<C: PartitionCall>(
        &self,
        call: &C,
        items: &[C::Item],
        request: &Request<'_>,
        snapshot: &Snapshot,
        budget: Budget,
    ) -> Vec<(usize, Result<C::Out, Failure>)> {
        let leader = request.leader;
        let mut sending = false;
        let exchange = async {
            let connection = self
                .inner
                .brokers
                .get(leader.id, &leader.address(), C::LANE)
                .await
                .map_err(|unreached| Failure::Unreached { broker: leader.clone(), unreached })?;
            let asked: Vec<&C::Item> = request.positions.iter().map(|at| &items[*at]).collect();
            sending = true;
            call.send(&connection, snapshot, &asked).await.map_err(Failure::Wire)
        };
        // One leader that hangs must leave time to find the next: by then the cluster has taken it for dead.
        let attempt = (self.inner.config.timeout / 2).saturating_add(call.patience()).min(budget.left());
        let answers = match timeout(attempt, exchange).await {
            Ok(Ok(answers)) => answers,
            Ok(Err(failure)) => {
                let each = |&at: &usize| (at, Err(failure.clone().about(C::place(&items[at]))));
                return request.positions.iter().map(each).collect();
            }
            Err(_) => {
                let each = |&at: &usize| {
                    let (topic, partition) = C::place(&items[at]);
                    let (topic, partition) = (Some(topic.to_owned()), Some(partition));
                    let error = Error::NoAnswer { topic, partition, after: attempt };
                    (at, Err(if sending { Failure::Unanswered(error) } else { Failure::Told(error) }))
                };
                return request.positions.iter().map(each).collect();
            }
        };
        let mut answers = answers.into_iter();
        let mut results = Vec::with_capacity(request.positions.len());
        for &at in &request.positions {
            let (topic, partition) = C::place(&items[at]);
            let result = match answers.next().flatten() {
                Some(Ok(out)) => Ok(out),
                Some(Err(Refusal { code, message })) => Err(Failure::Told(Error::Broker {
                    topic: Some(topic.to_owned()),
                    partition: Some(partition),
                    address: Some(leader.address().to_string()),
                    code,
                    message,
                })),
                None => Err(Failure::Unanswered(Error::Incomplete {
                    topic: topic.to_owned(),
                    partition: Some(partition),
                    address: leader.address().to_string(),
                })),
            };
            results.push((at, result));
        }
        results
    }
}

/// One request, before it is sent.
struct Request<'a> {
    leader: &'a Broker,
    positions: Positions,
    holds: HashSet<(&'a str, i32)>,
    size: usize,
}

/// Why an item has no result yet.
#[derive(Debug, Clone)]
enum Failure {
    Unreached {
        broker: Broker,
        unreached: Unreached,
    },
    Wire(wire::Error),
    /// The request was sent, and nothing usable is known of what became of it.
    Unanswered(Error),
    /// Anything else that is said in full already.
    Told(Error),
}

enum Verdict {
    Final(Error),
    MayPass(Error),
}

impl Failure {
    fn about(self, (topic, partition): (&str, i32)) -> Self {
        match self {
            Self::Wire(source) => {
                let (topic, partition) = (Some(topic.to_owned()), Some(partition));
                let executed = source.may_have_been_executed();
                let error = Error::Request { topic, partition, source };
                if executed { Self::Unanswered(error) } else { Self::Told(error) }
            }
            other => other,
        }
    }

    /// Whether the broker may have done what was asked of it.
    fn leaves_open(&self) -> bool {
        match self {
            Self::Unreached { .. } => false,
            Self::Wire(error) => error.may_have_been_executed(),
            Self::Unanswered(_) => true,
            Self::Told(error) => error.code().is_some_and(ErrorCode::leaves_append_open),
        }
    }

    fn verdict(self, round: u32, unknown_since: &mut Option<Instant>) -> Verdict {
        match self {
            Self::Unreached { broker, unreached: Unreached { error, reached_before, since } } => {
                let patience = if matches!(error, wire::Error::Resolve { .. }) { UNRESOLVED } else { NEVER_REACHED };
                let may_pass = error.is_retriable() && (reached_before || since < patience);
                let error = if reached_before {
                    Error::from(error)
                } else {
                    Error::Advertised { broker: broker.id, address: broker.address().to_string(), source: error }
                };
                if may_pass { Verdict::MayPass(error) } else { Verdict::Final(error) }
            }
            Self::Wire(error) => Self::Told(error.into()).verdict(round, unknown_since),
            Self::Unanswered(error) | Self::Told(error) => {
                // Metadata from the cache may be older than the partition; fresh metadata is believed.
                if matches!(error, Error::UnknownPartition { .. }) && round == 0 {
                    return Verdict::MayPass(error);
                }
                if error.code().is_some_and(ErrorCode::is_unknown_topic) {
                    let since = unknown_since.get_or_insert_with(Instant::now);
                    if since.elapsed() >= UNKNOWN_TOPIC {
                        return Verdict::Final(error);
                    }
                } else {
                    *unknown_since = None;
                }
                if error.is_retriable() { Verdict::MayPass(error) } else { Verdict::Final(error) }
            }
        }
    }
}
