//! The controller: watches, reconciles, serves.
