//! How a client is set up: in code, or from the environment.

pub(crate) mod builder;
pub(crate) mod environment;
