//! Damaged, lying and hostile batches: typed errors with the offsets they cost, and nothing lost around them.

use topica::record::{Bad, Batches, Compression, Error, FetchReader, Inflater};

use crate::build::{at, batch, compressed, raw, read_all, reseal, with};

fn reasons(bytes: &[u8]) -> Vec<Bad> {
    let mut inflater = Inflater::default();
    let mut reader = FetchReader::new(bytes, 0, &mut inflater);
    let mut all = Vec::new();
    while let Some(next) = reader.next() {
        all.extend(next.err());
    }
    all
}

fn only_reason(bytes: &[u8]) -> Error {
    let mut all = reasons(bytes);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0).reason
}

/// How many good records there are, the ranges of bad ones, and the offset to go on from.
fn tally(bytes: &[u8], from: i64) -> (usize, Vec<(i64, i64)>, i64) {
    let mut inflater = Inflater::default();
    let mut reader = FetchReader::new(bytes, from, &mut inflater);
    let (mut good, mut bad) = (0, Vec::new());
    while let Some(next) = reader.next() {
        match next {
            Ok(_) => good += 1,
            Err(error) => bad.push((error.first_offset, error.last_offset)),
        }
    }
    (good, bad, reader.next_offset())
}

#[test]
fn a_cut_at_any_byte_costs_the_cut_batch_only() {
    for codec in Compression::ALL {
        let first = batch(0, &["a", "b"], codec);
        let second = batch(2, &["c"], codec);
        let all = [first.clone(), second].concat();
        for cut in 0..all.len() {
            let (good, bad, next) = tally(&all[..cut], 0);
            let expected = if cut < first.len() { (0, 0) } else { (2, 2) };
            assert_eq!((good, next), expected, "{codec} cut at {cut}");
            assert!(bad.is_empty());
            let mut batches = Batches::new(&all[..cut]);
            while batches.next().is_some() {}
            let start = if cut < first.len() { 0 } else { first.len() };
            assert_eq!(batches.partial().map(|partial| partial.bytes), (cut > start).then_some(cut - start));
            if let Some(needed) = batches.partial().and_then(|partial| partial.needed) {
                assert_eq!(needed, if start == 0 { first.len() } else { all.len() - start });
            }
        }
    }
}

#[test]
fn a_flipped_bit_anywhere_behind_the_checksum_costs_that_batch_only() {
    let before = batch(0, &["a"], Compression::None);
    let hit = batch(1, &["b", "c"], Compression::None);
    let after = batch(3, &["d"], Compression::None);
    for at in 17..hit.len() {
        for bit in 0..8 {
            let mut damaged = hit.clone();
            damaged[at] ^= 1 << bit;
            let all = [before.clone(), damaged, after.clone()].concat();
            let (good, bad, next) = tally(&all, 0);
            assert_eq!((good, next), (2, 4), "byte {at} bit {bit}");
            assert_eq!(bad.len(), 1);
            assert!(bad[0].0 == 1 && bad[0].1 <= 2, "byte {at} bit {bit}: {bad:?}");
        }
    }
}

#[test]
fn a_damaged_last_offset_does_not_lose_what_lies_behind_it() {
    // At the end of a reply nothing else says where the batch ends.
    for delta in [-1, i32::MAX, i32::MIN, 1 << 30] {
        let mut damaged = batch(5, &["a", "b"], Compression::None);
        damaged[23..27].copy_from_slice(&delta.to_be_bytes());
        assert_eq!(tally(&damaged, 5), (0, vec![(5, 5)], 6));
    }
    // With a sound one, the whole batch is passed.
    let mut damaged = batch(5, &["a", "b"], Compression::None);
    *damaged.last_mut().unwrap() ^= 1;
    assert_eq!(tally(&damaged, 5), (0, vec![(5, 6)], 7));
    // Asked for the middle of it, only the rest is reported.
    assert_eq!(tally(&damaged, 6), (0, vec![(6, 6)], 7));
}

