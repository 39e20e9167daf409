//! Where is a broker? `host`, `host:port`, `[v6]:port`, each with or without `PLAINTEXT://` before it.

use std::fmt;
use std::str::FromStr;

/// Kafka's port, taken where none is written.
pub const DEFAULT_PORT: u16 = 9092;

/// A broker's host and port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// A DNS name or an IP address; an IPv6 address without brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

impl Address {
    /// An address of these parts.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl FromStr for Address {
    type Err = String;

    /// The error is the reason, for a sentence that names the address.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let rest = match text.split_once("://") {
            None => text,
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("plaintext") => rest,
            Some((scheme, _)) => {
                return Err(format!("{scheme}:// is no plaintext listener, and this version speaks plaintext only"));
            }
        };
        let (host, port) = if let Some(bracketed) = rest.strip_prefix('[') {
            let (host, after) = bracketed.split_once(']').ok_or("the bracket is not closed")?;
            match after.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if after.is_empty() => (host, None),
                None => return Err("after the bracket comes a colon and a port".to_owned()),
            }
        } else if rest.matches(':').count() > 1 {
            (rest, None)
        } else {
            match rest.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (rest, None),
            }
        };
        if host.is_empty() {
            return Err("the host is missing".to_owned());
        }
        if let Some(bad) = host.chars().find(|c| !(c.is_alphanumeric() || "-._:%".contains(*c))) {
            return Err(format!("{bad:?} cannot be in a host name"));
        }
        let port = match port {
            None => DEFAULT_PORT,
            Some(port) => match port.parse() {
                Ok(0) | Err(_) => return Err(format!("{port:?} is no port: a number from 1 to 65535")),
                Ok(port) => port,
            },
        };
        Ok(Self::new(host, port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_users_write_is_understood() {
        for (text, host, port) in [
            ("kafka", "kafka", 9092),
            ("kafka:1", "kafka", 1),
            ("PLAINTEXT://kafka.example.com:9093", "kafka.example.com", 9093),
            (" 10.0.0.1:9092 ", "10.0.0.1", 9092),
            ("[::1]:9094", "::1", 9094),
            ("[fe80::1%eth0]", "fe80::1%eth0", 9092),
            ("::1", "::1", 9092),
        ] {
            assert_eq!(text.parse(), Ok(Address::new(host, port)), "{text}");
        }
        assert_eq!(Address::new("::1", 9).to_string(), "[::1]:9");
    }

    #[test]
    fn what_cannot_be_an_address_is_refused_with_a_reason() {
        for text in [
            "",
            ":9092",
            "kafka:",
            "kafka:0",
            "kafka:65536",
            "kafka:x",
            "[::1",
            "[::1]9",
            "SSL://kafka:1",
            "http://kafka",
            "a b:1",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
