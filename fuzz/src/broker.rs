//! The embedded broker's side of a socket: request frames from anybody.

/// Whatever a client sends as a request is answered or refused, without a panic and without memory beyond the caps; an
/// answer is a whole frame.
pub fn broker_requests(data: &[u8]) {
    if let Some(answer) = topica::broker::answer_frame(data) {
        let length = answer.first_chunk().map(|prefix| i32::from_be_bytes(*prefix));
        assert_eq!(length, i32::try_from(answer.len() - 4).ok());
    }
}
