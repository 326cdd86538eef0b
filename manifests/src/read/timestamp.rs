//! YAML timestamps as kustomize's reader takes them: `2020-1-2`, `2020-01-02 10:20:30.5`, ….

/// Returns the RFC 3339 form when `text` is a timestamp.
pub(super) fn normalised(text: &str) -> Option<String> {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (
            text.get(..at)?,
            Some((text.get(at..=at)?, text.get(at + 1..)?)),
        ),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let (year, month, day) = (
        parts.next()?,
        number(parts.next()?)?,
        number(parts.next()?)?,
    );
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let year = digits(year)?;
    if !(1..=12).contains(&month) || day < 1 || day > days(year, month) {
        return None;
    }
    let clock = match time {
        None => "00:00:00Z".to_owned(),
        Some((separator, time)) => clock(time, separator != " ")?,
    };
    Some(format!("{year:04}-{month:02}-{day:02}T{clock}"))
}

/// Returns `hh:mm:ss[.fraction]` with its zone; a zone stands exactly after a `T`.
fn clock(time: &str, zoned: bool) -> Option<String> {
    let (time, zone) = if zoned {
        let at = time.find(['Z', '+', '-'])?;
        time.split_at_checked(at)?
    } else {
        (time, "Z")
    };
    let (whole, fraction) = time
        .split_once('.')
        .map_or((time, None), |(w, f)| (w, Some(f)));
    let mut parts = whole.split(':');
    let (hour, minute, second) = (
        number(parts.next()?)?,
        number(parts.next()?)?,
        number(parts.next()?)?,
    );
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let fraction = match fraction {
        None => String::new(),
        Some(text) => {
            digits(text.get(..text.len().min(9))?)?;
            let kept = text.get(..text.len().min(9))?.trim_end_matches('0');
            if kept.is_empty() {
                String::new()
            } else {
                format!(".{kept}")
            }
        }
    };
    let is_zone = zone == "Z"
        || zone
            .strip_prefix(['+', '-'])
            .and_then(|offset| offset.split_once(':'))
            .is_some_and(|(hours, minutes)| {
                hours.len() == 2
                    && minutes.len() == 2
                    && digits(hours).is_some_and(|hours| hours <= 24)
                    && digits(minutes).is_some_and(|minutes| minutes <= 60)
            });
    is_zone.then(|| {
        let zone = if matches!(zone, "+00:00" | "-00:00") {
            "Z"
        } else {
            zone
        };
        format!("{hour:02}:{minute:02}:{second:02}{fraction}{zone}")
    })
}

/// Reads one or two digits.
fn number(text: &str) -> Option<u32> {
    if text.len() <= 2 { digits(text) } else { None }
}

fn digits(text: &str) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}
