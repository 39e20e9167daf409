//! Several futures at once, without a task for each: dropping the set drops them all.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// Futures that run together on the caller's task. Meant for a handful: each wake-up polls all of them.
pub(super) struct Together<'a, T> {
    running: Vec<Pin<Box<dyn Future<Output = T> + Send + 'a>>>,
}

impl<'a, T> Together<'a, T> {
    pub(super) fn new() -> Self {
        Self { running: Vec::new() }
    }

    pub(super) fn add(&mut self, future: impl Future<Output = T> + Send + 'a) {
        self.running.push(Box::pin(future));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// The output of the next one that ends; `None` when none is left. Cancel-safe.
    pub(super) async fn next(&mut self) -> Option<T> {
        if self.running.is_empty() {
            return None;
        }
        poll_fn(|cx| {
            let ended = self.running.iter_mut().enumerate().find_map(|(at, future)| match future.as_mut().poll(cx) {
                Poll::Ready(output) => Some((at, output)),
                Poll::Pending => None,
            });
            match ended {
                None => Poll::Pending,
                Some((at, output)) => {
                    drop(self.running.swap_remove(at));
                    Poll::Ready(Some(output))
                }
            }
        })
        .await
    }

    /// The outputs of all, in the order in which they end.
    pub(super) async fn all(mut self) -> Vec<T> {
        let mut outputs = Vec::with_capacity(self.running.len());
        while let Some(output) = self.next().await {
            outputs.push(output);
        }
        outputs
    }
}
