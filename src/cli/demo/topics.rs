//! The demo's topics: made up, but with what real ones have. The same on every run.

use std::fmt::Write as _;

/// A topic to create, with its records.
#[derive(Debug)]
pub(crate) struct DemoTopic {
    pub(crate) name: &'static str,
    pub(crate) partitions: i32,
    pub(crate) records: Vec<DemoRecord>,
}

/// A record of a demo topic.
#[derive(Debug)]
pub(crate) struct DemoRecord {
    pub(crate) partition: i32,
    pub(crate) timestamp_ms: i64,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
}

/// What the demo discovers: topics with this prefix.
pub(crate) const PREFIX: &str = "shop.";

/// 2026-11-01T08:00:00Z
const START_MS: i64 = 1_793_520_000_000;

/// The topics: JSON with and without extension, keys, tombstones, CSV with and without a header row, text, one of two
/// formats, an empty one, and one that the prefix leaves out.
pub(crate) fn topics() -> Vec<DemoTopic> {
    vec![
        topic("shop.orders.json", 3, orders()),
        topic("shop.customers", 3, customers()),
        topic("shop.payments.csv", 2, payments()),
        topic("shop.stock.csv", 1, stock()),
        topic("shop.access_log", 1, access_log()),
        topic("shop.events", 2, events()),
        topic("shop.returns.json", 1, Vec::new()),
        topic("billing.invoices.json", 1, invoices()),
    ]
}

fn topic(name: &'static str, partitions: i32, records: Vec<DemoRecord>) -> DemoTopic {
    DemoTopic { name, partitions, records }
}

/// Numbers that look random and are the same on every run (the constants are Knuth's MMIX generator's).
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words.get(self.below(words.len() as u64) as usize).copied().unwrap_or_default()
    }
}

fn record(partition: i32, at: i64, key: Option<String>, value: Option<String>) -> DemoRecord {
    DemoRecord {
        partition,
        timestamp_ms: START_MS + at,
        key: key.map(String::into_bytes),
        value: value.map(String::into_bytes),
    }
}

/// `2026-11-01T08:00:00.000Z` and so on; the demo's days are all in that November.
fn instant(at: i64) -> String {
    let (days, ms) = (at / 86_400_000, at % 86_400_000 + 8 * 3_600_000);
    let (days, ms) = (days + ms / 86_400_000, ms % 86_400_000);
    format!(
        "2026-11-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        1 + days,
        ms / 3_600_000,
        ms / 60_000 % 60,
        ms / 1000 % 60,
        ms % 1000
    )
}

const CITIES: &[&str] = &["Århus", "Bogotá", "Chennai", "Darwin", "El Paso", "Fès", "Gdańsk", "大阪"];
const SKUS: &[&str] = &["cup-blue", "cup-red", "kettle-2l", "tea-assam-250", "tea-sencha-100", "tray-oak"];

