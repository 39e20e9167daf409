//! The embedded broker under other people's clients, each a process of its own: kcat, librdkafka's Python binding, and
//! the Java client.
//!
//! A client that is not on this machine skips its tests, and says so; with `CI` set, that is a failure.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::OnceCell;
use topica::broker::{Action, ApiKey, Broker, BrokerConfig, Interception};

const CODECS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];
const PATIENCE: Duration = Duration::from_secs(180);

async fn broker(nodes: usize) -> Broker {
    Broker::start(BrokerConfig::new().with_nodes(nodes).with_topic("t", 3)).await.unwrap()
}

/// Runs a program to its end; its standard output.
async fn run(program: impl AsRef<Path>, arguments: &[&str], input: &str) -> String {
    let program = program.as_ref();
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{program:?}: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).await.unwrap();
    drop(stdin);
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await.expect("it hangs").unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{program:?} {arguments:?}: {}\n{stdout}\n{stderr}", output.status);
    stdout
}

/// Is the program here? If not, the test says that it is skipped, or fails where nobody would read that.
async fn have(program: &str, version: &str) -> bool {
    let found = Command::new(program).arg(version).stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    let here = found.is_ok_and(|status| status.success());
    if !here {
        assert!(std::env::var_os("CI").is_none(), "this test needs {program}");
        eprintln!("SKIPPED: this test needs {program}, which is not here");
    }
    here
}

fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/embedded")
}

