//! `<table>.schema.yml` as a schema: both sets of type names, nested tables, arrays, mixed columns and tests.

use crate::catalog::document::{Members, Node, Reader, Value, parse_yaml};
use crate::catalog::env::Lookup;
use crate::catalog::error::{Error, shown};
use crate::catalog::schemas::Configured;
use crate::schema::{Column, Evidence, Field, Schema, TimestampStandard, Type};

const TABLE: [&str; 7] =
    ["name", "description", "default_value", "schema_version", "partial_schema", "columns", "tests"];
const FIELD: [&str; 8] = ["name", "description", "default_value", "type", "columns", "tests", "cardinality", "mixed"];

/// How deep the brackets of an array type may nest.
const DEEPEST: usize = 16;

/// Reads a schema; `origin` names the file in errors.
///
/// `INTEGER` is `BIGINT`, `FLOAT` `DOUBLE`, `DATETIME` an instant in ISO 8601; `UUID` is text, `INTERVAL` a number, a
/// mixed column text, as Flink's `STRING` takes any JSON. A nested table is an array of rows, or one row where
/// `cardinality` allows no more. `not_null` is kept as `NOT NULL`: here somebody asked for it.
///
/// # Errors
/// [`Error::Invalid`] with line and column.
pub fn read(text: &str, origin: &str, env: Lookup<'_>) -> Result<Configured, Error> {
    let root = parse_yaml(text, origin)?;
    let reader = Reader { origin, env };
    let mut table = reader.members(&root, "the schema")?;
    let at = table.at;
    if table.has("datasets") {
        return Err(reader.error(
            at,
            "this is a schema of several data sets, as they were before 2023",
            "write a file for each table: <table>.schema.yml",
        ));
    }
    let name = table.take_text("name")?;
    table.take("description");
    table.take("default_value");
    table.take("tests");
    if let Some(node) = table.take("schema_version") {
        let version = reader.text(node, "schema_version")?;
        if version != "1" {
            let what = format!("`schema_version` is \"{}\"", shown(&version));
            return Err(reader.error(node.at, what, "only version \"1\" is known"));
        }
    }
    let partial = match table.take("partial_schema") {
        None => true,
        Some(Node { value: Value::Bool(partial), .. }) => *partial,
        Some(node) => {
            return Err(reader.error(
                node.at,
                format!("`partial_schema` is {}", node.value.kind()),
                "it must be true or false",
            ));
        }
    };
    let mut configured = Configured { partial, name, ..Configured::default() };
    let Some(columns) = table.take("columns") else {
        return Err(reader.error(
            at,
            "the schema has no `columns`",
            "list them: - name: \"id\" and below it type: \"INTEGER\"",
        ));
    };
    for (field, notes) in fields(reader, columns, 0)? {
        configured.schema.columns.push(Column { field, evidence: Evidence::default(), notes });
    }
    configured.schema.timestamps = has_instant(&configured.schema).then_some(TimestampStandard::Iso8601);
    table.finish(&TABLE)?;
    Ok(configured)
}

fn has_instant(schema: &Schema) -> bool {
    fn inside(ty: &Type) -> bool {
        match ty {
            Type::Timestamp | Type::TimestampLtz => true,
            Type::Array(item) | Type::Map(item) => inside(item),
            Type::Row(fields) => fields.iter().any(|field| inside(&field.ty)),
            _ => false,
        }
    }
    schema.columns.iter().any(|column| inside(&column.field.ty))
}

/// The columns of a table, outer or nested, with what is to be said about each.
fn fields(reader: Reader<'_>, node: &Node, depth: usize) -> Result<Vec<(Field, Vec<String>)>, Error> {
    let Value::List(items) = &node.value else {
        return Err(reader.error(
            node.at,
            format!("`columns` is {}", node.value.kind()),
            "it must be a list: - name: \"id\" ...",
        ));
    };
    if items.is_empty() {
        return Err(reader.error(node.at, "`columns` is empty", "a table has at least one column"));
    }
    let mut all: Vec<(Field, Vec<String>)> = Vec::with_capacity(items.len());
    for item in items {
        let mut members = reader.members(item, "the column")?;
        let Some(name) = members.take_raw("name")? else {
            return Err(reader.error(
                item.at,
                "a column has no `name`",
                "add name: \"...\", the exact key in the data",
            ));
        };
        if all.iter().any(|(other, _)| other.name == name) {
            return Err(reader.error(
                item.at,
                format!("there are two columns `{}`", shown(&name)),
                "give each a name of its own",
            ));
        }
        all.push(field(reader, members, name, depth)?);
    }
    Ok(all)
}

