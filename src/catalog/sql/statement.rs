//! The grammar of `CREATE TABLE` as Flink has it, from text to a syntax tree.

use nom::branch::alt;
use nom::bytes::complete::{is_not, tag, tag_no_case, take_until, take_while, take_while1};
use nom::character::complete::{char, multispace1};
use nom::combinator::{cut, not, opt, peek, recognize, value, verify};
use nom::error::{ErrorKind, ParseError};
use nom::multi::{fold_many0, many0, separated_list1};
use nom::sequence::{delimited, pair, preceded, terminated};
use nom::{IResult, Parser};

use super::types::{Declared, data_type};

/// What was expected, and where: the rest of the text there.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expected<'a> {
    pub(super) rest: &'a str,
    pub(super) what: &'static str,
}

pub(super) type Parsed<'a, T> = IResult<&'a str, T, Expected<'a>>;

impl<'a> ParseError<&'a str> for Expected<'a> {
    fn from_error_kind(rest: &'a str, _: ErrorKind) -> Self {
        Expected { rest, what: "" }
    }

    fn append(_: &'a str, _: ErrorKind, other: Self) -> Self {
        other
    }

    /// Of two ways that failed, the one that went further was meant.
    fn or(self, other: Self) -> Self {
        if other.rest.len() < self.rest.len() || (other.rest.len() == self.rest.len() && self.what.is_empty()) {
            other
        } else {
            self
        }
    }
}

/// One `CREATE TABLE`.
#[derive(Debug, PartialEq)]
pub(crate) struct Statement<'a> {
    /// The white space and comments before it.
    pub(super) before: &'a str,
    /// The text from the table's name on: its length tells the place.
    pub(super) name_at: &'a str,
    pub(super) name: String,
    pub(super) columns: Vec<ColumnDefinition<'a>>,
    pub(super) watermark: Option<(String, &'a str)>,
    pub(super) primary_key: Vec<String>,
    pub(super) comment: Option<String>,
    /// With the text from the key on.
    pub(super) options: Vec<(&'a str, String, String)>,
    pub(super) like: Option<String>,
}

impl Statement<'_> {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn like(&self) -> Option<&str> {
        self.like.as_deref()
    }
}

#[derive(Debug, PartialEq)]
pub(super) struct ColumnDefinition<'a> {
    pub(super) at: &'a str,
    pub(super) name: String,
    pub(super) kind: ColumnKind<'a>,
    pub(super) comment: Option<String>,
}

#[derive(Debug, PartialEq)]
pub(super) enum ColumnKind<'a> {
    Physical { declared: Declared<'a> },
    Metadata { declared: Declared<'a>, key: Option<String>, only_read: bool },
    Computed(&'a str),
}

enum Item<'a> {
    Column(ColumnDefinition<'a>, bool),
    Watermark(String, &'a str),
    PrimaryKey(Vec<String>),
}

/// Names what was expected where `parser` does not match.
pub(super) fn expected<'a, T>(
    what: &'static str,
    mut parser: impl Parser<&'a str, Output = T, Error = Expected<'a>>,
) -> impl FnMut(&'a str) -> Parsed<'a, T> {
    move |input| {
        let named = |error: Expected<'a>| if error.what.is_empty() { Expected { what, ..error } } else { error };
        parser.parse(input).map_err(|e| e.map(named))
    }
}

/// A parser that fails with this expectation.
pub(super) fn fail<'a, T>(rest: &'a str, what: &'static str) -> Parsed<'a, T> {
    Err(nom::Err::Failure(Expected { rest, what }))
}

/// White space and comments.
pub(super) fn space(input: &str) -> Parsed<'_, &str> {
    recognize(fold_many0(
        alt((
            multispace1,
            recognize(pair(tag("--"), opt(is_not("\n")))),
            recognize((tag("/*"), cut(expected("*/, the end of this comment", (take_until("*/"), tag("*/")))))),
        )),
        || (),
        |(), _| (),
    ))
    .parse(input)
}

/// `parser` with white space and comments after it.
pub(super) fn token<'a, T>(
    parser: impl Parser<&'a str, Output = T, Error = Expected<'a>>,
) -> impl Parser<&'a str, Output = T, Error = Expected<'a>> {
    terminated(parser, space)
}

pub(super) fn symbol<'a>(what: &'static str) -> impl Parser<&'a str, Output = &'a str, Error = Expected<'a>> {
    expected(what, token(tag(what)))
}

