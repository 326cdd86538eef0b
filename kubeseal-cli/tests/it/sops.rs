//! `sops`, run in this process with buffers.

mod interoperability;

use std::io::Read;
use std::ops::Deref;
use std::path::Path;

use crate::age_key::AgeKey;
use crate::folder::Folder;
use crate::tool::{Outcome, SOPS};

/// A folder with an age key, where commands run with nothing else in their environment.
struct Desk {
    folder: Folder,
    recipient: String,
}

impl Deref for Desk {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.folder
    }
}

impl Desk {
    fn new() -> Self {
        let folder = Folder::new();
        let AgeKey {
            identity,
            recipient,
        } = AgeKey::generate();
        folder.write("keys.txt", &format!("# {recipient}\n{identity}\n"));
        Self { folder, recipient }
    }

    fn sops(&self, arguments: &[&str]) -> Outcome {
        let key_file = [("SOPS_AGE_KEY_FILE", "keys.txt")];
        self.sops_with(&key_file, arguments, "")
    }

    fn sops_with(&self, environment: &[(&str, &str)], arguments: &[&str], input: &str) -> Outcome {
        SOPS.run(arguments, input.as_bytes(), environment, self.root())
    }

    fn encrypt(&self, name: &str, extra: &[&str]) -> String {
        let mut arguments = vec!["encrypt", "--age", &self.recipient];
        arguments.extend(extra);
        arguments.push(name);
        self.sops(&arguments).output()
    }
}

/// S-145, S-146, S-147, S-149
#[test]
fn identities_come_from_every_source() {
    let desk = Desk::new();
    desk.write("a.yaml", "a: 1\n");
    let sealed = desk.encrypt("a.yaml", &[]);
    desk.write("a.enc.yaml", &sealed);
    desk.write("home/.config/sops/age/keys.txt", &desk.read("keys.txt"));
    desk.write("xdg/sops/age/keys.txt", &desk.read("keys.txt"));
    let (key, home, xdg) = (desk.read("keys.txt"), desk.path("home"), desk.path("xdg"));
    for environment in [
        ("SOPS_AGE_KEY", key.as_str()),
        ("SOPS_AGE_KEY_FILE", "keys.txt"),
        (
            "SOPS_AGE_KEY_CMD",
            "/bin/sh -c 'test -n \"$SOPS_AGE_RECIPIENT\" && cat keys.txt'",
        ),
        ("HOME", &home),
        ("XDG_CONFIG_HOME", &xdg),
    ] {
        let outcome = desk.sops_with(&[environment], &["decrypt", "a.enc.yaml"], "");
        assert_eq!(outcome.output(), "a: 1\n", "{}", environment.0);
    }
}

/// S-081, S-147, S-151, S-231
#[test]
fn an_unopened_file_is_reported_key_by_key() {
    let desk = Desk::new();
    desk.write("a.yaml", "a: 1\n");
    desk.write("a.enc.yaml", &desk.encrypt("a.yaml", &[]));
    let environment = [("SOPS_AGE_KEY_CMD", "")];
    let stderr = desk
        .sops_with(&environment, &["-d", "a.enc.yaml"], "")
        .failure(128);
    let start = format!(
        "Failed to get the data key required to decrypt the SOPS file.\n\nGroup 0: FAILED\n  {}: \
         FAILED\n    - | ",
        desk.recipient
    );
    assert!(stderr.starts_with(&start), "{stderr}");
    assert!(stderr.contains("SOPS_AGE_KEY_CMD"), "{stderr}");
    assert!(
        stderr.contains("no master key was able to decrypt the file"),
        "{stderr}"
    );
}

/// S-187, S-193, S-194, S-202
#[test]
fn files_are_changed_in_place_or_written_elsewhere() {
    let desk = Desk::new();
    let plain = "# c\nb: 'x'\na: [1, two]\n";
    desk.write("a.yaml", plain);
    let age = desk.recipient.clone();
    desk.sops(&["encrypt", "a.yaml", "--age", &age, "-i"])
        .output();
    assert!(desk.read("a.yaml").contains("sops:"));
    desk.sops(&["-d", "--output", "b.yaml", "a.yaml"]).output();
    assert_eq!(desk.read("b.yaml"), plain);
    let both = desk.sops(&["decrypt", "-i", "--output", "c.yaml", "a.yaml"]);
    both.failure(8);
    let sealed = desk.read("a.yaml");
    let from_stdin = ["decrypt", "-input-type", "yaml", "--output-type=yaml"];
    let key = [("SOPS_AGE_KEY_FILE", "keys.txt")];
    assert_eq!(desk.sops_with(&key, &from_stdin, &sealed).output(), plain);
    desk.sops(&["decrypt", "--in-place", "a.yaml"]).output();
    assert_eq!(desk.read("a.yaml"), plain);
}