fn orders() -> Vec<DemoRecord> {
    let mut draw = Draw(1);
    (0..3000)
        .map(|i| {
            let at = i * 37_811;
            let customer = draw.below(400);
            let mut items = String::new();
            let mut cents = 0;
            for n in 0..=draw.below(3) {
                let (quantity, price) = (1 + draw.below(4), 250 + 50 * draw.below(90));
                cents += quantity * price;
                let comma = if n > 0 { "," } else { "" };
                let sku = draw.of(SKUS);
                let _ = write!(
                    items,
                    r#"{comma}{{"sku":"{sku}","quantity":{quantity},"unit_price":{}.{:02}}}"#,
                    price / 100,
                    price % 100
                );
            }
            let coupon = if draw.below(10) == 0 { r#""TEA10""# } else { "null" };
            let note = if draw.below(25) == 0 { r#","note":"ring twice, please""# } else { "" };
            let city = draw.of(CITIES);
            let value = format!(
                r#"{{"id":{},"customer_id":{customer},"placed_at":"{}","items":[{items}],"total":{}.{:02},"coupon":{coupon},"ship_to":{{"city":"{city}","express":{}}}{note}}}"#,
                100_000 + i,
                instant(at),
                cents / 100,
                cents % 100,
                draw.below(4) == 0,
            );
            record((customer % 3) as i32, at, Some(customer.to_string()), Some(value))
        })
        .collect()
}

fn customers() -> Vec<DemoRecord> {
    let mut draw = Draw(2);
    let mut records: Vec<_> = (0..400_u64)
        .map(|id| {
            let city = draw.of(CITIES);
            let value = format!(
                r#"{{"id":{id},"name":"Customer {id}","city":"{city}","since":"20{:02}-{:02}-{:02}","newsletter":{}}}"#,
                10 + draw.below(16),
                1 + draw.below(12),
                1 + draw.below(28),
                draw.below(2) == 0
            );
            record((id % 3) as i32, id as i64 * 1000, Some(id.to_string()), Some(value))
        })
        .collect();
    // Customers who left: a tombstone deletes the row of its key.
    records.extend((0..400_u64).step_by(80).map(|id| record((id % 3) as i32, 500_000, Some(id.to_string()), None)));
    records
}

fn payments() -> Vec<DemoRecord> {
    let mut draw = Draw(3);
    let header = record(0, 0, None, Some("payment_id,order_id,method,amount,paid".to_owned()));
    std::iter::once(header)
        .chain((0..1200_i64).map(|i| {
            let method = draw.of(&["card", "invoice", "transfer, prepaid", "voucher"]);
            let method = if method.contains(',') { format!("\"{method}\"") } else { method.to_owned() };
            let row = format!(
                "{i},{},{method},{}.{:02},{}",
                100_000 + 2 * i,
                5 + draw.below(200),
                draw.below(100),
                draw.below(12) != 0
            );
            record((i % 2) as i32, 1000 + i * 90_000, None, Some(row))
        }))
        .collect()
}

fn stock() -> Vec<DemoRecord> {
    let mut draw = Draw(4);
    (0..300_i64)
        .map(|i| {
            let sku = draw.of(SKUS);
            let row = format!("{sku}|{}|2026-11-{:02}", draw.below(900), 1 + i / 10 % 30);
            record(0, i * 250_000, None, Some(row))
        })
        .collect()
}

fn access_log() -> Vec<DemoRecord> {
    let mut draw = Draw(5);
    (0..500_i64)
        .map(|i| {
            let path = draw.of(&["/", "/tea", "/cups?sort=price", "/basket", "/help/returns"]);
            let (status, took) = (draw.of(&["200", "200", "200", "304", "404"]), 3 + draw.below(400));
            let line = format!("10.0.{}.{} GET {path} {status} in {took} ms", draw.below(4), draw.below(250));
            record(0, i * 9_000, None, Some(line))
        })
        .collect()
}

/// A topic that changes from log lines to JSON half-way.
fn events() -> Vec<DemoRecord> {
    let mut draw = Draw(6);
    (0..800_i64)
        .map(|i| {
            let kind = draw.of(&["view", "add", "remove", "checkout"]);
            let value = if i < 300 {
                format!("user {} did {kind} at basket {}", draw.below(400), draw.below(9000))
            } else {
                format!(r#"{{"user":{},"kind":"{kind}","basket":{}}}"#, draw.below(400), draw.below(9000))
            };
            record((i % 2) as i32, i * 1000, None, Some(value))
        })
        .collect()
}

fn invoices() -> Vec<DemoRecord> {
    (0..50_i64).map(|i| record(0, i, None, Some(format!(r#"{{"invoice":{i},"order_id":{}}}"#, 100_000 + i)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_off_the_timestamp() {
        assert_eq!(instant(0), "2026-11-01T08:00:00.000Z");
        assert_eq!(instant(16 * 3_600_000 + 1), "2026-11-02T00:00:00.001Z");
    }

    #[test]
    fn records_lie_in_their_topics_partitions() {
        for topic in topics() {
            assert!(topic.records.iter().all(|r| (0..topic.partitions).contains(&r.partition)), "{}", topic.name);
        }
    }
}
