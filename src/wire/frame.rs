//! How is one frame read from a stream? A Kafka frame is a length (int32, big-endian) and that many bytes.
//!
//! Protocol guide, "Protocol Primitive Types" and "Network".

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::LooksLike;

/// The cap on a frame unless another is set, in bytes: 64 MiB.
pub const DEFAULT_MAX_FRAME: usize = 64 << 20;

/// Room asked for when nothing is known of what comes.
const READ_AHEAD: usize = 8 << 10;
/// The most that a peer's word alone is worth: beyond it, room grows with what has arrived.
const TRUSTED: usize = 1 << 20;
/// A buffer that one frame grew beyond this is given back after it, not kept for the next.
const KEPT: usize = 4 << 20;
const LENGTH: usize = 4;

/// Why no frame could be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Reading failed.
    #[error("reading failed: {0}")]
    Io(#[from] io::Error),
    /// The length that the frame claims is beyond the cap; nothing was allocated for it.
    #[error("a frame of {length} bytes is larger than the cap of {max} bytes")]
    TooLarge {
        /// What the frame claims, in bytes.
        length: usize,
        /// The cap, in bytes.
        max: usize,
    },
    /// The length is negative.
    #[error("a frame claims the negative length {0}")]
    Negative(i32),
    /// The bytes are those of another protocol.
    #[error("this is {0}, not Kafka")]
    NotKafka(LooksLike),
    /// The stream ended inside a frame.
    #[error("the stream ended inside a frame, after {got} of {length} bytes")]
    Truncated {
        /// Bytes that came, the length field included.
        got: usize,
        /// Bytes that the frame has in all, the length field included; 4 if the length itself was cut.
        length: usize,
    },
}

/// Reads one frame: what follows the length field, as one slice of `buf`'s allocation. `None` is a stream that ended
/// between frames.
///
/// `buf` keeps what was read beyond this frame, so it must be handed in again for the next one; its memory is reused
/// once the frames cut from it are dropped. Cancel-safe: nothing that was read is lost when the future is dropped.
///
/// # Errors
/// See [`FrameError`]. The stream is of no use after one.
pub async fn read_frame<R>(reader: &mut R, buf: &mut BytesMut, max: usize) -> Result<Option<Bytes>, FrameError>
where
    R: AsyncRead + Unpin + ?Sized,
{
    let length = loop {
        if let Some(length) = peek_length(buf, max)? {
            break length;
        }
        if buf.capacity() - buf.len() < LENGTH {
            buf.reserve(READ_AHEAD);
        }
        if reader.read_buf(buf).await? == 0 {
            return match buf.len() {
                0 => Ok(None),
                got => Err(FrameError::Truncated { got, length: LENGTH }),
            };
        }
    };
    let total = LENGTH + length;
    while buf.len() < total {
        // Room beyond TRUSTED only as large as what the peer has sent already: a lying length costs it as much as us.
        let missing = total - buf.len();
        if buf.capacity() - buf.len() < missing {
            buf.reserve(missing.min(buf.len().max(TRUSTED)));
        }
        if reader.read_buf(buf).await? == 0 {
            return Err(FrameError::Truncated { got: buf.len(), length: total });
        }
    }
    let mut frame = buf.split_to(total).freeze();
    frame.advance(LENGTH);
    if buf.is_empty() && total > KEPT {
        *buf = BytesMut::new();
    }
    Ok(Some(frame))
}

/// The length of the frame that `buf` begins with, checked; `None` if more bytes are needed to know it.
fn peek_length(buf: &BytesMut, max: usize) -> Result<Option<usize>, FrameError> {
    let Some(prefix) = buf.first_chunk::<LENGTH>() else {
        return Ok(None);
    };
    let claimed = i32::from_be_bytes(*prefix);
    let length = usize::try_from(claimed).map_err(|_| match LooksLike::recognise(buf) {
        Some(found) => FrameError::NotKafka(found),
        None => FrameError::Negative(claimed),
    })?;
    if length > max {
        return Err(match LooksLike::recognise(buf) {
            Some(found) => FrameError::NotKafka(found),
            None => FrameError::TooLarge { length, max },
        });
    }
    Ok(Some(length))
}
