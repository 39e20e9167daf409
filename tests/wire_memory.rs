//! What a peer's lies may cost: never more memory than the caps, whatever a length claims. This binary has its own
//! allocator, which counts per thread.
#![allow(unsafe_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{
    ApiVersionsRequest, CreateTopicsRequest, FetchRequest, ListOffsetsRequest, MetadataRequest, ProduceRequest,
};
use kafka_protocol::protocol::Request;
use topica::wire::{FrameError, MAX_DECODED, decode_reply, our_versions, read_frame};

thread_local! {
    static NOW: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

struct Counting;

fn grown(by: usize) {
    NOW.set(NOW.get() + by as isize);
    PEAK.set(PEAK.get().max(NOW.get()));
}

// SAFETY: every call goes to the system's allocator as it came; the counters are plain cells that need no allocation.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.set(NOW.get() - layout.size() as isize);
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Old and new may be there at once.
        grown(size);
        NOW.set(NOW.get() - layout.size() as isize);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes that `work` holds at once.
fn peak<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let now = NOW.get();
    PEAK.set(now);
    let result = work();
    ((PEAK.get() - now) as usize, result)
}

fn read(stream: &[u8], max: usize) -> (usize, Result<Option<Bytes>, FrameError>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut stream = stream;
    peak(|| runtime.block_on(async { read_frame(&mut stream, &mut BytesMut::new(), max).await }))
}

#[test]
fn a_frame_costs_what_was_sent_not_what_was_claimed() {
    let cap = 64 << 20;
    let (bytes, frame) = read(&(cap as u32 + 1).to_be_bytes(), cap);
    assert!(matches!(frame, Err(FrameError::TooLarge { .. })));
    assert!(bytes < 64 << 10, "{bytes} bytes for a refused frame");
    let (bytes, frame) = read(&[&(cap as u32).to_be_bytes()[..], &[1; 100]].concat(), cap);
    assert!(matches!(frame, Err(FrameError::Truncated { .. })));
    assert!(bytes < 2 << 20, "{bytes} bytes for a frame that claims 64 MiB and has 100");
}

/// Replies to `R` that begin well and then claim more elements than there are, with and without bytes behind the claim.
fn lies<R: Request>() {
    const CLAIMS: [&[u8]; 3] = [&[0x03, 0, 0, 0], &[0xff, 0xff, 0xff, 0xff, 0x0f], &[0xff, 0xff, 0x7f]];
    let range = our_versions::<R>();
    for version in [range.min, range.max] {
        for (zeros, claim) in (0..24).step_by(2).flat_map(|zeros| CLAIMS.map(|claim| (zeros, claim))) {
            for rest in [0, 1 << 20] {
                let mut frame = [&[0, 0, 0, 1][..], &vec![0; zeros], claim].concat();
                frame.resize(frame.len() + rest, 1);
                let frame = Bytes::from(frame);
                let (bytes, _) = peak(|| decode_reply::<R>(frame.clone(), version));
                assert!(bytes <= MAX_DECODED + (1 << 20), "v{version}, {zeros} zeros, {claim:x?}: {bytes} bytes");
            }
        }
    }
}

#[test]
fn a_reply_never_costs_more_than_the_cap_on_decoded_structures() {
    lies::<ApiVersionsRequest>();
    lies::<MetadataRequest>();
    lies::<ListOffsetsRequest>();
    lies::<FetchRequest>();
    lies::<ProduceRequest>();
    lies::<CreateTopicsRequest>();
}
