//! Whether Flink reads a payload under a schema without failing, and without changing or losing a value.
//!
//! The rules were found by giving payloads to Flink 2.3's own `json` and `csv` formats. A value that Flink can only
//! read changed (`1.75` as `BIGINT` is 1, `"yes"` as `BOOLEAN` is false) is a misfit like one that makes it fail.

mod rules;

use super::number::Decimal;
use super::profile::has_lone_surrogate;
use super::types::{Schema, TimestampStandard, Type};
use crate::format::{Escapes, Number, Text, Visitor, json};
use std::collections::{HashMap, HashSet};

/// Misfits and extra fields that are kept of one payload.
const KEPT: usize = 16;
/// Characters of the longest number that Flink's JSON parser takes.
const LONGEST_NUMBER: usize = 1000;

/// One place where a payload does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}`: {reason}")]
pub struct Misfit {
    /// The column, and what is inside it: `items[].price`. Empty for the payload as a whole.
    pub path: String,
    /// What does not fit, and what would become of it.
    pub reason: String,
}

/// How a payload fits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fit {
    /// What would be lost or changed or make Flink fail; the first few.
    pub misfits: Vec<Misfit>,
    /// Fields that the schema does not have, which Flink passes over; the first few.
    pub extra: Vec<String>,
}

impl Fit {
    /// Nothing is lost but what the schema does not have.
    pub fn is_whole(&self) -> bool {
        self.misfits.is_empty()
    }
}

/// A schema, made ready to check payloads against it.
#[derive(Clone, Debug)]
pub struct Conform {
    expected: Vec<Expected>,
    standard: TimestampStandard,
    /// CSV: types of the columns, and whether an empty field is null.
    cells: Vec<Cell>,
    empty_is_null: bool,
    stack: Vec<Frame>,
    target: Target,
    objects: u64,
    fit: Fit,
}

#[derive(Clone, Debug)]
enum Expected {
    Scalar(Type),
    Array(u32),
    Map(u32),
    Row(Row),
}

#[derive(Clone, Debug)]
struct Row {
    fields: Vec<Slot>,
    index: HashMap<String, u32>,
}

#[derive(Clone, Debug)]
struct Slot {
    name: String,
    raw: Vec<u8>,
    nullable: bool,
    expected: u32,
    /// The object that had it last.
    object: u64,
}

#[derive(Clone, Debug)]
struct Cell {
    name: String,
    ty: Type,
    nullable: bool,
}

/// What the next value has to be.
#[derive(Clone, Copy, Debug)]
enum Target {
    Expected {
        id: u32,
        nullable: bool,
    },
    /// Inside an object or array that Flink turns into text.
    Text,
    /// Inside something that is passed over.
    Nothing,
}

#[derive(Clone, Debug)]
struct Frame {
    target: Target,
    /// Row: the member that came last.
    slot: Option<u32>,
    object: u64,
    /// Text and maps: keys so far.
    keys: HashSet<String>,
}

impl Conform {
    /// To check JSON payloads as Flink's `json` reads them.
    pub fn json(schema: &Schema) -> Self {
        Self::new(schema, schema.timestamps.unwrap_or(TimestampStandard::Sql), false)
    }

    /// To check rows of delimited text as Flink's `csv` reads them, with `'csv.null-literal' = ''` or without.
    pub fn csv(schema: &Schema, empty_is_null: bool) -> Self {
        Self::new(schema, TimestampStandard::Sql, empty_is_null)
    }

    fn new(schema: &Schema, standard: TimestampStandard, empty_is_null: bool) -> Self {
        let fields = schema.columns.iter().map(|column| &column.field);
        let mut expected = Vec::new();
        let slots: Vec<Slot> = fields
            .clone()
            .map(|field| Slot::new(&field.name, field.nullable, compile(&field.ty, &mut expected)))
            .collect();
        expected.push(Expected::Row(Row::new(slots)));
        Self {
            expected,
            standard,
            cells: fields
                .map(|field| Cell { name: field.name.clone(), ty: field.ty.clone(), nullable: field.nullable })
                .collect(),
            empty_is_null,
            stack: Vec::new(),
            target: Target::Nothing,
            objects: 0,
            fit: Fit::default(),
        }
    }

