//! The walkers over payloads, and the vote over a topic.
//!
//! Beyond not panicking, each target checks a law: what must hold whatever the bytes are.

use topica::format::csv::{self, Dialect, Rows};
use topica::format::json;
use topica::format::sniff::{Options, Role, Sniffer};
use topica::format::{Format, Number, Text, Visitor};

/// Walks any bytes as JSON. A document that is accepted is accepted again when compacted, to the same bytes, and each
/// begin has its end.
pub fn json_walker(data: &[u8]) {
    let mut balance = Balance::default();
    let walked = json::walk(data, json::DEPTH_LIMIT, &mut balance);
    assert_eq!(walked, json::validate(data, json::DEPTH_LIMIT));
    let mut compact = Vec::new();
    assert_eq!(walked, json::compact(data, json::DEPTH_LIMIT, &mut compact));
    match walked {
        Ok(()) => {
            assert_eq!(balance.open, 0);
            assert_eq!(balance.keys, balance.members);
            let mut again = Vec::new();
            assert_eq!(json::compact(&compact, json::DEPTH_LIMIT, &mut again), Ok(()));
            assert_eq!(compact, again);
        }
        Err(error) => {
            assert!(compact.is_empty());
            assert!(error.offset <= data.len());
        }
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let mut quoted = Vec::new();
        json::write_string(text, &mut quoted);
        assert_eq!(json::validate(&quoted, json::DEPTH_LIMIT), Ok(()));
        let inside = quoted.get(1..quoted.len() - 1).unwrap_or_default();
        assert_eq!(json::unescape(std::str::from_utf8(inside).unwrap_or_default()), text);
        let _ = json::unescape(text);
    }
}

/// Accepts and rejects as serde_json does. Exempt: nesting beyond our limit (serde_json has none when it ignores values),
/// and a byte order mark (serde_json takes none).
pub fn json_against_serde(data: &[u8]) {
    let ours = json::validate(data, json::DEPTH_LIMIT);
    if data.starts_with(b"\xef\xbb\xbf") || ours.is_err_and(|error| error.reason == json::Reason::Depth) {
        return;
    }
    // serde_json checks UTF-8 only in what it keeps, so it is given a `str`.
    let theirs =
        std::str::from_utf8(data).is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
    assert_eq!(ours.is_ok(), theirs, "{:?}", String::from_utf8_lossy(data));
}

/// Reads any bytes as rows, in a dialect that the first byte chooses. Rows without a comment or blank line among them are
/// written and read back equal.
pub fn csv_walker(data: &[u8]) {
    let Some((&choice, payload)) = data.split_first() else {
        return;
    };
    let pick = |choices: &[Option<char>], by: u8| choices.get(usize::from(by) % choices.len()).copied().flatten();
    let dialect = Dialect {
        delimiter: pick(&[Some(','), Some(';'), Some('\t'), Some('|'), Some(' '), Some('§'), Some('\u{1}')], choice)
            .unwrap_or(','),
        quote: pick(&[Some('"'), Some('\''), None, Some('«')], choice >> 3),
        escape: pick(&[None, Some('\\'), Some('¬')], choice >> 5),
        comment: (choice >= 192).then(|| "#".to_owned()),
        ..Dialect::default()
    };
    let Ok(mut rows) = Rows::new(payload, &dialect) else {
        assert!(std::str::from_utf8(payload).is_err());
        return;
    };
    loop {
        let mut fields = Vec::new();
        match rows.next_row(|index, text| {
            assert_eq!(index, fields.len());
            fields.push(text.value().into_owned());
        }) {
            Ok(Some(count)) => assert_eq!(count, fields.len()),
            Ok(None) => break,
            Err(error) => {
                assert!(error.offset <= payload.len());
                break;
            }
        }
        let mut written = Vec::new();
        if csv::write_row(&fields, &dialect, &mut written).is_ok() {
            let mut back = Vec::new();
            let read = csv::walk_row(&written, &dialect, |_, text| back.push(text.value().into_owned()));
            assert_eq!(read, Ok(fields.len()));
            assert_eq!(back, fields);
        }
    }
}

