//! Kubernetes resource types of the families Signet serves.
//!
//! Each module holds one API group, with the JSON field names, defaults and validation that the
//! group's users know. A field that a user may write but that is not modelled yet is kept in an
//! [`Unmodelled`] map at its place, never dropped, and
//! [`FieldModel`] lists such fields for the condition `UnsupportedField`.
//!
//! This crate knows no client, no runtime and no clock: times and durations are values.

pub mod argo;
pub mod bitnami;
pub mod condition;
pub mod duration;
pub mod external_secrets;
mod field_model;
pub mod kustomize;
pub mod names;
mod pattern;
pub mod reference;
pub mod source;
mod structural;
mod unmodelled;

pub use duration::GoDuration;
pub use field_model::FieldModel;
pub use structural::{custom_resource_definition, custom_resource_definitions};
pub use unmodelled::Unmodelled;