    /// Checks one JSON payload.
    ///
    /// # Errors
    /// It is no JSON, or nests deeper than `depth`.
    pub fn check_json(&mut self, payload: &[u8], depth: usize) -> Result<Fit, json::Error> {
        self.begin_record();
        json::walk(payload, depth, self)?;
        Ok(self.end_record())
    }

    /// A payload starts. Drive [`Conform`] as a [`Visitor`] from here to [`Conform::end_record`].
    pub fn begin_record(&mut self) {
        self.stack.clear();
        self.fit = Fit::default();
        self.target = Target::Expected { id: (self.expected.len() - 1) as u32, nullable: false };
    }

    /// The payload ends; how it fitted.
    pub fn end_record(&mut self) -> Fit {
        std::mem::take(&mut self.fit)
    }

    /// Checks one row of delimited text.
    pub fn check_row(&self, fields: &[Text<'_>]) -> Fit {
        let mut fit = Fit::default();
        let surplus = fields.get(self.cells.len()..);
        if !surplus.is_some_and(|s| matches!(s, []) || matches!(s, [last] if last.raw.is_empty())) {
            let reason =
                format!("{} fields where the table has {} columns: Flink fails", fields.len(), self.cells.len());
            fit.misfits.push(Misfit { path: String::new(), reason });
            return fit;
        }
        for (cell, field) in self.cells.iter().zip(fields) {
            if let Err(reason) = rules::cell(&cell.ty, &field.value(), cell.nullable, self.empty_is_null)
                && fit.misfits.len() < KEPT
            {
                fit.misfits.push(Misfit { path: cell.name.clone(), reason });
            }
        }
        fit
    }
}

impl Slot {
    fn new(name: &str, nullable: bool, expected: u32) -> Self {
        let mut raw = Vec::new();
        json::write_string(name, &mut raw);
        raw.push(b':');
        Self { name: name.to_owned(), raw, nullable, expected, object: 0 }
    }
}

impl Row {
    fn new(fields: Vec<Slot>) -> Self {
        let names = fields.iter().enumerate();
        let index = names.map(|(i, slot)| (slot.name.clone(), i as u32)).collect();
        Self { fields, index }
    }
}

fn compile(ty: &Type, into: &mut Vec<Expected>) -> u32 {
    let expected = match ty {
        Type::Array(item) => Expected::Array(compile(item, into)),
        Type::Map(value) => Expected::Map(compile(value, into)),
        Type::Row(fields) => {
            let slots =
                fields.iter().map(|field| Slot::new(&field.name, field.nullable, compile(&field.ty, into))).collect();
            Expected::Row(Row::new(slots))
        }
        scalar => Expected::Scalar(scalar.clone()),
    };
    into.push(expected);
    (into.len() - 1) as u32
}

impl Conform {
    fn expected(&self, id: u32) -> Option<&Expected> {
        self.expected.get(id as usize)
    }

    fn row(&self, target: Target) -> Option<&Row> {
        match target {
            Target::Expected { id, .. } => match self.expected(id) {
                Some(Expected::Row(row)) => Some(row),
                _ => None,
            },
            _ => None,
        }
    }

    /// The path to the value under way, with one more name if there is one.
    fn path(&self, last: Option<&str>) -> String {
        let mut path = String::new();
        let mut add = |name: &str| {
            if !path.is_empty() && name != "[]" {
                path.push('.');
            }
            path.push_str(name);
        };
        for frame in &self.stack {
            let Target::Expected { id, .. } = frame.target else {
                break;
            };
            match (self.expected(id), frame.slot) {
                (Some(Expected::Row(row)), Some(slot)) => {
                    if let Some(slot) = row.fields.get(slot as usize) {
                        add(&slot.name);
                    }
                }
                (Some(Expected::Array(_)), _) => add("[]"),
                (Some(Expected::Map(_)), _) => add("*"),
                _ => {}
            }
        }
        if let Some(name) = last {
            add(name);
        }
        path
    }

