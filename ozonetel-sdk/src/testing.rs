//! Doubles and the recorder, for tests.

pub mod doubles;
pub mod record;
