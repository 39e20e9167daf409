//! The `topica` binary, run as its users run it: arguments and standard input in; standard output, standard error and an exit code out.
use crate::cache;
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

/// One run to be.
#[derive(Debug)]
pub struct Topica {
    command: Command,
    input: Vec<u8>,
    timeout: Duration,
}

/// One run that was.
#[derive(Debug)]
pub struct Finished {
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// The most that was resident, in KiB (VmHWM); 0 if it ended before it could be looked at.
    pub peak_kib: u64,
    /// From start to end.
    pub took: Duration,
    shown: String,
}

impl Topica {
    /// The binary of this workspace with these arguments. It starts without the environment variables that steer it, so a developer's own do not.
    pub fn new<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Topica {
        Topica::of(binary(), arguments)
    }

    /// Where the binary of this workspace is, for what a shell must start.
    pub fn program() -> &'static Path {
        binary()
    }

    /// Another program in its place: the static binary, or `chroot` with it.
    pub fn of<S: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: impl IntoIterator<Item = S>) -> Topica {
        let mut command = Command::new(program);
        command.args(arguments).env_remove("KAFKA_BOOTSTRAP_SERVERS").env_remove("RUST_LOG").env("RUST_BACKTRACE", "0");
        Topica { command, input: Vec::new(), timeout: Duration::from_secs(120) }
    }

    /// More arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Topica {
        self.command.args(arguments);
        self
    }

    /// An environment variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Topica {
        self.command.env(name, value);
        self
    }

    /// The working directory.
    pub fn directory(mut self, directory: &Path) -> Topica {
        self.command.current_dir(directory);
        self
    }

    /// What comes on standard input.
    pub fn input(mut self, input: impl AsRef<[u8]>) -> Topica {
        self.input = input.as_ref().to_vec();
        self
    }

    /// How long it may take; after that it is killed and the test fails.
    pub fn timeout(mut self, timeout: Duration) -> Topica {
        self.timeout = timeout;
        self
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it cannot be started or does not end in time.
    pub fn run(mut self) -> Finished {
        let shown = format!("{:?}", self.command);
        let started = Instant::now();
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{shown}: {e}"));
        let mut stdin = child.stdin.take().expect("piped above");
        let input = std::mem::take(&mut self.input);
        let writer = std::thread::spawn(move || stdin.write_all(&input));
        let stdout = drain(child.stdout.take());
        let stderr = drain(child.stderr.take());
        let status = PathBuf::from(format!("/proc/{}/status", child.id()));
        let mut peak_kib = 0;
        let code = loop {
            peak_kib = peak_kib.max(resident_peak(&status));
            match child.try_wait() {
                Ok(Some(status)) => break status.code(),
                Ok(None) if started.elapsed() < self.timeout => std::thread::sleep(Duration::from_millis(5)),
                _ => {
                    let _ = child.kill();
                    let _ = child.wait();
                    panic!(
                        "{shown} did not end within {:?}\nstdout: {}\nstderr: {}",
                        self.timeout,
                        collect(stdout),
                        collect(stderr)
                    );
                }
            }
        };
        let took = started.elapsed();
        let _ = writer.join();
        Finished { code, stdout: collect(stdout), stderr: collect(stderr), peak_kib, took, shown }
    }
}

impl Finished {
    /// The same, having ended with this exit code.
    ///
    /// # Panics
    /// When it ended with another.
    pub fn exit(self, code: i32) -> Finished {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// The same, standard error holding each of these, whatever the case.
    ///
    /// # Panics
    /// When one is missing.
    pub fn says(self, words: &[&str]) -> Finished {
        let said = self.stderr.to_lowercase();
        for word in words {
            assert!(said.contains(&word.to_lowercase()), "{word:?} is missing\n{self}");
        }
        self
    }

    /// The same, standard error being an error of at most three lines without a backtrace.
    ///
    /// # Panics
    /// When it is longer.
    pub fn brief(self) -> Finished {
        let lines = self.stderr.lines().filter(|l| !l.trim().is_empty()).count();
        assert!((1..=3).contains(&lines), "{lines} lines of error\n{self}");
        assert!(!self.stderr.contains("panicked") && !self.stderr.contains("stack backtrace"), "{self}");
        self
    }

    /// The one JSON document on standard output.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}\n{self}"))
    }

    /// The lines of standard output.
    pub fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }
}

impl std::fmt::Display for Finished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\nexit: {:?}\nstdout: {:.4000}\nstderr: {:.4000}", self.shown, self.code, self.stdout, self.stderr)
    }
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut all = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut all);
        }
        all
    })
}

fn collect(pipe: std::thread::JoinHandle<Vec<u8>>) -> String {
    String::from_utf8_lossy(&pipe.join().unwrap_or_default()).into_owned()
}

fn resident_peak(status: &Path) -> u64 {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    text.lines()
        .find_map(|l| l.strip_prefix("VmHWM:"))
        .and_then(|l| l.split_whitespace().next())
        .and_then(|n| n.parse().ok())
        .unwrap_or(0)
}

/// `TOPICA_BINARY`, or the one that this build's profile has: built first where it is missing or older than the sources.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(given) = std::env::var_os("TOPICA_BINARY") {
            return given.into();
        }
        let binary = cache::profile().join("topica");
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace member");
        let sources =
            newest(&root.join("src")).max(newest(&root.join("Cargo.toml"))).max(newest(&root.join("Cargo.lock")));
        if modified(&binary) < sources {
            build(root);
        }
        binary
    })
}

fn build(root: &Path) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let profile = cache::profile();
    let profile = if profile.ends_with("release") { "release" } else { "dev" };
    let target = cache::profile().parent().map(Path::to_owned).unwrap_or_default();
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--package", "topica", "--bin", "topica", "--profile", profile, "--target-dir"])
        .arg(target)
        .current_dir(root)
        .status();
    assert!(status.is_ok_and(|s| s.success()), "topica does not build");
}

fn newest(path: &Path) -> Option<SystemTime> {
    let inside = std::fs::read_dir(path).into_iter().flatten().flatten().filter_map(|e| newest(&e.path())).max();
    modified(path).max(inside)
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|m| m.modified()).ok()
}
