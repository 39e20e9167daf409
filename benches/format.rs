//! How fast payloads are walked and voted on, beside what else there is, on the same bytes in the same run.
//!
//! `cargo bench --bench format`: the JSON walker and serde_json, the row walker and csv-core, and the vote by format.

#![allow(missing_docs)]

use std::hint::black_box;

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use topica::format::csv::{Dialect, Rows};
use topica::format::json;
use topica::format::sniff::{Options, Role, Sniffer};
use topica::format::{Number, Text, Visitor};

/// Counts values, so that nothing is optimised away and nothing else is measured.
#[derive(Default)]
struct Count(u64);

impl Visitor for Count {
    fn null(&mut self) {
        self.0 += 1;
    }
    fn boolean(&mut self, _: bool) {
        self.0 += 1;
    }
    fn number(&mut self, number: Number<'_>) {
        black_box(number);
        self.0 += 1;
    }
    fn string(&mut self, text: Text<'_>) {
        black_box(text);
        self.0 += 1;
    }
    fn bytes(&mut self, _: &[u8]) {}
    fn begin_object(&mut self) {}
    fn key(&mut self, key: Text<'_>) {
        black_box(key);
    }
    fn end_object(&mut self) {}
    fn begin_array(&mut self) {}
    fn end_array(&mut self) {}
}

/// Nested events of about a kilobyte: strings, numbers, arrays of objects, some escapes, some text beyond ASCII.
fn nested(index: usize) -> Vec<u8> {
    let items: Vec<String> = (0..index % 5)
        .map(|item| format!("{{\"sku\":\"SKU-{index:06}-{item}\",\"quantity\":{},\"price\":{}.{:02},\"tags\":[\"new\",\"sale\"],\"gift\":{}}}", 1 + item, 10 * item + 5, index % 100, item == 1))
        .collect();
    format!(
        "{{\"id\":{index},\"event\":\"order_created\",\"time\":\"2026-11-24T10:{:02}:{:02}.123Z\",\"customer\":{{\"id\":\"123e4567-e89b-12d3-a456-{index:012}\",\"name\":\"J\u{fc}rgen M\u{fc}ller\",\"email\":\"juergen.mueller{index}@example.com\",\"address\":{{\"street\":\"Unter den Linden {}\",\"city\":\"Berlin\",\"zip\":\"10117\",\"geo\":[52.5170365,13.3888599]}}}},\"items\":[{}],\"note\":\"Please leave it \\\"at the door\\\"\\nand ring twice; the bell is on the left-hand side of the entrance, below the sign.\",\"coupon\":null,\"total\":{}.50,\"paid\":true}}",
        index / 60 % 60,
        index % 60,
        index % 200,
        items.join(","),
        index * 3 % 1000
    )
    .into_bytes()
}

/// Flat records of about 190 bytes.
fn flat(index: usize) -> Vec<u8> {
    format!(
        "{{\"id\":{index},\"user\":\"user_{}\",\"ts\":\"2026-11-24T10:00:{:02}Z\",\"amount\":{}.{:02},\"currency\":\"EUR\",\"ok\":{},\"country\":\"DE\",\"latency_ms\":{},\"session\":\"{:016x}\",\"retry\":null}}",
        index % 977,
        index % 60,
        index % 500,
        index % 100,
        index.is_multiple_of(3),
        index * 7 % 300,
        index as u64 * 0x9e37_79b9
    )
    .into_bytes()
}

/// Rows of twelve columns.
fn row(index: usize) -> Vec<u8> {
    format!(
        "{index},123e4567-e89b-12d3-a456-{index:012},2026-11-24 10:{:02}:{:02},user_{},\"M\u{fc}ller, J\u{fc}rgen\",{}.{:02},EUR,true,,10.0.{}.{},{},a note of some words about it",
        index / 60 % 60,
        index % 60,
        index % 977,
        index % 500,
        index % 100,
        index % 256,
        index * 7 % 256,
        index * 31 % 100_000
    )
    .into_bytes()
}

fn payloads(make: fn(usize) -> Vec<u8>) -> (Vec<Vec<u8>>, Throughput) {
    let payloads: Vec<Vec<u8>> = (0..2_000).map(make).collect();
    let bytes = payloads.iter().map(Vec::len).sum::<usize>() as u64;
    (payloads, Throughput::Bytes(bytes))
}

