use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing::Level;

use super::*;

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink {
    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

const OBJECT: Object = Object {
    kind: "Application",
    namespace: "argocd",
    name: "payments",
};

/// A failure of each kind, in the span that a reconcile runs in.
fn fail() {
    let span = tracing::debug_span!(
        "reconcile",
        kind = OBJECT.kind,
        namespace = OBJECT.namespace,
        name = OBJECT.name
    );
    let _entered = span.enter();
    for category in [Category::Invalid, Category::Internal] {
        failed(OBJECT, &Error::new(category, "Reason", "failed to read it"));
    }
    unreadable(OBJECT, &"missing field");
}

#[test]
fn every_failure_names_its_object_at_any_level() {
    for level in [Level::WARN, Level::INFO, Level::DEBUG] {
        let sink = Sink::default();
        let made = sink.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .with_writer(move || made.clone());
        tracing::subscriber::with_default(subscriber.finish(), fail);
        let lines = sink.lines();
        assert_eq!(lines.len(), 3, "{lines:?}");
        for line in lines {
            let is_named = r#"kind="Application" namespace="argocd" name="payments" error="#;
            assert!(line.contains(is_named), "{line}");
        }
    }
}

#[test]
fn every_failure_names_its_object_in_json() {
    let sink = Sink::default();
    let made = sink.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(Level::INFO)
        .with_writer(move || made.clone());
    tracing::subscriber::with_default(subscriber.finish(), fail);
    let lines = sink.lines();
    assert_eq!(lines.len(), 3, "{lines:?}");
    for line in lines {
        let record: Value = serde_json::from_str(&line).unwrap();
        let fields = &record["fields"];
        assert_eq!(fields["kind"], "Application", "{line}");
        assert_eq!(fields["namespace"], "argocd", "{line}");
        assert_eq!(fields["name"], "payments", "{line}");
    }
}