#[test]
fn old_message_sets_are_called_that() {
    for magic in [0u8, 1] {
        let mut old = vec![0; 8];
        old.extend_from_slice(&22i32.to_be_bytes());
        old.extend_from_slice(&[0, 0, 0, 0, magic, 0]);
        old.extend_from_slice(&[0xff; 16]);
        let good = batch(1, &["new"], Compression::None);
        let all = [old.clone(), good].concat();
        let bad = reasons(&all);
        assert!(matches!(bad[..], [Bad { reason: Error::OldMessageSet { magic: found }, .. }] if found == magic as i8));
        assert_eq!(tally(&all, 0), (1, vec![(0, 0)], 2));
        // Even cut off.
        assert!(matches!(only_reason(&old[..20]), Error::OldMessageSet { .. }));
    }
    let unknown = with(batch(0, &["a"], Compression::None), 16, [3]);
    assert!(matches!(only_reason(&unknown), Error::UnknownMagic { magic: 3 }));
}

#[test]
fn impossible_batch_lengths_end_the_reply_and_still_move_on() {
    for length in [i32::MIN, -1, 0, 3, 48] {
        let mut bytes = batch(7, &["a"], Compression::None);
        bytes[8..12].copy_from_slice(&length.to_be_bytes());
        let bad = reasons(&bytes);
        assert!(matches!(bad[..], [Bad { reason: Error::BatchLength { .. }, .. }]), "{length}: {bad:?}");
        assert_eq!(tally(&bytes, 7), (0, vec![(7, 7)], 8));
        let after = [batch(5, &["x", "y"], Compression::None), bytes].concat();
        assert_eq!(tally(&after, 5), (2, vec![(7, 7)], 7));
    }
}

#[test]
fn impossible_offsets_are_refused() {
    let good = batch(0, &["a", "b"], Compression::None);
    for base in [-1, i64::MIN, i64::MAX, i64::MAX - 1] {
        let bytes = with(good.clone(), 0, i64::to_be_bytes(base));
        assert!(matches!(only_reason(&bytes), Error::Offsets { .. }), "{base}");
        // It costs what it covers: two offsets from where reading was, or up to the next batch if that comes sooner.
        assert_eq!(tally(&bytes, 3), (0, vec![(3, 4)], 5));
        let wide = with(bytes.clone(), 23, 999_999i32.to_be_bytes());
        assert_eq!(tally(&wide, 3), (0, vec![(3, 1_000_002)], 1_000_003));
        let follows = batch(100, &["c"], Compression::None);
        assert_eq!(tally(&[wide, follows.clone()].concat(), 3), (1, vec![(3, 99)], 101));
        let after = [batch(1, &["x", "y"], Compression::None), bytes, follows].concat();
        assert_eq!(tally(&after, 1), (3, vec![(3, 4)], 101));
    }
    for delta in [-1, i32::MIN] {
        let bytes = with(good.clone(), 23, i32::to_be_bytes(delta));
        assert!(matches!(only_reason(&bytes), Error::Offsets { .. }));
    }
    // A last offset below that of a record in the batch.
    let bytes = with(good, 23, 0i32.to_be_bytes());
    assert!(matches!(only_reason(&bytes), Error::OffsetDelta { delta: 1, .. }));
}

#[test]
fn lying_record_counts_cost_nothing_that_is_there() {
    let good = batch(0, &["a", "b"], Compression::None);
    for count in [3, 1_000_000, i32::MAX] {
        let bytes = with(good.clone(), 57, i32::to_be_bytes(count));
        assert_eq!(tally(&bytes, 0).0, 2);
        let bad = only_reason(&bytes);
        assert!(matches!(bad, Error::MissingRecords { found: 2, count: said } if said == count));
    }
    let one = with(good.clone(), 57, 1i32.to_be_bytes());
    assert_eq!(tally(&one, 0), (1, vec![(1, 1)], 2));
    assert!(matches!(only_reason(&one), Error::TrailingBytes { count: 1, .. }));
    for count in [-1, i32::MIN] {
        let bytes = with(good.clone(), 57, i32::to_be_bytes(count));
        assert!(matches!(only_reason(&bytes), Error::RecordCount { .. }));
    }
    let mut trailing = good.clone();
    trailing.extend_from_slice(b"garbage");
    let trailing = reseal(trailing);
    assert_eq!(tally(&trailing, 0).0, 2);
    assert!(matches!(only_reason(&trailing), Error::TrailingBytes { bytes: 7, .. }));
}

