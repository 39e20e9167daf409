//! What the votes say: a winner, its share, how sure that is, and what else is in the topic.

use super::payload::Kind;
use super::scalar::Scalar;
use super::{Role, Sniffer};
use crate::format::{Format, csv};

/// A format and how many payloads have it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Share {
    /// Which.
    pub format: Format,
    /// The share of all payloads that are not empty, from 0 to 1.
    pub share: f64,
    /// How many payloads that is.
    pub payloads: u64,
}

/// The outcome of a vote.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Verdict {
    /// The winner, or what was configured.
    pub format: Format,
    /// The share of the payloads that fit it, of all that are not empty; from 0 to 1.
    pub share: f64,
    /// How sure it is that the winner is right, from 0 to 1; 1 for what was configured.
    pub confidence: f64,
    /// Payloads that voted: all that are not empty.
    pub payloads: u64,
    /// Payloads that fit the winner.
    pub fits: u64,
    /// Empty payloads: they fit no format and count against none.
    pub empty: u64,
    /// The format that came second, if any payload has another.
    pub second: Option<Share>,
    /// Each format in the topic, most frequent first, if a second one has at least 2 % and 3 payloads; else empty.
    pub mixed: Vec<Share>,
    /// The dialect, if the winner or one of `mixed` is delimited.
    pub csv: Option<csv::Detected>,
    /// What nearly all texts are as a whole, if the winner is text.
    pub scalar: Option<Scalar>,
}

/// Payloads by kind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) empty: u64,
    pub(super) containers: u64,
    pub(super) json_scalars: u64,
    /// Numbers that JSON has too: integers, and those with a fraction or exponent.
    pub(super) integers: u64,
    pub(super) decimals: u64,
    pub(super) broken_json: u64,
    pub(super) texts: u64,
    pub(super) scalars: [u64; Scalar::ALL.len()],
    pub(super) separated: u64,
    pub(super) binary: u64,
}

impl Counts {
    pub(super) fn add(&mut self, kind: Kind, payloads: u64) {
        let count = match kind {
            Kind::Empty => &mut self.empty,
            Kind::JsonContainer => &mut self.containers,
            Kind::JsonScalar => &mut self.json_scalars,
            Kind::Number(Scalar::Integer) => &mut self.integers,
            Kind::Number(_) => &mut self.decimals,
            Kind::BrokenJson => &mut self.broken_json,
            Kind::Text(None) => &mut self.texts,
            Kind::Text(Some(scalar)) => match Scalar::ALL.iter().position(|known| *known == scalar) {
                Some(at) => match self.scalars.get_mut(at) {
                    Some(count) => count,
                    None => return,
                },
                None => return,
            },
            Kind::Separated => &mut self.separated,
            Kind::Binary => &mut self.binary,
        };
        *count += payloads;
    }

    pub(super) fn merge(&mut self, other: &Counts) {
        self.empty += other.empty;
        self.containers += other.containers;
        self.json_scalars += other.json_scalars;
        self.integers += other.integers;
        self.decimals += other.decimals;
        self.broken_json += other.broken_json;
        self.texts += other.texts;
        for (mine, theirs) in self.scalars.iter_mut().zip(&other.scalars) {
            *mine += theirs;
        }
        self.separated += other.separated;
        self.binary += other.binary;
    }

    fn numbers(&self) -> u64 {
        self.integers + self.decimals
    }

    fn any_json(&self) -> u64 {
        self.containers + self.json_scalars + self.numbers()
    }

    /// Texts that are no JSON whatever the other payloads are.
    fn only_text(&self) -> u64 {
        self.texts + self.scalars.iter().sum::<u64>()
    }

    /// Everything but empty payloads.
    fn payloads(&self) -> u64 {
        self.any_json() + self.broken_json + self.only_text() + self.separated + self.binary
    }

    /// What all texts are, if 98 % of them are of one kind. Numbers, some with a fraction, are decimals.
    fn scalar(&self, texts: u64) -> Option<Scalar> {
        let count = |scalar: Scalar| {
            let at = Scalar::ALL.iter().position(|known| *known == scalar);
            let plain = at.and_then(|at| self.scalars.get(at)).copied().unwrap_or_default();
            match scalar {
                Scalar::Integer => plain + self.integers,
                Scalar::Decimal => plain + self.decimals,
                _ => plain,
            }
        };
        let nearly_all = |count: u64| count > 0 && count * 100 >= texts * 98;
        let (integers, decimals) = (count(Scalar::Integer), count(Scalar::Decimal));
        if decimals == 0 && nearly_all(integers) {
            return Some(Scalar::Integer);
        }
        if nearly_all(integers + decimals) {
            return Some(Scalar::Decimal);
        }
        Scalar::ALL.iter().copied().find(|scalar| nearly_all(count(*scalar)))
    }
}

/// At least 2 % and 3: what makes a second format more than a stray message.
fn is_more_than_stray(part: u64, whole: u64) -> bool {
    part >= 3 && part * 50 >= whole
}

