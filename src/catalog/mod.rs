//! Data systems and tables in memory, and the dialects in which they stand on disk.

mod system;
mod table;

pub use system::{ConfiguredFormat, CsvOptions, DataSystem, Role};
pub use table::{Encoding, Table};
