//! What the desk does: each flow loads, asks the core, stores, and only then sends.

pub mod agent_state;
pub mod agent_view;
pub mod booking;
pub mod caller_profiles;
pub mod calling;
pub mod controlling;
pub mod customers;
pub mod delivering;
pub mod demo;
pub mod demo_handoff;
pub mod dialing;
pub mod disposing;
pub mod facts;
pub mod handing_over;
pub mod intake;
pub mod joining;
pub mod ledger;
pub mod owed;
pub mod phone;
pub mod push_address;
pub mod settling;
pub mod state_sources;
pub mod viewing;
pub mod working;
