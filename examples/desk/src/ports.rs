//! The edges of the desk that can be something else: each is a trait, with its adapters beside it.

pub mod account_state;
pub mod carriers;
pub mod chat;
pub mod demo_phones;
pub mod kept_token;
pub mod platform;
pub mod profiles;
pub mod speech;
