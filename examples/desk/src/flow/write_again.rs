//! What has happened and could not be stored is written again: a store that is away is mostly back soon.

use std::time::Duration;

/// How often.
pub(super) const TIMES: u32 = 15;

/// How long after the time before.
pub(super) const PAUSE: Duration = Duration::from_secs(2);
