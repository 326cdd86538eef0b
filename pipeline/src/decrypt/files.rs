//! Encrypted files, before the build.

use std::sync::Arc;

use manifests::{ArtifactPath, Dialect, InputFile, InputKind, Limits, Overlay, Tree, read_values};
use serde_json::Value;
use sops_engine::{EncryptedFile, Format, is_encrypted, is_encrypted_object};

use super::objects::missing_metadata;
use super::{Authenticated, Collected, DataKeys, Decrypt, Need, Place, Warning, WarningKind};
use crate::redact::Taint;
use crate::unit::{Decryption, MacPolicy, Protection, ProtectionRule, protects};

/// Larger files are not decrypted.
const SIZE_LIMIT: usize = 5 << 20;

/// Returns the format of a file that a build takes in: a list of environment variables is dotenv
/// unless its name says otherwise.
fn format_of_input(input: &InputFile) -> Format {
    match format_of(input.format_name()) {
        Format::Binary if input.kind == InputKind::Environment => Format::Dotenv,
        format => format,
    }
}

/// Returns the format that a name's ending stands for (§9.3.2).
pub(super) fn format_of(name: &str) -> Format {
    if name.ends_with(".dockerconfigjson") {
        Format::Json
    } else {
        Format::from_path(name)
    }
}

/// The encrypted files of a build, read and not yet opened.
#[derive(Debug, Default)]
pub struct EncryptedFiles {
    inputs: Vec<Input>,
    /// Files of manifests, or documents of such.
    manifests: Vec<(Place, EncryptedFile)>,
}

#[derive(Debug)]
struct Input {
    path: ArtifactPath,
    place: Place,
    format: Format,
    file: EncryptedFile,
}

/// What the files of a build hold.
#[derive(Debug, Default)]
pub struct OpenedFiles {
    /// Plain renderer inputs, for this one build.
    pub overlay: Overlay,
    /// Files of manifests whose MAC holds.
    pub authenticated: Authenticated,
    /// Every plaintext.
    pub taint: Taint,
    /// What `macPolicy: warn` let pass.
    pub warnings: Vec<Warning>,
}

/// Finds the encrypted files of a build (G-197): `inputs` are to be decrypted, `resources` (files
/// of manifests) to be authenticated.
///
/// Without decryption nothing is looked at here: what stays encrypted is an error after the build.
///
/// # Errors
///
/// When a file that carries the mark of an encrypted one cannot be read as such, or is too large.
pub fn scan_files(
    tree: &Tree,
    inputs: &[InputFile],
    resources: &[ArtifactPath],
    decryption: Option<&Decryption>,
    protections: &[ProtectionRule],
) -> Result<EncryptedFiles, Decrypt> {
    let mut found = EncryptedFiles::default();
    if decryption.is_none() {
        return Ok(found);
    }
    for input in inputs {
        let format = format_of_input(input);
        let path = &input.path;
        let known = found.inputs.iter().any(|other| other.path == *path);
        if let Some(bytes) = marked(tree, path, format)?.filter(|_| !known) {
            let place = Place::file(path);
            let file = parse(&place, format, bytes)?;
            found.inputs.push(Input {
                path: path.clone(),
                place,
                format,
                file,
            });
        }
    }
    for path in resources {
        let format = match format_of(path.file_name()) {
            format @ (Format::Yaml | Format::Json) => format,
            Format::Dotenv | Format::Ini | Format::Binary => continue,
        };
        match marked(tree, path, format)? {
            Some(bytes) => found.add_resource(path, format, bytes, protections)?,
            None => refuse_incomplete(tree, path, protections)?,
        }
    }
    Ok(found)
}

fn parse(place: &Place, format: Format, bytes: &[u8]) -> Result<EncryptedFile, Decrypt> {
    EncryptedFile::parse(format, bytes).map_err(|source| Decrypt::Read {
        place: place.clone(),
        source,
    })
}

/// Returns a file's bytes when it carries the mark of an encrypted file.
fn marked<'a>(
    tree: &'a Tree,
    path: &ArtifactPath,
    format: Format,
) -> Result<Option<&'a [u8]>, Decrypt> {
    let Some(file) = tree
        .file(path)
        .filter(|file| is_encrypted(format, &file.content))
    else {
        return Ok(None);
    };
    if file.content.len() > SIZE_LIMIT {
        return Err(Decrypt::TooLarge {
            path: path.clone(),
            limit: SIZE_LIMIT,
        });
    }
    Ok(Some(&file.content))
}

