//! Frames and replies: whatever the bytes, no panic, and no more memory than the caps.

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{
    ApiVersionsRequest, CreateTopicsRequest, FetchRequest, InitProducerIdRequest, ListOffsetsRequest, MetadataRequest,
    ProduceRequest,
};
use kafka_protocol::protocol::Request;
use topica::wire::{decode_reply, our_versions, read_frame};

const CAP: usize = 1 << 16;

/// A stream of frames. The frames that come add up to what the stream held, less their lengths.
pub fn wire_frames(data: &[u8]) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else { return };
    runtime.block_on(async {
        let (mut stream, mut buf, mut read) = (data, BytesMut::new(), 0);
        while let Ok(Some(frame)) = read_frame(&mut stream, &mut buf, CAP).await {
            assert!(frame.len() <= CAP, "frames stay below the cap");
            assert_eq!(frame, data[read + 4..read + 4 + frame.len()], "frames are what was sent");
            read += 4 + frame.len();
        }
    });
}

/// A reply of each API that is used, at each version that is spoken.
pub fn wire_replies(data: &[u8]) {
    let Some((&choice, frame)) = data.split_first() else { return };
    let frame = Bytes::copy_from_slice(frame);
    match choice % 7 {
        0 => every_version::<ApiVersionsRequest>(&frame),
        1 => every_version::<MetadataRequest>(&frame),
        2 => every_version::<ListOffsetsRequest>(&frame),
        3 => every_version::<FetchRequest>(&frame),
        4 => every_version::<ProduceRequest>(&frame),
        5 => every_version::<CreateTopicsRequest>(&frame),
        _ => every_version::<InitProducerIdRequest>(&frame),
    }
}

fn every_version<R: Request>(frame: &Bytes) {
    let range = our_versions::<R>();
    for version in range.min..=range.max {
        let _ = decode_reply::<R>(frame.clone(), version);
    }
}
