//! What the controller shows to others, held against what is written about it.

mod flags_reference;
mod start;