/// Refuses a Secret whose values are encrypted and whose metadata cannot open them (G-200), while
/// its file is still known.
fn refuse_incomplete(
    tree: &Tree,
    path: &ArtifactPath,
    protections: &[ProtectionRule],
) -> Result<(), Decrypt> {
    let Some(file) = tree.file(path) else {
        return Ok(());
    };
    let text = String::from_utf8_lossy(&file.content);
    if !text.contains("sops") || !text.contains("ENC[") {
        return Ok(());
    }
    // A file that cannot be read is the build's to refuse.
    let documents = read_values(
        Dialect::Kustomize,
        &file.content,
        Some(path),
        &Limits::default(),
    );
    for document in documents.unwrap_or_default() {
        if protects(protections, &document, Protection::KeepEncrypted) {
            continue;
        }
        if let Some(missing) = missing_metadata(&document) {
            return Err(Decrypt::Incomplete {
                place: Place::file(path),
                missing,
            });
        }
    }
    Ok(())
}

impl EncryptedFiles {
    /// A file is one encrypted document, or holds several that were put together afterwards.
    fn add_resource(
        &mut self,
        path: &ArtifactPath,
        format: Format,
        bytes: &[u8],
        protections: &[ProtectionRule],
    ) -> Result<(), Decrypt> {
        let documents = read_values(Dialect::Kustomize, bytes, Some(path), &Limits::default())
            .map_err(|source| Decrypt::Documents { source })?;
        let kept = |document: &Value| protects(protections, document, Protection::KeepEncrypted);
        let first = documents.first().and_then(|document| document.get("sops"));
        let one_file = documents
            .iter()
            .all(|document| document.get("sops") == first);
        if one_file {
            if documents.iter().any(kept) {
                return Ok(());
            }
            let place = Place::file(path);
            let file = parse(&place, format, bytes)?;
            self.manifests.push((place, file));
            return Ok(());
        }
        for (index, document) in documents.iter().enumerate() {
            if !is_encrypted_object(document) || kept(document) {
                continue;
            }
            let place = Place::document(path, index);
            let file = EncryptedFile::from_object(document).map_err(|source| Decrypt::Read {
                place: place.clone(),
                source,
            })?;
            self.manifests.push((place, file));
        }
        Ok(())
    }

    /// Returns the documents whose data keys are still to be unwrapped, one for each data key.
    pub fn needs(&self, keys: &DataKeys) -> Vec<Need<'_>> {
        let inputs = self.inputs.iter().map(|input| (&input.place, &input.file));
        let manifests = self.manifests.iter().map(|(place, file)| (place, file));
        let needs = inputs.chain(manifests).map(|(place, file)| Need {
            place,
            metadata: file.metadata(),
        });
        keys.missing(needs)
    }

    /// Whether nothing is encrypted.
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty() && self.manifests.is_empty()
    }

    /// Decrypts the inputs and authenticates the files of manifests (G-197, G-201).
    ///
    /// # Errors
    ///
    /// When a value does not open, or a MAC does not hold and the policy is to refuse.
    pub fn open(self, keys: &DataKeys, policy: MacPolicy) -> Result<OpenedFiles, Decrypt> {
        let mut opened = OpenedFiles::default();
        let mut collected = Collected::default();
        for Input {
            path,
            place,
            format,
            file,
        } in self.inputs
        {
            let verified = collected.open(&place, file, keys, policy)?;
            let plain = verified.to_bytes(format).map_err(|source| Decrypt::Emit {
                place: place.clone(),
                source,
            })?;
            let plain = Arc::new(plain);
            collected.taint.add(Arc::clone(&plain));
            opened.overlay.insert(path, plain);
        }
        for (place, file) in self.manifests {
            let metadata = file.metadata().clone();
            collected.open(&place, file, keys, policy)?;
            opened.authenticated.insert(&metadata);
        }
        Ok(OpenedFiles {
            taint: collected.taint,
            warnings: collected.warnings,
            ..opened
        })
    }
}

impl Collected {
    /// Decrypts a document and checks its MAC as the policy says.
    pub(super) fn open(
        &mut self,
        place: &Place,
        file: EncryptedFile,
        keys: &DataKeys,
        policy: MacPolicy,
    ) -> Result<sops_engine::Verified, Decrypt> {
        let Some(key) = keys.of(file.metadata()) else {
            return Err(Decrypt::KeyNotGiven {
                place: place.clone(),
            });
        };
        let failed = |source| Decrypt::Open {
            place: place.clone(),
            source,
        };
        let verified = match policy {
            MacPolicy::Refuse => file.decrypt(key).map_err(failed)?,
            MacPolicy::Warn => {
                let (verified, broken) = file.decrypt_unverified(key).map_err(failed)?;
                self.warnings.extend(broken.map(|error| Warning {
                    kind: WarningKind::MacNotVerified,
                    place: place.clone(),
                    message: error.to_string(),
                }));
                verified
            }
        };
        verified
            .plaintexts()
            .iter()
            .cloned()
            .for_each(|value| self.taint.add(value));
        Ok(verified)
    }
}

#[cfg(test)]
mod tests;
