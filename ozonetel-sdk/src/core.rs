//! What every call runs through, from the request's value to the reply.

pub(crate) mod auth_mode;
pub(crate) mod call;
pub(crate) mod client;
pub(crate) mod clock;
pub(crate) mod credential;
#[cfg_attr(not(feature = "server"), allow(unreachable_pub))]
pub mod encode;
pub(crate) mod endpoint;
#[cfg_attr(not(feature = "server"), allow(unreachable_pub))]
pub mod envelope;
pub(crate) mod error;
pub(crate) mod observe;
pub(crate) mod pace;
pub(crate) mod reason;
pub(crate) mod retry;
pub(crate) mod rows;
pub(crate) mod store_error;
pub(crate) mod text;
pub(crate) mod transport;
pub(crate) mod wait;
pub(crate) mod weight;
