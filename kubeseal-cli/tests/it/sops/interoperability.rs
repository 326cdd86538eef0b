//! Files of ours for the tool of the same name, and its files for ours.

use std::path::PathBuf;
use std::process::Command;

use components::{Moto, OpenBao, Program};
use serde_json::json;

use super::Desk;
use crate::tool::{Outcome, run_program};

fn upstream(desk: &Desk, arguments: &[&str]) -> Outcome {
    let mut command = Command::new(Program::Sops.path().unwrap());
    command
        .args(arguments)
        .current_dir(desk.root())
        .env("SOPS_AGE_KEY_FILE", desk.path("keys.txt"))
        .env("HOME", desk.root());
    run_program(&mut command, b"")
}

fn upstream_output(desk: &Desk, arguments: &[&str]) -> String {
    let outcome = upstream(desk, arguments);
    let stderr = &outcome.stderr;
    assert!(!stderr.contains("level=warn"), "{arguments:?}: {stderr}");
    outcome.output()
}

fn vectors() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/yaml/valid");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

const SELECTIONS: [&[&str]; 4] = [
    &[],
    &["--encrypted-regex", "^(a|data|stringData|b)$"],
    &["--unencrypted-suffix", "c"],
    &["--encrypted-suffix", "a"],
];

/// `{e:}` has the key `e` in YAML 1.2 and `e:` in the other reader.
const KEY_WITH_COLON: &str = "51_flow_plain_adjacent.yaml";

/// Every vector that both read, under several rules: what one encrypts the other decrypts to the
/// same values, with the MAC checked and every comment opened.
///
/// S-020, S-022, S-024, S-043, S-092, S-093
#[test]
fn yaml_goes_both_ways() {
    let desk = Desk::new();
    let mut exchanged = 0;
    for path in vectors() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == KEY_WITH_COLON {
            continue;
        }
        std::fs::copy(&path, desk.path("plain.yaml")).unwrap();
        for selection in SELECTIONS {
            let mut arguments = vec!["encrypt", "--age", &desk.recipient];
            arguments.extend(selection);
            arguments.push("plain.yaml");
            let (ours, theirs) = (desk.sops(&arguments), upstream(&desk, &arguments));
            if ours.status != 0 || theirs.status != 0 {
                continue;
            }
            desk.write("ours.yaml", &ours.output());
            desk.write("theirs.yaml", &theirs.stdout);
            upstream_output(&desk, &["decrypt", "ours.yaml"]);
            let as_json = ["decrypt", "--output-type", "json"];
            let read = |file: &str| {
                let mut arguments = as_json.to_vec();
                arguments.push(file);
                (upstream(&desk, &arguments).stdout, desk.sops(&arguments))
            };
            let (by_them, by_us) = read("ours.yaml");
            let (theirs_by_them, theirs_by_us) = read("theirs.yaml");
            assert_eq!(by_them, theirs_by_them, "{name} {selection:?}");
            if by_us.status == 0 {
                assert_eq!(by_us.stdout, by_them, "{name} {selection:?}");
            }
            assert_eq!(by_us.stdout, theirs_by_us.stdout, "{name} {selection:?}");
            exchanged += 1;
        }
    }
    assert!(exchanged > 150, "only {exchanged} exchanges");
}

/// S-001, S-115, S-116, S-117, S-118
#[test]
fn json_goes_both_ways_byte_by_byte() {
    let desk = Desk::new();
    let plain = "{\n\t\"b\": 1,\n\t\"a\": {\n\t\t\"x\": [\n\t\t\t\"\\u003ci\\u003e\",\n\t\t\t1.5,\n\t\t\tnull,\n\t\t\ttrue\n\t\t],\n\t\t\"e\": {}\n\t}\n}\n";
    desk.write("a.json", plain);
    desk.write("ours.json", &desk.encrypt("a.json", &[]));
    let age = desk.recipient.clone();
    desk.write(
        "theirs.json",
        &upstream_output(&desk, &["encrypt", "--age", &age, "a.json"]),
    );
    assert_eq!(upstream_output(&desk, &["decrypt", "ours.json"]), plain);
    assert_eq!(desk.sops(&["decrypt", "theirs.json"]).output(), plain);
}

/// S-024, S-074, S-076, S-121, S-124
#[test]
fn dotenv_and_binary_go_both_ways() {
    let desk = Desk::new();
    let age = desk.recipient.clone();
    for (name, plain) in [("a.env", "# c\nA=x\\ny\nB==\n"), ("a.bin", "any\nthing")] {
        desk.write(name, plain);
        let (ours, theirs) = (format!("ours-{name}"), format!("theirs-{name}"));
        desk.write(&ours, &desk.encrypt(name, &[]));
        desk.write(
            &theirs,
            &upstream_output(&desk, &["encrypt", "--age", &age, name]),
        );
        assert_eq!(upstream_output(&desk, &["decrypt", &ours]), plain);
        assert_eq!(desk.sops(&["decrypt", &theirs]).output(), plain);
    }
}

/// S-063, S-079, S-081
#[test]
fn shared_data_keys_go_both_ways() {
    let (desk, other) = (Desk::new(), Desk::new());
    desk.write("a.yaml", "a: 1\n");
    desk.write(
        ".sops.yaml",
        &format!(
            "creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n      - age: [{0}]\n      \
             - age: [{1}]\n      - age: [{0}]\n",
            desk.recipient, other.recipient
        ),
    );
    desk.write("ours.yaml", &desk.sops(&["encrypt", "a.yaml"]).output());
    desk.write(
        "theirs.yaml",
        &upstream_output(&desk, &["encrypt", "a.yaml"]),
    );
    assert_eq!(upstream_output(&desk, &["decrypt", "ours.yaml"]), "a: 1\n");
    assert_eq!(desk.sops(&["decrypt", "theirs.yaml"]).output(), "a: 1\n");
}

/// S-140, S-158, S-160, S-164: with a KMS and a transit engine.
#[test]
fn keys_of_services_go_both_ways() {
    let (moto, bao) = (Moto::start().unwrap(), OpenBao::start().unwrap());
    bao.enable_engine("transit", "transit", &json!({})).ok();
    bao.create_transit_key("app").unwrap();
    let key = moto
        .call("kms", "TrentService.CreateKey", &json!({}))
        .unwrap();
    let arn = key["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    let uri = format!("{}/v1/transit/keys/app", bao.url());
    let desk = Desk::new();
    desk.write("a.yaml", "a: 1\n");
    let mut environment = moto.environment();
    environment.push(("VAULT_TOKEN", bao.root_token().to_owned()));
    let environment: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let run = |program: PathBuf, arguments: &[&str]| {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(desk.root())
            .envs(environment.iter().copied());
        run_program(&mut command, b"").output()
    };
    let theirs = |arguments: &[&str]| run(Program::Sops.path().unwrap(), arguments);
    let ours = |arguments: &[&str]| run(env!("CARGO_BIN_EXE_sops").into(), arguments);
    for flags in [["--kms", &arn], ["--hc-vault-transit", &uri]] {
        let mut encrypt = vec!["encrypt"];
        encrypt.extend(flags);
        encrypt.push("a.yaml");
        desk.write("ours.yaml", &ours(&encrypt));
        desk.write("theirs.yaml", &theirs(&encrypt));
        assert_eq!(theirs(&["decrypt", "ours.yaml"]), "a: 1\n");
        assert_eq!(ours(&["decrypt", "theirs.yaml"]), "a: 1\n");
    }
}
