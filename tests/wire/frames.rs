//! Frames, read from streams that come in pieces, lie, or end.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use topica::wire::{FrameError, LooksLike, read_frame};

const CAP: usize = 1 << 20;

/// Gives these pieces, one for each read, then the end.
struct Pieces(Vec<Vec<u8>>);

impl Pieces {
    fn of(bytes: &[u8], size: usize) -> Self {
        Self(bytes.chunks(size).map(<[u8]>::to_vec).rev().collect())
    }
}

impl AsyncRead for Pieces {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Some(mut piece) = self.0.pop() {
            let rest = piece.split_off(piece.len().min(buf.remaining()));
            buf.put_slice(&piece);
            if !rest.is_empty() {
                self.0.push(rest);
            }
        }
        Poll::Ready(Ok(()))
    }
}

fn framed(content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32).to_be_bytes(), content].concat()
}

async fn read_all(mut stream: Pieces) -> Result<Vec<Bytes>, FrameError> {
    let (mut buf, mut frames) = (BytesMut::new(), Vec::new());
    while let Some(frame) = read_frame(&mut stream, &mut buf, CAP).await? {
        frames.push(frame);
    }
    Ok(frames)
}

#[tokio::test]
async fn frames_are_the_same_however_the_stream_is_cut() {
    let contents: [&[u8]; 4] = [b"one", b"", &[7; 70_000], b"four"];
    let stream = contents.map(framed).concat();
    for size in [1, 2, 3, 4, 5, 7, 1000, 65_536, stream.len()] {
        let frames = read_all(Pieces::of(&stream, size)).await.unwrap();
        assert!(frames.iter().map(|f| &f[..]).eq(contents), "in pieces of {size}");
    }
}

#[tokio::test]
async fn an_end_between_frames_is_no_error_and_one_inside_is() {
    let stream = framed(b"whole");
    assert!(read_all(Pieces::of(&[], 1)).await.unwrap().is_empty());
    for cut in 1..stream.len() {
        let error = read_all(Pieces::of(&stream[..cut], 2)).await.unwrap_err();
        let length = if cut < 4 { 4 } else { stream.len() };
        assert!(
            matches!(error, FrameError::Truncated { got, length: l } if got == cut && l == length),
            "{cut}: {error:?}"
        );
    }
}

#[tokio::test]
async fn lengths_beyond_the_cap_and_below_zero_are_refused_before_anything_is_read() {
    let at_cap = [&(CAP as u32).to_be_bytes()[..], &vec![1; CAP]].concat();
    assert_eq!(read_all(Pieces::of(&at_cap, 1 << 16)).await.unwrap()[0].len(), CAP);
    let error = read_all(Pieces::of(&(CAP as u32 + 1).to_be_bytes(), 4)).await.unwrap_err();
    assert!(matches!(error, FrameError::TooLarge { length, max: CAP } if length == CAP + 1), "{error:?}");
    let error = read_all(Pieces::of(&(-2_i32).to_be_bytes(), 4)).await.unwrap_err();
    assert!(matches!(error, FrameError::Negative(-2)), "{error:?}");
}

#[tokio::test]
async fn other_protocols_are_named_by_their_first_bytes() {
    for (start, expected) in [
        (&b"HTTP/1.1 400 Bad Request\r\n"[..], LooksLike::Http),
        (b"GET / HTTP/1.1\r\n", LooksLike::Http),
        (&[0x15, 3, 3, 0, 2, 2, 40], LooksLike::Tls),
        (&[0x16, 3, 1, 2, 0, 1], LooksLike::Tls),
        (b"SSH-2.0-OpenSSH_9.6\r\n", LooksLike::Ssh),
        (b"-ERR unknown command\r\n", LooksLike::Redis),
        (&[b'E', 0, 0, 0, 0x8a, b'S'], LooksLike::Postgres),
        (&[0x4a, 0, 0, 0, 10, b'8', b'.'], LooksLike::MySql),
        (b"220 mail.example.com ESMTP\r\n", LooksLike::Greeting),
        (b"AMQP\0\0\x09\x01", LooksLike::Amqp),
        (b"hello\n", LooksLike::Text),
    ] {
        let error = read_all(Pieces::of(start, start.len())).await.unwrap_err();
        assert!(matches!(error, FrameError::NotKafka(found) if found == expected), "{expected:?}: {error:?}");
    }
    let error = read_all(Pieces::of(&[0x7f, 0, 0, 1], 4)).await.unwrap_err();
    assert!(matches!(error, FrameError::TooLarge { .. }), "{error:?}");
}

#[tokio::test]
async fn nothing_is_lost_when_reading_is_given_up_half_way() {
    let (mut writer, mut reader) = tokio::io::duplex(64);
    let mut buf = BytesMut::new();
    for byte in framed(b"patience") {
        writer.write_all(&[byte]).await.unwrap();
        // Each attempt takes what is there and is dropped, except the last one.
        tokio::select! {
            biased;
            frame = read_frame(&mut reader, &mut buf, CAP) => assert_eq!(frame.unwrap().unwrap(), "patience"),
            () = std::future::ready(()) => {}
        }
    }
    assert!(buf.is_empty());
}

#[tokio::test]
async fn one_buffer_serves_frame_after_frame() {
    let (mut writer, mut reader) = tokio::io::duplex(1 << 20);
    let mut buf = BytesMut::new();
    let content = vec![1; 100_000];
    let mut places = std::collections::BTreeSet::new();
    for _ in 0..50 {
        writer.write_all(&framed(&content)).await.unwrap();
        let frame = read_frame(&mut reader, &mut buf, CAP).await.unwrap().unwrap();
        places.insert(frame.as_ptr() as usize / (4 << 20));
    }
    assert!(places.len() <= 2, "frames that are dropped make room for the next: {places:?}");
}
