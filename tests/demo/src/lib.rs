//! The demo: one repository, three kinds of secrets, a real cluster.
