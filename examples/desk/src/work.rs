//! What runs beside the requests.

pub mod agent_news;
pub mod agents;
pub mod alone;
pub mod assist;
pub mod bookings;
pub mod call_reports;
pub mod cdr_sync;
pub mod forgotten;
pub mod intake;
pub mod lease;
pub mod links;
pub mod number_keys;
pub mod outbox;
pub mod recordings;
pub mod reminders;
pub mod settle;
pub mod summary;
pub mod tidy;
