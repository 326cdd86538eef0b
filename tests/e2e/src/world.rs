//! A cluster with Signet installed in it.

use std::time::Duration;

use components::{ControlPlane, ControlPlaneOptions};
use deploy::family::Family;
use deploy::manifests::Install;
use serde_json::Value;

use crate::eventually;

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
        if families.contains(&Family::Flux) {
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

    /// Applies an object.
    ///
    /// # Panics
    ///
    /// When the API server refuses it.
    pub fn create(&self, object: &Value) {
        self.cluster
            .apply(&object.to_string())
            .expect("the object is applied");
    }

    /// Returns an object as JSON: `get("kustomization", "flux-system", "apps")`.
    ///
    /// # Errors
    ///
    /// When it is not there.
    pub fn get(&self, kind: &str, namespace: &str, name: &str) -> Result<Value, String> {
        let text = self
            .cluster
            .kubectl(["get", kind, name, "-n", namespace, "-o", "json"], None)
            .map_err(|error| format!("{error:?}"))?;
        serde_json::from_str(&text).map_err(|error| error.to_string())
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
        eventually(&what, Duration::from_secs(40), || {
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
            "customresourcedefinition",
            "default",
            definition,
            "Established",
            "True",
        );
    }
}
