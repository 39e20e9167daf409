//! What sampling needs to know of a partition's part of a Fetch reply.

/// What came from a partition, decoded as it is read.
pub(crate) trait Source {
    /// The next record, or a run of offsets that could not be decoded.
    fn next(&mut self) -> Option<Result<Taken<'_>, Broken>>;
    /// The offset to fetch from once there is no more.
    fn resume(&self) -> i64;
    /// How many bytes the batch has that was cut off at the end; 0 if that is not known.
    fn needs(&self) -> u64;
}

/// A record, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken<'a> {
    pub(crate) offset: i64,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: Option<&'a [u8]>,
    pub(crate) batch: InBatch,
}

/// The batch that a record lies in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InBatch {
    /// The first offset that it covers.
    pub(crate) base: i64,
    /// The last offset that it covers.
    pub(crate) last: i64,
    /// Its length on the wire, in bytes.
    pub(crate) length: u64,
}

/// A run of offsets that could not be decoded.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) reason: String,
}
