//! Fuzz targets for every decoder in topica: plain functions, so that the committed corpus runs on a stable compiler.

pub mod format;
pub mod record;
