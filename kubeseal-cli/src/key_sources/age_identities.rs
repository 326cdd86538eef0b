//! Where age identities come from: variables, commands and the usual files, all tried together.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use secret_bytes::SecretBytes;
use sops_engine::AgeKeyService;

use super::words;
use crate::Environment;

/// Files are small; what is larger is no identity file.
const LONGEST: u64 = 16 << 20;

/// Reads every source. What is wrong with one shows only when no other helps.
pub(crate) fn collect(recipients: &[&str], environment: &Environment) -> AgeKeyService {
    let mut collector = Collector {
        service: AgeKeyService::new(),
        environment,
        recipients,
    };
    collector.file_of("SOPS_AGE_SSH_PRIVATE_KEY_FILE");
    collector.command_of("SOPS_AGE_SSH_PRIVATE_KEY_CMD");
    collector.ssh_folder();
    if let Some(text) = environment.variable("SOPS_AGE_KEY") {
        collector.add(&SecretBytes::from(text.to_owned()), "SOPS_AGE_KEY");
    } else {
        collector.service.note_absent("SOPS_AGE_KEY");
    }
    collector.file_of("SOPS_AGE_KEY_FILE");
    collector.command_of("SOPS_AGE_KEY_CMD");
    collector.default_file();
    collector.service
}

struct Collector<'a> {
    service: AgeKeyService,
    environment: &'a Environment,
    recipients: &'a [&'a str],
}

impl Collector<'_> {
    fn add(&mut self, text: &SecretBytes, origin: &str) {
        if let Err(error) = self.service.add_identities(text, origin) {
            self.service.note_broken(origin, error.to_string());
        }
    }

    fn file_of(&mut self, variable: &str) {
        let Some(path) = self.environment.variable(variable) else {
            self.service.note_absent(variable);
            return;
        };
        match read(&self.environment.absolute(Path::new(path))) {
            Ok(text) => self.add(&text, variable),
            Err(reason) => self.service.note_broken(variable, reason),
        }
    }

    /// The command learns for which recipient it is asked.
    fn command_of(&mut self, variable: &str) {
        let Some(command) = self.environment.variable(variable) else {
            self.service.note_absent(variable);
            return;
        };
        let words = words::split(command).filter(|words| !words.is_empty());
        let Some(words) = words else {
            self.service.note_broken(variable, "it holds no command");
            return;
        };
        for recipient in self.recipients {
            match output(&words, recipient, self.environment) {
                Ok(text) => self.add(&text, variable),
                Err(reason) => self.service.note_broken(variable, reason),
            }
        }
    }

    fn ssh_folder(&mut self) {
        let Some(home) = self.environment.variable("HOME") else {
            return;
        };
        for name in ["id_ed25519", "id_rsa"] {
            let path = Path::new(home).join(".ssh").join(name);
            if let Ok(text) = read(&path) {
                self.add(&text, &path.display().to_string());
            } else {
                self.service.note_absent(path.display().to_string());
            }
        }
    }

    fn default_file(&mut self) {
        let Some(path) = default_path(self.environment) else {
            return;
        };
        if !path.exists() {
            self.service.note_absent(path.display().to_string());
            return;
        }
        let origin = path.display().to_string();
        match read(&path) {
            Ok(text) => self.add(&text, &origin),
            Err(reason) => self.service.note_broken(origin, reason),
        }
    }
}

fn default_path(environment: &Environment) -> Option<PathBuf> {
    let configured = environment.filled_variable("XDG_CONFIG_HOME");
    let folder = match configured {
        Some(folder) => PathBuf::from(folder),
        None if cfg!(target_os = "macos") => {
            Path::new(environment.variable("HOME")?).join("Library/Application Support")
        }
        None if cfg!(windows) => PathBuf::from(environment.variable("AppData")?),
        None => Path::new(environment.variable("HOME")?).join(".config"),
    };
    Some(folder.join("sops/age/keys.txt"))
}

fn read(path: &Path) -> Result<SecretBytes, String> {
    let metadata = path.metadata().map_err(|error| error.to_string())?;
    if metadata.len() > LONGEST {
        return Err("it is too large".into());
    }
    std::fs::read(path)
        .map(SecretBytes::new)
        .map_err(|error| error.to_string())
}

fn output(
    words: &[String],
    recipient: &str,
    environment: &Environment,
) -> Result<SecretBytes, String> {
    let (program, arguments) = words.split_first().ok_or("it holds no command")?;
    let output = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(
            environment
                .variables
                .iter()
                .map(|(name, value)| (name, value)),
        )
        .env("SOPS_AGE_RECIPIENT", recipient)
        .current_dir(&environment.directory)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("the command failed: {}", output.status));
    }
    Ok(SecretBytes::new(output.stdout))
}
