//! Each component starts, does the one thing it is for, and is gone afterwards.
//!
//! The programs are built on first use, which takes minutes on a fresh machine (`tools ensure` builds them ahead).

mod cluster;
mod files;
mod git;
mod programs;
mod stores;