/// Votes over any bytes, cut into payloads at each 0xFE. The order and the split over sniffers change nothing, and no
/// share is more than all.
pub fn sniffer(data: &[u8]) {
    let payloads: Vec<&[u8]> = data.split(|byte| *byte == 0xfe).collect();
    for role in [Role::Value, Role::Key] {
        let options = Options::new(role);
        let mut whole = Sniffer::new(options.clone());
        let mut reversed = Sniffer::new(options.clone());
        let mut parts = [Sniffer::new(options.clone()), Sniffer::new(options.clone())];
        for (index, payload) in payloads.iter().enumerate() {
            whole.add(payload);
            if let Some(part) = parts.get_mut(index % 2) {
                part.add(payload);
            }
        }
        payloads.iter().rev().for_each(|payload| reversed.add(payload));
        let [mut first, second] = parts;
        first.merge(&second);
        let verdict = whole.verdict();
        if !whole.is_full() {
            assert_eq!(verdict, first.verdict());
            assert_eq!(verdict, reversed.verdict());
        }
        assert!((0.0..=1.0).contains(&verdict.share), "{verdict:?}");
        assert!((0.0..=1.0).contains(&verdict.confidence), "{verdict:?}");
        assert!(verdict.fits <= verdict.payloads, "{verdict:?}");
        assert!(verdict.mixed.iter().map(|share| share.payloads).sum::<u64>() <= verdict.payloads, "{verdict:?}");
        for format in [Format::Json, Format::Csv, Format::Int64] {
            let mut told = Sniffer::new(options.clone().format(Some(format)));
            payloads.iter().for_each(|payload| told.add(payload));
            let verdict = told.verdict();
            assert_eq!(verdict.format, format);
            assert!(verdict.fits <= verdict.payloads, "{verdict:?}");
        }
    }
}

/// Counts what must match.
#[derive(Default)]
struct Balance {
    open: i64,
    keys: u64,
    members: u64,
    in_object: Vec<bool>,
}

impl Balance {
    fn value(&mut self) {
        self.members += u64::from(self.in_object.last() == Some(&true));
    }

    fn begin(&mut self, object: bool) {
        self.value();
        self.open += 1;
        self.in_object.push(object);
    }

    fn end(&mut self) {
        self.open -= 1;
        self.in_object.pop();
    }
}

impl Visitor for Balance {
    fn null(&mut self) {
        self.value();
    }
    fn boolean(&mut self, _: bool) {
        self.value();
    }
    fn number(&mut self, number: Number<'_>) {
        let Number::Literal { text, integer } = number else {
            unreachable!("JSON has literals only");
        };
        assert!(text.parse::<f64>().is_ok(), "{text}");
        assert_eq!(integer, !text.contains(['.', 'e', 'E']), "{text}");
        self.value();
    }
    fn string(&mut self, text: Text<'_>) {
        let _ = text.value();
        self.value();
    }
    fn bytes(&mut self, _: &[u8]) {
        unreachable!("JSON has no bytes");
    }
    fn begin_object(&mut self) {
        self.begin(true);
    }
    fn key(&mut self, key: Text<'_>) {
        let _ = key.value();
        self.keys += 1;
    }
    fn end_object(&mut self) {
        self.end();
    }
    fn begin_array(&mut self) {
        self.begin(false);
    }
    fn end_array(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    //! A short run without a fuzzer: pieces that matter to these grammars, put together at random.

    const PIECES: &[&[u8]] = &[
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"",
        b"\\",
        b":",
        b",",
        b"1",
        b"-0.5e3",
        b"true",
        b"null",
        b"\\u00e9",
        b"\\ud83d",
        b" ",
        b"\n",
        b"\r\n",
        b"\"a\":",
        b"\xc3\xa9",
        b"\xff",
        b"\xfe",
        b"\xfe\xfe",
        b"a",
        b"id,name",
        b"1,2",
        b";",
        b"\t",
        b"|",
        b"'",
        b"\"\"",
        b"#",
        b"\x01",
        b"\0\0\0\0\0\0\0\x01",
        b"2026-11-24",
        b"10:00:00",
        b"\xef\xbb\xbf",
        b"<a>",
        b"=",
        b"INFO",
        b"0",
        b".",
        b"\xc2\xa7",
        b"\xc2",
    ];

    fn run(target: fn(&[u8]), rounds: u32) {
        let mut state = 0x9e37_79b9_7f4a_7c15u64;
        let mut random = move |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below as u64) as usize
        };
        let mut data = Vec::new();
        for _ in 0..rounds {
            data.clear();
            for _ in 0..random(24) {
                data.extend_from_slice(PIECES[random(PIECES.len())]);
            }
            if random(4) == 0 && !data.is_empty() {
                let at = random(data.len());
                data[at] = random(256) as u8;
            }
            target(&data);
        }
    }

    #[test]
    fn json_walker() {
        run(super::json_walker, 20_000);
    }

    #[test]
    fn json_against_serde() {
        run(super::json_against_serde, 50_000);
    }

    #[test]
    fn csv_walker() {
        run(super::csv_walker, 20_000);
    }

    #[test]
    fn sniffer() {
        run(super::sniffer, 2_000);
    }
}
