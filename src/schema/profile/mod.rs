//! What was observed in a sample: a summary that adds up, whatever the order.
//!
//! [`Profile`] is a monoid: profiles of parts of a sample, merged in any order, are equal to the profile of the whole.

mod node;
mod tree;

pub(crate) use node::{Kind, Node, Numbers, Shapes, canonical};
pub(crate) use tree::{ROOT, Tree};

use super::number::Decimal;
use crate::format::{Escapes, Number, Text, Visitor, json};
use node::Place;
use std::fmt;
use tree::DEFAULT_LIMIT;

/// No node: what is here is not kept.
const NOWHERE: u32 = u32::MAX;

/// A summary of payloads, by path: how often, of what kind, in what range and shape.
///
/// Show it payloads with [`Profile::observe_json`] and [`Profile::observe_row`], or drive it as a [`Visitor`] between
/// [`Profile::begin_record`] and [`Profile::end_record`]. Its memory is bounded by the number of paths that it keeps
/// (10,000 by default), not by the data.
#[derive(Clone)]
pub struct Profile {
    tree: Tree,
    /// Where the visit is: containers from the root to here.
    stack: Vec<Frame>,
    /// The node that the next value belongs to.
    target: u32,
    /// Objects so far, to tell a key that stands twice in one.
    objects: u64,
    place: Place,
}

#[derive(Clone)]
struct Frame {
    node: u32,
    /// The nearest node around it that is kept.
    owner: u32,
    array: bool,
    /// Object: the member that came last.
    last: Option<u32>,
    /// Object: its number in [`Profile::objects`].
    object: u64,
    /// Array: its elements so far.
    elements: u64,
    /// Array: something in it is not null.
    solid: bool,
}

/// A row that has not as many fields as there are columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the row has {found} fields where there are {expected} columns")]
pub struct RowLength {
    /// Columns.
    pub expected: usize,
    /// Fields in the row.
    pub found: usize,
}

impl Default for Profile {
    fn default() -> Self {
        Self::new()
    }
}

