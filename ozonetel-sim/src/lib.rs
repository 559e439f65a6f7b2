//! Ozonetel CloudAgent, simulated.
//!
//! A [`world::World`] that changes as calls happen: pure, deterministic, with time and chance
//! under control.

pub mod world;
