//! Rows out of a topic: from where to where, in each partition's order, each record once.

mod position;
mod rows;

pub use position::{BadPosition, Position};
pub use rows::{Content, Row, Rows};

use std::time::Duration;

use crate::catalog::Table;
use crate::client::{Client, ErrorCode, FetchOptions, FetchPartition, Isolation, OffsetSpec};
use crate::record::Inflater;
use crate::rows::Decoder;

/// Which rows are read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Where to start, in each partition.
    pub from: Position,
    /// Where to end (exclusive), in each partition; by default at the end that is seen at the start.
    pub to: Option<Position>,
    /// Do not end, but wait for more; `to` means nothing then.
    pub follow: bool,
    /// Only this partition.
    pub partition: Option<i32>,
    /// Whether records of open and aborted transactions are rows.
    pub isolation: Isolation,
    /// Bytes fetched of a partition at once, or less if there are many; a batch that is larger comes whole.
    pub fetch_bytes: i32,
}

/// Bytes asked for at once over all partitions.
const FETCH_BYTES: usize = 32 << 20;
/// How long brokers wait for new records, when there were none the last time.
const PATIENCE: Duration = Duration::from_millis(500);

impl Default for Options {
    fn default() -> Self {
        Self {
            from: Position::Earliest,
            to: None,
            follow: false,
            partition: None,
            isolation: Isolation::ReadCommitted,
            fetch_bytes: 1 << 20,
        }
    }
}

/// Why a topic cannot be read (any further).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The topic does not exist.
    #[error("topic {0} does not exist")]
    NoTopic(String),
    /// The topic has no such partition.
    #[error("topic {topic} has no partition {partition}")]
    NoPartition {
        /// The topic.
        topic: String,
        /// What was asked for.
        partition: i32,
    },
    /// The brokers refused, or could not be asked.
    #[error(transparent)]
    Client(#[from] crate::client::Error),
}

/// Reads a table's rows.
#[derive(Debug)]
pub struct Source {
    client: Client,
    topic: String,
    cursors: Vec<Cursor>,
    decoder: Decoder,
    inflater: Inflater,
    options: Options,
    /// The last fetch brought something.
    busy: bool,
}

/// How far a partition has been read.
#[derive(Clone, Copy, Debug)]
struct Cursor {
    partition: i32,
    /// The offset of the next record.
    next: i64,
    /// Where to end; `None` goes on for ever.
    end: Option<i64>,
    /// The log has been there: it was not asked for ahead of time.
    reached: bool,
}

impl Cursor {
    fn is_done(&self) -> bool {
        self.end.is_some_and(|end| self.next >= end)
    }
}

impl Source {
    /// Finds out where to start and where to end.
    pub async fn open(client: &Client, table: &Table, options: Options) -> Result<Self, Error> {
        let topic = table.topic.clone();
        let partitions = partitions(client, &topic, options.partition).await?;
        let committed = options.isolation;
        let ends = Position::Latest.resolve(client, &topic, &partitions, committed).await?;
        let starts = options.from.resolve(client, &topic, &partitions, committed).await?;
        let earliest = Position::Earliest.resolve(client, &topic, &partitions, committed).await?;
        let to = match &options.to {
            Some(position) => Some(position.resolve(client, &topic, &partitions, committed).await?),
            None => None,
        };
        let cursors = partitions
            .iter()
            .enumerate()
            .map(|(i, &partition)| {
                let end = match (&to, options.follow) {
                    (_, true) => None,
                    // What is not written yet is waited for only on request.
                    (Some(to), false) => Some(to[i].min(ends[i])),
                    (None, false) => Some(ends[i]),
                };
                Cursor { partition, next: starts[i].max(earliest[i]), end, reached: false }
            })
            .collect();
        Ok(Self {
            client: client.clone(),
            topic,
            cursors,
            decoder: Decoder::new(table),
            inflater: Inflater::default(),
            options,
            busy: true,
        })
    }

