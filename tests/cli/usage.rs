//! Help, versions, and arguments that make no sense.

use crate::support::{Ran, World, topica};

fn run(args: &[&str]) -> Ran {
    Ran::of(topica(&std::env::temp_dir()).args(args))
}

#[test]
fn without_arguments_it_says_what_it_can_do() {
    let ran = run(&[]).exits(2);
    assert_eq!(ran.out, "");
    for command in ["demo", "discover", "infer", "source", "sink", "broker", "completions"] {
        assert!(ran.err.contains(&format!("\n  {command} ")), "{command}: {ran:?}");
    }
}

#[test]
fn help_and_version_are_data() {
    assert_eq!(run(&["--version"]).exits(0).out, concat!("topica ", env!("CARGO_PKG_VERSION"), "\n"));
    assert!(run(&["help"]).exits(0).out.contains("Exit codes:"));
    assert!(run(&["help", "sink"]).exits(0).out.contains("--create-topic"));
    for command in ["demo", "discover", "infer", "source", "sink", "broker", "completions"] {
        let ran = run(&[command, "--help"]).exits(0);
        assert!(ran.out.contains("Usage: topica") && ran.err.is_empty(), "{ran:?}");
    }
}

#[test]
fn help_names_only_what_is_there() {
    let text: String = ["discover", "infer", "source", "sink"].iter().map(|c| run(&[c, "--help"]).out).collect();
    for later in ["--schema-registry", "--proto", "--proxy", "--group", "--transactional-id", "--report", "--redact"] {
        assert!(!text.contains(later), "{later}");
    }
}

#[test]
fn a_misspelt_command_or_option_is_suggested() {
    run(&["discovr"]).fails(2, &["'discovr'", "'discover'"]);
    run(&["discover", "--severs", "x"]).fails(2, &["'--severs'", "'--servers'"]);
    run(&["source"]).fails(2, &["<CONFIG>", "<TABLE>"]);
}

#[test]
fn numbers_that_make_no_sense_are_refused() {
    for (command, option, value) in [
        ("discover", "--records", "0"),
        ("discover", "--bytes", "0"),
        ("discover", "--limit", "0"),
        ("discover", "--limit", "-1"),
        ("discover", "--max-rejected", "2"),
        ("discover", "--timeout", "0"),
        ("discover", "--timeout", "nan"),
        ("discover", "--threads", "0"),
        ("infer", "--records", "0"),
        ("infer", "--bytes", "0"),
    ] {
        run(&[command, option, value]).fails(2, &[option, value]);
    }
    run(&["source", "c", "t", "--partition", "-1"]).fails(2, &["--partition", "-1"]);
    run(&["sink", "c", "t", "--create-topic", "--partitions", "0"]).fails(2, &["--partitions"]);
    run(&["sink", "c", "t", "--create-topic", "--replication-factor", "0"]).fails(2, &["--replication-factor"]);
    run(&["sink", "c", "t", "--partitions", "3"]).fails(2, &["--create-topic"]);
}

#[test]
fn unknown_names_are_answered_with_the_known_ones() {
    run(&["discover", "--servers", "h", "--format", "jsonn"]).fails(2, &["jsonn", "json, csv", "protobuf"]);
    run(&["discover", "--servers", "h", "--dialect", "foo"]).fails(2, &["foo", "sql, classic"]);
    run(&["discover", "--output", "yaml"]).fails(2, &["yaml", "text, json"]);
    run(&["sink", "c", "t", "--compression", "rar"]).fails(2, &["rar", "none, gzip, snappy, lz4, zstd"]);
    run(&["infer", "--framing", "xml"]).fails(2, &["xml", "lines, file, varint"]);
}

#[test]
fn completions_are_of_the_same_definitions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = run(&["completions", shell]).exits(0);
        assert!(ran.out.contains("topic-prefix"), "{shell}");
    }
    run(&["completions", "cmd"]).fails(2, &["bash", "zsh"]);
}

#[test]
fn colours_are_for_terminals_or_on_request() {
    let world = World::new();
    world.write("a.json", "{\"a\":1}\n");
    let colored = |args: &[&str], no_color: bool| {
        let mut command = world.command(args);
        if no_color {
            command.env("NO_COLOR", "1");
        }
        let ran = Ran::of(&mut command).exits(0);
        ran.out.contains('\u{1b}') || ran.err.contains('\u{1b}')
    };
    assert!(!colored(&["infer", "a.json"], false));
    assert!(colored(&["infer", "a.json", "--color", "always"], false));
    assert!(colored(&["infer", "a.json", "--color=always"], true), "a flag counts for more than the environment");
    assert!(!colored(&["infer", "a.json", "--color", "never"], false));
    assert!(run(&["--color", "always", "--help"]).out.contains('\u{1b}'));
    assert!(!run(&["--color", "never", "--nope"]).err.contains('\u{1b}'));
}

#[test]
fn quiet_says_nothing_but_errors() {
    let world = World::new();
    world.topic("in", &[r#"{"a":1}"#]);
    let ran = world.discover(&["-q"]).exits(0);
    assert_eq!(ran.err, "");
    assert!(ran.out.contains("BIGINT"));
    world.run(&["-q", "infer", "nofile"]).fails(2, &["nofile"]);
}
