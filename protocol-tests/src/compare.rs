//! Whether Flink read what was written: every record a row, every member a column, every value the same, typed.
use crate::json::{Decimal, Json};
use crate::{Column, Record, Table, Type};
use serde_json::Value;
use std::collections::BTreeMap;

/// Checks a table whose records hold JSON objects. Tombstones and payloads that are no JSON object must have given no row, or one of nulls.
///
/// # Panics
/// With every difference, when there is one.
pub fn json_rows(table: &Table, written: &[Record]) {
    rows(table, written, |record| {
        let text = std::str::from_utf8(record.value.as_deref()?).ok()?;
        match Json::parse(text).ok()? {
            Json::Object(members) => Some(members),
            _ => None,
        }
    });
}

/// Checks a table whose records hold one delimited row each: `split` gives a record's cells in column order, or `None` for what is no row (a header, say).
///
/// # Panics
/// With every difference, when there is one.
pub fn csv_rows(table: &Table, written: &[Record], columns: &[&str], split: impl Fn(&str) -> Option<Vec<String>>) {
    rows(table, written, |record| {
        let cells = split(std::str::from_utf8(record.value.as_deref()?).ok()?)?;
        Some(columns.iter().map(|c| (*c).to_owned()).zip(cells.into_iter().map(Json::String)).collect())
    });
}

fn rows(table: &Table, written: &[Record], members: impl Fn(&Record) -> Option<BTreeMap<String, Json>>) {
    let mut wrong = Vec::new();
    let mut rows: BTreeMap<(String, String), Vec<&[Value]>> = BTreeMap::new();
    for row in &table.rows {
        rows.entry((cell_text(&row[0]), cell_text(&row[1]))).or_default().push(&row[2..]);
    }
    for record in written {
        let address = (record.partition.unwrap_or_default().to_string(), record.offset.to_string());
        let at = format!("{} {}:{}", table.table, address.0, address.1);
        let cells = rows.remove(&address).unwrap_or_default();
        match (members(record), cells.as_slice()) {
            (Some(members), [cells]) => {
                wrong.extend(row(&table.columns, cells, &members).into_iter().map(|w| format!("{at}: {w}")))
            }
            (Some(_), none_or_many) => wrong.push(format!("{at}: {} rows", none_or_many.len())),
            (None, []) => {}
            (None, many) => {
                let empty = many
                    .iter()
                    .all(|cells| table.columns.iter().zip(*cells).all(|(c, cell)| !c.stored || cell.is_null()));
                if !empty {
                    wrong.push(format!("{at}: a row {many:?} from a record that is none"));
                }
            }
        }
    }
    wrong.extend(
        rows.into_keys().map(|(p, o)| format!("{} {p}:{o}: a row from a record that nobody wrote", table.table)),
    );
    assert!(
        wrong.is_empty(),
        "{} differences in {}:\n{}\n{}",
        wrong.len(),
        table.table,
        wrong.join("\n"),
        std::fs::read_to_string(&table.file).unwrap_or_default()
    );
}

fn row(columns: &[Column], cells: &[Value], members: &BTreeMap<String, Json>) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in members.keys() {
        if !columns.iter().any(|c| c.name == *name) {
            wrong.push(format!("no column {name:?}"));
        }
    }
    for (column, cell) in columns.iter().zip(cells).filter(|(c, _)| c.stored && !c.name.starts_with("_key")) {
        let written = members.get(&column.name).unwrap_or(&Json::Null);
        if let Err(why) = same(&column.ty, cell, written) {
            wrong.push(format!("{} {}: {why}", column.name, column.ty.root));
        }
    }
    wrong
}

