//! The topics: messages of each kind, and what the vote must say about them.

use topica::format::Format;

/// A generator of pseudo-random numbers that gives the same topics in every run.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..8 {
            random.next();
        }
        random
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 11) % bound
    }

    pub fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }

    pub fn word(&mut self) -> &'static str {
        self.pick(&[
            "alpha", "river", "stone", "Green", "lamp", "order", "paid", "quick", "fox", "Berlin", "market", "ünter",
        ])
    }

    pub fn name(&mut self) -> &'static str {
        self.pick(&["Alice", "Bob", "Carol", "Dave", "Eve", "Mallory", "Trent", "Peggy"])
    }

    pub fn sentence(&mut self) -> String {
        let mut text = String::new();
        for index in 0..4 + self.below(12) {
            if index > 0 {
                text.push_str(if self.below(8) == 0 { ", " } else { " " });
            }
            text.push_str(self.word());
        }
        text + self.pick(&[".", "!", "?", ""])
    }

    pub fn date(&mut self) -> String {
        format!("20{:02}-{:02}-{:02}", 10 + self.below(16), 1 + self.below(12), 1 + self.below(28))
    }

    pub fn time(&mut self) -> String {
        format!("{:02}:{:02}:{:02}", self.below(24), self.below(60), self.below(60))
    }

    pub fn uuid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            a >> 16 & 0xffff,
            a & 0xfff,
            0x8000 | b >> 48 & 0x3fff,
            b & 0xffff_ffff_ffff
        )
    }

    pub fn price(&mut self) -> String {
        format!("{}.{:02}", self.below(500), self.below(100))
    }
}

pub type Make = fn(&mut Random, usize) -> Vec<u8>;

fn row(r: &mut Random, delimiter: &str) -> Vec<u8> {
    [r.below(100_000).to_string(), r.name().to_owned(), r.date(), r.price(), r.pick(&["true", "false"]).to_owned()]
        .join(delimiter)
        .into_bytes()
}

