//! The sink's task: sends what the queue gives it, and answers for it.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tokio::task::JoinSet;

use crate::client::{self, Client, ErrorCode, ProduceBatch};
use crate::record::{Compression, Producer};
use crate::sink::queue::{Batch, Next};
use crate::sink::{Error, FailedBatch, Shared};

/// What it takes to send a batch.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    pub(super) client: Client,
    pub(super) topic: Arc<str>,
    pub(super) compression: Compression,
    /// The producer's id; its epochs are the queue's.
    pub(super) producer: i64,
    pub(super) shared: Arc<Shared>,
}

/// A batch that was encoded, and how large it was before that.
struct Sent {
    batch: Batch,
    records: Bytes,
    bytes: usize,
}

/// What an error means for a batch.
enum Verdict {
    /// It is in the log, the broker does not know where.
    Written,
    /// It is not: it has too many rows, or one that is too large.
    TooLarge,
    /// It is not: its rows are not taken, others may be.
    Refused,
    /// It is not, and nor will be any other.
    Denied,
    /// Who knows.
    Unclear,
}

impl Verdict {
    /// Only what the broker says of this very batch before it is appended is definite: a lost or garbled answer is not,
    /// nor is a failure that may pass and outlived all retries, nor one about the producer or its sequence numbers.
    fn of(error: &client::Error) -> Self {
        let Some(code) = error.code() else { return Self::Unclear };
        // The broker is further, so it has the batch; where, it has forgotten. Java's client says so too.
        if code.code() == DUPLICATE_SEQUENCE_NUMBER {
            return Self::Written;
        }
        // The same bytes were as large in every attempt.
        if code == ErrorCode::MESSAGE_TOO_LARGE {
            return Self::TooLarge;
        }
        // An earlier attempt may have been the one that was written.
        if error.may_have_been_written() || !matches!(error, client::Error::Broker { .. }) {
            return Self::Unclear;
        }
        match code {
            code if REFUSALS.contains(&code.code()) => Self::Refused,
            code if code.is_denied() => Self::Denied,
            _ => Self::Unclear,
        }
    }
}

const DUPLICATE_SEQUENCE_NUMBER: i16 = 46;
/// INVALID_TIMESTAMP, UNSUPPORTED_FOR_MESSAGE_FORMAT, POLICY_VIOLATION, UNSUPPORTED_COMPRESSION_TYPE, INVALID_RECORD.
///
/// A batch is not searched for the rows that are to blame: what brokers refuse (no key in a compacted topic), all rows
/// of a sink have in common.
const REFUSALS: [i16; 5] = [32, 43, 44, 76, 87];

impl Sender {
    /// Runs until it is aborted.
    pub(super) async fn run(self) {
        // Requests in flight end with this task: when the sink is dropped, so are they.
        let mut requests = JoinSet::new();
        loop {
            let work = self.shared.work.notified();
            let next = self.shared.queue().next(Instant::now());
            match next {
                Next::Send(batches) => {
                    requests.spawn(self.clone().send(batches));
                }
                Next::Wait(until) => {
                    let lingered = async {
                        match until {
                            Some(until) => tokio::time::sleep_until(until.into()).await,
                            None => std::future::pending().await,
                        }
                    };
                    tokio::select! {
                        () = work => {}
                        () = lingered => {}
                        Some(_) = requests.join_next() => {}
                    }
                }
            }
        }
    }

