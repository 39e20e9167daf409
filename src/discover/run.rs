//! A run of discovery: asks the cluster, samples its topics, has their tables inferred, and reports.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use crate::catalog;
use crate::client::{self, Client, ErrorCode, FetchOptions, FetchPartition, Isolation, OffsetSpec, Topic};
use crate::discover::fetched::Fetched;
use crate::discover::naming::{self, Chosen};
use crate::discover::plan::{Extent, Plan};
use crate::discover::pool::{Active, Pool};
use crate::discover::report::{ClusterReport, Definition, Report, Skipped, Why};
use crate::discover::sample::Sample;
use crate::discover::sampling::{Sampling, Want};
use crate::discover::{Error, Options};
use crate::infer::{Given, Inferred, Sampled, TableReport, infer, unsaid};
use crate::record::Inflater;

/// Bytes asked for in one round of fetches, over all leaders.
const ROUND: u64 = 4 << 20;

/// Finds the tables in a cluster's topics.
#[derive(Debug)]
pub struct Discovery<'c> {
    client: &'c Client,
    options: Options,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Topics to look at.
    pub topics: usize,
    /// Topics that are done.
    pub done: usize,
    /// Records sampled.
    pub records: u64,
    /// Bytes of record batches fetched.
    pub fetched: u64,
}

/// A topic with records.
#[derive(Debug)]
struct Subject {
    chosen: Chosen,
    extents: Vec<Extent>,
    /// Partitions that could not be asked for their offsets.
    unread: Vec<String>,
}

/// Why sampling ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Limit(Duration),
    Cancelled,
}

impl Stop {
    fn reason(self) -> String {
        match self {
            Self::Limit(limit) => format!("the time limit of {} s was reached", limit.as_secs_f64()),
            Self::Cancelled => "the run was interrupted".to_owned(),
        }
    }
}

/// What inference makes of a topic.
type Finding = (Chosen, Unfound, Result<Option<Inferred>, catalog::Error>);

/// What to say of a topic if no table comes of it.
#[derive(Debug, Default)]
struct Unfound {
    tombstones: u64,
    undecoded: u64,
    first_reject: Option<String>,
    unread: Vec<String>,
}

impl<'c> Discovery<'c> {
    /// A run that is not started yet.
    pub fn new(client: &'c Client, options: Options) -> Self {
        Self { client, options }
    }

    /// Runs it. `progress` is told after each round of fetches.
    ///
    /// Topics that cannot be read do not end the run: they are in the report's `skipped`. Dropping the future ends it
    /// at once and leaves nothing behind.
    ///
    /// # Errors
    /// When the cluster's topics cannot be listed, two topics would give one table, a sink has no format, or a table
    /// does not read back as it was written.
    pub async fn run(self, progress: impl FnMut(Progress) + Send) -> Result<Report, Error> {
        if self.options.role.writes() && self.options.format.is_none() {
            return Err(Error::FormatRequired(self.options.role.name()));
        }
        let mut run = Run {
            client: self.client,
            deadline: Instant::now().checked_add(self.options.limit),
            options: &self.options,
            progress,
            state: Progress::default(),
            tables: Vec::new(),
            skipped: Vec::new(),
            inferring: JoinSet::new(),
            subjects: HashMap::new(),
            held: 0,
            stopped: None,
        };
        run.discover().await?;
        Ok(run.report())
    }
}

struct Run<'a, P> {
    client: &'a Client,
    options: &'a Options,
    deadline: Option<Instant>,
    progress: P,
    state: Progress,
    tables: Vec<(TableReport, Definition)>,
    skipped: Vec<Skipped>,
    inferring: JoinSet<Finding>,
    /// The topics that are being inferred, with the bytes of their samples.
    subjects: HashMap<Id, (String, u64)>,
    /// Bytes of the samples that are being inferred from.
    held: u64,
    stopped: Option<Stop>,
}

