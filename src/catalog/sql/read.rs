//! A `.table.sql` as tables: our own, and what people write.

use std::collections::{BTreeMap, HashSet};

use super::lead::Lead;
use super::statement::{ColumnKind, Statement, statements};
use super::write::BETWEEN_NOTES;
use crate::catalog::error::{Error, Position, shown};
use crate::catalog::system::is_kafka_connector;
use crate::catalog::table::COMMITTED;
use crate::catalog::{Clauses, Derived, Encoding, Origin, Role, Table, Watermark};
use crate::format::csv::{Dialect, Header};
use crate::schema::{Column, Evidence, Field, Schema, TimestampStandard, Type};

/// The definitions of a file, read but not yet understood.
pub(crate) struct Parsed<'a> {
    text: &'a str,
    origin: &'a str,
    statements: Vec<Statement<'a>>,
}

/// Reads the tables of a `.table.sql`; `origin` names the file in errors.
///
/// What [`write`](super::write()) wrote reads back as the same table, but for each column's evidence, which is not in
/// the file. Whatever Flink accepts in a `CREATE TABLE` for its Kafka connector is read; what means nothing to us
/// stands in the table's [`Clauses`].
///
/// # Errors
/// [`Error::Invalid`] with line and column: for what is no `CREATE TABLE`, for a connector other than Kafka's, for a
/// format that is not supported.
pub fn read(text: &str, origin: &str) -> Result<Vec<Table>, Error> {
    let parsed = parse(text, origin)?;
    parsed.statements.iter().map(|statement| parsed.table(statement)).collect()
}

/// Reads the syntax alone.
pub(crate) fn parse<'a>(text: &'a str, origin: &'a str) -> Result<Parsed<'a>, Error> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    match statements(body) {
        Ok((_, statements)) => Ok(Parsed { text: body, origin, statements }),
        Err(nom::Err::Error(e) | nom::Err::Failure(e)) => {
            let at = Position::of(body, body.len().saturating_sub(e.rest.len()));
            let found = match e.rest.split_whitespace().next() {
                None => "the file ends".into(),
                Some(word) => format!("there is `{}`", shown(&word.chars().take(20).collect::<String>())),
            };
            let what = if e.what.is_empty() { "something else" } else { e.what };
            Err(Error::invalid(
                origin,
                at,
                format!("{found} where {what} should be"),
                "the file must hold CREATE TABLE statements as Flink SQL has them",
            ))
        }
        Err(nom::Err::Incomplete(_)) => Err(Error::invalid(origin, None, "the file is incomplete", "")),
    }
}

impl<'a> Parsed<'a> {
    pub(crate) fn statements(&self) -> &[Statement<'a>] {
        &self.statements
    }

    /// Whether the table is one of Kafka's.
    pub(crate) fn is_kafka(&self, statement: &Statement<'_>) -> bool {
        statement.options.iter().any(|(_, key, value)| key == "connector" && is_kafka_connector(value))
    }

    fn error(&self, rest: &str, what: impl Into<String>, advice: impl Into<String>) -> Error {
        let at = Position::of(self.text, self.text.len().saturating_sub(rest.len()));
        Error::invalid(self.origin, at, what, advice)
    }

    /// The columns in the payload, and the types that are not ours, by column.
    pub(crate) fn schema(&self, statement: &Statement<'_>) -> Result<(Schema, BTreeMap<String, String>), Error> {
        let mut schema = Schema::default();
        let mut declared_types = BTreeMap::new();
        let mut names = HashSet::new();
        for column in &statement.columns {
            if !names.insert(column.name.as_str()) {
                return Err(self.error(
                    column.at,
                    format!("there are two columns `{}`", shown(&column.name)),
                    "give each a name of its own",
                ));
            }
            let ColumnKind::Physical { declared } = &column.kind else { continue };
            if !declared.exact {
                declared_types.insert(column.name.clone(), declared.text.to_owned());
            }
            let notes = column.comment.iter().flat_map(|c| c.split(BETWEEN_NOTES)).map(str::to_owned).collect();
            schema.columns.push(Column {
                field: Field { name: column.name.clone(), ty: declared.ty.clone(), nullable: declared.nullable },
                evidence: Evidence::default(),
                notes,
            });
        }
        Ok((schema, declared_types))
    }

