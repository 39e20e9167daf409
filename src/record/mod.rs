//! Record batches: what lies in the `records` field of a Fetch reply and of a Produce request.
//!
//! This room turns the bytes of one partition into records and back, and nothing else: it does no I/O, knows no
//! topic and no broker, and trusts no length that it is given. Batches are of format v2 (magic 2, Kafka 0.11 and
//! later: KIP-98); older message sets are told apart and refused with [`Error::OldMessageSet`].
//!
//! * [`Batches`] cuts the bytes into batches and checks their CRCs; [`Batch::records`] walks the records of one.
//! * [`FetchReader`] is what a consumer wants: data records only, from the offset it asked for, and where to go on.
//! * [`BatchWriter`] encodes records into a batch in one pass.
//! * [`Compression`], [`Inflater`] and [`Deflater`] are the seam to the codecs, each of them a cargo feature.
//!
//! Reading copies nothing and allocates nothing per record: keys, values and headers are slices of the bytes given,
//! or of the [`Inflater`]'s one buffer where the batch is compressed.
//!
//! ```
//! use topica::record::{BatchWriter, Compression, FetchReader, Inflater};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut writer = BatchWriter::new(1 << 20);
//! writer.push(1_700_000_000_000, Some(b"key"), Some(b"value"), &[])?;
//! let batch = writer.finish(Compression::None, None)?;
//!
//! let mut inflater = Inflater::default();
//! let mut reader = FetchReader::new(&batch, 0, &mut inflater);
//! while let Some(record) = reader.next() {
//!     assert_eq!(record?.value, Some(&b"value"[..]));
//! }
//! assert_eq!(reader.next_offset(), 1);
//! # Ok(())
//! # }
//! ```

mod batch;
mod codec;
mod error;
mod fetch;
mod layout;
mod patch;
mod records;
mod varint;
mod writer;

pub use batch::{Batch, Batches, Header, MarkerKind, Partial};
pub use codec::{CodecError, Compression, DEFAULT_MAX_INFLATED, Deflater, Inflater, UnknownCompression};
pub use error::{Bad, Error};
pub use fetch::FetchReader;
pub use patch::{Rejected, assign_offsets, set_log_append_time};
pub use records::{Headers, Record, Records};
pub use writer::{BatchWriter, Producer, PushError, end_marker};
