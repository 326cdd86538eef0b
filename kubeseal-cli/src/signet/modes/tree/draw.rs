//! A tree for people.

use jiff::Timestamp;
use pipeline::health::Health;

use super::node::{Maker, Node, State};
use crate::signet::colours::{Colour, Colours};
use crate::signet::printable::one_line;

/// How many hex digits of a commit are shown.
const DIGITS: usize = 12;

/// One line before it is aligned.
struct Line {
    /// Branches and name.
    left: String,
    state: String,
    colour: Option<Colour>,
    age: String,
    /// What there is to say besides.
    note: String,
}

/// Draws units.
pub(super) fn text(units: &[Node], now: Timestamp, colours: Colours) -> String {
    let mut lines = Vec::new();
    for unit in units {
        draw(unit, "", "", now, &mut lines);
    }
    let width = |part: fn(&Line) -> &str| {
        let widths = lines.iter().map(|line| part(line).chars().count());
        widths.max().unwrap_or_default()
    };
    let (left, state) = (width(|line| &line.left), width(|line| &line.state));
    let age = width(|line| &line.age);
    let mut text = String::new();
    for line in &lines {
        let padded = |part: &str, width: usize| format!("{part:width$}");
        let name = padded(&line.left, left);
        let shown = padded(&line.state, state);
        let shown = line
            .colour
            .map_or_else(|| shown.clone(), |colour| colours.paint(colour, &shown));
        let rest = format!("{}  {}", padded(&line.age, age), line.note);
        let whole = format!("{name}  {shown}  {rest}");
        text.push_str(whole.trim_end());
        text.push('\n');
    }
    text
}

fn draw(node: &Node, branch: &str, below: &str, now: Timestamp, lines: &mut Vec<Line>) {
    let (state, colour, message) = state(node);
    let parts = [
        node.revision.as_deref().map(short).unwrap_or_default(),
        node.deleted
            .map(|since| format!("being deleted for {}", age(since, now)))
            .unwrap_or_default(),
        node.maker
            .as_ref()
            .map(|maker| said(maker, now))
            .unwrap_or_default(),
        node.waits.clone().unwrap_or_default(),
        // A unit says itself why it waits.
        if node.waits.is_some() {
            String::new()
        } else {
            message
        },
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    lines.push(Line {
        left: format!("{branch}{}", one_line(&node.id.to_string())),
        state,
        colour,
        age: node
            .created
            .map(|created| age(created, now))
            .unwrap_or_default(),
        note: one_line(&parts.join("; ")),
    });
    for (index, child) in node.children.iter().enumerate() {
        let is_last = index + 1 == node.children.len();
        let (branch, next) = if is_last {
            ("└─ ", "   ")
        } else {
            ("├─ ", "│  ")
        };
        draw(
            child,
            &format!("{below}{branch}"),
            &format!("{below}{next}"),
            now,
            lines,
        );
    }
}

fn state(node: &Node) -> (String, Option<Colour>, String) {
    match &node.state {
        State::Unreadable(reason) => ("Unreadable".to_owned(), Some(Colour::Red), reason.clone()),
        State::Seen(None) => (String::new(), None, String::new()),
        State::Seen(Some(found)) => {
            let colour = match found.health {
                Health::Healthy => Colour::Green,
                Health::Progressing => Colour::Yellow,
                Health::Missing | Health::Degraded => Colour::Red,
                Health::Suspended | Health::Unknown => Colour::Dim,
            };
            let message = match found.health {
                Health::Healthy => String::new(),
                _ => found.message.clone(),
            };
            (found.health.to_string(), Some(colour), message)
        }
    }
}

fn said(maker: &Maker, now: Timestamp) -> String {
    let store = maker.store.as_ref().map(|store| format!(" from {store}"));
    let refreshed = maker
        .refreshed
        .map(|refreshed| format!(", {} ago", age(refreshed, now)));
    format!(
        "made by {}{}{}",
        maker.id,
        store.unwrap_or_default(),
        refreshed.unwrap_or_default()
    )
}

/// Returns `main@sha1:0123456789ab` of a revision, or the first digits of a bare commit.
fn short(revision: &str) -> String {
    let (name, digits) = match revision.rsplit_once(':') {
        Some((name, digits)) => (format!("{name}:"), digits),
        None => (String::new(), revision),
    };
    if digits.len() > DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let digits: String = digits.chars().take(DIGITS).collect();
        return format!("{name}{digits}");
    }
    revision.to_owned()
}

/// Returns how long ago something was, in its largest unit.
fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(since).as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests;
