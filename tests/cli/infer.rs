//! `topica infer`.

use crate::support::{Ran, World};

#[test]
fn stdout_is_the_definition_and_stderr_the_view() {
    let world = World::new();
    let ran = world.feed(&["infer", "--name", "orders"], "{\"id\":1}\n{\"id\":2}\n").exits(0);
    assert!(ran.out.contains("CREATE TABLE `orders` (\n  `id` BIGINT,"), "{ran:?}");
    assert!(
        ran.err.starts_with("orders  stdin\n  json, by its bytes; 2 messages, all read\n    id  BIGINT\n"),
        "{ran:?}"
    );
    assert_eq!(world.feed(&["infer", "-q"], "{\"id\":1}\n").exits(0).err, "");
}

#[test]
fn the_document_has_the_inputs_name_in_place_of_the_topic() {
    let world = World::new();
    world.write("orders.ndjson", "{\"id\":1}\n");
    let document = world.run(&["infer", "orders.ndjson", "--output", "json"]).exits(0).json();
    assert_eq!(document.as_object().unwrap().keys().collect::<Vec<_>>(), ["tables"]);
    let table = &document["tables"][0];
    assert_eq!((&table["table"], &table["topic"]), (&"orders".into(), &"orders.ndjson".into()));
    assert_eq!(table["format"]["from"], "extension");
}

#[test]
fn several_files_are_one_table() {
    let world = World::new();
    world.write("a.json", "{\"a\":1}\n");
    world.write("b.json", "{\"b\":1}\nnot json\n");
    let ran = world.run(&["infer", "a.json", "b.json"]).exits(1);
    assert!(ran.out.contains("`a` BIGINT") && ran.out.contains("`b` BIGINT"), "{ran:?}");
    assert!(ran.err.contains("in b.json"), "{ran:?}");
}

#[test]
fn a_message_is_a_line_a_file_or_what_a_varint_announces() {
    let world = World::new();
    world.write("a.json", "{\n  \"a\": 1\n}\n");
    world.write("b.json", "{\n  \"a\": 2\n}\n");
    let messages = |args: &[&str]| world.run(args).exits(0).json()["tables"][0]["sample"]["records"].as_u64();
    assert_eq!(messages(&["infer", "--output", "json", "--framing", "file", "a.json", "b.json"]), Some(2));
    world.write("c", "\u{7}{\"a\":1}\u{7}{\"a\":2}");
    assert_eq!(messages(&["infer", "--output", "json", "--framing", "varint", "c"]), Some(2));
    world.write("d", "{\"a\":1}\n{\"a\":2}\n{\"a\":3}");
    assert_eq!(messages(&["infer", "--output", "json", "d"]), Some(3));
    assert_eq!(messages(&["infer", "--output", "json", "--records", "2", "d"]), Some(2));
    assert_eq!(messages(&["infer", "--output", "json", "--bytes", "8", "d"]), Some(1));
}

#[test]
fn files_are_written_on_request_and_never_replaced_unasked() {
    let world = World::new();
    let args = ["infer", "--name", "t", "-o", "out"];
    let ran = world.feed(&args, "{\"a\":1}\n").exits(0);
    assert!(ran.out.starts_with("t  stdin\n") && ran.err.contains("1 file written to out"), "{ran:?}");
    world.feed(&args, "{\"a\":1}\n").exits(0);
    world.feed(&args, "{\"a\":true}\n").fails(2, &["t.table.sql", "--overwrite"]);
    world.feed(&["infer", "--name", "t", "-o", "out", "--overwrite"], "{\"a\":true}\n").exits(0);
    assert!(world.read("out/t.table.sql").contains("`a` BOOLEAN"));
    world.feed(&["infer", "--name", "t", "--dialect", "classic", "-o", "classic"], "{\"a\":1}\n").exits(0);
    assert!(world.path("classic/t.schema.yml").is_file() && world.path("classic/t.table.json").is_file());
}

#[test]
fn one_dialect_is_printed() {
    let world = World::new();
    let ran = world.feed(&["infer", "--dialect", "classic"], "{\"a\":1}\n").exits(0);
    assert!(ran.out.contains("==> stdin.table.json <==") && ran.out.contains("==> stdin.schema.yml <=="), "{ran:?}");
    world.feed(&["infer", "--dialect", "sql,classic"], "{\"a\":1}\n").fails(2, &["--dialect sql,classic"]);
}

#[test]
fn input_without_a_message_is_told() {
    let world = World::new();
    world.run(&["infer"]).fails(1, &["no messages in stdin"]);
    let ran = world.run(&["infer", "--output", "json"]).exits(1);
    assert_eq!(ran.json(), serde_json::json!({"tables": []}));
}

#[test]
fn input_that_is_not_there_is_wrong_usage() {
    let world = World::new();
    world.write("a", "{}\n");
    world.run(&["infer", "a", "nofile"]).fails(2, &["nofile"]);
    world.run(&["infer", "."]).fails(2, &["directory"]);
    world.run(&["infer", "a", "--name", "x/y"]).fails(2, &["x/y"]);
    world.run(&["infer", "a", "--name", ""]).fails(2, &["''"]);
}

#[test]
fn what_is_known_about_csv_may_be_said() {
    let world = World::new();
    let columns = |args: &[&str]| {
        let mut all = vec!["infer", "--output", "json"];
        all.extend(args);
        let document = world.feed(&all, "1;x\n2;y\n3;z\n").exits(0).json();
        let columns = document["tables"][0]["columns"].as_array().unwrap().clone();
        columns.iter().map(|c| format!("{} {}", c["name"].as_str().unwrap(), c["type"].as_str().unwrap())).collect()
    };
    let named: Vec<String> = columns(&["--format", "csv", "--csv-delimiter", ";", "--csv-header=id,name"]);
    assert_eq!(named, ["id BIGINT", "name STRING"]);
    let found: Vec<String> = columns(&["--csv-header=no"]);
    assert_eq!(found, ["c1 BIGINT", "c2 STRING"]);
}

#[test]
fn a_closed_pipe_is_a_good_end() {
    let world = World::new();
    world.write("a.json", "{\"a\":1}\n");
    let mut child = world
        .command(["infer", "a.json"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    Ran::from(child.wait_with_output().unwrap()).exits(0);
}

#[test]
fn a_definition_that_would_not_read_back_is_not_shown() {
    let world = World::new();
    let ran = world.feed(&["infer", "--name", "${NO_SUCH}", "--dialect", "classic"], "{\"a\":1}\n");
    let ran = ran.fails(2, &["NO_SUCH is not set"]);
    assert!(ran.out.is_empty(), "{ran:?}");
}
