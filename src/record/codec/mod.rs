//! The seam to the compression codecs: which there are, and bytes in, bytes out, with a cap on what comes out.
//!
//! Each codec is a cargo feature; without it its batches cost a [`CodecError::Missing`] that names the feature. A codec
//! module has a `Decoder` that fills a [`Scratch`] and an `Encoder` that appends to a vector, and nobody outside this
//! folder sees more of it. A decoder gets room from the scratch buffer only, and that refuses to grow past the cap, so
//! no claimed size is ever allocated before it is checked.

#[cfg(feature = "gzip")]
mod gzip;
#[cfg(feature = "lz4")]
mod lz4;
#[cfg(feature = "snappy")]
mod snappy;
#[cfg(feature = "zstd")]
mod zstd;

mod scratch;

use std::fmt;
use std::str::FromStr;

use scratch::{Full, Scratch};

/// How the records of a batch are compressed (bits 0-2 of its attributes).
///
/// Names and codes are Kafka's (`compression.type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip (RFC 1952); written at level 6 as Kafka's default.
    Gzip,
    /// Snappy; written in the framing of xerial's snappy-java, which every client reads; raw blocks are read as well.
    Snappy,
    /// LZ4 frames of independent 64 KiB blocks without checksums, as Kafka's Java client writes and requires them.
    Lz4,
    /// Zstandard (RFC 8878); written at level 3 as Kafka's default.
    Zstd,
}

impl Compression {
    /// All of them, in the order of their codes.
    pub const ALL: [Compression; 5] =
        [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];

    /// The codec with this code, if there is one.
    pub fn from_code(code: u8) -> Option<Compression> {
        Compression::ALL.get(usize::from(code)).copied()
    }

