//! Profiles, and schemas that follow from them: laws that hold whatever the payload is.

use topica::format::Text;
use topica::format::json;
use topica::schema::classic::{self, ClassicOptions};
use topica::schema::{Conform, Encoding, Profile, ResolveOptions, Root, resolve};

/// Payloads, one a line. A malformed one leaves no trace, profiles of two halves add up to that of the whole, and few
/// enough paths are kept.
pub fn profile_json(data: &[u8]) {
    const PATHS: usize = 64;
    let mut whole = Profile::with_limit(PATHS);
    let (mut even, mut odd) = (Profile::with_limit(PATHS), Profile::with_limit(PATHS));
    for (position, payload) in data.split(|byte| *byte == b'\n').enumerate() {
        let half = if position % 2 == 0 { &mut even } else { &mut odd };
        let before = whole.records();
        let ours = whole.observe_json(position as u64, payload, json::DEPTH_LIMIT);
        assert_eq!(ours, half.observe_json(position as u64, payload, json::DEPTH_LIMIT));
        assert_eq!(whole.records(), before + u64::from(ours.is_ok()));
    }
    odd.merge(&even);
    assert_eq!(whole, odd);
    let options = ResolveOptions::new(Encoding::Json).not_null_from_sample(true);
    assert_eq!(resolve(&whole, &options), resolve(&odd, &options));
    let classic = ClassicOptions::new(Encoding::Json).not_null_from_sample(true);
    assert_eq!(classic::resolve(&whole, &classic), classic::resolve(&odd, &classic));
}

/// Payloads, one a line. Each reads back under the schema that follows from all of them, or there is a warning.
pub fn conform_json(data: &[u8]) {
    let mut profile = Profile::new();
    let payloads: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    for (position, payload) in payloads.iter().enumerate() {
        let _ = profile.observe_json(position as u64, payload, json::DEPTH_LIMIT);
    }
    let resolved = resolve(&profile, &ResolveOptions::new(Encoding::Json));
    let mut conform = Conform::json(&resolved.schema);
    for payload in payloads {
        let Ok(fit) = conform.check_json(payload, json::DEPTH_LIMIT) else {
            continue;
        };
        let told = !resolved.warnings.is_empty() || resolved.root != Root::Rows;
        assert!(told || fit.is_whole() && fit.extra.is_empty(), "{fit:?} {resolved:?}");
    }
}

/// Rows, one a line, with fields between tabs. Each that has as many fields as the first reads back.
pub fn conform_row(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let rows: Vec<Vec<Text<'_>>> = text.split('\n').map(|row| row.split('\t').map(Text::plain).collect()).collect();
    let names: Vec<String> = (1..=rows.first().map_or(1, Vec::len)).map(|i| format!("c{i}")).collect();
    let mut profile = Profile::with_limit(names.len() + 1);
    let mut observed = Vec::new();
    for (position, row) in rows.iter().enumerate() {
        if profile.observe_row(position as u64, &names, row).is_ok() {
            observed.push(row);
        }
    }
    let resolved = resolve(&profile, &ResolveOptions::new(Encoding::Csv));
    let conform = Conform::csv(&resolved.schema, resolved.empty_is_null);
    for row in observed {
        let fit = conform.check_row(row);
        assert!(fit.is_whole(), "{fit:?} {row:?} {resolved:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds() {
        for seed in [
            &b"{\"a\":1,\"A\":[1.5,null,{\"b\":\"2022-07-15T10:15:30Z\"}]}\n{\"a\":\"x\"}\n{\n[]"[..],
            b"{\"a\":{\"b\":0.1234567890123456789},\"a\":1}\n{\"a\":[]}\n{\"\\u0061\":\"\\ud800\"}",
        ] {
            profile_json(seed);
            conform_json(seed);
        }
        conform_row(b"1\t2.5\ttrue\n2\t\t\nx\n007\t0.12345678901234567890\tfalse");
    }
}
