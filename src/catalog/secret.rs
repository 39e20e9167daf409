//! Which client properties are secrets, and how a secret stands in what is written: as `${VAR}`, never as itself.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use crate::catalog::env;

/// Whether a Kafka client property (Java's or librdkafka's spelling) holds something that nobody else may see.
pub fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace(['_', '-'], ".");
    // What says where a secret is, or whose, is none: `sasl.oauthbearer.token.endpoint.url`.
    if [".url", ".file", ".location", ".path", ".class", ".client.id", ".ms", ".seconds"]
        .iter()
        .any(|end| key.ends_with(end))
    {
        return false;
    }
    ["password", "secret", "token", "credential", "jaas", "passphrase", "private.key", "apikey", "api.key"]
        .iter()
        .any(|word| key.contains(word))
        || matches!(key.as_str(), "ssl.keystore.key" | "ssl.key.pem" | "ssl.key" | "sasl.oauthbearer.config")
        || key.ends_with("basic.auth.user.info")
}

/// A property's value as it may be written: a literal secret becomes a `${VAR}` of the property's name, and so does what
/// stands before the `@` of a URL.
///
/// `password="${VAR}"` inside a JAAS line is no literal: such a line stays as it is.
pub fn for_writing<'a>(key: &str, value: &'a str) -> Cow<'a, str> {
    if !is_secret(key) {
        return redacted_urls(value, &format!("${{{}}}", variable(key)));
    }
    if value.is_empty() || env::is_reference(value) || jaas_hides_nothing(key, value) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(format!("${{{}}}", variable(key)))
}

/// A property's value as it may be shown: `***` in place of what is secret in it.
pub fn for_showing<'a>(key: &str, value: &'a str) -> Cow<'a, str> {
    if is_secret(key) { Cow::Borrowed("***") } else { redacted_urls(value, "***") }
}

/// `value` with `instead` for each `user:password` in a URL (RFC 3986, section 3.2.1) whose password is no `${VAR}`.
fn redacted_urls<'a>(value: &'a str, instead: &str) -> Cow<'a, str> {
    let (mut written, mut rest, mut found) = (String::new(), value, false);
    while let Some((before, after)) = rest.split_once("://") {
        // Several may stand in a row with commas between, and a password may have an `@` in it.
        let end = after.find(|c: char| matches!(c, '/' | '?' | '#' | ',') || c.is_whitespace()).unwrap_or(after.len());
        let (authority, tail) = after.split_at(end);
        written.push_str(before);
        written.push_str("://");
        let holds_password = |user: &str| {
            let password = user.split_once(':').map_or("", |(_, password)| password);
            !password.is_empty() && !env::is_reference(password) && !env::is_reference(user)
        };
        match authority.rsplit_once('@') {
            Some((user, host)) if holds_password(user) => {
                found = true;
                written.push_str(instead);
                written.push('@');
                written.push_str(host);
            }
            _ => written.push_str(authority),
        }
        rest = tail;
    }
    written.push_str(rest);
    if found { Cow::Owned(written) } else { Cow::Borrowed(value) }
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
                let what = if is_secret(key) { "is a secret and" } else { "has a password in it, which" };
                remarks.push(format!("{key} {what} is not written here: set {}", variable(key)));
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
        f.debug_map().entries(self.0.iter().map(|(key, value)| (key, for_showing(key, value)))).finish()
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
            "key.avro-confluent.basic-auth.user-info",
            "sasl.oauthbearer.token",
            "ssl_key",
        ] {
            assert!(is_secret(key), "{key}");
        }
        for key in [
            "sasl.username",
            "security.protocol",
            "ssl.key.location",
            "ssl.truststore.location",
            "acks",
            "sasl.oauthbearer.token.endpoint.url",
            "sasl.oauthbearer.client.credentials.client.id",
            "sasl.oauthbearer.assertion.private.key.file",
        ] {
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
    fn a_password_in_a_url_is_never_written() {
        let key = "schema.registry.url";
        for (url, written) in [
            ("https://bob:hunter2@registry:8081/v1", "https://${KAFKA_SCHEMA_REGISTRY_URL}@registry:8081/v1"),
            ("http://a:b@c@d,http://e", "http://${KAFKA_SCHEMA_REGISTRY_URL}@d,http://e"),
            ("https://${USER_INFO}@registry", "https://${USER_INFO}@registry"),
            ("https://bob:${PW}@registry", "https://bob:${PW}@registry"),
            ("https://registry:8081/?at=b:c@d", "https://registry:8081/?at=b:c@d"),
            ("https://bob@registry", "https://bob@registry"),
            ("registry:8081", "registry:8081"),
        ] {
            assert_eq!(for_writing(key, url), written);
        }
        assert_eq!(for_showing(key, "https://bob:hunter2@registry"), "https://***@registry");
        assert_eq!(for_showing("sasl.password", "hunter2"), "***");
    }

    #[test]
    fn debug_output_has_no_secret() {
        let properties = BTreeMap::from([
            ("sasl.password".into(), "hunter2".into()),
            ("x.url".into(), "http://bob:hunter2@h".into()),
            ("acks".into(), "all".into()),
        ]);
        let shown = format!("{:?}", Redacted(&properties));
        assert!(!shown.contains("hunter2") && shown.contains("all"), "{shown}");
    }
}
