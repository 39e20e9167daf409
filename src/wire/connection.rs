//! A connection to one broker: a task that owns the socket, and a cheap handle that queues requests for it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use kafka_protocol::protocol::{Request, StrBytes};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::dial::{Stream, Transport};
use super::frame::{DEFAULT_MAX_FRAME, read_frame};
use super::handshake::{Greeted, Ungreeted, greet};
use super::message::{decode_reply, encode_request};
use super::versions::{BrokerVersions, FIRST_API_VERSIONS, api_name, our_versions};
use super::{Address, Error, Lost};

/// Requests that may wait in the queue before a caller waits to queue one more.
const QUEUE: usize = 32;

/// How connections are made and used.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ConnectOptions {
    /// The name that the broker's logs and quotas know this client by.
    pub client_id: String,
    /// The longest that it may take until the first request can be sent: name lookup, all of the name's addresses that
    /// are tried, and what is said before the first request.
    pub connect_timeout: Duration,
    /// The longest that a request may stay unanswered, unless it says that it takes longer ([`Call::patience`]).
    pub request_timeout: Duration,
    /// The cap on a reply, in bytes.
    pub max_frame: usize,
    /// Requests sent and not yet answered, at most; those beyond it wait in a queue.
    pub max_in_flight: usize,
    /// What lies between this client and the broker.
    pub transport: Transport,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            client_id: "topica".to_owned(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            max_frame: DEFAULT_MAX_FRAME,
            max_in_flight: 5,
            transport: Transport::Plain,
        }
    }
}

impl ConnectOptions {
    pub(super) fn client_id_bytes(&self) -> StrBytes {
        StrBytes::from_string(self.client_id.clone())
    }
}

/// What is special about one request.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Call {
    /// No version above this one, although both sides speak it.
    pub max_version: i16,
    /// How much longer than `request_timeout` the broker may take, because the request asks it to wait.
    pub patience: Duration,
}

impl Default for Call {
    fn default() -> Self {
        Self { max_version: i16::MAX, patience: Duration::ZERO }
    }
}

/// A handle to a connection with one broker. Clones share it; it closes when the last one is dropped.
#[derive(Debug, Clone)]
pub struct Connection {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    address: Address,
    versions: BrokerVersions,
    client_id: StrBytes,
    request_timeout: Duration,
    next_correlation: AtomicI32,
    queue: mpsc::Sender<Queued>,
    /// Set once, by the task, before it lets go of those who wait.
    broken: Arc<OnceLock<Arc<Lost>>>,
}

impl Connection {
    /// Connects to `address` (`host` or `host:port`) and learns what the broker speaks.
    ///
    /// # Errors
    /// When the name does not resolve, nothing accepts, or what accepts does not speak Kafka.
    pub async fn open(address: &str, options: &ConnectOptions) -> Result<Self, Error> {
        let address: Address = address.parse().map_err(|reason| Error::Address { text: address.to_owned(), reason })?;
        let deadline = from_now(options.connect_timeout);
        let stream = options.transport.dial(&address, deadline).await?;
        let greeted = match greet(stream, &address, options, deadline, FIRST_API_VERSIONS).await {
            Err(Ungreeted::HungUp) => {
                tracing::debug!(%address, "closed at ApiVersions v{FIRST_API_VERSIONS}: trying v0 on a new connection");
                let stream = options.transport.dial(&address, deadline).await?;
                greet(stream, &address, options, deadline, 0).await
            }
            other => other,
        };
        Self::start(greeted, address, options)
    }

    /// The same over a stream that exists already. `address` is what errors call it.
    ///
    /// # Errors
    /// When the other side does not speak Kafka, or does not know the versions asked for and hangs up.
    pub async fn over(stream: Box<dyn Stream>, address: Address, options: &ConnectOptions) -> Result<Self, Error> {
        let deadline = from_now(options.connect_timeout);
        let greeted = greet(stream, &address, options, deadline, FIRST_API_VERSIONS).await;
        Self::start(greeted, address, options)
    }

