//! The columns that DataSQRL's own discovery (2023, releases up to 0.4) would have found in the same sample.
//!
//! Types are INTEGER, FLOAT, BOOLEAN, DATETIME, STRING and, up to 0.2, UUID. Strings are looked into: a column of
//! `"5"` is INTEGER. Types that lie near each other are combined (BOOLEAN and INTEGER to INTEGER, either of them and
//! FLOAT to FLOAT), others become STRING. Names that differ in case only are one column, spelled as most records do.
//!
//! Where that algorithm lost or changed values, this one does not, so the result differs from DataSQRL's:
//!
//! | sample | DataSQRL | here |
//! |---|---|---|
//! | the strings `"true"` and `"5"` in one field | INTEGER; `"true"` then reads as null, or its record is dropped | STRING |
//! | an empty CSV cell in a column of numbers | STRING | the numbers' type, nullable |
//! | the strings `007`, `+1`, `12e5`, `1.`, `.5` | numbers: the text is lost | STRING |
//! | `1-1-1-1-1` | UUID | STRING |
//! | `2022-02-30 10:15:30` | DATETIME: another day | STRING |
//! | an integer beyond 64 bits | the record is not counted | STRING |
//! | integers and fractions together, some integer too long for a double | FLOAT: digits are lost | STRING |
//! | `[1, 2.5]` | `[INTEGER]`: the first element decides | `[FLOAT]` |
//! | a record with an empty object, with `Id` beside `id`, or with a mixed or nested array of objects | not counted | counted |
//! | an array that is empty, a field that is always null (up to 0.2) | discovery fails | as from 0.3 on: null; STRING |
//!
//! `not_null` is only set if it is asked for: from a sample alone, later records without the field would be dropped.

use super::profile::{Kind, Node, Profile, Tree, canonical};
use super::resolve::Encoding;
use std::collections::{BTreeMap, HashMap};

/// Tables nest at most this deep.
const DEEPEST: usize = 64;
/// Arrays of scalars nest at most this deep; deeper ones are text, as readers know no such type.
const DEEPEST_ARRAY: usize = 16;
/// The name of the column for values that are not objects, where others are.
const VALUE: &str = " #value";

/// DataSQRL's scalar types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClassicType {
    /// `true`, `false`
    Boolean,
    /// 64 bits, signed; BIGINT from 0.3 on.
    Integer,
    /// IEEE 754 binary64; DOUBLE from 0.3 on.
    Float,
    /// An instant; TIMESTAMP from 0.3 on.
    Datetime,
    /// Up to 0.2.
    Uuid,
    /// Text.
    String,
}

/// What to make of a profile.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClassicOptions {
    /// The format that the payloads have: in delimited text, an empty field is null.
    pub encoding: Encoding,
    /// Say `not_null` of a column that was there and not null every time.
    pub not_null_from_sample: bool,
    /// The dialect has UUID.
    pub uuid: bool,
}

impl ClassicOptions {
    /// For the oldest dialect, with UUID, and every column nullable.
    pub fn new(encoding: Encoding) -> Self {
        Self { encoding, not_null_from_sample: false, uuid: true }
    }

    /// Sets [`ClassicOptions::not_null_from_sample`].
    #[must_use]
    pub fn not_null_from_sample(mut self, yes: bool) -> Self {
        self.not_null_from_sample = yes;
        self
    }

    /// Sets [`ClassicOptions::uuid`].
    #[must_use]
    pub fn uuid(mut self, yes: bool) -> Self {
        self.uuid = yes;
        self
    }
}

/// A column of a classic schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassicColumn {
    /// The spelling that most records have.
    pub name: String,
    /// A scalar, or a nested table.
    pub kind: ClassicKind,
    /// Present and not null every time, and this was to be said.
    pub not_null: bool,
}

/// What a classic column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClassicKind {
    /// A value, or arrays of values nested `array_depth` deep.
    Scalar {
        /// Of the value.
        ty: ClassicType,
        /// 0 for a plain value, 1 for `[INTEGER]`, 2 for `[[INTEGER]]`.
        array_depth: usize,
    },
    /// An array of objects, or an object.
    Table {
        /// Of the objects.
        columns: Vec<ClassicColumn>,
        /// Always one object, never an array: cardinality 0 to 1.
        single: bool,
    },
}

