//! YAML 1.2, as far as it says what JSON can say. The events are a library's; the tree and its bounds are ours.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::{DEEPEST, Member, Node, Value};
use crate::catalog::Error;
use crate::catalog::error::{Position, shown};

/// How many nodes a document may have, each alias counted with all that it stands for.
const MOST_NODES: usize = 100_000;
/// How many bytes of text may stand in it, counted in the same way.
const MOST_BYTES: usize = 64 << 20;

/// Reads the one document that `text` holds; `origin` names the file in errors.
pub(crate) fn parse(text: &str, origin: &str) -> Result<Node, Error> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut tree = Tree { origin, open: Vec::new(), anchors: HashMap::new(), size: Size::default(), root: None };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|e| {
            let at = position(e.marker().line(), e.marker().col());
            Error::invalid(
                origin,
                at,
                format!("this is no YAML: {}", shown(e.info())),
                "check indentation, colons and quotes",
            )
        })?;
        tree.event(event, span)?;
    }
    tree.root.ok_or_else(|| {
        Error::invalid(origin, Position::START, "the file is empty", "write a schema into it, or remove it")
    })
}

/// The library counts lines from 1 and columns from 0.
fn position(line: usize, column: usize) -> Position {
    Position {
        line: line.try_into().unwrap_or(u32::MAX),
        column: column.saturating_add(1).try_into().unwrap_or(u32::MAX),
    }
}

struct Tree<'a> {
    origin: &'a str,
    open: Vec<Open>,
    anchors: HashMap<usize, (Node, Size)>,
    /// How much there is by now.
    size: Size,
    root: Option<Node>,
}

/// What a tree takes in memory.
#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    /// Of text.
    bytes: usize,
}

impl Size {
    const ONE: Self = Self { nodes: 1, bytes: 0 };

    /// What came since there was as much as `before`.
    fn since(self, before: Self) -> Self {
        Self { nodes: self.nodes.saturating_sub(before.nodes), bytes: self.bytes.saturating_sub(before.bytes) }
    }
}

/// A list or an object whose end has not come yet.
struct Open {
    at: Position,
    anchor: usize,
    /// How much there was when it started.
    before: Size,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Object { members: Vec<Member>, name: Option<(String, Position)> },
}

impl Tree<'_> {
    fn error(&self, at: Position, what: impl Into<String>, advice: impl Into<String>) -> Error {
        Error::invalid(self.origin, at, what, advice)
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Error> {
        let at = position(span.start.line(), span.start.col());
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) if self.root.is_some() => Err(self.error(
                at,
                "a second document starts here",
                "a schema file holds one document: remove the other",
            )),
            Event::DocumentStart(_) => Ok(()),
            Event::Scalar(text, style, anchor, tag) => {
                let bytes = text.len();
                let text_by_tag = tag.is_some_and(|tag| tag.suffix == "str");
                let value =
                    if style == ScalarStyle::Plain && !text_by_tag { plain(&text) } else { Value::String(text.into()) };
                let size = Size { nodes: 1, bytes };
                self.count(size, at)?;
                self.add(Node { value, at }, anchor, size)
            }
            Event::Alias(anchor) => {
                let Some(&(_, size)) = self.anchors.get(&anchor) else {
                    return Err(self.error(at, "this alias stands for something that contains it", "write it out"));
                };
                self.count(size, at)?;
                match self.anchors.get(&anchor) {
                    Some((node, _)) => self.add(node.clone(), 0, size),
                    None => Ok(()),
                }
            }
            Event::SequenceStart(anchor, _) => self.open(at, anchor, Content::List(Vec::new())),
            Event::MappingStart(anchor, _) => {
                self.open(at, anchor, Content::Object { members: Vec::new(), name: None })
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { at, anchor, before, content }) = self.open.pop() else { return Ok(()) };
                let value = match content {
                    Content::List(items) => Value::List(items),
                    Content::Object { members, .. } => Value::Object(members),
                };
                self.add(Node { value, at }, anchor, self.size.since(before))
            }
        }
    }

    /// An alias may be used again and again: it is what it stands for that has to be counted, before it is copied.
    fn count(&mut self, size: Size, at: Position) -> Result<(), Error> {
        self.size.nodes = self.size.nodes.saturating_add(size.nodes);
        self.size.bytes = self.size.bytes.saturating_add(size.bytes);
        let what = if self.size.nodes > MOST_NODES {
            format!("more than {MOST_NODES} values, aliases included")
        } else if self.size.bytes > MOST_BYTES {
            format!("more than {} MiB of text, aliases included", MOST_BYTES >> 20)
        } else {
            return Ok(());
        };
        Err(self.error(at, what, "no schema needs that: is this the right file?"))
    }

    fn open(&mut self, at: Position, anchor: usize, content: Content) -> Result<(), Error> {
        if self.open.len() >= DEEPEST {
            return Err(self.error(
                at,
                format!("nested more than {DEEPEST} deep"),
                "no schema needs that: is this the right file?",
            ));
        }
        let before = self.size;
        self.count(Size::ONE, at)?;
        self.open.push(Open { at, anchor, before, content });
        Ok(())
    }

    /// Puts a finished node where it belongs.
    fn add(&mut self, node: Node, anchor: usize, size: Size) -> Result<(), Error> {
        if anchor > 0 {
            // What an anchor holds is memory too, beside the place that it stands in.
            self.count(size, node.at)?;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        let origin = self.origin;
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Object { members, name }) => match name.take() {
                Some((name, at)) => members.push(Member { name, at, node }),
                None => {
                    let (Value::String(key) | Value::Number(key)) = node.value else {
                        let what = format!("{} stands where a name should be", node.value.kind());
                        return Err(Error::invalid(
                            origin,
                            node.at,
                            what,
                            "write name: value, with the name in quotes if need be",
                        ));
                    };
                    if let Some(first) = members.iter().find(|m| m.name == key) {
                        let what = format!("`{}` is given twice, first in line {}", shown(&key), first.at.line);
                        return Err(Error::invalid(origin, node.at, what, "remove one of the two"));
                    }
                    *name = Some((key, node.at));
                }
            },
        }
        Ok(())
    }
}

