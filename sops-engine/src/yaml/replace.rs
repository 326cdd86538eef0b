//! What stands in the place of a value after it was encrypted or decrypted.

use zeroize::Zeroizing;

use super::document::Style;
use super::edit::Edit;
use super::emit::{self, Quoting};
use super::site::{Layout, Site};
use crate::scalar::Scalar;

/// Edits that put an encrypted value in the place of a scalar.
pub(crate) fn encrypt(text: &str, site: &Site, sealed: &str) -> Vec<Edit> {
    let mut edits = Vec::new();
    if let Some(tag) = &site.tag {
        edits.push(Edit::new(tag.clone(), ""));
    }
    match site.style {
        Style::Single => edits.push(Edit::new(site.span.clone(), format!("'{sealed}'"))),
        Style::Double => edits.push(Edit::new(site.span.clone(), format!("\"{sealed}\""))),
        Style::Literal | Style::Folded => {
            edits.push(Edit::new(site.header.clone(), sealed));
            let rest = text.get(site.header.end..site.span.end).unwrap_or_default();
            if let Some(line_end) = rest.find(['\n', '\r']) {
                edits.push(Edit::new(site.header.end + line_end..site.span.end, ""));
            }
        }
        // The brackets and commas of the encrypted value would end it.
        Style::Plain | Style::Flow if site.in_flow => {
            edits.push(Edit::new(site.span.clone(), format!("'{sealed}'")));
        }
        Style::Plain | Style::Block | Style::Flow => {
            edits.push(Edit::new(site.span.clone(), sealed));
        }
    }
    edits
}

/// Edits that put plaintext in the place of an encrypted value.
pub(crate) fn decrypt(text: &str, site: &Site, value: &Scalar, layout: &Layout) -> Vec<Edit> {
    let mut out = Zeroizing::new(String::new());
    let plain = match value {
        Scalar::Text(plain) => plain,
        Scalar::Null
        | Scalar::Int(_)
        | Scalar::Unsigned(_)
        | Scalar::Float(_)
        | Scalar::Bool(_)
        | Scalar::Time(_) => return vec![Edit::new(site.span.clone(), emit::typed(value))],
    };
    // EXPOSE: into the decrypted file.
    let Ok(plain) = plain.expose_str() else {
        use base64::Engine;
        out.push_str("!!binary ");
        // EXPOSE: into the decrypted file.
        base64::engine::general_purpose::STANDARD.encode_string(plain.expose(), &mut out);
        return vec![replacement(site, out)];
    };
    let natural = emit::quoting(plain);
    let flow_safe = !site.in_flow || emit::plain_fits_flow(plain);
    match site.style {
        Style::Single if site.in_flow && natural == Quoting::Plain && flow_safe => {
            out.push_str(plain);
        }
        Style::Single if emit::fits_single_quotes(plain) => emit::single_quoted(plain, &mut out),
        Style::Single | Style::Double => emit::double_quoted(plain, &mut out),
        Style::Plain | Style::Literal | Style::Folded | Style::Block | Style::Flow => match natural
        {
            Quoting::Plain if flow_safe => out.push_str(plain),
            Quoting::Plain | Quoting::Single => emit::single_quoted(plain, &mut out),
            Quoting::Double => emit::double_quoted(plain, &mut out),
            Quoting::Literal => {
                if !site.in_flow
                    && let Some(edits) = literal(text, site, plain, layout)
                {
                    return edits;
                }
                emit::double_quoted(plain, &mut out);
            }
        },
    }
    vec![replacement(site, out)]
}

fn replacement(site: &Site, text: Zeroizing<String>) -> Edit {
    Edit {
        range: site.span.clone(),
        text,
    }
}

/// A literal block; `None` when what stands behind the value would change it.
fn literal(text: &str, site: &Site, plain: &str, layout: &Layout) -> Option<Vec<Edit>> {
    let depth = if site.in_sequence { 2 } else { layout.step };
    let column = site.parent_column + depth;
    let rest = text.get(site.span.end..)?;
    let line_end = rest
        .find('\n')
        .map(|at| at - usize::from(rest.get(..at).is_some_and(|line| line.ends_with('\r'))));
    let behind = rest.get(line_end.unwrap_or(rest.len())..)?;
    // A comment as deep as the block's lines would become one of them.
    for line in behind.lines().skip(1) {
        let content = line.trim_start_matches(' ');
        if content.is_empty() {
            continue;
        }
        if content.starts_with('#') && line.len() - content.len() >= column {
            return None;
        }
        break;
    }
    let breaks = plain.len() - plain.trim_end_matches('\n').len();
    let mut body = Zeroizing::new(String::with_capacity(plain.len() * 2 + 64));
    body.push_str(layout.line_break);
    emit::literal_body(plain, column, layout.line_break, &mut body);
    let kept = body.len() - layout.line_break.len();
    body.truncate(kept);
    if line_end.is_none() {
        match breaks {
            0 => {}
            1 => body.push_str(layout.line_break),
            _ => return None,
        }
    } else if breaks > 1 || plain == "\n" {
        // The blank lines that are there already belong to the value.
        let there = behind
            .split('\n')
            .skip(1)
            .take_while(|line| line.trim_end_matches('\r').is_empty())
            .count();
        let ends_there = behind
            .split('\n')
            .skip(1)
            .all(|line| line.trim().is_empty());
        let there = if ends_there {
            there.saturating_sub(1)
        } else {
            there
        };
        // `literal_body` wrote the blank lines of the value, all but the last break.
        let wanted = breaks - 1;
        let surplus = there.min(wanted) * layout.line_break.len();
        if there > wanted {
            return None;
        }
        let length = body.len() - surplus;
        body.truncate(length);
    }
    let header = emit::literal_header(plain, depth);
    let line_end = site.span.end + line_end.unwrap_or(rest.len());
    Some(vec![
        Edit::new(site.span.clone(), header),
        Edit {
            range: line_end..line_end,
            text: body,
        },
    ])
}
