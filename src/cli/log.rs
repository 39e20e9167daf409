//! What the library tells while it works, on stderr: warnings always, with `-vv` everything.

use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::cli::output::Output;

/// Prints events as lines. Spans are not followed: the library has none.
struct Lines {
    output: Output,
    level: Level,
}

/// From here on, what the library tells is printed.
pub(crate) fn listen(output: Output) {
    let level = if output.verbose > 1 { Level::DEBUG } else { Level::WARN };
    // A program has one; that somebody set another before is nothing that can happen here.
    let _ = tracing::subscriber::set_global_default(Lines { output, level });
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= self.level && metadata.target().starts_with("topica")
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let kind = if *event.metadata().level() <= Level::WARN { "warning" } else { "debug" };
        self.output.say(format_args!("{kind}: {}{}", line.message, line.fields));
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The message, and the fields behind it.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}
