//! Decides from the votes whether a topic's texts are rows, in which dialect, and where their names are.
//!
//! One row a message is the rule in Kafka, so the evidence is a constant number of fields across messages, then what the
//! columns look like. Prose, log lines and `name=value` pairs can have constant counts too; they are told by their cells.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::dialect::{Dialect, Header};
use super::tally::{Column, HeaderRow, Tally, Width};
use super::votes::{Leader, Quoting, Votes};

/// What is configured about the dialect and need not be found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// The delimiter.
    pub delimiter: Option<char>,
    /// The quote, or that there is none.
    pub quote: Option<Option<char>>,
    /// The escape character.
    pub escape: Option<char>,
    /// What comment lines start with.
    pub comment: Option<String>,
    /// Where the column names are.
    pub header: Option<Header>,
    /// The texts are known to be delimited: find the likeliest dialect rather than none.
    pub delimited: bool,
}

/// The dialect that a topic's texts are in.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Detected {
    /// How rows are written.
    pub dialect: Dialect,
    /// How many fields a row has.
    pub columns: usize,
    /// The names in the header row, if there is one in the stream.
    pub names: Option<Vec<String>>,
    /// Texts all of whose rows have that many fields.
    pub fits: u64,
    /// Texts that are rows by their fields, and do not fit: too many, too few, a quote that does not close.
    pub ragged: u64,
    /// Texts that are no rows: without the delimiter, or words only where the rows have columns of other types.
    pub others: u64,
    /// Texts with more than one row.
    pub several: u64,
    /// How sure it is that these are rows and that this is their dialect, from 0 to 1.
    pub confidence: f64,
}

/// The dialect of `payloads`, each a message; `None` if they are not delimited. What is no UTF-8 is left out.
pub fn detect<'a>(payloads: impl IntoIterator<Item = &'a [u8]>, hints: Hints) -> Option<Detected> {
    let mut votes = Votes::new(hints);
    for text in payloads.into_iter().filter_map(|payload| std::str::from_utf8(payload).ok()) {
        votes.add(text);
    }
    votes.verdict()
}

/// One delimiter under one reading of quotes.
struct Candidate<'a> {
    bit: usize,
    quoting: Quoting,
    columns: usize,
    /// Each row has a field of a type other than text: what has the delimiter and none such is prose.
    typed: bool,
    /// There is prose with as many delimiters as the rows have.
    apart: bool,
    tally: Cow<'a, Tally>,
    confidence: f64,
    score: f64,
}

impl Candidate<'_> {
    /// How many texts of `tally` are rows that fit, and how many are rows that do not.
    fn rows(&self, tally: &Tally) -> (u64, u64) {
        let (mut fits, mut ragged) = (0, 0);
        for (fields, width) in &tally.widths {
            let typed = width.messages - width.untyped;
            match *fields {
                1 => {}
                fields if fields == self.columns => fits += if self.apart { typed } else { width.messages },
                _ if self.typed => ragged += typed,
                _ => ragged += width.messages,
            }
        }
        (fits, ragged)
    }
}

impl Votes {
    /// The dialect that the votes so far speak for, if any.
    pub fn verdict(&self) -> Option<Detected> {
        let best = self.best()?;
        let (delimiter, _) = *self.delimiters.get(best.bit)?;
        let (quote, escape) = match best.quoting {
            Quoting::Plain => (self.hints.configured_quote(), self.hints.escape),
            quoting => quoting.marks(),
        };
        let late = self.late.get(&(best.bit, best.quoting));
        let texts = self.texts + late.map_or(0, Tally::texts);
        let (fits, ragged) = best.rows(&best.tally);
        let (late_fits, late_ragged) = late.map_or((0, 0), |late| best.rows(late));
        let (fits, ragged) = (fits + late_fits, ragged + late_ragged);
        let (header, names) = self.header(&best);
        Some(Detected {
            dialect: Dialect { delimiter, quote, escape, comment: self.hints.comment.clone(), header },
            columns: best.columns,
            names,
            fits,
            ragged,
            others: texts.saturating_sub(fits + ragged),
            several: best.tally.several + late.map_or(0, |late| late.several),
            confidence: best.confidence,
        })
    }

