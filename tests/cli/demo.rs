//! `topica demo`: what a stranger types first.

use std::collections::BTreeMap;

use crate::support::World;

fn files(world: &World, directory: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(world.path(directory)).unwrap();
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.unwrap();
        (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())
    };
    entries.map(read).collect()
}

#[test]
fn it_leaves_a_package_and_a_second_run_leaves_the_same() {
    let world = World::new();
    let first = world.run(&["demo"]).exits(0);
    assert!(first.err.contains("topica source topica-demo orders"), "what to type next: {first:?}");
    let package = files(&world, "topica-demo");
    assert!(package.len() >= 6, "{package:?}");
    let second = world.run(&["demo"]).exits(0);
    assert_eq!(first.out, second.out);
    assert_eq!(files(&world, "topica-demo"), package);
}

#[test]
fn its_tables_load() {
    let world = World::new();
    world.run(&["demo", "-o", "d"]).exits(0);
    let loaded = topica::catalog::load(&world.path("d")).unwrap();
    assert!(loaded.broken.is_empty());
    let tables: Vec<&str> = loaded.tables.iter().map(|loaded| loaded.table.name.as_str()).collect();
    assert_eq!(tables, ["access_log", "customers", "events", "orders", "payments", "stock"]);
    assert!(loaded.tables.iter().all(|loaded| loaded.table.servers == "localhost:9092" && loaded.generated));
}

#[test]
fn its_view_fits_a_terminal_and_shows_each_kind_of_topic() {
    let world = World::new();
    let ran = world.run(&["demo"]).exits(0);
    for line in ran.out.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    for text in ["csv with |", "keys are text (integer), equal to customer_id", "mixed", "5 tombstones", "null in 90 %"]
    {
        assert!(ran.out.contains(text), "no '{text}': {}", ran.out);
    }
}

#[test]
fn what_somebody_else_wrote_is_not_replaced() {
    let world = World::new();
    world.write("topica-demo/orders.table.sql", "-- mine\n");
    world.run(&["demo"]).exits(2);
    assert_eq!(world.read("topica-demo/orders.table.sql"), "-- mine\n");
}

#[test]
fn its_rows_can_be_read_from_the_broker_of_the_demo() {
    use std::io::{BufRead as _, BufReader};
    let world = World::new();
    world.run(&["demo"]).exits(0);
    let mut broker = world
        .command(["-q", "broker", "--demo", "--listen", "127.0.0.1:0"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut address = String::new();
    BufReader::new(broker.stdout.take().unwrap()).read_line(&mut address).unwrap();
    let ran = world.run(&["source", "topica-demo", "orders", "--servers", address.trim(), "--limit", "3"]);
    crate::support::interrupt(&broker);
    broker.wait().unwrap();
    assert_eq!(ran.exits(0).out.lines().count(), 3);
}
