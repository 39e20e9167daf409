//! `<table>.avsc`: an Avro record's schema as a table's (<https://avro.apache.org/docs/1.12.0/specification/>).

use std::collections::HashMap;

use crate::catalog::document::{Node, Reader, Value, parse_json};
use crate::catalog::env;
use crate::catalog::error::{Error, shown};
use crate::catalog::schemas::Configured;
use crate::schema::{Column, Evidence, Field, Schema, TimestampStandard, Type};

/// How many types a schema may have, each use of a named one counted with all that is in it.
const MOST_TYPES: usize = 10_000;

/// Reads a schema; `origin` names the file in errors.
///
/// A union of null and one other type is a nullable column; a field of any other type is `NOT NULL`, as it says.
/// Logical types: timestamps are instants, local timestamps wall clocks, `date`, `decimal` and `uuid` what they are.
///
/// # Errors
/// [`Error::Invalid`] with line and column, naming the field, for what a table cannot have: a union of more than one
/// type beside null, a type inside itself, a time of day.
pub fn read(text: &str, origin: &str) -> Result<Configured, Error> {
    let root = parse_json(text, origin)?;
    let mut names =
        Names { reader: Reader { origin, env: &env::process }, named: HashMap::new(), open: Vec::new(), types: 0 };
    let Ok(Type::Row(fields)) = names.ty(&root, "the schema", "").map(|found| found.0) else {
        names.types = 0;
        // The error of the schema itself, if it has one, says more.
        names.named.clear();
        names.open.clear();
        names.ty(&root, "the schema", "")?;
        return Err(names.reader.error(
            root.at,
            "the schema is no record",
            "a table's schema is { \"type\": \"record\", ... }",
        ));
    };
    let name = member(&root, "name").and_then(|node| match &node.value {
        Value::String(name) => name.rsplit('.').next().map(str::to_owned),
        _ => None,
    });
    let columns: Vec<Column> =
        fields.into_iter().map(|field| Column { field, evidence: Evidence::default(), notes: Vec::new() }).collect();
    let schema = Schema { columns, timestamps: Some(TimestampStandard::Iso8601) };
    Ok(Configured { name, schema, partial: false, ..Configured::default() })
}

fn member<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    match &node.value {
        Value::Object(members) => members.iter().find(|m| m.name == name).map(|m| &m.node),
        _ => None,
    }
}

struct Names<'a> {
    reader: Reader<'a>,
    /// By full name.
    named: HashMap<String, Named>,
    /// The records that we are in.
    open: Vec<String>,
    types: usize,
}

struct Named {
    ty: Type,
    types: usize,
}

