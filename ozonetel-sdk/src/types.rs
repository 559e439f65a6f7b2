//! The vocabulary of the service: ids, numbers, times and scalars, as it spells them.

pub(crate) mod ids;
pub(crate) mod invalid;
pub(crate) mod phone;
pub(crate) mod pseudonyms;
pub(crate) mod redact;
pub(crate) mod secret;
pub(crate) mod text_eq;
pub(crate) mod wire;

pub use ids::*;
pub use phone::*;
pub use pseudonyms::Pseudonyms;
pub use redact::{redact_number, redact_numbers_in};
pub use wire::*;

#[cfg(test)]
mod tests;
