//! Every property that Kafka's Java client (4.4) or librdkafka (2.16) knows, and what it means here.

/// A setting under its names.
#[derive(Debug)]
#[non_exhaustive]
pub struct Property {
    /// Java's names for it.
    pub java: &'static [&'static str],
    /// librdkafka's names for it, where they are not Java's.
    pub librdkafka: &'static [&'static str],
    /// What is done with it.
    pub meaning: Meaning,
    /// What it sets, in a few words.
    pub what: &'static str,
}

/// What a property means here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Meaning {
    /// It sets a field of [`ClientConfig`](super::super::ClientConfig).
    Client(Setting),
    /// It is kept for those who read or write: [`ClientConfig::other`](super::super::ClientConfig::other).
    Elsewhere,
    /// It is accepted and does nothing.
    Ignored,
    /// It asks for what this version cannot do, for this reason.
    Unsupported(&'static str),
}

/// A field of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each has the name of its field")]
pub enum Setting {
    Servers,
    ClientId,
    ConnectTimeout,
    RequestTimeout,
    Timeout,
    MaxFrame,
    MaxInFlight,
    MetadataMaxAge,
    RetryBackoff,
    RetryBackoffMax,
    SecurityProtocol,
}

impl Property {
    /// The property of that name in either spelling.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        TABLE.iter().find(|p| p.java.contains(&name) || p.librdkafka.contains(&name))
    }

    /// Java's name, or librdkafka's where Java has none.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.java.first().or(self.librdkafka.first()).copied().unwrap_or_default()
    }
}

/// Flink's Kafka connector has options of its own beside the client's.
pub(super) fn is_of_a_connector(name: &str) -> bool {
    ["scan.", "sink.", "key.", "value."].iter().any(|prefix| name.starts_with(prefix))
}

const fn client(
    setting: Setting,
    java: &'static [&'static str],
    librdkafka: &'static [&'static str],
    what: &'static str,
) -> Property {
    Property { java, librdkafka, meaning: Meaning::Client(setting), what }
}

const fn elsewhere(java: &'static [&'static str], librdkafka: &'static [&'static str], what: &'static str) -> Property {
    Property { java, librdkafka, meaning: Meaning::Elsewhere, what }
}

const fn ignored(java: &'static [&'static str], librdkafka: &'static [&'static str]) -> Property {
    Property { java, librdkafka, meaning: Meaning::Ignored, what: "" }
}

const fn authentication(java: &'static [&'static str], librdkafka: &'static [&'static str]) -> Property {
    let meaning = Meaning::Unsupported("this version cannot authenticate");
    Property { java, librdkafka, meaning, what: "authentication" }
}

