//! How rows are written: what stands between fields, around them, and where their names are.

/// How rows are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Stands between fields.
    pub delimiter: char,
    /// Encloses a field that has delimiters in it; doubled inside. `None`: quotes mean nothing.
    pub quote: Option<char>,
    /// Takes the next character's special meaning away; before `n`, `r`, `t` and `0` it makes a line feed, a carriage
    /// return, a tab and a NUL, as in Flink.
    pub escape: Option<char>,
    /// Lines that start with it are no rows.
    pub comment: Option<String>,
    /// Where the column names are.
    pub header: Header,
}

impl Default for Dialect {
    /// RFC 4180 without a header: commas, double quotes.
    fn default() -> Self {
        Self { delimiter: ',', quote: Some('"'), escape: None, comment: None, header: Header::None }
    }
}

/// Where the names of delimited columns come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Header {
    /// They were configured; the stream has none.
    Given,
    /// A row of names is in the stream: in one partition only, often once.
    InStream,
    /// Nowhere: the columns are `c1`, `c2`, ...
    None,
}
