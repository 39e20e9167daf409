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
        // A size that the first frame tells saves growing step by step; one beyond the cap is refused by the decoder.
        let limit = out.limit();
        let told = FrameHeader::parse(input).ok().and_then(|header| header.content_size);
        let told = told.and_then(|size| usize::try_from(size).ok()).filter(|&size| size <= limit).unwrap_or(0);
        let done = self.0.decompress(input, None, limit, out.as_vec(told.saturating_add(DECODER_SLACK)));
        out.keep_vec();
        match done {
            Ok(_) => Ok(()),
            Err(Error::OutputLimit) => Err(Failure::TooLarge),
            Err(error) => Err(Failure::damaged(error)),
        }
    }
}

/// The decoder works with a few bytes more than a frame's content; without them it would grow the buffer at once.
const DECODER_SLACK: usize = 64;

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
