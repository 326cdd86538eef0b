//! Objects as YAML text.

use serde_json::Value;

/// Returns objects as one YAML stream.
pub(crate) fn stream(objects: &[Value]) -> anyhow::Result<String> {
    let mut text = String::new();
    for (index, object) in objects.iter().enumerate() {
        if index > 0 {
            text.push_str("---\n");
        }
        let document = serde_saphyr::to_string(object)?;
        text.push_str(document.trim_start_matches("---\n").trim_end());
        text.push('\n');
    }
    Ok(text)
}
