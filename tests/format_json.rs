//! RFC 8259, case by case: what a parser must accept, what it must reject, and what a walk tells a visitor.

#![allow(clippy::unwrap_used, clippy::panic)]

use topica::format::json::{self, DEPTH_LIMIT, Reason};
use topica::format::{Number, Text, Visitor};

/// Texts that the grammar has. Grouped by the RFC's sections.
#[rustfmt::skip]
const VALID: &[&str] = &[
    // 2: any value may be a document; whitespace around tokens.
    "null", "true", "false", "0", "\"\"", "{}", "[]", " []", "[] ", "\t\n\r []\t\n\r ", "[\n]", "{ }", "{\t}",
    "[ 1 , 2 ]", "{\"a\"\n:\r1\t}", " \"a\" ", "\n-1\n", "[[]   ]", "[\r\n1\r\n,\r\n2\r\n]",
    // 3: literals in containers.
    "[true]", "[false,null]", "{\"a\":null}", "[null,1,\"1\",{}]",
    // 4: objects; names need not be unique or non-empty.
    "{\"\":0}", "{\"a\":1}", "{\"a\":1,\"b\":2}", "{\"a\":1,\"a\":1}", "{\"a\":1,\"a\":2}", "{\"\\u0000\":1}",
    "{\"a\":{\"b\":{\"c\":{}}}}", "{\"a\":[]}", "{\"long name with spaces and , : { } [ ]\":1}", "{\"é\":1}",
    "{\"\\\"\":1}", "{\"x\":[{\"id\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}]}",
    // 5: arrays.
    "[1]", "[\"\"]", "[[],[]]", "[[[[[]]]]]", "[{},{}]", "[1,null,null,null,2]", "[\"a\",1,true]",
    "[[1,2],[3,4]]",
    // 6: numbers.
    "-0", "[-0]", "1", "-1", "12", "10", "100", "123456789", "-123", "0.0", "-0.0", "1.5", "0.1", "123.456",
    "-0.5", "1e0", "1E0", "1e1", "1E1", "1e+1", "1E+1", "1e-1", "1E-1", "0e0", "0E0", "0e+1", "0e-1", "1.0e1",
    "1.25E-10", "123e45", "123.456e78", "1e00", "1e007",
    "-0.000000000000000000000000000000000000000000000000000000000000000000000000000001", "1e999", "-1e999",
    "1e-999", "123456789012345678901234567890123456789012345678901234567890", "20e1", "[4 ]", "[1e-2]",
    "[123.456789]",
    // 7: strings.
    "\"a\"", "\" \"", "\"asd \"", "\"\\\"\"", "\"\\\\\"", "\"\\/\"", "\"/\"", "\"\\b\\f\\n\\r\\t\"",
    "\"\\u0041\"", "\"\\u00e9\"", "\"\\u20AC\"", "\"\\uabCD\"", "\"\\uD834\\uDD1E\"",
    "\"\\ud83d\\ude39\\ud83d\\udc8d\"", "\"\\u0000\"", "\"\\u001f\"", "\"\\u0022\"", "\"\\u005C\"",
    "\"\\\\u0000\"", "\"\\\\a\"", "\"\\\\n\"", "\"\\uDBFF\\uDFFF\"", "\"\\uFFFE\"", "\"\\uFDD0\"",
    "\"\\u2028\\u2029\"", "\"\u{2028}\"", "\"\u{2029}\"", "\"\u{7f}\"", "\"a\u{7f}a\"", "\"é\"", "\"π\"",
    "\"日本語\"", "\"\u{1f600}\"", "\"\u{10ffff}\"", "\"\u{ffff}\"", "\"\u{feff}\"", "\"\u{80}\"", "\"a/*b*/c\"",
    "\"new\\u00A0line\"", "\"# // no comment\"",
    // Lone surrogates are within the grammar of section 7; section 8.2 leaves them to the reader.
    "\"\\ud800\"", "\"\\udc00\"", "\"\\udc00\\ud800\"", "\"\\ud800\\n\"", "\"\\ud800a\"",
    "[\"\\uDd1e\\uD834\"]",
    // 8.1: a parser may ignore a byte order mark.
    "\u{feff}{}", "\u{feff} [1]",
];

