//! Flink's types: each to the one of ours that is it, or that comes nearest to it.

use nom::branch::alt;
use nom::character::complete::char;
use nom::combinator::{cut, opt, value};
use nom::multi::{many0, separated_list0};
use nom::sequence::{delimited, preceded};
use nom::{Parser, bytes::complete::take_while1};

use super::statement::{Parsed, expected, fail, identifier, keyword, literal, path, symbol, token, word};
use crate::schema::{Field, Type};

/// How deep types may nest in each other.
const DEEPEST: usize = 100;

/// The length of `STRING` and `BYTES` in full.
const UNBOUNDED: u32 = 2_147_483_647;

/// A type as declared.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Declared<'a> {
    /// The text, without the nullability at its end.
    pub(super) text: &'a str,
    /// The type, or the nearest one.
    pub(super) ty: Type,
    /// Whether `ty` says all that the text says.
    pub(super) exact: bool,
    pub(super) nullable: bool,
}

/// Reads a type with the nullability that follows it.
pub(super) fn data_type(input: &str, depth: usize) -> Parsed<'_, Declared<'_>> {
    if depth > DEEPEST {
        return fail(input, "a type that nests less deeply");
    }
    let (mut rest, (mut ty, mut exact)) = base(input, depth)?;
    let mut depth = depth;
    loop {
        let text = input.get(..input.len() - rest.len()).unwrap_or_default().trim_end();
        let null = alt((value(false, (keyword("NOT"), keyword("NULL"))), value(true, keyword("NULL"))));
        let (after, nullable) = opt(null).parse(rest)?;
        // `INT NOT NULL ARRAY` is `ARRAY<INT NOT NULL>`.
        let (after, postfix) =
            opt(alt((value(true, keyword("ARRAY")), value(false, keyword("MULTISET"))))).parse(after)?;
        match postfix {
            None => return Ok((after, Declared { text, ty, exact, nullable: nullable.unwrap_or(true) })),
            Some(true) if depth >= DEEPEST => return fail(input, "a type that nests less deeply"),
            Some(true) => {
                depth += 1;
                ty = Type::Array(Box::new(ty));
                exact = exact && nullable.unwrap_or(true);
            }
            Some(false) => {
                ty = Type::String;
                exact = false;
            }
        }
        rest = after;
    }
}

fn base(input: &str, depth: usize) -> Parsed<'_, (Type, bool)> {
    if input.starts_with('`') {
        // A type that somebody has registered.
        return value((Type::String, false), (path, opt(arguments))).parse(input);
    }
    let (rest, name) = expected("a type", token(word)).parse(input)?;
    let exact = |ty| (ty, true);
    let near = |ty| (ty, false);
    match name.to_ascii_uppercase().as_str() {
        "BOOLEAN" => Ok((rest, exact(Type::Boolean))),
        "TINYINT" | "SMALLINT" | "INT" | "INTEGER" => Ok((rest, near(Type::BigInt))),
        "BIGINT" => Ok((rest, exact(Type::BigInt))),
        "FLOAT" | "REAL" => Ok((rest, near(Type::Double))),
        "DOUBLE" => value(exact(Type::Double), opt(keyword("PRECISION"))).parse(rest),
        "STRING" => Ok((rest, exact(Type::String))),
        "BYTES" => Ok((rest, exact(Type::Bytes))),
        "DATE" => Ok((rest, exact(Type::Date))),
        "CHAR" | "CHARACTER" => {
            let (rest, _) = opt(keyword("VARYING")).parse(rest)?;
            value(near(Type::String), opt(length)).parse(rest)
        }
        "VARCHAR" => opt(length).map(|n| (Type::String, n == Some(UNBOUNDED))).parse(rest),
        "BINARY" => value(near(Type::Bytes), opt(length)).parse(rest),
        "VARBINARY" => opt(length).map(|n| (Type::Bytes, n == Some(UNBOUNDED))).parse(rest),
        "DECIMAL" | "DEC" | "NUMERIC" => decimal(rest),
        "TIME" => value(near(Type::String), (opt(length), opt(zone))).parse(rest),
        "TIMESTAMP" => {
            let (rest, precision) = opt(length).parse(rest)?;
            let (rest, zone) = opt(zone).parse(rest)?;
            let fits = precision == Some(3);
            let ty = match zone {
                None | Some(Zone::Without) => (Type::Timestamp, fits),
                Some(Zone::Local) => (Type::TimestampLtz, fits),
                Some(Zone::With) => (Type::TimestampLtz, false),
            };
            Ok((rest, ty))
        }
        "TIMESTAMP_LTZ" => opt(length).map(|p| (Type::TimestampLtz, p == Some(3))).parse(rest),
        "INTERVAL" => {
            let unit = || (keyword_unit, opt(arguments));
            value(near(Type::String), (unit(), opt((keyword("TO"), unit())))).parse(rest)
        }
        "ARRAY" => {
            cut(angled(depth)).map(|item| (Type::Array(Box::new(item.ty)), item.exact && item.nullable)).parse(rest)
        }
        "MULTISET" => cut(angled(depth)).map(|_| near(Type::String)).parse(rest),
        "MAP" => {
            let (rest, _) = cut(symbol("<")).parse(rest)?;
            let (rest, key) = cut(|input| data_type(input, depth + 1)).parse(rest)?;
            let (rest, _) = cut(symbol(",")).parse(rest)?;
            let (rest, item) = cut(|input| data_type(input, depth + 1)).parse(rest)?;
            let (rest, _) = cut(symbol(">")).parse(rest)?;
            let fits = key.exact && key.nullable && key.ty == Type::String && item.exact && item.nullable;
            Ok((rest, (Type::Map(Box::new(item.ty)), fits)))
        }
        "ROW" => row(rest, depth),
        // `RAW('class', 'snapshot')`, `VARIANT`, a type that somebody has registered.
        _ => {
            let more = many0(preceded(token(char('.')), identifier));
            value(near(Type::String), (more, opt(arguments))).parse(rest)
        }
    }
}