/// Whether a cell of this type is what was written: nothing rounded, cut, shifted or lost.
fn same(ty: &Type, cell: &Value, written: &Json) -> Result<(), String> {
    let differs = || format!("wrote {written:?}, read {cell}");
    match (written, cell) {
        (Json::Null, Value::Null) => return Ok(()),
        // A CSV field has no null: an empty one is null in every type but text.
        (Json::String(text), Value::Null) if text.is_empty() && ty.root != "VARCHAR" => {
            return Ok(());
        }
        (Json::Null, _) | (_, Value::Null) => return Err(differs()),
        _ => {}
    }
    let holds = match (ty.root.as_str(), written) {
        ("ARRAY", Json::Array(elements)) => {
            return array(ty, cell, elements).map_err(|why| format!("{}: {why}", differs()));
        }
        ("ROW", Json::Object(members)) => {
            return nested(ty, cell, members).map_err(|why| format!("{}: {why}", differs()));
        }
        ("MAP", Json::Object(members)) => {
            return map(ty, cell, members).map_err(|why| format!("{}: {why}", differs()));
        }
        ("BOOLEAN", Json::Bool(b)) => cell.as_bool() == Some(*b),
        ("BOOLEAN", Json::String(text)) => cell.as_bool().is_some_and(|b| text.eq_ignore_ascii_case(&b.to_string())),
        ("BIGINT" | "DECIMAL", Json::Number(text) | Json::String(text)) => {
            Decimal::parse(text).is_some_and(|d| cell.as_str().and_then(Decimal::parse) == Some(d))
        }
        ("DOUBLE", Json::Number(text) | Json::String(text)) => double(text, cell),
        ("VARCHAR", Json::String(text)) => cell.as_str() == Some(text),
        ("VARCHAR", other) => {
            cell.as_str().and_then(|text| Json::parse(text).ok()).is_some_and(|read| read.same(other))
        }
        ("DATE", Json::String(text)) => cell.as_str() == Some(text),
        ("TIMESTAMP_WITH_LOCAL_TIME_ZONE", Json::String(text)) => text
            .strip_suffix(['Z', 'z'])
            .is_some_and(|local| moment(local) == cell.as_str().and_then(|c| moment(c.strip_suffix('Z')?))),
        ("TIMESTAMP_WITHOUT_TIME_ZONE", Json::String(text)) => moment(text) == cell.as_str().and_then(moment),
        _ => false,
    };
    if holds { Ok(()) } else { Err(differs()) }
}

fn array(ty: &Type, cell: &Value, written: &[Json]) -> Result<(), String> {
    let cells = cell.as_array().ok_or("no array")?;
    let element = ty.of.first().ok_or("no element type")?;
    if cells.len() != written.len() {
        return Err(format!("{} elements, not {}", cells.len(), written.len()));
    }
    cells.iter().zip(written).try_for_each(|(cell, written)| same(element, cell, written))
}

fn nested(ty: &Type, cell: &Value, written: &BTreeMap<String, Json>) -> Result<(), String> {
    let cells = cell.as_array().ok_or("no row")?;
    if let Some(name) = written.keys().find(|name| ty.fields.iter().all(|f| f.name != **name)) {
        return Err(format!("no field {name:?}"));
    }
    ty.fields.iter().zip(cells).try_for_each(|(field, cell)| {
        same(&field.ty, cell, written.get(&field.name).unwrap_or(&Json::Null))
            .map_err(|why| format!("{}: {why}", field.name))
    })
}

fn map(ty: &Type, cell: &Value, written: &BTreeMap<String, Json>) -> Result<(), String> {
    let cells = cell.as_object().ok_or("no map")?;
    let value = ty.of.get(1).ok_or("no value type")?;
    if cells.len() != written.len() {
        return Err(format!("{} entries, not {}", cells.len(), written.len()));
    }
    written.iter().try_for_each(|(key, written)| same(value, cells.get(key).ok_or("an entry is missing")?, written))
}

/// The same double, and one that is the number that was written, or prints as it: no digit went missing on the way.
fn double(text: &str, cell: &Value) -> bool {
    let (Ok(written), Some(Ok(read))) = (text.parse::<f64>(), cell.as_str().map(str::parse::<f64>)) else {
        return false;
    };
    let shortest = format!("{written:e}");
    let exact = format!("{written:.1074}");
    let kept = [shortest, exact].iter().any(|shown| Decimal::parse(text) == Decimal::parse(shown));
    written.to_bits() == read.to_bits() && written.is_finite() && kept
}

/// `YYYY-MM-DD`, `HH:MM`, seconds and the fraction without zeros at its end; `T` or a space between.
fn moment(text: &str) -> Option<(String, String, String)> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let (clock, fraction) = time.split_once('.').unwrap_or((time, ""));
    let clock = if clock.len() == 5 { format!("{clock}:00") } else { clock.to_owned() };
    Some((date.to_owned(), clock, fraction.trim_end_matches('0').to_owned()))
}

fn cell_text(cell: &Value) -> String {
    cell.as_str().unwrap_or_default().to_owned()
}
