//! Instants as text: RFC 3339 in, and the looser forms that YAML takes for a timestamp.
//!
//! An instant is only ever compared, hashed and written as text, so it stays text here: checked,
//! with two-digit fields, the fraction cut to nanoseconds without trailing zeros, and `Z` for a
//! zero offset.

/// Reads RFC 3339 and writes it in the one form that is hashed; `None` when it is not RFC 3339.
pub(crate) fn normalise_rfc3339(text: &str) -> Option<String> {
    let mut reader = Reader(text.as_bytes());
    let date = reader.date(Digits::Two)?;
    reader.one_of(b"T")?;
    let clock = reader.clock(Digits::Two, b".,")?;
    let zone = reader.zone()?;
    reader.end()?;
    Some(format!("{}T{clock}{zone}", date.text()?))
}

/// Like [`normalise_rfc3339`], in whole seconds: the form of every time in the metadata.
pub(crate) fn normalise_rfc3339_seconds(text: &str) -> Option<String> {
    let text = normalise_rfc3339(text)?;
    let (start, rest) = text
        .split_once('.')
        .map_or((&*text, None), |(start, rest)| {
            (
                start,
                rest.find(['Z', '+', '-']).and_then(|at| rest.get(at..)),
            )
        });
    Some(format!("{start}{}", rest.unwrap_or_default()))
}

/// Reads a plain YAML scalar that is a timestamp.
pub(crate) fn from_plain_yaml(text: &str) -> Option<String> {
    // Cheap refusal first: four digits and a hyphen.
    let bytes = text.as_bytes();
    if bytes.get(4) != Some(&b'-') || !bytes.iter().take(4).all(u8::is_ascii_digit) {
        return None;
    }
    let mut reader = Reader(bytes);
    let date = reader.date(Digits::OneOrTwo)?.text()?;
    if reader.0.is_empty() {
        return Some(format!("{date}T00:00:00Z"));
    }
    let (clock, zone) = match reader.one_of(b"Tt ")? {
        b' ' => (reader.clock(Digits::OneOrTwo, b".,")?, "Z".into()),
        _ => (reader.clock(Digits::OneOrTwo, b".,")?, reader.zone()?),
    };
    reader.end()?;
    Some(format!("{date}T{clock}{zone}"))
}

#[derive(Clone, Copy)]
enum Digits {
    Two,
    OneOrTwo,
}

struct Date {
    year: u32,
    month: u32,
    day: u32,
}

impl Date {
    fn text(&self) -> Option<String> {
        let leap = self.year.is_multiple_of(4)
            && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        let days = match self.month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        (1..=days)
            .contains(&self.day)
            .then(|| format!("{:04}-{:02}-{:02}", self.year, self.month, self.day))
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn one_of(&mut self, wanted: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        wanted.contains(first).then(|| {
            self.0 = rest;
            *first
        })
    }

    fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }

    fn digit(&mut self) -> Option<u32> {
        self.one_of(b"0123456789")
            .map(|digit| u32::from(digit - b'0'))
    }

    fn number(&mut self, digits: Digits) -> Option<u32> {
        let first = self.digit()?;
        match (self.digit(), digits) {
            (Some(second), _) => Some(first * 10 + second),
            (None, Digits::OneOrTwo) => Some(first),
            (None, Digits::Two) => None,
        }
    }

    fn date(&mut self, digits: Digits) -> Option<Date> {
        let year = self.number(Digits::Two)? * 100 + self.number(Digits::Two)?;
        self.one_of(b"-")?;
        let month = self.number(digits)?;
        self.one_of(b"-")?;
        let day = self.number(digits)?;
        Some(Date { year, month, day })
    }

    fn clock(&mut self, digits: Digits, fraction_marks: &[u8]) -> Option<String> {
        let hour = self.number(digits)?;
        self.one_of(b":")?;
        let minute = self.number(digits)?;
        self.one_of(b":")?;
        let second = self.number(digits)?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let mut text = format!("{hour:02}:{minute:02}:{second:02}");
        if self.one_of(fraction_marks).is_some() {
            let mut fraction = String::new();
            while let Some(digit) = self.digit() {
                fraction.extend(char::from_digit(digit, 10));
            }
            if fraction.is_empty() {
                return None;
            }
            fraction.truncate(9);
            let fraction = fraction.trim_end_matches('0');
            if !fraction.is_empty() {
                text.push('.');
                text.push_str(fraction);
            }
        }
        Some(text)
    }

    fn zone(&mut self) -> Option<String> {
        let sign = match self.one_of(b"Z+-")? {
            b'Z' => return Some("Z".into()),
            sign => char::from(sign),
        };
        let hours = self.number(Digits::Two)?;
        self.one_of(b":")?;
        let minutes = self.number(Digits::Two)?;
        if hours > 24 || minutes > 60 {
            return None;
        }
        if hours == 0 && minutes == 0 {
            return Some("Z".into());
        }
        Some(format!("{sign}{hours:02}:{minutes:02}"))
    }
}
