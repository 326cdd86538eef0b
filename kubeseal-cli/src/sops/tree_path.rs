//! Paths into a document, as `--extract` takes them: `["key"][0]`.

use sops_engine::PathComponent;

use super::error::Error;

/// Reads a path. An empty one names the whole document.
pub(super) fn parse(text: &str) -> Result<Vec<PathComponent>, Error> {
    let invalid = || {
        Error::usage(
            91,
            format!("error parsing --extract path {text:?}: hint: write [\"key\"][0]"),
        )
    };
    let text = text.trim();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let inner = text.strip_prefix('[').ok_or_else(invalid)?;
    let mut path = Vec::new();
    for part in inner.split('[') {
        let part = part.strip_suffix(']').ok_or_else(invalid)?;
        let key = ['"', '\''].into_iter().find_map(|quote| {
            part.strip_prefix(quote)
                .map(|rest| rest.strip_suffix(quote).map(ToOwned::to_owned))
        });
        path.push(match key {
            Some(Some(key)) => PathComponent::Key(key),
            Some(None) => return Err(invalid()),
            None => PathComponent::Index(part.parse().map_err(|_| invalid())?),
        });
    }
    Ok(path)
}
