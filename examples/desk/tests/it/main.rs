//! The desk driven as front ends drive it: in process on the in-process simulator, with paused time; and once as the
//! real binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod access;
mod agents;
mod anothers;
mod assist;
mod backup;
mod binary;
mod calling_back;
mod calls;
mod colleagues;
mod commands;
mod crash;
mod customers;
mod errors;
#[cfg(unix)]
mod fleet;
mod floor;
mod graphql;
mod handing_over;
mod handling;
mod hostile;
mod impossible;
mod intake;
mod interleaving;
mod keeping;
#[cfg(all(unix, feature = "kill-points"))]
mod kills;
mod kookoo;
mod live;
mod moved_profiles;
mod odd_answers;
mod owing;
mod people;
mod platform;
mod prepared;
mod records;
mod relay;
mod reports;
mod strict;
mod subscription;
#[cfg(feature = "otel")]
mod traces;
mod twilio;
mod two_desks;
mod ways;
mod whose;
mod working;
