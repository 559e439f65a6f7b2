//! Work in the background.

pub mod lease;
pub mod tidy;