/// All known properties; what they set comes first, what does nothing last.
#[rustfmt::skip]
pub static TABLE: &[Property] = &[
    client(Setting::Servers, &["bootstrap.servers"], &["metadata.broker.list"], "servers to ask for the cluster, host:port each"),
    client(Setting::ClientId, &["client.id"], &[], "the name in the brokers' logs and quotas"),
    client(Setting::ConnectTimeout, &["socket.connection.setup.timeout.ms"], &[], "limit on connecting to one address"),
    client(Setting::RequestTimeout, &["request.timeout.ms"], &["socket.timeout.ms"], "limit on one request"),
    client(Setting::Timeout, &["default.api.timeout.ms"], &[], "limit on one call, all that is tried again included"),
    client(Setting::MaxFrame, &[], &["receive.message.max.bytes"], "cap on a reply, in bytes"),
    client(Setting::MaxInFlight, &["max.in.flight.requests.per.connection"], &["max.in.flight"], "requests on one connection without an answer"),
    client(Setting::MetadataMaxAge, &["metadata.max.age.ms"], &[], "age at which metadata is asked for again"),
    client(Setting::RetryBackoff, &["retry.backoff.ms"], &[], "pause before something is tried again"),
    client(Setting::RetryBackoffMax, &["retry.backoff.max.ms"], &[], "longest such pause"),
    client(Setting::SecurityProtocol, &["security.protocol"], &[], "PLAINTEXT"),

    elsewhere(&["acks"], &["request.required.acks"], "acknowledgements that a write waits for"),
    elsewhere(&["linger.ms"], &["queue.buffering.max.ms"], "how long a batch waits for more records"),
    elsewhere(&["batch.size"], &[], "size of a batch, in bytes"),
    elsewhere(&["compression.type"], &["compression.codec"], "codec of written batches"),
    elsewhere(&["delivery.timeout.ms"], &["message.timeout.ms"], "limit on writing a record, all attempts included"),
    elsewhere(&["enable.idempotence"], &[], "whether a record that is sent again is written once"),
    elsewhere(&["transactional.id"], &[], "the name of a transactional writer"),
    elsewhere(&["max.request.size"], &["message.max.bytes"], "cap on what is written at once, in bytes"),
    elsewhere(&["group.id"], &[], "consumer group"),
    elsewhere(&["group.instance.id"], &[], "static member of a consumer group"),
    elsewhere(&["session.timeout.ms"], &[], "silence after which a group member is taken for dead"),
    elsewhere(&["heartbeat.interval.ms"], &[], "pause between heartbeats of a group member"),
    elsewhere(&["max.poll.interval.ms"], &[], "time in which a group member must get on"),
    elsewhere(&["auto.offset.reset"], &[], "where reading begins without a committed offset"),
    elsewhere(&["isolation.level"], &[], "whether records of open and aborted transactions count"),
    elsewhere(&["fetch.min.bytes"], &[], "what is worth an answer, in bytes"),
    elsewhere(&["fetch.max.wait.ms"], &["fetch.wait.max.ms"], "how long a broker waits for that"),
    elsewhere(&["fetch.max.bytes"], &[], "size of one answer, in bytes"),
    elsewhere(&["max.partition.fetch.bytes"], &["fetch.message.max.bytes"], "size of one partition's share of it, in bytes"),

    authentication(&["sasl.mechanism"], &["sasl.mechanisms"]),
    authentication(&["sasl.jaas.config"], &["sasl.username", "sasl.password"]),
    authentication(&[
        "sasl.client.callback.handler.class", "sasl.login.callback.handler.class", "sasl.login.class", "sasl.kerberos.kinit.cmd",
        "sasl.kerberos.min.time.before.relogin", "sasl.kerberos.service.name", "sasl.kerberos.ticket.renew.jitter",
        "sasl.kerberos.ticket.renew.window.factor", "sasl.login.connect.timeout.ms", "sasl.login.read.timeout.ms",
        "sasl.login.refresh.buffer.seconds", "sasl.login.refresh.min.period.seconds", "sasl.login.refresh.window.factor",
        "sasl.login.refresh.window.jitter", "sasl.login.retry.backoff.max.ms", "sasl.login.retry.backoff.ms",
        "sasl.oauthbearer.allow.unverified.audience", "sasl.oauthbearer.allow.unverified.issuer",
        "sasl.oauthbearer.assertion.algorithm", "sasl.oauthbearer.assertion.claim.aud", "sasl.oauthbearer.assertion.claim.exp.seconds",
        "sasl.oauthbearer.assertion.claim.iss", "sasl.oauthbearer.assertion.claim.jti.include",
        "sasl.oauthbearer.assertion.claim.nbf.seconds", "sasl.oauthbearer.assertion.claim.sub", "sasl.oauthbearer.assertion.file",
        "sasl.oauthbearer.assertion.private.key.file", "sasl.oauthbearer.assertion.private.key.passphrase",
        "sasl.oauthbearer.assertion.template.file", "sasl.oauthbearer.client.credentials.client.id",
        "sasl.oauthbearer.client.credentials.client.secret", "sasl.oauthbearer.clock.skew.seconds",
        "sasl.oauthbearer.expected.audience", "sasl.oauthbearer.expected.issuer", "sasl.oauthbearer.header.urlencode",
        "sasl.oauthbearer.jwks.endpoint.refresh.ms", "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms",
        "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", "sasl.oauthbearer.jwks.endpoint.url",
        "sasl.oauthbearer.jwt.retriever.class", "sasl.oauthbearer.jwt.validator.class", "sasl.oauthbearer.scope",
        "sasl.oauthbearer.scope.claim.name", "sasl.oauthbearer.sub.claim.name", "sasl.oauthbearer.token.endpoint.url",
    ], &[
        "sasl.kerberos.keytab", "sasl.kerberos.principal", "sasl.oauthbearer.config", "sasl.oauthbearer.client.id",
        "sasl.oauthbearer.client.secret", "sasl.oauthbearer.extensions", "sasl.oauthbearer.method",
        "enable.sasl.oauthbearer.unsecure.jwt", "sasl.oauthbearer.grant.type", "sasl.oauthbearer.assertion.private.key.pem",
        "sasl.oauthbearer.assertion.jwt.template.file", "sasl.oauthbearer.client.credentials.client.assertion",
        "sasl.oauthbearer.metadata.authentication.type",
    ]),

    // Without TLS these do nothing, in Java's client and in librdkafka as well.
    ignored(&[
        "ssl.cipher.suites", "ssl.enabled.protocols", "ssl.endpoint.identification.algorithm", "ssl.engine.factory.class",
        "ssl.key.password", "ssl.keymanager.algorithm", "ssl.keystore.certificate.chain", "ssl.keystore.key",
        "ssl.keystore.location", "ssl.keystore.password", "ssl.keystore.type", "ssl.protocol", "ssl.provider",
        "ssl.secure.random.implementation", "ssl.trustmanager.algorithm", "ssl.truststore.certificates",
        "ssl.truststore.location", "ssl.truststore.password", "ssl.truststore.type", "security.providers",
    ], &[
        "enable.ssl.certificate.verification", "https.ca.location", "https.ca.pem", "ssl.ca.certificate.stores", "ssl.ca.location",
        "ssl.ca.pem", "ssl.certificate.location", "ssl.certificate.pem", "ssl.crl.location", "ssl.curves.list",
        "ssl.engine.id", "ssl.engine.location", "ssl.key.location", "ssl.key.pem", "ssl.providers", "ssl.sigalgs.list",
    ]),
    ignored(&[
        "allow.auto.create.topics", "auto.commit.interval.ms", "auto.include.jmx.reporter", "bootstrap.controllers",
        "bootstrap.resolve.timeout.ms", "buffer.memory", "metadata.cluster.check.enable", "partitioner.rack.aware", "share.acquire.mode",
        "check.crcs", "client.dns.lookup", "client.rack", "config.providers", "connections.max.idle.ms", "default.list.key.serde.inner",
        "enable.auto.commit", "enable.metrics.push", "exclude.internal.topics", "group.protocol", "group.remote.assignor",
        "interceptor.classes", "internal.leave.group.on.close", "internal.throw.on.fetch.stable.offset.unsupported",
        "key.deserializer", "key.serializer", "max.block.ms", "max.poll.records", "metadata.max.idle.ms",
        "metadata.recovery.rebootstrap.trigger.ms", "metadata.recovery.strategy", "metric.reporters", "metrics.num.samples",
        "metrics.recording.level", "metrics.sample.window.ms", "partition.assignment.strategy", "partitioner.adaptive.partitioning.enable",
        "partitioner.availability.timeout.ms", "partitioner.class", "partitioner.ignore.keys", "receive.buffer.bytes",
        "reconnect.backoff.max.ms", "reconnect.backoff.ms", "retries", "send.buffer.bytes", "share.acknowledgement.mode",
        "socket.connection.setup.timeout.max.ms", "compression.gzip.level", "compression.lz4.level", "compression.zstd.level",
        "transaction.timeout.ms", "transaction.two.phase.commit.enable", "value.deserializer", "value.serializer",
    ], &[
        "allow.auto.create.topics.enable", "api.version.fallback.ms", "api.version.request", "api.version.request.timeout.ms",
        "auto.commit.enable", "background_event_cb", "batch.num.messages", "broker.address.family", "broker.address.ttl",
        "broker.version.fallback", "builtin.features", "client.software.name", "client.software.version", "enable.sparse.connections",
        "enable_sasl_queue", "metadata.request.timeout.ms", "ssl.certificate.verify_cb", "ssl_ca", "ssl_certificate", "ssl_key", "closesocket_cb", "compression.level", "connect_cb", "consume.callback.max.messages",
        "consume_cb", "coordinator.query.interval.ms", "debug", "default_topic_conf", "delivery.report.only.error", "dr_cb", "dr_msg_cb",
        "enable.auto.offset.store", "enable.gapless.guarantee", "enable.partition.eof", "enable.random.seed", "enabled_events",
        "error_cb", "fetch.error.backoff.ms", "fetch.queue.backoff.ms", "group.protocol.type", "internal.termination.signal",
        "log.connection.close", "log.queue", "log.thread.name", "log_cb", "log_level", "message.copy.max.bytes",
        "message.send.max.retries", "msg_order_cmp", "oauth_cb", "oauthbearer_token_refresh_cb", "offset.store.method", "offset.store.path",
        "offset.store.sync.interval.ms", "offset_commit_cb", "opaque", "open_cb", "partitioner", "partitioner_cb", "plugin.library.paths",
        "produce.offset.report", "queue.buffering.backpressure.threshold", "queue.buffering.max.kbytes", "queue.buffering.max.messages",
        "queued.max.messages.kbytes", "queued.min.messages", "queuing.strategy", "rebalance_cb", "reconnect.backoff.jitter.ms",
        "resolve_cb", "socket.blocking.max.ms", "socket.keepalive.enable", "socket.max.fails", "socket.nagle.disable",
        "socket.receive.buffer.bytes", "socket.send.buffer.bytes", "socket_cb", "ssl_engine_callback_data", "statistics.interval.ms",
        "stats_cb", "sticky.partitioning.linger.ms", "test.mock.broker.rtt", "test.mock.num.brokers", "throttle_cb",
        "topic.blacklist", "topic.metadata.propagation.max.ms", "topic.metadata.refresh.fast.cnt",
        "topic.metadata.refresh.fast.interval.ms", "topic.metadata.refresh.interval.ms", "topic.metadata.refresh.sparse",
    ]),
];
