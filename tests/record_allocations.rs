//! What reading and writing records allocates: nothing per record, and never more than the cap on inflated data,
//! whatever a hostile batch claims. This binary has its own allocator, which counts per thread.
#![allow(unsafe_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use topica::record::{BatchWriter, Batches, CodecError, Compression, Deflater, Error, FetchReader, Inflater};

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
    static NOW: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

struct Counting;

fn grown(by: usize) {
    COUNT.set(COUNT.get() + 1);
    NOW.set(NOW.get() + by as isize);
    PEAK.set(PEAK.get().max(NOW.get()));
}

// SAFETY: every call goes to the system's allocator as it came; the counters are plain cells that need no allocation.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        unsafe { System.alloc_zeroed(layout) }
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

/// Allocations that `work` makes, and the most bytes that it holds at once.
fn measure<T>(work: impl FnOnce() -> T) -> (usize, usize, T) {
    let (count, now) = (COUNT.get(), NOW.get());
    PEAK.set(now);
    let result = work();
    (COUNT.get() - count, (PEAK.get() - now) as usize, result)
}

fn batch(records: usize, compression: Compression, writer: &mut BatchWriter) -> bytes::Bytes {
    for at in 0..records {
        let key = (at as u64).to_be_bytes();
        let headers: [(&[u8], Option<&[u8]>); 2] = [(b"trace", Some(&key)), (b"none", None)];
        writer.push(at as i64, Some(&key), Some(&[at as u8; 80]), &headers).unwrap();
    }
    writer.finish(compression, None).unwrap()
}

#[test]
fn reading_allocates_nothing_per_record() {
    let mut writer = BatchWriter::new(1 << 24);
    for codec in Compression::ALL {
        let bytes = batch(2_000, codec, &mut writer);
        let mut inflater = Inflater::default();
        let mut read = || {
            let mut count = 0;
            let mut reader = FetchReader::new(&bytes, 0, &mut inflater);
            while let Some(record) = reader.next() {
                let record = record.unwrap();
                count += record.headers.filter(|(key, _)| *key == b"trace").count();
            }
            assert_eq!(count, 2_000);
        };
        // The first batch makes the buffers.
        read();
        let (allocations, _, ()) = measure(read);
        // gzip makes its window anew for each batch.
        let per_batch = if codec == Compression::Gzip { 4 } else { 0 };
        assert!(allocations <= per_batch, "{codec}: {allocations} allocations for a batch of 2,000 records");
    }
}

#[test]
fn writing_allocates_nothing_per_record() {
    for codec in Compression::ALL {
        let mut writer = BatchWriter::new(1 << 24);
        // The first batch makes the buffers, and tells how large the next is.
        drop(batch(2_000, codec, &mut writer));
        let (few, ..) = measure(|| batch(20, codec, &mut writer));
        drop(batch(2_000, codec, &mut writer));
        let (many, ..) = measure(|| batch(2_000, codec, &mut writer));
        // Zstandard's encoder allocates per block of 128 KiB, and these are two or three.
        assert!(many <= few + 24, "{codec}: {few} allocations for 20 records, {many} for 2,000");
    }
}

const CAP: usize = 1 << 20;
/// What the codecs need beside the data: windows and tables.
const WORKING: usize = 512 << 10;
/// The most that may be held: the cap, and while the buffer grows to it, the old half, should the allocator have to
/// copy it.
const MOST: usize = CAP + CAP / 2 + WORKING;

/// `input` is refused for its size, and at no time is more than [`MOST`] held.
fn refused(name: &str, codec: Compression, input: &[u8]) {
    let (_, peak, result) = measure(|| {
        let mut inflater = Inflater::new(CAP);
        inflater.inflate(codec, input).map(<[u8]>::len)
    });
    assert!(matches!(result, Err(CodecError::TooLarge { limit: CAP, .. })), "{name}: {result:?}");
    assert!(peak <= MOST, "{name}: {peak} bytes");
}

/// `input` is damaged, which costs no memory to find out.
fn damaged(name: &str, codec: Compression, input: &[u8]) {
    let (_, peak, result) = measure(|| Inflater::new(CAP).inflate(codec, input).map(<[u8]>::len));
    assert!(matches!(result, Err(CodecError::Damaged { .. })), "{name}: {result:?}");
    assert!(peak <= WORKING, "{name}: {peak} bytes");
}

fn deflated(codec: Compression, input: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Deflater::default().deflate(codec, input, &mut out).unwrap();
    out
}