/// Decides the columns, in the order in which the sample first showed them.
pub fn resolve(profile: &Profile, options: &ClassicOptions) -> Vec<ClassicColumn> {
    let classic = Classic { tree: profile.tree(), options };
    classic.relation(&[profile.tree().root()], 0)
}

/// The types of a field's scalars.
#[derive(Clone, Copy, Default)]
struct Scalars {
    /// By JSON type, or what a string was detected as.
    boolean: bool,
    integer: bool,
    float: bool,
    datetime: bool,
    uuid: bool,
    text: bool,
    /// There are strings at all.
    string: bool,
    /// A string was detected as BOOLEAN.
    boolean_text: bool,
    /// An integer that 64 bits cannot hold.
    beyond_i64: bool,
    /// An integer that a double cannot hold.
    inexact: bool,
    depth: usize,
}

impl Scalars {
    fn any(self) -> bool {
        self.boolean || self.integer || self.float || self.string
    }

    /// The nearest type that has them all, strings looked into.
    fn detected(self, uuid: bool) -> Option<ClassicType> {
        let number = match (self.integer, self.float) {
            (_, true) => Some(ClassicType::Float),
            (true, false) => Some(ClassicType::Integer),
            (false, false) => None,
        };
        let apart = [self.boolean || number.is_some(), self.datetime, self.text || self.uuid];
        if apart.iter().filter(|there| **there).count() > 1 {
            return None;
        }
        if self.datetime {
            return Some(ClassicType::Datetime);
        }
        if self.text || self.uuid {
            let only_uuid = uuid && !self.text;
            return Some(if only_uuid { ClassicType::Uuid } else { ClassicType::String });
        }
        if self.beyond_i64 || self.boolean_text && number.is_some() || self.float && self.inexact {
            return None;
        }
        number.or(self.boolean.then_some(ClassicType::Boolean))
    }

    /// The nearest type that has them all, strings not looked into.
    fn raw(self) -> ClassicType {
        if self.string || self.beyond_i64 || self.float && self.inexact {
            ClassicType::String
        } else if self.float {
            ClassicType::Float
        } else if self.integer {
            ClassicType::Integer
        } else {
            ClassicType::Boolean
        }
    }
}

struct Classic<'a> {
    tree: &'a Tree,
    options: &'a ClassicOptions,
}

/// Members whose names are equal but for case.
#[derive(Default)]
struct Group<'a> {
    nodes: Vec<(&'a str, &'a Node)>,
}

/// What stands in a field: its scalars, and the objects that its table is made of.
#[derive(Default)]
struct Content<'a> {
    scalars: Scalars,
    objects: Vec<&'a Node>,
    object_depth: usize,
}