impl<P: FnMut(Progress) + Send> Run<'_, P> {
    async fn discover(&mut self) -> Result<(), Error> {
        let client = self.client;
        let Ok(topics) = self.unless_stopped(client.topics(None)).await else {
            return Ok(());
        };
        let topics = topics.map_err(Error::Topics)?;
        let names = topics.iter().map(|topic| (topic.name.as_str(), topic.internal));
        let selection = naming::select(names, &self.options.rules)?;
        for topic in selection.nameless {
            self.skip(topic, "nothing of its name is left for the table's".to_owned(), Why::Nameless);
        }
        let subjects = self.subjects(selection.chosen, &topics).await;
        drop(topics);
        self.state.topics = subjects.len();
        (self.progress)(self.state);
        let mut pool = Pool::new(subjects, self.options.budget.bytes);
        self.sample(&mut pool).await;
        self.wind_up(&mut pool);
        while self.next_finding().await {}
        Ok(())
    }

    /// Asks where each partition's log begins and ends.
    async fn subjects(&mut self, chosen: Vec<Chosen>, topics: &[Topic]) -> Vec<Subject> {
        let by_name: BTreeMap<&str, &Topic> = topics.iter().map(|topic| (topic.name.as_str(), topic)).collect();
        let mut partitions: Vec<(&str, i32)> = Vec::new();
        for one in &chosen {
            if let Some(topic) = by_name.get(one.topic.as_str()).filter(|topic| topic.error.is_none()) {
                partitions.extend(topic.partitions.iter().map(|partition| (topic.name.as_str(), partition.index)));
            }
        }
        let client = self.client;
        let both = async {
            tokio::join!(
                client.list_offsets(&partitions, OffsetSpec::Earliest),
                client.list_offsets(&partitions, OffsetSpec::LatestStable)
            )
        };
        let (earliest, ends) = self.unless_stopped(both).await.unwrap_or_default();
        let mut found: BTreeMap<String, (Vec<Extent>, Vec<String>)> = BTreeMap::new();
        for ((of, earliest), (_, end)) in earliest.into_iter().zip(ends) {
            let (extents, unread) = found.entry(of.topic).or_default();
            match (earliest, end) {
                (Ok(earliest), Ok(end)) => extents.push(Extent { partition: of.partition, earliest, end }),
                (Err(error), _) | (_, Err(error)) => {
                    unread.push(format!("partition {}: {}", of.partition, brief(&error)));
                }
            }
        }
        let mut subjects = Vec::new();
        for chosen in chosen {
            let error = by_name.get(chosen.topic.as_str()).and_then(|topic| topic.error);
            if let Some(error) = error {
                self.skip(chosen.topic, format!("it cannot be read: {error}"), Why::Unreadable);
            } else if let Some((extents, mut unread)) = found.remove(&chosen.topic) {
                unread.sort();
                if extents.iter().any(|extent| !extent.is_empty()) {
                    subjects.push(Subject { chosen, extents, unread });
                } else if unread.is_empty() {
                    self.skip(chosen.topic, "it has no records".to_owned(), Why::Empty);
                } else {
                    self.skip(chosen.topic, cannot_be_read(&unread), Why::Unreadable);
                }
            } else {
                let reason = match self.stopped {
                    Some(stop) => format!("it was not read: {}", stop.reason()),
                    None => "it has no partitions".to_owned(),
                };
                let why = if self.stopped.is_some() { Why::NotReached } else { Why::Unreadable };
                self.skip(chosen.topic, reason, why);
            }
        }
        subjects
    }

    /// Samples the pool's topics until there are none left or the run is stopped.
    async fn sample(&mut self, pool: &mut Pool<Subject>) {
        let budget = self.options.budget;
        let mut inflater = Inflater::default();
        while !pool.is_empty() && self.stopped.is_none() {
            pool.admit(self.held, |subject| {
                let mut sampling = Sampling::new(&Plan::new(&subject.extents, budget));
                for unread in &subject.unread {
                    sampling.note(unread);
                }
                sampling
            });
            let asks = asks(pool, self.held);
            if asks.is_empty() {
                // There is no room until a table is inferred, or the topics are done without a fetch.
                self.next_finding().await;
            } else {
                let Ok(out_of_range) = self.fetch(pool, asks, &mut inflater).await else {
                    break;
                };
                if !out_of_range.is_empty() {
                    self.follow_retention(pool, &out_of_range).await;
                }
            }
            for active in pool.finished() {
                self.infer(active, None);
            }
            pool.relieve(self.held);
            while self.inferring.len() >= self.options.threads.max(1) {
                self.next_finding().await;
            }
            (self.progress)(self.state);
        }
    }

    /// One round of fetches. Gives the partitions whose logs do not have the offset any more.
    async fn fetch(
        &mut self,
        pool: &mut Pool<Subject>,
        asks: Vec<FetchPartition>,
        inflater: &mut Inflater,
    ) -> Result<Vec<(String, i32)>, Stop> {
        let options = FetchOptions {
            isolation: Isolation::ReadCommitted,
            max_bytes: i32::try_from(ROUND).unwrap_or(i32::MAX),
            ..FetchOptions::default()
        };
        let client = self.client;
        let fetched = self.unless_stopped(client.fetch(&asks, &options)).await?;
        let mut out_of_range = Vec::new();
        for one in fetched {
            let active = pool.active().iter_mut().find(|active| active.topic.chosen.topic == one.topic);
            let Some(active) = active else {
                continue;
            };
            match one.result {
                Ok(got) => {
                    self.state.fetched += got.records.len() as u64;
                    let stable = match got.last_stable_offset {
                        // Brokers before transactions do not tell.
                        offset if offset < 0 => i64::MAX,
                        offset => offset,
                    };
                    let aborted = got.aborted.iter().map(|aborted| (aborted.producer_id, aborted.first_offset));
                    let before = active.sampling.records();
                    let from = active.sampling.takes_from(one.partition);
                    let mut source = Fetched::new(&got.records, from, aborted, inflater);
                    active.sampling.accept(one.partition, stable, &mut source);
                    self.state.records += active.sampling.records() - before;
                }
                Err(error) if error.code() == Some(ErrorCode::OFFSET_OUT_OF_RANGE) => {
                    out_of_range.push((one.topic, one.partition));
                }
                Err(error) => active.sampling.fail(one.partition, &brief(&error)),
            }
        }
        Ok(out_of_range)
    }

    /// Records were deleted since the run began: goes on where the logs begin now.
    async fn follow_retention(&mut self, pool: &mut Pool<Subject>, partitions: &[(String, i32)]) {
        let of: Vec<(&str, i32)> = partitions.iter().map(|(topic, partition)| (topic.as_str(), *partition)).collect();
        let client = self.client;
        let Ok(earliest) = self.unless_stopped(client.list_offsets(&of, OffsetSpec::Earliest)).await else {
            return;
        };
        for (of, earliest) in earliest {
            let Some(active) = pool.active().iter_mut().find(|active| active.topic.chosen.topic == of.topic) else {
                continue;
            };
            match earliest {
                Ok(earliest) if active.sampling.skip_to(of.partition, earliest) => {}
                Ok(_) => active.sampling.fail(of.partition, "its log does not have the offsets it was said to have"),
                Err(error) => active.sampling.fail(of.partition, &brief(&error)),
            }
        }
    }

    /// Has a topic's table inferred from what was sampled of it, beside the sampling of others.
    fn infer(&mut self, active: Active<Subject>, stopped: Option<&str>) {
        let chosen = active.topic.chosen;
        let given = self.given(&chosen);
        let held = active.sampling.held() as u64;
        let sample = active.sampling.finish(stopped);
        self.held += held;
        let topic = chosen.topic.clone();
        let task = self.inferring.spawn_blocking(move || find(chosen, &given, &sample));
        self.subjects.insert(task.id(), (topic, held));
    }

    fn given(&self, chosen: &Chosen) -> Given {
        let options = self.options;
        let mut given = Given::new(&chosen.table, &chosen.topic);
        given.role = options.role;
        given.servers = match options.servers.as_str() {
            "" => self.client.config().bootstrap.join(","),
            configured => configured.to_owned(),
        };
        given.role_is_open = options.role_is_open;
        given.properties.clone_from(&options.properties);
        given.format = options.format.as_ref().map(|configured| configured.format);
        given.csv = options.format.as_ref().map_or(&options.csv, |configured| &configured.csv).clone();
        given.extension = chosen.extension;
        given.schema = options.schemas.of(&chosen.table).cloned();
        given.not_null_from_sample = options.not_null_from_sample;
        given.json_depth = options.json_depth;
        given.warnings.clone_from(&chosen.warnings);
        given
    }

    /// Waits for a table and takes it in; false if there is none to wait for.
    async fn next_finding(&mut self) -> bool {
        let Some(joined) = self.inferring.join_next_with_id().await else {
            return false;
        };
        let id = joined.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let (topic, held) = self.subjects.remove(&id).unwrap_or_default();
        self.held = self.held.saturating_sub(held);
        self.state.done += 1;
        // One topic that goes wrong costs that topic.
        let Ok((_, (chosen, unfound, found))) = joined else {
            let reason = "inferring its table failed: this is a defect of topica, please report it";
            self.skip(topic, reason.to_owned(), Why::Defect);
            return true;
        };
        let found = found.and_then(|inferred| match inferred {
            Some(mut inferred) => self.definition(&inferred).map(|definition| {
                let unsaid = self.options.dialects.iter().filter_map(|dialect| unsaid(&inferred.table, *dialect));
                inferred.report.warnings.extend(unsaid);
                Some((inferred.report, definition))
            }),
            None => Ok(None),
        });
        match found {
            // The profile goes here: what is kept of a topic must not grow with its paths.
            Ok(Some(table)) => self.tables.push(table),
            Ok(None) => {
                let (reason, why) = unfound.reason();
                self.skip(chosen.topic, reason, why);
            }
            Err(error) => {
                let reason = format!("its table {} cannot be written down: {error}", chosen.table);
                self.skip(chosen.topic, reason, Why::Defect);
            }
        }
        true
    }

    fn definition(&self, inferred: &Inferred) -> Result<Definition, catalog::Error> {
        let mut files = Vec::new();
        for dialect in &self.options.dialects {
            files.extend(crate::infer::files(
                inferred,
                *dialect,
                &self.options.rules.prefix,
                self.options.not_null_from_sample,
            )?);
        }
        let configured = self.options.schemas.of(&inferred.table.name);
        Ok(Definition {
            table: inferred.table.clone(),
            files,
            configured: configured.map(|configured| configured.file.clone()),
        })
    }

    /// When the run is stopped: what was sampled is used, the rest is skipped.
    fn wind_up(&mut self, pool: &mut Pool<Subject>) {
        let Some(stop) = self.stopped else {
            return;
        };
        let (active, waiting) = pool.stop();
        let reason = stop.reason();
        for active in active {
            if active.sampling.has_records() {
                self.infer(active, Some(&reason));
            } else {
                self.skip(active.topic.chosen.topic, format!("it was not read: {reason}"), Why::NotReached);
            }
        }
        for subject in waiting {
            self.skip(subject.chosen.topic, format!("it was not read: {reason}"), Why::NotReached);
        }
    }

    fn skip(&mut self, topic: String, reason: String, why: Why) {
        self.skipped.push(Skipped { topic, reason, why });
    }

    /// Waits for `work` unless the time is up or the run is cancelled.
    async fn unless_stopped<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Stop> {
        if let Some(stop) = self.stopped {
            return Err(stop);
        }
        let deadline = self.deadline;
        let time_is_up = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        let stop = tokio::select! {
            biased;
            () = self.options.cancel.cancelled() => Stop::Cancelled,
            () = time_is_up => Stop::Limit(self.options.limit),
            done = work => return Ok(done),
        };
        self.stopped = Some(stop);
        Err(stop)
    }

    fn report(mut self) -> Report {
        let cluster = self.client.cluster();
        self.tables.sort_by(|a, b| a.1.table.name.cmp(&b.1.table.name));
        self.skipped.sort_by(|a, b| a.topic.cmp(&b.topic));
        let (tables, definitions) = self.tables.into_iter().unzip();
        Report {
            cluster: ClusterReport { id: cluster.id, brokers: cluster.brokers.len() },
            tables,
            skipped: self.skipped,
            definitions,
            interrupted: self.stopped == Some(Stop::Cancelled),
            max_rejected: self.options.max_rejected,
        }
    }
}