    fn misfit(&mut self, reason: String) {
        if self.fit.misfits.len() < KEPT {
            let path = self.path(None);
            self.fit.misfits.push(Misfit { path, reason });
        }
    }

    /// The scalar type that the value has to have; a container that is expected instead is a misfit.
    fn scalar(&mut self, what: &str) -> Option<Type> {
        let Target::Expected { id, .. } = self.target else {
            return None;
        };
        let wanted = match self.expected(id)? {
            Expected::Scalar(ty) => return Some(ty.clone()),
            Expected::Array(_) => "ARRAY",
            Expected::Map(_) => "MAP",
            Expected::Row(_) => "ROW",
        };
        self.misfit(format!("{what} where {wanted} is expected"));
        None
    }

    fn begin(&mut self, array: bool) {
        let what = if array { "an array" } else { "an object" };
        let target = match self.target {
            Target::Expected { id, .. } => match (self.expected(id), array) {
                (Some(Expected::Array(_)), true) | (Some(Expected::Row(_) | Expected::Map(_)), false) => self.target,
                (Some(Expected::Scalar(Type::String)), _) => Target::Text,
                (Some(Expected::Scalar(ty)), _) => {
                    let reason = format!("{what} where {ty} is expected");
                    self.misfit(reason);
                    Target::Nothing
                }
                _ => {
                    self.scalar(what);
                    Target::Nothing
                }
            },
            other => other,
        };
        self.objects += 1;
        self.stack.push(Frame { target, slot: None, object: self.objects, keys: HashSet::new() });
        self.target = match target {
            Target::Expected { id, .. } => match self.expected(id) {
                Some(Expected::Array(item)) => Target::Expected { id: *item, nullable: true },
                _ => Target::Nothing,
            },
            other => other,
        };
    }

    fn end(&mut self) {
        let Some(frame) = self.stack.last() else {
            return;
        };
        let (target, object) = (frame.target, frame.object);
        let missing: Vec<String> = match self.row(target) {
            Some(row) => row
                .fields
                .iter()
                .filter(|slot| !slot.nullable && slot.object != object)
                .map(|slot| slot.name.clone())
                .collect(),
            None => Vec::new(),
        };
        self.stack.pop();
        for name in missing {
            if self.fit.misfits.len() < KEPT {
                let path = self.path(Some(&name));
                self.fit.misfits.push(Misfit { path, reason: "is not there, and NOT NULL".into() });
            }
        }
        // In an array, the next element is like this one; in an object, a key comes first.
        self.target = target;
        if let Some(Frame { target: Target::Expected { id, .. }, .. }) = self.stack.last()
            && let Some(Expected::Array(item)) = self.expected(*id)
        {
            self.target = Target::Expected { id: *item, nullable: true };
        }
    }

    fn member(&mut self, slot: u32) {
        let Some(frame) = self.stack.last_mut() else {
            return;
        };
        frame.slot = Some(slot);
        let object = frame.object;
        let Target::Expected { id, .. } = frame.target else {
            return;
        };
        let Some(Expected::Row(row)) = self.expected.get_mut(id as usize) else {
            return;
        };
        let Some(slot) = row.fields.get_mut(slot as usize) else {
            return;
        };
        let again = slot.object == object;
        slot.object = object;
        self.target = Target::Expected { id: slot.expected, nullable: slot.nullable };
        if again {
            self.misfit("stands twice in an object; Flink keeps one, and may lose the fields after it".into());
        }
    }

