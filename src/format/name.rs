//! The formats by name: what the command line takes, what reports say, what a topic's extension stands for.

use std::fmt;
use std::str::FromStr;

/// A payload format, by the name that the command line and reports use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Format {
    /// RFC 8259 text.
    Json,
    /// Delimited text: CSV, TSV and the like.
    Csv,
    /// XML.
    Xml,
    /// Text without a structure of its own: one `STRING` column.
    Text,
    /// Apache Avro, in whichever framing.
    Avro,
    /// Protocol Buffers' wire format.
    Protobuf,
    /// MessagePack.
    Msgpack,
    /// CBOR (RFC 8949).
    Cbor,
    /// Smile, Jackson's binary JSON.
    Smile,
    /// One signed byte.
    Int8,
    /// A signed 16-bit integer, big-endian, as Kafka's `ShortSerializer` writes it.
    Int16,
    /// A signed 32-bit integer, big-endian, as Kafka's `IntegerSerializer` writes it.
    Int32,
    /// A signed 64-bit integer, big-endian, as Kafka's `LongSerializer` writes it.
    Int64,
    /// An IEEE 754 single, big-endian, as Kafka's `FloatSerializer` writes it.
    Float32,
    /// An IEEE 754 double, big-endian, as Kafka's `DoubleSerializer` writes it.
    Float64,
    /// The 16 bytes of a UUID (RFC 9562).
    Uuid,
    /// Bytes that fit nothing else: one `BYTES` column.
    Binary,
    /// Nothing but empty payloads.
    Empty,
}

impl Format {
    /// Each format, in the order in which reports list them.
    pub const ALL: &'static [Format] = &[
        Format::Json,
        Format::Csv,
        Format::Xml,
        Format::Text,
        Format::Avro,
        Format::Protobuf,
        Format::Msgpack,
        Format::Cbor,
        Format::Smile,
        Format::Int8,
        Format::Int16,
        Format::Int32,
        Format::Int64,
        Format::Float32,
        Format::Float64,
        Format::Uuid,
        Format::Binary,
        Format::Empty,
    ];

    /// The name in reports and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Csv => "csv",
            Format::Xml => "xml",
            Format::Text => "text",
            Format::Avro => "avro",
            Format::Protobuf => "protobuf",
            Format::Msgpack => "msgpack",
            Format::Cbor => "cbor",
            Format::Smile => "smile",
            Format::Int8 => "int8",
            Format::Int16 => "int16",
            Format::Int32 => "int32",
            Format::Int64 => "int64",
            Format::Float32 => "float32",
            Format::Float64 => "float64",
            Format::Uuid => "uuid",
            Format::Binary => "binary",
            Format::Empty => "empty",
        }
    }

    /// The format that a topic's extension (what follows its last dot, in any case) stands for. Other extensions are part
    /// of the topic's name.
    pub fn from_extension(extension: &str) -> Option<Format> {
        const EXTENSIONS: [(&str, Format); 13] = [
            ("json", Format::Json),
            ("jsonl", Format::Json),
            ("ndjson", Format::Json),
            ("csv", Format::Csv),
            ("tsv", Format::Csv),
            ("xml", Format::Xml),
            ("txt", Format::Text),
            ("avro", Format::Avro),
            ("proto", Format::Protobuf),
            ("protobuf", Format::Protobuf),
            ("msgpack", Format::Msgpack),
            ("cbor", Format::Cbor),
            ("smile", Format::Smile),
        ];
        let known = EXTENSIONS.iter().find(|(known, _)| known.eq_ignore_ascii_case(extension));
        known.map(|(_, format)| *format)
    }

    /// How many bytes each payload has, in formats where that is fixed.
    pub fn fixed_length(self) -> Option<usize> {
        match self {
            Format::Int8 => Some(1),
            Format::Int16 => Some(2),
            Format::Int32 | Format::Float32 => Some(4),
            Format::Int64 | Format::Float64 => Some(8),
            Format::Uuid => Some(16),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A format name that is none of [`Format::ALL`]'s.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown format `{name}`: one of {}", Format::ALL.iter().map(|format| format.name()).collect::<Vec<_>>().join(", "))]
pub struct UnknownFormat {
    /// What was given.
    pub name: String,
}

impl FromStr for Format {
    type Err = UnknownFormat;

    /// By [`Format::name`], without case, or by an extension that stands for it.
    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let named = Format::ALL.iter().copied().find(|format| format.name().eq_ignore_ascii_case(name));
        named.or_else(|| Format::from_extension(name)).ok_or_else(|| UnknownFormat { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_extensions() {
        for format in Format::ALL.iter().copied() {
            assert_eq!(format.name().parse(), Ok(format));
            assert_eq!(format.name().to_uppercase().parse(), Ok(format));
            assert_eq!(format.to_string(), format.name());
        }
        assert_eq!(Format::from_extension("TSV"), Some(Format::Csv));
        assert_eq!(Format::from_extension("ndjson"), Some(Format::Json));
        assert_eq!(Format::from_extension("v2"), None);
        assert_eq!(Format::from_extension("text"), None);
        assert!("jsn".parse::<Format>().is_err_and(|error| error.to_string().contains("`jsn`: one of json, csv")));
    }
}