#[derive(Clone)]
enum Zone {
    Without,
    With,
    Local,
}

fn zone(input: &str) -> Parsed<'_, Zone> {
    let zone = || (keyword("TIME"), keyword("ZONE"));
    alt((
        value(Zone::Without, (keyword("WITHOUT"), zone())),
        value(Zone::Local, (keyword("WITH"), keyword("LOCAL"), zone())),
        value(Zone::With, (keyword("WITH"), zone())),
    ))
    .parse(input)
}

fn keyword_unit(input: &str) -> Parsed<'_, &str> {
    alt((keyword("YEAR"), keyword("MONTH"), keyword("DAY"), keyword("HOUR"), keyword("MINUTE"), keyword("SECOND")))
        .parse(input)
}

fn number(input: &str) -> Parsed<'_, u32> {
    let (rest, digits) = expected("a number", token(take_while1(|c: char| c.is_ascii_digit()))).parse(input)?;
    match digits.parse() {
        Ok(n) => Ok((rest, n)),
        Err(_) => fail(input, "a smaller number"),
    }
}

fn length(input: &str) -> Parsed<'_, u32> {
    delimited(symbol("("), cut(number), cut(symbol(")"))).parse(input)
}

/// `(3, 'text')`: numbers and texts.
fn arguments(input: &str) -> Parsed<'_, ()> {
    let argument = alt((value((), number), value((), literal)));
    value((), delimited(symbol("("), separated_list0(symbol(","), argument), symbol(")"))).parse(input)
}

fn decimal(input: &str) -> Parsed<'_, (Type, bool)> {
    let both = delimited(symbol("("), cut((number, opt(preceded(symbol(","), number)))), cut(symbol(")")));
    let (rest, digits) = opt(both).parse(input)?;
    // Flink's default.
    let (precision, scale) = digits.map_or((10, 0), |(precision, scale)| (precision, scale.unwrap_or(0)));
    match (u8::try_from(precision), u8::try_from(scale)) {
        (Ok(precision @ 1..=38), Ok(scale)) if scale <= precision => {
            Ok((rest, (Type::Decimal { precision, scale }, true)))
        }
        _ => fail(input, "a precision of 1 to 38 and a scale up to it"),
    }
}

fn angled<'a>(depth: usize) -> impl Parser<&'a str, Output = Declared<'a>, Error = super::statement::Expected<'a>> {
    delimited(symbol("<"), move |input| data_type(input, depth + 1), symbol(">"))
}

/// `ROW<name type 'comment', ...>`, or with parentheses.
fn row(input: &str, depth: usize) -> Parsed<'_, (Type, bool)> {
    let (input, open) = expected("< after ROW", alt((symbol("<"), symbol("(")))).parse(input)?;
    let close = if open == "<" { ">" } else { ")" };
    let field = |input| {
        let (input, name) = expected("a field name", identifier).parse(input)?;
        let (input, declared) = cut(expected("a type", |input| data_type(input, depth + 1))).parse(input)?;
        let (input, comment) = opt(preceded(opt(keyword("COMMENT")), literal)).parse(input)?;
        let exact = declared.exact && comment.is_none();
        Ok((input, (Field { name, ty: declared.ty, nullable: declared.nullable }, exact)))
    };
    let (input, fields) = separated_list0(symbol(","), field).parse(input)?;
    let (input, _) = cut(symbol(close)).parse(input)?;
    let exact = fields.iter().all(|(_, exact)| *exact);
    Ok((input, (Type::Row(fields.into_iter().map(|(field, _)| field).collect()), exact)))
}