/// What a scalar without quotes is (the core schema, <https://yaml.org/spec/1.2.2/#103-core-schema>).
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))
            && text.parse::<f64>().is_ok() =>
        {
            Value::Number(text.into())
        }
        _ => Value::String(text.into()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn nodes_know_their_places() {
        let node = parse("---\nname: \"orders\"\ncolumns:\n- name: id\n  count: 1\n", "f").unwrap();
        let Value::Object(members) = &node.value else { panic!("{node:?}") };
        assert_eq!(members[0].node.value, Value::String("orders".into()));
        assert_eq!(members[0].node.at, Position { line: 2, column: 7 });
        let Value::List(items) = &members[1].node.value else { panic!("{node:?}") };
        let Value::Object(column) = &items[0].value else { panic!("{node:?}") };
        assert_eq!(column[1].at, Position { line: 5, column: 3 });
        assert_eq!(column[1].node.value, Value::Number("1".into()));
    }

    #[test]
    fn an_alias_stands_for_its_anchor() {
        let node = parse("a: &x [1, 2]\nb: *x\n", "f").unwrap();
        let Value::Object(members) = &node.value else { panic!("{node:?}") };
        assert_eq!(members[0].node.value, members[1].node.value);
    }

    #[test]
    fn a_bomb_of_aliases_is_refused() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..30 {
            let refs = vec![format!("*a{}", i - 1); 10].join(", ");
            bomb.push_str(&format!("a{i}: &a{i} [{refs}]\n"));
        }
        let error = parse(&bomb, "f").unwrap_err();
        assert!(error.to_string().contains("values, aliases included"), "{error}");
    }

    #[test]
    fn a_bomb_of_long_texts_is_refused() {
        let bomb = format!("a: &x {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*x"; 90_000].join(", "));
        let error = parse(&bomb, "f").unwrap_err();
        assert!(error.to_string().contains("64 MiB of text, aliases included"), "{error}");
    }

    #[test]
    fn what_is_no_schema_is_refused_with_its_place() {
        for (text, what) in [
            ("", "empty"),
            ("a: 1\na: 2\n", "f:2:1: `a` is given twice, first in line 1"),
            ("a: 1\n---\nb: 2\n", "second document"),
            ("[a, b]: 1\n", "a list stands where a name should be"),
            ("a: [1, 2\n", "no YAML"),
            ("a: &x [*x]\n", "contains it"),
            (&"[".repeat(200), "deep"),
        ] {
            let error = parse(text, "f").unwrap_err();
            assert!(error.to_string().contains(what), "{text}: {error}");
        }
    }
}