    async fn send(self, batches: Vec<Batch>) {
        let mut sent = Vec::with_capacity(batches.len());
        for mut batch in batches {
            let bytes = batch.writer.size();
            let (epoch, base_sequence) = (batch.epoch, batch.sequence);
            let producer = Producer { id: self.producer, epoch, base_sequence, transactional: false };
            match batch.writer.finish(self.compression, Some(producer)) {
                Ok(records) => sent.push(Sent { batch, records, bytes }),
                Err(error) => self.give_up(batch, None, bytes, Arc::new(Error::Codec(error))),
            }
        }
        let request = |sent: &Sent| ProduceBatch {
            topic: self.topic.to_string(),
            partition: sent.batch.partition,
            records: sent.records.clone(),
        };
        let requests: Vec<ProduceBatch> = sent.iter().map(request).collect();
        let answers = self.client.produce(&requests).await;
        drop(requests);
        for (sent, answer) in sent.into_iter().zip(answers) {
            self.settle(sent, answer.map(|ack| ack.base_offset));
        }
        self.shared.answered.notify_waiters();
        self.shared.work.notify_one();
    }

    /// Does what follows from the answer for a batch.
    fn settle(&self, sent: Sent, answer: Result<i64, client::Error>) {
        let Sent { batch, records, bytes } = sent;
        let error = match answer {
            Ok(offset) => return self.written(batch, bytes, Some(offset).filter(|offset| *offset >= 0)),
            Err(error) => error,
        };
        let verdict = Verdict::of(&error);
        let error = Arc::new(Error::Client(error));
        match verdict {
            Verdict::Written => self.written(batch, bytes, None),
            Verdict::TooLarge => match batch.divide(&records, bytes) {
                Ok(parts) => self.send_in_parts(parts, bytes),
                Err(batch) => self.give_up(*batch, Some(records), bytes, error),
            },
            Verdict::Refused => self.give_up(batch, Some(records), bytes, error),
            Verdict::Denied | Verdict::Unclear => {
                let partition = batch.partition;
                self.stop(&error);
                self.fail(batch, matches!(verdict, Verdict::Denied), Some(records), error);
                self.shared.queue().land(partition, bytes);
            }
        }
    }

    fn written(&self, batch: Batch, bytes: usize, offset: Option<i64>) {
        let (partition, rows) = (batch.partition, batch.pending.rows());
        self.shared.tally().counts.acknowledged += u64::from(rows);
        batch.pending.answer(Ok(offset));
        self.shared.queue().written(partition, bytes, rows);
    }

    fn send_in_parts(&self, parts: Vec<Batch>, bytes: usize) {
        let Some(partition) = parts.first().map(|part| part.partition) else { return };
        tracing::debug!(partition, bytes, parts = parts.len(), "too large for the brokers: sent in parts");
        let mut queue = self.shared.queue();
        let left = queue.divided(partition, bytes, parts);
        let cause = queue.broken().cloned();
        drop(queue);
        if let Some(cause) = cause.filter(|_| !left.is_empty()) {
            left.into_iter().for_each(|part| self.leave(part, &cause));
            self.shared.queue().land(partition, bytes);
        }
    }

    /// A batch is not in the topic and will not be; others may be.
    fn give_up(&self, batch: Batch, records: Option<Bytes>, bytes: usize, error: Arc<Error>) {
        let partition = batch.partition;
        self.fail(batch, true, records, error.clone());
        if !self.shared.queue().given_up(partition, bytes) {
            self.stop(&error);
            self.shared.queue().land(partition, bytes);
        }
    }

    /// Sends nothing any more.
    fn stop(&self, cause: &Arc<Error>) {
        let waiting = self.shared.queue().abandon(cause);
        waiting.into_iter().for_each(|batch| self.leave(batch, cause));
    }

    /// A batch is not sent any more.
    fn leave(&self, mut batch: Batch, cause: &Arc<Error>) {
        let records = batch.writer.finish(Compression::None, None).ok();
        self.fail(batch, false, records, Arc::new(Error::Broken(cause.clone())));
    }

    fn fail(&self, batch: Batch, refused: bool, records: Option<Bytes>, error: Arc<Error>) {
        let (partition, rows) = (batch.partition, batch.pending.rows());
        self.shared.tally().failed(FailedBatch { partition, refused, error: error.clone(), records, rows });
        batch.pending.answer(Err(error));
    }
}
