//! The command line tools from the outside: run as functions with buffers, and beside the tools
//! whose names they bear.

mod kubeseal;
