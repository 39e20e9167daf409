//! From what was observed to a table that is written down, read back, and checked.

use crate::catalog::{Configured, Encoding, Error, Role, Table, sql};
use crate::format::csv::{Dialect, Header};
use crate::format::sniff::Verdict;
use crate::infer::check::Check;
use crate::infer::given::Given;
use crate::infer::narrow;
use crate::infer::observe::{Counts, EXAMPLES, Observer};
use crate::infer::reading::{Decision, Reading, Rows};
use crate::infer::{
    ColumnReport, FormatReport, KeyReport, Message, Reject, SampleReport, Sampled, TableReport, percent, share,
};
use crate::schema::{self, Column, Evidence, Field, Profile, ResolveOptions, Root, Schema, Type, resolve};

/// Stands in a table whose servers are not known: whoever uses it says them.
const SERVERS: &str = "${KAFKA_BOOTSTRAP_SERVERS}";

/// A table, written and checked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Inferred {
    /// The table.
    pub table: Table,
    /// What speaks for it.
    pub report: TableReport,
    /// The definition as it is to be written, in the dialect `sql`.
    pub sql: String,
    /// What was observed, for dialects that have types of their own.
    pub profile: Profile,
}

/// A table that is drawn up but not yet checked against the messages.
pub(crate) struct Draft {
    given: Given,
    decision: Decision,
    table: Table,
    profile: Profile,
    counts: Counts,
    rejects: Vec<Reject>,
    rejected: u64,
    key: Option<KeyReport>,
    format: FormatReport,
    warnings: Vec<String>,
}

impl Draft {
    /// Draws the table up.
    pub(crate) fn new(given: Given, observer: Observer, values: &Verdict, keys: Option<&Verdict>) -> Self {
        let Observer { mut decision, profile, counts, mut rejects, likely, .. } = observer;
        let mut warnings = Vec::new();
        let mut empty_is_null = false;
        let reading = decision.reading.clone();
        let (schema, encoding) = match &decision.reading {
            Reading::Json => json_table(&given, &mut decision, &profile, &counts, &mut warnings),
            Reading::Rows(rows) => {
                let rows = rows.clone();
                let (schema, encoding, nulls) =
                    csv_table(&given, &mut decision, rows, &profile, &counts, &mut warnings);
                empty_is_null = nulls;
                (schema, encoding)
            }
            Reading::Text => (one_column(Type::String, &counts), Encoding::Raw),
            Reading::Bytes => (one_column(Type::Bytes, &counts), Encoding::Raw),
        };
        let mut rejected = match decision.reading {
            Reading::Json | Reading::Rows(_) => counts.misfits + counts.not_rows + counts.empty,
            Reading::Text if reading == Reading::Text => counts.misfits,
            Reading::Text => counts.misfits + counts.empty - counts.text,
            Reading::Bytes => 0,
        };
        if reading != decision.reading && counts.fits == 0 {
            // Named one format and in another: the column takes everything, yet nothing fits what was said.
            rejected = counts.misfits;
        } else if rejected == 0 {
            rejects.clear();
        }
        let role = if given.role_is_open { Role::SourceAndSink } else { given.role };
        let mut table = Table::new(&given.table, &given.topic, role, encoding, schema);
        table.empty_is_null = empty_is_null;
        if let Some(configured) = &given.schema {
            use_configured(&mut table, configured);
        }
        if counts.headers > 0 && matches!(table.encoding, Encoding::Csv(_)) {
            decision.remarks.push(header_row(&table.schema));
        }
        table.servers = if given.servers.is_empty() { SERVERS.to_owned() } else { given.servers.clone() };
        table.properties.clone_from(&given.properties);
        table.skip_misfits |= !matches!(table.encoding, Encoding::Raw) && rejected > 0;
        let format = format_report(&decision, &counts, values);
        let key = keys.map(|verdict| KeyReport {
            format: FormatReport {
                name: verdict.format.name(),
                from: Some("bytes"),
                share: verdict.share,
                scalar: verdict.scalar.map(crate::format::sniff::Scalar::name),
                mixed: mixed(verdict),
                ..FormatReport::default()
            },
            columns: likely.map(crate::infer::likely_key::LikelyKey::into_columns).unwrap_or_default(),
        });
        Self { given, decision, table, profile, counts, rejects, rejected, key, format, warnings }
    }

