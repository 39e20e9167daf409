//! Topics of many kinds, made by code, and what the vote must say about each: at one message, at five, at fifty and at two
//! hundred, as values and as keys.

#![allow(clippy::unwrap_used, unreachable_pub)]

mod topics;

use topica::format::Format;
use topica::format::csv::{Header, Hints};
use topica::format::sniff::{Options, Role, Scalar, Sniffer, Verdict};
use topics::{KEYS, Make, Random, VALUES};

fn topic(make: Make, seed: u64, messages: usize) -> Vec<Vec<u8>> {
    let mut random = Random::new(seed);
    (0..messages).map(|index| make(&mut random, index)).collect()
}

fn sniffed(role: Role, payloads: &[Vec<u8>]) -> Verdict {
    let mut sniffer = Sniffer::new(Options::new(role));
    payloads.iter().for_each(|payload| sniffer.add(payload));
    sniffer.verdict()
}

/// How many of the kinds' topics are told right, and each that is not.
fn score(kinds: &[(&str, Format, Make)], role: Role, messages: usize, seeds: u64) -> (usize, Vec<String>) {
    let (mut right, mut wrong) = (0, Vec::new());
    for (kind, expected, make) in kinds {
        for seed in 0..seeds {
            let payloads = topic(*make, seed + 1, messages);
            let verdict = sniffed(role, &payloads);
            if verdict.format == *expected && verdict.mixed.is_empty() {
                right += 1;
            } else {
                let example = String::from_utf8_lossy(&payloads[0]).into_owned();
                wrong.push(format!(
                    "{kind} x {messages}: {} {:.2} {:?} {example:?}",
                    verdict.format, verdict.confidence, verdict.mixed
                ));
            }
        }
    }
    (right, wrong)
}

#[test]
fn topics_of_fifty_and_more_are_told_right() {
    for (kinds, role) in [(VALUES, Role::Value), (KEYS, Role::Key)] {
        for (messages, seeds) in [(50, 4), (200, 2), (1500, 1)] {
            let (_, wrong) = score(kinds, role, messages, seeds);
            assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        }
    }
}

#[test]
fn topics_of_five_are_nearly_all_told_right() {
    for (kinds, role) in [(VALUES, Role::Value), (KEYS, Role::Key)] {
        let (right, wrong) = score(kinds, role, 5, 10);
        assert!(wrong.len() * 100 <= 3 * (right + wrong.len()), "{}", wrong.join("\n"));
    }
}

#[test]
fn one_message_tells_much_and_says_how_sure_it_is() {
    for (kinds, role) in [(VALUES, Role::Value), (KEYS, Role::Key)] {
        let (right, wrong) = score(kinds, role, 1, 10);
        assert!(wrong.len() * 100 <= 12 * (right + wrong.len()), "{}", wrong.join("\n"));
    }
    for (_, format, make) in VALUES {
        let confidence = |messages| sniffed(Role::Value, &topic(*make, 3, messages)).confidence;
        assert!(confidence(1) <= confidence(50), "{format}");
        assert!(*format == Format::Empty || confidence(1) < 1.0);
        assert!(confidence(200) > 0.9, "{format}");
    }
}

#[test]
fn scalars_in_text_are_named() {
    for (kind, scalar) in [
        ("integers", Some(Scalar::Integer)),
        ("decimals", Some(Scalar::Decimal)),
        ("dates", Some(Scalar::Date)),
        ("timestamps", Some(Scalar::Timestamp)),
        ("timestamps with a space", Some(Scalar::Timestamp)),
        ("uuids", Some(Scalar::Uuid)),
        ("sentences", None),
    ] {
        let (_, _, make) = VALUES.iter().find(|(name, ..)| *name == kind).unwrap();
        assert_eq!(sniffed(Role::Value, &topic(*make, 1, 100)).scalar, scalar, "{kind}");
    }
}

#[test]
fn numbers_are_json_only_beside_other_documents() {
    let numbers = [b"1".to_vec(), b"2.5".to_vec(), b"-3".to_vec()];
    assert_eq!(sniffed(Role::Value, &numbers).format, Format::Text);
    assert_eq!(sniffed(Role::Value, &numbers).scalar, Some(Scalar::Decimal));
    for other in [&b"null"[..], b"true", b"\"x\"", b"{}", b"[1]"] {
        let mut payloads = numbers.to_vec();
        payloads.push(other.to_vec());
        let verdict = sniffed(Role::Value, &payloads);
        assert_eq!((verdict.format, verdict.fits), (Format::Json, 4), "{other:?}");
    }
    // One stray document among a thousand numbers decides nothing.
    let mut payloads = topic(|r, _| r.below(1000).to_string().into_bytes(), 1, 999);
    payloads.push(b"{}".to_vec());
    let verdict = sniffed(Role::Value, &payloads);
    assert_eq!((verdict.format, verdict.scalar, verdict.mixed), (Format::Text, Some(Scalar::Integer), vec![]));
}

