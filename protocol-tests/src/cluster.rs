//! Real Apache Kafka in KRaft mode: started from Maven's jars on free ports, ready when it answers, gone when its owner is.
use crate::{cache, java, java::Program};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// The cluster id of every cluster started here: 16 zero bytes in base64.
const CLUSTER_ID: &str = "AAAAAAAAAAAAAAAAAAAAAA";
/// How long the brokers may take to answer. Two cores under load need 20 s.
const READY: Duration = Duration::from_secs(180);

/// A cluster that runs as long as this value, and never longer than this process.
#[derive(Debug)]
pub struct Cluster {
    servers: String,
    tls: String,
    controllers: String,
    brokers: Vec<Broker>,
    directory: PathBuf,
}

/// Why there is no cluster.
#[derive(Debug)]
pub enum StartError {
    /// This machine lacks Java, or Maven and its jars: a reason to skip.
    Unavailable(String),
    /// It was tried and failed: a reason to fail.
    Failed(String),
}

/// Where one broker listens.
#[derive(Debug, Clone, Copy)]
struct Ports {
    plain: u16,
    tls: u16,
    controller: u16,
}

#[derive(Debug)]
struct Broker {
    /// Its standard input is the leash: `Broker.java` halts at its end, so a killed test process takes its brokers with it.
    process: Child,
    port: u16,
}