    pub(crate) fn table(&self, statement: &Statement<'_>) -> Result<Table, Error> {
        let lead = Lead::read(statement.before);
        let mut options: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
        for (at, key, value) in &statement.options {
            if options.insert(key, (at, value)).is_some() {
                return Err(self.error(
                    at,
                    format!("the option '{}' is given twice", shown(key)),
                    "remove one of the two",
                ));
            }
        }
        let (mut schema, declared) = self.schema(statement)?;
        let (connector_at, connector) = self.need(&mut options, statement, "connector", "'connector' = 'kafka'")?;
        if !is_kafka_connector(connector) {
            let what = format!("the connector is '{}', not Kafka's", shown(connector));
            return Err(self
                .error(connector_at, what, "topica reads tables of 'connector' = 'kafka' only")
                .not_kafka());
        }
        let (topic_at, topic) = self.need(&mut options, statement, "topic", "'topic' = '...'")?;
        if topic.contains(';') {
            return Err(self.error(topic_at, "the table has several topics", "write a table for each"));
        }
        let (_, servers) = self.need(
            &mut options,
            statement,
            "properties.bootstrap.servers",
            "'properties.bootstrap.servers' = 'HOST:9092'",
        )?;
        let Layout { encoding, key: format_key, format, skip_misfits, empty_is_null, timestamps } =
            self.layout(statement, &mut options, &lead)?;
        schema.timestamps = schema.columns.iter().any(|column| has_timestamp(&column.field.ty)).then_some(timestamps);
        if encoding == Encoding::Raw && schema.columns.len() != 1 {
            return Err(self.error(
                statement.name_at,
                "a table of format raw has one column",
                "declare one: STRING for text, BYTES for anything",
            ));
        }
        let role = match &lead.role {
            // Flink's tables are read and written.
            None => Role::SourceAndSink,
            Some(role) => Role::of_name(role).ok_or_else(|| {
                self.error(
                    statement.name_at,
                    format!("`-- topica: role: {}` is no role", shown(role)),
                    "it must be source, sink or source_and_sink",
                )
            })?,
        };
        let mut properties = BTreeMap::new();
        let mut clauses = Clauses {
            derived: Vec::new(),
            watermark: statement
                .watermark
                .as_ref()
                .map(|(column, expression)| Watermark { column: column.clone(), expression: (*expression).to_owned() }),
            primary_key: statement.primary_key.clone(),
            declared,
            options: BTreeMap::new(),
            like: statement.like.clone(),
            comment: statement.comment.clone(),
        };
        for (key, (_, value)) in options {
            match key.strip_prefix("properties.") {
                // It is part of every definition of topica's own.
                Some(_) if (key, value) == COMMITTED => clauses.options.insert(key.to_owned(), value.to_owned()),
                Some(key) => properties.insert(key.to_owned(), value.to_owned()),
                None => clauses.options.insert(key.to_owned(), value.to_owned()),
            };
        }
        if connector != "kafka" {
            clauses.options.insert("connector".into(), connector.to_owned());
        }
        if format_key != "format" || !matches!(format, "json" | "csv" | "raw") {
            clauses.options.insert(format_key.into(), format.to_owned());
        }
        for column in &statement.columns {
            let from = match &column.kind {
                ColumnKind::Physical { .. } => continue,
                ColumnKind::Computed(expression) => Origin::Expression((*expression).to_owned()),
                ColumnKind::Metadata { declared, key, only_read } => {
                    let null = if declared.nullable { "" } else { " NOT NULL" };
                    Origin::Metadata { ty: format!("{}{null}", declared.text), key: key.clone(), only_read: *only_read }
                }
            };
            clauses.derived.push(Derived { name: column.name.clone(), from, comment: column.comment.clone() });
        }
        let standard = clauses == Clauses::standard(&schema, role);
        Ok(Table {
            name: statement.name.clone(),
            topic: topic.to_owned(),
            role,
            servers: servers.to_owned(),
            properties,
            encoding,
            schema,
            skip_misfits,
            empty_is_null,
            remarks: lead.notes,
            clauses: (!standard).then(|| Box::new(clauses)),
        })
    }

