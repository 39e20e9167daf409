//! The house rules that a compiler does not check: a room uses rooms below it only, each file says what it is for and
//! answers one question.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each room with the rooms that it may use. `cli` may use all.
const ROOMS: &[(&str, &[&str])] = &[
    ("wire", &[]),
    ("record", &[]),
    ("format", &[]),
    ("broker", &["wire", "record"]),
    ("client", &["wire", "record"]),
    ("schema", &["format"]),
    ("catalog", &["format", "schema"]),
    ("rows", &["format", "schema", "catalog"]),
    ("source", &["record", "client", "rows", "format", "schema", "catalog"]),
    ("sink", &["record", "client", "rows", "format", "schema", "catalog"]),
    ("infer", &["format", "schema", "catalog"]),
    ("discover", &["wire", "record", "client", "format", "schema", "catalog", "infer"]),
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The rooms named in a file's code: `crate::room`, and `crate::{room, ...}`. Comments do not count.
fn rooms_used(text: &str) -> BTreeSet<String> {
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut used = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let (mut depth, mut name, mut first_part) = (1, String::new(), true);
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 1 => break,
                    '}' => depth -= 1,
                    ',' if depth == 1 => {
                        used.insert(std::mem::take(&mut name));
                        first_part = true;
                    }
                    ':' if depth == 1 => first_part = false,
                    c if depth == 1 && first_part && (c.is_alphanumeric() || c == '_') => name.push(c),
                    _ => {}
                }
            }
            used.insert(name);
        } else {
            used.insert(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    used
}

#[test]
fn a_room_uses_only_rooms_below_it() {
    let rooms: BTreeSet<String> = std::fs::read_dir(source())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    let known: BTreeSet<String> = ROOMS.iter().map(|(room, _)| (*room).to_owned()).chain(["cli".to_owned()]).collect();
    assert_eq!(rooms, known, "every room is listed with what it may use");
    let mut trespasses = Vec::new();
    for (room, below) in ROOMS {
        for file in rust_files(&source().join(room)) {
            for used in rooms_used(&std::fs::read_to_string(&file).unwrap()) {
                if known.contains(&used) && used != *room && !below.contains(&used.as_str()) {
                    trespasses.push(format!("{} uses {used}", file.display()));
                }
            }
        }
    }
    assert!(trespasses.is_empty(), "{}", trespasses.join("\n"));
}

#[test]
fn imports_are_seen_in_every_form() {
    let used =
        rooms_used("use crate::wire::Frame;\n// crate::sink\nuse crate::{client::Client, record::{a, b}, format};\n");
    assert_eq!(used.into_iter().collect::<Vec<_>>(), ["client", "format", "record", "wire"]);
}

#[test]
fn a_file_says_what_it_is_for_and_answers_one_question() {
    let mut faults = Vec::new();
    for file in rust_files(&source()) {
        let text = std::fs::read_to_string(&file).unwrap();
        if !text.starts_with("//! ") {
            faults.push(format!("{}: its first line does not say what it is for", file.display()));
        }
        let lines = text.lines().count();
        if lines > 700 {
            faults.push(format!("{}: {lines} lines", file.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn main_is_tiny() {
    let lines = std::fs::read_to_string(source().join("main.rs")).unwrap().lines().count();
    assert!(lines <= 25, "main.rs has {lines} lines");
}
