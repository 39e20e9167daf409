//! gzip, RFC 1952: one or more members, one after the other, each with its own checksum and length.

use flate2::{Compress, Decompress, FlushCompress, FlushDecompress, Status};

use super::{CodecError, Compression, Failure, Scratch, failed};

/// log2 of the window, the largest that deflate has.
const WINDOW_BITS: u8 = 15;

/// How much a member is first expected to inflate; JSON is often smaller by this factor.
const EXPECTED_RATIO: usize = 4;

/// Each member costs an inflater with a window of its own, even one of 20 bytes with nothing in it. So many are free;
const FREE_MEMBERS: usize = 1000;
/// beyond them there is one for each so many bytes that were inflated.
const BYTES_PER_MEMBER: usize = 1024;

pub(super) fn decode(mut input: &[u8], out: &mut Scratch) -> Result<(), Failure> {
    // Java's GZIPInputStream reads members until the input ends, so some writer may rely on it.
    for members in 1.. {
        input = member(input, out)?;
        if input.is_empty() {
            break;
        }
        if members >= FREE_MEMBERS + out.filled().len() / BYTES_PER_MEMBER {
            return Err(Failure::damaged(format!("{members} members with hardly any data, and more of them")));
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::record::Inflater;

    fn member_of(data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Encoder::default().encode(data, &mut out).unwrap();
        out
    }

    #[test]
    fn many_members_are_read_as_long_as_they_hold_something() {
        let mut inflater = Inflater::default();
        let small = member_of(b"x").repeat(FREE_MEMBERS);
        assert_eq!(inflater.inflate(Compression::Gzip, &small).unwrap().len(), FREE_MEMBERS);
        let large = member_of(&[b'y'; 2 * BYTES_PER_MEMBER]).repeat(FREE_MEMBERS + 100);
        let inflated = inflater.inflate(Compression::Gzip, &large).unwrap();
        assert_eq!(inflated.len(), 2 * (FREE_MEMBERS + 100) * BYTES_PER_MEMBER);
        for hollow in [&b""[..], b"x"] {
            let error = inflater.inflate(Compression::Gzip, &member_of(hollow).repeat(FREE_MEMBERS + 2)).unwrap_err();
            assert!(error.to_string().contains("members"), "{error}");
        }
    }
}
