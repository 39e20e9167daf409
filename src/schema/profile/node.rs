//! What is kept about one path: counts, ranges and maxima, each of which adds up in any order.

use crate::format::Number;
use crate::schema::number::Decimal;
use crate::schema::shape::{Detected, Separator, Shape, Zone};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Integer,
    Fraction,
    String,
    Bytes,
    Object,
    Array,
}

/// Where something first stood: the record's position, then the place in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) record: u64,
    pub(crate) nth: u32,
}

/// One path of the payloads.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Hash of the path from the root.
    pub(crate) path: u64,
    /// The greatest hash on the way from the root to here: who is kept if there are too many.
    pub(crate) rank: u64,
    /// Where it first stood.
    pub(crate) first: Place,
    /// Objects that have it (records, for the root).
    pub(crate) present: u64,
    /// Times that it stood again in an object that had it already.
    pub(crate) repeated: u64,
    /// Objects that had it when they had it already in another spelling; see [`canonical`].
    pub(crate) respelled: u64,
    /// Values by [`Kind`].
    pub(crate) kinds: [u64; 8],
    pub(crate) numbers: Numbers,
    pub(crate) texts: Option<Box<Texts>>,
    pub(crate) arrays: Arrays,
    pub(crate) members: Members,
    /// Node of an array's elements.
    pub(crate) items: Option<u32>,
    /// Members that were not kept, counted each time.
    pub(crate) unkept: u64,
    /// Numbers in unkept members that binary64 changes.
    pub(crate) unkept_inexact: u64,
}

/// The keys of an object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members {
    pub(crate) list: Vec<Member>,
    index: HashMap<Arc<str>, u32>,
    /// A slot by its name without case; filled as soon as a name has capitals or blanks around it.
    canonical: HashMap<String, u32>,
    has_spellings: bool,
    /// The one that came first in the last object.
    pub(crate) expected_first: Option<u32>,
}

#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: Arc<str>,
    /// `"name":` as it stands in compact JSON; empty if the name needs escapes.
    pub(crate) raw: Box<[u8]>,
    pub(crate) node: u32,
    /// The one that came after it last time.
    pub(crate) expected_next: Option<u32>,
    /// The object that had it last, to tell a repeated key.
    pub(crate) object: u64,
    /// The next of those whose names are equal but for case, in a ring; its own slot if there is no other.
    pub(crate) spelling: u32,
}

/// A name as DataSQRL compares it: without case, and without blanks around it.
pub(crate) fn canonical(name: &str) -> Cow<'_, str> {
    let trimmed = name.trim();
    if trimmed.chars().any(|c| c.is_uppercase()) { Cow::Owned(trimmed.to_lowercase()) } else { Cow::Borrowed(trimmed) }
}

impl Members {
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        self.index.get(name).copied()
    }

    pub(crate) fn add(&mut self, name: &str, node: u32) -> u32 {
        let name: Arc<str> = name.into();
        let plain = !name.bytes().any(|b| b < 0x20 || b == b'"' || b == b'\\');
        let raw = if plain {
            let mut raw = Vec::with_capacity(name.len() + 3);
            raw.push(b'"');
            raw.extend_from_slice(name.as_bytes());
            raw.extend_from_slice(b"\":");
            raw.into_boxed_slice()
        } else {
            Box::default()
        };
        let slot = self.list.len() as u32;
        self.index.insert(Arc::clone(&name), slot);
        self.list.push(Member { name, raw, node, expected_next: None, object: 0, spelling: slot });
        self.join_spellings(slot);
        slot
    }

    /// Joins a new member with the ones that differ in case only.
    fn join_spellings(&mut self, slot: u32) {
        let Some(member) = self.list.get(slot as usize) else {
            return;
        };
        let name = Arc::clone(&member.name);
        let plain = matches!(canonical(&name), Cow::Borrowed(same) if same.len() == name.len());
        if !self.has_spellings {
            if plain {
                return;
            }
            self.has_spellings = true;
            for (slot, member) in self.list.iter().enumerate() {
                let name = canonical(&member.name).into_owned();
                self.canonical.entry(name).or_insert(slot as u32);
            }
        }
        let first = *self.canonical.entry(canonical(&name).into_owned()).or_insert(slot);
        if first != slot
            && let Some(other) = self.list.get_mut(first as usize)
        {
            let next = std::mem::replace(&mut other.spelling, slot);
            if let Some(member) = self.list.get_mut(slot as usize) {
                member.spelling = next;
            }
        }
    }

    /// The object has the member in another spelling already.
    pub(crate) fn is_respelled(&self, slot: u32, object: u64) -> bool {
        let mut at = slot;
        while let Some(member) = self.list.get(at as usize) {
            at = member.spelling;
            if at == slot {
                return false;
            }
            if self.list.get(at as usize).is_some_and(|other| other.object == object) {
                return true;
            }
        }
        false
    }

    /// Drops those that `keep` denies. Slots change; what was expected is forgotten.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&Member) -> bool) {
        self.list.retain(|member| keep(member));
        self.expected_first = None;
        self.index.clear();
        self.canonical.clear();
        self.has_spellings = false;
        for (slot, member) in self.list.iter_mut().enumerate() {
            member.expected_next = None;
            member.spelling = slot as u32;
            self.index.insert(Arc::clone(&member.name), slot as u32);
        }
        for slot in 0..self.list.len() {
            self.join_spellings(slot as u32);
        }
    }
}

