//! Generates what a cluster installs: CRDs, roles, chart.