fn field(
    reader: Reader<'_>,
    mut members: Members<'_>,
    name: String,
    depth: usize,
) -> Result<(Field, Vec<String>), Error> {
    let at = members.at;
    let mut notes = Vec::new();
    members.take("description");
    members.take("default_value");
    let tests = members.take("tests").map(|node| Tests::read(&reader, node)).transpose()?.unwrap_or_default();
    let most = members.take("cardinality").map(|node| most_rows(reader, node)).transpose()?.flatten();
    let (ty, columns, mixed) = (members.take("type"), members.take("columns"), members.take("mixed"));
    members.finish(&FIELD)?;
    let mut nullable = !tests.not_null;
    let ty = match (mixed, columns, ty) {
        (Some(mixed), ..) => {
            notes.push(format!("values of several types: {}", variants(&reader, mixed)?.join(", ")));
            nullable = true;
            Type::String
        }
        (None, Some(columns), ignored) => {
            if ignored.is_some() {
                notes.push("a nested table: its `type` is ignored".into());
            }
            let row = Type::Row(fields(reader, columns, depth + 1)?.into_iter().map(|(field, _)| field).collect());
            // The misspelt test was written for single objects only.
            let single = tests.cardinality_misspelt || tests.most.or(most).is_some_and(|most| most <= 1);
            if single { row } else { Type::Array(Box::new(row)) }
        }
        (None, None, Some(node)) => {
            let text = reader.text(node, "type")?;
            let Some((ty, note)) = named(text.trim(), 0) else {
                let what = format!("the type `{}` of column `{}` is not known", shown(&text), shown(&name));
                return Err(reader.error(
                    node.at,
                    what,
                    "types are INTEGER, FLOAT, BOOLEAN, DATETIME, STRING, UUID; an array of them is \"[INTEGER]\"",
                ));
            };
            notes.extend(note.map(str::to_owned));
            ty
        }
        (None, None, None) => {
            let what = format!("column `{}` has no type", shown(&name));
            return Err(reader.error(at, what, "give it one of `type`, `columns` and `mixed`"));
        }
    };
    Ok((Field { name, ty, nullable }, notes))
}

/// The type of this name, and what is to be said about it.
fn named(text: &str, depth: usize) -> Option<(Type, Option<&'static str>)> {
    if depth > DEEPEST {
        return None;
    }
    if let Some(item) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        return named(item.trim(), depth + 1).map(|(ty, note)| (Type::Array(Box::new(ty)), note));
    }
    Some(match text.to_ascii_uppercase().as_str() {
        "INTEGER" | "BIGINT" => (Type::BigInt, None),
        "FLOAT" | "DOUBLE" => (Type::Double, None),
        "BOOLEAN" => (Type::Boolean, None),
        "DATETIME" | "TIMESTAMP" => (Type::TimestampLtz, None),
        "STRING" => (Type::String, None),
        "UUID" => (Type::String, Some("a UUID")),
        "INTERVAL" => (Type::BigInt, Some("an interval, in milliseconds")),
        _ => return None,
    })
}

/// The variants of a mixed column: a map of them, or, as the documentation has it, a list of maps.
fn variants(reader: &Reader<'_>, node: &Node) -> Result<Vec<String>, Error> {
    let maps: Vec<&Node> = match &node.value {
        Value::List(items) => items.iter().collect(),
        _ => vec![node],
    };
    let mut names = Vec::new();
    for map in maps {
        for variant in reader.members(map, "`mixed`")?.rest() {
            let mut members = reader.members(&variant.node, "the variant")?;
            for key in ["name", "description", "default_value", "tests", "cardinality"] {
                members.take(key);
            }
            match (members.take("columns"), members.take("type")) {
                (Some(columns), _) => {
                    fields(*reader, columns, 1)?;
                    names.push(format!("{} (a nested table)", variant.name));
                }
                (None, Some(ty)) => {
                    let text = reader.text(ty, "type")?;
                    if named(text.trim(), 0).is_none() {
                        return Err(reader.error(
                            ty.at,
                            format!("the type `{}` is not known", shown(&text)),
                            "types are INTEGER, FLOAT, BOOLEAN, DATETIME, STRING, UUID",
                        ));
                    }
                    names.push(format!("{} ({text})", variant.name));
                }
                (None, None) => {
                    let what = format!("the variant `{}` has no type", shown(&variant.name));
                    return Err(reader.error(variant.at, what, "give it `type` or `columns`"));
                }
            }
            members.finish(&FIELD)?;
        }
    }
    if names.is_empty() {
        return Err(reader.error(node.at, "`mixed` has no variants", "write a name and a type for each"));
    }
    Ok(names)
}

/// What the tests of a column say that matters here.
#[derive(Default)]
struct Tests {
    not_null: bool,
    cardinality_misspelt: bool,
    most: Option<u64>,
}

impl Tests {
    /// Tests are names, or names with parameters; one that is not known is ignored, as it always was.
    fn read(reader: &Reader<'_>, node: &Node) -> Result<Tests, Error> {
        let mut tests = Tests::default();
        let items = match &node.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        for item in items {
            match &item.value {
                Value::Object(members) => {
                    for member in members {
                        match member.name.as_str() {
                            "cardinality" | "cardianlity" => tests.most = most_rows(*reader, &member.node)?,
                            "not_null" => tests.not_null = true,
                            _ => {}
                        }
                    }
                }
                _ => match reader.text(item, "tests")?.as_str() {
                    "not_null" => tests.not_null = true,
                    "cardianlity" => tests.cardinality_misspelt = true,
                    _ => {}
                },
            }
        }
        Ok(tests)
    }
}

/// `{min: 0, max: 1}`: the greater of the two.
fn most_rows(reader: Reader<'_>, node: &Node) -> Result<Option<u64>, Error> {
    let mut members = reader.members(node, "`cardinality`")?;
    members.take("min");
    let Some(max) = members.take("max") else { return Ok(None) };
    match reader.text(max, "max")?.parse() {
        Ok(most) => Ok(Some(most)),
        Err(_) => Err(reader.error(max.at, "`max` is no number", "write how many rows there may be at most")),
    }
}