/// Texts that the grammar does not have.
#[rustfmt::skip]
const INVALID: &[&str] = &[
    // No document, or more than one.
    "", " ", "\n", "\u{feff}", "1 2", "{}{}", "[][]", "[]1", "{}x", "null null", "\"a\" \"b\"", "1,", ",",
    "[],", "{},", "true,false", "[1]]", "{\"a\":1}}", "[]#", "{}//", "{}/**/", "[] \u{0}", "[]\u{c}",
    "\u{feff}\u{feff}[]", "[]\u{feff}", "123\u{0}", "1]", "1}", "\"a\"x", "{\"a\":\"b\"}/**/",
    "{\"a\":\"b\"}#{}", "<null>", "[1]x", "2@",
    // Literals.
    "nul", "nulll", "NULL", "Null", "n", "tru", "truee", "True", "TRUE", "t", "fals", "falsee", "False", "f",
    "nan", "NaN", "-NaN", "Infinity", "-Infinity", "+Infinity", "inf", "undefined", "[nul]", "[tru]",
    "[fals]", "[true1]", "[nulll]", "[NaN]", "[-NaN]", "[Infinity]", "[-Infinity]", "yes", "a", "[a]", "å",
    "[é]", "⍂", "*", "<.>", "@", "#", "'a'", "`a`",
    // Objects.
    "{", "}", "{]", "{\"a\"", "{\"a\":", "{\"a\" 1}", "{\"a\":}", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}",
    "{\"a\":1,,}", "{,}", "{,\"a\":1}", "{\"a\":1 \"b\":2}", "{\"a\",1}", "{\"a\"}", "{\"a\"::1}", "{a:1}",
    "{'a':1}", "{1:1}", "{null:1}", "{true:1}", "{[]:1}", "{\"a\":1;}", "{\"a\":1:}", "{:1}",
    "{\"a\":1,\"b\"}", "{\"a\":1,2}", "{\"a\":'1'}", "{\"a\":1,,\"b\":2}", "{\"a\"=1}", "{\"a\":1]",
    "{\"a\":[}", "{\"a\":{}", "{\"a\" \"b\"}", "{\"a\":\"b\",1", "{🇨🇭}", "{\"a\":\"a\" 123}",
    "{ \"foo\" : \"bar\", \"a\" }", "{\"a\":/*c*/1}", "{\"a\":1//c\n}", "{\"a\":1,#\n\"b\":2}", "{x", "{\"",
    "{\"a", "{\"a:1}", "{\u{a0}}", "{\"a\":\u{a0}1}", "{9999E9999:1}", "{\"id\":0,,,,,}", "{key: 'value'}",
    "{\"asd\":\"asd\"", "{\"a\":true} \"x\"",
    // Arrays.
    "[", "]", "[}", "[1", "[1,", "[1,]", "[,]", "[,1]", "[1,,2]", "[1 2]", "[1 true]", "[\"a\" \"b\"]",
    "[\"\",]", "[\"a\",,]", "[1:2]", "[1;2]", "[:1]", "[[]", "[[1]", "[1}", "[1,\n1\n,1", "[\"\"", "[\"\":1]",
    "[[", "[{", "[{}", "[{]", "[(]", "[()]", "[...]", "[*]", "[\"x\"", "[x", "[x, ]", "[1],2", "[\u{b}1]",
    "[\u{c}]", "[\u{a0}]", "[\u{2060}]", "[\u{3000}1]", "[\u{85}]", "[   , \"\"]", "[\"a\",\n4\n,1,", "[1,]]",
    "[\\n]", "[\\u000A\"\"]", "[/]", "[//\n]", "[1 /* x */]",
    // Numbers.
    "-", "+", "+1", "++1", "--1", "-+1", "- 1", "01", "00", "-01", "-00", "012", "-012", "0x1", "0X1F", "1x",
    "0b1", "1_000", "1,5", ".", ".5", "-.5", ".-1", "1.", "-1.", "0.", "2.e3", "2.e+3", "2.e-3", "1.e1",
    "0.e1", "1e", "1E", "1e+", "1E+", "1e-", "1E-", "0e", "0e+", "0E", "0E+", "1e1.5", "1.5.5", "1..5",
    "1ee1", "1e+-1", "1e++1", "1eE2", "0.3e", "0.3e+", "1.0e", "1.0e-", "1.0e+", "9.e+", "1+2", "1/2",
    "1 000", "1a", "1.2a-3", "1.8011670033376514H-308", "-2.", "-foo", "-a", "-1x", "１", "[１]", "٣", "Inf",
    "0x42", "[0x42]", "[-2.]", "[.123]", "[1.]", "[0 1]", "[1e1 1]", "[0e]", "[- 1]", "[-1x]",
    // Strings.
    "\"", "\"a", "\"\\", "\"\\\"", "\"\\\\\\\"", "'", "''", "\"a\nb\"", "\"a\rb\"", "\"a\tb\"", "\"\u{0}\"",
    "\"\u{1}\"", "\"\u{1f}\"", "\"a\u{0}a\"", "\"\u{8}\"", "\"\u{c}\"", "\"\\a\"", "\"\\v\"", "\"\\0\"",
    "\"\\x41\"", "\"\\'\"", "\"\\U0041\"", "\"\\ \"", "\"\\\n\"", "\"\\\t\"", "\"\\\u{0}\"", "\"\\e\"",
    "\"\\é\"", "\"\\🌀\"", "\"\\u\"", "\"\\u0\"", "\"\\u00\"", "\"\\u004\"", "\"\\u004", "\"\\u",
    "\"\\uD834\\u\"", "\"\\uD834\\uDd\"", "\"\\uD800\\u1\"", "\"\\uD800\\u1x\"", "\"\\u00g0\"", "\"\\u 041\"",
    "\"\\u+041\"", "\"\\u-041\"", "\"\\u{41}\"", "\"\\uqqqq\"", "\"\\u00é\"", "\\\"a\\\"", "a\"", "\"a\\",
    "\"\\*\"", "\"\\uD800\\\"", "[\"a\u{0}a\"]", "[\"\\\\\\\"]", "[\"new\nline\"]", "[\"\t\"]", "[\"asd]",
    "[\"\\x00\"]", "[\\u0020\"asd\"]", "{\"\\uD8", "{\"a\u{1}\":1}", "{\"\\a\":1}",
];

