//! Benches that print figures beside the limit and the peers.
