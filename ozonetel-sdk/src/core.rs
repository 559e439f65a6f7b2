//! What every call runs through, from the request's value to the reply.

pub(crate) mod call;
pub(crate) mod client;
pub mod clock;
pub(crate) mod credential;
pub mod encode;
pub(crate) mod endpoint;
pub(crate) mod envelope;
pub(crate) mod error;
pub mod observe;
pub mod pace;
pub mod retry;
pub(crate) mod rows;
pub(crate) mod transport;
