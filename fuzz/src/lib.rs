//! Fuzz targets, one per decoder; each is a plain function.

pub mod record;
