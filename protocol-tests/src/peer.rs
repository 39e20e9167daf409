//! A client that is not ours, kept running as a process: a JSON line asks, a JSON line answers, the end of its input ends it.
use crate::{cache, java, java::Program};
use serde_json::Value;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

/// The version of confluent-kafka, and so of librdkafka, that writes and reads beside us.
const CONFLUENT_KAFKA: &str = "confluent-kafka==2.16.1";

/// A client process. Requests of several threads take turns.
#[derive(Debug)]
pub struct Peer {
    name: &'static str,
    line: Mutex<Line>,
}

#[derive(Debug)]
struct Line {
    process: Child,
    requests: Option<ChildStdin>,
    replies: BufReader<ChildStdout>,
}

impl Peer {
    /// The Java client (`clients/java/Client.java` lists its commands), talking to `servers`.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] without Java or Maven.
    pub fn java(servers: &str) -> io::Result<Peer> {
        let mut command = Program::load("java")?.command("384m", &[], "Client");
        command.arg(servers);
        Peer::spawn("java", command)
    }

    /// librdkafka by its Python client (`clients/librdkafka/client.py`), in a virtual environment under the target directory.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] without Python.
    pub fn librdkafka(servers: &str) -> io::Result<Peer> {
        let environment = cache::built("librdkafka", CONFLUENT_KAFKA.as_bytes(), |place| {
            java::run(Command::new("python3").args(["-m", "venv"]).arg(place))?;
            java::run(Command::new(place.join("bin/pip")).args([
                "install",
                "-q",
                "--only-binary",
                ":all:",
                CONFLUENT_KAFKA,
            ]))
        })?;
        let mut command = Command::new(environment.join("bin/python"));
        command.arg(cache::clients().join("librdkafka/client.py")).arg(servers);
        Peer::spawn("librdkafka", command)
    }

    pub(crate) fn spawn(name: &'static str, mut command: Command) -> io::Result<Peer> {
        let log = File::create(cache::run_directory(name)?.join("log"))?;
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).spawn()?;
        let requests = process.stdin.take();
        let replies = BufReader::new(process.stdout.take().expect("piped above"));
        Ok(Peer { name, line: Mutex::new(Line { process, requests, replies }) })
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// What the client said went wrong, or that it is gone.
    pub fn ask(&self, request: &Value) -> Result<Value, String> {
        let mut line = self.line.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut reply = line.exchange(request).map_err(|e| format!("{} is gone: {e}", self.name))?;
        match reply.get_mut("ok") {
            Some(ok) => Ok(ok.take()),
            None => Err(format!("{}: {}", self.name, reply["error"].as_str().unwrap_or("no answer"))),
        }
    }

    /// Asks; a refusal fails the test.
    ///
    /// # Panics
    /// When the client says that it failed.
    pub fn call(&self, request: &Value) -> Value {
        self.ask(request).unwrap_or_else(|e| panic!("{e}\nasked: {:.2000}", request.to_string()))
    }
}

impl Line {
    fn exchange(&mut self, request: &Value) -> io::Result<Value> {
        let requests = self.requests.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        requests.write_all(format!("{request}\n").as_bytes())?;
        requests.flush()?;
        let mut reply = String::new();
        if self.replies.read_line(&mut reply)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(serde_json::from_str(&reply)?)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.requests = None;
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
