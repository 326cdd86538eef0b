//! Sealing Secrets into SealedSecrets.

use jiff::Timestamp;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use sealing::{PublicKey, Scope};
use serde_json::Value;

use crate::Io;
use crate::io::Readers;
use crate::kubeconfig::{ClientNamespace, ClusterFlags, client_namespace};
use crate::kubeseal::documents;
use crate::kubeseal::error::Error;
use crate::kubeseal::mode::{Input, Seal, Sealing};
use crate::kubeseal::output;
use crate::kubeseal::secret::InputSecret;

/// Seals every Secret of the input.
pub(in crate::kubeseal) fn run(mode: &Seal, now: Timestamp, io: &mut Io) -> Result<(), Error> {
    let (secrets, key) = read(&mode.sealing, now, io)?;
    let mut sealed: Vec<Value> = Vec::with_capacity(secrets.len());
    for mut secret in secrets {
        prepare(&mut secret, &mode.sealing)?;
        sealed.push(secret.sealed(&key, &mut UnwrapErr(SysRng))?);
    }
    let bytes = output::render(&sealed, mode.destination.format);
    output::write(&bytes, mode.destination.file.as_deref(), Readers::Umask, io)
}

/// Reads the Secrets and the key to seal them with. Nobody is asked to type a Secret before it
/// is known that there is a key.
pub(super) fn read(
    sealing: &Sealing,
    now: Timestamp,
    io: &mut Io,
) -> Result<(Vec<InputSecret>, PublicKey), Error> {
    let (bytes, key) = match &sealing.input {
        Input::File(_) => {
            let bytes = documents::read_input(&sealing.input, io)?;
            (bytes, sealing.certificate.public_key(now, io)?)
        }
        Input::Stdin => {
            let key = sealing.certificate.public_key(now, io)?;
            (documents::read_input(&sealing.input, io)?, key)
        }
    };
    let secrets = documents::read_items(&bytes)?
        .into_iter()
        .enumerate()
        .map(|(index, object)| InputSecret::take(object, index + 1))
        .collect::<Result<Vec<_>, _>>()?;
    if secrets.is_empty() {
        Err(Error::NoSecrets)
    } else {
        Ok((secrets, key))
    }
}

/// Gives a Secret the name, scope and namespace that it is sealed for.
fn prepare(secret: &mut InputSecret, sealing: &Sealing) -> Result<(), Error> {
    secret.check_data(sealing.empty_data)?;
    if let Some(name) = &sealing.name {
        secret.name.clone_from(name);
    }
    if secret.name.is_empty() {
        return Err(Error::MissingName);
    }
    secret.ask_for(sealing.scope);
    if secret.scope() != Scope::ClusterWide {
        secret.namespace = namespace(&secret.namespace, &sealing.cluster)?;
    }
    Ok(())
}

/// Returns the namespace of a Secret, or else that of the client. The kubeconfig is looked at
/// only when it is needed, and that it cannot be read matters only then.
pub(super) fn namespace(input: &str, cluster: &ClusterFlags) -> Result<String, Error> {
    match (&cluster.namespace, input) {
        (Some(given), input) if !input.is_empty() && input != given => {
            Err(Error::NamespaceMismatch {
                input: input.to_owned(),
                given: given.clone(),
            })
        }
        (Some(given), _) => Ok(given.clone()),
        (None, "") => match client_namespace(cluster) {
            Ok(Some(ClientNamespace::Given(name) | ClientNamespace::Configured(name))) => Ok(name),
            Ok(None) | Err(_) => Err(Error::MissingNamespace),
        },
        (None, input) => Ok(input.to_owned()),
    }
}
