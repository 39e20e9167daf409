//! Infers a table from a stream that is read once: files and pipes of any size, in bounded memory.
//!
//! The first messages, up to 1 MiB or 1,000 of them, vote; what comes later is read as they said, and what does not fit
//! is counted. Whoever can read the input again may show it to the [`Review`], which checks every message against the
//! table; otherwise the messages that voted are checked.

use crate::catalog::Error;
use crate::format::Format;
use crate::format::sniff::{Options, Role, Sniffer, Verdict};
use crate::infer::check::Check;
use crate::infer::conclude::{Draft, Inferred};
use crate::infer::framing::{Framer, Framing, LONGEST_MESSAGE};
use crate::infer::given::Given;
use crate::infer::observe::{EXAMPLES, Observer, Value};
use crate::infer::reading::{Decision, Reading};
use crate::infer::{Message, Reject, Sampled, percent};

/// Messages that vote, and their bytes.
const VOTERS: usize = 1_000;
const VOTER_BYTES: usize = 1 << 20;

/// How much of a stream is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamLimits {
    /// Messages.
    pub records: u64,
    /// Bytes of messages.
    pub bytes: u64,
    /// Bytes of one message; a longer one is rejected.
    pub longest: usize,
}

impl Default for StreamLimits {
    /// All of it, with messages of up to 64 MiB.
    fn default() -> Self {
        Self {
            records: u64::MAX,
            bytes: u64::MAX,
            longest: LONGEST_MESSAGE,
        }
    }
}

/// Infers a table from a stream.
pub struct Stream {
    given: Given,
    framing: Framing,
    limits: StreamLimits,
    framer: Framer,
    intake: Intake,
}

/// What was taken in so far.
struct Intake {
    given: Given,
    records: u64,
    bytes: u64,
    limits: StreamLimits,
    full: bool,
    inputs: u64,
    lost: u64,
    rejects: Vec<Reject>,
    voters: Voters,
    sniffer: Sniffer,
    observer: Option<Observer>,
    fitting: u64,
}

/// The messages that vote, kept for the check.
#[derive(Default)]
struct Voters {
    bytes: Vec<u8>,
    ends: Vec<(i64, i32, usize)>,
}

/// A table that is drawn up and can be checked against a second reading of its input.
pub struct Review {
    draft: Draft,
    framing: Framing,
    limits: StreamLimits,
    framer: Framer,
    records: u64,
    bytes: u64,
    check: Check,
    input: i32,
    read_again: bool,
    voters: Voters,
    sampled: Sampled,
}

impl Stream {
    /// A stream of which nothing was read yet.
    pub fn new(given: Given, framing: Framing, limits: StreamLimits) -> Self {
        let named = given.named().map(|(format, _)| format);
        Self {
            framing,
            limits,
            framer: Framer::new(framing, limits.longest),
            intake: Intake {
                sniffer: Sniffer::new(Options::new(Role::Value).format(named).csv(given.hints())),
                given: given.clone(),
                records: 0,
                bytes: 0,
                limits,
                full: false,
                inputs: 0,
                lost: 0,
                rejects: Vec::new(),
                voters: Voters::default(),
                observer: None,
                fitting: 0,
            },
            given,
        }
    }

    /// Takes the next bytes of the input, in pieces of any size; false once the limits are reached.
    pub fn feed(&mut self, chunk: &[u8]) -> bool {
        let intake = &mut self.intake;
        !intake.full && self.framer.feed(chunk, |number, message| intake.take(number, message))
    }

    /// An input ends; another may follow. False once the limits are reached.
    pub fn end_of_input(&mut self) -> bool {
        let intake = &mut self.intake;
        let more = !intake.full && self.framer.end_of_input(|number, message| intake.take(number, message));
        intake.inputs += 1;
        more
    }

    /// Messages read so far.
    pub fn records(&self) -> u64 {
        self.intake.records
    }

    /// Draws the table up; `None` if there was no message.
    ///
    /// # Errors
    /// [`Error::ReadBack`] if the table, as written, does not read back.
    pub fn finish(self) -> Result<Option<Review>, Error> {
        let Self {
            given,
            framing,
            limits,
            mut intake,
            ..
        } = self;
        if intake.records == 0 {
            return Ok(None);
        }
        intake.decide();
        let Some(mut observer) = intake.observer.take() else {
            return Ok(None);
        };
        let format = observer.decision.format;
        intake.sniffer.add_fitting(format, intake.fitting);
        let verdict = late(&given, intake.sniffer.verdict(), format, &mut observer);
        let sampled = Sampled {
            partitions: intake.inputs.max(1),
            undecoded: intake.lost,
            rejects: intake.rejects,
            complete: !intake.full,
            warnings: Vec::new(),
        };
        let draft = Draft::new(given, observer, &verdict, None);
        let check = draft.begin_check()?;
        Ok(Some(Review {
            draft,
            framing,
            limits,
            framer: Framer::new(framing, limits.longest),
            records: 0,
            bytes: 0,
            check,
            input: 0,
            read_again: false,
            voters: intake.voters,
            sampled,
        }))
    }
}

