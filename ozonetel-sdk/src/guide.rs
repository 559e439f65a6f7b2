//! Guides: one page per task, and what to know about the service.
//!
//! - [`dial_safely`]: place a call once, and settle one whose outcome is unknown.
//! - [`softphone`]: which calls a softphone answers without the agent, and the browser side of it.
//! - [`receive_callbacks`]: take what the service posts.
//! - [`keep_cdrs`]: have every call-detail record in a store of your own.
//! - [`run_a_campaign`]: create, fill, start, watch, stop.
//! - [`traps`]: what the service does that a client would not expect, and what this crate does about it.
//! - [`console`]: what an administrator sets, and what each setting enables.

#[doc = include_str!("../docs/dial-safely.md")]
pub mod dial_safely {}

#[cfg_attr(feature = "ws", doc = include_str!("../docs/softphone.md"))]
#[cfg_attr(
    not(feature = "ws"),
    doc = "# Answer calls in a softphone\n\nShown with the feature `ws`."
)]
pub mod softphone {}

#[cfg_attr(feature = "axum", doc = include_str!("../docs/receive-callbacks.md"))]
#[cfg_attr(
    not(feature = "axum"),
    doc = "# Receive callbacks and events\n\nShown with the feature `axum`."
)]
pub mod receive_callbacks {}

#[doc = include_str!("../docs/keep-cdrs.md")]
pub mod keep_cdrs {}

#[doc = include_str!("../docs/run-a-campaign.md")]
pub mod run_a_campaign {}

#[doc = include_str!("../docs/traps.md")]
pub mod traps {}

#[doc = include_str!("../docs/console.md")]
pub mod console {}
