//! Rows that did not get into the topic: to a file as JSON lines with the reason, or told on stderr.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::format::json;
use crate::record::{FetchReader, Inflater};
use crate::sink::FailedBatch;

/// How many rows are told on stderr one by one.
const TOLD: u64 = 5;

/// Where rejected rows go.
#[derive(Debug)]
pub(super) struct Rejects {
    file: Option<BufWriter<File>>,
    told: u64,
}

impl Rejects {
    pub(super) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let file = match path {
            None => None,
            Some(path) => {
                let file = File::create(path)
                    .map_err(|error| Failure::usage(format!("--rejects {}: {error}", path.display())))?;
                Some(BufWriter::new(file))
            }
        };
        Ok(Self { file, told: 0 })
    }

    /// A row that was not sent.
    pub(super) fn row(&mut self, place: &str, reason: &str, row: &[u8], output: Output) -> Result<(), Failure> {
        match &mut self.file {
            Some(file) => {
                let mut line = b"{\"at\":".to_vec();
                json::write_string(place, &mut line);
                line.extend_from_slice(b",\"reason\":");
                json::write_string(reason, &mut line);
                line.extend_from_slice(b",\"row\":");
                json::write_string(&String::from_utf8_lossy(row), &mut line);
                line.extend_from_slice(b"}\n");
                file.write_all(&line)?;
            }
            None => {
                self.told += 1;
                if self.told <= TOLD {
                    output.say(format_args!("rejected {place}: {reason}"));
                } else if self.told == TOLD + 1 {
                    output.say("further rejected rows are counted only; --rejects FILE keeps them");
                }
            }
        }
        Ok(())
    }

    /// A batch that the brokers did not take. Those that they refused are rejected; of others it is not known whether
    /// they are in the topic, which ends the run.
    pub(super) fn batch(
        &mut self,
        failed: &FailedBatch,
        rejected: &mut u64,
        unacknowledged: &mut u64,
        output: Output,
    ) -> Result<Option<Failure>, Failure> {
        let failure = Failure::of(Exit::HalfWay, failed.error.as_ref());
        let reason = failure.to_string();
        *(if failed.refused { rejected } else { unacknowledged }) += u64::from(failed.rows);
        let place = format!("partition {}", failed.partition);
        if let Some(records) = &failed.records {
            let mut inflater = Inflater::default();
            let mut reader = FetchReader::new(records, 0, &mut inflater);
            while let Some(Ok(record)) = reader.next() {
                self.row(&place, &reason, record.value.unwrap_or_default(), output)?;
            }
        }
        Ok((!failed.refused).then_some(failure))
    }

    pub(super) fn close(self) -> Result<(), Failure> {
        if let Some(mut file) = self.file {
            file.flush()?;
        }
        Ok(())
    }
}
