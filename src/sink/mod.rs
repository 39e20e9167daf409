//! Rows into a topic: batched by partition, sent with `acks=all` and an idempotent producer's sequence numbers,
//! answered for one by one.
//!
//! One batch of a partition is in flight at a time, and a retry sends the very same bytes: order within a partition
//! holds, and a row that was acknowledged is in the topic once (KIP-98). When the brokers leave it open whether a
//! batch was written, the sink breaks: nothing more is sent, and all that is not acknowledged is reported as such.

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
use crate::client::Client;
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
    /// Bytes of keys and values in a batch at most; a larger row is a batch of its own.
    pub batch_bytes: usize,
    /// Bytes of rows held at most, buffered or in flight; beyond it [`Sink::send`] waits.
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
    /// An earlier failure left it open what was written, so nothing more is sent.
    #[error("not sent: an earlier batch was not acknowledged")]
    Broken(#[source] Arc<Error>),
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
    /// Its records, as one encoded batch ([`crate::record::Batches`] reads it); none if it was not encoded.
    pub records: Option<Bytes>,
    /// How many rows it has.
    pub rows: u32,
}

/// Publishes rows to a table's topic.
///
/// Dropping it ends its task; rows that were not flushed may be lost, as [`Delivery`] tells.
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
    counts: Mutex<(Counts, Vec<FailedBatch>)>,
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

    fn counts(&self) -> MutexGuard<'_, (Counts, Vec<FailedBatch>)> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink {
    /// Opens a sink for `table`, whose topic must exist.
    pub async fn open(client: &Client, table: &Table, options: Options) -> Result<Self, Error> {
        let encoder = Encoder::new(table, &options.key)?;
        let topics = client.topics(Some(&[&table.topic])).await?;
        let count = topics.iter().find(|topic| topic.name == table.topic).map_or(0, |topic| topic.partitions.len());
        let partitions =
            u32::try_from(count).ok().and_then(NonZeroU32::new).ok_or_else(|| Error::NoTopic(table.topic.clone()))?;
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
            queue: Mutex::new(Queue::new(count, options.linger, options.batch_bytes)),
            counts: Mutex::default(),
            work: Notify::new(),
            answered: Notify::new(),
        });
        let sender = send::Sender {
            client: client.clone(),
            topic: table.topic.as_str().into(),
            compression: options.compression,
            producer,
            shared: shared.clone(),
        };
        Ok(Self {
            shared,
            encoder,
            partitions,
            fixed,
            sticky: 0,
            sticky_bytes: 0,
            options,
            key: Vec::new(),
            value: Vec::new(),
            task: tokio::spawn(sender.run()),
        })
    }

    /// Hands over a row, a JSON object; waits while the buffer is full.
    ///
    /// An error means that this row was not taken. Cancel-safe: a row is taken whole or not at all.
    pub async fn send(&mut self, row: &[u8]) -> Result<Delivery, Error> {
        loop {
            let answered = self.shared.answered.notified();
            let (held, broken) = {
                let queue = self.shared.queue();
                (queue.held, queue.broken.is_some())
            };
            if held < self.options.buffer_bytes || broken {
                break;
            }
            answered.await;
        }
        self.key.clear();
        self.value.clear();
        let keyed = self.encoder.encode(row, &mut self.key, &mut self.value)?;
        let partition = match (self.fixed, keyed) {
            (Some(partition), _) => partition,
            (None, true) => partition::of_key(&self.key, self.partitions),
            (None, false) => self.sticky_partition(),
        };
        let key = keyed.then_some(self.key.as_slice());
        let (delivery, wake) = self.shared.queue().push(partition, now_ms(), key, Some(&self.value), Instant::now())?;
        if wake {
            self.shared.work.notify_one();
        }
        Ok(delivery)
    }

    /// Sends what is buffered and waits until every row handed over so far is answered for.
    pub async fn flush(&mut self) -> Counts {
        self.shared.queue().flushing = true;
        self.shared.work.notify_one();
        loop {
            let answered = self.shared.answered.notified();
            if self.shared.queue().is_empty() {
                break;
            }
            answered.await;
        }
        self.shared.queue().flushing = false;
        self.counts()
    }

    /// How many rows are acknowledged, and how many never will be.
    pub fn counts(&self) -> Counts {
        self.shared.counts().0
    }

    /// The batches that failed since the last call.
    pub fn take_failures(&mut self) -> Vec<FailedBatch> {
        std::mem::take(&mut self.shared.counts().1)
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

/// Milliseconds since 1970, as record timestamps are.
fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| i64::try_from(age.as_millis()).unwrap_or(i64::MAX))
}