#[test]
fn bombs_are_refused_in_every_codec() {
    let zeros = vec![0; 8 * CAP];
    for codec in &Compression::ALL[1..] {
        let bomb = deflated(*codec, &zeros);
        refused(&format!("{codec} bomb"), *codec, &bomb);
        // In parts that are small by themselves: members, streams, frames.
        let part = deflated(*codec, &zeros[..CAP / 4]);
        refused(&format!("{codec} bomb in parts"), *codec, &part.repeat(20));
        // Exactly the cap is allowed, and one byte more is not.
        let exact = deflated(*codec, &zeros[..CAP]);
        let (_, peak, len) = measure(|| Inflater::new(CAP).inflate(*codec, &exact).unwrap().len());
        assert_eq!(len, CAP);
        assert!(peak <= MOST, "{codec}: {peak} bytes");
        refused(&format!("{codec} one more"), *codec, &deflated(*codec, &zeros[..CAP + 1]));
    }
}

#[test]
fn claimed_sizes_are_checked_before_they_are_allocated() {
    // Raw Snappy begins with the inflated size.
    refused("snappy, 4 GiB", Compression::Snappy, &[0xff, 0xff, 0xff, 0xff, 0x0f, 0]);
    refused("snappy, 2 MiB", Compression::Snappy, &[0x80, 0x80, 0x80, 0x01, 0]);
    // Within the cap, but more than the bytes can hold.
    damaged("snappy, 1 MiB", Compression::Snappy, &[0x80, 0x80, 0x40, 0]);
    let xerial = |block: &[u8]| [b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01", block].concat();
    refused("xerial, a block of 4 GiB", Compression::Snappy, &xerial(&[0, 0, 0, 6, 0xff, 0xff, 0xff, 0xff, 0x0f, 0]));
    damaged("xerial, a block length of 2 GiB", Compression::Snappy, &xerial(&[0x7f, 0xff, 0xff, 0xff, 1, 2, 3]));
    damaged("xerial, a negative block length", Compression::Snappy, &xerial(&[0xff, 0xff, 0xff, 0xff, 1, 2, 3]));

    // Zstandard frames that tell a content size of 2^64 - 1, 2^30, and 2^19 with one byte in it.
    let told = |size: u64| [&[0x28, 0xb5, 0x2f, 0xfd, 0xe0][..], &size.to_le_bytes(), &[1, 0, 0]].concat();
    damaged("zstd, 2^64, as large a window", Compression::Zstd, &told(u64::MAX));
    refused("zstd, 1 GiB", Compression::Zstd, &told(1 << 30));
    // A frame of run-length blocks, 128 KiB in 4 bytes each, that tells nothing.
    let run = ((128 << 10) << 3 | 1 << 1) as u32;
    let mut runs = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x88];
    for _ in 0..1_000 {
        runs.extend_from_slice(&[run as u8, (run >> 8) as u8, (run >> 16) as u8, 7]);
    }
    refused("zstd, runs", Compression::Zstd, &runs);
    damaged("zstd, cut off", Compression::Zstd, &runs[..6]);

    // An LZ4 frame of 4 MiB blocks with next to nothing in it; the header's checksum is right.
    let frame = |block: &[u8]| [&[0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73][..], block].concat();
    damaged("lz4, a cut block", Compression::Lz4, &frame(&[0x00, 0x00, 0x40, 0x00, 1, 2, 3]));
    damaged("lz4, a block of 2 GiB", Compression::Lz4, &frame(&[0xff, 0xff, 0xff, 0x7f, 1, 2, 3]));
    damaged("lz4, a match before the start", Compression::Lz4, &frame(&[4, 0, 0, 0, 0x0f, 9, 0, 0]));

    damaged("gzip, nothing", Compression::Gzip, &[]);
    damaged("gzip, a name without end", Compression::Gzip, &[0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3, b'a', b'b']);
}

#[test]
fn a_lying_batch_allocates_nothing() {
    let mut writer = BatchWriter::new(1_000);
    writer.push(0, None, Some(b"x"), &[]).unwrap();
    let sound = writer.finish(Compression::None, None).unwrap().to_vec();
    let mut lying = Vec::new();
    for count in [2, 20_000_000, i32::MAX] {
        let mut bytes = sound.clone();
        bytes[57..61].copy_from_slice(&i32::to_be_bytes(count));
        let crc = crc32c::crc32c(&bytes[21..]);
        bytes[17..21].copy_from_slice(&crc.to_be_bytes());
        lying.push(bytes);
    }
    for bytes in lying {
        let (allocations, _, last) = measure(|| {
            let batch = Batches::new(&bytes).next().unwrap().unwrap();
            let mut inflater = Inflater::default();
            let last = batch.records(&mut inflater).unwrap().last();
            last.map(
                |record| matches!(record, Err(bad) if matches!(bad.reason, Error::MissingRecords { found: 1, .. })),
            )
        });
        assert_eq!((allocations, last), (0, Some(true)));
    }
}
