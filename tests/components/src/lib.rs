//! The real components that tests and demo run against: build, cache, start, stop.
