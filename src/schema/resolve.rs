//! From what was observed to the columns of a table that Flink reads without losing or changing a value.
//!
//! What Flink 2.3 does with each type was tried on it; where it fails or silently changes a value, the next wider type
//! is taken, at last `STRING`, which takes every JSON value as text. What no type can keep is in the warnings.

use super::profile::{Kind, Node, Numbers, Profile, ROOT, Shapes, Tree};
use super::types::{Column, Evidence, Field, Schema, TimestampStandard, Type};

/// Rows nest at most this deep in a table; what is deeper is one `STRING`.
const DEEPEST: usize = 64;
/// UTF-16 units of the longest name that Flink's SQL parser takes.
const LONGEST_IDENTIFIER: usize = 256;
/// Digits of the widest `DECIMAL`.
const WIDEST: u32 = 38;

/// Which of Flink's formats will read the payloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// `json`
    Json,
    /// `csv`
    Csv,
}

/// What to make of a profile.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ResolveOptions {
    /// The format that the payloads have.
    pub encoding: Encoding,
    /// Declare a column `NOT NULL` if it was there and not null in every record. Flink gives wrong answers, without a
    /// word, when a later record does not keep to it.
    pub not_null_from_sample: bool,
}

impl ResolveOptions {
    /// For payloads in this format, with every column nullable.
    pub fn new(encoding: Encoding) -> Self {
        Self { encoding, not_null_from_sample: false }
    }

    /// Sets [`ResolveOptions::not_null_from_sample`].
    #[must_use]
    pub fn not_null_from_sample(mut self, yes: bool) -> Self {
        self.not_null_from_sample = yes;
        self
    }
}

/// What follows from a profile.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// The columns, with the evidence for each.
    pub schema: Schema,
    /// What no column type can keep or say, one line each.
    pub warnings: Vec<String>,
    /// Whether the payloads are rows at all.
    pub root: Root,
    /// CSV: the table should read an empty field as null (`'csv.null-literal' = ''`). Without it, Flink fails on one
    /// in a number or a date, and reads one in a `BOOLEAN` as false.
    pub empty_is_null: bool,
    /// JSON: an object has a key twice somewhere. Flink's reader then loses fields that come later, unless
    /// `'json.decode.json-parser.enabled' = 'false'` makes it take the last one of each.
    pub repeated_keys: bool,
}

/// What the payloads are as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// Every one is an object: a row.
    Rows,
    /// Some are not; how many are what. No columns read those.
    NotRows(String),
}

/// Decides the columns.
pub fn resolve(profile: &Profile, options: &ResolveOptions) -> Resolved {
    let tree = profile.tree();
    let root = tree.root();
    let mut resolver = Resolver {
        tree,
        options,
        standard: None,
        warnings: Vec::new(),
        notes: Vec::new(),
        empty_is_null: options.encoding == Encoding::Csv && typed_cells_may_be_empty(tree),
        repeated_keys: false,
        has_timestamps: false,
    };
    resolver.standard = Some(match options.encoding {
        Encoding::Csv => TimestampStandard::Sql,
        Encoding::Json => standard_of_most(tree),
    });
    let columns = resolver.columns(root);
    if root.unkept > 0 {
        resolver
            .warnings
            .push(format!("there are more different keys than are kept: {} values have no column", root.unkept));
    }
    Resolved {
        schema: Schema { columns, timestamps: resolver.standard.filter(|_| resolver.has_timestamps) },
        warnings: resolver.warnings,
        root: root_of(root),
        empty_is_null: resolver.empty_is_null,
        repeated_keys: resolver.repeated_keys,
    }
}

fn root_of(root: &Node) -> Root {
    if root.count(Kind::Object) == root.present { Root::Rows } else { Root::NotRows(what_is_there(root)) }
}

