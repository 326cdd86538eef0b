//! Picks a value from a JSON document by a path such as `database.users.0.name`.
//!
//! The path language is gjson's, of which this module knows: members joined by dots, `\.` for a
//! dot inside a name, array indexes, `#` for an array's length, `#.name` for a member of each
//! element, and the wildcards `*` and `?`. Queries, pipes, modifiers and multipaths are refused,
//! rather than read as something else.

use secret_bytes::SecretBytes;
use zeroize::Zeroizing;

use crate::json_value;

/// Longer paths are refused: each step reads the rest of the document.
const MAX_STEPS: usize = 64;

const MODIFIERS: [&str; 13] = [
    "@dig", "@flatten", "@fromstr", "@group", "@join", "@keys", "@pretty", "@reverse", "@this",
    "@tostr", "@ugly", "@valid", "@values",
];

/// The path uses a part of the language that is not known here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("property path {path:?} uses {feature}, which is not supported")]
pub(crate) struct UnsupportedPath {
    path: String,
    feature: &'static str,
}

/// Returns the value at a path: a string's text, everything else as JSON. `None` when absent.
pub(crate) fn select(document: &str, path: &str) -> Result<Option<SecretBytes>, UnsupportedPath> {
    let steps = parse(path)?;
    Ok(walk(document, &steps).map(|json| json_value::text_or_json(&json)))
}

/// Returns the value of one member, named literally. `None` when absent or when there is no object.
pub(crate) fn literal(document: &str, name: &str) -> Option<SecretBytes> {
    let members = json_value::members(document).ok()?;
    members
        .get(name)
        .map(|member| json_value::text_or_json(member.get()))
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Member(Vec<Glyph>),
    Every,
}

/// One character of a name in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Glyph {
    Exactly(char),
    AnyOne,
    AnyMany,
}

fn parse(path: &str) -> Result<Vec<Step>, UnsupportedPath> {
    let unsupported = |feature| UnsupportedPath {
        path: path.to_owned(),
        feature,
    };
    let mut steps = Vec::new();
    for part in split(path) {
        refuse(part).map_err(unsupported)?;
        if part == "#" {
            steps.push(Step::Every);
        } else {
            steps.push(Step::Member(glyphs(part).map_err(unsupported)?));
        }
    }
    if steps.len() > MAX_STEPS {
        return Err(unsupported("more than 64 steps"));
    }
    Ok(steps)
}

/// Splits at dots that no backslash stands before.
fn split(path: &str) -> Vec<&str> {
    let mut escaped = false;
    path.split(move |character| {
        let splits = character == '.' && !escaped;
        escaped = character == '\\' && !escaped;
        splits
    })
    .collect()
}

fn refuse(part: &str) -> Result<(), &'static str> {
    let modifier = part.split([':', '|']).next().unwrap_or(part);
    match part.chars().next() {
        Some('{' | '[') => Err("a multipath"),
        Some('!') => Err("a literal"),
        Some('@') if MODIFIERS.contains(&modifier) => Err("a modifier"),
        Some('#') if part.starts_with("#(") || part.starts_with("#[") => Err("a query"),
        _ => Ok(()),
    }
}

fn glyphs(part: &str) -> Result<Vec<Glyph>, &'static str> {
    let mut glyphs = Vec::with_capacity(part.len());
    let mut characters = part.chars();
    while let Some(character) = characters.next() {
        glyphs.push(match character {
            '\\' => match characters.next() {
                Some(escaped) => Glyph::Exactly(escaped),
                None => continue,
            },
            '|' => return Err("a pipe"),
            '*' => Glyph::AnyMany,
            '?' => Glyph::AnyOne,
            _ => Glyph::Exactly(character),
        });
    }
    Ok(glyphs)
}

fn walk(json: &str, steps: &[Step]) -> Option<Zeroizing<String>> {
    let Some((step, rest)) = steps.split_first() else {
        return Some(Zeroizing::new(json.to_owned()));
    };
    let is_array = json.trim_ascii_start().starts_with('[');
    match step {
        Step::Every if is_array => every(json, rest),
        Step::Every => member(json, &[Glyph::Exactly('#')], rest),
        Step::Member(name) if is_array => {
            let digits: String = literal_text(name)?;
            let index: usize = digits.parse().ok()?;
            let elements = json_value::elements(json)?;
            walk(elements.get(index)?.get(), rest)
        }
        Step::Member(name) => member(json, name, rest),
    }
}

fn member(json: &str, name: &[Glyph], rest: &[Step]) -> Option<Zeroizing<String>> {
    let members = json_value::members(json).ok()?;
    let found = match literal_text(name) {
        Some(name) => members.get(&name),
        None => members
            .iter()
            .find(|(member, _)| matches(&member.chars().collect::<Vec<_>>(), name))
            .map(|(_, value)| value),
    };
    walk(found?.get(), rest)
}

/// The length of an array, or an array of what the rest of the path finds in each element.
fn every(json: &str, rest: &[Step]) -> Option<Zeroizing<String>> {
    let elements = json_value::elements(json)?;
    if rest.is_empty() {
        return Some(Zeroizing::new(elements.len().to_string()));
    }
    let mut out = Zeroizing::new(String::with_capacity(json.len()));
    out.push('[');
    for found in elements
        .iter()
        .filter_map(|element| walk(element.get(), rest))
    {
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str(&found);
    }
    out.push(']');
    Some(out)
}

fn literal_text(glyphs: &[Glyph]) -> Option<String> {
    glyphs
        .iter()
        .map(|glyph| match glyph {
            Glyph::Exactly(character) => Some(*character),
            Glyph::AnyOne | Glyph::AnyMany => None,
        })
        .collect()
}

/// Matches a name with wildcards, in time bounded by the product of the lengths.
fn matches(name: &[char], pattern: &[Glyph]) -> bool {
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    for glyph in pattern {
        let mut next = vec![false; name.len() + 1];
        match glyph {
            Glyph::AnyMany => {
                let mut any = false;
                for (index, slot) in next.iter_mut().enumerate() {
                    any |= reached[index];
                    *slot = any;
                }
            }
            Glyph::AnyOne | Glyph::Exactly(_) => {
                for (index, character) in name.iter().enumerate() {
                    next[index + 1] = reached[index]
                        && match glyph {
                            Glyph::Exactly(expected) => expected == character,
                            Glyph::AnyOne | Glyph::AnyMany => true,
                        };
                }
            }
        }
        reached = next;
    }
    reached.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests;
