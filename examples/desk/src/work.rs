//! What runs beside the requests.

pub mod agents;
pub mod lease;
pub mod outbox;
pub mod settle;
pub mod tidy;
