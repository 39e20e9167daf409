//! LZ4 frames: <https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md>.
//!
//! The frame is ours and the blocks are `lz4_flex`'s: so blocks are inflated straight into the scratch buffer, and a
//! frame that ends too early is an error, not a short result. Written as Kafka's `Lz4BlockOutputStream` does it:
//! independent blocks of at most 64 KiB, no block checksums. Read more liberally: linked blocks, checksums, content
//! size, several frames and skippable frames, since clients other than Java's write and accept those.

use lz4_flex::block::{
    CompressTable, compress_into_with_table, decompress_into, decompress_into_with_dict, get_maximum_output_size,
};
use twox_hash::XxHash32;

use super::{CodecError, Compression, Failure, Scratch, append, failed};

const MAGIC: u32 = 0x184D_2204;
/// 16 magic numbers mark frames of user data that decoders skip.
const SKIPPABLE: u32 = 0x184D_2A50;

const VERSION_MASK: u8 = 0b1100_0000;
const VERSION: u8 = 0b0100_0000;
const INDEPENDENT: u8 = 0b0010_0000;
const BLOCK_CHECKSUMS: u8 = 0b0001_0000;
const CONTENT_SIZE: u8 = 0b0000_1000;
const CONTENT_CHECKSUM: u8 = 0b0000_0100;
const RESERVED: u8 = 0b0000_0010;
const DICTIONARY: u8 = 0b0000_0001;

/// The block size code of the frames that are written, and what it means.
const BLOCK_64K: u8 = 4 << 4;
const BLOCK: usize = 64 << 10;
/// Set in a block's length when its bytes are stored as they are.
const STORED: u32 = 1 << 31;
/// How far back a linked block may refer.
const WINDOW: usize = 64 << 10;

pub(super) fn decode(input: &[u8], out: &mut Scratch) -> Result<(), Failure> {
    let mut input = Input(input);
    loop {
        let magic = input.number()?;
        if magic == MAGIC {
            frame(&mut input, out)?;
        } else if magic & !0xf == SKIPPABLE {
            let len = input.number()?;
            input.take(len as usize)?;
        } else {
            return Err(Failure::damaged("not an LZ4 frame"));
        }
        if input.0.is_empty() {
            return Ok(());
        }
    }
}

/// One frame, from behind its magic number to behind its last checksum.
fn frame(input: &mut Input<'_>, out: &mut Scratch) -> Result<(), Failure> {
    let header = input.0;
    let [flags, sizes] = input.array()?;
    if flags & VERSION_MASK != VERSION || flags & RESERVED != 0 {
        return Err(Failure::damaged("unknown frame version"));
    }
    let block_max = match (sizes >> 4) & 0b111 {
        code @ 4..=7 => 1usize << (8 + 2 * u32::from(code)),
        _ => return Err(Failure::damaged("unknown block size")),
    };
    let content_size = if flags & CONTENT_SIZE != 0 { Some(u64::from_le_bytes(input.array()?)) } else { None };
    if flags & DICTIONARY != 0 {
        return Err(Failure::damaged("the frame needs a dictionary"));
    }
    let described = header.len() - input.0.len();
    let [checksum] = input.array()?;
    // The descriptor's checksum is the second byte of its hash.
    let hash = XxHash32::oneshot(0, header.get(..described).unwrap_or_default());
    if checksum != hash.to_le_bytes()[1] {
        return Err(Failure::damaged("the frame header's checksum does not match"));
    }

    let start = out.filled().len();
    loop {
        let word = input.number()?;
        if word == 0 {
            break;
        }
        let len = (word & !STORED) as usize;
        if len > block_max {
            return Err(Failure::damaged("a block is larger than the frame allows"));
        }
        let block = input.take(len)?;
        if flags & BLOCK_CHECKSUMS != 0 && input.number()? != XxHash32::oneshot(0, block) {
            return Err(Failure::damaged("a block's checksum does not match"));
        }
        if word & STORED != 0 {
            out.room(len)?.copy_from_slice(block);
            out.advance(len);
        } else {
            let history = if flags & INDEPENDENT == 0 { WINDOW.min(out.filled().len() - start) } else { 0 };
            inflate_block(block, block_max, history, out)?;
        }
    }
    let content = out.filled().get(start..).unwrap_or_default();
    if content_size.is_some_and(|size| size != content.len() as u64) {
        return Err(Failure::damaged("the content size does not match"));
    }
    if flags & CONTENT_CHECKSUM != 0 && input.number()? != XxHash32::oneshot(0, content) {
        return Err(Failure::damaged("the content's checksum does not match"));
    }
    Ok(())
}

/// Inflates one block behind the data; `history` bytes of the data may be referred to.
fn inflate_block(block: &[u8], block_max: usize, history: usize, out: &mut Scratch) -> Result<(), Failure> {
    // A block does not tell its inflated size. No LZ4 sequence gives more than 255 bytes per byte, which keeps small
    // batches of 4 MiB block frames from taking 4 MiB; and the last block before the cap gets what the cap leaves.
    let most = block_max.min(block.len().saturating_mul(256));
    let left = out.limit().saturating_sub(out.filled().len());
    let capped = left < most;
    let (history, room) = out.history_and_room(history, most.min(left))?;
    let done =
        if history.is_empty() { decompress_into(block, room) } else { decompress_into_with_dict(block, room, history) };
    match done {
        Ok(written) => {
            out.advance(written);
            Ok(())
        }
        Err(lz4_flex::block::DecompressError::OutputTooSmall { .. }) if capped => Err(Failure::TooLarge),
        Err(error) => Err(Failure::damaged(error)),
    }
}

