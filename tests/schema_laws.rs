//! Laws: profiles add up in any order; what a profile observed reads back under the schema that follows from it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use topica::format::Text;
use topica::format::json::DEPTH_LIMIT;
use topica::schema::{Conform, Encoding, Profile, ResolveOptions, Root, resolve};

fn scalar() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        Just("2022-07-15".to_owned()),
        Just("2022-07-15T10:15:30Z".to_owned()),
        Just("2022-07-15T10:15:30.1234Z".to_owned()),
        Just("2022-07-15T10:15:30".to_owned()),
        Just("2022-07-15 10:15:30.5".to_owned()),
        Just("2022-07-15T10:15:30+02:00".to_owned()),
        Just("2022-02-30".to_owned()),
        Just("".to_owned()),
        Just("true".to_owned()),
        Just("007".to_owned()),
        Just("x\\u00e9\\n\\ud83d\\ude00".to_owned()),
        "[a-z0-9 :.-]{0,12}",
    ]
    .prop_map(|text| format!("\"{text}\""));
    let number = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        (-9i64..10).prop_map(|n| n.to_string()),
        any::<u64>().prop_map(|n| n.to_string()),
        any::<i128>().prop_map(|n| n.to_string()),
        "-?(0|[1-9][0-9]{0,20})\\.[0-9]{1,20}",
        "-?[1-9]\\.[0-9]{1,3}[eE][+-]?[0-9]{1,3}",
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(|n| format!("{n:e}")),
        (0u32..1000).prop_map(|n| format!("{}.{:02}", n / 100, n % 100)),
    ];
    prop_oneof![
        1 => Just("null".to_owned()),
        1 => any::<bool>().prop_map(|b| b.to_string()),
        3 => number,
        3 => text,
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(vec!["a", "b", "c", "d", "A", "a.b", "日本", "q\\\"x", "\\u0061b"]).prop_map(str::to_owned),
        1 => "[a-z]{1,2}",
        1 => prop::sample::select(vec!["", " "]).prop_map(str::to_owned),
    ]
}

fn value() -> impl Strategy<Value = String> {
    scalar().prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            object(inner, false),
        ]
    })
}

/// An object; with `repeats`, a key may be in it twice.
fn object(value: impl Strategy<Value = String>, repeats: bool) -> impl Strategy<Value = String> {
    prop::collection::vec((key(), value), 0..5).prop_map(move |mut members| {
        if !repeats {
            let mut seen = std::collections::HashSet::new();
            members.retain(|(key, _)| seen.insert(key.replace("\\u0061", "a")));
        }
        let members: Vec<String> = members.into_iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    })
}

/// Rows of one table have much in common: few keys, and each mostly of one kind.
fn payloads(repeats: bool) -> impl Strategy<Value = Vec<String>> {
    prop_oneof![
        prop::collection::vec(object(value(), repeats), 1..12),
        (value(), prop::collection::vec(value(), 1..6)).prop_map(|(first, mut rest)| {
            rest.push(first);
            rest.into_iter().map(|value| format!("{{\"a\":{value}}}")).collect()
        }),
        // One kind of number or text a column, so that its type is not always STRING.
        prop::collection::vec(("-?[1-9][0-9]{0,24}\\.[0-9]{1,14}", any::<i64>(), "[0-9]{1,3}"), 1..6).prop_map(
            |rows| {
                rows.into_iter().map(|(x, y, z)| format!("{{\"x\":{x},\"y\":{y},\"z\":{{\"w\":[\"{z}\"]}}}}")).collect()
            }
        ),
    ]
}

fn observe(limit: usize, payloads: &[(usize, &String)]) -> Profile {
    let mut profile = Profile::with_limit(limit);
    for (position, payload) in payloads {
        profile.observe_json(*position as u64, payload.as_bytes(), DEPTH_LIMIT).unwrap();
    }
    profile
}

fn options() -> ResolveOptions {
    ResolveOptions::new(Encoding::Json)
}

