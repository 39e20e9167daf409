//! The sink's task: sends what the queue gives it, and answers for it.

use std::sync::Arc;
use std::time::Instant;

use tokio::task::JoinSet;

use crate::client::{Client, ProduceBatch, ProducerId};
use crate::record::{Compression, Producer};
use crate::sink::queue::{Batch, Next};
use crate::sink::{Error, FailedBatch, Shared};

/// What it takes to send a batch.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    pub(super) client: Client,
    pub(super) topic: Arc<str>,
    pub(super) compression: Compression,
    pub(super) producer: ProducerId,
    pub(super) shared: Arc<Shared>,
}

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
        let mut waiting = Vec::with_capacity(batches.len());
        let mut requests = Vec::with_capacity(batches.len());
        for batch in batches {
            let Batch { partition, mut writer, outcome, sequence, bytes, .. } = batch;
            let rows = writer.len() as u32;
            let ProducerId { id, epoch, .. } = self.producer;
            let producer = Producer { id, epoch, base_sequence: sequence, transactional: false };
            match writer.finish(self.compression, Some(producer)) {
                Ok(records) => {
                    requests.push(ProduceBatch { topic: self.topic.to_string(), partition, records: records.clone() });
                    waiting.push((partition, rows, bytes, outcome, records));
                }
                Err(error) => {
                    let error = Arc::new(Error::Codec(error));
                    outcome.answer(Err(error.clone()));
                    self.failed(FailedBatch { partition, refused: true, error, records: None, rows }, bytes);
                }
            }
        }
        let answers = self.client.produce(&requests).await;
        for ((partition, rows, bytes, outcome, records), answer) in waiting.into_iter().zip(answers) {
            match answer {
                Ok(ack) => {
                    self.shared.counts().0.acknowledged += u64::from(rows);
                    outcome.answer(Ok(ack.base_offset));
                    self.shared.queue().answered(partition, bytes, Some(rows));
                }
                Err(error) => {
                    // A retriable error that outlived all retries leaves open what was written.
                    let unclear = error.is_retriable();
                    let error = Arc::new(Error::Client(error));
                    outcome.answer(Err(error.clone()));
                    let records = Some(records);
                    self.failed(
                        FailedBatch { partition, refused: !unclear, error: error.clone(), records, rows },
                        bytes,
                    );
                    if unclear {
                        self.abandon(&error);
                    }
                }
            }
        }
        self.shared.answered.notify_waiters();
        self.shared.work.notify_one();
    }

    fn failed(&self, batch: FailedBatch, bytes: usize) {
        let partition = batch.partition;
        let mut counts = self.shared.counts();
        counts.0.failed += u64::from(batch.rows);
        counts.1.push(batch);
        drop(counts);
        self.shared.queue().answered(partition, bytes, None);
        self.shared.answered.notify_waiters();
    }

    fn abandon(&self, cause: &Arc<Error>) {
        for mut batch in self.shared.queue().abandon(cause.clone()) {
            let error = Arc::new(Error::Broken(cause.clone()));
            batch.outcome.answer(Err(error.clone()));
            let rows = batch.writer.len() as u32;
            let mut counts = self.shared.counts();
            counts.0.failed += u64::from(rows);
            counts.1.push(FailedBatch {
                partition: batch.partition,
                refused: false,
                error,
                records: batch.writer.finish(Compression::None, None).ok(),
                rows,
            });
        }
    }
}