    /// The code in a batch's attributes.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// Kafka's name for it; that of the cargo feature too.
    pub fn name(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Snappy => "snappy",
            Compression::Lz4 => "lz4",
            Compression::Zstd => "zstd",
        }
    }

    /// Whether this build has it.
    pub fn is_available(self) -> bool {
        match self {
            Compression::None => true,
            Compression::Gzip => cfg!(feature = "gzip"),
            Compression::Snappy => cfg!(feature = "snappy"),
            Compression::Lz4 => cfg!(feature = "lz4"),
            Compression::Zstd => cfg!(feature = "zstd"),
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is not one of Kafka's codecs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown compression {0:?}: one of none, gzip, snappy, lz4, zstd")]
pub struct UnknownCompression(String);

impl FromStr for Compression {
    type Err = UnknownCompression;

    /// Kafka's names, without regard to case.
    fn from_str(name: &str) -> Result<Compression, UnknownCompression> {
        Compression::ALL
            .into_iter()
            .find(|codec| codec.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownCompression(name.to_owned()))
    }
}

/// Why a batch's records could not be compressed or decompressed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// This build lacks the codec.
    #[error("this build cannot handle {codec}: the crate's feature `{codec}` is off")]
    Missing {
        /// The codec, whose name is the feature's.
        codec: Compression,
    },
    /// The records would inflate to more than is allowed.
    #[error("{codec} data inflates to more than the limit of {limit} bytes")]
    TooLarge {
        /// The codec.
        codec: Compression,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The bytes are not what the codec's format says.
    #[error("damaged {codec} data: {source}")]
    Damaged {
        /// The codec.
        codec: Compression,
        /// What the codec says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A codec failed to compress. None is known to, short of a bug in it.
    #[error("{codec} failed to compress: {source}")]
    Compress {
        /// The codec.
        codec: Compression,
        /// What the codec says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Why a codec module gave up, before the codec's name is added.
#[cfg_attr(not(any(feature = "gzip", feature = "snappy", feature = "lz4", feature = "zstd")), allow(dead_code))]
enum Failure {
    Missing,
    TooLarge,
    Damaged(Box<dyn std::error::Error + Send + Sync>),
}

#[cfg_attr(not(any(feature = "gzip", feature = "snappy", feature = "lz4", feature = "zstd")), allow(dead_code))]
impl Failure {
    fn damaged(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
        Failure::Damaged(reason.into())
    }
}

impl From<Full> for Failure {
    fn from(_: Full) -> Failure {
        Failure::TooLarge
    }
}

/// The default cap on a batch's inflated size: 64 MiB. Kafka's own default cap on a (compressed) batch is 1 MiB.
pub const DEFAULT_MAX_INFLATED: usize = 64 << 20;

/// Decompresses batches, one at a time, into one buffer that it reuses.
///
/// Keep one per connection or worker: a fresh buffer per batch costs more than most codecs do. The buffer never grows
/// past the cap, and gives back what a single large batch made it take once the batches are small again.
pub struct Inflater {
    scratch: Scratch,
    #[cfg(feature = "snappy")]
    snappy: snappy::Decoder,
    #[cfg(feature = "zstd")]
    zstd: Option<Box<zstd::Decoder>>,
}

impl Default for Inflater {
    fn default() -> Inflater {
        Inflater::new(DEFAULT_MAX_INFLATED)
    }
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflater").field("max_inflated", &self.scratch.limit()).finish_non_exhaustive()
    }
}

impl Inflater {
    /// An inflater that refuses a batch whose records inflate to more than `max_inflated` bytes.
    pub fn new(max_inflated: usize) -> Inflater {
        Inflater {
            scratch: Scratch::new(max_inflated),
            #[cfg(feature = "snappy")]
            snappy: snappy::Decoder::default(),
            #[cfg(feature = "zstd")]
            zstd: None,
        }
    }

    /// Decompresses `input`; the result is valid until the next call. [`Compression::None`] gives `input` back.
    ///
    /// # Errors
    /// The codec is not part of this build, the bytes are damaged or cut short, or they inflate to more than the cap.
    pub fn inflate<'b>(&'b mut self, codec: Compression, input: &'b [u8]) -> Result<&'b [u8], CodecError> {
        if codec == Compression::None {
            return Ok(input);
        }
        self.fill(codec, input)?;
        Ok(self.scratch.filled())
    }

    /// What the last successful [`fill`](Inflater::fill) gave.
    pub(super) fn filled(&self) -> &[u8] {
        self.scratch.filled()
    }

    /// Decompresses `input` into the buffer.
    pub(super) fn fill(&mut self, codec: Compression, input: &[u8]) -> Result<(), CodecError> {
        self.scratch.clear();
        let limit = self.scratch.limit();
        let done: Result<(), Failure> = match (codec, input) {
            #[cfg(feature = "gzip")]
            (Compression::Gzip, input) => gzip::decode(input, &mut self.scratch),
            #[cfg(feature = "snappy")]
            (Compression::Snappy, input) => self.snappy.decode(input, &mut self.scratch),
            #[cfg(feature = "lz4")]
            (Compression::Lz4, input) => lz4::decode(input, &mut self.scratch),
            #[cfg(feature = "zstd")]
            (Compression::Zstd, input) => self.zstd.get_or_insert_default().decode(input, &mut self.scratch),
            _ => Err(Failure::Missing),
        };
        done.map_err(|failure| match failure {
            Failure::Missing => CodecError::Missing { codec },
            Failure::TooLarge => CodecError::TooLarge { codec, limit },
            Failure::Damaged(source) => CodecError::Damaged { codec, source },
        })
    }
}

/// Compresses batches, at Kafka's default levels, and keeps the codecs' working memory between them.
#[derive(Default)]
pub struct Deflater {
    #[cfg(feature = "gzip")]
    gzip: Option<gzip::Encoder>,
    #[cfg(feature = "snappy")]
    snappy: Option<Box<snappy::Encoder>>,
    #[cfg(feature = "lz4")]
    lz4: Option<lz4::Encoder>,
    #[cfg(feature = "zstd")]
    zstd: Option<Box<zstd::Encoder>>,
}

impl fmt::Debug for Deflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflater").finish_non_exhaustive()
    }
}

impl Deflater {
    /// Appends `input`, compressed, to `out`. [`Compression::None`] appends it as it is.
    ///
    /// # Errors
    /// The codec is not part of this build, or fails.
    pub fn deflate(&mut self, codec: Compression, input: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
        match codec {
            Compression::None => {
                out.extend_from_slice(input);
                Ok(())
            }
            #[cfg(feature = "gzip")]
            Compression::Gzip => self.gzip.get_or_insert_default().encode(input, out),
            #[cfg(feature = "snappy")]
            Compression::Snappy => self.snappy.get_or_insert_default().encode(input, out),
            #[cfg(feature = "lz4")]
            Compression::Lz4 => self.lz4.get_or_insert_default().encode(input, out),
            #[cfg(feature = "zstd")]
            Compression::Zstd => match &mut self.zstd {
                Some(encoder) => encoder.encode(input, out),
                empty => empty.insert(Box::new(zstd::Encoder::new()?)).encode(input, out),
            },
            #[allow(unreachable_patterns)]
            _ => Err(CodecError::Missing { codec }),
        }
    }
}

#[cfg(any(feature = "gzip", feature = "snappy", feature = "lz4", feature = "zstd"))]
fn failed(codec: Compression, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> CodecError {
    CodecError::Compress { codec, source: source.into() }
}

/// Room for `max` more bytes at the end of `out`, filled by `encode`, which says how many it took.
#[cfg(any(feature = "snappy", feature = "lz4"))]
fn append<E>(out: &mut Vec<u8>, max: usize, encode: impl FnOnce(&mut [u8]) -> Result<usize, E>) -> Result<usize, E> {
    let start = out.len();
    out.resize(start + max, 0);
    let taken = encode(out.get_mut(start..).unwrap_or_default())?;
    out.truncate(start + taken);
    Ok(taken)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_and_codes_are_kafkas() {
        for (code, codec) in Compression::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(codec.code()), code);
            assert_eq!(Compression::from_code(code as u8), Some(codec));
            assert_eq!(codec.name().parse(), Ok(codec));
        }
        assert_eq!(Compression::from_code(5), None);
        assert_eq!("ZSTD".parse(), Ok(Compression::Zstd));
        let error = "brotli".parse::<Compression>().unwrap_err();
        assert_eq!(error.to_string(), "unknown compression \"brotli\": one of none, gzip, snappy, lz4, zstd");
    }

    #[test]
    fn a_codec_that_is_not_built_in_names_its_feature() {
        for codec in Compression::ALL {
            let mut out = Vec::new();
            let written = Deflater::default().deflate(codec, b"data", &mut out);
            let mut inflater = Inflater::default();
            let read = inflater.inflate(codec, &out);
            if codec.is_available() {
                written.unwrap();
                assert_eq!(read.unwrap(), b"data");
                continue;
            }
            for error in [written.unwrap_err(), read.unwrap_err()] {
                let text = format!("this build cannot handle {codec}: the crate's feature `{codec}` is off");
                assert_eq!(error.to_string(), text);
            }
        }
    }
}