/// Byte sequences that are no UTF-8, inside strings and out.
#[rustfmt::skip]
const NOT_UTF8: &[&[u8]] = &[
    b"\"\xff\"", b"\"\xc0\xaf\"", b"\"\xe0\x80\xaf\"", b"\"\xed\xa0\x80\"", b"\"\xed\xbf\xbf\"",
    b"\"\xf4\x90\x80\x80\"", b"\"\xc3\"", b"\"\xe2\x82\"", b"\"\x80\"", b"\"\xfc\x80\x80\x80\x80\x80\"",
    b"[\xff]", b"\xff", b"\xfe\xff\x00[\x00]", b"\xff\xfe[\x00]\x00", b"[1\xe5]", b"[123\xe5]", b"[1e1\xe5]",
    b"[0\xe5]", b"[-123\xe5]", b"[\"a\",\xe5]", b"{\"\xb9\":\"0\",}", b"{\"x\":1}\xe5", b"\xef\xbb{}",
    b"\xe5", b"[\"\\u\xe5\"]", b"[\"\\\xe5\"]",
];

fn verdict(payload: &[u8]) -> Result<(), json::Error> {
    json::validate(payload, DEPTH_LIMIT)
}

#[test]
fn every_text_of_the_grammar_is_accepted() {
    assert!(VALID.len() >= 95, "{}", VALID.len());
    for text in VALID {
        assert_eq!(verdict(text.as_bytes()), Ok(()), "{text:?}");
    }
}

#[test]
fn every_other_text_is_rejected() {
    assert!(INVALID.len() + NOT_UTF8.len() >= 188, "{}", INVALID.len() + NOT_UTF8.len());
    for text in INVALID {
        assert!(verdict(text.as_bytes()).is_err(), "{text:?}");
    }
    for bytes in NOT_UTF8 {
        assert_eq!(verdict(bytes).map_err(|error| error.reason), Err(Reason::Utf8), "{bytes:?}");
    }
}

