//! What a run of discovery is asked for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use regex_lite::Regex;
use tokio::sync::watch;

use crate::catalog::{ConfiguredFormat, CsvOptions, DataSystem, Dialect, Role, Schemas};
use crate::discover::naming::Rules;
use crate::discover::plan::Budget;
use crate::infer::JSON_DEPTH;

/// What a run of discovery is asked for. Made with [`Options::default`] or [`Options::of`], then changed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Which topics, and how their tables are named.
    pub rules: Rules,
    /// Whether the topics become tables to read, to write, or both. Other than for reading, `format` is required.
    pub role: Role,
    /// Nobody has said which way rows go: the written tables may be used both ways, whatever `role` says.
    pub role_is_open: bool,
    /// Bootstrap servers as configured (`${VAR}` stays as it stands), for the written tables.
    pub servers: String,
    /// Kafka client properties as configured, for the written tables.
    pub properties: BTreeMap<String, String>,
    /// A configured format: it takes precedence over extensions and bytes.
    pub format: Option<ConfiguredFormat>,
    /// What is configured about delimited text where no format is; a configured format's own settings come first.
    pub csv: CsvOptions,
    /// Schemas that are used and not inferred.
    pub schemas: Schemas,
    /// Records and bytes to sample from each topic.
    pub budget: Budget,
    /// When to stop sampling. What was sampled until then is used.
    pub limit: Duration,
    /// The largest share of rejected records that a topic may have before [`Report::exit_status`] is 1.
    ///
    /// [`Report::exit_status`]: crate::discover::Report::exit_status
    pub max_rejected: f64,
    /// Declare `NOT NULL` what was never null in the sample.
    pub not_null_from_sample: bool,
    /// How deep JSON may nest.
    pub json_depth: usize,
    /// Dialects to write the tables in.
    pub dialects: Vec<Dialect>,
    /// Topics that are inferred at the same time.
    pub threads: usize,
    /// Stops sampling from outside.
    pub cancel: Cancel,
}

impl Default for Options {
    /// All topics, read; 10,000 records and 16 MiB of each, for an hour at most; 5 % of rejected records.
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            role: Role::Source,
            role_is_open: false,
            servers: String::new(),
            properties: BTreeMap::new(),
            format: None,
            csv: CsvOptions::default(),
            schemas: Schemas::default(),
            budget: Budget { records: 10_000, bytes: 16 << 20 },
            limit: Duration::from_secs(3600),
            max_rejected: 0.05,
            not_null_from_sample: false,
            json_depth: JSON_DEPTH,
            dialects: vec![Dialect::Sql],
            threads: 2,
            cancel: Cancel::default(),
        }
    }
}

impl Options {
    /// What a data system says, and defaults.
    pub fn of(system: &DataSystem) -> Self {
        Self {
            rules: Rules { prefix: system.topic_prefix.clone(), ..Rules::default() },
            role: system.role,
            servers: system.servers.join(","),
            properties: system.properties.clone(),
            format: system.format.clone(),
            ..Self::default()
        }
    }

    /// Only topics in whose full name the pattern is found.
    #[must_use]
    pub fn topics_matching(mut self, pattern: Option<Regex>) -> Self {
        self.rules.pattern = pattern;
        self
    }

    /// How much of each topic is sampled.
    #[must_use]
    pub fn budget(mut self, records: u64, bytes: u64) -> Self {
        self.budget = Budget { records, bytes };
        self
    }

    /// When to stop sampling.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// A configured format.
    #[must_use]
    pub fn format(mut self, format: Option<ConfiguredFormat>) -> Self {
        self.format = format;
        self
    }
}

/// Stops a run from outside: clones stop the same run.
#[derive(Clone, Debug)]
pub struct Cancel(Arc<watch::Sender<bool>>);

impl Default for Cancel {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Cancel {
    /// Ends sampling: what was sampled is used, the rest is skipped.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was called.
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns once it was called.
    pub async fn cancelled(&self) {
        let mut watched = self.0.subscribe();
        // The sender is `self`: it cannot be gone.
        let _ = watched.wait_for(|cancelled| *cancelled).await;
    }
}
