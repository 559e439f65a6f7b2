//! Agent-desk backend on the Ozonetel SDK: JSON routes under `/api/ozonetel/`, the ones existing front ends call.
//!
//! [`app`] is the whole of it as a router over a [`Desk`]; handlers translate and nothing more. What is pure is
//! in [`core`]. Nothing here reads the environment but [`config`], which `main` calls.

pub mod access;
mod app;
pub mod assist;
mod body;
pub mod call_memory;
pub mod chance;
pub mod config;
pub mod core;
pub mod customers;
mod desk;
pub mod epoch;
pub mod events;
pub mod flow;
pub mod guide;
pub mod ops;
mod page;
pub mod people;
pub mod ports;
pub mod problem;
mod recent;
pub mod records;
pub mod report;
pub mod reporting;
mod routes;
pub mod serve;
pub mod simulated;
pub mod store;
pub mod tasks;
pub mod work;

pub use app::{app, openapi};
pub use desk::{AgentSocketSettings, Desk, Settings, SocketHolder};
