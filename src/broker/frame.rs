//! Frames off a socket.
use bytes::{Bytes, BytesMut, Buf};
use tokio::io::{AsyncRead, AsyncReadExt};
pub(super) async fn read_frame<R: AsyncRead + Unpin>(r: &mut R, buf: &mut BytesMut, max: usize) -> std::io::Result<Option<Bytes>> {
    loop {
        if let Some(head) = buf.get(..4) {
            let len = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
            if len > max { return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "frame too long")); }
            if buf.len() >= 4 + len { buf.advance(4); return Ok(Some(buf.split_to(len).freeze())); }
        }
        if r.read_buf(buf).await? == 0 {
            return if buf.is_empty() { Ok(None) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) };
        }
    }
}