    /// Writes the table, reads it back, shows it every message, and says what became of them.
    ///
    /// # Errors
    /// What was written does not read back.
    pub(crate) fn check<'m>(
        self,
        messages: impl Iterator<Item = Message<'m>>,
        sampled: Sampled,
    ) -> Result<Inferred, Error> {
        let mut check = self.begin_check()?;
        for message in messages {
            check.message(&message);
        }
        self.finish(check, sampled)
    }

    /// A check to show messages to.
    pub(crate) fn begin_check(&self) -> Result<Check, Error> {
        let written = self.written(&self.table)?;
        Ok(Check::new(&written, self.rows(), self.given.json_depth))
    }

    fn rows(&self) -> Option<Rows> {
        match &self.decision.reading {
            Reading::Rows(rows) => Some(rows.clone()),
            _ => None,
        }
    }

    /// The table as it reads back once it is written.
    fn written(&self, table: &Table) -> Result<Table, Error> {
        let text = sql::write(table);
        let mut tables = sql::read(&text, &format!("{}.table.sql", table.name))?;
        match (tables.pop(), tables.is_empty()) {
            (Some(written), true) if written.topic == table.topic && written.name == table.name => Ok(written),
            _ => Err(Error::ReadBack(format!("table `{}` reads back as another", table.name))),
        }
    }

    /// Says what the check found, and writes the table for good.
    pub(crate) fn finish(mut self, check: Check, sampled: Sampled) -> Result<Inferred, Error> {
        self.say_what_does_not_fit(&check);
        self.rejected += check.misfits + sampled.undecoded;
        self.rejects.extend(check.rejects);
        let first_undecoded =
            sampled.rejects.first().map(|r| format!(": partition {}, offset {}: {}", r.partition, r.offset, r.reason));
        self.rejects.extend(sampled.rejects);
        self.rejects.sort_by_key(|reject| (reject.partition, reject.offset));
        self.rejects.truncate(EXAMPLES);
        let records = self.counts.records + sampled.undecoded;
        if check.misfits > 0 && !matches!(self.table.encoding, Encoding::Raw) {
            self.table.skip_misfits = true;
        }
        if self.table.skip_misfits {
            self.table.remarks.push(format!(
                "{} of {records} sampled records do not fit ({}): they are skipped, or read as nulls",
                self.rejected,
                percent(share(self.rejected, records))
            ));
        }
        let mut remarks = self.decision.remarks.clone();
        remarks.append(&mut self.table.remarks);
        let told = remarks.clone();
        if let Some(key) = self.key.as_ref().filter(|key| !key.columns.is_empty()) {
            remarks.push(format!(
                "likely key: {} (equal to the record's key wherever both are there)",
                key.columns.join(", ")
            ));
        }
        self.table.remarks = remarks;
        let sql = sql::write(&self.table);
        let written = self.written(&self.table)?;
        let sample = SampleReport {
            partitions: sampled.partitions,
            records,
            bytes: self.counts.bytes,
            tombstones: self.counts.tombstones,
            rejected: self.rejected,
            complete: sampled.complete,
        };
        let mut warnings = self.given.warnings.clone();
        warnings.extend(told);
        warnings.append(&mut self.warnings);
        for column in &self.table.schema.columns {
            let name = &column.field.name;
            warnings.extend(column.notes.iter().map(|note| format!("column `{name}`: {note}")));
        }
        warnings.extend(sql::warnings(&self.table));
        warnings.extend(sampled.unread.iter().map(|unread| format!("not all was read: {unread}")));
        if sampled.undecoded > 0 {
            warnings.push(format!(
                "{} records could not be decoded{}",
                sampled.undecoded,
                first_undecoded.unwrap_or_default()
            ));
        }
        if let Some(unseen) = sample.unseen() {
            warnings.push(format!(
                "not all records were sampled: what occurs in less than {} of them may be missing here (95 % confidence)",
                percent(unseen)
            ));
        }
        let mut once = std::collections::BTreeSet::new();
        warnings.retain(|warning| once.insert(warning.clone()));
        let report = TableReport {
            table: self.table.name.clone(),
            topic: self.table.topic.clone(),
            role: self.given.role.name(),
            format: self.format,
            key: self.key,
            sample,
            columns: columns(&written, &self.table),
            warnings,
            rejects: self.rejects,
            failed: sampled.failed,
        };
        Ok(Inferred { table: self.table, report, sql, profile: self.profile })
    }

    fn say_what_does_not_fit(&mut self, check: &Check) {
        let configured = self.given.schema.is_some();
        for (path, count) in &check.places {
            let column = if path.is_empty() { "the record as a whole".to_owned() } else { format!("`{path}`") };
            let whose = if configured { "the configured schema" } else { "its column" };
            self.warnings.push(format!("{column} does not fit {whose} in {count} sampled records"));
        }
        if configured && !check.extra.is_empty() {
            let extra: Vec<String> = check.extra.iter().map(|name| format!("`{name}`")).collect();
            self.warnings.push(format!("the configured schema has no column for {}", extra.join(", ")));
        }
    }
}

