//! Image overrides that matched nothing (D-03).

use manifests::{BuildOptions, Manifest, Tool, Tree};
use serde_json::Value;

use crate::RenderError;
use crate::kustomization::{self, Kustomization};

/// An image override that no image of the built objects shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusedImage {
    /// The name it looks for.
    pub name: String,
    /// Names of images in the objects that end alike, such as one that a base has renamed.
    pub similar: Vec<String>,
}

/// Returns the image overrides of the unit and of the directory's own kustomization file that
/// matched nothing, given what was built.
///
/// kustomize says nothing about them, and the tag is quietly not applied (D-03).
///
/// # Errors
///
/// When the kustomization file cannot be read.
pub fn unused_images(
    tree: &Tree,
    options: &BuildOptions,
    built: &[Manifest],
) -> Result<Vec<UnusedImage>, RenderError> {
    let Tool::Kustomize(kustomize) = &options.tool else {
        return Ok(Vec::new());
    };
    let mut wanted: Vec<Wanted> = kustomize
        .images
        .iter()
        .map(|image| Wanted {
            name: image.name.clone(),
            new_name: image.new_name.clone(),
            tag: image.new_tag.clone(),
            digest: image.digest.clone(),
        })
        .collect();
    if let Some(path) = kustomization::find(tree, &options.path)?
        && let Some(file) = tree.file(&path)
    {
        let own = Kustomization::read(&file.content, &path)?;
        for entry in own.list("images") {
            let entry = Wanted::read(entry);
            if !wanted.iter().any(|override_| override_.name == entry.name) {
                wanted.push(entry);
            }
        }
    }
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for manifest in built {
        collect(manifest.object(), &mut found);
    }
    let unused = wanted
        .into_iter()
        .filter(|wanted| !found.iter().any(|image| wanted.fits(image)));
    Ok(unused.map(|wanted| wanted.report(&found)).collect())
}

/// One override.
struct Wanted {
    name: String,
    new_name: String,
    tag: String,
    digest: String,
}

impl Wanted {
    fn read(entry: &Value) -> Self {
        let text = |name| {
            let mut values = kustomization::fields(entry, name).filter_map(Value::as_str);
            values.next().unwrap_or_default().to_owned()
        };
        Self {
            name: text("name"),
            new_name: text("newName"),
            tag: text("newTag"),
            digest: text("digest"),
        }
    }

    /// Whether an image looks as this override would have left it.
    fn fits(&self, image: &Image<'_>) -> bool {
        let name = if self.new_name.is_empty() {
            &self.name
        } else {
            &self.new_name
        };
        image.name == name
            && (self.digest.is_empty() || image.digest == self.digest)
            && (self.tag.is_empty() || !self.digest.is_empty() || image.tag == self.tag)
    }

    fn report(self, found: &[Image<'_>]) -> UnusedImage {
        let ends_alike = |name: &str| name.rsplit('/').next() == self.name.rsplit('/').next();
        let mut similar: Vec<String> = found
            .iter()
            .filter(|image| image.name != self.name && ends_alike(image.name))
            .map(|image| image.name.to_owned())
            .collect();
        similar.sort();
        similar.dedup();
        UnusedImage {
            name: self.name,
            similar,
        }
    }
}

/// An image as an object names it.
struct Image<'a> {
    name: &'a str,
    tag: &'a str,
    digest: &'a str,
}

impl<'a> Image<'a> {
    fn parse(text: &'a str) -> Self {
        let (rest, digest) = text.split_once('@').unwrap_or((text, ""));
        // A colon before the last slash belongs to the registry's port.
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, tag),
            _ => (rest, ""),
        };
        Self { name, tag, digest }
    }
}

/// Collects the texts of every field called `image`.
fn collect<'a>(value: &'a Value, found: &mut Vec<Image<'a>>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                match value.as_str() {
                    Some(text) if key == "image" => found.push(Image::parse(text)),
                    _ => collect(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests;
