//! What is counted for one delimiter under one reading of quotes.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::cell::{Cell, is_name, name_likeness};
use super::rows::Rows;
use crate::format::Text;

/// Fields beyond this many are counted, and looked at only as names.
const LOOKED_AT: usize = 128;
/// How many columns a tally keeps apart, over all widths: those of the narrowest rows, so that which came first cannot
/// matter. Of wider ones it keeps what all columns are together.
const COLUMNS: usize = 1024;
/// How many candidates for a header row are kept: the likeliest, so that which came first cannot matter.
const HEADERS: usize = 8;
/// Candidates with names of more bytes than this are wide.
const WIDE: usize = 8 << 10;
/// How many of them are kept, apart from the others.
const WIDE_HEADERS: usize = 2;
/// The most bytes that the names of a candidate may have: those of some 5,000 columns.
const WIDEST: usize = 64 << 10;

/// The messages of a topic as one dialect reads them. Tallies are sums: they merge in any order to the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// Messages by the number of fields that each of their rows has; 0 stands for those that leave the dialect or whose
    /// rows differ in their number of fields.
    pub(super) widths: BTreeMap<usize, Width>,
    /// Messages of more than one row.
    pub(super) several: u64,
    /// Rows that could be headers, likeliest first.
    pub(super) headers: Vec<HeaderRow>,
}

/// The messages whose rows have the same number of fields.
#[derive(Clone, Debug, Default)]
pub(super) struct Width {
    pub(super) messages: u64,
    /// Those in which no field has a type other than text.
    pub(super) untyped: u64,
    pub(super) columns: Vec<Column>,
    /// All columns are counted as one.
    joined: bool,
}

/// What the fields of one column looked like.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Column {
    pub(super) cells: u64,
    pub(super) empty: u64,
    pub(super) number: u64,
    pub(super) time: u64,
    pub(super) uuid: u64,
    pub(super) boolean: u64,
    pub(super) log_level: u64,
    pub(super) key_value: u64,
    pub(super) phrase: u64,
    /// Fields that start with a space.
    pub(super) indented: u64,
    /// Fields that go on as the fraction of a log line's time does: three digits, then a space.
    pub(super) millis: u64,
}

/// A row all of whose fields could be names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HeaderRow {
    /// How much they look like names; the likelier ones are kept.
    pub(super) likeness: u32,
    /// One a line: a name has no line feed.
    names: String,
    /// How many names there are.
    pub(super) width: usize,
    pub(super) seen: u64,
}

impl HeaderRow {
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.lines()
    }
}

/// One field of the row at hand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    cell: Cell,
    indented: bool,
    millis: bool,
}

impl Look {
    fn at(field: &str) -> Self {
        let digits = |field: &[u8]| field.iter().all(u8::is_ascii_digit);
        Self {
            cell: Cell::of(field),
            indented: field.starts_with(' '),
            millis: matches!(field.as_bytes().split_at_checked(3), Some((head, [b' ', ..])) if digits(head)),
        }
    }
}

impl Column {
    fn add(&mut self, look: Look) {
        self.cells += 1;
        self.indented += u64::from(look.indented);
        self.millis += u64::from(look.millis);
        match look.cell {
            Cell::Empty => self.empty += 1,
            Cell::Number => self.number += 1,
            Cell::Time => self.time += 1,
            Cell::Uuid => self.uuid += 1,
            Cell::Boolean => self.boolean += 1,
            Cell::LogLevel => self.log_level += 1,
            Cell::KeyValue => self.key_value += 1,
            Cell::Phrase => self.phrase += 1,
            Cell::Word => {}
        }
    }

    fn merge(&mut self, other: &Column) {
        self.cells += other.cells;
        self.empty += other.empty;
        self.number += other.number;
        self.time += other.time;
        self.uuid += other.uuid;
        self.boolean += other.boolean;
        self.log_level += other.log_level;
        self.key_value += other.key_value;
        self.phrase += other.phrase;
        self.indented += other.indented;
        self.millis += other.millis;
    }

    /// How many cells have the most frequent type other than text.
    pub(super) fn typed(&self) -> u64 {
        self.number.max(self.time).max(self.uuid).max(self.boolean)
    }

