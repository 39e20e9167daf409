//! What became of a row: acknowledged with its offset, or not, and why.

use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;

use crate::sink::Error;

/// Where an acknowledged row lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The partition that it was written to.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
}

/// A row that was handed over; [`Delivery::outcome`] waits until the brokers have answered for it.
///
/// Dropping it does not withdraw the row.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub(super) batch: Arc<BatchOutcome>,
    /// The row's place in its batch.
    pub(super) index: u32,
}

/// The answer for a batch, shared by the deliveries of its rows.
#[derive(Debug)]
pub(super) struct BatchOutcome {
    partition: i32,
    answer: OnceLock<Result<i64, Arc<Error>>>,
    answered: Notify,
}

impl BatchOutcome {
    pub(super) fn new(partition: i32) -> Self {
        Self { partition, answer: OnceLock::new(), answered: Notify::new() }
    }

    /// Tells everybody who waits: the batch's base offset, or why it is not acknowledged. The first answer counts.
    pub(super) fn answer(&self, answer: Result<i64, Arc<Error>>) {
        if self.answer.set(answer).is_ok() {
            self.answered.notify_waiters();
        }
    }
}

impl Delivery {
    /// Waits for the answer. Cancel-safe.
    pub async fn outcome(&self) -> Result<Receipt, Arc<Error>> {
        loop {
            let answered = self.batch.answered.notified();
            if let Some(answer) = self.batch.answer.get() {
                return answer.clone().map(|base| Receipt {
                    partition: self.batch.partition,
                    offset: base.saturating_add(i64::from(self.index)),
                });
            }
            answered.await;
        }
    }
}