/// Where things that clients need are kept between runs: under the target directory.
fn cache(what: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("embedded-clients").join(what);
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kcat_lists_produces_and_consumes() {
    if !have("kcat", "-V").await {
        return;
    }
    let broker = broker(1).await;
    let servers = broker.bootstrap();
    let listed = run("kcat", &["-b", &servers, "-L"], "").await;
    assert!(listed.contains("topic \"t\" with 3 partitions"), "{listed}");
    let mut expected = Vec::new();
    for codec in CODECS {
        let lines: Vec<String> = (0..100).map(|n| format!("{codec}{n}:value {n} of {codec}")).collect();
        let input = lines.join("\n") + "\n";
        run("kcat", &["-b", &servers, "-P", "-t", "t", "-K:", "-z", codec], &input).await;
        expected.extend(lines);
    }
    expected.sort();
    let read = |out: String| {
        let mut lines: Vec<String> = out.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let out = run("kcat", &["-b", &servers, "-C", "-t", "t", "-e", "-q", "-f", "%k:%s\\n"], "").await;
    assert_eq!(read(out), expected);
    let as_group = ["-b", &servers, "-G", "g", "-e", "-q", "-f", "%k:%s\\n", "-X", "auto.offset.reset=earliest", "t"];
    assert_eq!(read(run("kcat", &as_group, "").await), expected);
    // The group has committed, so there is nothing left for it.
    assert_eq!(read(run("kcat", &as_group, "").await), Vec::<String>::new());
    let found = run("kcat", &["-b", &servers, "-Q", "-t", "t:0:1"], "").await;
    assert!(found.contains("offset 0"), "{found}");
    let end: i64 = (0..3).filter_map(|partition| broker.end_offset("t", partition)).sum();
    assert_eq!(usize::try_from(end).unwrap(), expected.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kcat_with_idempotence_doubles_nothing_when_answers_get_lost() {
    if !have("kcat", "-V").await {
        return;
    }
    // kcat gives up when all brokers that it knows are down at once, so there are others.
    let broker = broker(3).await;
    broker.intercept(Interception::times(ApiKey::Produce, Action::DropAnswer, 3));
    let input: String = (0..1_000).map(|n| format!("value {n}\n")).collect();
    let servers = broker.bootstrap();
    let to = ["-b", &servers, "-P", "-t", "t", "-p", "0"];
    let with = ["-X", "enable.idempotence=true", "-X", "retry.backoff.ms=10", "-X", "queue.buffering.max.ms=5"];
    run("kcat", &[&to[..], &with[..]].concat(), &input).await;
    assert_eq!(broker.end_offset("t", 0), Some(1_000));
    assert!(broker.stats().requests_of(ApiKey::Produce) > 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_librdkafka_application_works() {
    if let Some(python) = python().await {
        let broker = broker(1).await;
        assert_eq!(check_py(&python, &broker, "py").await, "ok\n");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_librdkafka_application_follows_leaders_that_move() {
    if let Some(python) = python().await {
        let broker = broker(3).await;
        let out = tokio::select! {
            out = check_py(&python, &broker, "py") => out,
            () = move_leaders(&broker, "py") => unreachable!(),
        };
        assert_eq!(out, "ok\n");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_java_application_works() {
    if let Some(classes) = java().await {
        let broker = broker(1).await;
        assert_eq!(check_java(&classes, &broker, "java").await, "ok\n");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_java_application_follows_leaders_that_move() {
    if let Some(classes) = java().await {
        let broker = broker(3).await;
        let out = tokio::select! {
            out = check_java(&classes, &broker, "java") => out,
            () = move_leaders(&broker, "java") => unreachable!(),
        };
        assert_eq!(out, "ok\n");
    }
}

/// Gives each partition of a topic another leader, again and again.
async fn move_leaders(broker: &Broker, topic: &str) {
    loop {
        for partition in 0..3 {
            if let Some(leader) = broker.leader(topic, partition) {
                // The topic may be deleted in between; then there is nothing to move.
                let _ = broker.move_leader(topic, partition, leader % 3 + 1);
            }
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
    }
}

async fn check_py(python: &Path, broker: &Broker, topic: &str) -> String {
    let script = clients().join("embedded_check.py");
    run(python, &[script.to_str().unwrap(), &broker.bootstrap(), topic], "").await
}

async fn check_java(classes: &str, broker: &Broker, topic: &str) -> String {
    let quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error";
    run("java", &[quiet, "-cp", classes, "EmbeddedCheck", &broker.bootstrap(), topic], "").await
}

/// A Python with confluent-kafka, which brings librdkafka along.
async fn python() -> Option<PathBuf> {
    static PYTHON: OnceCell<Option<PathBuf>> = OnceCell::const_new();
    let made = PYTHON.get_or_init(|| async {
        if !have("python3", "--version").await {
            return None;
        }
        let home = cache("python");
        let python = home.join("bin/python");
        let ready = home.join("ready");
        if !ready.exists() {
            run("python3", &["-m", "venv", home.to_str().unwrap()], "").await;
            run(&python, &["-m", "pip", "install", "-q", "confluent-kafka==2.*"], "").await;
            std::fs::write(ready, "").unwrap();
        }
        Some(python)
    });
    made.await.clone()
}

/// The class path with the Java client and the compiled program.
async fn java() -> Option<String> {
    static JAVA: OnceCell<Option<String>> = OnceCell::const_new();
    let made = JAVA.get_or_init(|| async {
        if !have("java", "-version").await || !have("javac", "-version").await || !have("mvn", "-version").await {
            return None;
        }
        let (libraries, classes) = (cache("java/libraries"), cache("java/classes"));
        let ready = cache("java").join("kafka-clients-4.4.0");
        if !ready.exists() {
            let (pom, output) = (clients().join("pom.xml"), format!("-DoutputDirectory={}", libraries.display()));
            let goal = ["-q", "-B", "-f", pom.to_str().unwrap(), "dependency:copy-dependencies", &output];
            run("mvn", &goal, "").await;
            std::fs::write(ready, "").unwrap();
        }
        let path = format!("{}/*:{}", libraries.display(), classes.display());
        let source = clients().join("EmbeddedCheck.java");
        let compile = ["-cp", &path, "-d", classes.to_str().unwrap(), source.to_str().unwrap()];
        run("javac", &compile, "").await;
        Some(path)
    });
    made.await.clone()
}