    /// Takes an option that must be there.
    fn need<'o>(
        &self,
        options: &mut BTreeMap<&str, (&'o str, &'o str)>,
        statement: &Statement<'_>,
        key: &str,
        example: &str,
    ) -> Result<(&'o str, &'o str), Error> {
        options.remove(key).filter(|(_, value)| !value.trim().is_empty()).ok_or_else(|| {
            let what = format!("the table `{}` has no option '{key}'", shown(&statement.name));
            self.error(statement.name_at, what, format!("add {example} to its WITH clause"))
        })
    }

    /// How rows lie in values, by `format` and that format's options.
    fn layout<'o>(
        &self,
        statement: &Statement<'_>,
        options: &mut BTreeMap<&str, (&'o str, &'o str)>,
        lead: &Lead,
    ) -> Result<Layout<'o>, Error> {
        let (key, (at, format)) = match (options.remove("format"), options.remove("value.format")) {
            (Some(found), None) => ("format", found),
            (None, Some(found)) => ("value.format", found),
            (Some(_), Some((at, _))) => {
                return Err(self.error(
                    at,
                    "there are both 'format' and 'value.format'",
                    "they mean the same: remove one",
                ));
            }
            (None, None) => {
                let what = format!("the table `{}` has no option 'format'", shown(&statement.name));
                return Err(self.error(
                    statement.name_at,
                    what,
                    "add 'format' = 'json' (or csv, or raw) to its WITH clause",
                ));
            }
        };
        let prefix = format!("{}{format}", key.strip_suffix("format").unwrap_or_default());
        let mut option = |name: &str| options.remove(format!("{prefix}.{name}").as_str());
        let is_true =
            |option: Option<(&str, &str)>| option.is_some_and(|(_, value)| value.trim().eq_ignore_ascii_case("true"));
        let mut layout = Layout {
            encoding: Encoding::Raw,
            key,
            format,
            skip_misfits: false,
            empty_is_null: false,
            timestamps: TimestampStandard::Sql,
        };
        match format {
            "raw" => {}
            "json" | "flexible-json" => {
                layout.encoding = Encoding::Json;
                layout.skip_misfits = is_true(option("ignore-parse-errors"));
                layout.timestamps = match option("timestamp-format.standard") {
                    Some((_, standard)) if standard.eq_ignore_ascii_case("SQL") => TimestampStandard::Sql,
                    Some(_) => TimestampStandard::Iso8601,
                    // Flink's default; DataSQRL's own format reads the other.
                    None if format == "json" => TimestampStandard::Sql,
                    None => TimestampStandard::Iso8601,
                };
            }
            "csv" | "flexible-csv" => {
                let mut one = |name: &str| -> Result<Option<char>, Error> {
                    let Some((at, text)) = option(name) else { return Ok(None) };
                    one_character(text).map(Some).ok_or_else(|| {
                        self.error(
                            at,
                            format!("'{}' is no single character", shown(text)),
                            "write one character; a tab is '\\t'",
                        )
                    })
                };
                let delimiter = one("field-delimiter")?.unwrap_or(',');
                let quote = one("quote-character")?.unwrap_or('"');
                let escape = one("escape-character")?;
                let no_quote = is_true(option("disable-quote-character"));
                let comments = is_true(option("allow-comments"));
                let null = option("null-literal");
                layout.empty_is_null = null.is_some_and(|(_, text)| text.is_empty());
                if let Some((at, _)) = null.filter(|(_, text)| !text.is_empty()) {
                    return Err(self.error(
                        at,
                        "a null literal that is not empty",
                        "topica reads an empty field as null, or none",
                    ));
                }
                // A format of DataSQRL's: it skips the header row unless told otherwise.
                let skips_header =
                    format == "flexible-csv" && option("skip-header").is_none_or(|(_, value)| value != "false");
                let ignores = is_true(option("ignore-parse-errors"));
                let header = match lead.header.as_deref() {
                    Some("in-stream") => Header::InStream,
                    Some("none") => Header::None,
                    None if skips_header => Header::InStream,
                    _ => Header::Given,
                };
                // Our own definitions ignore parse errors for the header row's sake alone.
                let header_alone = lead.header.is_some() && header == Header::InStream;
                layout.skip_misfits = if header_alone { lead.misfits.as_deref() == Some("skip") } else { ignores };
                let comment = lead.comment_prefix.clone().or_else(|| comments.then(|| "#".to_owned()));
                layout.encoding =
                    Encoding::Csv(Dialect { delimiter, quote: (!no_quote).then_some(quote), escape, comment, header });
            }
            other => {
                let what = format!("the format '{}' is not supported", shown(other));
                return Err(self.error(at, what, "json, csv and raw are"));
            }
        }
        Ok(layout)
    }
}

/// How rows lie in values, and the option that says so.
struct Layout<'o> {
    encoding: Encoding,
    key: &'static str,
    format: &'o str,
    skip_misfits: bool,
    empty_is_null: bool,
    timestamps: TimestampStandard,
}

/// Whether there is a timestamp in values of this type.
fn has_timestamp(ty: &Type) -> bool {
    match ty {
        Type::Timestamp | Type::TimestampLtz => true,
        Type::Array(item) | Type::Map(item) => has_timestamp(item),
        Type::Row(fields) => fields.iter().any(|field| has_timestamp(&field.ty)),
        _ => false,
    }
}

/// One character, or one of Java's escapes for it.
fn one_character(text: &str) -> Option<char> {
    let mut chars = text.chars();
    let first = chars.next()?;
    if chars.as_str().is_empty() {
        return Some(first);
    }
    match text.strip_prefix('\\')? {
        "t" => Some('\t'),
        "n" => Some('\n'),
        "r" => Some('\r'),
        "b" => Some('\u{8}'),
        "f" => Some('\u{c}'),
        "\\" => Some('\\'),
        "\"" => Some('"'),
        "'" => Some('\''),
        code => {
            let code = code.strip_prefix('u').filter(|hex| hex.len() == 4)?;
            char::from_u32(u32::from_str_radix(code, 16).ok()?)
        }
    }
}
