//! The vocabulary: values as the service spells them, without I/O.

pub mod ids;
pub(crate) mod invalid;
pub mod phone;
pub(crate) mod secret;
pub mod wire;