/// A keyword, in capitals or not, that does not go on as a longer word.
pub(super) fn keyword<'a>(word: &'static str) -> impl Parser<&'a str, Output = &'a str, Error = Expected<'a>> {
    expected(
        word,
        token(terminated(tag_no_case(word), not(peek(verify(take_while(in_word), |s: &str| !s.is_empty()))))),
    )
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

/// A word without quotes, not white space after it.
pub(super) fn word(input: &str) -> Parsed<'_, &str> {
    verify(take_while1(in_word), |word: &str| !word.starts_with(|c: char| c.is_ascii_digit())).parse(input)
}

/// A name, in backticks or plain.
pub(super) fn identifier(input: &str) -> Parsed<'_, String> {
    let quoted = expected("a name between backticks, closed in its line", doubled('`'));
    token(alt((verify(quoted, |name: &String| !name.is_empty()), word.map(str::to_owned)))).parse(input)
}

/// `a.b.c`: the parts.
pub(super) fn path(input: &str) -> Parsed<'_, Vec<String>> {
    separated_list1(token(char('.')), identifier).parse(input)
}

/// A string literal.
pub(super) fn literal(input: &str) -> Parsed<'_, String> {
    expected("a text in single quotes", token(doubled('\''))).parse(input)
}

/// Text between two of `quote`, which is doubled inside.
fn doubled<'a>(quote: char) -> impl Parser<&'a str, Output = String, Error = Expected<'a>> {
    move |input: &'a str| {
        let (mut rest, _) = char(quote)(input)?;
        let mut out = String::new();
        loop {
            let Some((inside, after)) = rest.split_once(quote) else {
                return Err(nom::Err::Failure(Expected { rest: input, what: "the end of what is quoted here" }));
            };
            if quote == '`' && inside.contains(['\n', '\r']) {
                return Err(nom::Err::Failure(Expected {
                    rest: input,
                    what: "the end of what is quoted here, in its line",
                }));
            }
            out.push_str(inside);
            match after.strip_prefix(quote) {
                Some(after) => {
                    out.push(quote);
                    rest = after;
                }
                None => return Ok((after, out)),
            }
        }
    }
}

/// All statements of a file.
pub(super) fn statements(input: &str) -> Parsed<'_, Vec<Statement<'_>>> {
    let mut rest = input;
    let mut all = Vec::new();
    loop {
        let (after, before) = space(rest)?;
        if after.is_empty() {
            return Ok((after, all));
        }
        if let Some(next) = after.strip_prefix(';') {
            rest = next;
            continue;
        }
        let (after, statement) = cut(|input| create_table(before, input)).parse(after)?;
        all.push(statement);
        rest = if after.is_empty() {
            after
        } else {
            cut(expected("; or the end of the statement", char(';'))).parse(after)?.0
        };
    }
}