    /// Cells of one word.
    pub(super) fn words(&self) -> u64 {
        let others =
            [self.empty, self.number, self.time, self.uuid, self.boolean, self.log_level, self.key_value, self.phrase];
        self.cells.saturating_sub(others.iter().sum())
    }

    /// Is nearly every field that is not empty of one type other than text? One header row aside.
    pub(super) fn is_typed(&self) -> bool {
        let filled = self.cells - self.empty;
        let other = filled - self.typed();
        filled > 0 && (other == 0 || other <= 1 && filled >= 3 || other * 20 <= filled)
    }
}

impl Width {
    fn column(&mut self, index: usize) -> Option<&mut Column> {
        let index = if self.joined { 0 } else { index };
        if self.columns.len() <= index {
            self.columns.resize(index + 1, Column::default());
        }
        self.columns.get_mut(index)
    }

    fn join(&mut self) {
        let mut all = Column::default();
        self.columns.iter().for_each(|column| all.merge(column));
        (self.columns, self.joined) = (vec![all], true);
    }

    fn merge(&mut self, other: &Width) {
        if other.joined && !self.joined {
            self.join();
        }
        self.messages += other.messages;
        self.untyped += other.untyped;
        for (index, theirs) in other.columns.iter().enumerate() {
            if let Some(mine) = self.column(index) {
                mine.merge(theirs);
            }
        }
    }
}

impl Tally {
    /// How many texts were counted.
    pub(super) fn texts(&self) -> u64 {
        self.widths.values().map(|width| width.messages).sum()
    }

    /// What the columns of the rows with `fields` fields look like.
    pub(super) fn looks(&self, fields: usize) -> &[Column] {
        self.widths.get(&fields).map(|width| width.columns.as_slice()).unwrap_or_default()
    }

    pub(super) fn merge(&mut self, other: &Tally) {
        for (fields, width) in &other.widths {
            self.widths.entry(*fields).or_default().merge(width);
        }
        self.bound();
        self.several += other.several;
        for header in &other.headers {
            let order = |known: &HeaderRow| header.names().cmp(known.names());
            self.add_header(header.likeness, header.seen, order, || header.clone());
        }
    }

    /// Joins the columns of the rows that are too wide beside so many narrower ones. Widths only ever come in addition, so
    /// one whose columns are apart in the end always had them apart.
    fn bound(&mut self) {
        let mut columns = 0;
        for (fields, width) in self.widths.iter_mut().filter(|(_, width)| !width.columns.is_empty()) {
            columns += (*fields).min(LOOKED_AT);
            if columns > COLUMNS && !width.joined {
                width.join();
            }
        }
    }

    /// Counts one message's rows, and looks at the fields of those that are at most `widest` wide. `looks` is room to
    /// work in.
    pub(super) fn add(&mut self, rows: Rows<'_>, widest: usize, looks: &mut Vec<Look>) {
        let (mut width, mut seen, mut untyped) = (0, 0u64, true);
        let mut rows = rows;
        loop {
            looks.clear();
            let (mut names, mut likeness, mut bytes) = (true, 0, 0);
            let row = rows.clone();
            let result = rows.next_row(|index, field| {
                let beyond = index >= LOOKED_AT;
                if index >= widest || beyond && !names {
                    return;
                }
                let look = Look::at(field.raw);
                if !beyond {
                    untyped &= !look.cell.is_typed();
                    looks.push(look);
                }
                bytes += field.raw.len() + 1;
                names = names && bytes <= WIDEST && look.cell.is_worded() && is_name(field.raw);
                if names {
                    likeness += name_likeness(field.raw);
                }
            });
            match result {
                Ok(None) => break,
                Ok(Some(fields)) if seen == 0 || fields == width => {
                    width = fields;
                    seen += 1;
                    if fields > 1 && fields <= widest {
                        let counted = self.widths.entry(fields).or_default();
                        let new = counted.columns.is_empty();
                        for (index, look) in looks.iter().enumerate() {
                            if let Some(column) = counted.column(index) {
                                column.add(*look);
                            }
                        }
                        if new {
                            self.bound();
                        }
                        if names {
                            self.offer_header(row, likeness);
                        }
                    }
                }
                Ok(Some(_)) | Err(_) => return self.count(0, 1, untyped),
            }
        }
        self.several += u64::from(seen > 1);
        self.count(width, 1, untyped);
    }

