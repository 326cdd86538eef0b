//! What a plain text would mean to a reader of YAML 1.1.

/// Whether a text can stand without quotes and still be read as text.
pub(super) fn reads_as_text(text: &str) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    if is_word_with_meaning(text) {
        return false;
    }
    match first {
        '.' => !(underscores_separate_digits(text) && is_float(&text.replace('_', ""))),
        '+' | '-' | '0'..='9' => !(is_timestamp(text) || is_number(text) || is_base_60(text)),
        _ => true,
    }
}

fn is_word_with_meaning(text: &str) -> bool {
    const WORDS: [&str; 5] = ["yes", "no", "on", "off", "null"];
    const BOOLEANS: [&str; 2] = ["true", "false"];
    const LETTERS: [&str; 5] = ["y", "Y", "n", "N", "~"];
    let cased = |word: &str| {
        let capital = word
            .get(..1)
            .map(str::to_ascii_uppercase)
            .unwrap_or_default();
        let capitalised = capital + word.get(1..).unwrap_or_default();
        text == word || text == word.to_ascii_uppercase() || text == capitalised
    };
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    WORDS.iter().chain(&BOOLEANS).any(|word| cased(word))
        || LETTERS.contains(&text)
        || [".nan", ".NaN", ".NAN"].contains(&text)
        || [".inf", ".Inf", ".INF"].contains(&unsigned)
}

/// A number with digits grouped by underscores, in any of the usual bases.
fn is_number(text: &str) -> bool {
    let plain = text.replace('_', "");
    let unsigned = plain.strip_prefix(['+', '-']).unwrap_or(&plain);
    let all = |digits: &str, base: u32| {
        !digits.is_empty() && u64::from_str_radix(digits, base).is_ok() && !digits.starts_with('+')
    };
    let prefixed = |lower: &str, upper: &str, base| {
        let digits = unsigned
            .strip_prefix(lower)
            .or_else(|| unsigned.strip_prefix(upper));
        digits.is_some_and(|digits| all(digits, base))
    };
    prefixed("0x", "0X", 16)
        || prefixed("0o", "0O", 8)
        || prefixed("0b", "0B", 2)
        || is_float(&plain)
}

fn underscores_separate_digits(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |place: Option<usize>| {
        place
            .and_then(|place| bytes.get(place))
            .is_some_and(u8::is_ascii_digit)
    };
    let places = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_');
    places
        .map(|(place, _)| place)
        .all(|place| digit(place.checked_sub(1)) && digit(Some(place + 1)))
}

/// Digits, a point and an exponent, with as much left out as YAML 1.1 allows.
fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some((whole, fraction)) => {
            digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty())
        }
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let in_range = text.parse::<f64>().is_ok_and(f64::is_finite);
    mantissa_fits
        && in_range
        && exponent.is_none_or(|exponent| {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent)
        })
}

/// Hours, minutes and seconds, which YAML 1.1 reads as one number.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut groups = whole.split(':');
    let Some(leading) = groups.next() else {
        return false;
    };
    let digits_or_line = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let mut rest = groups.peekable();
    leading.starts_with(|first: char| first.is_ascii_digit())
        && digits_or_line(leading)
        && digits_or_line(fraction)
        && rest.peek().is_some()
        && rest.all(|group| match group.as_bytes() {
            [unit] | [b'0'..=b'5', unit] => unit.is_ascii_digit(),
            _ => false,
        })
}

/// A date, with or without a time of day.
fn is_timestamp(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(place) => match text.split_at_checked(place) {
            Some((date, time)) => (date, time.get(1..)),
            None => return false,
        },
        None => (text, None),
    };
    let number = |text: &str, range: std::ops::RangeInclusive<u32>| {
        (1..=2).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && text.parse().is_ok_and(|number| range.contains(&number))
    };
    is_date(date)
        && time.is_none_or(|time| {
            let zoned = text.contains(['T', 't']);
            let clock = time.split(['Z', '+', '-']).next().unwrap_or_default();
            let mut units = clock.split(['.', ':']);
            number(units.next().unwrap_or_default(), 0..=23)
                && units.next().is_some_and(|minute| number(minute, 0..=59))
                && units.next().is_some_and(|second| number(second, 0..=59))
                && zoned == time.contains(['Z', '+', '-'])
        })
}

/// Year, month and day of a day that there was.
fn is_date(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = text.split('-');
    let (Some(year), Some(month), Some(day), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let lengths_fit =
        year.len() == 4 && (1..=2).contains(&month.len()) && (1..=2).contains(&day.len());
    let (Ok(years), Ok(months), Ok(days)) = (year.parse(), month.parse(), day.parse()) else {
        return false;
    };
    lengths_fit
        && [year, month, day].into_iter().all(digits)
        && jiff::civil::Date::new(years, months, days).is_ok()
}