    fn named(&mut self, name: &str) {
        let Some(frame) = self.stack.last_mut() else {
            return;
        };
        let id = match frame.target {
            Target::Expected { id, .. } => id,
            Target::Text => {
                if !frame.keys.insert(name.to_owned()) {
                    self.misfit("a key stands twice in an object that Flink turns into text; it keeps the last".into());
                }
                return;
            }
            Target::Nothing => return,
        };
        match self.expected.get(id as usize) {
            Some(Expected::Row(row)) => match row.index.get(name) {
                Some(slot) => {
                    let slot = *slot;
                    self.member(slot);
                }
                None => {
                    self.target = Target::Nothing;
                    frame.slot = None;
                    if self.fit.extra.len() < KEPT {
                        let path = self.path(Some(name));
                        if !self.fit.extra.contains(&path) {
                            self.fit.extra.push(path);
                        }
                    }
                }
            },
            Some(Expected::Map(value)) => {
                self.target = Target::Expected { id: *value, nullable: true };
                if !frame.keys.insert(name.to_owned()) {
                    self.misfit("a key stands twice in a map; Flink keeps the last".into());
                }
            }
            _ => self.target = Target::Nothing,
        }
    }
}

impl Visitor for Conform {
    fn null(&mut self) {
        match self.target {
            Target::Expected { nullable: false, .. } if self.stack.is_empty() => {
                self.misfit("null where a row is expected".into());
            }
            Target::Expected { nullable: false, .. } => self.misfit("is null, and NOT NULL".into()),
            _ => {}
        }
    }

    fn boolean(&mut self, value: bool) {
        let wanted = self.scalar("a boolean");
        if let Some(ty) = wanted
            && !matches!(ty, Type::Boolean | Type::String)
        {
            self.misfit(rules::not(&ty, if value { "true" } else { "false" }));
        }
    }

    fn number(&mut self, number: Number<'_>) {
        if let Number::Literal { text, .. } = number
            && text.len() > LONGEST_NUMBER
        {
            self.misfit(format!("a number of {} characters, which Flink's parser refuses", text.len()));
            return;
        }
        if let Target::Text = self.target {
            let integer = !matches!(number, Number::Literal { integer: false, .. } | Number::Float(_));
            if !integer && Decimal::of(number).is_some_and(|d| !d.exact) {
                self.misfit("a number inside has more digits than Flink keeps when it turns it into text".into());
            }
            return;
        }
        if let Some(ty) = self.scalar("a number")
            && !rules::number(&ty, number)
        {
            let reason = match number {
                Number::Literal { text, .. } => rules::not(&ty, text),
                Number::Signed(value) => rules::not(&ty, &value.to_string()),
                Number::Unsigned(value) => rules::not(&ty, &value.to_string()),
                Number::Float(value) => rules::not(&ty, &value.to_string()),
            };
            self.misfit(reason);
        }
    }

    fn string(&mut self, text: Text<'_>) {
        if text.escapes == Escapes::Json && !matches!(self.target, Target::Nothing) && has_lone_surrogate(text.raw) {
            self.misfit("half a surrogate pair, which Flink reads as `?`".into());
            return;
        }
        if let Some(ty) = self.scalar("a string")
            && ty != Type::String
        {
            let value = text.value();
            if !rules::text(&ty, &value, self.standard) {
                self.misfit(rules::not(&ty, &value));
            }
        }
    }

    fn bytes(&mut self, _bytes: &[u8]) {
        if let Some(ty) = self.scalar("bytes")
            && ty != Type::Bytes
        {
            self.misfit(format!("bytes where {ty} is expected"));
        }
    }

    fn begin_object(&mut self) {
        self.begin(false);
    }

    fn predicted_key(&mut self, rest: &[u8]) -> usize {
        let Some(frame) = self.stack.last() else {
            return 0;
        };
        let next = frame.slot.map_or(0, |slot| slot + 1);
        let Some(slot) = self.row(frame.target).and_then(|row| row.fields.get(next as usize)) else {
            return 0;
        };
        if !rest.starts_with(&slot.raw) {
            return 0;
        }
        let len = slot.raw.len();
        self.member(next);
        len
    }

    fn key(&mut self, key: Text<'_>) {
        if key.escapes == Escapes::None {
            self.named(key.raw);
        } else {
            self.named(&key.value());
        }
    }

    fn end_object(&mut self) {
        self.end();
    }

    fn begin_array(&mut self) {
        self.begin(true);
    }

    fn end_array(&mut self) {
        self.end();
    }
}
