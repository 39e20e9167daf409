//! gzip, RFC 1952: one or more members, one after the other, each with its own checksum and length.

use flate2::{Compress, Decompress, FlushCompress, FlushDecompress, Status};

use super::{CodecError, Compression, Failure, Scratch, failed};

/// log2 of the window, the largest that deflate has.
const WINDOW_BITS: u8 = 15;

/// How much a member is first expected to inflate; JSON is often smaller by this factor.
const EXPECTED_RATIO: usize = 4;

pub(super) fn decode(mut input: &[u8], out: &mut Scratch) -> Result<(), Failure> {
    // Java's GZIPInputStream reads members until the input ends, so some writer may rely on it.
    loop {
        input = member(input, out)?;
        if input.is_empty() {
            return Ok(());
        }
    }
}

/// Inflates one member and returns what follows it.
fn member<'a>(mut input: &'a [u8], out: &mut Scratch) -> Result<&'a [u8], Failure> {
    let mut state = Decompress::new_gzip(WINDOW_BITS);
    loop {
        let (read, written) = (state.total_in(), state.total_out());
        let hint = input.len().saturating_mul(EXPECTED_RATIO).max(1);
        // At the cap there is no room, but the member may still end here: its trailer needs input only.
        let room = out.some_room(hint);
        let full = room.is_err();
        let status = state.decompress(input, room.unwrap_or_default(), FlushDecompress::None);
        let status = status.map_err(Failure::damaged)?;
        let read = (state.total_in() - read) as usize;
        let written = (state.total_out() - written) as usize;
        input = input.get(read..).unwrap_or_default();
        out.advance(written);
        match status {
            Status::StreamEnd => return Ok(input),
            _ if full && read == 0 => return Err(Failure::TooLarge),
            _ if !full && read == 0 && written == 0 => {
                return Err(Failure::damaged("the data ends inside a member"));
            }
            _ => {}
        }
    }
}

pub(super) struct Encoder(Compress);

impl Default for Encoder {
    fn default() -> Encoder {
        // Level 6 is what Kafka's -1 means: java.util.zip.Deflater.DEFAULT_COMPRESSION.
        Encoder(Compress::new_gzip(flate2::Compression::new(6), WINDOW_BITS))
    }
}

impl Encoder {
    pub(super) fn encode(&mut self, mut input: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
        self.0.reset();
        loop {
            let read = self.0.total_in();
            // The encoder writes into spare capacity only; what is left over serves the next round.
            out.reserve((input.len() / 2).max(1024));
            let status = self.0.compress_vec(input, out, FlushCompress::Finish);
            let status = status.map_err(|error| failed(Compression::Gzip, error))?;
            input = input.get((self.0.total_in() - read) as usize..).unwrap_or_default();
            if status == Status::StreamEnd {
                return Ok(());
            }
        }
    }
}
