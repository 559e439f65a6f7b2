//! The examples on the documentation site's own pages. Those of the guides run with the SDK.

#[doc = include_str!("../../docs/site/errors.md")]
mod errors {}

#[doc = include_str!("../../docs/site/ivr-in-axum.md")]
mod ivr_in_axum {}

#[doc = include_str!("../../docs/site/testing.md")]
mod testing {}
