//! A cluster to talk to, a directory to work in, and the binary run in it.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::runtime::Runtime;
use topica::broker::{Broker, BrokerConfig};
use topica::record::{BatchWriter, Compression};

/// An embedded broker on a free port, and a directory of its own.
pub(crate) struct World {
    pub(crate) broker: Broker,
    directory: TempDir,
    _runtime: Runtime,
}

impl World {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let broker = runtime.block_on(Broker::start(BrokerConfig::new())).unwrap();
        Self { broker, directory: tempfile::tempdir().unwrap(), _runtime: runtime }
    }

    /// A topic of one partition with these values.
    pub(crate) fn topic(&self, name: &str, values: &[&str]) {
        self.broker.create_topic(name, 1).unwrap();
        self.append(name, values);
    }

    pub(crate) fn append(&self, name: &str, values: &[&str]) {
        if values.is_empty() {
            return;
        }
        let mut writer = BatchWriter::new(1 << 20);
        for value in values {
            writer.push(1_700_000_000_000, None, Some(value.as_bytes()), &[]).unwrap();
        }
        self.broker.append(name, 0, writer.finish(Compression::None, None).unwrap()).unwrap();
    }

    pub(crate) fn servers(&self) -> String {
        self.broker.bootstrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// A `datasystem.json` in the original dialect; `format` is empty for none.
    pub(crate) fn system(&self, name: &str, role: &str, format: &str) {
        let format = match format {
            "" => String::new(),
            format => format!(r#""format": {{"formatType": "{format}"}},"#),
        };
        let servers = self.servers();
        let connector = format!(r#""connector": {{"systemType": "kafka", "servers": ["{servers}"]}}"#);
        self.write(name, &format!(r#"{{"type": "{role}", {format} {connector}}}"#));
    }

    pub(crate) fn command(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = topica(self.directory.path());
        command.args(args);
        command
    }

    /// Runs it without input.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(&mut self.command(args))
    }

    /// Runs `discover` on this cluster.
    pub(crate) fn discover(&self, args: &[&str]) -> Ran {
        let servers = self.servers();
        let mut all = vec!["discover", "--servers", &servers];
        all.extend(args);
        self.run(&all)
    }

    /// Runs it with this on stdin.
    pub(crate) fn feed(&self, args: &[&str], input: &str) -> Ran {
        Ran::fed(&mut self.command(args), input)
    }
}

/// The binary, with nothing in its environment that a test did not put there.
pub(crate) fn topica(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_topica"));
    command.current_dir(directory).stdin(Stdio::null());
    for variable in ["KAFKA_BOOTSTRAP_SERVERS", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"] {
        command.env_remove(variable);
    }
    command
}

/// What a run left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Self {
        Self::from(command.output().unwrap())
    }

    pub(crate) fn fed(command: &mut Command, input: &str) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Whoever does not want it all closes the pipe.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Self::from(child.wait_with_output().unwrap())
    }

    /// The JSON document on stdout.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Ended with this exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.exit, Some(code), "{self:?}");
        self
    }

    /// An error as the contract has it: nothing on stdout, at most three lines on stderr, no backtrace.
    #[track_caller]
    pub(crate) fn fails(self, code: i32, why: &[&str]) -> Self {
        let ran = self.exits(code);
        assert_eq!(ran.out, "", "{ran:?}");
        assert!(ran.err.starts_with("error: "), "{ran:?}");
        assert!(ran.err.lines().count() <= 3, "{ran:?}");
        for text in why {
            assert!(ran.err.contains(text), "no '{text}': {ran:?}");
        }
        ran
    }
}

impl From<std::process::Output> for Ran {
    fn from(output: std::process::Output) -> Self {
        Self {
            exit: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Waits for a condition; a minute is for ever.
#[track_caller]
pub(crate) fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "waited for ever: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Ctrl-C.
pub(crate) fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}
