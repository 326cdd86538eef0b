//! Encrypted objects, after the build.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use manifests::{Manifest, pointer_token};
use secret_bytes::SecretBytes;
use serde_json::{Map, Value};
use sops_engine::{EncryptedFile, Format, Verified, is_encrypted, is_encrypted_object};

use super::files::format_of;
use super::{Authenticated, Collected, DataKeys, Decrypt, Need, Place, Warning, WarningKind};
use crate::redact::Taint;
use crate::unit::{Decryption, MacPolicy, Protection, ProtectionRule, protects};

/// The objects of a build, the encrypted ones read and not yet opened.
#[derive(Debug)]
pub struct EncryptedObjects {
    objects: Vec<Object>,
    /// Annotations and labels that the engine reads.
    read_marks: Vec<String>,
}

#[derive(Debug)]
struct Object {
    manifest: Manifest,
    place: Place,
    state: State,
}

#[derive(Debug)]
enum State {
    Plain,
    /// Marked to be left encrypted.
    Kept,
    /// The object as a whole, and whether its file was authenticated before the build.
    Whole(Box<EncryptedFile>, Mac),
    /// A Secret with encrypted documents as values.
    Values(Vec<Embedded>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mac {
    Checked,
    Unchecked,
}

/// An encrypted document that is one value of a Secret.
#[derive(Debug)]
struct Embedded {
    place: Place,
    field: &'static str,
    key: String,
    output: Format,
    file: EncryptedFile,
}

/// Plain objects, every plaintext concealed.
#[derive(Debug)]
pub struct OpenedObjects {
    /// The manifests, in build order.
    pub manifests: Vec<Manifest>,
    /// Every plaintext of this build: of files, of objects and of plain Secrets.
    pub taint: Taint,
    /// What was let pass and is worth a word.
    pub warnings: Vec<Warning>,
}

/// Finds the encrypted objects of a build (G-196, G-198).
///
/// # Errors
///
/// When something is encrypted and decryption is not configured (G-199), or what is encrypted
/// cannot be read or lacks what is needed to open it (G-200).
pub fn scan_objects(
    manifests: Vec<Manifest>,
    authenticated: &Authenticated,
    decryption: Option<&Decryption>,
    protections: &[ProtectionRule],
) -> Result<EncryptedObjects, Decrypt> {
    let objects = manifests
        .into_iter()
        .map(|manifest| {
            let place = place_of(&manifest);
            let state = scan(&manifest, &place, authenticated, protections)?;
            let is_encrypted = matches!(state, State::Whole(..) | State::Values(_));
            if is_encrypted && decryption.is_none() {
                return Err(Decrypt::NotConfigured { place });
            }
            Ok(Object {
                manifest,
                place,
                state,
            })
        })
        .collect::<Result<_, _>>()?;
    let read_marks = protections.iter().map(|rule| rule.key.clone()).collect();
    Ok(EncryptedObjects {
        objects,
        read_marks,
    })
}

/// An object is known by its file where that is known.
fn place_of(manifest: &Manifest) -> Place {
    match manifest.origin() {
        Some(origin) => Place::document(&origin.path, origin.document),
        None => Place::object(&manifest.id()),
    }
}

fn scan(
    manifest: &Manifest,
    place: &Place,
    authenticated: &Authenticated,
    protections: &[ProtectionRule],
) -> Result<State, Decrypt> {
    let object = manifest.object();
    if protects(protections, object, Protection::KeepEncrypted) {
        return Ok(State::Kept);
    }
    if is_encrypted_object(object) {
        let file = EncryptedFile::from_object(object).map_err(|source| Decrypt::Read {
            place: place.clone(),
            source,
        })?;
        let mac = if authenticated.holds(file.metadata()) {
            Mac::Checked
        } else {
            Mac::Unchecked
        };
        return Ok(State::Whole(Box::new(file), mac));
    }
    if !manifest.is_secret() {
        return Ok(State::Plain);
    }
    if let Some(missing) = missing_metadata(object) {
        return Err(Decrypt::Incomplete {
            place: place.clone(),
            missing,
        });
    }
    let mut embedded = Vec::new();
    for (field, key, content) in contents(object) {
        let place = Place::value(&manifest.id(), &key);
        // EXPOSE: looked through for the mark of an encrypted document.
        if let Some(input) = format_by_mark(content.expose()) {
            // EXPOSE: ciphertext to parse.
            let file =
                EncryptedFile::parse(input, content.expose()).map_err(|source| Decrypt::Read {
                    place: place.clone(),
                    source,
                })?;
            // A key without a telling ending keeps the format it has.
            let output = match (format_of(&key), input) {
                (Format::Binary, input) => input,
                (output, _) => output,
            };
            embedded.push(Embedded {
                place,
                field,
                key,
                output,
                file,
            });
        }
    }
    Ok(if embedded.is_empty() {
        State::Plain
    } else {
        State::Values(embedded)
    })
}

/// Returns what the SOPS metadata of a Secret lacks, when it is there and cannot open anything.
pub(super) fn missing_metadata(object: &Value) -> Option<String> {
    let is_secret = object.get("kind").is_some_and(|kind| kind == "Secret");
    let sops = object
        .get("sops")
        .and_then(Value::as_object)
        .filter(|_| is_secret)?;
    let mut missing = Vec::new();
    for field in ["mac", "lastmodified", "version"] {
        if sops
            .get(field)
            .and_then(Value::as_str)
            .is_none_or(str::is_empty)
        {
            missing.push(field);
        }
    }
    if !missing.contains(&"mac") {
        return None;
    }
    if !sops
        .iter()
        .any(|(name, entry)| name != "mac" && holds_wrapped_key(entry))
    {
        missing.push("an encrypted data key");
    }
    Some(missing.join(", "))
}

fn holds_wrapped_key(entry: &Value) -> bool {
    match entry {
        Value::Array(items) => items.iter().any(holds_wrapped_key),
        Value::Object(entries) => {
            entries
                .get("enc")
                .and_then(Value::as_str)
                .is_some_and(|enc| !enc.is_empty())
                || entries.values().any(holds_wrapped_key)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Returns the values of a Secret as field, key and content; `data` is decoded.
fn contents(object: &Value) -> impl Iterator<Item = (&'static str, String, SecretBytes)> {
    ["data", "stringData"].into_iter().flat_map(move |field| {
        let entries = object.get(field).and_then(Value::as_object);
        entries
            .into_iter()
            .flat_map(Map::iter)
            .filter_map(move |(key, value)| {
                let text = value.as_str()?;
                let content = match field {
                    "data" => STANDARD.decode(text.trim()).ok()?,
                    _ => text.as_bytes().to_vec(),
                };
                Some((field, key.clone(), SecretBytes::new(content)))
            })
    })
}

/// Returns the format whose mark a document carries; nothing else is known about it.
fn format_by_mark(content: &[u8]) -> Option<Format> {
    let is_json = content.trim_ascii_start().starts_with(b"{");
    if is_json && is_encrypted(Format::Json, content) {
        let document = serde_json::from_slice::<Map<String, Value>>(content).ok()?;
        let is_binary = document.len() == 2
            && document.get("data").is_some_and(Value::is_string)
            && document.contains_key("sops");
        return Some(if is_binary {
            Format::Binary
        } else {
            Format::Json
        });
    }
    [Format::Yaml, Format::Dotenv]
        .into_iter()
        .find(|format| is_encrypted(*format, content))
        .or_else(|| {
            let has_mac = content
                .windows(9)
                .any(|part| part == b"mac = ENC" || part == b"mac=ENC[A");
            (is_encrypted(Format::Ini, content) && has_mac).then_some(Format::Ini)
        })
}

impl EncryptedObjects {
    /// Returns the documents whose data keys are still to be unwrapped, one for each data key.
    pub fn needs(&self, keys: &DataKeys) -> Vec<Need<'_>> {
        keys.missing(self.objects.iter().flat_map(|object| {
            let whole = match &object.state {
                State::Whole(file, _) => Some((&object.place, file.as_ref())),
                State::Plain | State::Kept | State::Values(_) => None,
            };
            let embedded = match &object.state {
                State::Values(embedded) => embedded.as_slice(),
                State::Plain | State::Kept | State::Whole(..) => &[],
            };
            let embedded = embedded.iter().map(|value| (&value.place, &value.file));
            whole.into_iter().chain(embedded).map(|(place, file)| Need {
                place,
                metadata: file.metadata(),
            })
        }))
    }

    /// Decrypts every object, conceals every plaintext and refuses what is still encrypted.
    ///
    /// `taint` holds what the files of the build held; a value of it that the build carried into
    /// an object is concealed there as well.
    ///
    /// # Errors
    ///
    /// When a value does not open, a MAC does not hold and the policy is to refuse, or a value of
    /// a Secret is encrypted still.
    pub fn open(
        self,
        keys: &DataKeys,
        policy: MacPolicy,
        taint: Taint,
    ) -> Result<OpenedObjects, Decrypt> {
        let of_files = taint;
        let mut collected = Collected::default();
        let mut manifests = Vec::with_capacity(self.objects.len());
        for Object {
            manifest,
            place,
            state,
        } in self.objects
        {
            let is_kept = matches!(state, State::Kept);
            if matches!(state, State::Plain) {
                let warning = plaintext_secret(&manifest, &place, &of_files);
                collected.warnings.extend(warning);
            }
            let mut manifest = match state {
                State::Kept | State::Plain => manifest,
                State::Whole(file, mac) => {
                    let policy = (mac == Mac::Unchecked).then_some(policy);
                    collected.whole(&manifest, &place, *file, keys, policy)?
                }
                State::Values(values) => collected.values(manifest, values, keys, policy)?,
            };
            if !is_kept {
                refuse_sealed(&manifest)?;
            }
            manifest.conceal_secret_data();
            collected.taint.add_concealed(&manifest);
            conceal_tainted(&mut manifest, &of_files, &self.read_marks);
            manifests.push(manifest);
        }
        let Collected {
            mut taint,
            warnings,
        } = collected;
        taint.extend(of_files);
        Ok(OpenedObjects {
            manifests,
            taint,
            warnings,
        })
    }
}

impl Collected {
    /// Decrypts an object as a whole; without a policy its MAC was checked in its file.
    fn whole(
        &mut self,
        manifest: &Manifest,
        place: &Place,
        file: EncryptedFile,
        keys: &DataKeys,
        policy: Option<MacPolicy>,
    ) -> Result<Manifest, Decrypt> {
        let verified = match policy {
            Some(policy) => self.open(place, file, keys, policy)?,
            None => self.open_changed(place, file, keys)?,
        };
        let objects = verified.into_objects().map_err(|source| Decrypt::Emit {
            place: place.clone(),
            source,
        })?;
        let plain = objects.into_iter().next().and_then(|plain| {
            let mut decrypted = Manifest::new(plain.object, manifest.origin().cloned())?;
            if !decrypted.is_secret() {
                plain
                    .leaves
                    .iter()
                    .for_each(|leaf| decrypted.conceal(&leaf.pointer));
            }
            Some(decrypted)
        });
        plain.ok_or_else(|| Decrypt::NotAnObject {
            place: place.clone(),
        })
    }

    /// Decrypts an object whose file was authenticated before the build changed it.
    fn open_changed(
        &mut self,
        place: &Place,
        file: EncryptedFile,
        keys: &DataKeys,
    ) -> Result<Verified, Decrypt> {
        let Some(key) = keys.of(file.metadata()) else {
            return Err(Decrypt::KeyNotGiven {
                place: place.clone(),
            });
        };
        let (verified, _changed_since) =
            file.decrypt_unverified(key)
                .map_err(|source| Decrypt::Open {
                    place: place.clone(),
                    source,
                })?;
        verified
            .plaintexts()
            .iter()
            .cloned()
            .for_each(|value| self.taint.add(value));
        Ok(verified)
    }

    /// Decrypts the values of a Secret that are encrypted documents.
    fn values(
        &mut self,
        mut manifest: Manifest,
        values: Vec<Embedded>,
        keys: &DataKeys,
        policy: MacPolicy,
    ) -> Result<Manifest, Decrypt> {
        for Embedded {
            place,
            field,
            key,
            output,
            file,
        } in values
        {
            let verified = self.open(&place, file, keys, policy)?;
            let plain = verified.to_bytes(output).map_err(|source| Decrypt::Emit {
                place: place.clone(),
                source,
            })?;
            // EXPOSE: goes into the object, where it is concealed with the Secret's other values.
            let text = match field {
                "data" => STANDARD.encode(plain.expose()),
                _ => String::from_utf8_lossy(plain.expose()).into_owned(),
            };
            let pointer = format!("/{field}/{}", pointer_token(&key));
            if let Some(value) = manifest.object_mut().pointer_mut(&pointer) {
                *value = Value::String(text);
            }
        }
        Ok(manifest)
    }
}

/// Returns a warning about a Secret with values none of which was encrypted: whoever reads the
/// source reads them (S15).
fn plaintext_secret(manifest: &Manifest, place: &Place, of_files: &Taint) -> Option<Warning> {
    if !manifest.is_secret() {
        return None;
    }
    let mut values = ["data", "stringData"].into_iter().flat_map(|field| {
        let entries = manifest.object().get(field).and_then(Value::as_object);
        let texts = entries.into_iter().flat_map(Map::values);
        texts.filter_map(Value::as_str)
    });
    // What a generator made of decrypted files is as safe as those.
    let is_plaintext = |text: &str| !text.is_empty() && !of_files.is_in(text);
    (values.clone().any(is_plaintext) && !values.any(|text| of_files.is_in(text))).then(|| Warning {
        kind: WarningKind::PlaintextSecret,
        place: place.clone(),
        message: "its values are plaintext in the source; hint: encrypt the file with sops, or seal it with kubeseal"
            .to_owned(),
    })
}

/// Refuses a Secret with a value that is still ciphertext: it is never applied as it stands.
fn refuse_sealed(manifest: &Manifest) -> Result<(), Decrypt> {
    if !manifest.is_secret() {
        return Ok(());
    }
    let object = manifest.object();
    let as_written = ["data", "stringData"].into_iter().flat_map(|field| {
        let entries = object.get(field).and_then(Value::as_object);
        entries
            .into_iter()
            .flat_map(Map::iter)
            .filter(|(_, value)| {
                value
                    .as_str()
                    .is_some_and(|text| is_sealed(text.as_bytes()))
            })
            .map(|(key, _)| key.clone())
    });
    // EXPOSE: looked at for the mark of ciphertext.
    let decoded = contents(object)
        .filter(|(_, _, content)| is_sealed(content.expose()))
        .map(|(_, key, _)| key);
    match as_written.chain(decoded).next() {
        Some(key) => Err(Decrypt::StillEncrypted {
            place: Place::value(&manifest.id(), &key),
        }),
        None => Ok(()),
    }
}

/// Whether a value is SOPS ciphertext.
fn is_sealed(content: &[u8]) -> bool {
    let content = content.trim_ascii();
    content.starts_with(b"ENC[AES256_GCM,") && content.ends_with(b"]")
}

/// Conceals what the build carried out of decrypted files into places nobody foresaw, such as a
/// patched annotation. What the engine itself has to read stays readable.
fn conceal_tainted(manifest: &mut Manifest, taint: &Taint, read_marks: &[String]) {
    if taint.is_empty() || manifest.kind() == "CustomResourceDefinition" {
        return;
    }
    let mut pointers = Vec::new();
    tainted_places(manifest.object(), String::new(), taint, &mut pointers);
    for pointer in pointers {
        let is_identity = matches!(
            pointer.as_str(),
            "/apiVersion" | "/kind" | "/metadata/name" | "/metadata/namespace"
        );
        let is_mark = ["/metadata/annotations/", "/metadata/labels/"]
            .iter()
            .filter_map(|place| pointer.strip_prefix(place))
            .any(|mark| read_marks.iter().any(|key| pointer_token(key) == mark));
        if !is_identity && !is_mark {
            manifest.conceal(&pointer);
        }
    }
}

fn tainted_places(value: &Value, pointer: String, taint: &Taint, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            if taint.is_in(text) {
                found.push(pointer);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                tainted_places(item, format!("{pointer}/{index}"), taint, found);
            }
        }
        Value::Object(entries) => {
            for (key, entry) in entries {
                tainted_places(
                    entry,
                    format!("{pointer}/{}", pointer_token(key)),
                    taint,
                    found,
                );
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests;