    /// The next rows, of all partitions that have some; `None` at the end.
    ///
    /// With `follow` it may give no rows for as long as none arrive. Cancel-safe: what was not given is fetched again.
    pub async fn fetch(&mut self) -> Result<Option<Rows<'_>>, Error> {
        // A reply brings one batch that is larger than asked for only of its first partition: each is first in turn.
        let first = usize::from(!self.cursors.is_empty());
        self.cursors.rotate_left(first);
        let unread = self.cursors.iter().filter(|cursor| !cursor.is_done());
        let share = i32::try_from(FETCH_BYTES / unread.clone().count().max(1)).unwrap_or(i32::MAX);
        let wanted: Vec<FetchPartition> = unread
            .map(|cursor| FetchPartition {
                topic: self.topic.clone(),
                partition: cursor.partition,
                offset: cursor.next,
                max_bytes: self.options.fetch_bytes.min(share).max(1),
            })
            .collect();
        if wanted.is_empty() {
            return Ok(None);
        }
        let mut options = FetchOptions::default();
        options.isolation = self.options.isolation;
        // A leader that has nothing new must not hold up what the others have.
        options.max_wait = if self.busy { Duration::ZERO } else { PATIENCE };
        let mut fetched = Vec::with_capacity(wanted.len());
        let mut ahead = false;
        let answers = self.client.fetch(&wanted, &options).await;
        self.busy = answers.iter().any(|answer| answer.result.as_ref().is_ok_and(|found| !found.records.is_empty()));
        for answer in answers {
            match answer.result {
                Ok(records) => fetched.push((answer.partition, records)),
                Err(error) if error.code() == Some(ErrorCode::OFFSET_OUT_OF_RANGE) => {
                    ahead |= !self.skip_lost(answer.partition).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        if ahead && !self.busy {
            tokio::time::sleep(PATIENCE).await;
        }
        Ok(Some(Rows::new(&mut self.cursors, &self.decoder, &mut self.inflater, fetched, self.options.isolation)))
    }

    /// The log does not have what is to be read next. Retention deleted it, so it goes on with the oldest record that is
    /// left; or, which is told by false, it is not written yet.
    async fn skip_lost(&mut self, partition: i32) -> Result<bool, Error> {
        let earliest =
            Position::Earliest.resolve(&self.client, &self.topic, &[partition], self.options.isolation).await?;
        let Some(cursor) = self.cursors.iter_mut().find(|cursor| cursor.partition == partition) else {
            return Ok(true);
        };
        let start = earliest.first().copied().unwrap_or(cursor.next);
        if start <= cursor.next {
            match (cursor.end, cursor.reached) {
                // The log is shorter than it was: there is no more to come.
                (Some(end), _) => {
                    cursor.next = end;
                    return Ok(true);
                }
                (None, false) => return Ok(false),
                // The topic was made anew.
                (None, true) => {}
            }
        }
        tracing::warn!(partition, from = cursor.next, to = start, "records were deleted before they were read");
        cursor.next = start;
        Ok(true)
    }
}

/// The topic's partitions, or the one that was asked for.
async fn partitions(client: &Client, topic: &str, only: Option<i32>) -> Result<Vec<i32>, Error> {
    let topics = client.topics(Some(&[topic])).await?;
    let found = topics.iter().find(|found| found.name == topic);
    if let Some(code) = found.and_then(|found| found.error).filter(|code| code.is_denied()) {
        let (topic, partition, address, message) = (Some(topic.to_owned()), None, None, None);
        return Err(crate::client::Error::Broker { topic, partition, address, code, message }.into());
    }
    let found = found.filter(|found| !found.partitions.is_empty()).ok_or_else(|| Error::NoTopic(topic.to_owned()))?;
    let mut partitions: Vec<i32> = found.partitions.iter().map(|partition| partition.index).collect();
    partitions.sort_unstable();
    match only {
        None => Ok(partitions),
        Some(partition) if partitions.contains(&partition) => Ok(vec![partition]),
        Some(partition) => Err(Error::NoPartition { topic: topic.to_owned(), partition }),
    }
}

impl Position {
    /// The offset that it means in each partition.
    async fn resolve(
        &self,
        client: &Client,
        topic: &str,
        partitions: &[i32],
        isolation: Isolation,
    ) -> Result<Vec<i64>, Error> {
        let spec = match *self {
            Position::Offset(offset) => return Ok(vec![offset; partitions.len()]),
            Position::Earliest => OffsetSpec::Earliest,
            Position::Latest if isolation == Isolation::ReadCommitted => OffsetSpec::LatestStable,
            Position::Latest => OffsetSpec::Latest,
            Position::Timestamp(ms) => OffsetSpec::Timestamp(ms),
        };
        let asked: Vec<(&str, i32)> = partitions.iter().map(|&partition| (topic, partition)).collect();
        let mut offsets = Vec::with_capacity(asked.len());
        for (_, answer) in client.list_offsets(&asked, spec).await {
            offsets.push(answer?);
        }
        Ok(offsets)
    }
}