/// The input, read front to back.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Failure> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or_else(|| Failure::damaged("the frame is cut short"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Failure> {
        let (taken, rest) = self.0.split_first_chunk().ok_or_else(|| Failure::damaged("the frame is cut short"))?;
        self.0 = rest;
        Ok(*taken)
    }

    fn number(&mut self) -> Result<u32, Failure> {
        self.array().map(u32::from_le_bytes)
    }
}

pub(super) struct Encoder(CompressTable);

impl Default for Encoder {
    fn default() -> Encoder {
        Encoder(CompressTable::large())
    }
}

impl Encoder {
    pub(super) fn encode(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
        let descriptor = [VERSION | INDEPENDENT, BLOCK_64K];
        out.extend_from_slice(&MAGIC.to_le_bytes());
        out.extend_from_slice(&descriptor);
        out.push(XxHash32::oneshot(0, &descriptor).to_le_bytes()[1]);
        for block in input.chunks(BLOCK) {
            let at = out.len();
            out.extend_from_slice(&[0; 4]);
            let room = get_maximum_output_size(block.len());
            let taken = append(out, room, |room| compress_into_with_table(block, room, &mut self.0))
                .map_err(|error| failed(Compression::Lz4, error))?;
            let mut word = taken as u32;
            if taken >= block.len() {
                out.truncate(at + 4);
                out.extend_from_slice(block);
                word = block.len() as u32 | STORED;
            }
            if let Some(length) = out.get_mut(at..at + 4) {
                length.copy_from_slice(&word.to_le_bytes());
            }
        }
        out.extend_from_slice(&0u32.to_le_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Write as _;

    use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};

    use super::*;

    fn data() -> Vec<u8> {
        (0..300_000u32).flat_map(|at| (at / 7 % 251).to_le_bytes()).collect()
    }

    fn decoded(input: &[u8]) -> Result<Vec<u8>, String> {
        let mut out = Scratch::new(16 << 20);
        match decode(input, &mut out) {
            Ok(()) => Ok(out.filled().to_vec()),
            Err(Failure::Damaged(reason)) => Err(reason.to_string()),
            Err(Failure::TooLarge | Failure::Missing) => Err("refused".to_owned()),
        }
    }

    fn theirs(info: FrameInfo) -> Vec<u8> {
        let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
        encoder.write_all(&data()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn frames_of_every_kind_are_read() {
        for mode in [BlockMode::Independent, BlockMode::Linked] {
            for size in [BlockSize::Max64KB, BlockSize::Max256KB, BlockSize::Max4MB] {
                for checks in [false, true] {
                    let told = checks.then_some(data().len() as u64);
                    let info = FrameInfo::new().block_mode(mode).block_size(size).content_size(told);
                    let frame = theirs(info.block_checksums(checks).content_checksum(checks));
                    assert!(decoded(&frame) == Ok(data()), "{mode:?} {size:?} {checks}");
                }
            }
        }
        // Behind a skippable frame, and with a second frame behind.
        let frame = theirs(FrameInfo::new());
        let skipped = [&SKIPPABLE.to_le_bytes()[..], &3u32.to_le_bytes(), b"any", &frame, &frame].concat();
        assert_eq!(decoded(&skipped).unwrap().len(), 2 * data().len());
    }

    #[test]
    fn checks_that_a_frame_brings_are_made() {
        let info = FrameInfo::new().content_size(Some(data().len() as u64));
        let frame = theirs(info.block_checksums(true).content_checksum(true));
        for (at, reason) in [
            (5, "the frame header's checksum does not match"),
            (30, "a block's checksum does not match"),
            (frame.len() - 1, "the content's checksum does not match"),
        ] {
            let mut damaged = frame.clone();
            damaged[at] ^= 0x10;
            assert_eq!(decoded(&damaged).unwrap_err(), reason);
        }
        for cut in [0, 3, 5, 20, frame.len() / 2, frame.len() - 5, frame.len() - 1] {
            assert_eq!(decoded(&frame[..cut]).unwrap_err(), "the frame is cut short");
        }
    }

    #[test]
    fn what_is_written_suits_the_java_client() {
        let mut frame = Vec::new();
        Encoder::default().encode(&data(), &mut frame).unwrap();
        // Magic, version 1 with independent blocks and nothing else, 64 KiB, the checksum that goes with it.
        assert_eq!(frame[..7], [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]);
        assert!(decoded(&frame) == Ok(data()));
        let mut theirs = lz4_flex::frame::FrameDecoder::new(&frame[..]);
        let mut read = Vec::new();
        std::io::Read::read_to_end(&mut theirs, &mut read).unwrap();
        assert!(read == data());
    }
}
