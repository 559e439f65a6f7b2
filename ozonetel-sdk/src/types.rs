//! The vocabulary of the service: ids, numbers, times and scalars, as it spells them.

pub(crate) mod ids;
pub(crate) mod invalid;
pub(crate) mod phone;
pub(crate) mod secret;
pub(crate) mod wire;

pub use ids::*;
pub use phone::*;
pub use wire::*;