    fn start(greeted: Result<Greeted, Ungreeted>, address: Address, options: &ConnectOptions) -> Result<Self, Error> {
        let Greeted { stream, input, versions, next_correlation } = match greeted {
            Ok(greeted) => greeted,
            Err(Ungreeted::Failed(error)) => return Err(error),
            Err(Ungreeted::HungUp) => return Err(Error::HungUp { address, api: "ApiVersions".to_owned() }),
        };
        let (queue, requests) = mpsc::channel(QUEUE);
        let broken = Arc::new(OnceLock::new());
        let task = Task {
            requests,
            input,
            waiting: VecDeque::new(),
            output: Bytes::new(),
            unflushed: false,
            answered: false,
            max_frame: options.max_frame,
            max_in_flight: options.max_in_flight.max(1),
        };
        let (cause, name) = (Arc::clone(&broken), address.clone());
        tokio::spawn(async move {
            // The task ends by being dropped only when the runtime does, and then `cause` stays empty.
            let mut task = task;
            let lost = task.run(stream).await;
            tracing::debug!(address = %name, cause = %lost, waiting = task.waiting.len(), "connection closed");
            // Those who wait look for the cause when their channel closes, so it has to be there first.
            let _ = cause.set(Arc::new(lost));
            task.dismiss_queue();
        });
        let shared = Shared {
            address,
            versions,
            client_id: options.client_id_bytes(),
            request_timeout: options.request_timeout,
            next_correlation: AtomicI32::new(next_correlation),
            queue,
            broken,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The broker's address, as it was dialled.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.shared.address
    }

    /// What the broker said that it speaks.
    #[must_use]
    pub fn versions(&self) -> &BrokerVersions {
        &self.shared.versions
    }

    /// Whether the connection broke; requests on it fail from then on.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.broken.get().is_some() || self.shared.queue.is_closed()
    }

    /// The version at which requests of type `R` are sent: the highest that both sides speak.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if there is none.
    pub fn version<R: Request>(&self) -> Result<i16, Error> {
        self.version_below::<R>(i16::MAX)
    }

    fn version_below<R: Request>(&self, cap: i16) -> Result<i16, Error> {
        self.shared.versions.negotiate::<R>(cap).map_err(|theirs| Error::Unsupported {
            address: self.shared.address.clone(),
            api: api_name(R::KEY),
            ours: our_versions::<R>(),
            theirs,
        })
    }

    /// Sends the request that `build` makes for the negotiated version, and waits for its reply.
    ///
    /// Dropping the future is safe: the request may still be executed, its reply is read and thrown away.
    ///
    /// # Errors
    /// When there is no common version, the connection breaks, or the reply is malformed.
    pub async fn call<R: Request>(&self, build: impl FnOnce(i16) -> R) -> Result<R::Response, Error> {
        self.call_with(Call::default(), build).await
    }

    /// [`Connection::call`] with something special about it.
    ///
    /// # Errors
    /// As for [`Connection::call`].
    pub async fn call_with<R: Request>(&self, call: Call, build: impl FnOnce(i16) -> R) -> Result<R::Response, Error> {
        let version = self.version_below::<R>(call.max_version)?;
        let (address, api) = (&self.shared.address, || api_name(R::KEY));
        // The ids of requests in flight must differ; after 2^31 requests they start again at 0.
        let correlation = self.shared.next_correlation.fetch_add(1, Ordering::Relaxed) & i32::MAX;
        let bytes = encode_request(&build(version), version, correlation, &self.shared.client_id)
            .map_err(|reason| Error::Encode { address: address.clone(), api: api(), version, reason })?;
        let (reply, answer) = oneshot::channel();
        let patience = self.shared.request_timeout.saturating_add(call.patience);
        let queued = Queued { correlation, key: R::KEY, bytes, patience, reply };
        self.shared.queue.send(queued).await.map_err(|_| self.lost(false))?;
        let frame = match answer.await {
            Ok(Outcome::Answered(frame)) => frame,
            Ok(Outcome::NotSent) => return Err(self.lost(false)),
            Err(_) => return Err(self.lost(true)),
        };
        decode_reply::<R>(frame, version).map_err(|source| Error::Malformed {
            address: address.clone(),
            api: api(),
            version,
            source,
        })
    }

    fn lost(&self, sent: bool) -> Error {
        let cause = self.shared.broken.get().cloned().unwrap_or_else(|| Arc::new(Lost::Shutdown));
        Error::Lost { address: self.shared.address.clone(), cause, sent }
    }
}

/// What became of a request. Nothing is said of one that was sent before the connection broke.
enum Outcome {
    Answered(Bytes),
    /// The connection broke while it was in the queue.
    NotSent,
}

