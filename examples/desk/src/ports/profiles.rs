//! Where callers' profiles are until they are kept with a call: texts under keys, each for a while after its last use.
//!
//! [`Profiles`] is the trait; [`MemoryProfiles`] keeps them in this process, [`RedisProfiles`] where voice servers keep
//! theirs. What is under a key is JSON, which the desk's flows read and write.

mod memory;
mod redis;
#[cfg(test)]
mod suite;

use std::fmt;

use async_trait::async_trait;

pub use memory::MemoryProfiles;
pub use redis::{NotRedis, RedisProfiles};

/// Why profiles cannot be reached. No text holds a key or a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProfilesError {
    /// Nothing answers. What was to be stored is not known to be there.
    #[error("the store of profiles does not answer")]
    Unreachable,
    /// It answers, and refuses.
    #[error("the store of profiles refuses: {0}")]
    Refused(&'static str),
}

/// Whether a profile's text is meant.
pub type IsMeant<'m> = &'m (dyn Fn(&str) -> bool + Send + Sync);

/// A store of texts that last for a while after their last use.
#[async_trait]
pub trait Profiles: Send + Sync + fmt::Debug {
    /// `memory` or `redis`.
    fn place(&self) -> &'static str;

    /// Stores a text.
    ///
    /// # Errors
    /// [`ProfilesError`].
    async fn put(&self, key: &str, text: &str) -> Result<(), ProfilesError>;

    /// The text, which lasts anew from now.
    ///
    /// # Errors
    /// [`ProfilesError`].
    async fn get(&self, key: &str) -> Result<Option<String>, ProfilesError>;

    /// Puts another text in the place of one, if it is still there. Whether it was.
    ///
    /// # Errors
    /// [`ProfilesError`].
    async fn swap(&self, key: &str, old: &str, new: &str) -> Result<bool, ProfilesError>;

    /// Takes a text away.
    ///
    /// # Errors
    /// [`ProfilesError`].
    async fn remove(&self, key: &str) -> Result<(), ProfilesError>;

    /// Takes away every profile whose text is meant. How many there were.
    ///
    /// # Errors
    /// [`ProfilesError`]; some may be gone.
    async fn forget(&self, is_meant: IsMeant<'_>) -> Result<u64, ProfilesError>;

    /// What a voice server has stored about a session, under `session:{id}`. Its life is the voice server's business.
    ///
    /// # Errors
    /// [`ProfilesError`].
    async fn session(&self, id: &str) -> Result<Option<String>, ProfilesError>;
}

/// The [`place`](Profiles::place) of profiles in this process.
pub const MEMORY: &str = "memory";

/// The key of a voice server's session.
pub fn session_key(id: &str) -> String {
    format!("session:{id}")
}
