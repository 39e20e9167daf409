//! Record batches and codecs: whatever the bytes, no panic, no more memory than the cap, and what is written is read.

use topica::record::{BatchWriter, Batches, Compression, Deflater, FetchReader, Inflater};

/// Small enough that a bomb is found by its effect.
const CAP: usize = 1 << 20;

/// The `records` of a Fetch reply. The checksum is made right, or nearly nothing would get past it; the first byte
/// says which parts of the reader are asked for.
pub fn record_batches(data: &[u8]) {
    let Some((&choice, bytes)) = data.split_first() else {
        return;
    };
    let mut bytes = bytes.to_vec();
    if choice & 1 == 0 {
        reseal(&mut bytes);
    }
    let from = i64::from(choice >> 4);
    let mut inflater = Inflater::new(CAP);
    let mut reader = FetchReader::new(&bytes, from, &mut inflater);
    if choice & 2 != 0 {
        reader = reader.skip_aborted([(1, 0), (0, 2), (1, 9)]);
    }
    if choice & 4 != 0 {
        reader = reader.until(from + 8);
    }
    let (mut last, mut bad, mut read) = (from - 1, 0usize, 0usize);
    while let Some(next) = reader.next() {
        match next {
            Ok(record) => {
                assert!(record.offset > last, "offsets ascend");
                last = record.offset;
                let told = record.headers.len();
                assert_eq!(record.headers.count(), told, "checked headers all come");
                read += 1;
            }
            Err(error) => {
                assert!(error.first_offset <= error.last_offset, "{error}");
                bad += 1;
            }
        }
        // A record takes seven bytes at least, inflated or not.
        assert!(read + bad <= (bytes.len() + CAP * (1 + bytes.len() / 61)) / 7 + 2, "reading ends");
    }
    let next = reader.next_offset();
    assert!(next > last && next >= from);
    assert!(bad == 0 || next > from, "damage does not hold up its reader");

    // The same batches one by one.
    for batch in Batches::new(&bytes).flatten() {
        let _ = batch.marker();
        if let Ok(records) = batch.records(&mut inflater) {
            let _ = records.count();
        }
    }
}

/// Sets the checksum of each batch that the lengths delimit.
fn reseal(bytes: &mut [u8]) {
    let mut rest = bytes;
    while let Some(length) =
        rest.get(8..12).and_then(|field| field.first_chunk()).map(|field| i32::from_be_bytes(*field))
    {
        let Ok(length) = usize::try_from(length) else {
            return;
        };
        let Some((batch, after)) = rest.split_at_mut_checked(12 + length) else {
            return;
        };
        let Some(covered) = batch.get(21..) else {
            return;
        };
        let crc = crc32c::crc32c(covered).to_be_bytes();
        if let Some(field) = batch.get_mut(17..21) {
            field.copy_from_slice(&crc);
        }
        rest = after;
    }
}

/// The codecs: the first byte says which, the rest is inflated, and then deflated and inflated again.
pub fn record_codecs(data: &[u8]) {
    let Some((&choice, input)) = data.split_first() else {
        return;
    };
    let Some(codec) = Compression::from_code(choice % 5) else {
        return;
    };
    let mut inflater = Inflater::new(CAP);
    if let Ok(inflated) = inflater.inflate(codec, input) {
        assert!(codec == Compression::None || inflated.len() <= CAP);
    }
    if input.len() > CAP {
        return;
    }
    let mut deflated = Vec::new();
    match Deflater::default().deflate(codec, input, &mut deflated) {
        Ok(()) => match inflater.inflate(codec, &deflated) {
            Ok(again) => assert_eq!(again, input, "{codec} gives back what it took"),
            Err(error) => panic_with(&error),
        },
        Err(error) => panic_with(&error),
    }

    // The same bytes as keys and values of a batch.
    let mut writer = BatchWriter::new(2 * CAP);
    for (at, part) in input.chunks(61).enumerate() {
        let key = (at % 3 != 0).then_some(part);
        let value = (at % 5 != 0).then_some(part);
        let header = [(part, value), (part, key)];
        let pushed = writer.push(at as i64 - 1, key, value, &header[..at % 3]);
        assert!(pushed.is_ok() || !writer.is_empty());
    }
    let records = writer.len();
    match writer.finish(codec, None) {
        Ok(batch) => {
            let mut inflater = Inflater::default();
            let mut reader = FetchReader::new(&batch, 0, &mut inflater);
            let mut read = 0;
            while let Some(record) = reader.next() {
                assert!(record.is_ok());
                read += 1;
            }
            assert_eq!(read, records, "{codec}");
        }
        Err(error) => panic_with(&error),
    }
}

/// A finding: the fuzzer wants a panic.
#[allow(clippy::panic)]
fn panic_with(error: &dyn std::error::Error) {
    panic!("{error}");
}