impl Cluster {
    /// Starts `brokers` brokers, each a controller too. Replication factors follow from their number; topics are made only when asked for.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(brokers: usize) -> Result<Cluster, StartError> {
        let program = Program::load("java").map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => {
                StartError::Unavailable(format!("Java 17 and Maven, or TOPICA_TEST_SERVERS ({e})"))
            }
            _ => StartError::Failed(e.to_string()),
        })?;
        // A port that was free a moment ago can be taken by now: then all is tried again on others.
        let mut last = String::new();
        for _ in 0..4 {
            match Cluster::attempt(&program, brokers) {
                Ok(cluster) => return Ok(cluster),
                Err(e) => last = e.to_string(),
            }
        }
        Err(StartError::Failed(last))
    }

    fn attempt(program: &Program, brokers: usize) -> io::Result<Cluster> {
        let directory = cache::run_directory("kafka")?;
        let ports = free_ports(brokers * 3)?;
        let ports: Vec<Ports> = ports.chunks(3).map(|p| Ports { plain: p[0], tls: p[1], controller: p[2] }).collect();
        let mut cluster = Cluster {
            servers: listed(&ports, |p| p.plain),
            tls: listed(&ports, |p| p.tls),
            controllers: listed(&ports, |p| p.controller),
            brokers: Vec::new(),
            directory,
        };
        for index in 0..brokers {
            let process = cluster.launch(program, index, &ports)?;
            cluster.brokers.push(Broker { process, port: ports[index].plain });
        }
        cluster.wait()?;
        let _ = writeln!(
            io::stderr(),
            "protocol-tests: Apache Kafka on {}, logs in {}",
            cluster.servers,
            cluster.directory.display()
        );
        Ok(cluster)
    }

    fn launch(&self, program: &Program, index: usize, ports: &[Ports]) -> io::Result<Child> {
        let node = index + 1;
        let data = self.directory.join(format!("data-{node}"));
        let file = self.directory.join(format!("broker-{node}.properties"));
        std::fs::write(&file, properties(node, ports, &data, &java::keystore()?))?;
        let log = File::create(self.directory.join(format!("broker-{node}.log")))?;
        let mut command = program.command("384m", &[], "Broker");
        command.arg(CLUSTER_ID).arg(&file).arg(&data);
        command.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log).spawn()
    }

    /// Ready is an ApiVersions answer on every port, not a line in a log.
    fn wait(&mut self) -> io::Result<()> {
        let until = Instant::now() + READY;
        for (index, broker) in self.brokers.iter_mut().enumerate() {
            let log = self.directory.join(format!("broker-{}.log", index + 1));
            while !answers(broker.port) {
                if let Some(status) = broker.process.try_wait()? {
                    return Err(io::Error::other(format!(
                        "the broker ended with {status}; its log is {}\n{}",
                        log.display(),
                        tail(&log)
                    )));
                }
                if Instant::now() > until {
                    return Err(io::Error::other(format!(
                        "no answer on port {} within {READY:?}; the log is {}",
                        broker.port,
                        log.display()
                    )));
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        Ok(())
    }

    /// `bootstrap.servers`.
    pub fn servers(&self) -> &str {
        &self.servers
    }

    /// The same brokers' listeners that speak TLS, with a certificate that nobody trusts.
    pub fn tls_servers(&self) -> &str {
        &self.tls
    }

    /// The controllers' own listeners: Kafka's protocol, and no business of a client's.
    pub fn controllers(&self) -> &str {
        &self.controllers
    }

    /// Kills a broker (the first is 0) as a power cut would.
    pub fn kill(&mut self, broker: usize) {
        if let Some(broker) = self.brokers.get_mut(broker) {
            let _ = broker.process.kill();
            let _ = broker.process.wait();
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for broker in 0..self.brokers.len() {
            self.kill(broker);
        }
        if std::thread::panicking() {
            let _ = writeln!(io::stderr(), "protocol-tests: the brokers' logs are in {}", self.directory.display());
        } else {
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }
}

fn properties(node: usize, ports: &[Ports], data: &Path, keystore: &Path) -> String {
    let brokers = ports.len();
    let Ports { plain, tls, controller } = ports[node - 1];
    let voters = ports
        .iter()
        .enumerate()
        .map(|(i, p)| format!("{}@127.0.0.1:{}", i + 1, p.controller))
        .collect::<Vec<_>>()
        .join(",");
    let replicas = brokers.min(3);
    let in_sync = brokers.min(2);
    let mut text = String::new();
    let lines = [
        ("process.roles", "broker,controller".to_owned()),
        ("node.id", node.to_string()),
        ("controller.quorum.voters", voters),
        ("controller.listener.names", "CONTROLLER".to_owned()),
        ("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,TLS:SSL,CONTROLLER:PLAINTEXT".to_owned()),
        (
            "listeners",
            format!("PLAINTEXT://127.0.0.1:{plain},TLS://127.0.0.1:{tls},CONTROLLER://127.0.0.1:{controller}"),
        ),
        ("advertised.listeners", format!("PLAINTEXT://127.0.0.1:{plain},TLS://127.0.0.1:{tls}")),
        ("ssl.keystore.type", "PKCS12".to_owned()),
        ("ssl.keystore.location", keystore.display().to_string()),
        ("ssl.keystore.password", java::KEYSTORE_PASSWORD.to_owned()),
        ("log.dirs", data.display().to_string()),
        ("num.partitions", "1".to_owned()),
        ("default.replication.factor", replicas.to_string()),
        ("min.insync.replicas", in_sync.to_string()),
        ("offsets.topic.replication.factor", replicas.to_string()),
        ("offsets.topic.num.partitions", "3".to_owned()),
        ("transaction.state.log.replication.factor", replicas.to_string()),
        ("transaction.state.log.min.isr", in_sync.to_string()),
        ("transaction.state.log.num.partitions", "3".to_owned()),
        ("group.initial.rebalance.delay.ms", "0".to_owned()),
        ("auto.create.topics.enable", "false".to_owned()),
        ("log.index.size.max.bytes", "1048576".to_owned()),
    ];
    for (key, value) in lines {
        let _ = writeln!(text, "{key}={value}");
    }
    text
}

fn listed(ports: &[Ports], of: impl Fn(&Ports) -> u16) -> String {
    ports.iter().map(|p| format!("127.0.0.1:{}", of(p))).collect::<Vec<_>>().join(",")
}

/// Ports that were free a moment ago: all held at once, so no two are the same, then let go.
fn free_ports(count: usize) -> io::Result<Vec<u16>> {
    let held = (0..count).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<io::Result<Vec<_>>>()?;
    held.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}

/// Whether a broker answers ApiVersions version 0 on this port.
fn answers(port: u16) -> bool {
    let ask = || -> io::Result<[u8; 8]> {
        let mut stream = TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), Duration::from_millis(500))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        // Length, API key 18, version 0, correlation id 7, client id "x".
        stream.write_all(&[0, 0, 0, 11, 0, 18, 0, 0, 0, 0, 0, 7, 0, 1, b'x'])?;
        let mut reply = [0; 8];
        stream.read_exact(&mut reply)?;
        Ok(reply)
    };
    ask().is_ok_and(|reply| reply[4..] == [0, 0, 0, 7])
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}
