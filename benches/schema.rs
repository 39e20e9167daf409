//! How fast payloads are profiled and checked, beside building a tree of them, on the same bytes in the same run.
//!
//! `cargo bench --bench schema`

#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use topica::format::Text;
use topica::format::csv::{Dialect, Rows};
use topica::format::json::{self, DEPTH_LIMIT};
use topica::schema::{Conform, Encoding, Profile, ResolveOptions, resolve};

/// Orders of about a kilobyte: objects, arrays of objects, strings, numbers, timestamps.
fn nested(index: usize) -> Vec<u8> {
    let items: Vec<String> = (0..index % 5)
        .map(|item| {
            format!(
                "{{\"sku\":\"SKU-{index:06}-{item}\",\"quantity\":{},\"price\":{}.{:02},\"tags\":[\"new\",\"sale\"],\"gift\":{}}}",
                1 + item,
                10 * item + 5,
                index % 100,
                item == 1
            )
        })
        .collect();
    format!(
        "{{\"id\":{index},\"event\":\"order_created\",\"time\":\"2026-11-24T10:{:02}:{:02}.123Z\",\"customer\":{{\"id\":\"123e4567-e89b-12d3-a456-{index:012}\",\"name\":\"J\u{fc}rgen M\u{fc}ller\",\"address\":{{\"street\":\"Unter den Linden {}\",\"city\":\"Berlin\",\"zip\":\"10117\",\"geo\":[52.5170365,13.3888599]}}}},\"items\":[{}],\"note\":\"Please leave it \\\"at the door\\\"\\nand ring twice; the bell is on the left-hand side of the entrance, below the sign.\",\"coupon\":null,\"total\":{}.50,\"paid\":true}}",
        index / 60 % 60,
        index % 60,
        index % 200,
        items.join(","),
        index * 3 % 1000
    )
    .into_bytes()
}

/// Readings of about 180 bytes: no nesting, mostly numbers.
fn flat(index: usize) -> Vec<u8> {
    format!(
        "{{\"device\":\"d-{:05}\",\"seq\":{index},\"at\":{},\"temperature\":{}.{:02},\"humidity\":{}.5,\"pressure\":101{}.25,\"battery\":{},\"charging\":{},\"firmware\":\"1.{}.0\",\"site\":\"north\",\"error\":null}}",
        index % 500,
        1_700_000_000_000_u64 + index as u64 * 250,
        15 + index % 20,
        index % 100,
        40 + index % 30,
        index % 10,
        index % 101,
        index.is_multiple_of(7),
        index % 4
    )
    .into_bytes()
}

fn row(index: usize) -> Vec<u8> {
    format!(
        "{index},d-{:05},2026-11-24 10:{:02}:{:02}.250,{}.{:02},\"Berlin, Mitte\",{},{},2026-11-24,,north",
        index % 500,
        index / 60 % 60,
        index % 60,
        15 + index % 20,
        index % 100,
        index.is_multiple_of(7),
        index * 31
    )
    .into_bytes()
}

fn json_payloads(group: &mut BenchmarkGroup<'_, WallTime>, payloads: &[Vec<u8>]) {
    let bytes: usize = payloads.iter().map(Vec::len).sum();
    group.throughput(Throughput::Bytes(bytes as u64));
    let profile_all = || {
        let mut profile = Profile::new();
        for (position, payload) in payloads.iter().enumerate() {
            profile.observe_json(position as u64, payload, DEPTH_LIMIT).unwrap();
        }
        profile
    };
    group.bench_function("profile", |b| b.iter(profile_all));
    group.bench_function("walk only", |b| {
        b.iter(|| payloads.iter().for_each(|payload| json::validate(payload, DEPTH_LIMIT).unwrap()));
    });
    group.bench_function("serde_json::Value", |b| {
        b.iter(|| {
            for payload in payloads {
                black_box(serde_json::from_slice::<serde_json::Value>(payload).unwrap());
            }
        });
    });
    let resolved = resolve(&profile_all(), &ResolveOptions::new(Encoding::Json));
    let mut conform = Conform::json(&resolved.schema);
    group.bench_function("conform", |b| {
        b.iter(|| {
            for payload in payloads {
                assert!(conform.check_json(payload, DEPTH_LIMIT).unwrap().is_whole());
            }
        });
    });
}

fn observe(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("nested JSON");
    json_payloads(&mut group, &(0..2_000).map(nested).collect::<Vec<_>>());
    group.finish();
    let mut group = criterion.benchmark_group("flat JSON");
    json_payloads(&mut group, &(0..10_000).map(flat).collect::<Vec<_>>());
    group.finish();

    let payloads: Vec<Vec<u8>> = (0..10_000).map(row).collect();
    let bytes: usize = payloads.iter().map(Vec::len).sum();
    let names: Vec<String> = (1..=10).map(|i| format!("c{i}")).collect();
    let mut group = criterion.benchmark_group("CSV");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("profile", |b| {
        let dialect = Dialect::default();
        b.iter(|| {
            let mut profile = Profile::new();
            for (position, payload) in payloads.iter().enumerate() {
                let mut fields: Vec<Text<'_>> = Vec::with_capacity(names.len());
                let mut rows = Rows::new(payload, &dialect).unwrap();
                rows.next_row(|_, field| fields.push(field)).unwrap();
                profile.observe_row(position as u64, &names, &fields).unwrap();
            }
            profile
        });
    });
    group.finish();
}

criterion_group!(benches, observe);
criterion_main!(benches);
