//! Infers a table from a sample that can be looked at more than once.

use crate::catalog::Error;
use crate::format::sniff::{Options, Role, Sniffer};
use crate::infer::conclude::{Draft, Inferred};
use crate::infer::given::Given;
use crate::infer::observe::{Observer, Value};
use crate::infer::reading::{Decision, Reading};
use crate::infer::{Message, Reject};

/// Payloads that are tried in full before it is decided, and their bytes.
const VOTERS: u64 = 1_000;
const VOTER_BYTES: u64 = 1 << 20;

/// What is known of a sample besides its messages.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Sampled {
    /// Partitions that it is from.
    pub partitions: u64,
    /// Records that could not be decoded; they are in no message.
    pub undecoded: u64,
    /// Some of those.
    pub rejects: Vec<Reject>,
    /// Whether it is all there is.
    pub complete: bool,
    /// What was to be said about it already.
    pub warnings: Vec<String>,
}

/// Infers the table of a topic from a sample of its messages, in the order of their partitions and offsets.
///
/// The result does not depend on anything else: the same messages give the same table. `None` if no message has a
/// value.
///
/// # Errors
/// [`Error::ReadBack`] if the table, as written, does not read back: nothing is to be published then.
pub fn infer<'m, I>(messages: I, given: &Given, sampled: Sampled) -> Result<Option<Inferred>, Error>
where
    I: Iterator<Item = Message<'m>> + Clone,
{
    let (values, keys) = voters(messages.clone(), given);
    let mut verdict = values.verdict();
    if verdict.payloads + verdict.empty == 0 {
        return Ok(None);
    }
    let keys = keys.map(|keys| keys.verdict());
    let key_format = keys.as_ref().map(|keys| keys.format);
    let decision = Decision::new(given, &verdict);
    let exact = matches!(decision.reading, Reading::Json | Reading::Rows(_));
    let mut observer = Observer::new(decision, key_format, given.json_depth);
    let recount = observe(messages.clone(), given, &mut observer);
    if exact {
        let last = recount.verdict();
        if last.format != verdict.format || last.mixed.is_empty() != verdict.mixed.is_empty() {
            // The voters did not speak for the rest: decide again, now that all have been heard.
            observer = Observer::new(Decision::new(given, &last), key_format, given.json_depth);
            observe(messages.clone(), given, &mut observer);
        } else if !last.mixed.is_empty() {
            observer.decision.remarks = Decision::new(given, &last).remarks;
        }
        verdict = last;
    }
    let draft = Draft::new(given.clone(), observer, &verdict, keys.as_ref());
    draft.check(messages, sampled).map(Some)
}

/// Lets payloads vote that are spread evenly over the sample, the first of each partition among them: a row of column
/// names may stand there.
fn voters<'m>(messages: impl Iterator<Item = Message<'m>> + Clone, given: &Given) -> (Sniffer, Option<Sniffer>) {
    let (mut count, mut bytes) = (0u64, 0u64);
    for value in messages.clone().filter_map(|message| message.value) {
        count += 1;
        bytes += value.len() as u64;
    }
    let step = count.div_ceil(VOTERS).max(bytes.div_ceil(VOTER_BYTES)).max(1);
    let named = given.named().map(|(format, _)| format);
    let mut values = Sniffer::new(Options::new(Role::Value).format(named).csv(given.hints()));
    let mut keys: Option<Sniffer> = None;
    let (mut nth, mut nth_key) = (0u64, 0u64);
    let mut partition = None;
    for message in messages {
        let first = partition.replace(message.partition) != Some(message.partition);
        if let Some(value) = message.value {
            if nth.is_multiple_of(step) || first {
                values.add(value);
            }
            nth += 1;
        }
        if let Some(key) = message.key {
            if nth_key.is_multiple_of(step) || first {
                keys.get_or_insert_with(|| Sniffer::new(Options::new(Role::Key))).add(key);
            }
            nth_key += 1;
        }
    }
    (values, keys)
}

/// Shows all messages to the observer, and counts all of them as votes: the misfits are looked at once more.
fn observe<'m>(messages: impl Iterator<Item = Message<'m>>, given: &Given, observer: &mut Observer) -> Sniffer {
    let named = given.named().map(|(format, _)| format);
    let mut recount = Sniffer::new(Options::new(Role::Value).format(named).csv(given.hints()));
    let mut fitting = 0u64;
    for message in messages {
        let seen = observer.observe(&message);
        if seen == Value::Fits && recount.is_full() {
            fitting += 1;
        } else if let Some(value) = message.value {
            recount.add(value);
        }
    }
    recount.add_fitting(observer.decision.format, fitting);
    recount
}