fn mix(first: Make, second: Make, every: usize, messages: usize) -> Vec<Vec<u8>> {
    let mut random = Random::new(11);
    (0..messages)
        .map(|index| if index % every == every - 1 { second(&mut random, index) } else { first(&mut random, index) })
        .collect()
}

fn kind(name: &str) -> Make {
    VALUES.iter().find(|(kind, ..)| *kind == name).unwrap().2
}

#[test]
fn topics_of_two_formats_are_mixed_with_true_shares() {
    for (first, second, formats) in [
        ("json objects", "csv", [Format::Json, Format::Csv]),
        ("json objects", "sentences", [Format::Json, Format::Text]),
        ("json objects", "random bytes", [Format::Json, Format::Binary]),
        ("csv", "json objects", [Format::Csv, Format::Json]),
        ("csv", "sentences", [Format::Csv, Format::Text]),
        ("csv", "random bytes", [Format::Csv, Format::Binary]),
        ("sentences", "json objects", [Format::Text, Format::Json]),
        ("iso log", "csv", [Format::Text, Format::Csv]),
        ("json objects", "bracketed log", [Format::Json, Format::Text]),
    ] {
        for every in [2, 3, 10] {
            for messages in [120, 600] {
                let verdict = sniffed(Role::Value, &mix(kind(first), kind(second), every, messages));
                let case = format!("{first} / {second} 1:{every} {messages}: {verdict:#?}");
                assert_eq!(verdict.mixed.len(), 2, "{case}");
                let share =
                    |format| verdict.mixed.iter().find(|share| share.format == format).map_or(0.0, |share| share.share);
                let expected = 1.0 / every as f64;
                assert!((share(formats[1]) - expected).abs() <= 0.02, "{case}");
                assert!((share(formats[0]) - 1.0 + expected).abs() <= 0.02, "{case}");
                if every > 2 {
                    assert_eq!(verdict.format, formats[0], "{case}");
                }
            }
        }
    }
}

/// The switch comes long after the full vote has ended.
#[test]
fn a_switch_in_mid_stream_is_seen() {
    for (first, second) in
        [("json objects", "csv"), ("csv", "json objects"), ("csv", "sentences"), ("sentences", "json objects")]
    {
        let mut payloads = topic(kind(first), 1, 3000);
        payloads.extend(topic(kind(second), 2, 2000));
        let verdict = sniffed(Role::Value, &payloads);
        assert_eq!(verdict.mixed.len(), 2, "{first} / {second}: {verdict:#?}");
        assert!((verdict.share - 0.6).abs() <= 0.02, "{first} / {second}: {verdict:#?}");
    }
}

#[test]
fn strays_and_bad_records_do_not_make_a_topic_mixed() {
    let mut payloads = topic(kind("json objects"), 1, 200);
    payloads.push(b"hello".to_vec());
    payloads.push(vec![0, 1, 2]);
    // Cut documents are bad JSON, however many.
    payloads.extend((0..10).map(|_| b"{\"id\":1,\"na".to_vec()));
    payloads.extend((0..3).map(|_| Vec::new()));
    let verdict = sniffed(Role::Value, &payloads);
    assert_eq!((verdict.format, verdict.fits, verdict.payloads, verdict.empty), (Format::Json, 200, 212, 3));
    assert_eq!((verdict.mixed, verdict.second.unwrap().payloads), (vec![], 1));

    let mut payloads = topic(kind("csv"), 1, 200);
    payloads.extend((0..10).map(|_| b"1,2,3".to_vec()));
    let verdict = sniffed(Role::Value, &payloads);
    assert_eq!((verdict.format, verdict.fits, verdict.mixed), (Format::Csv, 200, vec![]));
}

#[test]
fn a_header_row_in_the_stream_is_found_wherever_it_lies() {
    for (name, messages) in [("csv", 5), ("csv", 200), ("tsv", 50), ("pipes", 50)] {
        let mut payloads = topic(kind(name), 5, messages);
        let delimiter = match name {
            "tsv" => "\t",
            "pipes" => "|",
            _ => ",",
        };
        let header = ["id", "name", "day", "price", "active"];
        payloads.insert(messages / 2, header.join(delimiter).into_bytes());
        let csv = sniffed(Role::Value, &payloads).csv.unwrap();
        assert_eq!((csv.dialect.header, csv.columns), (Header::InStream, 5));
        assert_eq!(csv.names.unwrap(), header);
    }
    for (name, format, make) in VALUES {
        if *format == Format::Csv {
            let csv = sniffed(Role::Value, &topic(*make, 4, 100)).csv.unwrap();
            assert_eq!(csv.dialect.header, Header::None, "{name}");
            assert_eq!(csv.several > 0, *name == "several rows a message", "{name}");
        }
    }
}