impl Profile {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self::with_limit(DEFAULT_LIMIT)
    }

    /// Of nothing yet, to keep at most `paths` paths.
    pub fn with_limit(paths: usize) -> Self {
        Self { tree: Tree::new(paths), stack: Vec::new(), target: ROOT, objects: 0, place: Place { record: 0, nth: 0 } }
    }

    /// Records that were observed.
    pub fn records(&self) -> u64 {
        self.tree.root().present
    }

    /// There were more paths than are kept. Which ones are kept does not depend on order.
    pub fn overflowed(&self) -> bool {
        self.tree.overflowed()
    }

    /// Paths that are kept, the root among them.
    pub fn paths(&self) -> usize {
        self.tree.len()
    }

    /// Observes one JSON payload. `position` tells where it stands in its source (the smallest one decides the order
    /// of columns); `depth` is how deep it may nest. A payload that is malformed leaves no trace.
    pub fn observe_json(&mut self, position: u64, payload: &[u8], depth: usize) -> Result<(), json::Error> {
        json::validate(payload, depth)?;
        self.begin_record(position);
        let result = json::walk(payload, depth, self);
        self.end_record();
        result
    }

    /// Observes one row of delimited text. One empty field more than there are columns is taken for a delimiter at
    /// the end of the row.
    pub fn observe_row<'f, N: AsRef<str>>(
        &mut self,
        position: u64,
        columns: &[N],
        fields: &[Text<'f>],
    ) -> Result<(), RowLength> {
        let surplus = fields.get(columns.len()..);
        if !surplus.is_some_and(|s| matches!(s, []) || matches!(s, [last] if last.raw.is_empty())) {
            return Err(RowLength { expected: columns.len(), found: fields.len() });
        }
        self.begin_record(position);
        self.begin_object();
        for (name, field) in columns.iter().zip(fields) {
            self.member(name.as_ref());
            self.string(*field);
        }
        self.end_object();
        self.end_record();
        Ok(())
    }

    /// A record starts; its position in the source decides the order of columns.
    pub fn begin_record(&mut self, position: u64) {
        self.stack.clear();
        self.target = ROOT;
        self.place = Place { record: position, nth: 0 };
        if let Some(root) = self.tree.get_mut(ROOT) {
            root.present += 1;
            root.first = root.first.min(self.place);
        }
    }

    /// The record ends.
    pub fn end_record(&mut self) {
        self.stack.clear();
        self.target = ROOT;
    }

    /// Adds what another profile observed.
    pub fn merge(&mut self, other: &Profile) {
        self.end_record();
        self.tree.merge(&other.tree);
    }

    pub(crate) fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Notes a value of a kind in the array that it is in, and gives its node.
    fn value(&mut self, kind: Kind) -> Option<&mut Node> {
        if let Some(frame) = self.stack.last_mut()
            && frame.array
        {
            frame.elements += 1;
            frame.solid |= !matches!(kind, Kind::Null | Kind::Array);
        }
        self.tree.get_mut(self.target)
    }

    fn begin(&mut self, array: bool) {
        let kind = if array { Kind::Array } else { Kind::Object };
        if let Some(node) = self.value(kind) {
            node.add(kind);
        }
        let node = self.target;
        let owner = match self.stack.last() {
            _ if node != NOWHERE => node,
            Some(frame) => frame.owner,
            None => ROOT,
        };
        self.objects += 1;
        self.stack.push(Frame { node, owner, array, last: None, object: self.objects, elements: 0, solid: false });
        if array {
            self.target = self.tree.items(node).unwrap_or(NOWHERE);
            self.keep_small();
        }
    }

    /// The next value belongs to this member of the innermost object.
    fn member(&mut self, name: &str) {
        let Some(frame) = self.stack.last() else {
            return;
        };
        let parent = frame.node;
        let expected = self.expected(parent, frame.last);
        if let Some((slot, member)) = expected
            && *member.name == *name
        {
            self.enter(slot);
            return;
        }
        let before = self.tree.len();
        match self.tree.member(parent, name) {
            Some(slot) => {
                self.expect(slot);
                self.enter(slot);
                if self.tree.len() > before {
                    self.keep_small();
                }
            }
            None => {
                self.target = NOWHERE;
                self.place.nth = self.place.nth.saturating_add(1);
                if let Some(node) = self.tree.get_mut(parent) {
                    node.unkept += 1;
                }
            }
        }
    }

    /// The member that came after `last` the last time.
    fn expected(&self, parent: u32, last: Option<u32>) -> Option<(u32, &node::Member)> {
        let members = &self.tree.get(parent)?.members;
        let slot = match last {
            None => members.expected_first,
            Some(last) => members.list.get(last as usize)?.expected_next,
        }?;
        Some((slot, members.list.get(slot as usize)?))
    }

    /// Next time, this member is expected where it stands now.
    fn expect(&mut self, slot: u32) {
        let Some(frame) = self.stack.last() else {
            return;
        };
        let Some(node) = self.tree.get_mut(frame.node) else {
            return;
        };
        match frame.last {
            None => node.members.expected_first = Some(slot),
            Some(last) => {
                if let Some(member) = node.members.list.get_mut(last as usize) {
                    member.expected_next = Some(slot);
                }
            }
        }
    }

    /// A member of the innermost object begins.
    fn enter(&mut self, slot: u32) {
        let Some(frame) = self.stack.last_mut() else {
            return;
        };
        frame.last = Some(slot);
        let object = frame.object;
        let members = self.tree.get_mut(frame.node).map(|node| &mut node.members);
        let respelled = members.as_ref().is_some_and(|members| members.is_respelled(slot, object));
        let Some(member) = members.and_then(|members| members.list.get_mut(slot as usize)) else {
            self.target = NOWHERE;
            return;
        };
        let again = member.object == object;
        member.object = object;
        self.target = member.node;
        let place = self.place;
        self.place.nth = self.place.nth.saturating_add(1);
        if let Some(node) = self.tree.get_mut(self.target) {
            if again {
                node.repeated += 1;
            } else {
                node.present += 1;
                node.respelled += u64::from(respelled);
            }
            node.first = node.first.min(place);
        }
    }

    /// Drops paths if there are too many, also from under the visit.
    fn keep_small(&mut self) {
        if !self.tree.is_too_large() {
            return;
        }
        let dropped = self.tree.prune();
        let is_dropped = |id: u32| id == NOWHERE || dropped.get(id as usize).copied().unwrap_or(false);
        let mut owner = ROOT;
        for frame in &mut self.stack {
            if is_dropped(frame.node) {
                frame.node = NOWHERE;
            } else {
                owner = frame.node;
            }
            frame.owner = owner;
            frame.last = None;
        }
        if is_dropped(self.target) {
            self.target = NOWHERE;
        }
    }
}

impl Visitor for Profile {
    fn null(&mut self) {
        if let Some(node) = self.value(Kind::Null) {
            node.add(Kind::Null);
        }
    }

