//! What became of a row: acknowledged with its offset, or not, and why.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::sink::Error;

/// Where an acknowledged row lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The partition that it was written to.
    pub partition: i32,
    /// Its offset there; `None` if the brokers only remember that they have it (`DUPLICATE_SEQUENCE_NUMBER`).
    pub offset: Option<i64>,
}

/// A row that was handed over; [`Delivery::outcome`] waits until the brokers have answered for it.
///
/// Dropping it does not withdraw the row.
#[derive(Clone, Debug)]
pub struct Delivery {
    batch: Arc<BatchOutcome>,
    /// The row's place in its batch.
    index: u32,
}

/// The answers for a batch, shared by the deliveries of its rows: one, or several if it had to be split.
#[derive(Debug)]
struct BatchOutcome {
    partition: i32,
    answers: Mutex<Vec<Answer>>,
    answered: Notify,
}

/// What is known of `rows` rows from `first` on: the first one's offset, or why they are not acknowledged.
#[derive(Debug)]
struct Answer {
    first: u32,
    rows: u32,
    result: Result<Option<i64>, Arc<Error>>,
}

/// The duty to answer for some rows of a batch. Whoever drops it unfulfilled has said that they were dropped: nobody
/// waits for ever.
#[derive(Debug)]
pub(super) struct Pending {
    batch: Arc<BatchOutcome>,
    first: u32,
    rows: u32,
}

impl Pending {
    /// For a batch without rows yet.
    pub(super) fn new(partition: i32) -> Self {
        let batch = BatchOutcome { partition, answers: Mutex::default(), answered: Notify::new() };
        Self { batch: Arc::new(batch), first: 0, rows: 0 }
    }

    /// One more row.
    pub(super) fn add(&mut self) -> Delivery {
        let index = self.first + self.rows;
        self.rows += 1;
        Delivery { batch: self.batch.clone(), index }
    }

    pub(super) fn rows(&self) -> u32 {
        self.rows
    }

    /// Passes the first `rows` rows on.
    pub(super) fn split_off(&mut self, rows: u32) -> Self {
        let rows = rows.min(self.rows);
        let head = Self { batch: self.batch.clone(), first: self.first, rows };
        self.first += rows;
        self.rows -= rows;
        head
    }

    /// Tells everybody who waits: the offset of the first row, if it is known, or why none is acknowledged.
    pub(super) fn answer(mut self, result: Result<Option<i64>, Arc<Error>>) {
        self.tell(result);
    }

    fn tell(&mut self, result: Result<Option<i64>, Arc<Error>>) {
        let rows = std::mem::take(&mut self.rows);
        if rows > 0 {
            let answer = Answer { first: self.first, rows, result };
            self.batch.answers.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
            self.batch.answered.notify_waiters();
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if self.rows > 0 {
            self.tell(Err(Arc::new(Error::Dropped)));
        }
    }
}

impl Delivery {
    /// Waits for the answer. Cancel-safe.
    pub async fn outcome(&self) -> Result<Receipt, Arc<Error>> {
        loop {
            // Created before the look: a wake-up between the two is not missed.
            let answered = self.batch.answered.notified();
            if let Some(outcome) = self.known() {
                return outcome;
            }
            answered.await;
        }
    }

    /// The answer, if there is one already.
    pub fn known(&self) -> Option<Result<Receipt, Arc<Error>>> {
        let answers = self.batch.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let concerned = |answer: &&Answer| self.index.checked_sub(answer.first).is_some_and(|at| at < answer.rows);
        let answer = answers.iter().find(concerned)?;
        let behind = i64::from(self.index - answer.first);
        Some(answer.result.clone().map(|base| Receipt {
            partition: self.batch.partition,
            offset: base.map(|base| base.saturating_add(behind)),
        }))
    }
}
