//! Generates what a cluster installs: definitions, roles, plain manifests, the chart's generated
//! parts, and the file tree of the image.
//!
//! [`roles`] is the one table of rights; [`manifests`] makes the objects of a plain install from
//! it, [`chart`] the same for Helm, and [`generated`] lists all files this crate writes. [`image`]
//! assembles the tree that a `FROM scratch` image holds.

pub mod chart;
pub mod family;
pub mod generated;
pub mod image;
pub mod manifests;
pub mod roles;
mod yaml;