proptest! {
    /// Any split, any order, any shape of the tree of merges; with few paths kept, or all.
    #[test]
    fn profiles_add_up(
        payloads in payloads(true),
        limit in prop_oneof![Just(10_000), 1usize..20],
        parts in prop::collection::vec(0usize..4, 12),
        order in Just(vec![0usize, 1, 2, 3]).prop_shuffle(),
        left in any::<bool>(),
    ) {
        let numbered: Vec<(usize, &String)> = payloads.iter().enumerate().collect();
        let whole = observe(limit, &numbered);
        let part = |n: usize| -> Profile {
            let of_part = |(i, _): &&(usize, &String)| parts[*i % parts.len()] == n;
            let mut part: Vec<(usize, &String)> = numbered.iter().filter(of_part).copied().collect();
            part.reverse();
            observe(limit, &part)
        };
        let [a, b, c, d] = [part(order[0]), part(order[1]), part(order[2]), part(order[3])];
        let plus = |x: &Profile, y: &Profile| { let mut sum = x.clone(); sum.merge(y); sum };
        let sum = if left { plus(&plus(&plus(&a, &b), &c), &d) } else { plus(&plus(&a, &b), &plus(&d, &c)) };
        prop_assert_eq!(&sum, &whole);
        prop_assert_eq!(format!("{sum:?}"), format!("{whole:?}"));
        prop_assert_eq!(resolve(&sum, &options()), resolve(&whole, &options()));
        prop_assert_eq!(plus(&Profile::with_limit(limit), &whole), whole);
    }

    /// What was observed reads back, or there is a warning that says what does not.
    #[test]
    fn what_was_observed_reads_back(payloads in payloads(false), not_null in any::<bool>()) {
        let numbered: Vec<(usize, &String)> = payloads.iter().enumerate().collect();
        let profile = observe(10_000, &numbered);
        let resolved = resolve(&profile, &options().not_null_from_sample(not_null));
        prop_assert_eq!(&resolved.root, &Root::Rows);
        let mut conform = Conform::json(&resolved.schema);
        for payload in &payloads {
            let fit = conform.check_json(payload.as_bytes(), DEPTH_LIMIT).unwrap();
            let digits = resolved.warnings.iter().any(|w| w.contains("more digits than Flink keeps"));
            for misfit in &fit.misfits {
                prop_assert!(digits && misfit.reason.contains("more digits"), "{} in {}: {:?}", misfit, payload, resolved);
            }
            let nameless = resolved.warnings.iter().any(|w| w.contains("Flink has no column of"));
            prop_assert!(fit.extra.is_empty() || nameless, "{:?} in {}", fit.extra, payload);
        }
    }

    /// The same for delimited text, where nothing is ever lost.
    #[test]
    fn rows_read_back(rows in prop::collection::vec(prop::collection::vec(cell(), 3), 1..8)) {
        let names = ["a", "b", "c"];
        let mut profile = Profile::new();
        for (i, row) in rows.iter().enumerate() {
            let fields: Vec<Text<'_>> = row.iter().map(|cell| Text::plain(cell)).collect();
            profile.observe_row(i as u64, &names, &fields).unwrap();
        }
        let resolved = resolve(&profile, &ResolveOptions::new(Encoding::Csv));
        let conform = Conform::csv(&resolved.schema, resolved.empty_is_null);
        for row in &rows {
            let fields: Vec<Text<'_>> = row.iter().map(|cell| Text::plain(cell)).collect();
            let fit = conform.check_row(&fields);
            prop_assert!(fit.is_whole(), "{:?} in {:?}: {:?}", fit, row, resolved);
        }
    }

    /// A payload that is no JSON leaves no trace.
    #[test]
    fn malformed_payloads_leave_no_trace(payloads in payloads(true), cut in any::<prop::sample::Index>()) {
        let numbered: Vec<(usize, &String)> = payloads.iter().enumerate().collect();
        let mut profile = observe(10_000, &numbered);
        let before = format!("{profile:?}");
        let payload = payloads[0].as_bytes();
        prop_assert!(profile.observe_json(99, &payload[..cut.index(payload.len())], DEPTH_LIMIT).is_err());
        prop_assert_eq!(format!("{profile:?}"), before);
    }
}

fn cell() -> impl Strategy<Value = String> {
    let of = |texts: &'static [&'static str]| prop::sample::select(texts).prop_map(str::to_owned);
    prop_oneof![
        Just(String::new()),
        any::<i64>().prop_map(|n| n.to_string()),
        "-?(0|[1-9][0-9]{0,22})\\.[0-9]{1,16}",
        of(&["true", "false", "2022-07-15", "2022-02-30", "2022-07-15 10:15:30", "2022-07-15 10:15:30Z", "007", "x"]),
    ]
}

#[test]
fn memory_is_bounded_whatever_the_keys() {
    let mut profile = Profile::with_limit(100);
    for i in 0..20_000u64 {
        let payload = format!("{{\"id\":{i},\"map\":{{\"k{i}\":{{\"x\":1.5,\"y\":[{i}]}}}}}}");
        profile.observe_json(i, payload.as_bytes(), DEPTH_LIMIT).unwrap();
    }
    // One payload with many keys, too.
    let keys: Vec<String> = (0..50_000).map(|i| format!("\"z{i}\":{{\"y\":1}}")).collect();
    profile.observe_json(0, format!("{{{}}}", keys.join(",")).as_bytes(), DEPTH_LIMIT).unwrap();
    assert!(profile.paths() <= 100 && profile.overflowed());
    let resolved = resolve(&profile, &options());
    assert!(resolved.warnings.iter().any(|w| w.contains("more different keys")), "{:?}", resolved.warnings);
}
