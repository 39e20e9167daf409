//! What is it that answered, if it was not Kafka? Told from the first bytes it sent.

use std::fmt;

/// A protocol that was recognised where a Kafka reply (or request) should have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LooksLike {
    /// An HTTP server's answer, or an HTTP client's request.
    Http,
    /// A TLS record: an alert, or the start of a handshake.
    Tls,
    /// An SSH server's banner.
    Ssh,
    /// A Redis server's error.
    Redis,
    /// A PostgreSQL server's error.
    Postgres,
    /// A MySQL or MariaDB server's greeting.
    MySql,
    /// An FTP or SMTP server's greeting.
    Greeting,
    /// An AMQP broker, RabbitMQ for instance.
    Amqp,
    /// Some other protocol in plain text.
    Text,
}

impl LooksLike {
    /// Recognises `start`, the first bytes that a peer sent. `None` means that it is no protocol known here.
    ///
    /// Only to be asked about bytes that cannot be a Kafka frame: every one of these would be the length of a frame
    /// of more than 300 MB.
    #[must_use]
    pub fn recognise(start: &[u8]) -> Option<Self> {
        const HTTP_METHODS: [&[u8]; 8] = [b"GET ", b"HEAD", b"POST", b"PUT ", b"DELE", b"OPTI", b"CONN", b"PATC"];
        let four = start.get(..4)?;
        match four {
            // What is no request line is taken for HTTP/0.9 by some servers, whose answer is a page alone.
            b"HTTP" | b"<!DO" | b"<!do" | b"<htm" | b"<HTM" | b"<HEA" | b"<hea" => Some(Self::Http),
            b"SSH-" => Some(Self::Ssh),
            b"-ERR" | b"-NOA" | b"-DEN" | b"+OK\r" => Some(Self::Redis),
            b"AMQP" => Some(Self::Amqp),
            b"220 " | b"220-" => Some(Self::Greeting),
            // alert (21), handshake (22), application data (23); versions 3.0 to 3.4: RFC 8446 section 5.1
            [0x15..=0x17, 0x03, 0x00..=0x04, _] => Some(Self::Tls),
            // ErrorResponse: 'E' and a length that is small
            [b'E', 0, 0, _] => Some(Self::Postgres),
            // three bytes of length, little endian; sequence number 0; protocol version 10
            [_, _, 0, 0] if start.get(4) == Some(&10) => Some(Self::MySql),
            _ if HTTP_METHODS.contains(&four) => Some(Self::Http),
            _ if four.iter().all(|b| matches!(b, b' '..=b'~' | b'\r' | b'\n' | b'\t')) => Some(Self::Text),
            _ => None,
        }
    }

    /// What the user should try, in one sentence.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Http => {
                "Give the port of Kafka itself (usually 9092), not that of a web console, REST proxy or schema registry."
            }
            Self::Tls => {
                "This listener wants TLS: use the broker's plaintext listener, or set security.protocol=SSL where that is supported."
            }
            Self::Ssh => "This is an SSH port: give the port of Kafka itself (usually 9092).",
            Self::Amqp => "This is an AMQP broker such as RabbitMQ: give the address of a Kafka broker.",
            Self::Redis | Self::Postgres | Self::MySql | Self::Greeting | Self::Text => {
                "Check host and port: a Kafka broker usually listens on 9092."
            }
        }
    }
}

impl fmt::Display for LooksLike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "HTTP",
            Self::Tls => "TLS",
            Self::Ssh => "SSH",
            Self::Redis => "Redis",
            Self::Postgres => "PostgreSQL",
            Self::MySql => "MySQL",
            Self::Greeting => "FTP or SMTP",
            Self::Amqp => "AMQP",
            Self::Text => "some text protocol",
        })
    }
}