/// Numbers, or strings that are numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Numbers {
    /// Integers that 64 bits cannot hold.
    pub(crate) beyond_i64: u64,
    /// Integers that binary64 changes.
    pub(crate) inexact_integers: u64,
    /// Fractions that binary64 changes.
    pub(crate) inexact_fractions: u64,
    /// NaN and the infinities.
    pub(crate) not_finite: u64,
    /// Most digits before the point.
    pub(crate) whole: u32,
    /// Most digits after the point.
    pub(crate) scale: u32,
    /// The smallest and the greatest integer of 64 bits; min > max if there is none.
    pub(crate) min: i64,
    pub(crate) max: i64,
}

impl Default for Numbers {
    fn default() -> Self {
        Self {
            beyond_i64: 0,
            inexact_integers: 0,
            inexact_fractions: 0,
            not_finite: 0,
            whole: 0,
            scale: 0,
            min: i64::MAX,
            max: i64::MIN,
        }
    }
}

impl Numbers {
    fn add(&mut self, decimal: Option<Decimal>, integer: bool) {
        let Some(decimal) = decimal else {
            self.not_finite += 1;
            return;
        };
        self.whole = self.whole.max(decimal.whole);
        self.scale = self.scale.max(decimal.scale);
        if integer {
            self.inexact_integers += u64::from(!decimal.exact);
            match decimal.small {
                Some(value) => {
                    self.min = self.min.min(value);
                    self.max = self.max.max(value);
                }
                None => self.beyond_i64 += 1,
            }
        } else {
            self.inexact_fractions += u64::from(!decimal.exact);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.beyond_i64 += other.beyond_i64;
        self.inexact_integers += other.inexact_integers;
        self.inexact_fractions += other.inexact_fractions;
        self.not_finite += other.not_finite;
        self.whole = self.whole.max(other.whole);
        self.scale = self.scale.max(other.scale);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

/// Strings by what they look like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Texts {
    pub(crate) shapes: Shapes,
    pub(crate) detected: DetectedCounts,
    /// Those with an integer's or a decimal's shape.
    pub(crate) numbers: Numbers,
    /// With a lone surrogate, which no UTF-8 can hold.
    pub(crate) lone_surrogates: u64,
    /// Bytes of the longest, as written in the payload.
    pub(crate) longest: u64,
}

/// Counts by shape; each string is in one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shapes {
    pub(crate) empty: u64,
    pub(crate) date: u64,
    /// `2022-07-15T10:15:30.123`
    pub(crate) iso_naive: u64,
    /// `2022-07-15T10:15:30.123Z`
    pub(crate) iso_utc: u64,
    /// `2022-07-15 10:15:30.123`
    pub(crate) sql_naive: u64,
    /// `2022-07-15 10:15:30.123Z`
    pub(crate) sql_utc: u64,
    /// Any of those four with more than milliseconds.
    pub(crate) fine: u64,
    /// With another offset than `Z`.
    pub(crate) offset: u64,
    pub(crate) integer: u64,
    pub(crate) decimal: u64,
    pub(crate) boolean: u64,
    pub(crate) uuid: u64,
    pub(crate) other: u64,
}

/// Counts by what DataSQRL would detect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DetectedCounts {
    pub(crate) boolean: u64,
    pub(crate) datetime: u64,
    pub(crate) integer: u64,
    pub(crate) float: u64,
    pub(crate) uuid: u64,
    pub(crate) none: u64,
}

impl Shapes {
    fn add(&mut self, shape: Shape) {
        let count = match shape {
            Shape::Empty => &mut self.empty,
            Shape::Date => &mut self.date,
            Shape::Timestamp(stamp) => match (stamp.separator, stamp.zone) {
                (_, Zone::Offset) => &mut self.offset,
                // Flink reads the SQL form with seconds only.
                (Separator::Space, _) if !stamp.seconds => &mut self.other,
                _ if stamp.finer_than_millis => &mut self.fine,
                (Separator::T, Zone::None) => &mut self.iso_naive,
                (Separator::T, Zone::Utc) => &mut self.iso_utc,
                (Separator::Space, Zone::None) => &mut self.sql_naive,
                (Separator::Space, Zone::Utc) => &mut self.sql_utc,
            },
            Shape::Integer => &mut self.integer,
            Shape::Decimal => &mut self.decimal,
            Shape::Boolean => &mut self.boolean,
            Shape::Uuid => &mut self.uuid,
            Shape::Other => &mut self.other,
        };
        *count += 1;
    }

