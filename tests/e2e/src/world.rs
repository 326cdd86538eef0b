//! A cluster with Signet installed in it.

use std::time::Duration;

use components::{ControlPlane, ControlPlaneOptions};
use deploy::family::Family;
use deploy::manifests::Install;
use serde_json::Value;

use crate::{eventually, paths};

/// How long anything may take on a busy machine.
const DEADLINE: Duration = Duration::from_secs(40);

/// A control plane with definitions, roles and ServiceAccount of an install.
pub struct World {
    cluster: ControlPlane,
    install: Install,
}

impl World {
    /// Starts a control plane and installs everything, with the opt-in rights for units that name
    /// no ServiceAccount.
    ///
    /// # Panics
    ///
    /// When it cannot be started or installed.
    pub fn start() -> Self {
        Self::start_with(&ControlPlaneOptions::default(), &Family::ALL)
    }

    /// Starts a control plane and installs some families.
    ///
    /// # Panics
    ///
    /// When it cannot be started or installed.
    pub fn start_with(options: &ControlPlaneOptions, families: &[Family]) -> Self {
        let cluster = ControlPlane::start_with(options).expect("the control plane starts");
        let install = Install::of(families);
        let world = Self { cluster, install };
        world.create(&world.install.namespace());
        let definitions: Vec<Value> = families
            .iter()
            .flat_map(|family| family.definitions())
            .filter_map(|definition| serde_json::to_value(definition).ok())
            .collect();
        for object in definitions.iter().chain(&world.install.rights()) {
            world.create(object);
        }
        if families.contains(&Family::Flux) || families.contains(&Family::Argo) {
            world.create(&world.install.cluster_admin());
        }
        for definition in &definitions {
            let name = definition["metadata"]["name"].as_str().unwrap_or_default();
            world.established(name);
        }
        world
    }

    /// Returns the control plane.
    pub fn cluster(&self) -> &ControlPlane {
        &self.cluster
    }

    /// Returns the controller's namespace.
    pub fn namespace(&self) -> &str {
        &self.install.namespace
    }

    /// Returns whether the kind is one of an installed family.
    pub(crate) fn serves(&self, kind: &str) -> bool {
        let families = self.install.families.iter();
        families
            .flat_map(|family| family.definitions())
            .any(|definition| definition.spec.names.kind == kind)
    }

    /// Applies an object, by server-side apply.
    ///
    /// # Panics
    ///
    /// When the API server refuses it.
    pub fn create(&self, object: &Value) {
        self.try_create(object)
            .unwrap_or_else(|reason| panic!("{object} is not applied: {reason}"));
    }

    /// Applies an object, by server-side apply.
    ///
    /// # Errors
    ///
    /// What the API server says.
    pub fn try_create(&self, object: &Value) -> Result<Value, String> {
        let text = |pointer: &str| {
            let found = object.pointer(pointer).and_then(Value::as_str);
            found.unwrap_or_default().to_owned()
        };
        let path = paths::object(
            &text("/kind"),
            &text("/metadata/namespace"),
            &text("/metadata/name"),
        );
        self.cluster
            .request(
                "PATCH",
                &format!("{path}?fieldManager=scenario&force=true"),
                Some(object),
            )
            .map_err(|error| format!("{error:?}"))
    }

    /// Returns an object: `get("Kustomization", "flux-system", "apps")`.
    ///
    /// # Errors
    ///
    /// When it is not there.
    pub fn get(&self, kind: &str, namespace: &str, name: &str) -> Result<Value, String> {
        self.cluster
            .request("GET", &paths::object(kind, namespace, name), None)
            .map_err(|error| error.to_string())
    }

    /// Returns the objects of a kind, of all namespaces when none is named.
    ///
    /// # Panics
    ///
    /// When they cannot be listed.
    pub fn list(&self, kind: &str, namespace: &str) -> Vec<Value> {
        let path = paths::collection(kind, namespace);
        let list = eventually(&format!("{path} is listed"), DEADLINE, || {
            let reply = self.cluster.endpoint().send("GET", &path, None);
            let reply = reply.map_err(|error| error.to_string())?;
            match reply.status {
                // The kind's family is not installed.
                404 => Ok(Value::Null),
                200 => Ok(reply.json()),
                _ => Err(reply.text()),
            }
        });
        list["items"].as_array().cloned().unwrap_or_default()
    }

    /// Changes an object by a merge patch.
    ///
    /// # Panics
    ///
    /// When the API server refuses.
    pub fn patch(&self, kind: &str, namespace: &str, name: &str, patch: &Value) {
        let place = paths::object(kind, namespace, name);
        let body = patch.to_string();
        let reply = self
            .cluster
            .endpoint()
            .send(
                "PATCH",
                &place,
                Some(("application/merge-patch+json", body.as_bytes())),
            )
            .expect("the API server answers");
        assert!(reply.is_success(), "{place}: {}", reply.text());
    }

    /// Asks for an object's deletion; it may take a moment, and finalizers.
    ///
    /// # Panics
    ///
    /// When the API server refuses.
    pub fn delete(&self, kind: &str, namespace: &str, name: &str) {
        self.cluster
            .request("DELETE", &paths::object(kind, namespace, name), None)
            .expect("the object is deleted");
    }

    /// Waits until an object is there and returns it.
    ///
    /// # Panics
    ///
    /// When it does not appear.
    pub fn appears(&self, kind: &str, namespace: &str, name: &str) -> Value {
        let what = format!("{kind} {namespace}/{name} appears");
        eventually(&what, DEADLINE, || self.get(kind, namespace, name))
    }

    /// Waits until an object is gone.
    ///
    /// # Panics
    ///
    /// When it stays.
    pub fn disappears(&self, kind: &str, namespace: &str, name: &str) {
        let what = format!("{kind} {namespace}/{name} disappears");
        eventually(&what, DEADLINE, || match self.get(kind, namespace, name) {
            Ok(object) => Err(object.to_string()),
            Err(_) => Ok(()),
        });
    }

    /// Returns the events on an object, oldest first.
    pub fn events(&self, namespace: &str, name: &str) -> Vec<Value> {
        let mut events = self.list("Event", namespace);
        events.retain(|event| event["involvedObject"]["name"] == name);
        events.sort_by_key(|event| event["firstTimestamp"].to_string());
        events
    }

    /// Waits for an event on an object whose reason is the given one and returns its message.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn event(&self, namespace: &str, name: &str, reason: &str) -> String {
        let what = format!("event {reason} on {namespace}/{name}");
        eventually(&what, DEADLINE, || {
            let events = self.events(namespace, name);
            let found = events.iter().rev().find(|event| event["reason"] == reason);
            found
                .and_then(|event| event["message"].as_str().map(str::to_owned))
                .ok_or_else(|| format!("events are {events:#?}"))
        })
    }

    /// Waits until an object's condition has a status and returns the condition.
    ///
    /// # Panics
    ///
    /// When it does not get there.
    pub fn condition(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
        condition: &str,
        status: &str,
    ) -> Value {
        let what = format!("{kind} {namespace}/{name} {condition}={status}");
        eventually(&what, DEADLINE, || {
            let object = self.get(kind, namespace, name)?;
            let conditions = object["status"]["conditions"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            conditions
                .iter()
                .find(|found| found["type"] == condition && found["status"] == status)
                .cloned()
                .ok_or_else(|| format!("conditions are {conditions:#?}"))
        })
    }

    fn established(&self, definition: &str) {
        self.condition(
            "CustomResourceDefinition",
            "",
            definition,
            "Established",
            "True",
        );
    }
}
