//! Running the desk: its life from start to stop, what it measures, whether it is well.

pub mod args;
pub mod life;

pub use life::Life;
