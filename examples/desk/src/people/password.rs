//! Passwords: which are accepted, and a hashing that takes a bounded share of the machine.
//!
//! A hash takes memory and time by design, so that sign-ins by the thousand would bring down what serves calls. A few
//! are computed at once, some wait for a short time, all others are told to come again.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use ozonetel_sdk::auth::Secret;
use tokio::sync::Semaphore;

/// The shortest password, in characters.
pub const SHORTEST: usize = 10;

/// The longest password, in bytes: longer ones only cost time.
pub const LONGEST: usize = 256;

/// How many may be at work or waiting.
const ROOM: usize = 64;

/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why a password is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Fewer than [`SHORTEST`] characters.
    #[error("has to have at least {SHORTEST} characters")]
    Short,
    /// More than [`LONGEST`] bytes.
    #[error("has to have at most {LONGEST} bytes")]
    Long,
    /// It is the user's own address, or the part before the `@`.
    #[error("has to be another word than the address")]
    Address,
    /// One character, again and again.
    #[error("has to have more than one character in it")]
    OneCharacter,
    /// It is the one before.
    #[error("has to be another one")]
    Same,
}

/// Whether a password is accepted for a user.
///
/// # Errors
/// [`WeakPassword`].
pub fn check(password: &Secret, email: &str) -> Result<(), WeakPassword> {
    let text = password.reveal();
    let first = text.chars().next();
    if text.len() > LONGEST {
        return Err(WeakPassword::Long);
    }
    if text.chars().count() < SHORTEST {
        return Err(WeakPassword::Short);
    }
    if text.chars().all(|c| Some(c) == first) {
        return Err(WeakPassword::OneCharacter);
    }
    let local = email.split('@').next().unwrap_or(email);
    if text.eq_ignore_ascii_case(email) || text.eq_ignore_ascii_case(local) {
        return Err(WeakPassword::Address);
    }
    Ok(())
}

/// Why a password was neither hashed nor compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Too many passwords are being hashed.
    #[error("too many passwords are being checked")]
    Busy,
    /// The stored hash is not one, or the machine failed.
    #[error("a password cannot be hashed or compared")]
    Failed,
}

/// What a comparison found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordMatch {
    /// The password is right.
    Right {
        /// Whether the hash is weaker than those made today, and should be made again.
        outdated: bool,
    },
    /// It is not.
    Wrong,
}

/// Hashes passwords, a few at once. Cheap to clone; clones share the bound.
#[derive(Debug, Clone)]
pub struct PasswordWorkers {
    room: Arc<Semaphore>,
    turn: Arc<Semaphore>,
    params: Params,
    /// Compared with when there is no user, so that the answer takes as long as for one.
    stand_in: Arc<OnceLock<String>>,
}

impl Default for PasswordWorkers {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self::new((processors / 2).clamp(1, 4), Params::default())
    }
}

impl PasswordWorkers {
    /// So many at once, with the given cost.
    pub fn new(at_once: usize, params: Params) -> Self {
        Self {
            room: Arc::new(Semaphore::new(ROOM)),
            turn: Arc::new(Semaphore::new(at_once)),
            params,
            stand_in: Arc::new(OnceLock::new()),
        }
    }

    /// Makes a hash, with a salt of its own.
    ///
    /// # Errors
    /// [`HashError`].
    ///
    /// # Cancel safety
    /// If it is dropped while hashing, the work goes on and keeps its place until it is done.
    pub async fn hash(&self, password: Secret) -> Result<String, HashError> {
        let hasher = self.hasher();
        self.work(move || hash(&hasher, password.reveal())).await
    }

    /// Compares a password with a user's hash; without one, with a stand-in that no password matches.
    ///
    /// # Errors
    /// [`HashError`].
    ///
    /// # Cancel safety
    /// As [`hash`](Self::hash).
    pub async fn verify(
        &self,
        password: Secret,
        stored: Option<String>,
    ) -> Result<PasswordMatch, HashError> {
        let (hasher, stand_in) = (self.hasher(), Arc::clone(&self.stand_in));
        self.work(move || {
            let Some(stored) = stored else {
                if stand_in.get().is_none() {
                    let new = hash(&hasher, "no user has this password")?;
                    // Another one may have been first.
                    let _ = stand_in.set(new);
                }
                let hash = stand_in.get().ok_or(HashError::Failed)?;
                verify(&hasher, password.reveal(), hash)?;
                return Ok(PasswordMatch::Wrong);
            };
            verify(&hasher, password.reveal(), &stored)
        })
        .await
    }

    fn hasher(&self) -> Argon2<'static> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone())
    }

    /// Runs work that takes a processor, when its turn comes. The work holds its place, not the one who waits for it.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let room = Arc::clone(&self.room).try_acquire_owned().map_err(|_| HashError::Busy)?;
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turn).acquire_owned()).await;
        let turn = turn.map_err(|_| HashError::Busy)?.map_err(|_| HashError::Failed)?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop((room, turn));
            done
        });
        done.await.map_err(|_| HashError::Failed)?
    }
}

