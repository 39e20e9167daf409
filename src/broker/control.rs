//! Faults on demand: an interception makes the next requests of one API fail, wait or vanish.

use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::ApiKey;

/// What happens to an intercepted request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Answer with this error code, for each topic and partition asked for; nothing is done.
    Fail(ResponseError),
    /// Wait, then do as usual.
    Delay(Duration),
    /// Close the connection without having done anything.
    Drop,
    /// Do as usual, then close the connection instead of answering: the client cannot know.
    DropAnswer,
}

/// A rule that [`Broker::intercept`](super::Broker::intercept) lays down: it applies to the next `times` requests.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Interception {
    /// Requests of this API.
    pub api: ApiKey,
    /// Only on this node; any if `None`.
    pub node: Option<i32>,
    /// What happens to them.
    pub action: Action,
    /// To how many.
    pub times: usize,
}

impl Interception {
    /// The next request of `api`, on any node.
    #[must_use]
    pub fn once(api: ApiKey, action: Action) -> Self {
        Self::times(api, action, 1)
    }

    /// The next `times` requests of `api`, on any node.
    #[must_use]
    pub fn times(api: ApiKey, action: Action, times: usize) -> Self {
        Self { api, node: None, action, times }
    }

    /// Only requests that come in at this node.
    #[must_use]
    pub fn on_node(mut self, node: i32) -> Self {
        self.node = Some(node);
        self
    }
}

/// The rules in force, oldest first.
#[derive(Debug, Default)]
pub(super) struct Interceptions(Vec<Interception>);

impl Interceptions {
    pub(super) fn add(&mut self, rule: Interception) {
        if rule.times > 0 {
            self.0.push(rule);
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The action for a request of `api` at `node`, used up by one.
    pub(super) fn take(&mut self, api: ApiKey, node: i32) -> Option<Action> {
        let at = self.0.iter().position(|rule| rule.api == api && rule.node.is_none_or(|n| n == node))?;
        let rule = self.0.get_mut(at)?;
        rule.times = rule.times.saturating_sub(1);
        let action = rule.action.clone();
        if rule.times == 0 {
            self.0.remove(at);
        }
        Some(action)
    }
}
