//! Known plaintexts are searched on every surface; one that is found is a leak (I1).

use std::fs;
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use components::Endpoint;
use memchr::memmem;
use serde_json::Value;

use crate::paths::OURS;
use crate::{Controller, World};

/// Plaintexts that may stand in Secrets of the cluster and nowhere else.
pub struct Canary {
    needles: Vec<Needle>,
}

struct Needle {
    /// Which plaintext, by its place in the list: the text itself would make the report a leak.
    what: String,
    form: Vec<u8>,
}

impl Canary {
    /// Looks for plaintexts, as they are and in every form in which a program may write them.
    pub fn of(plaintexts: &[&str]) -> Self {
        let mut needles = Vec::new();
        for (index, plaintext) in plaintexts.iter().enumerate() {
            for (form, bytes) in forms(plaintext) {
                needles.push(Needle {
                    what: format!("plaintext {index} ({form})"),
                    form: bytes,
                });
            }
        }
        Self { needles }
    }

    /// Searches every surface.
    ///
    /// # Panics
    ///
    /// When there is a leak.
    pub fn assert_silent(&self, world: &World, controller: &Controller) {
        let leaks = self.leaks(world, controller);
        assert!(leaks.is_empty(), "leaks:\n{}", leaks.join("\n"));
    }

    /// Searches every surface and returns where which plaintext was found.
    pub fn leaks(&self, world: &World, controller: &Controller) -> Vec<String> {
        let mut leaks = Vec::new();
        let mut look = |surface: &str, content: &[u8]| {
            let found = self.found_in(content).into_iter();
            leaks.extend(found.map(|what| format!("{surface}: {what}")));
        };
        objects(world, &mut look);
        look("log", controller.log().as_bytes());
        look(
            "metrics",
            controller.metrics().unwrap_or_default().as_bytes(),
        );
        http(controller, &mut look);
        for (name, folder) in [("data", controller.data()), ("temp", controller.temp())] {
            files(name, folder, &mut look);
        }
        processes(controller, &mut look);
        leaks
    }

    /// Returns the plaintexts that a text holds.
    pub fn found_in(&self, content: &[u8]) -> Vec<String> {
        self.needles
            .iter()
            .filter(|needle| memmem::find(content, &needle.form).is_some())
            .map(|needle| needle.what.clone())
            .collect()
    }
}

fn forms(plaintext: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = plaintext.as_bytes();
    let mut forms = vec![("as it is", bytes.to_vec())];
    let quoted = Value::from(plaintext).to_string();
    let json = quoted.trim_start_matches('"').trim_end_matches('"');
    forms.push(("JSON", json.as_bytes().to_vec()));
    forms.push((
        "JSON twice",
        Value::from(json).to_string().trim_matches('"').into(),
    ));
    forms.push(("Rust", format!("{plaintext:?}").trim_matches('"').into()));
    forms.push(("bytes in decimal", decimal(bytes)));
    forms.push(("hexadecimal", hexadecimal(bytes)));
    forms.push(("URL", percent(bytes)));
    for engine in [&STANDARD, &URL_SAFE, &STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        forms.push(("Base64", engine.encode(bytes).into_bytes()));
    }
    for shift in 1..3 {
        // Within a longer text the same bytes look different by their place; the first and last
        // characters depend on neighbours.
        let mut shifted = vec![b'x'; shift];
        shifted.extend_from_slice(bytes);
        let text = STANDARD_NO_PAD.encode(shifted).into_bytes();
        let inner = text.get(4..text.len().saturating_sub(2));
        forms.push(("Base64 inside", inner.unwrap_or_default().to_vec()));
    }
    forms.retain(|(_, form)| form.len() >= 8);
    forms
}

fn decimal(bytes: &[u8]) -> Vec<u8> {
    let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
    numbers.join(", ").into_bytes()
}

fn hexadecimal(bytes: &[u8]) -> Vec<u8> {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat().into_bytes()
}

fn percent(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            text.push(*byte);
        } else {
            text.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
    text
}

/// Our objects without what their users wrote, and every event.
fn objects(world: &World, look: &mut impl FnMut(&str, &[u8])) {
    for kind in OURS.into_iter().filter(|kind| world.serves(kind)) {
        for mut object in world.list(kind, "") {
            let name = format!(
                "{kind} {}/{}",
                object["metadata"]["namespace"].as_str().unwrap_or_default(),
                object["metadata"]["name"].as_str().unwrap_or_default()
            );
            if let Some(fields) = object.as_object_mut() {
                fields.remove("spec");
            }
            look(&name, object.to_string().as_bytes());
        }
    }
    for event in world.list("Event", "") {
        let name = event["involvedObject"]["name"].as_str().unwrap_or_default();
        look(&format!("event on {name}"), event.to_string().as_bytes());
    }
}

fn http(controller: &Controller, look: &mut impl FnMut(&str, &[u8])) {
    let artifacts = Endpoint::local("artifacts", controller.artifact_port());
    for (endpoint, path) in [
        (controller.api(), "/healthz"),
        (controller.api(), "/v1/cert.pem"),
        (controller.api(), "/metrics"),
        (controller.api(), "/"),
        (artifacts.clone(), "/"),
        (artifacts, "/gitrepository"),
    ] {
        if let Ok(reply) = endpoint.send("GET", path, None) {
            look(&format!("HTTP {path}"), &reply.body);
        }
    }
}

/// Files as they are and, where they are archives, unpacked.
fn files(name: &str, folder: &Path, look: &mut impl FnMut(&str, &[u8])) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        if path.is_dir() {
            files(&name, &path, look);
            continue;
        }
        let Ok(content) = fs::read(&path) else {
            continue;
        };
        look(&name, &content);
        let mut unpacked = Vec::new();
        let mut archive = flate2::read::GzDecoder::new(content.as_slice());
        if archive.read_to_end(&mut unpacked).is_ok() {
            look(&format!("{name} unpacked"), &unpacked);
        }
    }
}

/// Arguments and environment of the controller and everything it started.
fn processes(controller: &Controller, look: &mut impl FnMut(&str, &[u8])) {
    let own = controller.child().id();
    for process in family(own) {
        for file in ["cmdline", "environ"] {
            let content = fs::read(format!("/proc/{process}/{file}")).unwrap_or_default();
            let role = if process == own {
                "controller"
            } else {
                "worker"
            };
            look(&format!("{file} of the {role}"), &content);
        }
    }
}

/// Returns a process and its descendants.
pub(crate) fn family(root: u32) -> Vec<u32> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Ok(process) = entry.file_name().to_string_lossy().parse::<u32>() else {
            continue;
        };
        let status = fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
        if let Some(parent) = parent.and_then(|text| text.trim().parse::<u32>().ok()) {
            parents.push((process, parent));
        }
    }
    let mut family = vec![root];
    let mut next = 0;
    while let Some(&one) = family.get(next) {
        let children = parents.iter().filter(|(_, parent)| *parent == one);
        family.extend(children.map(|(process, _)| *process));
        next += 1;
    }
    family
}
