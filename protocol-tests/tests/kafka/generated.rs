//! Topics that nobody thought of: columns whose values are drawn from several kinds, nested and missing at random, each read back by real Flink.
//! The same seeds every day; with `TOPICA_TEST_LONG=1` many more, and `TOPICA_TEST_SEED` moves them.
use crate::discovered::Discovered;
use protocol_tests::{Flink, Kafka, Record, compare, long};

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

/// What a column's values are drawn from.
#[derive(Clone)]
enum Kind {
    Text(&'static [&'static str]),
    Array(Vec<Kind>),
    Object(Vec<(&'static str, Vec<Kind>)>),
}

const SMALL: &[&str] = &["0", "1", "-7", "42", "1000000"];
const WIDE: &[&str] = &["9223372036854775807", "-9223372036854775808", "9007199254740993", "3000000000"];
const WIDER: &[&str] = &["9223372036854775808", "18446744073709551615", "-99999999999999999999999", "1"];
const FRACTIONS: &[&str] = &["0.1", "1.5", "-2.25", "1e3", "6.02214076E23", "-0.0", "100.00"];
/// Into a container that becomes text Flink prints these anew, and not the same: they stand alone only.
const STUBBORN: &[&str] = &["1e400", "12345678901234567.89", "0.12345678901234567890123", "1e-400"];
const TRUTHS: &[&str] = &["true", "false"];
const NULLS: &[&str] = &["null"];
const WORDS: &[&str] =
    &["\"a\"", "\"Grüße ☃\"", "\"\"", "\" \"", "\"it's \\\"quoted\\\"\"", "\"\\u0000\\n\"", "\"yes\"", "\"null\""];
const DIGITS: &[&str] = &["\"1\"", "\"007\"", "\"1.50\"", "\"1e5\"", "\"NaN\""];
const DAYS: &[&str] = &["\"2024-02-29\"", "\"0001-01-01\"", "\"9999-12-31\""];
const ZULU: &[&str] = &["\"2024-02-29T23:59:59Z\"", "\"1969-12-31T00:00:00.5Z\"", "\"2024-02-29T23:59:59.123Z\""];
const NAIVE: &[&str] = &["\"2024-02-29T23:59:59\"", "\"2024-02-29T00:00:00.001\""];
const SQL: &[&str] = &["\"2024-02-29 23:59:59\"", "\"2024-02-29 00:00:00.001\""];
const AWKWARD: &[&str] =
    &["\"2023-02-29\"", "\"2024-02-29T23:59:59.123456Z\"", "\"2024-02-29T23:59:59+02:00\"", "\"2024-02-29t00:00:00z\""];
const EMPTY: &[&str] = &["{}", "[]"];

const EVERYWHERE: [&[&str]; 13] =
    [SMALL, WIDE, WIDER, FRACTIONS, TRUTHS, NULLS, WORDS, DIGITS, DAYS, ZULU, NAIVE, SQL, AWKWARD];
const NAMES: [&str; 8] = ["id", "Id", "a.b", "time", "größe", "x y", "value", "`q`"];

/// Mostly one kind, sometimes two or three: what real columns are, and what happens to them.
fn column(random: &mut Random, depth: usize) -> Vec<Kind> {
    let count = [1, 1, 1, 1, 2, 2, 3][random.below(7)];
    (0..count).map(|_| kind(random, depth)).collect()
}

fn kind(random: &mut Random, depth: usize) -> Kind {
    match random.below(10) {
        0 | 1 if depth < 3 => Kind::Array(column(random, depth + 1)),
        2 | 3 if depth < 3 => Kind::Object(members(random, depth + 1)),
        4 => Kind::Text(EMPTY),
        5 if depth == 0 => Kind::Text(STUBBORN),
        _ => Kind::Text(random.of(&EVERYWHERE)),
    }
}

fn members(random: &mut Random, depth: usize) -> Vec<(&'static str, Vec<Kind>)> {
    let first = random.below(NAMES.len());
    (0..1 + random.below(4)).map(|i| (NAMES[(first + i) % NAMES.len()], column(random, depth))).collect()
}

fn value(random: &mut Random, kinds: &[Kind]) -> String {
    match &kinds[random.below(kinds.len())] {
        Kind::Text(texts) => random.of(texts).to_owned(),
        Kind::Array(elements) => {
            let values: Vec<String> = (0..random.below(4)).map(|_| value(random, elements)).collect();
            format!("[{}]", values.join(","))
        }
        Kind::Object(members) => object(random, members),
    }
}

fn object(random: &mut Random, members: &[(&'static str, Vec<Kind>)]) -> String {
    let mut written = Vec::new();
    for (name, kinds) in members {
        if !random.one_in(6) {
            written.push(format!("{}:{}", serde_json::to_string(name).unwrap(), value(random, kinds)));
        }
    }
    format!("{{{}}}", written.join(","))
}

#[test]
fn tables_of_random_topics_read_back() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let seed: u64 = std::env::var("TOPICA_TEST_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    let topics = if long() { 400 } else { 40 };
    let prefix = kafka.topic("random.");
    let names: Vec<String> = (0..topics).map(|t| format!("{prefix}t{t:03}")).collect();
    kafka.create(&names.iter().map(|n| (n.as_str(), 1)).collect::<Vec<_>>());
    let mut records = Vec::new();
    for (t, name) in names.iter().enumerate() {
        let mut random = Random(seed.wrapping_mul(1_000_003).wrapping_add(t as u64));
        let members = members(&mut random, 0);
        records.extend((0..25).map(|_| Record::new(name, object(&mut random, &members))));
    }
    let written = kafka.produce(records);
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix]);
    let mut wrong = Vec::new();
    for table in flink.read(found.directory.path(), &[]) {
        let of_topic: Vec<Record> =
            written.iter().filter(|r| r.topic.ends_with(&format!(".{}", table.table))).cloned().collect();
        let judge = || match &table.error {
            Some(error) => panic!("{}: {error}\n{}", table.table, std::fs::read_to_string(&table.file).unwrap()),
            None => compare::json_rows(&table, &of_topic),
        };
        if let Err(why) = std::panic::catch_unwind(judge) {
            wrong.push(why.downcast_ref::<String>().cloned().unwrap_or_default());
        }
    }
    assert!(wrong.is_empty(), "{} of {topics} tables (TOPICA_TEST_SEED={seed}):\n{}", wrong.len(), wrong.join("\n\n"));
}