/// What to fetch in a round, those first whose next batch is larger than what was asked for.
fn asks(pool: &mut Pool<Subject>, held: u64) -> Vec<FetchPartition> {
    let mut wants: Vec<(String, Want)> = Vec::new();
    let mut bytes = 0u64;
    'round: for active in pool.running(held) {
        for want in active.sampling.wants() {
            bytes += u64::from(want.max_bytes);
            if bytes > ROUND && !wants.is_empty() {
                break 'round;
            }
            wants.push((active.topic.chosen.topic.clone(), want));
        }
    }
    wants.sort_by_key(|(_, want)| !want.stuck);
    wants
        .into_iter()
        .map(|(topic, want)| FetchPartition {
            topic,
            partition: want.partition,
            offset: want.offset,
            max_bytes: i32::try_from(want.max_bytes).unwrap_or(i32::MAX),
        })
        .collect()
}

/// Infers a topic's table; runs off the runtime's threads.
fn find(chosen: Chosen, given: &Given, sample: &Sample) -> Finding {
    let sampled = Sampled {
        partitions: sample.partitions,
        undecoded: sample.undecoded,
        rejects: sample.rejects.clone(),
        complete: sample.complete,
        unread: sample.unread.clone(),
        failed: sample.failed,
    };
    let unfound = Unfound {
        tombstones: sample.messages().filter(|message| message.value.is_none()).count() as u64,
        undecoded: sample.undecoded,
        first_reject: sample
            .rejects
            .first()
            .map(|reject| format!("partition {}, offset {}: {}", reject.partition, reject.offset, reject.reason)),
        unread: sample.unread.clone(),
    };
    let found = infer(sample.messages(), given, sampled);
    (chosen, unfound, found)
}

impl Unfound {
    fn reason(&self) -> (String, Why) {
        if let (1.., Some(first)) = (self.undecoded, &self.first_reject) {
            let reason = format!("none of its {} sampled records could be decoded: {first}", self.undecoded);
            (reason, Why::Unreadable)
        } else if !self.unread.is_empty() {
            (cannot_be_read(&self.unread), Why::Unreadable)
        } else if self.tombstones > 0 {
            (format!("it has no values: all {} sampled records are tombstones", self.tombstones), Why::Empty)
        } else {
            ("it has no records that can be seen: they were aborted, or are gone".to_owned(), Why::Empty)
        }
    }
}

fn cannot_be_read(unread: &[String]) -> String {
    let distinct: BTreeSet<&str> = unread.iter().map(String::as_str).take(3).collect();
    let more = if unread.len() > 3 { format!(" and {} more", unread.len() - 3) } else { String::new() };
    format!("it cannot be read: {}{more}", distinct.into_iter().collect::<Vec<_>>().join("; "))
}

/// An error in one line.
fn brief(error: &client::Error) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().to_owned()
}