/// `3 objects, 2 arrays`: the kinds of values at a node, nulls apart.
fn what_is_there(node: &Node) -> String {
    let numbers = node.count(Kind::Integer) + node.count(Kind::Fraction);
    let kinds = [
        (node.count(Kind::Object), "object"),
        (node.count(Kind::Array), "array"),
        (node.count(Kind::String), "string"),
        (node.count(Kind::Bytes), "byte string"),
        (numbers, "number"),
        (node.count(Kind::Boolean), "boolean"),
    ];
    let mut parts: Vec<String> = kinds
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    if parts.is_empty() {
        parts.push(format!("{} nulls", node.count(Kind::Null)));
    }
    parts.join(", ")
}

/// The group that all values but nulls are in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Nothing,
    Boolean,
    Number,
    String,
    Bytes,
    Object,
    Array,
    Several,
}

fn group(node: &Node) -> Group {
    let mut found = Group::Nothing;
    for (count, group) in [
        (node.count(Kind::Boolean), Group::Boolean),
        (node.count(Kind::Integer) + node.count(Kind::Fraction), Group::Number),
        (node.count(Kind::String), Group::String),
        (node.count(Kind::Bytes), Group::Bytes),
        (node.count(Kind::Object), Group::Object),
        (node.count(Kind::Array), Group::Array),
    ] {
        if count > 0 {
            found = if found == Group::Nothing { group } else { Group::Several };
        }
    }
    found
}

/// The timestamp type that all of a node's strings have, and how they are written.
fn timestamp(shapes: &Shapes, strings: u64) -> Option<(TimestampStandard, Type)> {
    let candidates = [
        (shapes.iso_naive, TimestampStandard::Iso8601, Type::Timestamp),
        (shapes.iso_utc, TimestampStandard::Iso8601, Type::TimestampLtz),
        (shapes.sql_naive, TimestampStandard::Sql, Type::Timestamp),
        (shapes.sql_utc, TimestampStandard::Sql, Type::TimestampLtz),
    ];
    candidates.into_iter().find(|(count, ..)| strings > 0 && *count == strings).map(|(_, standard, ty)| (standard, ty))
}

/// A table has one form of timestamps: the one that types more columns; ISO 8601 if they are even.
fn standard_of_most(tree: &Tree) -> TimestampStandard {
    let (mut iso, mut sql) = (0u64, 0u64);
    let mut todo = vec![(ROOT, 0)];
    while let Some((id, depth)) = todo.pop() {
        let Some(node) = tree.get(id) else { continue };
        match group(node) {
            Group::String => {
                let strings = node.count(Kind::String);
                let shapes = node.texts.as_ref().map(|texts| &texts.shapes);
                match shapes.and_then(|shapes| timestamp(shapes, strings)) {
                    Some((TimestampStandard::Iso8601, _)) => iso += 1,
                    Some((TimestampStandard::Sql, _)) => sql += 1,
                    None => {}
                }
            }
            Group::Array if depth < DEEPEST => todo.extend(node.items.map(|id| (id, depth + 1))),
            Group::Object if id == ROOT || depth < DEEPEST && node.unkept == 0 => {
                todo.extend(node.members.list.iter().map(|m| (m.node, depth + 1)));
            }
            // Objects among other roots have columns all the same.
            Group::Several if id == ROOT => {
                todo.extend(node.members.list.iter().map(|m| (m.node, depth + 1)));
            }
            _ => {}
        }
    }
    if sql > iso { TimestampStandard::Sql } else { TimestampStandard::Iso8601 }
}

/// Empty fields are to be null: there are columns that cannot be empty, and either one of them was, or no text was.
fn typed_cells_may_be_empty(tree: &Tree) -> bool {
    let (mut typed, mut typed_empty, mut text_empty) = (false, false, false);
    for member in &tree.root().members.list {
        let Some(texts) = tree.get(member.node).and_then(|node| node.texts.as_ref()) else {
            continue;
        };
        let shapes = &texts.shapes;
        let strings = tree.get(member.node).map_or(0, |node| node.count(Kind::String));
        let (ty, _) = cell_type(shapes, &texts.numbers, strings);
        if ty == Type::String {
            text_empty |= shapes.empty > 0;
        } else {
            typed = true;
            typed_empty |= shapes.empty > 0;
        }
    }
    typed && (typed_empty || !text_empty)
}