    /// The delimiter and reading that the votes so far speak for.
    pub(in crate::format) fn leader(&self) -> Option<Leader> {
        self.best().map(|best| Leader { bit: best.bit, quoting: best.quoting, columns: best.columns })
    }

    fn best(&self) -> Option<Candidate<'_>> {
        let readings: &[Quoting] = if self.hints.settles_quoting() { &[Quoting::Plain] } else { &Quoting::READINGS };
        let mut best: Option<Candidate<'_>> = None;
        for bit in 0..self.delimiters.len() {
            for quoting in readings {
                // A later candidate must be better, not as good: the order of both lists is that of likelihood.
                if let Some(candidate) = self.candidate(bit, *quoting)
                    && best.as_ref().is_none_or(|best| candidate.score > best.score + 1e-9)
                {
                    best = Some(candidate);
                }
            }
        }
        best
    }

    fn candidate(&self, bit: usize, quoting: Quoting) -> Option<Candidate<'_>> {
        let (delimiter, weight) = *self.delimiters.get(bit)?;
        let plain = self.tallies.get(&(bit, Quoting::Plain));
        let quoted = self.tallies.get(&(bit, quoting)).filter(|_| quoting != Quoting::Plain);
        let tally = match (plain, quoted) {
            (Some(plain), Some(quoted)) => {
                let mut both = plain.clone();
                both.merge(quoted);
                Cow::Owned(both)
            }
            (plain, quoted) => Cow::Borrowed(plain.or(quoted)?),
        };
        let texts = self.texts;
        let with = texts - self.without.get(bit).copied().unwrap_or_default();
        let told = self.hints.delimited || self.hints.delimiter.is_some();
        let mut rows = Rows::modal(&tally.widths, with, |width| width.messages)?;
        let mut typed = tally.widths.get(&rows.columns).is_some_and(|width| width.untyped * 20 <= width.messages);
        let mut apart = false;
        if !told && !rows.are_constant() {
            // Rows may be mixed with other texts that happen to hold the delimiter. Where each row has a field that is no
            // word, what has none is prose.
            let with = tally.widths.iter().filter(|(fields, _)| **fields != 1);
            let with = with.map(|(_, width)| width.messages - width.untyped).sum();
            rows = Rows::modal(&tally.widths, with, |width| width.messages - width.untyped)?;
            if rows.columns < 3 || rows.fits < 3 || !rows.are_constant() {
                return None;
            }
            (typed, apart) = (true, true);
        }
        let Rows { columns, fits, with } = rows;
        // One text with a delimiter beside others without is a text with a delimiter.
        if !told && fits == 1 && texts > 1 {
            return None;
        }
        let looks = tally.looks(columns);
        let confidence = confidence(columns, fits, looks) * ratio(fits, with);
        if !told && (confidence < 0.5 || !are_rows(delimiter, columns, fits, looks)) {
            return None;
        }
        let width = 1.0 - 1.0 / (columns as f64 + 1.0);
        let score = weight * ratio(fits, with) * ratio(fits, texts).sqrt() * quality(looks) * width;
        Some(Candidate { bit, quoting, columns, typed, apart, tally, confidence, score })
    }

    /// Where the column names are, and which, if the stream has them.
    fn header(&self, best: &Candidate<'_>) -> (Header, Option<Vec<String>>) {
        let mut candidates = best.tally.headers.iter().filter(|header| header.width == best.columns);
        let found = match self.hints.header {
            Some(Header::InStream) => candidates.next(),
            Some(told) => return (told, None),
            None => candidates.find(|header| is_header(header, best.tally.looks(best.columns))).filter(|header| {
                // Names that look like any words stand out only if no other row is made of words.
                header.likeness > 0 || candidates.next().is_none()
            }),
        };
        match (found, self.hints.header) {
            (Some(header), _) => (Header::InStream, Some(header.names().map(str::to_owned).collect())),
            (None, told) => (told.unwrap_or(Header::None), None),
        }
    }
}

impl Hints {
    /// What a topic's extension tells: `.tsv` is delimited by tabs.
    pub fn of_extension(extension: &str) -> Self {
        Self { delimiter: extension.eq_ignore_ascii_case("tsv").then_some('\t'), ..Self::default() }
    }