#[test]
fn plaintext_in_a_file_is_for_its_owner_alone() {
    let desk = Desk::new();
    desk.write("a.yaml", "a: 1\n");
    desk.write("a.enc.yaml", &desk.encrypt("a.yaml", &[]));
    desk.sops(&["decrypt", "--output", "plain.yaml", "a.enc.yaml"])
        .output();
    assert_eq!(desk.permissions("plain.yaml"), 0o600);
}

/// Who reads the old file reads it to its end, and a run that fails leaves it as it was.
#[test]
fn files_are_replaced_whole_or_not_at_all() {
    let desk = Desk::new();
    desk.write("a.yaml", "a: 1\nb_unencrypted: two\n");
    let sealed = desk.encrypt("a.yaml", &[]);
    let changed = sealed.replace("two", "three");
    desk.write("changed.yaml", &changed);
    let mut old = std::fs::File::open(desk.write("sealed.yaml", &sealed)).unwrap();
    let names = desk.len();
    desk.sops(&["decrypt", "-i", "changed.yaml"]).failure(51);
    desk.sops(&["decrypt", "-i", "sealed.yaml"]).output();
    let mut text = String::new();
    old.read_to_string(&mut text).unwrap();
    assert_eq!(text, sealed);
    assert_eq!(desk.read("sealed.yaml"), desk.read("a.yaml"));
    assert_eq!(desk.read("changed.yaml"), changed);
    assert_eq!(desk.len(), names);
}

/// S-004, S-052, S-053, S-072, S-083, S-114, S-200, S-230
#[test]
fn exit_statuses_are_the_known_ones() {
    let desk = Desk::new();
    let age = desk.recipient.clone();
    desk.write("a.yaml", "a: 1\nb_unencrypted: two\n");
    desk.write("a.enc.yaml", &desk.encrypt("a.yaml", &[]));
    desk.write("bad.yaml", "a: [\n");
    desk.write("list.json", "[1]\n");
    desk.write("empty.yaml", "");
    desk.write("keys.yaml", "1: x\n");
    let changed = desk.read("a.enc.yaml").replace("two", "three");
    desk.write("changed.yaml", &changed);
    let encrypt = |name: &str| desk.sops(&["encrypt", "--age", &age, name]);
    encrypt("missing.yaml").failure(100);
    encrypt("bad.yaml").failure(2);
    let stderr = encrypt("list.json").failure(2);
    assert!(
        stderr.contains("SOPS only supports JSON files with a top-level object"),
        "{stderr}"
    );
    encrypt("empty.yaml").failure(92);
    encrypt("keys.yaml").failure(23);
    let stderr = encrypt("a.enc.yaml").failure(203);
    assert!(
        stderr.contains("a top-level entry called 'sops'"),
        "{stderr}"
    );
    let stderr = desk.sops(&["decrypt", "a.yaml"]).failure(1);
    assert_eq!(stderr, "sops metadata not found\n");
    desk.sops(&["decrypt", "bad.yaml"]).failure(1);
    let stderr = desk.sops(&["decrypt", "changed.yaml"]).failure(51);
    assert!(stderr.starts_with("MAC mismatch. File has "), "{stderr}");
    let ignored = desk.sops(&["decrypt", "--ignore-mac", "changed.yaml"]);
    assert_eq!(ignored.output(), "a: 1\nb_unencrypted: three\n");
    desk.sops_with(&[], &["encrypt", "--age", &age], "a: 1\n")
        .failure(8);
    desk.sops(&["encrypt", "--age", "a,,b", "a.yaml"])
        .failure(1);
    desk.sops(&["encrypt", "--age", &age, "--encrypted-regex", "(", "a.yaml"])
        .failure(1);
    let several = ["--encrypted-regex", "a", "--encrypted-suffix", "b"];
    let mut arguments = vec!["encrypt", "--age", &age];
    arguments.extend(several);
    arguments.push("a.yaml");
    desk.sops(&arguments).failure(8);
    desk.sops(&["decrypt", "--decryption-order", "age,age", "a.enc.yaml"])
        .failure(112);
    desk.sops(&["encrypt", "--encryption-context", "x", "a.yaml"])
        .failure(6);
    desk.sops(&[]).failure(100);
    let unknown = desk.sops(&["decrypt", "--unknown", "a.yaml"]);
    assert!(
        unknown.stdout.starts_with("Usage: sops"),
        "{}",
        unknown.stdout
    );
    unknown.failure(1);
}