#[test]
fn what_is_configured_is_counted_not_voted_on() {
    let told = |format, payloads: &[&[u8]]| {
        let mut sniffer = Sniffer::new(Options::new(Role::Value).format(Some(format)));
        payloads.iter().for_each(|payload| sniffer.add(payload));
        let verdict = sniffer.verdict();
        assert_eq!((verdict.format, verdict.confidence), (format, 1.0));
        (verdict.fits, verdict.payloads)
    };
    assert_eq!(told(Format::Json, &[b"{}", b"1", b"x", b""]), (2, 3));
    assert_eq!(told(Format::Csv, &[b"a,b", b"1,2", b"\"x\",2", b"x", b"[1,2]"]), (4, 5));
    assert_eq!(told(Format::Text, &[b"x", b"{}", b"\xff"]), (2, 3));
    assert_eq!(told(Format::Int32, &[b"\0\0\0\x01", b"abcd", b"abc"]), (2, 3));
    assert_eq!(told(Format::Binary, &[b"\0", b"x"]), (2, 2));
    assert_eq!(told(Format::Avro, &[b"\0", b"x"]), (2, 2));

    let hints = Hints { delimiter: Some(':'), header: Some(Header::Given), ..Hints::default() };
    let mut sniffer = Sniffer::new(Options::new(Role::Value).format(Some(Format::Csv)).csv(hints));
    sniffer.add(b"a,b:c");
    let csv = sniffer.verdict().csv.unwrap();
    assert_eq!((csv.dialect.delimiter, csv.columns, csv.dialect.header), (':', 2, Header::Given));
}

/// Partitions may be sniffed apart and in any order.
#[test]
fn the_order_of_payloads_and_partitions_does_not_matter() {
    let all: Vec<(Make, Role)> = VALUES
        .iter()
        .map(|(_, _, make)| (*make, Role::Value))
        .chain(KEYS.iter().map(|(_, _, make)| (*make, Role::Key)))
        .collect();
    for (index, (make, role)) in all.iter().enumerate() {
        let mut payloads = topic(*make, 7, 90);
        payloads.extend(topic(all[(index * 7 + 3) % all.len()].0, 8, 20));
        payloads.push(b"id,name,day,price,active".to_vec());
        let expected = sniffed(*role, &payloads);
        let mut random = Random::new(index as u64);
        for _ in 0..3 {
            let mut parts: Vec<Sniffer> = (0..4).map(|_| Sniffer::new(Options::new(*role))).collect();
            let mut shuffled = payloads.clone();
            for at in (1..shuffled.len()).rev() {
                shuffled.swap(at, random.below(at as u64 + 1) as usize);
            }
            for payload in &shuffled {
                parts[random.below(4) as usize].add(payload);
            }
            let mut merged = parts.pop().unwrap();
            for at in (0..parts.len()).rev() {
                merged.merge(&parts[at]);
            }
            assert_eq!(merged.verdict(), expected);
        }
    }
}

#[test]
fn a_winners_fits_may_be_counted_elsewhere() {
    for name in ["json objects", "csv"] {
        let payloads = topic(kind(name), 1, 4000);
        let mut sniffer = Sniffer::new(Options::new(Role::Value));
        let mut rest = payloads.iter();
        while !sniffer.is_full() {
            sniffer.add(rest.next().unwrap());
        }
        let format = sniffer.verdict().format;
        sniffer.add_fitting(format, rest.len() as u64);
        assert_eq!(sniffer.verdict().fits, 4000, "{name}");
        assert_eq!(sniffer.verdict().share, 1.0, "{name}");
    }
}

/// Payloads made to cost much: each is told in time linear in its length, and none is a crash.
#[test]
fn a_megabyte_of_one_thing_is_no_bomb() {
    for piece in [
        &b"["[..],
        b"{\"a\":",
        b"\"",
        b"\"\"",
        b",",
        b"\",\"",
        b"\\",
        b"\\\"",
        b"a,b\n",
        b"\"a\n",
        b" ",
        b"\n",
        b"\r",
        b"a b ",
        b"'",
        b"1",
        b"-",
        b"1e",
        b"\x01",
        b"\x00",
        b"\xff",
        b"\xc2\xa7",
        b"<a>",
        b"a=1;",
        b"id,",
        b"2026-11-24 ",
    ] {
        let payload = piece.repeat((1 << 20) / piece.len());
        for role in [Role::Value, Role::Key] {
            let mut sniffer = Sniffer::new(Options::new(role));
            for _ in 0..3 {
                sniffer.add(&payload);
            }
            assert_eq!(sniffer.verdict().payloads, 3);
        }
    }
}