/// The type of numbers, and why it is not the usual one.
fn number_type(numbers: &Numbers, integers: u64, fractions: u64) -> (Type, Option<String>) {
    if fractions == 0 {
        if numbers.beyond_i64 == 0 {
            return (Type::BigInt, None);
        }
        if numbers.whole <= WIDEST {
            let precision = numbers.whole.max(20) as u8;
            let note = format!("{} integers do not fit BIGINT", numbers.beyond_i64);
            return (Type::Decimal { precision, scale: 0 }, Some(note));
        }
        let note = format!("integers of {} digits fit no number type", numbers.whole);
        return (Type::String, Some(note));
    }
    let inexact = numbers.inexact_fractions + numbers.inexact_integers;
    if inexact == 0 {
        return (Type::Double, None);
    }
    let digits = numbers.whole + numbers.scale;
    if digits <= WIDEST && numbers.not_finite == 0 {
        let ty = Type::Decimal { precision: digits.max(1) as u8, scale: numbers.scale as u8 };
        let note = format!("DOUBLE would change {inexact} of {} numbers", integers + fractions);
        return (ty, Some(note));
    }
    let note = format!("neither DOUBLE nor DECIMAL keeps all {} numbers", integers + fractions);
    (Type::String, Some(note))
}

/// The type of a column of delimited text, and why it is not the usual one.
fn cell_type(shapes: &Shapes, numbers: &Numbers, strings: u64) -> (Type, Option<String>) {
    let filled = strings - shapes.empty;
    if filled == 0 {
        return (Type::String, Some("always empty".into()));
    }
    if shapes.integer + shapes.decimal == filled {
        return number_type(numbers, shapes.integer, shapes.decimal);
    }
    if shapes.boolean == filled {
        return (Type::Boolean, None);
    }
    if shapes.date == filled {
        return (Type::Date, None);
    }
    match timestamp(shapes, filled) {
        Some((TimestampStandard::Sql, ty)) => (ty, None),
        _ => (Type::String, text_note(shapes, filled, TimestampStandard::Sql)),
    }
}

/// Why strings that look like timestamps are not read as such.
fn text_note(shapes: &Shapes, strings: u64, standard: TimestampStandard) -> Option<String> {
    let stamps = [shapes.iso_naive, shapes.iso_utc, shapes.sql_naive, shapes.sql_utc];
    let all = stamps.iter().sum::<u64>() + shapes.fine + shapes.offset + shapes.date;
    if all != strings || strings == 0 {
        return None;
    }
    let text = if shapes.offset == strings {
        "timestamps with an offset, which Flink cannot read: text".into()
    } else if shapes.fine > 0 && shapes.offset == 0 && shapes.date == 0 {
        format!("{} timestamps are finer than the milliseconds of TIMESTAMP(3): text", shapes.fine)
    } else if let Some((other, _)) = timestamp(shapes, strings)
        && other != standard
    {
        let (this, that) = match standard {
            TimestampStandard::Sql => ("SQL", "ISO 8601"),
            TimestampStandard::Iso8601 => ("ISO 8601", "SQL"),
        };
        format!("timestamps in {that} form where the table reads the {this} form: text")
    } else {
        "dates and timestamps in several forms: text".into()
    };
    Some(text)
}

