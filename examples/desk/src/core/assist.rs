//! Live assist: what is heard in a call, what may be kept of it, when help is asked for, and what it may cost. Pure.

pub mod audio_frame;
pub mod breaker;
pub mod budget;
pub mod gate;
pub mod masking;
pub mod plain_text;
pub mod prompt;
pub mod timeline;
pub mod tracks;
pub mod transcript;
