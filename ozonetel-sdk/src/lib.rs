#![doc = include_str!("../README.md")]

pub mod agents;
pub mod aht;
pub mod auth;
mod call;
pub mod call_control;
pub mod cdr;
mod client;
pub mod clock;
pub mod dial;
pub mod disposition;
pub mod encode;
pub mod endpoint;
pub mod envelope;
pub mod environment;
pub mod error;
pub mod ids;
pub mod mdl;
pub mod missed;
pub mod observe;
pub mod pace;
pub mod phone;
pub mod recording;
pub mod retry;
mod rows;
pub mod summary;
pub mod transport;
pub mod wire;

pub use call::{Call, RowStream};
pub use client::{Client, ClientBuilder};
pub use error::{Error, ErrorKind, Reason};