/// S-191, S-192, S-197, S-203
#[test]
fn one_value_can_be_extracted() {
    let desk = Desk::new();
    desk.write("a.yaml", "a:\n  b: [x, 7]\n  c: text\n");
    desk.write("a.enc.yaml", &desk.encrypt("a.yaml", &[]));
    let extract = |path: &str| desk.sops(&["decrypt", "--extract", path, "a.enc.yaml"]);
    assert_eq!(extract("[\"a\"][\"c\"]").output(), "text");
    assert_eq!(extract("['a']['b'][1]").output(), "7\n");
    assert_eq!(
        extract("[\"a\"]").output(),
        "b:\n    - x\n    - 7\nc: text\n"
    );
    let stderr = extract("[\"z\"]").failure(1);
    assert_eq!(stderr, "error truncating tree: component ['z'] not found\n");
    extract("[\"a\"][\"c\"][\"d\"]").failure(1);
    extract("[\"a\"][-1]").failure(91);
    extract("a").failure(91);
}

/// S-119, S-122, S-136
#[test]
fn the_output_may_have_another_format() {
    let desk = Desk::new();
    desk.write("a.yaml", "a: 1 # c\nb: [x]\n");
    desk.write("a.enc.yaml", &desk.encrypt("a.yaml", &[]));
    let to = |format: &str| desk.sops(&["decrypt", "--output-type", format, "a.enc.yaml"]);
    assert_eq!(
        to("json").output(),
        "{\n\t\"a\": 1,\n\t\"b\": [\n\t\t\"x\"\n\t]\n}\n"
    );
    let stderr = to("binary").failure(4);
    assert!(stderr.contains("check --output-type"), "{stderr}");
    to("dotenv").failure(4);
    desk.write("a.json", "{\"a\": 1}");
    let yaml = desk.sops(&[
        "encrypt",
        "--age",
        &desk.recipient,
        "--output-type",
        "yaml",
        "a.json",
    ]);
    assert!(yaml.output().starts_with("a: ENC["));
}

/// S-171, S-172, S-173, S-174, S-175, S-176, S-181, S-182
#[test]
fn the_configuration_is_found_from_the_working_directory_upwards() {
    let desk = Desk::new();
    let age = desk.recipient.clone();
    desk.write("a.yaml", "a: 1\nb: 2\n");
    let stderr = desk.sops(&["encrypt", "a.yaml"]).failure(1);
    assert!(
        stderr.starts_with("config file not found, or has no creation rules"),
        "{stderr}"
    );
    desk.write(
        ".sops.yaml",
        &format!("creation_rules:\n  - path_regex: ^a\n    age: {age}\n    encrypted_regex: ^a$\n"),
    );
    let sealed = desk.sops(&["encrypt", "a.yaml"]).output();
    assert!(sealed.contains("\nb: 2\n"), "{sealed}");
    let stderr = desk
        .sops(&["encrypt", "--filename-override", "z.yaml", "a.yaml"])
        .failure(1);
    assert!(
        stderr.contains("no matching creation rules found"),
        "{stderr}"
    );
    desk.write("other.yaml", "creation_rules:\n  - pgp: ''\n");
    let stderr = desk
        .sops(&["encrypt", "--config", "other.yaml", "a.yaml"])
        .failure(1);
    assert_eq!(
        stderr,
        "Could not generate data key: [empty key group provided]\n"
    );
    desk.sops(&["encrypt", "--config", "missing.yaml", "a.yaml"])
        .failure(1);
    let environment = [
        ("SOPS_CONFIG", "other.yaml"),
        ("SOPS_AGE_RECIPIENTS", age.as_str()),
    ];
    desk.sops_with(&environment, &["encrypt", "a.yaml"], "")
        .output();
}

/// S-195, S-196, S-228
#[test]
fn small_commands_answer() {
    let desk = Desk::new();
    desk.write("a.yaml", "a: 1\n");
    desk.write("a.enc.yaml", &desk.encrypt("a.yaml", &[]));
    assert!(desk.sops(&["--version"]).output().starts_with("sops 3."));
    assert!(
        desk.sops(&["completion", "bash"])
            .output()
            .contains("_sops")
    );
    assert_eq!(
        desk.sops(&["filestatus", "a.yaml"]).output(),
        "{\"encrypted\":false}\n"
    );
    assert_eq!(
        desk.sops(&["filestatus", "a.enc.yaml"]).output(),
        "{\"encrypted\":true}\n"
    );
}

#[test]
fn commands_that_are_not_here_say_so() {
    for arguments in [
        &["edit", "a.yaml"][..],
        &["rotate", "-i", "a.yaml"],
        &["updatekeys", "a.yaml"],
        &["-r", "-i", "a.yaml"],
    ] {
        let refusal = SOPS
            .run(arguments, b"", &[], Path::new("/nonexistent"))
            .refusal(1);
        let expected = format!("sops {} is not in this build; hint: ", arguments[0]);
        assert!(refusal.starts_with(&expected), "{refusal}");
    }
}

#[test]
fn help_names_the_formats_there_are() {
    let help = SOPS
        .run(&["--help"], b"", &[], Path::new("/nonexistent"))
        .output();
    assert!(
        help.contains("yaml, json, dotenv or binary") && !help.contains(" ini "),
        "{help}"
    );
}