/// Each list holds each case once, so that its length means something.
#[test]
fn no_case_is_there_twice() {
    for list in [VALID, INVALID] {
        let mut sorted = list.to_vec();
        sorted.sort_unstable();
        for pair in sorted.windows(2) {
            assert_ne!(pair[0], pair[1]);
        }
    }
}

#[test]
fn every_prefix_of_a_container_is_rejected() {
    let text = r#"{"a":[1,-2.5e+3,"x\u00e9\n",true,false,null,{}],"b":{"c":[[],{"d":"日"}]}}"#;
    assert_eq!(verdict(text.as_bytes()), Ok(()));
    for end in 0..text.len() {
        let error = verdict(&text.as_bytes()[..end]).unwrap_err();
        assert!(matches!(error.reason, Reason::End | Reason::Utf8), "{end}: {error}");
    }
}

#[test]
fn errors_say_where_and_why() {
    for (text, offset, reason) in [
        ("", 0, Reason::End),
        ("  x", 2, Reason::Value),
        ("{\"a\":1,}", 7, Reason::Key),
        ("{\"a\" 1}", 5, Reason::Colon),
        ("{\"a\":1 \"b\"", 7, Reason::CommaOrBrace),
        ("[1 2]", 3, Reason::CommaOrBracket),
        ("[01]", 2, Reason::Number),
        ("[1.]", 3, Reason::Number),
        ("\"a\\x\"", 2, Reason::Escape),
        ("\"a\nb\"", 2, Reason::Control),
        ("[tru", 4, Reason::End),
        ("[1] 2", 4, Reason::Trailing),
        ("\u{feff}[1", 5, Reason::End),
    ] {
        assert_eq!(verdict(text.as_bytes()), Err(json::Error { offset, reason }), "{text:?}");
    }
    assert_eq!(verdict(b"{\"a\":1,}").unwrap_err().to_string(), "no JSON: expected a key in quotes at byte 7");
}

#[test]
fn depth_is_limited_and_never_the_stack() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(verdict(nested(DEPTH_LIMIT).as_bytes()), Ok(()));
    let error = verdict(nested(DEPTH_LIMIT + 1).as_bytes()).unwrap_err();
    assert_eq!((error.offset, error.reason), (DEPTH_LIMIT, Reason::Depth));
    // A megabyte of brackets, on a stack of 64 KiB, with no limit to speak of.
    let run = move || {
        assert_eq!(json::validate(nested(500_000).as_bytes(), usize::MAX), Ok(()));
        assert!(json::validate("[".repeat(1_000_000).as_bytes(), usize::MAX).is_err());
        assert!(json::validate("{\"a\":".repeat(200_000).as_bytes(), usize::MAX).is_err());
        let alternating = format!("{}1{}", "[{\"a\":".repeat(100_000), "}]".repeat(100_000));
        assert_eq!(json::validate(alternating.as_bytes(), usize::MAX), Ok(()));
        assert!(json::validate(alternating.replace("}]}]}]", "}]}}]]").as_bytes(), usize::MAX).is_err());
    };
    std::thread::Builder::new().stack_size(64 << 10).spawn(run).unwrap().join().unwrap();
    assert!(json::validate(b"[]", 0).is_err());
    assert!(json::validate(b"1", 0).is_ok());
}

/// Writes down what it is shown.
#[derive(Default)]
struct Transcript(String);

impl Visitor for Transcript {
    fn null(&mut self) {
        self.0.push_str("null ");
    }
    fn boolean(&mut self, value: bool) {
        self.0.push_str(&format!("{value} "));
    }
    fn number(&mut self, number: Number<'_>) {
        let Number::Literal { text, integer } = number else {
            panic!("JSON has literals only");
        };
        self.0.push_str(&format!("{}{text} ", if integer { "i" } else { "f" }));
    }
    fn string(&mut self, text: Text<'_>) {
        self.0.push_str(&format!("'{}' ", text.value()));
    }
    fn bytes(&mut self, _: &[u8]) {
        panic!("JSON has no bytes");
    }
    fn begin_object(&mut self) {
        self.0.push_str("{ ");
    }
    fn key(&mut self, key: Text<'_>) {
        self.0.push_str(&format!("{}: ", key.value()));
    }
    fn end_object(&mut self) {
        self.0.push_str("} ");
    }
    fn begin_array(&mut self) {
        self.0.push_str("[ ");
    }
    fn end_array(&mut self) {
        self.0.push_str("] ");
    }
}

