//! What cannot work: the exit code of the contract, and an error of at most three lines that says what, why, and what to do.
use protocol_tests::{Impostor, Kafka, Topica};
use std::time::Duration;

fn discover(arguments: &[&str]) -> Topica {
    let out = std::env::temp_dir().join("topica-writes-nothing-here");
    Topica::new(["discover", "-o"]).args([out]).args(arguments).timeout(Duration::from_secs(60))
}

#[test]
fn a_port_where_nobody_listens() {
    let servers = Impostor::nobody().servers();
    discover(&["--servers", &servers, "--timeout", "3"]).run().exit(3).brief().says(&[&servers]);
}

#[test]
fn an_http_server() {
    let servers =
        Impostor::answering(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").servers();
    discover(&["--servers", &servers, "--timeout", "5"]).run().exit(3).brief().says(&[&servers, "HTTP"]);
}

#[test]
fn an_ssh_server() {
    let servers = Impostor::greeting(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n").servers();
    discover(&["--servers", &servers, "--timeout", "5"]).run().exit(3).brief().says(&[&servers, "SSH"]);
}

#[test]
fn a_tls_server() {
    // The alert that OpenSSL sends to a client that does not speak TLS: fatal, protocol_version.
    let servers = Impostor::answering(&[0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46]).servers();
    discover(&["--servers", &servers, "--timeout", "5"]).run().exit(3).brief().says(&[&servers, "TLS"]);
}

#[test]
fn a_tls_listener_of_a_real_broker() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(servers) = kafka.tls_servers() else { return };
    discover(&["--servers", servers, "--timeout", "5"]).run().exit(3).brief().says(&[servers, "TLS"]);
}

#[test]
fn a_controllers_port() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(servers) = kafka.controllers() else { return };
    discover(&["--servers", servers, "--timeout", "5"]).run().exit(3).brief();
}

#[test]
fn a_server_that_never_answers() {
    let servers = Impostor::silent().servers();
    let run = discover(&["--servers", &servers, "--timeout", "2"]).run().exit(3).brief().says(&[&servers]);
    assert!(run.took < Duration::from_secs(10), "{:?}", run.took);
}

#[test]
fn a_server_that_closes_at_once() {
    let servers = Impostor::answering(b"").servers();
    discover(&["--servers", &servers, "--timeout", "3"]).run().exit(3).brief().says(&[&servers]);
}

#[test]
fn a_server_that_claims_two_gigabytes() {
    let servers = Impostor::answering(&[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1]).servers();
    let run = discover(&["--servers", &servers, "--timeout", "3"]).run().exit(3).brief();
    assert!(run.peak_kib < 128 * 1024, "{} KiB", run.peak_kib);
}

#[test]
fn a_host_that_does_not_exist() {
    discover(&["--servers", "no-such-host.invalid:9092", "--timeout", "5"])
        .run()
        .exit(3)
        .brief()
        .says(&["no-such-host.invalid"]);
}

#[test]
fn the_first_server_that_answers_is_enough() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("second-server.");
    kafka.write(&format!("{prefix}a"), ["{\"a\":1}"]);
    let servers = format!("{},{},{}", Impostor::nobody().servers(), Impostor::silent().servers(), kafka.servers());
    let run =
        Topica::new(["discover", "--servers", &servers, "--topic-prefix", &prefix, "--dry-run", "--output", "json"])
            .run()
            .exit(0);
    assert_eq!(run.json()["tables"][0]["table"], "a");
}

#[test]
fn usage_is_checked_before_anything_is_connected_to() {
    let nobody = Impostor::nobody().servers();
    discover(&[]).run().exit(2).says(&["--servers"]);
    discover(&["--servers", &nobody, "--no-such-option"]).run().exit(2).says(&["--no-such-option"]);
    discover(&["--servers", &nobody, "--topic", "("]).run().exit(2).says(&["--topic"]);
    discover(&["--servers", &nobody, "--format", "parquet"]).run().exit(2).says(&["parquet"]);
    discover(&["--servers", &nobody, "--dialect", "klingon"]).run().exit(2).says(&["klingon"]);
    discover(&["--servers", &nobody, "-X", "fetch.max.byte=1"])
        .run()
        .exit(2)
        .brief()
        .says(&["fetch.max.byte", "fetch.max.bytes"]);
    discover(&["/no/such/datasystem.json"]).run().exit(2).brief().says(&["/no/such/datasystem.json"]);
    Topica::new(["no-such-command"]).run().exit(2).says(&["no-such-command"]);
}

