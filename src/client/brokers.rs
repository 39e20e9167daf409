//! One connection to each broker and lane, opened when it is needed and again when it broke.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{ClientConfig, Error};
use crate::wire::{self, Address, ConnectOptions, Connection};

/// A broker works on the requests of a connection one after the other, so what waits for data has a connection of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Lane {
    General,
    Fetch,
}

/// Connections to brokers.
#[derive(Debug)]
pub(super) struct Brokers {
    bootstrap: Vec<Address>,
    options: ConnectOptions,
    /// A failure this young answers for the next attempt too, so that many callers do not dial at once.
    reconnect_pause: Duration,
    slots: Mutex<HashMap<(i32, Lane), SharedSlot>>,
    /// The connection that the cluster was found by.
    seed: Mutex<Option<Connection>>,
    /// Brokers that did not answer when they were asked about the cluster.
    avoided: Mutex<Vec<Address>>,
}

/// Locked while a connection is being opened.
type SharedSlot = Arc<tokio::sync::Mutex<Slot>>;

#[derive(Debug, Default)]
struct Slot {
    open: Option<Connection>,
    failure: Option<Failure>,
    reached: bool,
}

#[derive(Debug)]
struct Failure {
    address: Address,
    first: Instant,
    last: Instant,
    error: wire::Error,
}

/// A broker that cannot be connected to.
#[derive(Debug, Clone)]
pub(super) struct Unreached {
    pub(super) error: wire::Error,
    /// Whether it could be connected to before.
    pub(super) reached_before: bool,
    /// For how long it could not.
    pub(super) since: Duration,
}

impl Brokers {
    pub(super) fn new(config: &ClientConfig) -> Result<Self, Error> {
        Ok(Self {
            bootstrap: config.addresses()?,
            options: config.connect_options(),
            reconnect_pause: config.retry_backoff / 2,
            slots: Mutex::default(),
            seed: Mutex::default(),
            avoided: Mutex::default(),
        })
    }

    pub(super) fn bootstrap_servers(&self) -> &[Address] {
        &self.bootstrap
    }

    pub(super) fn options(&self) -> &ConnectOptions {
        &self.options
    }

    pub(super) fn keep_seed(&self, connection: Connection) {
        self.avoided.lock().unwrap_or_else(PoisonError::into_inner).clear();
        *self.seed.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
    }

    /// A connection that is open already and can be asked about the cluster.
    pub(super) fn any_open(&self) -> Option<Connection> {
        let seed = self.seed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(seed) = seed.filter(|c| !c.is_closed()) {
            return Some(seed);
        }
        let avoided = self.avoided.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots
            .iter()
            .filter(|((_, lane), _)| *lane == Lane::General)
            .filter_map(|(_, slot)| slot.try_lock().ok()?.open.clone())
            .find(|c| !c.is_closed() && !avoided.contains(c.address()))
    }

    /// Asks another broker about the cluster than the one at the end of this connection, until one was found.
    pub(super) fn avoid(&self, connection: &Connection) {
        *self.seed.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.avoided.lock().unwrap_or_else(PoisonError::into_inner).push(connection.address().clone());
    }

    /// The connection to `broker`, opened now if there is none. Callers that come while it is being opened share it,
    /// and its failure.
    pub(super) async fn get(&self, broker: i32, address: &Address, lane: Lane) -> Result<Connection, Unreached> {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry((broker, lane)).or_default())
        };
        let mut slot = slot.lock().await;
        if let Some(open) = slot.open.as_ref().filter(|c| !c.is_closed() && c.address() == address) {
            return Ok(open.clone());
        }
        slot.open = None;
        // A broker that moved is another one, for which old failures mean nothing.
        if slot.failure.as_ref().is_some_and(|f| f.address != *address) {
            slot.failure = None;
        }
        if let Some(failure) = slot.failure.as_ref().filter(|f| f.last.elapsed() < self.reconnect_pause) {
            return Err(failure.tell(slot.reached));
        }
        if lane == Lane::General
            && let Some(seed) = self.seed.lock().unwrap_or_else(PoisonError::into_inner).clone()
            && !seed.is_closed()
            && seed.address() == address
        {
            slot.open = Some(seed.clone());
            slot.reached = true;
            slot.failure = None;
            return Ok(seed);
        }
        match Connection::open(&address.to_string(), &self.options).await {
            Ok(connection) => {
                tracing::debug!(broker, %address, ?lane, "connected");
                slot.open = Some(connection.clone());
                slot.reached = true;
                slot.failure = None;
                Ok(connection)
            }
            Err(error) => {
                tracing::debug!(broker, %address, ?lane, %error, "cannot connect");
                let last = Instant::now();
                let first = slot.failure.as_ref().map_or(last, |f| f.first);
                let failure = Failure { address: address.clone(), first, last, error };
                let unreached = failure.tell(slot.reached);
                slot.failure = Some(failure);
                Err(unreached)
            }
        }
    }
}

impl Failure {
    fn tell(&self, reached_before: bool) -> Unreached {
        Unreached { error: self.error.clone(), reached_before, since: self.first.elapsed() }
    }
}