fn each(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    payloads: &[Vec<u8>],
    mut work: impl FnMut(&[u8]) -> u64,
) {
    group.bench_function(name, |bencher| {
        bencher.iter(|| payloads.iter().map(|payload| work(black_box(payload))).sum::<u64>());
    });
}

fn json(c: &mut Criterion) {
    for (name, make) in [("json nested", nested as fn(usize) -> Vec<u8>), ("json flat", flat)] {
        let (payloads, throughput) = payloads(make);
        let mut group = c.benchmark_group(name);
        group.throughput(throughput);
        each(&mut group, "walk", &payloads, |payload| {
            let mut count = Count::default();
            match json::walk(payload, json::DEPTH_LIMIT, &mut count) {
                Ok(()) => count.0,
                Err(_) => 0,
            }
        });
        each(&mut group, "validate", &payloads, |payload| {
            u64::from(json::validate(payload, json::DEPTH_LIMIT).is_ok())
        });
        each(&mut group, "serde_json IgnoredAny", &payloads, |payload| {
            u64::from(serde_json::from_slice::<serde::de::IgnoredAny>(payload).is_ok())
        });
        // The same guarantee as ours: serde_json does not check the UTF-8 of what it ignores.
        each(&mut group, "serde_json IgnoredAny and UTF-8", &payloads, |payload| {
            let text = std::str::from_utf8(payload);
            u64::from(text.is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()))
        });
        each(&mut group, "serde_json Value", &payloads, |payload| {
            u64::from(serde_json::from_slice::<serde_json::Value>(payload).is_ok())
        });
        let mut out = Vec::new();
        each(&mut group, "compact", &payloads, |payload| {
            out.clear();
            u64::from(json::compact(payload, json::DEPTH_LIMIT, &mut out).is_ok())
        });
        group.finish();
    }
}

fn rows(c: &mut Criterion) {
    let (payloads, throughput) = payloads(row);
    let dialect = Dialect::default();
    let mut group = c.benchmark_group("csv rows");
    group.throughput(throughput);
    each(&mut group, "rows", &payloads, |payload| {
        let Ok(mut rows) = Rows::new(payload, &dialect) else {
            return 0;
        };
        let mut length = 0;
        while let Ok(Some(_)) = rows.next_row(|_, field| length += field.raw.len() as u64) {}
        length
    });
    let (mut reader, mut output, mut ends) = (csv_core::Reader::new(), vec![0; 4096], vec![0; 64]);
    each(&mut group, "csv-core read_record", &payloads, |payload| {
        reader.reset();
        let (_, _, written, _) = reader.read_record(payload, &mut output, &mut ends);
        let _ = reader.read_record(&[], &mut output, &mut ends);
        written as u64
    });
    each(&mut group, "csv-core read_field", &payloads, |payload| {
        reader.reset();
        let (mut rest, mut length) = (payload, 0);
        loop {
            let (result, read, written) = reader.read_field(rest, &mut output);
            rest = rest.get(read..).unwrap_or_default();
            length += written as u64;
            if matches!(result, csv_core::ReadFieldResult::End | csv_core::ReadFieldResult::Field { record_end: true })
            {
                return length;
            }
        }
    });
    group.finish();
}

fn vote(c: &mut Criterion) {
    let text: fn(usize) -> Vec<u8> = |index| {
        format!("The order {index} of J\u{fc}rgen was paid, packed and sent to Berlin; it weighs {} kg.", index % 40)
            .into_bytes()
    };
    let log: fn(usize) -> Vec<u8> = |index| {
        format!(
            "2026-11-24 10:00:{:02},{:03} INFO [main] com.acme.Shop - order {index} \"paid\" by user {}",
            index % 60,
            index % 1000,
            index % 977
        )
        .into_bytes()
    };
    let binary: fn(usize) -> Vec<u8> = |index| (0..100).map(|at| (index * 31 + at * 7) as u8).collect();
    let mut group = c.benchmark_group("vote of 1,000 messages, then 1,000 more");
    for (name, make) in [
        ("json nested", nested as fn(usize) -> Vec<u8>),
        ("json flat", flat),
        ("csv", row),
        ("text", text),
        ("log", log),
        ("binary", binary),
    ] {
        let (payloads, _) = payloads(make);
        group.throughput(Throughput::Elements(payloads.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut sniffer = Sniffer::new(Options::new(Role::Value));
                payloads.iter().for_each(|payload| sniffer.add(black_box(payload)));
                sniffer.verdict()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, json, rows, vote);
criterion_main!(benches);