/// What is wrong, the bytes that are, and whether an error says so.
type Case = (&'static str, Vec<u8>, fn(&Error) -> bool);

/// A record of these bytes, with its length in front.
fn record(body: &[u8]) -> Vec<u8> {
    let mut record = vec![(body.len() * 2) as u8];
    record.extend_from_slice(body);
    record
}

#[test]
fn a_damaged_record_with_a_sound_length_costs_itself_only() {
    // Attributes, timestamp delta, offset delta, then what follows. -1 is 0x01, 1 is 0x02.
    const HUGE: [u8; 5] = [0xfe, 0xff, 0xff, 0xff, 0x0f];
    let cases: [Case; 12] = [
        ("key beyond the record", vec![0, 0, 2, 0x50], |e| matches!(e, Error::Overrun { part: "key", length: 40, .. })),
        ("huge key", [&[0, 0, 2][..], &HUGE].concat(), |e| matches!(e, Error::Overrun { part: "key", .. })),
        ("key of -2", vec![0, 0, 2, 3, 1, 0], |e| matches!(e, Error::Overrun { part: "key", length: -2, .. })),
        ("huge value", [&[0, 0, 2, 1][..], &HUGE].concat(), |e| matches!(e, Error::Overrun { part: "value", .. })),
        ("value of -5", vec![0, 0, 2, 1, 9, 0], |e| matches!(e, Error::Overrun { part: "value", length: -5, .. })),
        ("no header count", vec![0, 0, 2, 1, 1], |e| matches!(e, Error::Varint { part: "header count" })),
        ("huge header count", [&[0, 0, 2, 1, 1][..], &HUGE].concat(), |e| matches!(e, Error::HeaderCount { .. })),
        ("negative header count", vec![0, 0, 2, 1, 1, 1], |e| matches!(e, Error::HeaderCount { count: -1, .. })),
        ("null header key", vec![0, 0, 2, 1, 1, 2, 1, 1], |e| matches!(e, Error::Overrun { part: "header key", .. })),
        ("header value beyond", vec![0, 0, 2, 1, 1, 2, 0, 8, 0], |e| {
            matches!(e, Error::Overrun { part: "header value", .. })
        }),
        ("bytes after the headers", vec![0, 0, 2, 1, 1, 0, 7, 7], |e| matches!(e, Error::RecordTail { bytes: 2 })),
        ("overlong key length", vec![0, 0, 2, 0x81, 0x80, 0x80, 0x80, 0x80, 0x00, 1, 0], |e| {
            matches!(e, Error::Varint { part: "key length" })
        }),
    ];
    for (name, body, is) in cases {
        let payload = [record(&[0, 0, 0, 1, 1, 0]), record(&body), record(&[0, 0, 4, 1, 1, 0])].concat();
        let bytes = raw(3, 2, &payload);
        assert_eq!(tally(&bytes, 0), (2, vec![(1, 1)], 3), "{name}");
        let reason = only_reason(&bytes);
        assert!(is(&reason), "{name}: {reason:?}");
        // Whoever asks for what lies behind it hears nothing of it.
        assert_eq!(tally(&bytes, 2), (1, vec![], 3), "{name}");
    }
}

#[test]
fn a_record_without_a_sound_frame_costs_the_rest_of_its_batch() {
    let good = record(&[0, 0, 0, 1, 1, 0]);
    let cases: [Case; 8] = [
        ("length beyond the batch", vec![0x7e, 0, 0], |e| matches!(e, Error::RecordLength { length: 63, left: 2 })),
        ("negative length", vec![1, 0, 0], |e| matches!(e, Error::RecordLength { length: -1, .. })),
        ("length of i32::MAX", vec![0xfe, 0xff, 0xff, 0xff, 0x0f, 0], |e| matches!(e, Error::RecordLength { .. })),
        ("endless length", vec![0xff; 9], |e| matches!(e, Error::Varint { part: "record length" })),
        ("empty record", vec![0], |e| matches!(e, Error::RecordLength { length: 0, .. })),
        ("endless timestamp", record(&[0, 0xff, 0xff]), |e| matches!(e, Error::Varint { part: "timestamp delta" })),
        ("no offset", record(&[0, 0]), |e| matches!(e, Error::Varint { part: "offset delta" })),
        ("offset of the one before", good.clone(), |e| matches!(e, Error::OffsetDelta { delta: 0, minimum: 1, .. })),
    ];
    for (name, tail, is) in cases {
        let bytes = raw(3, 9, &[good.clone(), tail].concat());
        let all = [bytes.clone(), batch(10, &["after"], Compression::None)].concat();
        assert_eq!(tally(&all, 0), (2, vec![(1, 9)], 11), "{name}");
        let reason = only_reason(&bytes);
        assert!(is(&reason), "{name}: {reason:?}");
    }
}

#[test]
fn timestamps_that_overflow_cost_their_record_only() {
    // Delta 1 to a base of i64::MAX.
    let payload = [record(&[0, 2, 0, 1, 1, 0]), record(&[0, 0, 2, 1, 1, 0])].concat();
    let bytes = with(raw(2, 1, &payload), 27, i64::MAX.to_be_bytes());
    assert_eq!(tally(&bytes, 0), (1, vec![(0, 0)], 2));
    assert!(matches!(only_reason(&bytes), Error::Timestamp { base: i64::MAX, delta: 1 }));
}

#[test]
fn headers_are_kept_as_they_are() {
    // Two of one key, which is no UTF-8; a null value and an empty one.
    let body = [0, 0, 0, 1, 1, 4, 4, 0xff, 0xfe, 1, 4, 0xff, 0xfe, 0];
    let read = read_all(&raw(1, 0, &record(&body)));
    let headers = &read[0].as_ref().unwrap().headers;
    assert_eq!(headers[..], [(vec![0xff, 0xfe], None), (vec![0xff, 0xfe], Some(vec![]))]);
}

#[test]
fn unknown_codecs_are_named() {
    for code in [5u8, 6, 7] {
        let bytes = with(batch(0, &["a"], Compression::None), 21, i16::from(code).to_be_bytes());
        assert!(matches!(only_reason(&bytes), Error::UnknownCompression { code: found } if found == code));
    }
}

#[test]
fn damaged_compressed_data_costs_its_batch_only() {
    for codec in &Compression::ALL[1..] {
        let sound = batch(0, &["abcabcabcabcabcabcabc", "abcabcabcabc"], *codec);
        let payload = sound[61..].to_vec();
        let after = batch(1, &["after"], *codec);
        for cut in 0..payload.len() {
            let bytes = [compressed(*codec, &payload[..cut]), after.clone()].concat();
            let (_, bad, next) = tally(&bytes, 0);
            assert!(!bad.is_empty(), "{codec} cut at {cut}");
            assert_eq!(next, 2);
        }
        for at in 0..payload.len() {
            let mut flipped = payload.clone();
            flipped[at] ^= 0x55;
            let bytes = [compressed(*codec, &flipped), after.clone()].concat();
            assert_eq!(tally(&bytes, 0).2, 2, "{codec} flipped at {at}");
        }
        let bytes = compressed(*codec, b"not compressed at all");
        assert!(matches!(only_reason(&bytes), Error::Codec(_)), "{codec}");
        let bytes = [compressed(*codec, &[]), after].concat();
        assert_eq!(tally(&bytes, 0).1, [(0, 0)], "{codec} without a byte");
    }
}

#[test]
fn an_error_tells_its_offsets() {
    let bytes = at(40, topica::record::BatchWriter::new(100).finish(Compression::None, None).unwrap());
    let one = with(bytes, 57, 1i32.to_be_bytes());
    let text = reasons(&one)[0].to_string();
    assert_eq!(text, "offset 40: the batch says it holds 1 records, its bytes end after 0");
}
