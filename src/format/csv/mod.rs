//! Delimited text: the dialect, and a walker over rows that borrows from the payload.

/// How rows are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Stands between fields.
    pub delimiter: char,
    /// Encloses a field that has delimiters in it; doubled inside. `None`: quotes mean nothing.
    pub quote: Option<char>,
    /// Takes the next character's special meaning away.
    pub escape: Option<char>,
    /// Lines that start with it are no rows.
    pub comment: Option<String>,
    /// Where the column names are.
    pub header: Header,
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