/// What the misfits after the vote change: they may make the topic mixed. The reading stays, as there is no second one,
/// but for one column that takes everything.
fn late(given: &Given, verdict: Verdict, format: Format, observer: &mut Observer) -> Verdict {
    if verdict.format != format {
        observer.decision.remarks.push(format!(
            "what was read first is {format}, but {} of all is {}",
            percent(verdict.share),
            verdict.format
        ));
    } else if !verdict.mixed.is_empty() {
        let decision = Decision::new(given, &verdict);
        if decision.reading == Reading::Bytes {
            observer.decision = decision;
        } else {
            observer.decision.remarks = decision.remarks;
        }
    }
    verdict
}

impl Intake {
    fn take(&mut self, number: i64, message: Result<&[u8], String>) -> bool {
        let partition = i32::try_from(self.inputs).unwrap_or(i32::MAX);
        let size = message.as_ref().map_or(0, |value| value.len()) as u64;
        if self.records >= self.limits.records || (self.records > 0 && size > self.limits.bytes - self.bytes) {
            self.full = true;
            return false;
        }
        self.records += 1;
        self.bytes = self.bytes.saturating_add(size).min(self.limits.bytes);
        match message {
            Err(reason) => {
                self.lost += 1;
                if self.rejects.len() < EXAMPLES {
                    self.rejects.push(Reject {
                        partition,
                        offset: number,
                        reason,
                    });
                }
            }
            Ok(value) => self.value(partition, number, value),
        }
        true
    }

    fn value(&mut self, partition: i32, offset: i64, value: &[u8]) {
        let message = Message {
            partition,
            offset,
            key: None,
            value: Some(value),
        };
        match &mut self.observer {
            None => {
                self.sniffer.add(value);
                self.voters.keep(&message);
                if self.voters.ends.len() >= VOTERS || self.voters.bytes.len() >= VOTER_BYTES {
                    self.decide();
                }
            }
            Some(observer) => match observer.observe(&message) {
                Value::Fits => self.fitting += 1,
                Value::Empty | Value::Misfit => self.sniffer.add(value),
                Value::Tombstone => {}
            },
        }
    }

    /// Counts the votes, and reads what voted.
    fn decide(&mut self) {
        if self.observer.is_none() {
            let decision = Decision::new(&self.given, &self.sniffer.verdict());
            let mut observer = Observer::new(decision, None, self.given.json_depth);
            for message in self.voters.messages() {
                observer.observe(&message);
            }
            self.observer = Some(observer);
        }
    }
}

impl Voters {
    fn keep(&mut self, message: &Message<'_>) {
        self.bytes.extend_from_slice(message.value.unwrap_or_default());
        self.ends.push((message.offset, message.partition, self.bytes.len()));
    }

    fn messages(&self) -> impl Iterator<Item = Message<'_>> {
        let mut start = 0;
        self.ends.iter().map(move |&(offset, partition, end)| {
            let value = self.bytes.get(start..end);
            start = end;
            Message {
                partition,
                offset,
                key: None,
                value,
            }
        })
    }
}

impl Review {
    /// Shows the input once more, from its beginning; false once the limits of the first reading are reached.
    pub fn feed(&mut self, chunk: &[u8]) -> bool {
        self.read_again = true;
        let Self {
            framer,
            check,
            records,
            bytes,
            limits,
            input,
            ..
        } = self;
        framer.feed(chunk, |number, message| show(check, records, bytes, limits, *input, number, message))
    }

    /// An input ends; another may follow.
    pub fn end_of_input(&mut self) -> bool {
        let Self {
            framer,
            check,
            records,
            bytes,
            limits,
            input,
            ..
        } = self;
        let more = framer.end_of_input(|number, message| show(check, records, bytes, limits, *input, number, message));
        *input = input.saturating_add(1);
        more
    }

    /// How the input is cut.
    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// The table, with what the check found.
    ///
    /// # Errors
    /// [`Error::ReadBack`] if the table, as written, does not read back.
    pub fn finish(mut self) -> Result<Inferred, Error> {
        if !self.read_again {
            for message in self.voters.messages() {
                self.check.message(&message);
            }
        }
        self.draft.finish(self.check, self.sampled)
    }
}

fn show(
    check: &mut Check,
    records: &mut u64,
    bytes: &mut u64,
    limits: &StreamLimits,
    input: i32,
    number: i64,
    message: Result<&[u8], String>,
) -> bool {
    let size = message.as_ref().map_or(0, |value| value.len()) as u64;
    if *records >= limits.records || (*records > 0 && size > limits.bytes - *bytes) {
        return false;
    }
    *records += 1;
    *bytes = bytes.saturating_add(size).min(limits.bytes);
    if let Ok(value) = message {
        check.message(&Message {
            partition: input,
            offset: number,
            key: None,
            value: Some(value),
        });
    }
    true
}
