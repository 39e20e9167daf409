//! Where settings come from, which one counts, and what is never printed.

use std::net::TcpListener;

use crate::support::{Ran, World};

const SECRET: &str = "geheim-4711";

#[test]
fn without_servers_there_is_nothing_to_discover() {
    World::new().run(&["discover"]).fails(2, &["--servers", "KAFKA_BOOTSTRAP_SERVERS"]);
}

#[test]
fn flags_count_more_than_properties_files_systems_and_the_environment() {
    let world = World::new();
    world.topic("in", &[r#"{"a":1}"#]);
    let right = world.servers();
    // Nobody listens on port 1.
    let wrong = "127.0.0.1:1";
    world.write("wrong.properties", &format!("bootstrap.servers={wrong}\n"));
    world.write("right.properties", &format!("bootstrap.servers={right}\n"));
    let system = |servers: &str| {
        format!(r#"{{"type": "source", "connector": {{"systemType": "kafka", "servers": ["{servers}"]}}}}"#)
    };
    world.write("wrong.json", &system(wrong));
    world.write("right.json", &system(&right));
    let x = |servers: &str| format!("bootstrap.servers={servers}");
    let (x_wrong, x_right) = (x(wrong), x(&right));
    let cases: [(&[&str], &str, &str); 5] = [
        (
            &["--servers", &right, "-X", &x_wrong, "--command-config", "wrong.properties", "wrong.json"],
            wrong,
            "--servers",
        ),
        (&["-X", &x_right, "--command-config", "wrong.properties", "wrong.json"], wrong, "-X"),
        (&["--command-config", "right.properties", "wrong.json"], wrong, "right.properties"),
        (&["right.json"], wrong, "right.json"),
        (&[], &right, "KAFKA_BOOTSTRAP_SERVERS"),
    ];
    for (args, environment, origin) in cases {
        let mut all = vec!["discover", "--dry-run", "-v"];
        all.extend(args);
        let ran = Ran::of(world.command(all).env("KAFKA_BOOTSTRAP_SERVERS", environment)).exits(0);
        let line = format!("bootstrap.servers = {right}  ({origin})");
        assert!(ran.err.contains(&line), "no '{line}': {ran:?}");
    }
}

#[test]
fn secrets_are_shown_to_nobody() {
    let world = World::new();
    let ran = world.discover(&["-vv", "-X", &format!("sasl.password={SECRET}")]).exits(2);
    assert!(ran.err.contains("sasl.password = ***  (-X)") && !ran.err.contains(SECRET), "{ran:?}");
    let ran = world.discover(&["-X", &format!("sasl.password:{SECRET}")]).fails(2, &["-X sasl.password", "KEY=VALUE"]);
    assert!(!ran.err.contains(SECRET), "{ran:?}");
    world.write(
        "s.json",
        r#"{"type": "source", "connector": {"systemType": "kafka", "servers": ["127.0.0.1:1"], "sasl.password": "${PW}"}}"#,
    );
    let ran = Ran::of(world.command(["discover", "s.json", "-v"]).env("PW", SECRET)).exits(2);
    assert!(!ran.err.contains(SECRET) && ran.err.contains("***"), "{ran:?}");
}

#[test]
fn an_unset_variable_is_named() {
    let world = World::new();
    world
        .write("s.json", r#"{"type": "source", "connector": {"systemType": "kafka", "servers": ["${NO_SUCH_HOST}"]}}"#);
    world.run(&["discover", "s.json"]).fails(2, &["NO_SUCH_HOST", "s.json", "set it"]);
}

#[test]
fn properties_are_checked_before_anything_is_dialled() {
    let world = World::new();
    world.discover(&["-X", "bootstrap.sevrers=x"]).fails(2, &["bootstrap.sevrers", "did you mean bootstrap.servers"]);
    world.discover(&["-X", "security.protocol=SSL"]).fails(2, &["security.protocol=SSL", "plaintext"]);
    world.discover(&["--command-config", "nofile"]).fails(2, &["nofile"]);
    world.discover(&["--csv-delimiter", "ab"]).fails(2, &["--csv-delimiter"]);
    world.discover(&["--csv-header=a,,b"]).fails(2, &["--csv-header"]);
    world.discover(&["--csv-header=a,a"]).fails(2, &["--csv-header", "called a"]);
    assert_eq!(world.broker.stats().connections, 0);
}

#[test]
fn a_configuration_that_is_not_there_is_told() {
    let world = World::new();
    world.run(&["discover", "nofile.json"]).fails(2, &["nofile.json", "--servers"]);
    world.write("broken.json", "{\"type\": \"source\",\n  \"connector\": [}");
    world.run(&["discover", "broken.json"]).fails(2, &["broken.json:2:"]);
    std::fs::create_dir(world.path("empty")).unwrap();
    world.run(&["source", "empty", "orders"]).fails(2, &["empty"]);
}

#[test]
fn a_directory_stands_for_the_data_system_in_it() {
    let world = World::new();
    world.topic("in", &[r#"{"a":1}"#]);
    world.system("dir/datasystem.json", "source", "");
    let ran = world.run(&["discover", "dir", "--dry-run", "--output", "json"]).exits(0);
    assert_eq!(ran.json()["tables"][0]["table"], "in");
}

#[test]
fn a_table_file_stands_for_its_topic_alone() {
    let world = World::new();
    for topic in ["p.orders", "p.orders.json", "other"] {
        world.topic(topic, &[r#"{"a":1}"#]);
    }
    let servers = world.servers();
    world.write(
        "five.table.json",
        &format!(
            r#"{{"version": 1, "table": {{"type": "source"}}, "flink": {{"connector": "kafka", "topic": "p.orders",
               "properties.bootstrap.servers": "{servers}", "format": "flexible-json"}}}}"#
        ),
    );
    world.write(
        "four.table.json",
        &format!(
            r#"{{"type": "source", "name": "four", "identifier": "p.orders",
               "connector": {{"name": "kafka", "bootstrap.servers": "{servers}"}}, "format": {{"name": "json"}}}}"#
        ),
    );
    for file in ["five.table.json", "four.table.json"] {
        let document = world.run(&["discover", file, "--dry-run", "--output", "json"]).exits(0).json();
        assert_eq!(document["tables"].as_array().unwrap().len(), 1, "{file}");
        assert_eq!(document["tables"][0]["topic"], "p.orders", "{file}");
    }
    let ran = world.run(&["discover", "five.table.json", "--dry-run", "--topic", "other"]).exits(0);
    assert!(ran.err.contains("is 'p.orders'"), "{ran:?}");
}

#[test]
fn nobody_there_is_exit_3() {
    let world = World::new();
    let ran = world.run(&["discover", "--servers", "127.0.0.1:1"]).fails(3, &["127.0.0.1:1"]);
    assert_eq!(ran.err.matches("refused").count(), 1, "a cause is told once: {ran:?}");
    world.run(&["discover", "--servers", "no-such-host.invalid"]).fails(3, &["no-such-host.invalid:9092"]);
}

#[test]
fn something_that_is_no_kafka_is_named() {
    use std::io::{Read as _, Write as _};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    World::new().run(&["discover", "--servers", &address, "--timeout", "5"]).fails(3, &["HTTP", &address]);
}