    fn merge(&mut self, other: &Self) {
        self.empty += other.empty;
        self.date += other.date;
        self.iso_naive += other.iso_naive;
        self.iso_utc += other.iso_utc;
        self.sql_naive += other.sql_naive;
        self.sql_utc += other.sql_utc;
        self.fine += other.fine;
        self.offset += other.offset;
        self.integer += other.integer;
        self.decimal += other.decimal;
        self.boolean += other.boolean;
        self.uuid += other.uuid;
        self.other += other.other;
    }
}

impl Texts {
    fn add(&mut self, text: &str) {
        let shape = Shape::of(text);
        self.shapes.add(shape);
        match shape {
            Shape::Integer => self.numbers.add(Some(Decimal::of_text(text)), true),
            Shape::Decimal => self.numbers.add(Some(Decimal::of_text(text)), false),
            _ => {}
        }
        let count = match Detected::of(text, shape) {
            Detected::Boolean => &mut self.detected.boolean,
            Detected::Datetime => &mut self.detected.datetime,
            Detected::Integer => &mut self.detected.integer,
            Detected::Float => &mut self.detected.float,
            Detected::Uuid => &mut self.detected.uuid,
            Detected::None => &mut self.detected.none,
        };
        *count += 1;
        self.longest = self.longest.max(text.len() as u64);
    }

    fn merge(&mut self, other: &Self) {
        self.shapes.merge(&other.shapes);
        self.numbers.merge(&other.numbers);
        self.lone_surrogates += other.lone_surrogates;
        self.longest = self.longest.max(other.longest);
        let (mine, theirs) = (&mut self.detected, &other.detected);
        mine.boolean += theirs.boolean;
        mine.datetime += theirs.datetime;
        mine.integer += theirs.integer;
        mine.float += theirs.float;
        mine.uuid += theirs.uuid;
        mine.none += theirs.none;
    }
}

/// Arrays by their length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arrays {
    pub(crate) empty: u64,
    /// Nothing but nulls and arrays of nothing else; the empty ones too.
    pub(crate) hollow: u64,
    /// Elements of the longest.
    pub(crate) longest: u64,
}

impl Node {
    pub(crate) fn new(path: u64, rank: u64) -> Self {
        Self {
            path,
            rank,
            first: Place { record: u64::MAX, nth: u32::MAX },
            present: 0,
            repeated: 0,
            respelled: 0,
            kinds: [0; 8],
            numbers: Numbers::default(),
            texts: None,
            arrays: Arrays::default(),
            members: Members::default(),
            items: None,
            unkept: 0,
            unkept_inexact: 0,
        }
    }

    pub(crate) fn count(&self, kind: Kind) -> u64 {
        self.kinds.get(kind as usize).copied().unwrap_or(0)
    }

    pub(crate) fn add(&mut self, kind: Kind) {
        if let Some(count) = self.kinds.get_mut(kind as usize) {
            *count += 1;
        }
    }

    pub(crate) fn add_number(&mut self, number: Number<'_>, decimal: Option<Decimal>) {
        let integer = match number {
            Number::Literal { integer, .. } => integer,
            Number::Signed(_) | Number::Unsigned(_) => true,
            Number::Float(_) => false,
        };
        self.add(if integer { Kind::Integer } else { Kind::Fraction });
        self.numbers.add(decimal, integer);
    }

    pub(crate) fn add_text(&mut self, value: &str, lone_surrogate: bool) {
        self.add(Kind::String);
        let texts = self.texts.get_or_insert_default();
        texts.add(value);
        texts.lone_surrogates += u64::from(lone_surrogate);
    }

    /// Adds the other's own statistics; its members and elements are the caller's.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.first = self.first.min(other.first);
        self.present += other.present;
        self.repeated += other.repeated;
        self.respelled += other.respelled;
        for (mine, theirs) in self.kinds.iter_mut().zip(other.kinds) {
            *mine += theirs;
        }
        self.numbers.merge(&other.numbers);
        if let Some(texts) = &other.texts {
            self.texts.get_or_insert_default().merge(texts);
        }
        self.arrays.empty += other.arrays.empty;
        self.arrays.hollow += other.arrays.hollow;
        self.arrays.longest = self.arrays.longest.max(other.arrays.longest);
        self.unkept += other.unkept;
        self.unkept_inexact += other.unkept_inexact;
    }

    /// The statistics are equal; members and elements are the caller's.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.first == other.first
            && self.present == other.present
            && self.repeated == other.repeated
            && self.respelled == other.respelled
            && self.kinds == other.kinds
            && self.numbers == other.numbers
            && self.texts == other.texts
            && self.arrays == other.arrays
            && self.unkept == other.unkept
            && self.unkept_inexact == other.unkept_inexact
    }
}
