//! Taking an object apart: each setting once, by name, in the type that it must have; what is left over is an error.

use super::{Member, Node, Value};
use crate::catalog::env::{self, Lookup};
use crate::catalog::error::{Error, Position, shown};

/// What is needed to read settings out of one file.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    /// The file's name, for errors.
    pub(crate) origin: &'a str,
    /// Where `${VAR}` is looked up.
    pub(crate) env: Lookup<'a>,
}

/// The members of an object that nobody has asked for yet.
pub(crate) struct Members<'a> {
    reader: Reader<'a>,
    /// What the object is, for errors: `connector`.
    name: &'a str,
    pub(crate) at: Position,
    left: Vec<&'a Member>,
}

impl<'a> Reader<'a> {
    pub(crate) fn error(&self, at: Position, what: impl Into<String>, advice: impl Into<String>) -> Error {
        Error::invalid(self.origin, at, what, advice)
    }

    pub(crate) fn members(self, node: &'a Node, name: &'a str) -> Result<Members<'a>, Error> {
        match &node.value {
            Value::Object(members) => Ok(Members { reader: self, name, at: node.at, left: members.iter().collect() }),
            other => Err(self.error(node.at, format!("{name} is {}", other.kind()), "it must be an object: { ... }")),
        }
    }

    /// A text as it stands; numbers and booleans count as text.
    pub(crate) fn raw(&self, node: &Node, name: &str) -> Result<String, Error> {
        match &node.value {
            Value::String(text) | Value::Number(text) => Ok(text.clone()),
            Value::Bool(b) => Ok(b.to_string()),
            other => {
                Err(self.error(node.at, format!("`{name}` is {}", other.kind()), "it must be a text in double quotes"))
            }
        }
    }

    /// A text with its `${VAR}`s replaced.
    pub(crate) fn text(&self, node: &Node, name: &str) -> Result<String, Error> {
        env::expand(&self.raw(node, name)?, &format!("{}:{}: `{name}`", self.origin, node.at), self.env)
    }

    /// A list of texts as they stand; one text is a list of one.
    pub(crate) fn raw_list(&self, node: &Node, name: &str) -> Result<Vec<String>, Error> {
        match &node.value {
            Value::List(items) => items.iter().map(|item| self.raw(item, name)).collect(),
            _ => Ok(vec![self.raw(node, name)?]),
        }
    }
}

impl<'a> Members<'a> {
    /// Takes a member; one that is `null` counts as absent.
    pub(crate) fn take(&mut self, name: &str) -> Option<&'a Node> {
        let index = self.left.iter().position(|m| m.name == name)?;
        Some(&self.left.remove(index).node).filter(|node| node.value != Value::Null)
    }

    /// Whether a member is still there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.left.iter().any(|m| m.name == name)
    }

    pub(crate) fn take_text(&mut self, name: &str) -> Result<Option<String>, Error> {
        self.take(name).map(|node| self.reader.text(node, name)).transpose()
    }

    /// A text that is not to be changed: what stands in the data has no variables.
    pub(crate) fn take_raw(&mut self, name: &str) -> Result<Option<String>, Error> {
        self.take(name).map(|node| self.reader.raw(node, name)).transpose()
    }

    /// All that is left.
    pub(crate) fn rest(self) -> Vec<&'a Member> {
        self.left
    }

    /// Complains about what is left, naming the nearest of the names that would have been known.
    pub(crate) fn finish(self, known: &[&str]) -> Result<(), Error> {
        match self.left.first() {
            None => Ok(()),
            Some(member) => Err(unknown(&self.reader, member, self.name, known)),
        }
    }
}

/// The error for a setting that nobody knows.
pub(crate) fn unknown(reader: &Reader<'_>, member: &Member, of: &str, known: &[&str]) -> Error {
    let advice = match nearest(&member.name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are: {}", known.join(", ")),
    };
    reader.error(member.at, format!("{of} has no setting `{}`", shown(&member.name)), advice)
}

/// The known name that is nearest to what was written, if one is near enough to be what was meant.
pub(crate) fn nearest<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    let written: Vec<char> = written.to_lowercase().chars().filter(|c| c.is_alphanumeric()).take(64).collect();
    known
        .iter()
        .map(|&name| {
            let plain: Vec<char> = name.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
            (distance(&written, &plain), name)
        })
        .filter(|&(distance, name)| distance <= name.len().div_ceil(3).min(3))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

/// How many insertions, deletions and replacements turn one word into the other (Levenshtein).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (y, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let replaced = diagonal + usize::from(x != y);
            diagonal = *cell;
            left = replaced.min(*cell + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(a.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found() {
        let known = ["systemType", "servers", "topicPrefix", "bootstrap.servers"];
        assert_eq!(nearest("topicPrefx", &known), Some("topicPrefix"));
        assert_eq!(nearest("topic_prefix", &known), Some("topicPrefix"));
        assert_eq!(nearest("server", &known), Some("servers"));
        assert_eq!(nearest("bootstrap-servers", &known), Some("bootstrap.servers"));
        assert_eq!(nearest("acks", &known), None);
        assert_eq!(nearest("", &known), None);
    }
}