/// JSON objects, unless too few values are any: then text.
fn json_table(
    given: &Given,
    decision: &mut Decision,
    profile: &Profile,
    counts: &Counts,
    warnings: &mut Vec<String>,
) -> (Schema, Encoding) {
    if counts.fits == 0 {
        decision.remarks.push(format!("no sampled value is {}", decision.format));
        decision.reading = Reading::Bytes;
        return (one_column(Type::Bytes, counts), Encoding::Raw);
    }
    if counts.not_rows > 0 && (counts.rows < counts.not_rows.saturating_mul(9)) {
        decision.remarks.push(format!(
            "{} of {} values are JSON but no objects, which Flink's json format does not read as rows",
            counts.not_rows, counts.fits
        ));
        decision.reading = Reading::Text;
        return (one_column(Type::String, counts), Encoding::Raw);
    }
    let mut options = ResolveOptions::new(schema::Encoding::Json);
    options.not_null_from_sample = given.not_null_from_sample;
    let resolved = resolve(profile, &options);
    if let Root::NotRows(what) = &resolved.root {
        warnings.push(format!("not every value is an object: {what}"));
    }
    warnings.extend(resolved.warnings);
    if resolved.schema.columns.is_empty() {
        decision.remarks.push("the objects have no members, so there are no columns".to_owned());
        decision.reading = Reading::Text;
        return (one_column(Type::String, counts), Encoding::Raw);
    }
    (resolved.schema, Encoding::Json)
}

/// Rows of delimited text; and whether an empty field is a null.
fn csv_table(
    given: &Given,
    decision: &mut Decision,
    mut rows: Rows,
    profile: &Profile,
    counts: &Counts,
    warnings: &mut Vec<String>,
) -> (Schema, Encoding, bool) {
    if counts.fits == 0 {
        decision.remarks.push(format!("no sampled value is {}", decision.format));
        decision.reading = Reading::Bytes;
        return (one_column(Type::Bytes, counts), Encoding::Raw, false);
    }
    if counts.headers > 0 {
        rows.dialect.header = Header::InStream;
    }
    if rows.dialect.header == Header::None {
        warnings.push("no row of column names was found: the columns are called c1, c2, ...".to_owned());
    }
    let mut options = ResolveOptions::new(schema::Encoding::Csv);
    options.not_null_from_sample = given.not_null_from_sample && rows.dialect.header != Header::InStream;
    let (mut schema, mut empty_is_null) = (Schema::default(), false);
    if counts.rows > 0 {
        let resolved = resolve(profile, &options);
        warnings.extend(resolved.warnings);
        (schema, empty_is_null) = (resolved.schema, resolved.empty_is_null);
    }
    if schema.columns.is_empty() {
        // Nothing but column names.
        schema.columns = rows.columns.iter().map(|name| column(name, Type::String, Evidence::default())).collect();
    }
    let dialect = rows.dialect.clone();
    decision.reading = Reading::Rows(rows);
    (schema, Encoding::Csv(dialect), empty_is_null)
}

/// What Flink makes of the row of column names, which it reads as a row like any other.
fn header_row(schema: &Schema) -> String {
    let of = |ty: Type| schema.columns.iter().filter(move |column| column.field.ty == ty);
    let (strings, booleans) = (of(Type::String).count(), of(Type::Boolean).count());
    let mut read = Vec::new();
    if booleans > 0 {
        let names: Vec<String> = of(Type::Boolean).map(|column| format!("`{}`", column.field.name)).collect();
        read.push(format!("FALSE in {}", names.join(", ")));
    }
    if strings > 0 {
        read.push("the names themselves in STRING columns".to_owned());
    }
    if strings + booleans < schema.columns.len() {
        let which = if read.is_empty() { "all" } else { "the other" };
        read.push(format!("null in {which} columns"));
    }
    format!("the row of column names in the stream reads as a row of its own: {}", read.join(", "))
}