    fn boolean(&mut self, _value: bool) {
        if let Some(node) = self.value(Kind::Boolean) {
            node.add(Kind::Boolean);
        }
    }

    fn number(&mut self, number: Number<'_>) {
        let decimal = Decimal::of(number);
        if let Some(node) = self.value(Kind::Integer) {
            node.add_number(number, decimal);
        } else if let Some(frame) = self.stack.last()
            && let Some(owner) = self.tree.get_mut(frame.owner)
        {
            let integer =
                matches!(number, Number::Literal { integer: true, .. } | Number::Signed(_) | Number::Unsigned(_));
            owner.unkept_inexact += u64::from(!integer && decimal.is_some_and(|d| !d.exact));
        }
    }

    fn string(&mut self, text: Text<'_>) {
        if let Some(node) = self.value(Kind::String) {
            if text.escapes == Escapes::None {
                node.add_text(text.raw, false);
            } else {
                let lone = text.escapes == Escapes::Json && has_lone_surrogate(text.raw);
                node.add_text(&text.value(), lone);
            }
        }
    }

    fn bytes(&mut self, _bytes: &[u8]) {
        if let Some(node) = self.value(Kind::Bytes) {
            node.add(Kind::Bytes);
        }
    }

    fn begin_object(&mut self) {
        self.begin(false);
    }

    fn predicted_key(&mut self, rest: &[u8]) -> usize {
        let Some(frame) = self.stack.last() else {
            return 0;
        };
        match self.expected(frame.node, frame.last) {
            Some((slot, member)) if !member.raw.is_empty() && rest.starts_with(&member.raw) => {
                let len = member.raw.len();
                self.enter(slot);
                len
            }
            _ => 0,
        }
    }

    fn key(&mut self, key: Text<'_>) {
        if key.escapes == Escapes::None {
            self.member(key.raw);
        } else {
            self.member(&key.value());
        }
    }

    fn end_object(&mut self) {
        if let Some(frame) = self.stack.pop() {
            self.target = frame.node;
            self.solid();
        }
    }

    fn begin_array(&mut self) {
        self.begin(true);
    }

    fn end_array(&mut self) {
        let Some(frame) = self.stack.pop() else {
            return;
        };
        self.target = frame.node;
        if let Some(node) = self.tree.get_mut(frame.node) {
            node.arrays.empty += u64::from(frame.elements == 0);
            node.arrays.hollow += u64::from(!frame.solid);
            node.arrays.longest = node.arrays.longest.max(frame.elements);
        }
        if frame.solid {
            self.solid();
        }
    }
}

impl Profile {
    /// The innermost array has something in it that is not null.
    fn solid(&mut self) {
        if let Some(frame) = self.stack.last_mut() {
            frame.solid = true;
        }
    }
}

/// A `\uD800` to `\uDFFF` that is no half of a pair.
pub(crate) fn has_lone_surrogate(raw: &str) -> bool {
    let unit = |at: usize| -> Option<u32> {
        let digits = raw.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(digits, 16).ok()
    };
    let mut at = 0;
    while let Some(found) = raw.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        match unit(at) {
            Some(0xd800..=0xdbff) => {
                if !matches!(unit(at + 6), Some(0xdc00..=0xdfff)) {
                    return true;
                }
                at += 12;
            }
            Some(0xdc00..=0xdfff) => return true,
            Some(_) => at += 6,
            None => at += 2,
        }
    }
    false
}

impl PartialEq for Profile {
    fn eq(&self, other: &Self) -> bool {
        self.tree.same(&other.tree)
    }
}

/// The statistics, members in order; equal for equal profiles, however they came to be.
impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut todo = vec![(String::from("$"), ROOT)];
        while let Some((path, id)) = todo.pop() {
            let Some(node) = self.tree.get(id) else {
                continue;
            };
            writeln!(
                f,
                "{path} {}:{} present {} repeated {} {} kinds {:?} {:?} {:?} {:?} unkept {} {}",
                node.first.record,
                node.first.nth,
                node.present,
                node.repeated,
                node.respelled,
                node.kinds,
                node.numbers,
                node.texts,
                node.arrays,
                node.unkept,
                node.unkept_inexact
            )?;
            if let Some(items) = node.items {
                todo.push((format!("{path}[]"), items));
            }
            for (name, id) in self.tree.in_order(node).into_iter().rev() {
                todo.push((format!("{path}.{name:?}"), id));
            }
        }
        Ok(())
    }
}