impl Sniffer {
    /// What the votes cast so far say.
    pub fn verdict(&self) -> Verdict {
        let counts = &self.counts;
        let payloads = counts.payloads();
        let detected = self.votes.as_ref().and_then(csv::Votes::verdict).map(|detected| self.scaled(detected));
        if let Some(format) = self.options.format {
            return self.configured(format, detected);
        }
        if payloads == 0 {
            return Verdict {
                format: Format::Empty,
                share: 1.0,
                confidence: 1.0,
                payloads,
                fits: 0,
                empty: counts.empty,
                second: None,
                mixed: Vec::new(),
                csv: None,
                scalar: None,
            };
        }
        let mut shares = self.shares(detected.as_ref());
        shares.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        let (format, fits) = shares.first().copied().unwrap_or((Format::Binary, payloads));
        let share = |&(format, count): &(Format, u64)| Share { format, share: ratio(count, payloads), payloads: count };
        let second = shares.get(1).map(share);
        let mixed = match second {
            Some(second) if is_more_than_stray(second.payloads, payloads) => shares.iter().map(share).collect(),
            _ => Vec::new(),
        };
        let confidence = self.confidence(format, fits, detected.as_ref());
        let delimited = format == Format::Csv || mixed.iter().any(|share: &Share| share.format == Format::Csv);
        Verdict {
            format,
            share: ratio(fits, payloads),
            confidence,
            payloads,
            fits,
            empty: counts.empty,
            second,
            mixed,
            csv: detected.filter(|_| delimited),
            scalar: (format == Format::Text).then(|| counts.scalar(fits)).flatten(),
        }
    }

    /// How many payloads each format has. Each payload counts once at most; what fits no format that is there (a broken
    /// JSON document, a row with a field too many) counts for none.
    fn shares(&self, detected: Option<&csv::Detected>) -> Vec<(Format, u64)> {
        let counts = &self.counts;
        let payloads = counts.payloads();
        if self.options.role == Role::Key
            && let Some((format, fits)) = self.fixed.verdict(payloads)
        {
            // The payloads of another length are strays, whatever they are.
            return vec![(format, fits)];
        }
        let documents = counts.containers + counts.json_scalars;
        // `"x"` and `true` among texts are texts.
        let (json, scalars_as_text) = if counts.containers == 0
            && is_more_than_stray(counts.only_text() + counts.broken_json, documents + counts.only_text())
        {
            (0, counts.json_scalars)
        } else {
            (documents, 0)
        };
        // Numbers are JSON where other documents are.
        let json_numbers = json > 0 && (json >= 3 || json * 50 >= counts.numbers());
        let (json, numbers_as_text) =
            if json_numbers { (json + counts.numbers(), 0) } else { (json, counts.numbers()) };
        let broken_as_text = if counts.containers > counts.broken_json { 0 } else { counts.broken_json };
        let mut text = counts.only_text() + scalars_as_text + numbers_as_text + broken_as_text;
        let (mut rows, mut binary) = (0, counts.binary);
        match detected {
            Some(csv) => {
                rows = csv.fits;
                if csv.dialect.delimiter < ' ' && csv.dialect.delimiter != '\t' {
                    text += counts.separated;
                } else {
                    binary += counts.separated;
                }
                // Where rows are the rule, one with a field more or less is a bad row and no other format.
                let ragged = if csv.fits > csv.others { csv.ragged } else { 0 };
                text = text.saturating_sub(csv.fits + ragged);
            }
            None => binary += counts.separated,
        }
        let mut shares =
            vec![(Format::Json, json), (Format::Csv, rows), (Format::Text, text), (Format::Binary, binary)];
        shares.retain(|(_, count)| *count > 0);
        shares
    }

    /// The verdict under a configured format: how many payloads fit it.
    fn configured(&self, format: Format, detected: Option<csv::Detected>) -> Verdict {
        let counts = &self.counts;
        let payloads = counts.payloads();
        let texts = counts.any_json() + counts.broken_json + counts.only_text();
        let fits = match format {
            Format::Json => counts.any_json(),
            Format::Csv => detected.as_ref().map_or(0, |detected| detected.fits),
            Format::Text => texts,
            _ => match format.fixed_length() {
                Some(length) => self.fixed.payloads(length),
                // No walker yet that could say more.
                None => payloads,
            },
        };
        Verdict {
            format,
            share: if payloads == 0 { 1.0 } else { ratio(fits, payloads) },
            confidence: 1.0,
            payloads,
            fits,
            empty: counts.empty,
            second: None,
            mixed: Vec::new(),
            csv: detected.filter(|_| format == Format::Csv),
            scalar: (format == Format::Text).then(|| counts.scalar(fits)).flatten(),
        }
    }

    /// The dialect's counts, brought up from the texts that were tried in its dialect to all texts.
    fn scaled(&self, mut detected: csv::Detected) -> csv::Detected {
        let tried = detected.fits + detected.ragged + detected.others;
        if tried > 0 && tried < self.rows_offered {
            let scale = |count: u64| (count as f64 * self.rows_offered as f64 / tried as f64).round() as u64;
            detected.fits = scale(detected.fits);
            detected.others = scale(detected.others).min(self.rows_offered.saturating_sub(detected.fits));
            detected.ragged = self.rows_offered.saturating_sub(detected.fits + detected.others);
        }
        detected
    }

    fn confidence(&self, format: Format, fits: u64, detected: Option<&csv::Detected>) -> f64 {
        // What one payload alone leaves open.
        let doubt = match format {
            Format::Csv => return detected.map_or(0.5, |detected| detected.confidence),
            Format::Json if self.counts.containers > 0 => 0.01,
            Format::Json => 0.3,
            Format::Text => 0.2,
            Format::Uuid => 0.1,
            _ => 0.4,
        };
        1.0 - doubt / fits.max(1) as f64
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}
