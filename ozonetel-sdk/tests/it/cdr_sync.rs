//! The CDR sync on the simulator, on paused time.

mod disk;
mod property;
mod rig;
mod stories;
mod wire;