#[test]
fn a_visitor_sees_the_document_in_order() {
    let mut transcript = Transcript::default();
    let text = r#" {"a" : [1, -2.0, 3e4, "x\ty", null, []], "\u0062": {"c": true}, "d": {}} "#;
    json::walk(text.as_bytes(), DEPTH_LIMIT, &mut transcript).unwrap();
    assert_eq!(transcript.0, "{ a: [ i1 f-2.0 f3e4 'x\ty' null [ ] ] b: { c: true } d: { } } ");
}

/// Predicts that the key `a` comes next, whatever came before.
struct Predicting(Transcript);

impl Visitor for Predicting {
    fn null(&mut self) {
        self.0.null();
    }
    fn boolean(&mut self, value: bool) {
        self.0.boolean(value);
    }
    fn number(&mut self, number: Number<'_>) {
        self.0.number(number);
    }
    fn string(&mut self, text: Text<'_>) {
        self.0.string(text);
    }
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.bytes(bytes);
    }
    fn begin_object(&mut self) {
        self.0.begin_object();
    }
    fn predicted_key(&mut self, rest: &[u8]) -> usize {
        if rest.starts_with(b"\"a\":") {
            self.0.0.push_str("A: ");
            4
        } else {
            0
        }
    }
    fn key(&mut self, key: Text<'_>) {
        self.0.key(key);
    }
    fn end_object(&mut self) {
        self.0.end_object();
    }
    fn begin_array(&mut self) {
        self.0.begin_array();
    }
    fn end_array(&mut self) {
        self.0.end_array();
    }
}

#[test]
fn predicted_keys_are_not_parsed() {
    let mut visitor = Predicting(Transcript::default());
    json::walk(br#"{"a":1, "b":2,"a": {"a":[]}, "a" :3}"#, DEPTH_LIMIT, &mut visitor).unwrap();
    assert_eq!(visitor.0.0, "{ A: i1 b: i2 A: { A: [ ] } a: i3 } ");
    for broken in [&b"{\"a\":}"[..], b"{\"a\":", b"{\"a\":1,\"a\":", b"{\"a\":1 \"a\":2}"] {
        assert!(json::walk(broken, DEPTH_LIMIT, &mut Predicting(Transcript::default())).is_err());
    }
}

/// A visitor whose predictions make no sense costs itself, not the process.
#[test]
fn senseless_predictions_do_no_harm() {
    struct Senseless(usize);
    impl Visitor for Senseless {
        fn null(&mut self) {}
        fn boolean(&mut self, _: bool) {}
        fn number(&mut self, _: Number<'_>) {}
        fn string(&mut self, _: Text<'_>) {}
        fn bytes(&mut self, _: &[u8]) {}
        fn begin_object(&mut self) {}
        fn predicted_key(&mut self, _: &[u8]) -> usize {
            self.0
        }
        fn key(&mut self, _: Text<'_>) {}
        fn end_object(&mut self) {}
        fn begin_array(&mut self) {}
        fn end_array(&mut self) {}
    }
    for claim in [1, 2, 3, 5, 7, 100, usize::MAX] {
        let _ = json::walk("{\"é\":\"日本\",\"日\":1}".as_bytes(), DEPTH_LIMIT, &mut Senseless(claim));
    }
}

#[test]
fn agrees_with_serde_json_on_every_case() {
    for text in VALID.iter().chain(INVALID) {
        let theirs = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        // serde_json takes no byte order mark.
        let ours = verdict(text.as_bytes()).is_ok() && !text.starts_with('\u{feff}');
        assert_eq!(ours, theirs, "{text:?}");
    }
}
