//! Data systems and tables in memory, and the dialects in which they stand on disk.
//!
//! [`load`] reads what there is, [`sql`] and [`classic`] write a table, [`publish`] puts files into a directory.

pub mod classic;
mod dialect;
mod document;
pub mod env;
mod error;
mod load;
pub mod publish;
mod schemas;
pub mod secret;
pub mod sql;
mod system;
mod table;

pub use dialect::{Dialect, check_together};
pub use error::{Error, Position, Problem};
pub use load::{Broken, Loaded, Package, load, load_with};
pub use schemas::{Configured, Schemas};
pub use system::{ConfiguredFormat, CsvOptions, DataSystem, Role};
pub use table::{Clauses, Derived, Encoding, Origin, RESERVED, SOURCE_TIME, Table, Watermark};