    pub(super) fn settles_quoting(&self) -> bool {
        self.quote.is_some() || self.escape.is_some()
    }

    /// The quote if quoting is configured: `"` if only the escape character is.
    pub(super) fn configured_quote(&self) -> Option<char> {
        self.quote.unwrap_or(Some('"'))
    }
}

/// The texts that have the most frequent number of fields.
struct Rows {
    columns: usize,
    fits: u64,
    /// Texts that could be rows by their delimiters.
    with: u64,
}

impl Rows {
    fn modal(widths: &BTreeMap<usize, Width>, with: u64, count: impl Fn(&Width) -> u64) -> Option<Self> {
        let rows = widths.iter().filter(|(columns, _)| **columns > 1);
        let (columns, width) = rows.max_by_key(|(columns, width)| (count(width), **columns))?;
        Some(Self { columns: *columns, fits: count(width), with })
    }

    /// Do nearly all have that number?
    fn are_constant(&self) -> bool {
        let others = self.with.saturating_sub(self.fits);
        self.fits > 0
            && others
                <= match self.with {
                    0..3 => 0,
                    3..10 => 1,
                    with => with / 10,
                }
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// How unlikely it is that so many texts of another kind have that many fields each, and columns like these.
fn confidence(columns: usize, texts: u64, looks: &[Column]) -> f64 {
    let same_by_chance: f64 = match columns {
        2 => 0.5,
        3 => 0.3,
        4 => 0.2,
        _ => 0.1,
    };
    let typed = looks.iter().filter(|column| column.is_typed()).count();
    let typed_by_chance = if typed == 0 { 0.8 } else { 0.2f64.powi(typed.min(4) as i32) };
    let repeated = texts.saturating_sub(1).clamp(1, 20) as i32;
    (1.0 - same_by_chance.powi(repeated) * typed_by_chance).min(0.9999)
}

/// How much the columns look like columns, from 0 to 1.
fn quality(looks: &[Column]) -> f64 {
    let of_column = |column: &Column| {
        let cells = column.cells.max(1) as f64;
        (column.typed() as f64
            + 0.8 * column.words() as f64
            + 0.6 * column.empty as f64
            + 0.3 * column.phrase as f64
            + 0.2 * (column.key_value + column.log_level) as f64)
            / cells
    };
    looks.iter().map(of_column).sum::<f64>() / looks.len().max(1) as f64
}

/// Could these columns be a table's? Sentences, log lines and lists of `name=value` are not.
fn are_rows(delimiter: char, columns: usize, texts: u64, looks: &[Column]) -> bool {
    let mostly = |count: u64, column: &Column| count * 2 > column.cells;
    let having = |test: &dyn Fn(&Column) -> bool| looks.iter().filter(|column| test(column)).count();
    let typed = having(&|column| column.is_typed());
    let key_values = having(&|column| mostly(column.key_value, column));
    if key_values * 2 >= columns {
        return false;
    }
    let log_levels = having(&|column| mostly(column.log_level, column));
    if log_levels > 0 && !matches!(delimiter, ',' | ';' | '\t') {
        return false;
    }
    if let [time, rest, ..] = looks
        && delimiter == ','
        && mostly(time.time, time)
        && mostly(rest.millis, rest)
    {
        // `2026-11-24 10:00:00,123 INFO ...`
        return false;
    }
    // Sentences: a space after each comma, and nothing but words.
    let indented = looks.iter().skip(1).all(|column| mostly(column.indented, column));
    if indented && typed == 0 && columns <= 3 {
        return false;
    }
    if matches!(delimiter, ' ' | ':' | '#' | '!') {
        // These stand inside values as well: `24 Nov 2026`, `10:00-11:00`, the eight groups of an IPv6 address.
        let phrases = having(&|column| column.phrase > 0);
        let value = delimiter == ':' && (columns <= 3 || columns == 8);
        return texts >= 3 && typed * 4 >= columns * 3 && phrases == 0 && log_levels == 0 && !value;
    }
    true
}

/// Is it a row of names over the columns of the rest?
fn is_header(header: &HeaderRow, columns: &[Column]) -> bool {
    let width = header.width;
    let mut sorted: Vec<&str> = header.names().collect();
    sorted.sort_unstable();
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        return false;
    }
    let rows = columns.first().map_or(0, |column| column.cells);
    let named = header.likeness as usize;
    if rows <= header.seen {
        // Nothing else to compare with.
        return named * 2 >= width * 3;
    }
    if header.seen * 2 > rows {
        return false;
    }
    // The columns as they are without this row, which has a word in each.
    let typed = columns.iter().take(width).filter(|column| {
        let filled = (column.cells - column.empty).saturating_sub(header.seen);
        let typed = column.typed();
        typed > 0 && (filled - typed.min(filled)) * 20 <= filled
    });
    typed.count() > 0 || named * 4 >= width * 5
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn found(texts: &[&str]) -> Option<Detected> {
        detect(texts.iter().map(|text| text.as_bytes()), Hints::default())
    }

    #[test]
    fn delimiters_are_found() {
        for delimiter in [",", ";", "\t", "|", "^", "~", "\u{1}", "§", ":", " "] {
            let rows: Vec<String> = (0..20)
                .map(|i| {
                    [format!("{}", 100 + i), format!("2026-11-{:02}", i + 1), format!("name{i}"), format!("{i}.5")]
                        .join(delimiter)
                })
                .collect();
            let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
            let detected = found(&rows).unwrap();
            assert_eq!(detected.dialect.delimiter.to_string(), delimiter);
            assert_eq!((detected.columns, detected.fits, detected.ragged), (4, 20, 0));
            assert_eq!(detected.dialect.header, Header::None);
            assert!(detected.confidence > 0.99);
        }
    }

    #[test]
    fn a_header_row_is_found_over_typed_columns() {
        let detected = found(&["1,alice,2.5", "2,bob,3", "id,name,amount", "3,carol,1"]).unwrap();
        assert_eq!(detected.dialect.header, Header::InStream);
        assert_eq!(detected.names.unwrap(), ["id", "name", "amount"]);
        let detected = found(&["1,alice,2.5", "2,bob,3", "3,carol,1"]).unwrap();
        assert_eq!((detected.dialect.header, detected.names), (Header::None, None));
        let texts = found(&["first_name,last_name,city", "Ada,Lovelace,London", "Alan,Turing,Wilmslow"]).unwrap();
        assert_eq!(texts.names.unwrap(), ["first_name", "last_name", "city"]);
        let texts = found(&["Ada,Lovelace,London", "Alan,Turing,Wilmslow"]).unwrap();
        assert_eq!(texts.dialect.header, Header::None);
        let german =
            found(&["vorname;nachname;alter", "Ada;Lovelace;36", "Alan;Turing;41", "Emmy;Noether;53"]).unwrap();
        assert_eq!(german.names.unwrap(), ["vorname", "nachname", "alter"]);
        // What stands for a missing value names no column.
        let missing = found(&["1,alice,2.5", "2,bob,3", "null,none,unknown", "3,carol,1"]).unwrap();
        assert_eq!(missing.dialect.header, Header::None);
    }

    #[test]
    fn a_header_row_of_any_width_is_found() {
        for width in [128, 129, 1000, 4000] {
            let row = |field: &dyn Fn(usize) -> String| (0..width).map(field).collect::<Vec<_>>().join(",");
            let names = row(&|i| format!("column_{i}"));
            let mut rows: Vec<String> =
                (0..10).map(|n| row(&|i| format!("2026-11-24 10:{:02}:0{n}", i % 60))).collect();
            rows.insert(3, names.clone());
            let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
            for header in [None, Some(Header::InStream)] {
                let hints = Hints { header, ..Hints::default() };
                let detected = detect(rows.iter().map(|row| row.as_bytes()), hints).unwrap();
                assert_eq!((detected.dialect.delimiter, detected.columns), (',', width));
                assert_eq!(detected.dialect.header, Header::InStream);
                assert_eq!(detected.names.unwrap().join(","), names);
            }
            // Without it, the columns still tell which delimiter is the right one.
            let rows = [&rows[..3], &rows[4..]].concat();
            let detected = found(&rows).unwrap();
            assert_eq!((detected.dialect.delimiter, detected.dialect.header), (',', Header::None));
            assert!(detected.confidence > 0.99);
        }
    }

    #[test]
    fn one_text_with_a_delimiter_makes_no_table() {
        assert_eq!(found(&["plain \"words\"", "and a\ttab"]), None);
        assert_eq!(found(&["1,2,3", "four"]), None);
    }

    #[test]
    fn prose_and_logs_are_no_rows() {
        for texts in [
            &["Hello, world", "Well, then", "So, what now"][..],
            &["2026-11-24 10:00:00 INFO started", "2026-11-24 10:00:01 WARN slowly"],
            &["2026-11-24 10:00:00,123 INFO main - started up", "2026-11-24 10:00:00,456 INFO main - went on"],
            &[
                "2026-11-24T10:00:00Z INFO started the thing",
                "2026-11-24T10:00:01Z WARN stopped a thing",
                "2026-11-24T10:00:02Z INFO began some thing",
            ],
            &["a=1,b=2", "a=3,b=4", "a=5,b=6"],
            &["10:00:00", "11:30:00", "12:15:30", "09:00:01"],
            &["10:00-11:00", "11:30-12:00", "12:15-12:30", "09:00-10:00"],
            &["Tue Nov 24 10:00:00 2026", "Wed Nov 25 11:00:00 2026", "Thu Nov 26 09:30:00 2026"],
            &["24 Nov 2026", "25 Nov 2026", "26 Nov 2026", "1 Dec 2026"],
            &["Tue, 24 Nov 2026 10:00:00 GMT", "Wed, 25 Nov 2026 11:00:00 GMT", "Thu, 26 Nov 2026 09:30:00 GMT"],
            &["10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:80"],
            &["2001:db8:0:0:0:0:0:1", "2001:db8:0:0:0:0:0:2", "2001:db8:0:0:0:0:1:1"],
            &["http://x.y/a", "http://x.y/b", "http://x.z/c"],
            &["no delimiter", "at all"],
            &["one, two, three and more", "one, two", "none", "a, b, c, d, e"],
        ] {
            assert_eq!(found(texts), None, "{texts:?}");
        }
    }

    #[test]
    fn the_reading_of_quotes_is_found() {
        let double = found(&["1,\"a,b\",2", "2,c,3", "3,\"d\",4"]).unwrap();
        assert_eq!((double.columns, double.dialect.quote), (3, Some('"')));
        let single = found(&["1,'a,b',2", "2,c,3", "3,'d,e,f',4"]).unwrap();
        assert_eq!((single.columns, single.dialect.quote), (3, Some('\'')));
        let none = found(&["1|\"half|2", "2|c|3", "3|d\"|4"]).unwrap();
        assert_eq!((none.columns, none.dialect.quote), (3, None));
        let escaped = found(&[r#"1,"a \", b",2"#, "2,c,3", r#"3,"d\",e",4"#]).unwrap();
        assert_eq!((escaped.columns, escaped.dialect.escape), (3, Some('\\')));
    }

    #[test]
    fn decimal_commas_do_not_delimit() {
        let detected = found(&["1,5;2,25;x", "2,5;3,75;y", "10,0;1,5;z"]).unwrap();
        assert_eq!((detected.dialect.delimiter, detected.columns), (';', 3));
    }

    #[test]
    fn several_rows_in_a_message_are_told() {
        let detected = found(&["1,a\n2,b\n3,c", "4,d\n5,e", "6,f\n"]).unwrap();
        assert_eq!((detected.columns, detected.fits, detected.several), (2, 3, 2));
    }

    #[test]
    fn what_is_configured_is_kept() {
        let hints = Hints { delimiter: Some('|'), quote: Some(None), header: Some(Header::Given), ..Hints::default() };
        let detected = detect([&b"a,b|\"c"[..], b"d,e|f"], hints).unwrap();
        assert_eq!((detected.dialect.delimiter, detected.dialect.quote, detected.columns), ('|', None, 2));
        assert_eq!(detected.dialect.header, Header::Given);
        let hints = Hints { delimited: true, ..Hints::default() };
        assert_eq!(detect([&b"Hello, world"[..]], hints).unwrap().columns, 2);
    }
}