/// A request on its way to the task.
struct Queued {
    correlation: i32,
    key: i16,
    bytes: Bytes,
    patience: Duration,
    reply: oneshot::Sender<Outcome>,
}

/// A request that was sent. It stays here when its caller went away: its reply still comes.
struct Waiter {
    correlation: i32,
    key: i16,
    deadline: Instant,
    patience: Duration,
    reply: oneshot::Sender<Outcome>,
}

struct Task {
    requests: mpsc::Receiver<Queued>,
    input: BytesMut,
    /// In the order in which they were sent, which is that in which brokers answer.
    waiting: VecDeque<Waiter>,
    /// What is left to write of the request that is being sent.
    output: Bytes,
    unflushed: bool,
    answered: bool,
    max_frame: usize,
    max_in_flight: usize,
}

impl Task {
    /// Runs until the connection breaks or nobody is left who could use it.
    async fn run(&mut self, stream: Box<dyn Stream>) -> Lost {
        let (mut reader, mut writer) = tokio::io::split(stream);
        loop {
            let overdue = self.waiting.iter().map(|w| w.deadline).min();
            let idle = self.output.is_empty() && !self.unflushed;
            let room = idle && self.waiting.len() < self.max_in_flight;
            // Every branch is cancel-safe: what was read stays in `input`, what was written has left `output`.
            tokio::select! {
                biased;
                frame = read_frame(&mut reader, &mut self.input, self.max_frame) => match frame {
                    Ok(Some(frame)) => if let Err(lost) = self.deliver(frame) { return lost },
                    Ok(None) if !self.answered && !self.waiting.is_empty() => return Lost::ClosedAtFirstRequest,
                    Ok(None) => return Lost::Closed,
                    Err(error) => return Lost::Frame(error),
                },
                written = push(&mut writer, &mut self.output, &mut self.unflushed), if !idle => {
                    if let Err(error) = written {
                        return Lost::Write(error);
                    }
                },
                request = self.requests.recv(), if room => match request {
                    Some(request) => self.send(request),
                    None => return Lost::Shutdown,
                },
                () = sleep_until(overdue.unwrap_or_else(Instant::now)), if overdue.is_some() => {
                    if let Some(lost) = self.expired() {
                        return lost;
                    }
                },
            }
        }
    }

    fn send(&mut self, request: Queued) {
        let Queued { correlation, key, bytes, patience, reply } = request;
        if reply.is_closed() {
            return; // its caller went away before it was sent
        }
        self.output = bytes;
        self.unflushed = true;
        let deadline = from_now(patience);
        self.waiting.push_back(Waiter { correlation, key, deadline, patience, reply });
    }

    /// Tells those in the queue that their requests were not sent.
    fn dismiss_queue(&mut self) {
        self.requests.close();
        while let Ok(request) = self.requests.try_recv() {
            // An error is a caller that went away.
            let _ = request.reply.send(Outcome::NotSent);
        }
    }

    fn deliver(&mut self, frame: Bytes) -> Result<(), Lost> {
        let id = frame.first_chunk().map(|id| i32::from_be_bytes(*id)).ok_or(Lost::Short(frame.len()))?;
        let at = self.waiting.iter().position(|w| w.correlation == id).ok_or(Lost::Correlation(id))?;
        if let Some(waiter) = self.waiting.remove(at) {
            self.answered = true;
            // An error is a caller that went away.
            let _ = waiter.reply.send(Outcome::Answered(frame));
        }
        Ok(())
    }

    fn expired(&self) -> Option<Lost> {
        let now = Instant::now();
        let late = self.waiting.iter().find(|w| w.deadline <= now)?;
        Some(Lost::Timeout { api: api_name(late.key), after: late.patience })
    }
}

/// That long from now; for a time without end, so late that it makes no difference.
fn from_now(patience: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    Instant::now() + patience.min(YEAR)
}

/// Writes some of `output`, or flushes what was written. Cancel-safe.
async fn push(writer: &mut (impl AsyncWrite + Unpin), output: &mut Bytes, unflushed: &mut bool) -> std::io::Result<()> {
    if output.is_empty() {
        writer.flush().await?;
        *unflushed = false;
    } else if writer.write_buf(output).await? == 0 {
        return Err(std::io::ErrorKind::WriteZero.into());
    }
    Ok(())
}
