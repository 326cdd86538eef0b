//! Artifact and options in, manifests out.
