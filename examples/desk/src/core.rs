//! The pure core: facts and decisions, without I/O, clock or store.

pub mod caller;