fn create_table<'a>(before: &'a str, input: &'a str) -> Parsed<'a, Statement<'a>> {
    let (input, _) = keyword("CREATE").parse(input)?;
    let (input, _) = opt((keyword("OR"), keyword("REPLACE"))).parse(input)?;
    let (input, _) = opt(keyword("TEMPORARY")).parse(input)?;
    let (input, _) = keyword("TABLE").parse(input)?;
    let (name_at, _) = opt((keyword("IF"), keyword("NOT"), keyword("EXISTS"))).parse(input)?;
    let (input, mut name) = expected("a table name", path).parse(name_at)?;
    let mut statement = Statement {
        before,
        name_at,
        name: name.pop().unwrap_or_default(),
        columns: Vec::new(),
        watermark: None,
        primary_key: Vec::new(),
        comment: None,
        options: Vec::new(),
        like: None,
    };
    let empty = symbol(")").map(|_| Vec::new());
    let items = terminated(separated_list1(symbol(","), cut(item)), cut(expected(", or )", token(char(')')))));
    let (input, items) = opt(preceded(symbol("("), alt((empty, items)))).parse(input)?;
    for item in items.unwrap_or_default() {
        match item {
            Item::Column(column, key) => {
                if key {
                    statement.primary_key.push(column.name.clone());
                }
                statement.columns.push(column);
            }
            Item::Watermark(column, expression) => statement.watermark = Some((column, expression)),
            Item::PrimaryKey(columns) => statement.primary_key = columns,
        }
    }
    let (input, comment) = opt(preceded(keyword("COMMENT"), literal)).parse(input)?;
    statement.comment = comment;
    let (input, _) = many0(distribution).parse(input)?;
    let (input, like) = opt(like).parse(input)?;
    let (input, options) = opt(preceded(keyword("WITH"), cut(options))).parse(input)?;
    statement.options = options.unwrap_or_default();
    let (input, second) = if like.is_some() { (input, None) } else { opt(like_clause).parse(input)? };
    statement.like = like.or(second);
    Ok((input, statement))
}

fn like(input: &str) -> Parsed<'_, String> {
    like_clause(input)
}

/// `LIKE name (INCLUDING ALL ...)`; DataSQRL has a file's name in the place of the table's.
fn like_clause(input: &str) -> Parsed<'_, String> {
    let (input, _) = keyword("LIKE").parse(input)?;
    let (input, name) =
        cut(expected("a table or a file in backticks", alt((path, literal.map(|file| vec![file]))))).parse(input)?;
    let (input, _) = opt(delimited(symbol("("), balanced, symbol(")"))).parse(input)?;
    Ok((input, name.join(".")))
}

/// How the table is laid out in storage: of no meaning for a topic.
fn distribution(input: &str) -> Parsed<'_, ()> {
    let by = (
        alt((keyword("PARTITIONED"), keyword("DISTRIBUTED"))),
        opt(keyword("BY")),
        opt(alt((keyword("HASH"), keyword("RANGE")))),
    );
    let buckets = (keyword("INTO"), token(take_while1(|c: char| c.is_ascii_digit())), keyword("BUCKETS"));
    value((), (by, opt(delimited(symbol("("), balanced, symbol(")"))), opt(buckets))).parse(input)
}

fn options(input: &str) -> Parsed<'_, Vec<(&str, String, String)>> {
    fn option(input: &str) -> Parsed<'_, (&str, String, String)> {
        let (rest, key) = literal(input)?;
        let (rest, _) = symbol("=").parse(rest)?;
        let (rest, value) = literal(rest)?;
        Ok((rest, (input, key, value)))
    }
    delimited(symbol("("), separated_list1(symbol(","), cut(option)), expected(", or )", token(char(')')))).parse(input)
}

fn item(input: &str) -> Parsed<'_, Item<'_>> {
    alt((watermark, primary_key, column)).parse(input)
}

fn watermark(input: &str) -> Parsed<'_, Item<'_>> {
    let (input, _) = (keyword("WATERMARK"), keyword("FOR")).parse(input)?;
    let (input, column) = cut(expected("the event time's column", path)).parse(input)?;
    let (input, _) = cut(keyword("AS")).parse(input)?;
    let (input, expression) = cut(expression).parse(input)?;
    Ok((input, Item::Watermark(column.join("."), expression)))
}

