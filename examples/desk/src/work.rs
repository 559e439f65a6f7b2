//! What runs beside the requests.

pub mod agents;
pub mod cdr_sync;
pub mod lease;
pub mod outbox;
pub mod settle;
pub mod summary;
pub mod tidy;