/// Kinds of values: a name, what the vote must say, and a message.
pub const VALUES: &[(&str, Format, Make)] = &[
    ("json objects", Format::Json, |r, i| {
        format!("{{\"id\":{i},\"name\":\"{}\",\"tags\":[\"a\",{}]}}", r.name(), r.below(9)).into_bytes()
    }),
    ("json pretty", Format::Json, |r, i| {
        format!("{{\n  \"id\": {i},\n  \"text\": \"{}\"\n}}\n", r.sentence()).into_bytes()
    }),
    ("json with a byte order mark", Format::Json, |_, i| format!("\u{feff}{{\"id\":{i}}}").into_bytes()),
    ("json arrays", Format::Json, |r, i| format!("[{i},{},\"{}\"]", r.price(), r.word()).into_bytes()),
    ("json of all kinds", Format::Json, |r, i| match (i + r.below(3) as usize) % 5 {
        0 => b"null".to_vec(),
        1 => b"[]".to_vec(),
        2 => b"12.5".to_vec(),
        3 => b"\"x\"".to_vec(),
        _ => b"{\"a\":1}".to_vec(),
    }),
    ("json strings", Format::Json, |r, _| format!("\"{}\"", r.sentence()).into_bytes()),
    ("json booleans", Format::Json, |r, _| r.pick(&["true", "false"]).as_bytes().to_vec()),
    ("csv", Format::Csv, |r, _| row(r, ",")),
    ("csv with line ends", Format::Csv, |r, _| [row(r, ","), b"\r\n".to_vec()].concat()),
    ("tsv", Format::Csv, |r, _| row(r, "\t")),
    ("semicolons", Format::Csv, |r, _| row(r, ";")),
    ("pipes", Format::Csv, |r, _| row(r, "|")),
    ("carets", Format::Csv, |r, _| row(r, "^")),
    ("tildes", Format::Csv, |r, _| row(r, "~")),
    ("Hive's ^A", Format::Csv, |r, _| row(r, "\u{1}")),
    ("csv of two columns", Format::Csv, |r, i| format!("{i},{}", r.price()).into_bytes()),
    ("csv with quotes", Format::Csv, |r, i| {
        format!("{i},\"{}\",\"{}\",{}", r.sentence(), r.sentence(), r.date()).into_bytes()
    }),
    ("csv with decimal commas", Format::Csv, |r, i| {
        format!("{i};{};{},{:02};{}", r.name(), r.below(900), r.below(100), r.date()).into_bytes()
    }),
    ("csv with free text", Format::Csv, |r, i| format!("{i}|{}|{}|{}", r.date(), r.sentence(), r.name()).into_bytes()),
    ("csv with empty fields", Format::Csv, |r, i| {
        format!("{i},{},,{}", if r.below(2) == 0 { "" } else { "x" }, r.price()).into_bytes()
    }),
    ("csv of timestamps", Format::Csv, |r, _| {
        format!("{} {},{},{},{}", r.date(), r.time(), r.uuid(), r.below(100), r.price()).into_bytes()
    }),
    ("csv of measurements", Format::Csv, |r, i| {
        format!("sensor-{},{i},{},{}", r.below(5), r.price(), r.price()).into_bytes()
    }),
    ("several rows a message", Format::Csv, |r, _| {
        (0..2 + r.below(4)).flat_map(|_| [row(r, ","), b"\n".to_vec()].concat()).collect()
    }),
    ("sentences", Format::Text, |r, _| r.sentence().into_bytes()),
    ("one word", Format::Text, |r, _| r.word().as_bytes().to_vec()),
    ("log4j", Format::Text, |r, _| {
        format!(
            "{} {},{:03} {} [main] com.acme.Shop - {}",
            r.date(),
            r.time(),
            r.below(1000),
            r.pick(&["INFO", "WARN", "ERROR"]),
            r.sentence()
        )
        .into_bytes()
    }),
    ("iso log", Format::Text, |r, _| {
        format!("{}T{}Z {} {}", r.date(), r.time(), r.pick(&["INFO", "DEBUG"]), r.sentence()).into_bytes()
    }),
    ("short log", Format::Text, |r, _| {
        format!("{} {} {} {}", r.date(), r.time(), r.pick(&["INFO", "DEBUG"]), r.word()).into_bytes()
    }),
    ("bracketed log", Format::Text, |r, _| {
        format!("[{} {}] [{}] {}", r.date(), r.time(), r.pick(&["info", "error"]), r.sentence()).into_bytes()
    }),
    ("syslog", Format::Text, |r, _| {
        format!(
            "<{}>Nov {} {} web{} app[{}]: {}",
            r.below(190),
            1 + r.below(28),
            r.time(),
            r.below(9),
            r.below(9999),
            r.sentence()
        )
        .into_bytes()
    }),
    ("access log", Format::Text, |r, _| {
        format!(
            "10.0.{}.{} - - [24/Nov/2026:{} +0000] \"GET /{} HTTP/1.1\" 200 {}",
            r.below(256),
            r.below(256),
            r.time(),
            r.word(),
            r.below(9999)
        )
        .into_bytes()
    }),
    ("logfmt", Format::Text, |r, _| {
        format!("level=info ts={}T{}Z user={} n={}", r.date(), r.time(), r.name(), r.below(100)).into_bytes()
    }),
    ("key=value, commas", Format::Text, |r, _| {
        format!("user={},n={},city={}", r.name(), r.below(100), r.word()).into_bytes()
    }),
    ("xml", Format::Text, |r, i| {
        format!("<order id=\"{i}\"><name>{}</name><sum>{}</sum></order>", r.name(), r.price()).into_bytes()
    }),
    ("urls", Format::Text, |r, i| format!("https://{}.example.com/{}?id={i}", r.word(), r.word()).into_bytes()),
    ("e-mail addresses", Format::Text, |r, i| format!("{}{i}@example.com", r.name()).into_bytes()),
    ("ip addresses", Format::Text, |r, _| {
        format!("10.{}.{}.{}", r.below(256), r.below(256), r.below(256)).into_bytes()
    }),
    ("mac addresses", Format::Text, |r, _| {
        (0..6).map(|_| format!("{:02x}", r.below(256))).collect::<Vec<_>>().join(":").into_bytes()
    }),
    ("times of day", Format::Text, |r, _| r.time().into_bytes()),
    ("paths", Format::Text, |r, i| format!("/var/log/{}/{}.{i}.log", r.word(), r.word()).into_bytes()),
    ("stack traces", Format::Text, |r, _| {
        format!(
            "java.lang.IllegalStateException: {}\n\tat com.acme.A.b(A.java:{})\n\tat com.acme.C.d(C.java:{})",
            r.sentence(),
            r.below(300),
            r.below(300)
        )
        .into_bytes()
    }),
    ("names with titles", Format::Text, |r, _| format!("{} {}", r.name(), r.word()).into_bytes()),
    ("integers", Format::Text, |r, _| r.below(1_000_000).to_string().into_bytes()),
    ("decimals", Format::Text, |r, _| r.price().into_bytes()),
    ("dates", Format::Text, |r, _| r.date().into_bytes()),
    ("timestamps", Format::Text, |r, _| format!("{}T{}Z", r.date(), r.time()).into_bytes()),
    ("timestamps with a space", Format::Text, |r, _| format!("{} {}", r.date(), r.time()).into_bytes()),
    ("uuids", Format::Text, |r, _| r.uuid().into_bytes()),
    ("Japanese", Format::Text, |r, _| {
        r.pick(&["日本語のテキスト", "東京、大阪", "注文が確定しました。"]).as_bytes().to_vec()
    }),
    ("Cyrillic", Format::Text, |r, _| r.pick(&["Заказ оплачен", "Привет, мир", "Москва"]).as_bytes().to_vec()),
    ("Arabic", Format::Text, |r, _| r.pick(&["مرحبا بالعالم", "طلب جديد", "القاهرة"]).as_bytes().to_vec()),
    ("random bytes", Format::Binary, |r, _| (0..20 + r.below(80)).map(|_| r.next() as u8).collect()),
    ("zeros", Format::Binary, |r, _| vec![0; 3 + r.below(9) as usize]),
    ("protobuf", Format::Binary, |r, _| [&[0x08, 0x80 | r.below(128) as u8, 0x01, 0x12, 0x05][..], b"hello"].concat()),
    ("avro behind a registry's header", Format::Binary, |r, _| {
        [&[0, 0, 0, 0, 7, 0x0a][..], b"hello", &[r.below(100) as u8]].concat()
    }),
    ("empty", Format::Empty, |_, _| Vec::new()),
];