/// Takes what is configured in place of what was inferred. How delimited text is written is in the bytes, unless a
/// whole table says it.
fn use_configured(table: &mut Table, configured: &Configured) {
    let inferred = std::mem::replace(&mut table.schema, configured.schema.clone());
    let by_place = matches!(table.encoding, Encoding::Csv(_));
    if let Encoding::Csv(dialect) = &table.encoding
        && dialect.header != Header::None
        && configured.table.is_none()
    {
        in_the_order_of_the_stream(table, &inferred);
    }
    for (i, column) in table.schema.columns.iter_mut().enumerate() {
        let named = inferred.columns.iter().find(|known| known.field.name == column.field.name);
        let evidence = if by_place { inferred.columns.get(i) } else { named };
        column.evidence = evidence.map(|known| known.evidence).unwrap_or_default();
    }
    if let Some(whole) = &configured.table {
        table.encoding = whole.encoding.clone();
        table.clauses.clone_from(&whole.clauses);
        table.skip_misfits = whole.skip_misfits;
        table.empty_is_null = whole.empty_is_null;
        table.remarks.clone_from(&whole.remarks);
    } else if matches!(table.encoding, Encoding::Raw) && configured.schema.columns.len() != 1 {
        // A schema of several columns speaks of rows, whatever the bytes are.
        table.encoding = Encoding::Json;
    }
    // Said each time anew: what such a type does not hold, the check does not see.
    for (name, declared) in &configured.declared {
        if narrow::integer(declared).is_some() {
            continue;
        }
        if let Some(column) = table.schema.columns.iter().find(|column| column.field.name == *name) {
            let ty = &column.field.ty;
            table.remarks.push(format!("`{name}` is declared {declared}, its values were only checked as {ty}"));
        }
    }
}

/// Delimited text is read by place: where the stream's column names are known, columns stand in their order, whatever
/// that of the configured schema is. A name that only the stream has keeps its place as it was inferred; one that only
/// the schema has is in no row.
fn in_the_order_of_the_stream(table: &mut Table, inferred: &Schema) {
    let mut configured = std::mem::take(&mut table.schema.columns);
    if !configured.iter().any(|column| inferred.columns.iter().any(|known| known.field.name == column.field.name)) {
        // The schema has names of its own for the columns.
        table.schema.columns = configured;
        return;
    }
    for known in &inferred.columns {
        let at = configured.iter().position(|column| column.field.name == known.field.name);
        table.schema.columns.push(match at {
            Some(at) => configured.remove(at),
            None => {
                let name = &known.field.name;
                table.remarks.push(format!("column {name} is in the stream, but not in the configured schema"));
                known.clone()
            }
        });
    }
    for missing in configured {
        let name = &missing.field.name;
        table.remarks.push(format!("column {name} of the configured schema is not in the stream: it was left out"));
    }
}

fn one_column(ty: Type, counts: &Counts) -> Schema {
    let seen = counts.records - counts.tombstones;
    let evidence = Evidence { seen, null: 0, of: seen };
    Schema { columns: vec![column("value", ty, evidence)], timestamps: None }
}

fn column(name: &str, ty: Type, evidence: Evidence) -> Column {
    Column { field: Field { name: name.to_owned(), ty, nullable: true }, evidence, notes: Vec::new() }
}

fn format_report(decision: &Decision, counts: &Counts, verdict: &Verdict) -> FormatReport {
    let (fits, payloads) = (counts.fits, counts.records - counts.tombstones - counts.empty);
    let exact = match decision.reading {
        // What was only told from the bytes has the share of the vote.
        Reading::Bytes if counts.misfits == 0 => verdict.share,
        _ => share(fits, payloads),
    };
    let mut report = FormatReport {
        name: decision.format.name(),
        from: Some(decision.from),
        share: exact,
        scalar: verdict.scalar.map(crate::format::sniff::Scalar::name),
        mixed: mixed(verdict),
        ..FormatReport::default()
    };
    if let Reading::Rows(rows) = &decision.reading {
        let Dialect { delimiter, quote, header, .. } = rows.dialect;
        report.delimiter = Some(delimiter);
        report.quote = quote;
        report.header = Some(header == Header::InStream);
    }
    report
}

fn mixed(verdict: &Verdict) -> Vec<FormatReport> {
    verdict
        .mixed
        .iter()
        .map(|share| FormatReport { name: share.format.name(), share: share.share, ..FormatReport::default() })
        .collect()
}

/// The columns as they were written, each with the evidence for it.
fn columns(written: &Table, table: &Table) -> Vec<ColumnReport> {
    let by_place = written.schema.columns.len() == table.schema.columns.len();
    written
        .schema
        .columns
        .iter()
        .enumerate()
        .map(|(i, column)| {
            let named = table.schema.columns.iter().find(|known| known.field.name == column.field.name);
            let known = if by_place { table.schema.columns.get(i) } else { named };
            let evidence = known.map(|known| known.evidence).unwrap_or_default();
            ColumnReport {
                name: column.field.name.clone(),
                ty: column.field.ty.clone(),
                nullable: column.field.nullable,
                seen: evidence.seen,
                null: evidence.null,
            }
        })
        .collect()
}