impl Names<'_> {
    fn error<T>(&self, node: &Node, field: &str, what: &str, advice: &str) -> Result<T, Error> {
        Err(self.reader.error(node.at, format!("{}: {what}", shown(field)), advice))
    }

    fn count(&mut self, types: usize, node: &Node, field: &str) -> Result<(), Error> {
        self.types = self.types.saturating_add(types);
        if self.types > MOST_TYPES {
            self.error(
                node,
                field,
                "the schema has too many types",
                "no table has so many columns: is this the right file?",
            )
        } else {
            Ok(())
        }
    }

    /// A type, and whether it may be null.
    fn ty(&mut self, node: &Node, field: &str, space: &str) -> Result<(Type, bool), Error> {
        self.count(1, node, field)?;
        match &node.value {
            Value::String(name) => Ok((self.by_name(name, node, field, space)?, name == "null")),
            Value::List(variants) => {
                let is_null = |node: &&Node| matches!(&node.value, Value::String(name) if name == "null");
                let mut others = variants.iter().filter(|node| !is_null(node));
                let nullable = variants.iter().any(|node| is_null(&node));
                match (others.next(), others.next()) {
                    (Some(one), None) => Ok((self.ty(one, field, space)?.0, nullable)),
                    _ => self.error(
                        node,
                        field,
                        "a union of several types",
                        "only a union of null and one other type can be a column",
                    ),
                }
            }
            Value::Object(_) => self.complex(node, field, space),
            other => self.error(
                node,
                field,
                &format!("{} is no type", other.kind()),
                "write a type's name, a union or an object",
            ),
        }
    }

    fn by_name(&mut self, name: &str, node: &Node, field: &str, space: &str) -> Result<Type, Error> {
        if let Some(ty) = primitive(name) {
            return Ok(ty);
        }
        let full = full_name(name, None, space);
        let known = [full.as_str(), name]
            .into_iter()
            .find(|name| self.named.contains_key(*name) || self.open.iter().any(|o| o == name));
        let Some(known) = known else {
            return self.error(
                node,
                field,
                &format!("the type `{}` is not known", shown(name)),
                "define it where it is first used",
            );
        };
        match self.named.get(known).map(|named| (named.ty.clone(), named.types)) {
            Some((ty, types)) => {
                self.count(types, node, field)?;
                Ok(ty)
            }
            None => self.error(
                node,
                field,
                &format!("the type `{}` contains itself", shown(name)),
                "a table's columns cannot do that",
            ),
        }
    }

    fn complex(&mut self, node: &Node, field: &str, space: &str) -> Result<(Type, bool), Error> {
        let Some(kind_node) = member(node, "type") else {
            return self.error(node, field, "a type without `type`", "add \"type\": \"record\" or what it is");
        };
        let Value::String(kind) = &kind_node.value else {
            // { "type": { "type": "array", ... } } is as good as what is inside.
            return self.ty(kind_node, field, space);
        };
        let text = |name: &str| match member(node, name).map(|node| &node.value) {
            Some(Value::String(text)) => Some(text.as_str()),
            _ => None,
        };
        if let Some(ty) =
            text("logicalType").map(|logical| self.logical(logical, kind, node, field)).transpose()?.flatten()
        {
            if kind == "fixed" {
                self.define(node, ty.clone(), 1, space);
            }
            return Ok((ty, false));
        }
        let ty = match kind.as_str() {
            "record" | "error" => return Ok((self.record(node, field, space)?, false)),
            "enum" => {
                self.define(node, Type::String, 1, space);
                Type::String
            }
            "fixed" => {
                self.define(node, Type::Bytes, 1, space);
                Type::Bytes
            }
            "array" => match member(node, "items") {
                Some(items) => Type::Array(Box::new(self.ty(items, field, space)?.0)),
                None => return self.error(node, field, "an array without `items`", "add \"items\": and their type"),
            },
            "map" => match member(node, "values") {
                Some(values) => Type::Map(Box::new(self.ty(values, field, space)?.0)),
                None => return self.error(node, field, "a map without `values`", "add \"values\": and their type"),
            },
            name => return Ok((self.by_name(name, kind_node, field, space)?, name == "null")),
        };
        Ok((ty, false))
    }

    fn record(&mut self, node: &Node, path: &str, space: &str) -> Result<Type, Error> {
        let Some(Value::String(name)) = member(node, "name").map(|node| &node.value) else {
            return self.error(node, path, "a record without `name`", "add one");
        };
        let own_space = match member(node, "namespace").map(|node| &node.value) {
            Some(Value::String(space)) => Some(space.as_str()),
            _ => None,
        };
        let full = full_name(name, own_space, space);
        let space = full.rsplit_once('.').map_or("", |(space, _)| space).to_owned();
        let Some(Value::List(items)) = member(node, "fields").map(|node| &node.value) else {
            return self.error(node, path, "a record without a list of `fields`", "add \"fields\": [ ... ]");
        };
        let before = self.types;
        self.open.push(full.clone());
        let mut fields: Vec<Field> = Vec::with_capacity(items.len());
        for item in items {
            let Some(Value::String(name)) = member(item, "name").map(|node| &node.value) else {
                return self.error(item, path, "a field without `name`", "add one");
            };
            let path = if path == "the schema" { name.clone() } else { format!("{path}.{name}") };
            let Some(ty) = member(item, "type") else {
                return self.error(item, &path, "a field without `type`", "add one");
            };
            if fields.iter().any(|field| field.name == *name) {
                return self.error(item, &path, "a second field of this name", "give each a name of its own");
            }
            let (ty, nullable) = self.ty(ty, &path, &space)?;
            fields.push(Field { name: name.clone(), ty, nullable });
        }
        self.open.pop();
        let ty = Type::Row(fields);
        self.define(node, ty.clone(), self.types - before, &space);
        Ok(ty)
    }

    /// The type of a logical type; none where it is not known or does not fit what it annotates: it is ignored then.
    fn logical(&self, logical: &str, kind: &str, node: &Node, field: &str) -> Result<Option<Type>, Error> {
        Ok(Some(match (logical, kind) {
            ("timestamp-millis" | "timestamp-micros" | "timestamp-nanos", "long") => Type::TimestampLtz,
            ("local-timestamp-millis" | "local-timestamp-micros" | "local-timestamp-nanos", "long") => Type::Timestamp,
            ("date", "int") => Type::Date,
            ("uuid", "string" | "fixed") => Type::String,
            ("time-millis", "int") | ("time-micros", "long") => {
                return self.error(
                    node,
                    field,
                    "a time of day",
                    "no table of topica's has such a column: leave the logical type out to have its number",
                );
            }
            ("decimal", "bytes" | "fixed") => {
                let number = |name: &str| match member(node, name).map(|node| &node.value) {
                    Some(Value::Number(n)) => n.parse::<u8>().ok(),
                    _ => None,
                };
                let scale = if member(node, "scale").is_some() { number("scale") } else { Some(0) };
                match (number("precision"), scale) {
                    (Some(precision @ 1..=38), Some(scale)) if scale <= precision => Type::Decimal { precision, scale },
                    _ => {
                        return self.error(
                            node,
                            field,
                            "a decimal that SQL cannot have",
                            "its precision must be 1 to 38, its scale 0 to that",
                        );
                    }
                }
            }
            _ => return Ok(None),
        }))
    }

    fn define(&mut self, node: &Node, ty: Type, types: usize, space: &str) {
        let text = |name: &str| match member(node, name).map(|node| &node.value) {
            Some(Value::String(text)) => Some(text.as_str()),
            _ => None,
        };
        if let Some(name) = text("name") {
            self.named.insert(full_name(name, text("namespace"), space), Named { ty, types });
        }
    }
}

/// A name with its namespace: its own, the one that is given, or that of what is around it.
fn full_name(name: &str, own: Option<&str>, around: &str) -> String {
    let space = own.unwrap_or(around);
    if name.contains('.') || space.is_empty() { name.into() } else { format!("{space}.{name}") }
}

fn primitive(name: &str) -> Option<Type> {
    Some(match name {
        "boolean" => Type::Boolean,
        "int" | "long" => Type::BigInt,
        "float" | "double" => Type::Double,
        "bytes" => Type::Bytes,
        // A column that is always null can have any type.
        "string" | "null" => Type::String,
        _ => return None,
    })
}
