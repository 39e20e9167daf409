//! Rows of files or stdin, one after the other, as JSON objects.

use std::path::{Path, PathBuf};
use std::pin::Pin;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, BufReader};

use crate::catalog::Table;
use crate::cli::args::InputFormat;
use crate::cli::exit::Failure;
use crate::format::csv::{self, Dialect, Header};
use crate::rows::Decoder;
use crate::schema::Type;

/// The longest row that is read, in bytes.
const MAX_ROW: usize = 64 << 20;

/// Reads rows from one input after the other.
pub(super) struct Reader {
    inputs: std::vec::IntoIter<PathBuf>,
    format: Option<InputFormat>,
    table: Table,
    current: Option<Input>,
}

/// A file, or stdin.
struct Input {
    name: String,
    bytes: Pin<Box<dyn AsyncBufRead + Send>>,
    format: InputFormat,
    line: u64,
    /// For CSV, once the header row is read.
    csv: Option<Decoder>,
}

/// What a row of the input is.
#[derive(Debug)]
pub(super) enum Item {
    /// A JSON object.
    Row { row: Vec<u8>, text: Vec<u8>, place: String },
    /// No row.
    Bad { reason: String, text: Vec<u8>, place: String },
}

impl Item {
    /// `FILE:LINE`.
    pub(super) fn place(&self) -> &str {
        match self {
            Item::Row { place, .. } | Item::Bad { place, .. } => place,
        }
    }

    /// The row as it stood in the input.
    pub(super) fn text(&self) -> &[u8] {
        match self {
            Item::Row { text, row, .. } if text.is_empty() => row,
            Item::Row { text, .. } | Item::Bad { text, .. } => text,
        }
    }
}

impl Reader {
    /// Rows of `files`, or of stdin; missing files are found before anything is sent.
    pub(super) fn open(files: &[PathBuf], format: Option<InputFormat>, table: &Table) -> Result<Self, Failure> {
        let mut inputs = files.to_vec();
        if inputs.is_empty() {
            inputs.push(PathBuf::from("-"));
        }
        for path in inputs.iter().filter(|path| !is_stdin(path)) {
            std::fs::File::open(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        }
        Ok(Self { inputs: inputs.into_iter(), format, table: table.clone(), current: None })
    }

    /// The next row, a wrong usage if there is none to be had; `None` when all input is read. Cancel-safe only in so far as nothing is sent for a row that was
    /// not given.
    pub(super) async fn next(&mut self) -> Result<Option<Item>, Failure> {
        self.read().await.map_err(Failure::usage)
    }

    async fn read(&mut self) -> Result<Option<Item>, String> {
        loop {
            if self.current.is_none() {
                let Some(path) = self.inputs.next() else { return Ok(None) };
                self.current = Some(self.start(&path).await?);
            }
            let Some(input) = &mut self.current else { continue };
            match input.next(&self.table).await? {
                Some(item) => return Ok(Some(item)),
                None => self.current = None,
            }
        }
    }

    async fn start(&self, path: &Path) -> Result<Input, String> {
        let by_extension = || match path.extension().and_then(|extension| extension.to_str()) {
            Some(extension) if extension.eq_ignore_ascii_case("csv") => InputFormat::Csv,
            _ => InputFormat::Json,
        };
        let (name, bytes): (_, Pin<Box<dyn AsyncBufRead + Send>>) = if is_stdin(path) {
            ("stdin".to_owned(), Box::pin(BufReader::with_capacity(1 << 16, tokio::io::stdin())))
        } else {
            let name = path.display().to_string();
            let file = tokio::fs::File::open(path).await.map_err(|error| format!("{name}: {error}"))?;
            (name, Box::pin(BufReader::with_capacity(1 << 16, file)))
        };
        Ok(Input { name, bytes, format: self.format.unwrap_or_else(by_extension), line: 0, csv: None })
    }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

impl Input {
    async fn next(&mut self, table: &Table) -> Result<Option<Item>, String> {
        loop {
            let mut text = Vec::new();
            let first_line = self.line + 1;
            if !self.read_line(&mut text).await? {
                return Ok(None);
            }
            if self.format == InputFormat::Csv {
                // A quoted field may hold line breaks: the row ends where its quotes are closed.
                let mut counted = 0;
                let mut open = false;
                loop {
                    let quotes = text.iter().skip(counted).filter(|byte| **byte == b'"').count();
                    open ^= quotes % 2 == 1;
                    counted = text.len();
                    if !open {
                        break;
                    }
                    text.push(b'\n');
                    if !self.read_line(&mut text).await? {
                        break;
                    }
                }
            }
            if text.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let place = format!("{}:{first_line}", self.name);
            if self.format == InputFormat::Json {
                return Ok(Some(Item::Row { row: text, text: Vec::new(), place }));
            }
            let Some(decoder) = &self.csv else {
                self.csv = Some(decoder(&text, table).map_err(|reason| format!("{place}: {reason}"))?);
                continue;
            };
            let mut row = Vec::new();
            return Ok(Some(match decoder.decode(&text, &mut row) {
                Ok(_) => Item::Row { row, text, place },
                Err(misfit) => Item::Bad { reason: misfit.to_string(), text, place },
            }));
        }
    }

    /// Appends the next line without its end; false at the end of the input.
    async fn read_line(&mut self, text: &mut Vec<u8>) -> Result<bool, String> {
        loop {
            let available = self.bytes.fill_buf().await.map_err(|error| format!("{}: {error}", self.name))?;
            if available.is_empty() {
                // A last line may lack its end.
                let read = !text.is_empty() && text.last() != Some(&b'\n');
                self.line += u64::from(read);
                return Ok(read);
            }
            let end = memchr::memchr(b'\n', available);
            let (taken, used) = match end {
                Some(end) => (available.get(..end), end + 1),
                None => (available.get(..), available.len()),
            };
            text.extend_from_slice(taken.unwrap_or_default());
            self.bytes.as_mut().consume(used);
            if text.len() > MAX_ROW {
                return Err(format!("{}:{}: a row of more than {MAX_ROW} bytes", self.name, self.line + 1));
            }
            if end.is_some() {
                self.line += 1;
                if text.last() == Some(&b'\r') {
                    text.pop();
                }
                return Ok(true);
            }
        }
    }
}

/// What reads the rows below a header row: a column's type is the table's, if it has the column, else `STRING`.
fn decoder(header: &[u8], table: &Table) -> Result<Decoder, String> {
    let dialect = Dialect { header: Header::Given, ..Dialect::default() };
    let mut names = Vec::new();
    csv::walk_row(header, &dialect, |_, name| names.push(name.value().trim().to_owned()))
        .map_err(|error| format!("the header row: {error}"))?;
    let columns = names.into_iter().map(|name| {
        let column = table.schema.columns.iter().find(|column| column.field.name == name);
        let ty = column.map_or(Type::String, |column| column.field.ty.clone());
        (name, ty)
    });
    Ok(Decoder::of_rows(dialect, columns.collect(), table.empty_is_null))
}