/// Kinds of keys.
pub const KEYS: &[(&str, Format, Make)] = &[
    ("small int64", Format::Int64, |r, _| (r.below(100_000) as i64).to_be_bytes().to_vec()),
    ("int64 in sequence", Format::Int64, |_, i| (i as i64).to_be_bytes().to_vec()),
    ("milliseconds", Format::Int64, |r, _| {
        (1_700_000_000_000 + r.below(100_000_000_000) as i64).to_be_bytes().to_vec()
    }),
    ("random int64", Format::Int64, |r, _| r.next().to_be_bytes().to_vec()),
    ("negative int64", Format::Int64, |r, _| (-(r.below(1000) as i64)).to_be_bytes().to_vec()),
    ("small int32", Format::Int32, |r, _| (r.below(100_000) as i32).to_be_bytes().to_vec()),
    ("seconds", Format::Int32, |r, _| (1_700_000_000 + r.below(10_000_000) as i32).to_be_bytes().to_vec()),
    ("int16", Format::Int16, |r, _| (r.below(1000) as i16).to_be_bytes().to_vec()),
    ("int8", Format::Int8, |r, _| vec![r.below(20) as u8]),
    ("float64", Format::Float64, |r, _| (r.below(100_000) as f64 / 7.0).to_be_bytes().to_vec()),
    ("float32", Format::Float32, |r, _| (r.below(100_000) as f32 / 100.0 - 300.0).to_be_bytes().to_vec()),
    ("uuid bytes", Format::Uuid, |r, _| {
        let mut bytes = (u128::from(r.next()) << 64 | u128::from(r.next())).to_be_bytes();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        bytes.to_vec()
    }),
    ("md5", Format::Binary, |r, _| [r.next().to_be_bytes(), r.next().to_be_bytes()].concat()),
    ("eight letters", Format::Text, |r, _| format!("ORD{:05}", r.below(100_000)).into_bytes()),
    ("country codes", Format::Text, |r, _| r.pick(&["DE", "FR", "US", "JP"]).as_bytes().to_vec()),
    ("one letter", Format::Text, |r, _| vec![b'A' + r.below(26) as u8]),
    ("strings", Format::Text, |r, i| format!("user-{}-{i}", r.name()).into_bytes()),
    ("integers", Format::Text, |r, _| r.below(1_000_000).to_string().into_bytes()),
    ("four digits", Format::Text, |r, _| (1000 + r.below(9000)).to_string().into_bytes()),
    ("uuids", Format::Text, |r, _| r.uuid().into_bytes()),
    ("Japanese", Format::Text, |r, _| r.pick(&["東京", "大阪府", "札幌"]).as_bytes().to_vec()),
    ("json", Format::Json, |r, i| format!("{{\"id\":{i},\"c\":\"{}\"}}", r.name()).into_bytes()),
    ("composed with a colon", Format::Text, |r, i| format!("user:{}:{i}", r.name()).into_bytes()),
    ("composed with a pipe", Format::Csv, |r, i| format!("{}|{i}|{}", r.name(), r.date()).into_bytes()),
    ("empty", Format::Empty, |_, _| Vec::new()),
];
