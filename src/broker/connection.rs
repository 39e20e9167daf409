//! One client's connection: frames in, answers out, in order, as Kafka does it.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{FetchRequest, FetchResponse};
use kafka_protocol::protocol::StrBytes;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::api::{fetch, join_group, sync_group};
use super::control::Action;
use super::dispatch::{self, Close, Outcome, Request};
use super::group::{Answer, NotJoined};
use super::state::{Context, Shared};
use crate::wire::frame::read_frame;

/// Room for small requests; larger ones make it grow.
const READ_BUFFER: usize = 8 << 10;

/// Serves one client until it goes, or does what ends a connection.
pub(super) async fn serve(stream: TcpStream, peer: SocketAddr, node: i32, shared: &Shared) -> Result<(), Close> {
    let _ = stream.set_nodelay(true);
    let host = match &shared.config.advertised_host {
        Some(host) => host.clone(),
        None => stream.local_addr().map_err(Close::Io)?.ip().to_string(),
    };
    let (reader, writer) = stream.into_split();
    let buffer = BytesMut::with_capacity(READ_BUFFER);
    let peer = format!("/{}", peer.ip());
    let host = StrBytes::from_string(host);
    let mut connection = Connection { reader, writer, buffer, ahead: None, shared, node, host, peer };
    loop {
        let frame = match timeout(shared.config.idle, connection.next_frame()).await {
            Ok(frame) => frame?,
            Err(_) => return Err(Close::Idle),
        };
        let Some(frame) = frame else { return Ok(()) };
        connection.answer(frame).await?;
    }
}

struct Connection<'a> {
    reader: OwnedReadHalf,
    writer: OwnedWriteHalf,
    buffer: BytesMut,
    /// A frame that came while an earlier request waited.
    ahead: Option<Bytes>,
    shared: &'a Shared,
    node: i32,
    host: StrBytes,
    peer: String,
}

impl Connection<'_> {
    async fn next_frame(&mut self) -> Result<Option<Bytes>, Close> {
        match self.ahead.take() {
            Some(frame) => Ok(Some(frame)),
            None => Ok(read_frame(&mut self.reader, &mut self.buffer, self.shared.config.max_frame).await?),
        }
    }

    async fn answer(&mut self, frame: Bytes) -> Result<(), Close> {
        let request = match dispatch::parse(frame) {
            Ok(request) => request,
            Err(Close::UnsupportedApiVersions { correlation_id }) => {
                return self.send(dispatch::unsupported_api_versions(correlation_id)?).await;
            }
            Err(close) => return Err(close),
        };
        let mut cx = Context {
            node: self.node,
            host: self.host.clone(),
            peer: self.peer.clone(),
            client_id: request.client_id.clone(),
            version: request.version,
            now: Instant::now(),
            forced: None,
        };
        let action = {
            let mut state = self.shared.lock();
            state.stats.count_request(request.api);
            state.interceptions.take(request.api, self.node)
        };
        match action {
            Some(Action::Fail(code)) => cx.forced = Some(code),
            Some(Action::Delay(delay)) => {
                self.unless_gone(sleep(delay)).await?;
                cx.now = Instant::now();
            }
            Some(Action::Drop) => return Err(Close::Intercepted),
            Some(Action::DropAnswer) | None => {}
        }
        let answer = self.work(&request, &cx).await?;
        if action == Some(Action::DropAnswer) {
            return Err(Close::Intercepted);
        }
        match answer {
            Some(answer) => self.send(answer).await,
            None => Ok(()),
        }
    }

    /// The response frame; none for a Produce with acks=0.
    async fn work(&mut self, request: &Request, cx: &Context) -> Result<Option<Bytes>, Close> {
        match dispatch::handle(request, cx, self.shared)? {
            Outcome::Answer(frame) => Ok(Some(frame)),
            Outcome::Silence => Ok(None),
            Outcome::Fetch(wanted) => {
                let response = self.fetch(&wanted, cx).await?;
                dispatch::encode(request, &response).map(Some)
            }
            Outcome::Join(answer) => {
                let result = match answer {
                    Answer::Now(result) => result,
                    Answer::Later(answer) => self.unless_gone(answer).await?.unwrap_or_else(|_| {
                        let code = kafka_protocol::ResponseError::UnknownMemberId;
                        Err(NotJoined { code, member_id: String::new() })
                    }),
                };
                dispatch::encode(request, &join_group::response(result, cx)).map(Some)
            }
            Outcome::Sync(answer) => {
                let result = match answer {
                    Answer::Now(result) => result,
                    Answer::Later(answer) => {
                        let gone = Err(kafka_protocol::ResponseError::UnknownMemberId);
                        self.unless_gone(answer).await?.unwrap_or(gone)
                    }
                };
                dispatch::encode(request, &sync_group::response(result)).map(Some)
            }
        }
    }

    /// Waits until there is enough, or the client's patience ends.
    async fn fetch(&mut self, request: &FetchRequest, cx: &Context) -> Result<FetchResponse, Close> {
        let shared = self.shared;
        let until = cx.now + fetch::patience(request);
        let mut appended = shared.appended.subscribe();
        let enough = async {
            while !fetch::is_ready(request, cx, shared) {
                if appended.changed().await.is_err() {
                    break;
                }
            }
        };
        if !fetch::is_ready(request, cx, shared) {
            let _ = self.unless_gone(timeout_at(until, enough)).await?;
        }
        Ok(fetch::answer(request, cx, shared))
    }

    /// Waits for something that others bring about, but not for a client that has gone meanwhile. A request that
    /// comes early is kept.
    async fn unless_gone<T>(&mut self, event: impl Future<Output = T>) -> Result<T, Close> {
        tokio::pin!(event);
        if self.ahead.is_none() {
            tokio::select! {
                biased;
                output = &mut event => return Ok(output),
                frame = read_frame(&mut self.reader, &mut self.buffer, self.shared.config.max_frame) => {
                    self.ahead = Some(frame?.ok_or(Close::Gone)?);
                }
            }
        }
        Ok(event.await)
    }

    async fn send(&mut self, frame: Bytes) -> Result<(), Close> {
        // A client that does not read its answers is as idle as one that sends nothing.
        match timeout(self.shared.config.idle.max(Duration::from_secs(1)), self.writer.write_all(&frame)).await {
            Ok(written) => written.map_err(Close::Io),
            Err(_) => Err(Close::Idle),
        }
    }
}
