//! Go duration strings, the way every family writes times: `90s`, `1h30m`, `1h0m0s`.

use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A signed span of time with nanosecond resolution, read from and written as a Go duration.
///
/// Reading takes the units `ns`, `us` (also `µs` and `μs`), `ms`, `s`, `m` and `h`, decimal
/// fractions, one leading sign, and a bare `0`. Writing gives Go's own canonical form, so that
/// `90m` becomes `1h30m0s`.
///
/// ```
/// use api::GoDuration;
///
/// let interval: GoDuration = "1.5h".parse()?;
/// assert_eq!(interval.to_string(), "1h30m0s");
/// # Ok::<(), api::duration::ParseDuration>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoDuration {
    nanoseconds: i64,
}

/// Why a text is not a Go duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseDuration {
    /// There is no number where one has to be.
    #[error("invalid duration {text:?}")]
    Malformed {
        /// The text as given.
        text: String,
    },
    /// A number has no unit behind it.
    #[error("missing unit in duration {text:?}")]
    MissingUnit {
        /// The text as given.
        text: String,
    },
    /// The unit is none that Go knows.
    #[error("unknown unit {unit:?} in duration {text:?}")]
    UnknownUnit {
        /// The unit as given.
        unit: String,
        /// The text as given.
        text: String,
    },
    /// The value does not fit about 292 years.
    #[error("duration {text:?} is out of range")]
    OutOfRange {
        /// The text as given.
        text: String,
    },
}

const MICROSECOND: i64 = 1_000;
const MILLISECOND: i64 = 1_000 * MICROSECOND;
const SECOND: i64 = 1_000 * MILLISECOND;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

impl GoDuration {
    /// No time at all.
    pub const ZERO: Self = Self { nanoseconds: 0 };

    /// Returns a duration of whole nanoseconds.
    pub const fn from_nanoseconds(nanoseconds: i64) -> Self {
        Self { nanoseconds }
    }

    /// Returns a duration of whole seconds.
    ///
    /// Values past the range (about 292 years) become the longest duration.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self {
            nanoseconds: seconds.saturating_mul(SECOND),
        }
    }

    /// Returns the length in nanoseconds; negative for a negative duration.
    pub const fn nanoseconds(self) -> i64 {
        self.nanoseconds
    }

    /// Returns the unsigned length, or nothing when the duration is negative.
    pub const fn to_std(self) -> Option<Duration> {
        if self.nanoseconds < 0 {
            None
        } else {
            Some(Duration::from_nanos(self.nanoseconds.unsigned_abs()))
        }
    }

    /// Returns the unsigned length when there is one: nothing for zero and negative durations.
    pub const fn positive(self) -> Option<Duration> {
        if self.nanoseconds > 0 {
            self.to_std()
        } else {
            None
        }
    }
}

impl FromStr for GoDuration {
    type Err = ParseDuration;

    fn from_str(text: &str) -> Result<Self, ParseDuration> {
        let out_of_range = || ParseDuration::OutOfRange {
            text: text.to_owned(),
        };
        let (negative, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if rest == "0" {
            return Ok(Self::ZERO);
        }
        if rest.is_empty() {
            return Err(ParseDuration::Malformed {
                text: text.to_owned(),
            });
        }
        let mut total: u128 = 0;
        while !rest.is_empty() {
            let (term, after) = read_term(rest, text)?;
            total = total.checked_add(term).ok_or_else(out_of_range)?;
            if total > u128::from(i64::MIN.unsigned_abs()) {
                return Err(out_of_range());
            }
            rest = after;
        }
        let total = i128::try_from(total).map_err(|_| out_of_range())?;
        let signed = if negative { -total } else { total };
        i64::try_from(signed)
            .map(Self::from_nanoseconds)
            .map_err(|_| out_of_range())
    }
}

/// Reads one number with its unit and returns it in nanoseconds, with what follows it.
fn read_term<'a>(rest: &'a str, text: &str) -> Result<(u128, &'a str), ParseDuration> {
    let malformed = || ParseDuration::Malformed {
        text: text.to_owned(),
    };
    let out_of_range = || ParseDuration::OutOfRange {
        text: text.to_owned(),
    };
    let (whole, rest) = split_digits(rest);
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => split_digits(rest),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(malformed());
    }
    let end = rest
        .find(|c: char| c == '.' || c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(end);
    let nanoseconds = match unit {
        "" => {
            return Err(ParseDuration::MissingUnit {
                text: text.to_owned(),
            });
        }
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => MICROSECOND,
        "ms" => MILLISECOND,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        _ => {
            return Err(ParseDuration::UnknownUnit {
                unit: unit.to_owned(),
                text: text.to_owned(),
            });
        }
    };
    let nanoseconds = u128::from(nanoseconds.unsigned_abs());
    let whole: u64 = if whole.is_empty() {
        0
    } else {
        whole.parse().map_err(|_| out_of_range())?
    };
    Ok((
        u128::from(whole) * nanoseconds + fraction_of(fraction, nanoseconds),
        rest,
    ))
}

/// Returns the given decimal digits as a part of `unit`, rounded down.
///
/// Digits past the eighteenth cannot change a value of at most an hour in nanoseconds.
fn fraction_of(digits: &str, unit: u128) -> u128 {
    let (mut value, mut scale) = (0_u128, 1_u128);
    for digit in digits.bytes().take(18) {
        value = value * 10 + u128::from(digit - b'0');
        scale *= 10;
    }
    value * unit / scale
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len()),
    )
}

impl fmt::Display for GoDuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.nanoseconds.unsigned_abs();
        if total == 0 {
            return formatter.write_str("0s");
        }
        if self.nanoseconds < 0 {
            formatter.write_str("-")?;
        }
        let unit = |nanoseconds: i64| nanoseconds.unsigned_abs();
        if total < unit(MICROSECOND) {
            return write!(formatter, "{total}ns");
        }
        if total < unit(MILLISECOND) {
            return write_decimal(formatter, total, unit(MICROSECOND), "\u{b5}s");
        }
        if total < unit(SECOND) {
            return write_decimal(formatter, total, unit(MILLISECOND), "ms");
        }
        let (hours, minutes) = (total / unit(HOUR), total % unit(HOUR) / unit(MINUTE));
        if hours > 0 {
            write!(formatter, "{hours}h")?;
        }
        if hours > 0 || minutes > 0 {
            write!(formatter, "{minutes}m")?;
        }
        write_decimal(formatter, total % unit(MINUTE), unit(SECOND), "s")
    }
}

/// Writes `total / unit` with the shortest exact fraction.
fn write_decimal(
    formatter: &mut fmt::Formatter<'_>,
    total: u64,
    unit: u64,
    name: &str,
) -> fmt::Result {
    write!(formatter, "{}", total / unit)?;
    let fraction = total % unit;
    if fraction > 0 {
        let width = usize::try_from(unit.ilog10()).unwrap_or_default();
        let digits = format!("{fraction:0width$}");
        write!(formatter, ".{}", digits.trim_end_matches('0'))?;
    }
    formatter.write_str(name)
}

impl Serialize for GoDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for GoDuration {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "GoDuration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests;
