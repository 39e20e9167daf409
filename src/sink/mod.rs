//! Rows into a topic: batched by partition, sent with `acks=all` and an idempotent producer's sequence numbers,
//! answered for one by one.
//!
//! One batch of a partition is in flight at a time, and a retry sends the very same bytes: order within a partition
//! holds, and a row that was acknowledged is in the topic once (KIP-98). A batch that the brokers find too large is
//! sent in parts; one that they refuse for what is in it costs its rows. When it is left open whether a batch was
//! written, or when we may not write at all, the sink breaks: nothing more is sent, and all that is not acknowledged is
//! reported as such.

mod delivery;
mod partition;
mod queue;
mod send;

pub use delivery::{Delivery, Receipt};

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::catalog::Table;
use crate::client::{Client, OffsetSpec};
use crate::record::{CodecError, Compression, PushError};
use crate::rows::{Encoder, Misfit};
use queue::Queue;

/// How rows are sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Columns that make a record's key; without any, records have none.
    pub key: Vec<String>,
    /// Send to this partition only, whatever the key.
    pub partition: Option<i32>,
    /// How batches are compressed.
    pub compression: Compression,
    /// How long a batch that is not full waits for more rows.
    pub linger: Duration,
    /// Bytes of a batch before compression, about; a larger row is a batch of its own. Brokers take 1 MiB by default,
    /// after compression; what turns out to be too large is sent in parts.
    pub batch_bytes: usize,
    /// Bytes of encoded rows that are buffered or in flight; once there are so many, [`Sink::send`] waits.
    pub buffer_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            key: Vec::new(),
            partition: None,
            compression: Compression::Lz4,
            linger: Duration::from_millis(50),
            batch_bytes: 512 << 10,
            buffer_bytes: 16 << 20,
        }
    }
}

