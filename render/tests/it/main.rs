//! The render stage with its real worker, beside the real kustomize program.

mod faults;
mod fixtures;
mod kustomize;
mod overlays;
mod overrides;
mod plain;
mod throughput;
