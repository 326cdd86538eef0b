//! Sealing into a file that holds a SealedSecret already.

use std::path::Path;

use jiff::Timestamp;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use sealing::Scope;
use serde_json::{Map, Value};

use super::seal;
use super::validate::{name, sealed_secrets};
use crate::Io;
use crate::kubeseal::error::Error;
use crate::kubeseal::mode::MergeInto;
use crate::kubeseal::output::{self, Format};
use crate::kubeseal::secret::InputSecret;

/// Seals the input for the object in the file and adds the items, labels and annotations to it.
pub(in crate::kubeseal) fn run(mode: &MergeInto, now: Timestamp, io: &mut Io) -> Result<(), Error> {
    let path = mode.target.as_path();
    let bytes = io.read_file(path).map_err(|cause| Error::ReadFile {
        path: path.to_owned(),
        cause,
    })?;
    let format = mode.format.unwrap_or_else(|| Format::of_content(&bytes));
    let mut targets = sealed_secrets(&bytes)?;
    let (Some(mut target), true) = (targets.pop(), targets.is_empty()) else {
        return Err(Error::SeveralTargets {
            found: targets.len() + 1,
        });
    };
    let (secrets, key) = seal::read(&mode.sealing, now, io)?;
    for mut secret in secrets {
        secret.check_data(mode.sealing.empty_data)?;
        bind(&mut secret, &target, mode, path)?;
        let sealed = secret.sealed(&key, &mut UnwrapErr(SysRng))?;
        merge(&mut target, &sealed);
    }
    let bytes = output::render(&[Value::Object(target)], format);
    io.overwrite_file(path, &bytes)
        .map_err(|cause| Error::WriteFile {
            path: path.to_owned(),
            cause,
        })
}

/// Gives a Secret the name, namespace and scope of the object that it is merged into.
fn bind(
    secret: &mut InputSecret,
    target: &Map<String, Value>,
    mode: &MergeInto,
    path: &Path,
) -> Result<(), Error> {
    let text = |field: &str| {
        let value = target
            .get("metadata")
            .and_then(|metadata| metadata.get(field));
        value.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let annotations = target
        .get("metadata")
        .and_then(|metadata| metadata.get("annotations"));
    let scope = Scope::from_lookup(|name| annotations?.get(name)?.as_str());
    secret.ask_for(mode.sealing.scope);
    let given = secret.scope();
    if given != Scope::Strict && given != scope {
        return Err(Error::ScopeMismatch {
            path: path.to_owned(),
            target: scope,
            given,
        });
    }
    secret.ask_for(scope);
    secret.name = name(target);
    secret.namespace = match scope {
        Scope::ClusterWide => text("namespace"),
        Scope::Strict | Scope::NamespaceWide => {
            seal::namespace(&text("namespace"), &mode.sealing.cluster)?
        }
    };
    if secret.name.is_empty() {
        Err(Error::MissingName)
    } else {
        Ok(())
    }
}

/// Adds what was sealed. Maps that the target lacks are made.
fn merge(target: &mut Map<String, Value>, sealed: &Value) {
    for path in [
        &["spec", "encryptedData"][..],
        &["spec", "template", "metadata", "annotations"],
        &["spec", "template", "metadata", "labels"],
    ] {
        let pointer = format!("/{}", path.join("/"));
        let Some(Value::Object(added)) = sealed.pointer(&pointer) else {
            continue;
        };
        let map = map_at(target, path);
        for (key, value) in added {
            map.insert(key.clone(), value.clone());
        }
        map.sort_keys();
    }
}

fn map_at<'a>(mut map: &'a mut Map<String, Value>, path: &[&str]) -> &'a mut Map<String, Value> {
    for field in path {
        let entry = map.entry(*field).or_insert(Value::Null);
        if !entry.is_object() {
            *entry = Value::Object(Map::new());
        }
        // INVARIANT: whatever it was, the lines above made it an object.
        map = entry
            .as_object_mut()
            .expect("because it was just made an object");
    }
    map
}
