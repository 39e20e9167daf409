//! Data system files: every dialect, the documentation's own examples as printed, and errors that help.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use topica::catalog::{DataSystem, Role};
use topica::format::Format;

fn env(name: &str) -> Option<String> {
    match name {
        "KAFKA" => Some("k1:9092,k2".into()),
        "PREFIX" => Some("shop.".into()),
        _ => None,
    }
}

fn parse(text: &str) -> DataSystem {
    DataSystem::parse_with(text, "datasystem.json", &env).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

fn error(text: &str) -> String {
    let error = match DataSystem::parse_with(text, "datasystem.json", &env) {
        Ok(system) => panic!("{text} is read as {system:?}"),
        Err(error) => error.to_string(),
    };
    assert!(error.lines().count() <= 3, "{error}");
    error
}

#[test]
fn the_pages_example_loads_as_printed() {
    let system = parse(
        r#"{
  "type": "source",
  "connector": {
    "systemType": "kafka",
    "servers": ["111.0.0.100"],
  }
}
"#,
    );
    assert_eq!(system.role, Role::Source);
    assert_eq!(system.servers, ["111.0.0.100"]);
    assert_eq!((system.topic_prefix.as_str(), system.format, system.name), ("", None, None));
}

#[test]
fn a_file_that_was_really_written_loads() {
    let system = parse(
        r#"{ "type":"source", "canonicalizer":"system", "charset":"UTF-8",
  "format":{"formatType":"json"}, "name":"example",
  "datadiscovery":{"servers":["localhost:53830"],"topicPrefix":"example.","systemType":"kafka"} }"#,
    );
    assert_eq!(system.topic_prefix, "example.");
    assert_eq!(system.name.as_deref(), Some("example"));
    assert_eq!(system.format.unwrap().format, Format::Json);
}

#[test]
fn commas_may_be_too_many_or_too_few_and_there_may_be_comments() {
    let system = parse(
        r#"// our cluster
{
  "type": "source_and_sink", # both ways
  "connector": { "systemType": "kafka", "servers": ["a:1" "b:2",], }
  "format" : {
    "formatType": "csv",
    "delimiter": ";", /* not a comma */
    "commentPrefix": "//",
    "header": ["id", "name",],
  }
}"#,
    );
    assert_eq!(system.role, Role::SourceAndSink);
    assert_eq!(system.servers, ["a:1", "b:2"]);
    let csv = system.format.unwrap().csv;
    assert_eq!((csv.delimiter, csv.comment_prefix.as_deref()), (Some(';'), Some("//")));
    assert_eq!(csv.header.unwrap(), ["id", "name"]);
}

#[test]
fn versions_0_1_to_0_4_load() {
    let system = parse(
        r#"{ "type":"source",
  "connector": {"name":"kafka","bootstrap.servers":"111.0.0.100, b:1","prefix":"example.",
    "security.protocol": "SASL_SSL", "sasl.password": "${PASSWORD}", "linger.ms": 5},
  "format": {"name":"csv","charset":"UTF-8","header":["a"]} }"#,
    );
    assert_eq!(system.servers, ["111.0.0.100", "b:1"]);
    assert_eq!(system.topic_prefix, "example.");
    assert_eq!(system.properties["linger.ms"], "5");
    assert_eq!(system.properties["sasl.password"], "${PASSWORD}", "as it stood");
    // The default of those versions.
    assert_eq!(system.format.unwrap().csv.comment_prefix.as_deref(), Some("#"));
    let classic =
        r#"{"type":"source","connector":{"systemType":"kafka","servers":["a"]},"format":{"formatType":"csv"}}"#;
    assert_eq!(parse(classic).format.unwrap().csv.comment_prefix, None);
}

#[test]
fn version_0_5_loads() {
    let system = parse(
        r#"{ "version": 1,
  "table": {"type":"source","primary-key":["id","time"],"timestamp":"_source_time","watermark-millis":"0"},
  "flink": {"connector":"kafka","topic":"orders","properties.bootstrap.servers":"${KAFKA}",
            "properties.group.id":"datasqrl-orders","scan.startup.mode":"earliest-offset","format":"flexible-json"},
  "metadata": {"_source_time":{"attribute":"timestamp","type":"TIMESTAMP_WITH_LOCAL_TIME_ZONE(3)"}} }"#,
    );
    assert_eq!(system.servers, ["${KAFKA}"]);
    assert_eq!(system.properties["group.id"], "datasqrl-orders");
    assert_eq!(system.format.unwrap().format, Format::Json);
}

