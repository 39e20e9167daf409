//! Snappy, in both shapes that Kafka has: xerial's framing (the Java client) and one raw block (librdkafka and others).
//!
//! xerial's stream is a 16-byte header, then blocks, each a big-endian `i32` length and that many bytes of raw Snappy.
//! Streams may be concatenated; a header then stands where a block's length would.
//! Source: snappy-java's `SnappyCodec`, `SnappyOutputStream`, `SnappyInputStream`.

use snap::raw::{Decoder as Block, Encoder as BlockEncoder, decompress_len, max_compress_len};

use super::{CodecError, Compression, Failure, Scratch, append, failed};

const MAGIC: [u8; 8] = *b"\x82SNAPPY\0";
const HEADER: usize = 16;
/// Version, and the oldest version whose readers understand it.
const VERSION: [u8; 8] = [0, 0, 0, 1, 0, 0, 0, 1];
/// Plain bytes per block, as snappy-java's default.
const BLOCK: usize = 32 << 10;
/// The densest element copies 64 bytes and takes 3, so no block gives more than 22 bytes per byte.
const MAX_RATIO: usize = 22;

#[derive(Default)]
pub(super) struct Decoder(Block);

impl Decoder {
    pub(super) fn decode(&mut self, input: &[u8], out: &mut Scratch) -> Result<(), Failure> {
        if !input.starts_with(&MAGIC) {
            return self.block(input, out);
        }
        let mut rest = input;
        while !rest.is_empty() {
            if rest.starts_with(&MAGIC) {
                // snappy-java refuses streams that ask for a newer reader; there never was one.
                rest = rest.get(HEADER..).ok_or_else(|| Failure::damaged("the stream header is cut short"))?;
                continue;
            }
            let cut = || Failure::damaged("a block is cut short");
            let (length, blocks) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
            let length = usize::try_from(i32::from_be_bytes(*length))
                .map_err(|_| Failure::damaged("a block's length is negative"))?;
            let (block, next) = blocks.split_at_checked(length).ok_or_else(cut)?;
            self.block(block, out)?;
            rest = next;
        }
        Ok(())
    }

    fn block(&mut self, input: &[u8], out: &mut Scratch) -> Result<(), Failure> {
        let len = decompress_len(input).map_err(Failure::damaged)?;
        if len > out.limit().saturating_sub(out.filled().len()) {
            return Err(Failure::TooLarge);
        }
        if len > input.len().saturating_mul(MAX_RATIO) {
            return Err(Failure::damaged("a block claims more data than its bytes can hold"));
        }
        let room = out.room(len)?;
        let written = self.0.decompress(input, room).map_err(Failure::damaged)?;
        out.advance(written);
        Ok(())
    }
}

pub(super) struct Encoder(BlockEncoder);

impl Default for Encoder {
    fn default() -> Encoder {
        Encoder(BlockEncoder::new())
    }
}

impl Encoder {
    pub(super) fn encode(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION);
        for block in input.chunks(BLOCK) {
            let at = out.len();
            out.extend_from_slice(&[0; 4]);
            let taken = append(out, max_compress_len(block.len()), |room| self.0.compress(block, room))
                .map_err(|error| failed(Compression::Snappy, error))?;
            // At most 38 KiB, see `max_compress_len`.
            if let Some(length) = out.get_mut(at..at + 4) {
                length.copy_from_slice(&(taken as u32).to_be_bytes());
            }
        }
        Ok(())
    }
}
