//! The service's APIs, a file each, and the catalogue of their endpoints.

pub mod agents;
pub mod aht;
pub(crate) mod assumptions;
pub(crate) mod auth;
pub mod block_numbers;
pub mod call_control;
pub mod campaigns;
pub(crate) mod catalogue;
pub mod cdr;
pub mod dial;
pub mod disposition;
pub mod events;
pub mod kookoo;
pub mod leads;
#[cfg(feature = "legacy")]
pub mod legacy;
pub mod missed;
pub mod phone_numbers;
pub mod recording;
mod setters;
pub mod summary;
pub mod whatsapp;
