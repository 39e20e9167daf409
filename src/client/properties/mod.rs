//! Configuration as Kafka's users have it: names and values, in Java's spelling or librdkafka's.

mod file;
mod nearest;
mod table;

use std::time::Duration;

pub use file::parse_file;
pub use table::{Meaning, Property, Setting, TABLE};

use super::{ClientConfig, ConfigError};

impl ClientConfig {
    /// A configuration from properties, in either spelling ([`TABLE`] lists them all). Of two values for one setting the
    /// later counts. Without `bootstrap.servers` among them, [`ClientConfig::bootstrap`] is empty and to be filled in.
    ///
    /// # Errors
    /// [`ConfigError`] for a property that neither Java's client nor librdkafka knows (with the nearest one that they do),
    /// a value that makes no sense, and what this version cannot do.
    pub fn from_properties<K, V>(properties: impl IntoIterator<Item = (K, V)>) -> Result<Self, ConfigError>
    where
        K: AsRef<str>,
        V: AsRef<str>,
    {
        let mut config = Self::new::<&str>([]);
        // The first of these is reported, but only if nothing says better why: security.protocol does.
        let mut unsupported: Option<ConfigError> = None;
        for (name, value) in properties {
            let (name, value) = (name.as_ref().trim(), value.as_ref().trim());
            let Some(property) = Property::find(name) else {
                if table::is_of_a_connector(name) {
                    continue;
                }
                return Err(ConfigError::UnknownProperty { name: name.to_owned(), nearest: nearest::to(name) });
            };
            match property.meaning {
                Meaning::Client(Setting::SecurityProtocol) => security_protocol(name, value)?,
                Meaning::Client(setting) => config.set(setting, name, value)?,
                Meaning::Elsewhere => {
                    config.others.insert(property.name(), value.to_owned());
                }
                Meaning::Ignored => tracing::debug!(name, "property accepted, without effect"),
                Meaning::Unsupported(why) => {
                    unsupported
                        .get_or_insert_with(|| ConfigError::Unsupported { name: name.to_owned(), why: why.to_owned() });
                }
            }
        }
        unsupported.map_or(Ok(config), Err)
    }

    fn set(&mut self, setting: Setting, name: &str, value: &str) -> Result<(), ConfigError> {
        match setting {
            Setting::Servers => self.bootstrap = Self::new([value]).bootstrap,
            Setting::ClientId => value.clone_into(&mut self.client_id),
            Setting::ConnectTimeout => self.connect_timeout = millis(name, value)?,
            Setting::RequestTimeout => self.request_timeout = millis(name, value)?,
            Setting::Timeout => self.timeout = millis(name, value)?,
            Setting::MetadataMaxAge => self.metadata_max_age = millis(name, value)?,
            Setting::RetryBackoff => self.retry_backoff = millis_or_none(name, value)?,
            Setting::RetryBackoffMax => self.retry_backoff_max = millis_or_none(name, value)?,
            Setting::MaxFrame => self.max_frame = positive(name, value, "a number of bytes, at least 1000", 1000)?,
            Setting::MaxInFlight => self.max_in_flight = positive(name, value, "a number, at least 1", 1)?,
            Setting::SecurityProtocol => {}
        }
        Ok(())
    }
}

fn security_protocol(name: &str, value: &str) -> Result<(), ConfigError> {
    match value.to_ascii_uppercase().as_str() {
        "PLAINTEXT" => Ok(()),
        known @ ("SSL" | "SASL_SSL" | "SASL_PLAINTEXT") => Err(ConfigError::Unsupported {
            name: format!("{name}={known}"),
            why: "this version connects in plaintext and without authentication only".to_owned(),
        }),
        _ => Err(ConfigError::Value {
            name: name.to_owned(),
            value: value.to_owned(),
            expected: "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL".to_owned(),
        }),
    }
}

fn millis_or_none(name: &str, value: &str) -> Result<Duration, ConfigError> {
    if value == "0" { Ok(Duration::ZERO) } else { millis(name, value) }
}

fn millis(name: &str, value: &str) -> Result<Duration, ConfigError> {
    let limit = u64::try_from(i32::MAX).unwrap_or_default();
    match value.parse::<u64>() {
        Ok(ms @ 1..) if ms <= limit => Ok(Duration::from_millis(ms)),
        _ => Err(ConfigError::Value {
            name: name.to_owned(),
            value: value.to_owned(),
            expected: "a number of milliseconds from 1 to 2147483647".to_owned(),
        }),
    }
}

