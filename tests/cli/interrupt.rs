//! Ctrl-C: the first one finishes what is in flight, a second one stops at once.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::time::Duration;

use topica::broker::{Action, ApiKey, Interception};

use crate::support::{Ran, World, interrupt, wait_for};

fn slow_fetches(world: &World) {
    world.broker.intercept(Interception::times(ApiKey::Fetch, Action::Delay(Duration::from_secs(600)), 1000));
}

#[test]
fn discover_writes_what_it_has_and_says_what_it_has_not() {
    let world = World::new();
    world.topic("a", &[r#"{"a":1}"#]);
    world.topic("b", &[r#"{"a":1}"#]);
    slow_fetches(&world);
    let servers = world.servers();
    let child = world
        .command(["discover", "--servers", &servers, "--output", "json", "-o", "out"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for("a fetch", || world.broker.stats().requests_of(ApiKey::Fetch) > 0);
    interrupt(&child);
    let ran = Ran::from(child.wait_with_output().unwrap()).exits(130);
    assert!(ran.err.contains("interrupted"), "{ran:?}");
    let skipped = ran.json()["skipped"].as_array().unwrap().clone();
    assert_eq!(skipped.iter().map(|s| s["topic"].as_str().unwrap()).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn discover_uses_what_was_sampled() {
    let world = World::new();
    world.topic("small", &[r#"{"a":1}"#]);
    world.topic("large", &[]);
    let value = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 19));
    for _ in 0..30 {
        world.append("large", &[&value]);
    }
    // Each fetch takes its time, so that there is one to interrupt after the first is done.
    world.broker.intercept(Interception::times(ApiKey::Fetch, Action::Delay(Duration::from_millis(300)), 1000));
    let servers = world.servers();
    let child = world
        .command(["discover", "--servers", &servers, "-o", "out"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for("a second fetch", || world.broker.stats().requests_of(ApiKey::Fetch) > 1);
    interrupt(&child);
    let ran = Ran::from(child.wait_with_output().unwrap()).exits(130);
    assert!(ran.out.starts_with("large  topic large\n") && ran.out.contains("a sample"), "{ran:?}");
    assert!(world.path("out/small.table.sql").is_file(), "{ran:?}");
}

#[test]
fn a_second_one_stops_at_once() {
    let world = World::new();
    world.topic("in", &[]);
    world.system("s.json", "sink", "json");
    world.broker.intercept(Interception::times(ApiKey::Produce, Action::Delay(Duration::from_secs(600)), 1000));
    let mut child = world
        .command(["sink", "s.json", "in", "--linger", "0"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"{\"id\":1}\n").unwrap();
    wait_for("a request", || world.broker.stats().requests_of(ApiKey::Produce) > 0);
    interrupt(&child);
    // The row in flight is waited for, so it has not ended by itself; signals sent at once may arrive as one.
    let mut last = None;
    wait_for("an end", || {
        interrupt(&child);
        last = child.try_wait().unwrap();
        last.is_some()
    });
    assert_eq!(last.and_then(|status| status.code()), Some(130));
}

#[test]
fn sink_counts_what_was_acknowledged_until_then() {
    let world = World::new();
    world.topic("in", &[]);
    world.system("s.json", "sink", "json");
    let mut child = world
        .command(["sink", "s.json", "in", "--linger", "0"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"{\"id\":1}\n").unwrap();
    wait_for("a row", || world.broker.end_offset("in", 0) == Some(1));
    interrupt(&child);
    let ran = Ran::from(child.wait_with_output().unwrap()).exits(130);
    assert_eq!(ran.out, "in: 1 read, 1 acknowledged, 0 rejected\n");
    assert!(ran.err.contains("interrupted"), "{ran:?}");
}

#[test]
fn source_prints_whole_rows_and_says_how_many() {
    let world = World::new();
    world.topic("in", &[r#"{"a":1}"#]);
    world.discover(&["-o", "out"]).exits(0);
    let mut child = world
        .command(["source", "out", "in", "--follow"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "{\"a\":1}\n");
    world.append("in", &[r#"{"a":2}"#]);
    line.clear();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "{\"a\":2}\n");
    interrupt(&child);
    let ran = Ran::from(child.wait_with_output().unwrap()).exits(130);
    assert!(ran.err.contains("interrupted after 2 rows"), "{ran:?}");
}

#[test]
fn before_there_is_a_connection_nothing_is_left_to_finish() {
    let world = World::new();
    world.broker.intercept(Interception::times(ApiKey::ApiVersions, Action::Delay(Duration::from_secs(600)), 1000));
    let servers = world.servers();
    let child = world
        .command(["discover", "--servers", &servers])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for("a connection", || world.broker.stats().requests_of(ApiKey::ApiVersions) > 0);
    interrupt(&child);
    Ran::from(child.wait_with_output().unwrap()).fails(130, &["interrupted"]);
}

#[test]
fn infer_concludes_from_what_it_read() {
    let world = World::new();
    let mut child = world
        .command(["infer", "-o", "out", "--output", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // More than a pipe holds: when it is written, most of it has been read.
    let line = format!("{{\"a\":\"{}\"}}\n", "x".repeat(1000));
    stdin.write_all(line.repeat(500).as_bytes()).unwrap();
    interrupt(&child);
    let ran = Ran::from(child.wait_with_output().unwrap()).exits(130);
    assert!(ran.json()["tables"][0]["sample"]["records"].as_u64().unwrap() > 100, "{ran:?}");
    assert!(ran.err.contains("interrupted"), "{ran:?}");
}

#[test]
fn broker_runs_until_it_is_told() {
    let world = World::new();
    let mut child = world
        .command(["broker", "--listen", "127.0.0.1:0", "--topic", "orders:3"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut address = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
    let address = address.trim().to_owned();
    let ran = world.run(&["discover", "--servers", &address, "--dry-run"]).exits(0);
    assert!(ran.out.contains("orders"), "{ran:?}");
    world.run(&["broker", "--listen", &address]).fails(2, &[&address, "--listen"]);
    world.run(&["broker", "--listen", "nonsense"]).fails(2, &["nonsense"]);
    world.run(&["broker", "--topic", "a:0"]).fails(2, &["a:0"]);
    interrupt(&child);
    let ran = Ran::from(child.wait_with_output().unwrap()).exits(130);
    assert!(ran.err.contains("for demos and tests only"), "{ran:?}");
}