/// Why Flink cannot have a column or field of this name.
///
/// Each was tried in a CREATE TABLE: 256 UTF-16 units are the parser's limit, a line break is an error of the lexer, and
/// a name of nothing but what Java calls whitespace is refused. All other characters work in backticks.
fn unusable(name: &str) -> Option<&'static str> {
    let is_blank = |c: char| {
        let breaks = matches!(c, '\u{85}' | '\u{a0}' | '\u{2007}' | '\u{202f}');
        c.is_whitespace() && !breaks || ('\u{1c}'..='\u{1f}').contains(&c)
    };
    if name.chars().all(is_blank) {
        Some("a blank name")
    } else if name.contains(['\n', '\r']) {
        Some("a name with a line break")
    } else if name.encode_utf16().count() > LONGEST_IDENTIFIER {
        Some("a name of more than 256 characters")
    } else {
        None
    }
}

struct Resolver<'a> {
    tree: &'a Tree,
    options: &'a ResolveOptions,
    standard: Option<TimestampStandard>,
    warnings: Vec<String>,
    /// Of the column under way.
    notes: Vec<String>,
    empty_is_null: bool,
    repeated_keys: bool,
    has_timestamps: bool,
}

/// Where a node is, for people: `items[].price`.
#[derive(Clone, Copy)]
struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Option<&'a str>,
}

impl Path<'_> {
    fn write(&self, out: &mut String) {
        if let Some(parent) = self.parent {
            parent.write(out);
        }
        match self.step {
            Some(name) => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.extend(name.chars().take(64));
            }
            None => out.push_str("[]"),
        }
    }

    fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }
}

impl<'a> Resolver<'a> {
    fn columns(&mut self, root: &'a Node) -> Vec<Column> {
        let mut columns = Vec::new();
        for (name, id) in self.tree.in_order(root) {
            let Some(node) = self.tree.get(id) else {
                continue;
            };
            let path = Path { parent: None, step: Some(name) };
            if !self.may_be_named(name, node, path) {
                continue;
            }
            let ty = self.ty(id, node, path, 1);
            let (null, nullable) = self.nulls(node, &ty, root.count(Kind::Object));
            columns.push(Column {
                field: Field { name: name.to_owned(), ty, nullable },
                evidence: Evidence { seen: node.present, null, of: root.present },
                notes: std::mem::take(&mut self.notes),
            });
        }
        columns
    }

    /// How often a column is null, and whether the definition lets it.
    fn nulls(&self, node: &Node, ty: &Type, objects: u64) -> (u64, bool) {
        let empty = match (&node.texts, self.options.encoding) {
            (Some(texts), Encoding::Csv) if self.empty_is_null || *ty != Type::String => texts.shapes.empty,
            _ => 0,
        };
        let null = node.count(Kind::Null) + empty;
        let always = null == 0 && node.present == objects && objects > 0;
        (null, !(self.options.not_null_from_sample && always))
    }

    fn note(&mut self, path: Path<'_>, text: &str) {
        // The column's own name stands beside the note already.
        if path.parent.is_some() {
            self.notes.push(format!("{}: {text}", path.text()));
        } else {
            self.notes.push(text.to_owned());
        }
    }

    fn warn(&mut self, path: Path<'_>, text: &str) {
        self.warnings.push(format!("`{}`: {text}", path.text()));
    }

    /// Warns of a name that Flink cannot have, and of a key that is there twice.
    fn may_be_named(&mut self, name: &str, node: &Node, path: Path<'_>) -> bool {
        if let Some(why) = unusable(name) {
            self.warnings.push(format!(
                "{:?} is left out, {} values: Flink has no column of {why}",
                path.text(),
                node.present
            ));
            return false;
        }
        if node.repeated > 0 {
            self.repeated_keys = true;
            let text = format!(
                "stands {} times in an object that has it already; Flink keeps one of them, and may lose the fields after it",
                node.repeated
            );
            self.warn(path, &text);
        }
        true
    }

