//! Running the desk: its life from start to stop, what it measures, whether it is well.

pub mod account;
pub mod args;
pub mod doctor;
pub mod ending;
pub mod forget;
pub mod health;
pub mod life;
pub mod metrics;
pub mod stores;
pub mod supervisor;
pub mod trace;
pub mod watch;

pub use health::Health;
pub use life::Life;
pub use metrics::Metrics;
