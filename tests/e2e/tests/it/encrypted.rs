//! Encrypting as a developer does it.

use std::path::{Path, PathBuf};

use components::Program;
use e2e::{World, program, run};

/// An age identity and its recipient.
pub(crate) struct AgeKey {
    pub(crate) identity: String,
    pub(crate) recipient: String,
}

/// Makes an age key with the upstream tool.
pub(crate) fn age_key() -> AgeKey {
    let keygen = Program::AgeKeygen.path().expect("it builds");
    let identity = run(&keygen, [""; 0], &[], "").success();
    let recipient = identity
        .lines()
        .find_map(|line| line.strip_prefix("# public key: "))
        .expect("it says its recipient")
        .to_owned();
    AgeKey {
        identity,
        recipient,
    }
}

/// Who encrypts.
#[derive(Clone, Copy)]
pub(crate) enum Sops {
    Ours,
    Upstream,
}

impl Sops {
    fn path(self) -> PathBuf {
        match self {
            Self::Ours => program("sops"),
            Self::Upstream => Program::Sops.path().expect("it builds"),
        }
    }
}

/// Encrypts a text as the file of a name and returns the encrypted text.
pub(crate) fn encrypt(
    world: &World,
    sops: Sops,
    name: &str,
    text: &str,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> String {
    let folder = format!("plain-{:?}-{name}", std::thread::current().id());
    let folder = world.cluster().folder().join(folder);
    std::fs::create_dir_all(&folder).expect("the folder is made");
    let file = folder.join(Path::new(name).file_name().expect("it is a file"));
    std::fs::write(&file, text).expect("the file is written");
    let file = file.display().to_string();
    let mut all = vec!["encrypt"];
    all.extend(arguments);
    all.push(&file);
    let encrypted = run(&sops.path(), all, variables, "").success();
    std::fs::remove_dir_all(&folder).expect("the folder is removed");
    encrypted
}

/// Returns a Secret as a developer writes it before encrypting it.
pub(crate) fn secret_file(name: &str, key: &str, value: &str) -> String {
    let value = serde_json::Value::from(value);
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\nstringData:\n  {key}: {value}\n"
    )
}