/// Why a row or a batch was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The row does not fit its table: it was not sent, the others are not touched.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// The row cannot be a record.
    #[error("the row cannot be written as a record")]
    Row(#[from] PushError),
    /// The batch could not be compressed.
    #[error("the batch cannot be compressed")]
    Codec(#[from] CodecError),
    /// The topic has no such partition.
    #[error("the topic has no partition {0}")]
    NoPartition(i32),
    /// The topic does not exist.
    #[error("topic {0} does not exist")]
    NoTopic(String),
    /// The brokers refused the batch, or could not be asked.
    #[error("not acknowledged")]
    Client(#[from] crate::client::Error),
    /// An earlier failure left it open what was written, or nothing can be written, so nothing more is sent.
    #[error("not sent: an earlier batch was not acknowledged")]
    Broken(#[source] Arc<Error>),
    /// The sink was dropped before the row was answered for; it may or may not be in the topic.
    #[error("the sink was dropped before the row was acknowledged")]
    Dropped,
}

/// How many rows went where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows that the brokers have acknowledged.
    pub acknowledged: u64,
    /// Rows that were handed over, but are not acknowledged and will not be.
    pub failed: u64,
}

/// A batch that the brokers did not take.
#[derive(Debug)]
pub struct FailedBatch {
    /// Its partition.
    pub partition: i32,
    /// Whether the brokers refused it, so that none of it is in the topic; otherwise that is not known.
    pub refused: bool,
    /// Why.
    pub error: Arc<Error>,
    /// Its records, as one encoded batch ([`crate::record::Batches`] reads it). `None` if it could not be encoded, or if
    /// more bytes of failed batches than two buffers were not taken by [`Sink::take_failures`].
    pub records: Option<Bytes>,
    /// How many rows it has.
    pub rows: u32,
}

/// Publishes rows to a table's topic.
///
/// Rows with a key go where the Java client puts that key, by the number of partitions that the topic had when the sink
/// was opened. Dropping the sink ends its task; rows that were not flushed may be lost, as [`Delivery`] tells.
#[derive(Debug)]
pub struct Sink {
    shared: Arc<Shared>,
    encoder: Encoder,
    partitions: NonZeroU32,
    fixed: Option<u32>,
    /// Where records without a key go until the batch is full: one batch is cheaper than many (KIP-480).
    sticky: u32,
    sticky_bytes: usize,
    options: Options,
    key: Vec<u8>,
    value: Vec<u8>,
    task: tokio::task::JoinHandle<()>,
}

/// What the handle and its task share.
#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    tally: Mutex<Tally>,
    /// The task has something to do.
    work: Notify,
    /// Rows were answered for: there is room, or a flush may be over.
    answered: Notify,
}

impl Shared {
    /// No code panics while it holds the lock, so a poisoned one is as good as another.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of the rows so far. A row is counted before its partition's slot in the queue is free, so that an empty
/// queue means that all are counted.
#[derive(Debug, Default)]
struct Tally {
    counts: Counts,
    failures: Vec<FailedBatch>,
    /// Bytes of `failures`, and how many there may be: nobody has to take them.
    held: usize,
    limit: usize,
}

impl Tally {
    fn failed(&mut self, mut batch: FailedBatch) {
        self.counts.failed += u64::from(batch.rows);
        let bytes = batch.records.as_ref().map_or(0, Bytes::len);
        if self.held.saturating_add(bytes) > self.limit {
            batch.records = None;
        } else {
            self.held += bytes;
        }
        self.failures.push(batch);
    }
}

impl Sink {
    /// Opens a sink for `table`, whose topic must exist; one that was made just now is waited for, up to 3 s.
    ///
    /// # Errors
    /// [`Error::NoTopic`], [`Error::NoPartition`], [`Error::Misfit`] for a key that is no column, [`Error::Codec`] for a
    /// compression that this build lacks, and [`Error::Client`].
    pub async fn open(client: &Client, table: &Table, options: Options) -> Result<Self, Error> {
        let encoder = Encoder::new(table, &options.key)?;
        if !options.compression.is_available() {
            return Err(CodecError::Missing { codec: options.compression }.into());
        }
        let partitions = partitions(client, &table.topic).await?;
        let fixed = match options.partition {
            Some(partition) => Some(
                u32::try_from(partition)
                    .ok()
                    .filter(|index| *index < partitions.get())
                    .ok_or(Error::NoPartition(partition))?,
            ),
            None => None,
        };
        let producer = client.init_producer_id().await?;
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue::new(partitions.get() as usize, producer.epoch, &options)),
            // Those who take failures after each row get all: no more rows than that can fail in between.
            tally: Mutex::new(Tally { limit: options.buffer_bytes.saturating_mul(2), ..Tally::default() }),
            work: Notify::new(),
            answered: Notify::new(),
        });
        let sender = send::Sender {
            client: client.clone(),
            topic: table.topic.as_str().into(),
            compression: options.compression,
            producer: producer.id,
            shared: shared.clone(),
        };
        Ok(Self {
            shared,
            encoder,
            partitions,
            fixed,
            // Ids are given out one after the other: many short runs use all partitions alike.
            sticky: u32::try_from(producer.id.rem_euclid(i64::from(partitions.get()))).unwrap_or(0),
            sticky_bytes: 0,
            options,
            key: Vec::new(),
            value: Vec::new(),
            task: tokio::spawn(sender.run()),
        })
    }

    /// Hands over a row, a JSON object; waits while the buffer is full.
    ///
    /// Cancel-safe: a row is taken whole or not at all.
    ///
    /// # Errors
    /// This row was not taken: [`Error::Misfit`] and [`Error::Row`] are about it alone, [`Error::Broken`] is about all
    /// that come.
    pub async fn send(&mut self, row: &[u8]) -> Result<Delivery, Error> {
        self.key.clear();
        self.value.clear();
        let keyed = self.encoder.encode(row, &mut self.key, &mut self.value)?;
        loop {
            // Created before the look: a wake-up between the two is not missed.
            let answered = self.shared.answered.notified();
            if !self.shared.queue().is_full() {
                break;
            }
            answered.await;
        }
        let partition = match (self.fixed, keyed) {
            (Some(partition), _) => partition,
            (None, true) => partition::of_key(&self.key, self.partitions),
            (None, false) => self.sticky_partition(),
        };
        let key = keyed.then_some(self.key.as_slice());
        let pushed = self.shared.queue().push(partition, now_ms(), key, Some(&self.value), Instant::now());
        let (delivery, wake) = pushed.map_err(|error| *error)?;
        if wake {
            self.shared.work.notify_one();
        }
        Ok(delivery)
    }

    /// Sends what is buffered and waits until every row handed over so far is answered for. Cancel-safe.
    pub async fn flush(&mut self) -> Counts {
        self.shared.queue().close_open();
        self.shared.work.notify_one();
        loop {
            let answered = self.shared.answered.notified();
            if self.shared.queue().is_empty() {
                break;
            }
            answered.await;
        }
        self.counts()
    }

    /// How many rows are acknowledged, and how many never will be.
    pub fn counts(&self) -> Counts {
        self.shared.tally().counts
    }

    /// Bytes of encoded rows that are buffered or in flight.
    pub fn buffered_bytes(&self) -> usize {
        self.shared.queue().held()
    }

    /// Why nothing is sent any more, if that is so.
    pub fn broken(&self) -> Option<Arc<Error>> {
        self.shared.queue().broken().cloned()
    }

    /// The batches that failed since the last call.
    pub fn take_failures(&mut self) -> Vec<FailedBatch> {
        let mut tally = self.shared.tally();
        tally.held = 0;
        std::mem::take(&mut tally.failures)
    }

    fn sticky_partition(&mut self) -> u32 {
        if self.sticky_bytes >= self.options.batch_bytes {
            self.sticky = (self.sticky + 1) % self.partitions;
            self.sticky_bytes = 0;
        }
        self.sticky_bytes += self.value.len();
        self.sticky
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How many partitions the topic has. One that was made just now may not be known to all brokers: then the client waits
/// for it as long as for any topic that it is to write to.
async fn partitions(client: &Client, topic: &str) -> Result<NonZeroU32, Error> {
    match known_partitions(client, topic).await {
        Err(Error::NoTopic(_)) => {
            let first = client.list_offsets(&[(topic, 0)], OffsetSpec::Latest).await;
            tracing::debug!(topic, known = first.iter().all(|(_, found)| found.is_ok()), "waited for the topic");
            known_partitions(client, topic).await
        }
        found => found,
    }
}

async fn known_partitions(client: &Client, topic: &str) -> Result<NonZeroU32, Error> {
    let topics = client.topics(Some(&[topic])).await?;
    let found = topics.iter().find(|found| found.name == topic);
    if let Some(code) = found.and_then(|found| found.error).filter(|code| code.is_denied()) {
        let (topic, partition, address, message) = (Some(topic.to_owned()), None, None, None);
        return Err(crate::client::Error::Broker { topic, partition, address, code, message }.into());
    }
    let count = found.and_then(|found| u32::try_from(found.partitions.len()).ok());
    count.and_then(NonZeroU32::new).ok_or_else(|| Error::NoTopic(topic.to_owned()))
}

/// Milliseconds since 1970, as record timestamps are.
fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| i64::try_from(age.as_millis()).unwrap_or(i64::MAX))
}