fn primary_key(input: &str) -> Parsed<'_, Item<'_>> {
    let (input, _) = opt((keyword("CONSTRAINT"), identifier)).parse(input)?;
    let (input, _) = (keyword("PRIMARY"), keyword("KEY")).parse(input)?;
    let columns = delimited(symbol("("), separated_list1(symbol(","), identifier), symbol(")"));
    let (input, columns) = cut(expected("the key's columns in parentheses", columns)).parse(input)?;
    let (input, _) = opt((keyword("NOT"), keyword("ENFORCED"))).parse(input)?;
    Ok((input, Item::PrimaryKey(columns)))
}

fn column(at: &str) -> Parsed<'_, Item<'_>> {
    let (input, name) = expected("a column name", identifier).parse(at)?;
    if let (input, Some(_)) = opt(keyword("AS")).parse(input)? {
        let (input, expression) = cut(expression).parse(input)?;
        let (input, comment) = opt(preceded(keyword("COMMENT"), literal)).parse(input)?;
        return Ok((
            input,
            Item::Column(ColumnDefinition { at, name, kind: ColumnKind::Computed(expression), comment }, false),
        ));
    }
    let (mut input, mut declared) = cut(expected("a type", |input| data_type(input, 0))).parse(input)?;
    let mut metadata = None;
    let mut comment = None;
    let mut key = false;
    loop {
        if let (rest, Some(_)) = opt(keyword("METADATA")).parse(input)? {
            let (rest, from) = opt(preceded(keyword("FROM"), cut(literal))).parse(rest)?;
            let (rest, only_read) = opt(keyword("VIRTUAL")).parse(rest)?;
            metadata = Some((from, only_read.is_some()));
            input = rest;
        } else if let (rest, Some(_)) = opt((keyword("PRIMARY"), keyword("KEY"))).parse(input)? {
            (input, _) = opt((keyword("NOT"), keyword("ENFORCED"))).parse(rest)?;
            key = true;
        } else if let (rest, Some(_)) = opt((keyword("NOT"), keyword("NULL"))).parse(input)? {
            declared.nullable = false;
            input = rest;
        } else if let (rest, Some(text)) = opt(preceded(keyword("COMMENT"), cut(literal))).parse(input)? {
            comment = Some(text);
            input = rest;
        } else {
            break;
        }
    }
    let kind = match metadata {
        None => ColumnKind::Physical { declared },
        Some((key, only_read)) => ColumnKind::Metadata { declared, key, only_read },
    };
    Ok((input, Item::Column(ColumnDefinition { at, name, kind, comment }, key)))
}

/// An expression as text: up to a comma, a closing parenthesis or `COMMENT 'text'` that belongs to what is around it.
fn expression(input: &str) -> Parsed<'_, &str> {
    let (rest, text) = balanced_until(input, true)?;
    let text = text.trim_end();
    if text.is_empty() { fail(input, "an expression") } else { Ok((rest, text)) }
}

/// Anything, with its parentheses closed.
fn balanced(input: &str) -> Parsed<'_, &str> {
    balanced_until(input, false)
}

fn balanced_until(input: &str, stop_at_comma: bool) -> Parsed<'_, &str> {
    let mut depth = 0_usize;
    let mut rest = input;
    let mut after_word = false;
    while let Some(c) = rest.chars().next() {
        let next = match c {
            ')' if depth == 0 => break,
            ',' if depth == 0 && stop_at_comma => break,
            'c' | 'C'
                if depth == 0
                    && stop_at_comma
                    && !after_word
                    && pair(keyword("COMMENT"), literal).parse(rest).is_ok() =>
            {
                break;
            }
            '(' => {
                depth += 1;
                rest.get(1..)
            }
            ')' => {
                depth -= 1;
                rest.get(1..)
            }
            '\'' | '`' => Some(doubled(c).parse(rest)?.0),
            '-' | '/' if rest.starts_with("--") || rest.starts_with("/*") => Some(space(rest)?.0),
            c => rest.get(c.len_utf8()..),
        };
        after_word = in_word(c);
        rest = next.unwrap_or_default();
    }
    let taken = input.len() - rest.len();
    Ok((rest, input.get(..taken).unwrap_or_default()))
}
