//! The classic dialect: `<table>.table.json` and `<table>.schema.yml`, as DataSQRL wrote them in early 2023; it read
//! `.schema.yml` until 0.10.
//!
//! Two differences from what DataSQRL wrote, both because its files could not be read back: a topic's capital letters
//! stay in `identifier` (it wrote small letters and then looked for a topic of that name), and a single nested object
//! has no `cardianlity` test (misspelt, without its limits, and refused on reading until 0.5.2).

mod avsc;
mod schema_read;
mod schema_write;
mod table_write;

pub use avsc::read as read_avsc;
pub use schema_read::read as read_schema_yml;
pub use schema_write::write as write_schema_yml;
pub use table_write::write as write_table_json;