fn hash(hasher: &Argon2<'_>, password: &str) -> Result<String, HashError> {
    let hash: PasswordHash =
        hasher.hash_password(password.as_bytes()).map_err(|_| HashError::Failed)?;
    Ok(hash.to_string())
}

fn verify(hasher: &Argon2<'_>, password: &str, stored: &str) -> Result<PasswordMatch, HashError> {
    let stored = PasswordHash::new(stored).map_err(|_| HashError::Failed)?;
    let used = Params::try_from(&stored).map_err(|_| HashError::Failed)?;
    if used.m_cost() > 1 << 20 || used.t_cost() > 64 || used.p_cost() > 64 {
        // A hash that would take minutes is not one of ours.
        return Err(HashError::Failed);
    }
    match hasher.verify_password(password.as_bytes(), &stored) {
        Ok(()) => {
            let now = hasher.params();
            let outdated = (used.m_cost(), used.t_cost()) < (now.m_cost(), now.t_cost());
            Ok(PasswordMatch::Right { outdated })
        }
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(PasswordMatch::Wrong),
        Err(_) => Err(HashError::Failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cheap(at_once: usize, t_cost: u32) -> PasswordWorkers {
        PasswordWorkers::new(at_once, Params::new(8, t_cost, 1, None).unwrap())
    }

    #[test]
    fn weak_passwords_are_named_with_their_reason() {
        let check = |text: &str| check(&Secret::from(text), "agent01@example.test");
        for (text, expected) in [
            ("correct horse", Ok(())),
            ("पासवर्ड के शब्द", Ok(())),
            ("ninechars", Err(WeakPassword::Short)),
            ("", Err(WeakPassword::Short)),
            ("aaaaaaaaaaaa", Err(WeakPassword::OneCharacter)),
            ("Agent01@example.test", Err(WeakPassword::Address)),
        ] {
            assert_eq!(check(text), expected, "{text}");
        }
        assert_eq!(check(&"ab".repeat(129)), Err(WeakPassword::Long));
    }

    #[tokio::test]
    async fn the_right_password_is_right_and_no_other() {
        let workers = cheap(1, 1);
        let hash = workers.hash("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        assert_ne!(hash, workers.hash("correct horse".into()).await.unwrap());
        let right = workers.verify("correct horse".into(), Some(hash.clone())).await;
        assert_eq!(right, Ok(PasswordMatch::Right { outdated: false }));
        for other in ["correct hors", "Correct horse", "", "correct horse "] {
            let found = workers.verify(other.into(), Some(hash.clone())).await;
            assert_eq!(found, Ok(PasswordMatch::Wrong), "{other}");
        }
        let stronger = cheap(1, 2).verify("correct horse".into(), Some(hash)).await;
        assert_eq!(stronger, Ok(PasswordMatch::Right { outdated: true }));
    }

    #[tokio::test]
    async fn without_a_user_every_password_is_wrong_after_the_same_work() {
        let workers = cheap(1, 1);
        for text in ["no user has this password", "x"] {
            assert_eq!(workers.verify(text.into(), None).await, Ok(PasswordMatch::Wrong));
        }
        assert!(workers.stand_in.get().unwrap().contains("m=8,t=1,p=1"));
    }

    #[tokio::test]
    async fn a_stored_text_that_is_no_hash_or_a_ruinous_one_is_a_failure() {
        let workers = cheap(1, 1);
        for stored in ["", "demo", "$argon2id$v=19$m=4194304,t=900,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"] {
            let found = workers.verify("x".into(), Some(stored.into())).await;
            assert_eq!(found, Err(HashError::Failed), "{stored}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_too_long_for_a_turn_is_told_so_and_so_is_who_finds_no_room() {
        let workers = cheap(1, 1);
        let turn = Arc::clone(&workers.turn).acquire_owned().await.unwrap();
        let start = tokio::time::Instant::now();
        assert_eq!(workers.hash("x".into()).await, Err(HashError::Busy));
        assert_eq!(start.elapsed(), PATIENCE);
        let waiting: Vec<_> = (0..ROOM)
            .map(|_| {
                let workers = workers.clone();
                tokio::spawn(async move { workers.hash("x".into()).await })
            })
            .collect();
        while workers.room.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let start = tokio::time::Instant::now();
        assert_eq!(workers.hash("x".into()).await, Err(HashError::Busy));
        assert_eq!(start.elapsed(), Duration::ZERO, "no room: at once");
        drop(turn);
        for one in waiting {
            assert!(one.await.unwrap().is_ok());
        }
    }
}