impl<'a> Classic<'a> {
    fn relation(&self, objects: &[&'a Node], depth: usize) -> Vec<ClassicColumn> {
        let count: u64 = objects.iter().map(|node| node.count(Kind::Object)).sum();
        let mut index = HashMap::new();
        let mut groups: Vec<Group<'a>> = Vec::new();
        for node in objects {
            for member in &node.members.list {
                let name = canonical(&member.name);
                let Some(child) = self.tree.get(member.node).filter(|_| !name.is_empty()) else {
                    continue;
                };
                let slot = *index.entry(name).or_insert(groups.len());
                if slot == groups.len() {
                    groups.push(Group::default());
                }
                if let Some(group) = groups.get_mut(slot) {
                    group.nodes.push((&member.name, child));
                }
            }
        }
        groups.sort_by_key(|group| {
            let places = group.nodes.iter().map(|(name, node)| (node.first, *name));
            places.min()
        });
        groups.iter().map(|group| self.column(group, count, depth)).collect()
    }

    fn column(&self, group: &Group<'a>, objects: u64, depth: usize) -> ClassicColumn {
        let mut content = Content::default();
        let (mut present, mut nulls) = (0, 0);
        for (_, node) in &group.nodes {
            present += node.present - node.respelled;
            nulls += node.count(Kind::Null) + node.arrays.hollow;
            if let (Encoding::Csv, Some(texts)) = (self.options.encoding, &node.texts) {
                nulls += texts.shapes.empty;
            }
            self.collect(node, 0, &mut content);
        }
        ClassicColumn {
            name: spelling(group),
            kind: self.kind(&content, depth),
            not_null: self.options.not_null_from_sample && nulls == 0 && present == objects,
        }
    }

    /// Adds what stands at a node, and in arrays there.
    fn collect(&self, node: &'a Node, array_depth: usize, into: &mut Content<'a>) {
        let mut next = Some((node, array_depth));
        while let Some((node, array_depth)) = next {
            let scalars = &mut into.scalars;
            scalars.boolean |= node.count(Kind::Boolean) > 0;
            scalars.integer |= node.count(Kind::Integer) > 0;
            scalars.float |= node.count(Kind::Fraction) > 0;
            scalars.beyond_i64 |= node.numbers.beyond_i64 > 0;
            scalars.inexact |= node.numbers.inexact_integers > 0;
            let mut strings = node.count(Kind::String) + node.count(Kind::Bytes);
            if let Some(texts) = &node.texts {
                let detected = &texts.detected;
                let mut plain = detected.none;
                if self.options.encoding == Encoding::Csv {
                    plain -= texts.shapes.empty;
                    strings -= texts.shapes.empty;
                }
                scalars.boolean |= detected.boolean > 0;
                scalars.boolean_text |= detected.boolean > 0;
                scalars.integer |= detected.integer > 0;
                scalars.float |= detected.float > 0;
                scalars.datetime |= detected.datetime > 0;
                scalars.uuid |= detected.uuid > 0;
                scalars.text |= plain > 0;
                scalars.inexact |= texts.numbers.inexact_integers > 0;
            }
            scalars.text |= node.count(Kind::Bytes) > 0;
            scalars.string |= strings > 0;
            let numbers = node.count(Kind::Integer) + node.count(Kind::Fraction);
            if strings + numbers + node.count(Kind::Boolean) > 0 {
                scalars.depth = scalars.depth.max(array_depth);
            }
            if node.count(Kind::Object) > 0 {
                into.objects.push(node);
                into.object_depth = into.object_depth.max(array_depth);
            }
            let items = node.items.and_then(|id| self.tree.get(id));
            next = items.map(|items| (items, array_depth + 1));
        }
    }

    fn kind(&self, content: &Content<'a>, depth: usize) -> ClassicKind {
        let scalars = content.scalars;
        let columns = if content.objects.is_empty() || depth >= DEEPEST {
            Vec::new()
        } else {
            self.relation(&content.objects, depth + 1)
        };
        if columns.is_empty() {
            let ty = match scalars.any() && content.objects.is_empty() {
                true => scalars.detected(self.options.uuid).unwrap_or(scalars.raw()),
                false => ClassicType::String,
            };
            let array_depth = scalars.depth.max(content.object_depth);
            return match array_depth > DEEPEST_ARRAY {
                true => ClassicKind::Scalar { ty: ClassicType::String, array_depth: 0 },
                false => ClassicKind::Scalar { ty, array_depth },
            };
        }
        let mut columns = columns;
        if scalars.any() {
            columns.push(ClassicColumn {
                name: VALUE.into(),
                kind: ClassicKind::Scalar { ty: scalars.raw(), array_depth: 0 },
                not_null: false,
            });
        }
        ClassicKind::Table { columns, single: content.object_depth == 0 && scalars.depth == 0 }
    }
}

/// The spelling that most objects have; of equally many, the one that came first.
fn spelling(group: &Group<'_>) -> String {
    let mut counts = BTreeMap::new();
    for (name, node) in &group.nodes {
        let (count, first) = counts.entry(*name).or_insert((0, node.first));
        *count += node.present;
        *first = node.first.min(*first);
    }
    let best = counts.into_iter().min_by_key(|(name, (count, first))| (std::cmp::Reverse(*count), *first, *name));
    best.map(|(name, _)| name.to_owned()).unwrap_or_default()
}
