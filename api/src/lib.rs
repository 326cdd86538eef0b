//! Kubernetes resource types of the families Signet serves.