fn positive(name: &str, value: &str, expected: &str, least: usize) -> Result<usize, ConfigError> {
    let limit = usize::try_from(i32::MAX).unwrap_or(usize::MAX);
    value.parse().ok().filter(|n| (least..=limit).contains(n)).ok_or_else(|| ConfigError::Value {
        name: name.to_owned(),
        value: value.to_owned(),
        expected: expected.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn from(properties: &[(&str, &str)]) -> Result<ClientConfig, ConfigError> {
        ClientConfig::from_properties(properties.iter().copied())
    }

    #[test]
    fn both_spellings_set_the_same() {
        let java =
            from(&[("bootstrap.servers", "a:1, b:2"), ("request.timeout.ms", "5000"), ("client.id", "x")]).unwrap();
        let librdkafka =
            from(&[("metadata.broker.list", "a:1,b:2"), ("socket.timeout.ms", "5000"), ("client.id", "x")]).unwrap();
        assert_eq!(java, librdkafka);
        assert_eq!(java.bootstrap, ["a:1", "b:2"]);
        assert_eq!(java.request_timeout, Duration::from_secs(5));
    }

    #[test]
    fn what_source_and_sink_understand_is_kept_under_javas_name() {
        let config =
            from(&[("queue.buffering.max.ms", "50"), ("compression.codec", "zstd"), ("group.id", "g")]).unwrap();
        assert_eq!(config.other("linger.ms"), Some("50"));
        assert_eq!(config.other("compression.type"), Some("zstd"));
        assert_eq!(config.other("group.id"), Some("g"));
        assert_eq!(config.other("acks"), None);
    }

    #[test]
    fn what_means_nothing_here_is_accepted() {
        let config = from(&[
            ("key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer"),
            ("statistics.interval.ms", "0"),
            ("scan.startup.mode", "earliest-offset"),
            ("sink.parallelism", "3"),
            ("ssl.endpoint.identification.algorithm", ""),
            ("security.protocol", "plaintext"),
        ]);
        assert_eq!(config.unwrap(), ClientConfig::new::<&str>([]));
    }

    #[test]
    fn an_unknown_property_is_an_error_that_names_the_nearest() {
        for (name, nearest) in [
            ("bootstrap.server", Some("bootstrap.servers")),
            ("BOOTSTRAP.SERVERS", Some("bootstrap.servers")),
            ("client_id", Some("client.id")),
            ("sasl.mechansim", Some("sasl.mechanism")),
            ("compresion.type", Some("compression.type")),
            ("servers", Some("bootstrap.servers")),
            ("utterly.different.thing", None),
        ] {
            let error = from(&[(name, "v3ry-s3cret")]).unwrap_err();
            assert_eq!(error, ConfigError::UnknownProperty { name: name.to_owned(), nearest }, "{name}");
            assert!(!format!("{error} {error:?} {:?}", error.hint()).contains("s3cret"));
        }
    }

    #[test]
    fn what_this_version_cannot_do_is_said_without_a_secret() {
        let properties = [
            ("sasl.jaas.config", "org.apache.kafka.Login required username=\"u\" password=\"s3cret\";"),
            ("sasl.password", "s3cret"),
            ("security.protocol", "SASL_SSL"),
        ];
        let error = from(&properties).unwrap_err();
        assert!(error.to_string().starts_with("security.protocol=SASL_SSL is not supported"), "{error}");
        let error = from(&properties[..2]).unwrap_err();
        assert!(error.to_string().starts_with("sasl.jaas.config is not supported"), "{error}");
        assert!(!format!("{error} {error:?} {:?}", error.hint()).contains("s3cret"));
    }

    #[test]
    fn a_value_that_makes_no_sense_is_an_error_that_says_what_would() {
        for (name, value) in [
            ("request.timeout.ms", "30s"),
            ("request.timeout.ms", "0"),
            ("request.timeout.ms", "-1"),
            ("max.in.flight", "0"),
            ("receive.message.max.bytes", "12"),
            ("security.protocol", "TLS"),
        ] {
            let error = from(&[(name, value)]).unwrap_err();
            assert!(matches!(error, ConfigError::Value { .. }), "{name}={value}: {error}");
            assert!(error.to_string().contains(name) && error.to_string().contains(value), "{error}");
        }
    }

    #[test]
    fn every_name_stands_in_the_table_once_and_says_what_it_is() {
        let mut names: Vec<&str> = TABLE.iter().flat_map(|p| p.java.iter().chain(p.librdkafka)).copied().collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for property in TABLE {
            assert!(!property.name().is_empty());
            assert!(matches!(property.meaning, Meaning::Ignored) || !property.what.is_empty(), "{}", property.name());
        }
    }
}
