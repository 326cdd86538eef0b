//! The page about recorded figures: what is written by hand, with tables put in its places, and the
//! chart beside it.

mod chart;
mod tables;

use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::record::Record;

/// The hand-written part. `<!-- name -->` alone on a line stands for a generated one.
const TEXT: &str = include_str!("page/performance.md");

/// Writes page and chart into a folder.
///
/// # Errors
///
/// When there are no figures, or a file cannot be written.
pub(crate) fn write(record: &Record, folder: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        !record.figures.is_empty(),
        "no figures are recorded; hint: run the bench without --page first"
    );
    for (name, text) in [
        ("performance.md", page(record)),
        ("performance.svg", chart::draw(record)),
    ] {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))?;
    }
    Ok(())
}

/// Returns the page.
fn page(record: &Record) -> String {
    let mut page = String::new();
    for line in TEXT.lines() {
        let place = line
            .strip_prefix("<!-- ")
            .and_then(|rest| rest.strip_suffix(" -->"));
        if let Some(table) = place.and_then(|name| tables::named(name, record)) {
            page.push_str(&table);
        } else {
            page.push_str(line);
            page.push('\n');
        }
    }
    page
}

#[cfg(test)]
mod tests;