#[test]
fn variables_are_replaced_but_for_what_is_written() {
    let system = parse(
        r#"{"type":"source","connector":{"systemType":"kafka","servers":["${KAFKA}"],"topicPrefix":"${PREFIX}"}}"#,
    );
    assert_eq!(system.topic_prefix, "shop.");
    assert_eq!(system.servers, ["${KAFKA}"]);
    let unset =
        error(r#"{"type":"source","connector":{"systemType":"kafka","servers":["a"],"topicPrefix":"${NOPE}"}}"#);
    assert!(unset.contains("datasystem.json:1:82: `topicPrefix`: the environment variable NOPE is not set"), "{unset}");
}

#[test]
fn what_is_not_kafkas_is_told_apart() {
    for text in [
        r#"{"type":"source","connector":{"systemType":"file","directoryURI":"~/x"},"format":{"formatType":"json"}}"#,
        r#"{"type":"source","connector":{"systemType":"dir","uri":"x"}}"#,
        r#"{"type":"source","connector":{"name":"file","directoryURI":"~/x","fileURIs":[],}}"#,
        r#"{"version":1,"table":{"type":"source"},"flink":{"connector":"filesystem","path":"x"}}"#,
    ] {
        let error = error(text);
        assert!(error.contains("not Kafka") && error.contains("topica infer"), "{error}");
    }
    assert!(error(r#"{"type":"sink","connector":{"systemType":"print"}}"#).contains("\"print\", not Kafka"));
}

#[test]
fn errors_say_where_and_what_to_do() {
    let kafka = |more: &str| {
        format!(
            "{{\n\"type\": \"source\",\n\"connector\": {{\"systemType\": \"kafka\", \"servers\": [\"a\"]}},\n{more}\n}}"
        )
    };
    for (text, expected) in [
        (String::new(), "datasystem.json:1:1: the file is empty"),
        ("[]".into(), "datasystem.json:1:1: the file is a list"),
        (kafka("\"topicPrefix\": \"x\""), "datasystem.json:4:1: the file has no setting `topicPrefix`"),
        (kafka("\"fromat\": {}"), "did you mean `format`?"),
        (kafka("\"format\": {\"formatType\": \"jsno\"}"), "did you mean `json`?"),
        (
            kafka("\"format\": {\"formatType\": \"avro\"}"),
            "datasystem.json:4:26: the format `avro` cannot be configured",
        ),
        (kafka("\"format\": {\"formatType\": \"csv\", \"delimeter\": \";\"}"), "did you mean `delimiter`?"),
        (kafka("\"format\": {\"formatType\": \"csv\", \"delimiter\": \"ab\"}"), "one character"),
        (kafka("\"format\": {\"formatType\": \"csv\", \"header\": [\"a\", \"a\"]}"), "names \"a\" twice"),
        (kafka("\"format\": {\"formatType\": \"csv\", \"header\": []}"), "empty list"),
        (kafka("\"charset\": \"ISO-8859-1\""), "UTF-8"),
        (kafka("\"canonicalizer\": \"upper\""), "canonicalizer"),
        (r#"{"connector":{"systemType":"kafka","servers":["a"]}}"#.into(), "`type` is missing"),
        (
            r#"{"type":"input","connector":{"systemType":"kafka","servers":["a"]}}"#.into(),
            "source, sink or source_and_sink",
        ),
        (r#"{"type":"source"}"#.into(), "`connector` is missing"),
        (r#"{"type":"source","conector":{}}"#.into(), "did you mean `connector`?"),
        (r#"{"type":"source","connector":{}}"#.into(), "systemType"),
        (r#"{"type":"source","connector":{"systemType":"kafka"}}"#.into(), "names no servers"),
        (r#"{"type":"source","connector":{"systemType":"kafka","server":["a"]}}"#.into(), "did you mean `servers`?"),
        (r#"{"type":"source","connector":{"systemType":"kafka","servers":[]}}"#.into(), "empty entry or none"),
        (
            r#"{"type":"source","connector":{"systemType":"kafka","servers":["a"],"topicPrefx":"b"}}"#.into(),
            "did you mean `topicPrefix`?",
        ),
        (
            r#"{"type":"source","connector":{"systemType":"kafka","servers":["a"],"sasl":{}}}"#.into(),
            "`sasl` is an object",
        ),
        (
            r#"{"type":"source","connector": { ... } "format": {}}"#.into(),
            "datasystem.json:1:33: `...` stands for something",
        ),
        (r#"{"version":2,"flink":{},"table":{}}"#.into(), "`version` is not 1"),
        (r#"{"flink":{"connector":"kafka"},"table":{"type":"sink"}}"#.into(), "names no servers"),
    ] {
        let error = error(&text);
        assert!(error.contains(expected), "{text}\n{error}\n(wanted: {expected})");
    }
}

#[test]
fn a_secret_is_in_no_debug_output() {
    let system =
        parse(r#"{"type":"source","connector":{"systemType":"kafka","servers":["a"],"sasl.password":"hunter2"}}"#);
    assert!(!format!("{system:?}").contains("hunter2"));
}

proptest! {
    #[test]
    fn nothing_makes_the_reader_panic(text in "[{}\\[\\],:\"a-z#/* \n\\\\u0-9.$é-]{0,60}") {
        let _ = DataSystem::parse_with(&text, "f", &env);
    }
}
