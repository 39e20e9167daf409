//! Which client properties are secrets, and how a secret stands in what is written: as `${VAR}`, never as itself.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use crate::catalog::env;

/// Whether a Kafka client property (Java's or librdkafka's spelling) holds something that nobody else may see.
pub fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["password", "secret", "token", "credential", "jaas", "passphrase", "private.key", "apikey", "api.key"]
        .iter()
        .any(|word| key.contains(word))
        || matches!(
            key.as_str(),
            "ssl.keystore.key" | "ssl.key.pem" | "ssl_key" | "basic.auth.user.info" | "sasl.oauthbearer.config"
        )
        || key.ends_with(".basic.auth.user.info")
}

/// A property's value as it may be written: a literal secret becomes a `${VAR}` of the property's name.
///
/// `password="${VAR}"` inside a JAAS line is no literal: such a line stays as it is.
pub fn for_writing<'a>(key: &str, value: &'a str) -> Cow<'a, str> {
    if !is_secret(key) || value.is_empty() || env::is_reference(value) || jaas_hides_nothing(key, value) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(format!("${{{}}}", variable(key)))
}

/// The environment variable that stands for a secret property: `sasl.password` is `KAFKA_SASL_PASSWORD`.
pub fn variable(key: &str) -> String {
    let mut name = String::from("KAFKA_");
    name.extend(key.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }));
    name
}

/// All properties as they may be written, and a remark for each secret that was replaced.
pub fn properties_for_writing(properties: &BTreeMap<String, String>) -> (BTreeMap<String, String>, Vec<String>) {
    let mut remarks = Vec::new();
    let written = properties
        .iter()
        .map(|(key, value)| {
            let safe = for_writing(key, value);
            if let Cow::Owned(_) = safe {
                remarks.push(format!("{key} is a secret and is not written here: set {}", variable(key)));
            }
            (key.clone(), safe.into_owned())
        })
        .collect();
    (written, remarks)
}

/// Properties for `{:?}`: secrets are `***`.
pub(crate) struct Redacted<'a>(pub(crate) &'a BTreeMap<String, String>);

impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(k, v)| (k, if is_secret(k) { "***" } else { v.as_str() }))).finish()
    }
}

/// Whether every secret in a JAAS line is a `${VAR}`.
fn jaas_hides_nothing(key: &str, value: &str) -> bool {
    if !key.to_ascii_lowercase().contains("jaas") {
        return false;
    }
    // `Module required name="value" other=value;`: an option whose value has a space in it is quoted.
    let mut rest = value;
    while let Some(equals) = rest.find('=') {
        let (before, after) = rest.split_at(equals);
        let name = before.rsplit(|c: char| c.is_whitespace()).next().unwrap_or("");
        let after = after.get(1..).unwrap_or("").trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (option, tail) = match quote {
            Some(quote) => match after.get(1..).unwrap_or("").split_once(quote) {
                Some(split) => split,
                None => return false,
            },
            None => after.split_at(after.find(|c: char| c.is_whitespace() || c == ';').unwrap_or(after.len())),
        };
        // A user's name may be known; whatever else an option says may not.
        let harmless =
            matches!(name.to_ascii_lowercase().as_str(), "username" | "servicename" | "usekeytab" | "storekey");
        if !harmless && !env::is_reference(option) {
            return false;
        }
        rest = tail;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_in_both_spellings() {
        for key in [
            "sasl.password",
            "sasl.jaas.config",
            "ssl.key.password",
            "ssl.keystore.password",
            "ssl.truststore.password",
            "ssl.keystore.key",
            "ssl.key.pem",
            "sasl.oauthbearer.client.secret",
            "sasl.oauthbearer.config",
            "schema.registry.basic.auth.user.info",
        ] {
            assert!(is_secret(key), "{key}");
        }
        for key in ["sasl.username", "security.protocol", "ssl.key.location", "ssl.truststore.location", "acks"] {
            assert!(!is_secret(key), "{key}");
        }
    }

    #[test]
    fn a_literal_secret_is_never_written() {
        assert_eq!(for_writing("sasl.password", "hunter2"), "${KAFKA_SASL_PASSWORD}");
        assert_eq!(for_writing("sasl.password", "${PW}"), "${PW}");
        assert_eq!(for_writing("sasl.password", "a${PW}"), "${KAFKA_SASL_PASSWORD}");
        assert_eq!(for_writing("sasl.username", "bob"), "bob");
        let jaas = |password: &str| format!("org.x.PlainLoginModule required username=\"bob\" password={password};");
        for literal in ["\"hunter2\"", "hunter2", "\"${PW}x\"", "\"unclosed", "'a b'"] {
            assert_eq!(for_writing("sasl.jaas.config", &jaas(literal)), "${KAFKA_SASL_JAAS_CONFIG}", "{literal}");
        }
        let safe = jaas("\"${PW}\"");
        assert_eq!(for_writing("sasl.jaas.config", &safe), safe);
    }

    #[test]
    fn debug_output_has_no_secret() {
        let properties = BTreeMap::from([("sasl.password".into(), "hunter2".into()), ("acks".into(), "all".into())]);
        let shown = format!("{:?}", Redacted(&properties));
        assert!(!shown.contains("hunter2") && shown.contains("all"), "{shown}");
    }
}
