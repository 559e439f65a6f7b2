//! A session in writing: recorded while it happens, masked, and played back.

pub(crate) mod event_line;
pub(crate) mod mask;
pub(crate) mod playback;
pub(crate) mod recorder;
pub(crate) mod transcript;
