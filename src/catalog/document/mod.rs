//! A file's content as a tree whose nodes know their place, so that each complaint can name line and column.

mod json;
mod members;
mod yaml;

pub(crate) use json::parse as parse_json;
pub(crate) use members::{Members, Reader, nearest, unknown};
pub(crate) use yaml::parse as parse_yaml;

use crate::catalog::error::Position;

/// How deep lists and objects of a configuration may nest: tables of a classic schema, of which each takes two levels,
/// nest 64 deep.
const DEEPEST: usize = 160;

/// A value and where it starts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) at: Position,
}

/// A value of JSON, or of the part of YAML that JSON has.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// As written.
    Number(String),
    String(String),
    List(Vec<Node>),
    Object(Vec<Member>),
}

/// A name and its value in an object; names are unique in it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) at: Position,
    pub(crate) node: Node,
}

impl Value {
    /// What it is, for a message.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
        }
    }
}
