//! Zstandard, RFC 8878: one or more frames, with or without content size and checksum.

use zstd_rs::{CompressionConfig, Compressor, Decompressor, Error, FrameHeader};

use super::{CodecError, Compression, Failure, Scratch, failed};

#[derive(Default)]
pub(super) struct Decoder(Decompressor);

impl Decoder {
    pub(super) fn decode(&mut self, input: &[u8], out: &mut Scratch) -> Result<(), Failure> {
        if input.is_empty() {
            return Err(Failure::damaged(Error::Truncated));
        }
        let limit = out.limit();
        let expected = upper_bound(input).min(limit).saturating_add(DECODER_SLACK);
        let done = self.0.decompress(input, None, limit, out.as_vec(expected));
        out.keep_vec();
        match done {
            Ok(_) => Ok(()),
            Err(Error::OutputLimit) => Err(Failure::TooLarge),
            Err(error) => Err(Failure::damaged(error)),
        }
    }
}

/// The decoder works with a few bytes more than the content; without them it would grow the buffer at once.
const DECODER_SLACK: usize = 64;

/// The largest block.
const BLOCK_MAX: usize = 128 << 10;

/// No less than what `input` inflates to, as far as its headers are sound.
///
/// The decoder would double its buffer as it goes, past the cap even, when a frame does not tell its size; and what
/// the Java client streams does not. Blocks tell theirs, or have a maximum.
fn upper_bound(mut input: &[u8]) -> usize {
    let mut total = 0usize;
    while !input.is_empty() {
        let Some((inflated, rest)) = frame_bound(input) else {
            break;
        };
        total = total.saturating_add(inflated);
        input = rest;
    }
    total
}

/// What the first frame inflates to at most, and what follows the frame.
fn frame_bound(input: &[u8]) -> Option<(usize, &[u8])> {
    let (word, after) = input.split_first_chunk::<4>()?;
    if u32::from_le_bytes(*word) & !0xf == SKIPPABLE {
        let (len, after) = after.split_first_chunk::<4>()?;
        return Some((0, after.get(u32::from_le_bytes(*len) as usize..)?));
    }
    let header = FrameHeader::parse(input).ok()?;
    let mut rest = input.get(header.header_len..)?;
    let mut bound = 0usize;
    while let &[a, b, c, ..] = rest {
        let block = u32::from_le_bytes([a, b, c, 0]);
        let size = (block >> 3) as usize;
        // Raw, run-length, compressed; the fourth is reserved.
        let (stored, inflated) = match (block >> 1) & 0b11 {
            0 => (size, size),
            1 => (1, size),
            2 => (size, BLOCK_MAX),
            _ => break,
        };
        bound = bound.saturating_add(inflated.min(BLOCK_MAX));
        rest = rest.get(3 + stored..).unwrap_or_default();
        if block & 1 == 1 {
            break;
        }
    }
    if let Some(told) = header.content_size {
        bound = bound.min(usize::try_from(told).unwrap_or(usize::MAX));
    }
    Some((bound, rest.get(if header.checksum { 4 } else { 0 }..).unwrap_or_default()))
}

/// 16 magic numbers mark frames of user data that decoders skip.
const SKIPPABLE: u32 = 0x184D_2A50;

pub(super) struct Encoder(Compressor);

impl Encoder {
    /// At level 3, which is Kafka's default.
    pub(super) fn new() -> Result<Encoder, CodecError> {
        Compressor::new(CompressionConfig::DEFAULT).map(Encoder).map_err(|error| failed(Compression::Zstd, error))
    }

    pub(super) fn encode(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
        self.0.compress(input, None, out).map_err(|error| failed(Compression::Zstd, error))
    }
}