    fn ty(&mut self, id: u32, node: &'a Node, path: Path<'_>, depth: usize) -> Type {
        if let Some(texts) = &node.texts
            && texts.lone_surrogates > 0
        {
            let text =
                format!("{} strings have half a surrogate pair, which Flink reads as `?`", texts.lone_surrogates);
            self.warn(path, &text);
        }
        match group(node) {
            Group::Nothing => {
                self.note(path, "always null");
                Type::String
            }
            Group::Boolean => Type::Boolean,
            Group::Bytes => Type::Bytes,
            Group::Number => {
                let (integers, fractions) = (node.count(Kind::Integer), node.count(Kind::Fraction));
                let (ty, note) = number_type(&node.numbers, integers, fractions);
                if let Some(note) = note {
                    self.note(path, &note);
                }
                ty
            }
            Group::String => self.string(node, path),
            Group::Array if depth < DEEPEST => self.array(node, path, depth),
            Group::Object if depth < DEEPEST => self.object(id, node, path, depth),
            Group::Array | Group::Object => self.text(id, node, path, "nested too deep for a table"),
            Group::Several => {
                let what = what_is_there(node);
                self.text(id, node, path, &what)
            }
        }
    }

    /// A `STRING` that takes what is there as text.
    fn text(&mut self, id: u32, _node: &Node, path: Path<'_>, why: &str) -> Type {
        self.note(path, &format!("{why}: text"));
        let inexact = self.tree.get(id).map_or(0, |node| {
            let inside = self.tree.inexact_fractions(id);
            inside - node.numbers.inexact_fractions
        });
        if inexact > 0 {
            let text = format!(
                "{inexact} numbers inside objects or arrays have more digits than Flink keeps when it turns them into text"
            );
            self.warn(path, &text);
        }
        Type::String
    }

    fn string(&mut self, node: &Node, path: Path<'_>) -> Type {
        let Some(texts) = &node.texts else {
            return Type::String;
        };
        let strings = node.count(Kind::String);
        let standard = self.standard.unwrap_or(TimestampStandard::Iso8601);
        let (ty, note) = match self.options.encoding {
            Encoding::Csv => cell_type(&texts.shapes, &texts.numbers, strings),
            Encoding::Json if texts.shapes.date == strings => (Type::Date, None),
            Encoding::Json => match timestamp(&texts.shapes, strings) {
                Some((found, ty)) if found == standard => (ty, None),
                _ => (Type::String, text_note(&texts.shapes, strings, standard)),
            },
        };
        if let Some(note) = note {
            self.note(path, &note);
        }
        self.has_timestamps |= matches!(ty, Type::Timestamp | Type::TimestampLtz);
        ty
    }

    fn array(&mut self, node: &'a Node, path: Path<'_>, depth: usize) -> Type {
        let items = node.items.and_then(|id| Some((id, self.tree.get(id)?)));
        let inner = Path { parent: Some(&path), step: None };
        let item = match items {
            Some((id, items)) if group(items) != Group::Nothing => self.ty(id, items, inner, depth + 1),
            _ => {
                self.note(path, "always empty");
                Type::String
            }
        };
        Type::Array(Box::new(item))
    }

    fn object(&mut self, id: u32, node: &'a Node, path: Path<'_>, depth: usize) -> Type {
        if node.unkept > 0 {
            return self.text(id, node, path, "an object of too many different keys");
        }
        let mut fields = Vec::new();
        let warnings = self.warnings.len();
        for (name, member) in self.tree.in_order(node) {
            let inner = Path { parent: Some(&path), step: Some(name) };
            let Some(child) = self.tree.get(member) else {
                continue;
            };
            if !self.may_be_named(name, child, inner) {
                continue;
            }
            let ty = self.ty(member, child, inner, depth + 1);
            let (_, nullable) = self.nulls(child, &ty, node.count(Kind::Object));
            fields.push(Field { name: name.to_owned(), ty, nullable });
        }
        if fields.is_empty() {
            // Text has all of them, whatever their names.
            self.warnings.truncate(warnings);
            return self.text(id, node, path, "objects without fields");
        }
        Type::Row(fields)
    }
}