#[test]
fn a_data_system_file_that_is_wrong_says_where() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("datasystem.json");
    for (text, words) in [
        ("{\"type\": \"source\",\n \"connector\": {]}", &["datasystem.json"][..]),
        ("{\"type\": \"fountain\", \"connector\": {\"systemType\": \"kafka\", \"servers\": [\"x:1\"]}}", &["fountain"]),
        ("{\"type\": \"source\", \"connector\": {\"systemType\": \"kafka\", \"servers\": []}}", &["servers"]),
        ("{\"type\": \"source\"}", &["connector"]),
        (
            "{\"type\": \"source\", \"connector\": {\"systemType\": \"kafka\", \"servers\": [\"x:1\"]}, \"format\": {\"formatType\": \"parquet\"}}",
            &["parquet"],
        ),
        (
            "{\"type\": \"source\", \"connector\": {\"systemType\": \"kafka\", \"servers\": [\"${NOT_SET_ANYWHERE}\"]}}",
            &["NOT_SET_ANYWHERE"],
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        discover(&[file.to_str().unwrap(), "--timeout", "2"]).run().exit(2).brief().says(words);
    }
    let empty = tempfile::tempdir().unwrap();
    discover(&[empty.path().to_str().unwrap()]).run().exit(2).brief().says(&["datasystem.json"]);
}

#[test]
fn properties_that_other_clients_know_are_accepted() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("properties.");
    kafka.write(&format!("{prefix}a"), ["{\"a\":1}"]);
    let directory = tempfile::tempdir().unwrap();
    let properties = directory.path().join("client.properties");
    std::fs::write(&properties, format!("# a Java client's\nbootstrap.servers={}\nclient.id = mine\nfetch.max.bytes=1048576\nsocket.keepalive.enable=true\n", kafka.servers())).unwrap();
    let run = Topica::new([
        "discover",
        "--topic-prefix",
        &prefix,
        "--dry-run",
        "--output",
        "json",
        "-X",
        "fetch.min.bytes=1",
        "--command-config",
    ])
    .args([&properties])
    .run()
    .exit(0);
    assert_eq!(run.json()["tables"][0]["table"], "a");
    // What cannot be had is refused, not ignored.
    std::fs::write(&properties, "security.protocol=GSSAPI\n").unwrap();
    Topica::new(["discover", "--servers", kafka.servers(), "--command-config"])
        .args([&properties])
        .run()
        .exit(2)
        .brief()
        .says(&["GSSAPI"]);
}

#[test]
fn a_table_that_is_not_there() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("nobody.");
    Topica::new(["source", "--servers", kafka.servers(), "--topic-prefix", &prefix])
        .args(["."])
        .args(["ghost"])
        .run()
        .exit(2)
        .brief();
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("datasystem.json");
    std::fs::write(&config, format!("{{\"type\":\"source\",\"connector\":{{\"systemType\":\"kafka\",\"servers\":[\"{}\"],\"topicPrefix\":\"{prefix}\"}}}}", kafka.servers())).unwrap();
    Topica::new(["source"]).args([&config]).args(["ghost"]).run().exit(2).brief().says(&["ghost"]);
}

#[test]
fn help_is_on_standard_output() {
    let run = Topica::new(["--help"]).run().exit(0);
    for command in ["demo", "discover", "infer", "source", "sink", "broker", "completions"] {
        assert!(run.stdout.contains(command), "{command}\n{run}");
    }
    let version = Topica::new(["--version"]).run().exit(0);
    assert!(version.stdout.starts_with("topica "), "{version}");
    let completions = Topica::new(["completions", "bash"]).run().exit(0);
    assert!(completions.stdout.contains("topica"), "{completions}");
}