    /// Counts one message's rows, and looks at their fields only if there are not as many as `expected`.
    pub(super) fn add_late(&mut self, rows: Rows<'_>, expected: usize) {
        let (mut width, mut seen) = (0, 0u64);
        let mut counted = rows.clone();
        loop {
            match counted.next_row(|_, _| ()) {
                Ok(None) => break,
                Ok(Some(fields)) if seen == 0 || fields == width => {
                    width = fields;
                    seen += 1;
                }
                Ok(Some(_)) | Err(_) => {
                    width = 0;
                    break;
                }
            }
        }
        self.several += u64::from(seen > 1 && width > 0);
        let mut untyped = true;
        if width == expected {
            untyped = false;
        } else {
            let mut looked_at = rows;
            let mut look = |_, field: Text<'_>| untyped &= !Cell::of(field.raw).is_typed();
            while let Ok(Some(_)) = looked_at.next_row(&mut look) {}
        }
        self.count(width, 1, untyped);
    }

    pub(super) fn count(&mut self, width: usize, messages: u64, untyped: bool) {
        let counted = self.widths.entry(width).or_default();
        counted.messages += messages;
        counted.untyped += if untyped { messages } else { 0 };
    }

    fn offer_header(&mut self, row: Rows<'_>, likeness: u32) {
        let order = |known: &HeaderRow| {
            let mut names = known.names();
            let mut order = Ordering::Equal;
            let fields =
                row.clone().next_row(|_, field| order = order.then_with(|| Some(field.raw.trim()).cmp(&names.next())));
            order.then_with(|| fields.ok().flatten().unwrap_or_default().cmp(&known.width))
        };
        let header = || {
            let (mut names, mut width) = (String::new(), 0);
            let _ = row.clone().next_row(|_, field| {
                names.push_str(field.raw.trim());
                names.push('\n');
                width += 1;
            });
            names.shrink_to_fit();
            HeaderRow { likeness, names, width, seen: 1 }
        };
        self.add_header(likeness, 1, order, header);
    }

    /// Counts a candidate that stands to others of its likeness in `order`. The likeliest are kept, by a total order, so
    /// one that is among them in the end always was.
    fn add_header(
        &mut self,
        likeness: u32,
        seen: u64,
        order: impl Fn(&HeaderRow) -> Ordering,
        header: impl FnOnce() -> HeaderRow,
    ) {
        let search =
            self.headers.binary_search_by(|known| likeness.cmp(&known.likeness).then_with(|| order(known).reverse()));
        match search {
            Ok(at) => {
                if let Some(known) = self.headers.get_mut(at) {
                    known.seen += seen;
                }
            }
            Err(at) if at < HEADERS + WIDE_HEADERS => {
                self.headers.insert(at, header());
                let (mut narrow, mut wide) = (0, 0);
                self.headers.retain(|header| {
                    let (kept, most) =
                        if header.names.len() > WIDE { (&mut wide, WIDE_HEADERS) } else { (&mut narrow, HEADERS) };
                    *kept += 1;
                    *kept <= most
                });
            }
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::format::csv::rows::Syntax;

    fn tally(texts: &[String]) -> Tally {
        let mut tally = Tally::default();
        for text in texts {
            tally.add(Rows::of_text(text, Syntax::new(',', None, None), None), usize::MAX, &mut Vec::new());
        }
        tally
    }

    #[test]
    fn rows_of_all_widths_take_little_room_in_any_order() {
        let mut texts: Vec<String> = (2..400).map(|width| vec!["1"; width].join(",")).collect();
        let forwards = tally(&texts);
        let mut parts = tally(&texts[200..]);
        parts.merge(&tally(&texts[..200]));
        texts.reverse();
        let backwards = tally(&texts);
        let columns = |tally: &Tally| tally.widths.values().map(|width| width.columns.len()).collect::<Vec<_>>();
        assert!(columns(&forwards).iter().sum::<usize>() < COLUMNS + texts.len());
        assert_eq!(columns(&forwards), columns(&backwards));
        assert_eq!(columns(&forwards), columns(&parts));
        // What is joined was counted all the same.
        assert!(forwards.looks(399).iter().all(Column::is_typed));
        assert_eq!(forwards.looks(399)[0].cells, LOOKED_AT as u64);
    }
}
