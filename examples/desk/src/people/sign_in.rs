//! Signing in, changing a password, making the first administrator: each ends with a new session.

use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ozonetel_sdk::auth::Secret;

use super::password::{HashError, PasswordMatch, WeakPassword, check};
use super::token::{NoRandomness, TokenDigest, new_id, new_token};
use super::{People, millis, throttle};
use crate::core::caller::{Caller, Role};
use crate::store::StoreError;
use crate::store::audit::AuditRow;
use crate::store::sessions::Session;
use crate::store::users::{User, UserLogin};

/// The longest address.
pub const LONGEST_EMAIL: usize = 254;

/// How often the log says that passwords are being tried.
const WARN_EVERY_MS: i64 = 60_000;

/// Why no one is signed in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// Address or password is wrong, or the user is disabled: one answer for all three.
    #[error("the address or the password is wrong")]
    Wrong,
    /// It was tried too often.
    #[error("it was tried too often")]
    Throttled(Duration),
    /// The new password is not accepted.
    #[error("the new password {0}")]
    Weak(#[from] WeakPassword),
    /// The set-up link was used, has ended, or was never offered.
    #[error(
        "the set-up link cannot be used: it was used, or an hour has passed; a new one is printed at each start"
    )]
    Link,
    /// Passwords cannot be hashed now.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// No randomness could be had.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A session that was just opened.
#[derive(Debug, Clone)]
pub struct OpenedSession {
    /// The secret, for the cookie.
    pub secret: Secret,
    /// The session.
    pub session: Session,
    /// Its user.
    pub user: User,
}

/// Where a request came from, for limits and audit.
#[derive(Debug, Clone, Default)]
pub struct RequestOrigin {
    /// The address of the other side.
    pub peer: Option<IpAddr>,
    /// The request's id.
    pub request: Option<String>,
}

/// A first administrator as the set-up form has it.
#[derive(Debug, Clone)]
pub struct FirstAdministrator {
    /// The address to sign in with.
    pub email: String,
    /// The name to show.
    pub name: String,
    /// The password.
    pub password: Secret,
}

/// An address as it is compared and kept.
pub fn normal_email(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Whether a text can be an address: something before and after one `@`, and nothing that ends lines.
pub fn is_email(text: &str) -> bool {
    let mut parts = text.split('@');
    let (local, host, more) = (parts.next(), parts.next(), parts.next());
    let is_part = |part: Option<&str>| part.is_some_and(|part| !part.is_empty());
    text.len() <= LONGEST_EMAIL
        && is_part(local)
        && is_part(host)
        && more.is_none()
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

impl People {
    /// Signs a user in.
    ///
    /// # Errors
    /// [`SignInError`].
    ///
    /// # Cancel safety
    /// If it is dropped, the attempt counts; a session that was opened ends unused.
    pub async fn sign_in(
        &self,
        email: &str,
        password: Secret,
        from: RequestOrigin,
    ) -> Result<OpenedSession, SignInError> {
        let (email, now) = (normal_email(email), self.now());
        if !is_email(&email) || password.reveal().len() > super::password::LONGEST {
            return Err(SignInError::Wrong);
        }
        let limits = throttle::sign_in(&email, from.peer);
        self.attempt(&limits, now).await?;
        let login = self.0.store.user_login(&email).await?;
        let is_refused = login.as_ref().is_none_or(|login| login.user.disabled);
        let hash = login.as_ref().and_then(|login| login.hash.clone()).filter(|_| !is_refused);
        let found = self.0.passwords.verify(password.clone(), hash.clone()).await?;
        let Some(login) = login else {
            self.0.store.count_attempt(&[throttle::unknown_user()], now).await?;
            return Err(SignInError::Wrong);
        };
        let (PasswordMatch::Right { outdated }, Some(mut hash)) = (found, hash) else {
            let why = if login.user.disabled { "disabled" } else { "wrong_password" };
            let row = row(now, &login.user, "session.open", &from).ending(why);
            self.0.store.append_audit(vec![row]).await?;
            return Err(SignInError::Wrong);
        };
        self.0.store.attempt_was_right(&limits, now).await?;
        if outdated {
            let new = self.0.passwords.hash(password.clone()).await?;
            hash = if self.0.store.strengthen_hash(&login.user.id, &hash, &new).await? {
                new
            } else {
                self.as_it_is_now(&email, password).await?
            };
        }
        self.open(login.user, &hash, now, &from).await
    }

    /// The hash that there is now, if the password is right by it: another sign-in has made it stronger meanwhile, or the
    /// password was changed.
    async fn as_it_is_now(&self, email: &str, password: Secret) -> Result<String, SignInError> {
        let login = self.0.store.user_login(email).await?;
        let hash = login.and_then(|login| login.hash);
        let found = self.0.passwords.verify(password, hash.clone()).await?;
        let (PasswordMatch::Right { .. }, Some(hash)) = (found, hash) else {
            return Err(SignInError::Wrong);
        };
        Ok(hash)
    }

    /// Changes the password of the user who asks, ends all of the user's sessions and opens a new one.
    ///
    /// # Errors
    /// [`SignInError`]; [`SignInError::Wrong`] if the current password is.
    pub async fn change_own_password(
        &self,
        caller: &Caller,
        current: Secret,
        new: Secret,
        from: RequestOrigin,
    ) -> Result<OpenedSession, SignInError> {
        let now = self.now();
        let user = self.0.store.user(&caller.id).await?.ok_or(SignInError::Wrong)?;
        let limits = throttle::sign_in(&user.email, from.peer);
        self.attempt(&limits, now).await?;
        let login = self.0.store.user_login(&user.email).await?;
        let known = login.and_then(|login| login.hash);
        let found = self.0.passwords.verify(current.clone(), known.clone()).await?;
        let (PasswordMatch::Right { .. }, Some(known)) = (found, known) else {
            return Err(SignInError::Wrong);
        };
        self.0.store.attempt_was_right(&limits, now).await?;
        check(&new, &user.email)?;
        if new.same(&current) {
            return Err(SignInError::Weak(WeakPassword::Same));
        }
        let hash = self.0.passwords.hash(new).await?;
        let row = row(now, &user, "user.password", &from);
        if !self.0.store.replace_password(&user.id, &known, hash.clone(), row).await? {
            return Err(SignInError::Wrong);
        }
        self.changed();
        self.open(User { must_change: false, ..user }, &hash, now, &from).await
    }

    /// Makes the first administrator, with the link that was printed, and signs in.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn set_up(
        &self,
        link: &str,
        first: FirstAdministrator,
        from: RequestOrigin,
    ) -> Result<OpenedSession, SignInError> {
        let (now, email) = (self.now(), normal_email(&first.email));
        self.attempt(&throttle::set_up(), now).await?;
        let digest = TokenDigest::of(link).ok_or(SignInError::Link)?;
        check(&first.password, &email)?;
        let user = User {
            id: new_id(),
            email,
            name: first.name,
            role: Role::Administrator,
            has_password: true,
            must_change: false,
            disabled: false,
            made_at: now,
        };
        let hash = self.0.passwords.hash(first.password).await?;
        let row = row(now, &user, "user.set_up", &from);
        let login = UserLogin { user: user.clone(), hash: Some(hash.clone()) };
        if !self.0.store.use_setup(&digest.to_text(), now, login, row).await? {
            return Err(SignInError::Link);
        }
        self.open(user, &hash, now, &from).await
    }

    async fn attempt(
        &self,
        limits: &[crate::store::sessions::AttemptLimit],
        now: i64,
    ) -> Result<(), SignInError> {
        match self.0.store.count_attempt(limits, now).await? {
            None => Ok(()),
            Some(opens_at) => {
                self.warn_of_tries(now);
                let wait = u64::try_from(opens_at - now).unwrap_or(0).max(1);
                Err(SignInError::Throttled(Duration::from_millis(wait)))
            }
        }
    }

    /// Says that passwords are being tried, once in a while: whoever tries them does not fill the log.
    fn warn_of_tries(&self, now: i64) {
        let warned = self.0.warned_of_tries.load(Ordering::Relaxed);
        let due = now.saturating_sub(warned) >= WARN_EVERY_MS;
        let swap = |at| {
            self.0.warned_of_tries.compare_exchange(
                warned,
                at,
                Ordering::Relaxed,
                Ordering::Relaxed,
            )
        };
        if due && swap(now).is_ok() {
            tracing::warn!("sign-in was refused: a password was tried too often");
        }
    }

    /// Takes away what holds a user up who was tried too often: the user has a new password, or is let in again.
    ///
    /// # Errors
    /// The store is not available.
    pub async fn forget_tries(&self, email: &str) -> Result<(), StoreError> {
        self.0.store.forget_attempts(&throttle::of_user(email)).await
    }

    /// Opens a session of a user whose password was compared with `hash`, if it still is that one.
    async fn open(
        &self,
        user: User,
        hash: &str,
        now: i64,
        from: &RequestOrigin,
    ) -> Result<OpenedSession, SignInError> {
        let (secret, digest) = new_token("")?;
        let session = Session {
            id: new_id(),
            user: user.id.clone(),
            opened_at: now,
            seen_at: now,
            ends_at: now + millis(self.0.settings.longest),
        };
        let row = row(now, &user, "session.open", from);
        let opened = self.0.store.open_session(&digest.to_text(), session.clone(), hash, row).await;
        if opened == Err(StoreError::Conflict("password")) {
            return Err(SignInError::Wrong);
        }
        opened?;
        Ok(OpenedSession { secret, session, user })
    }
}

fn row(now: i64, user: &User, action: &str, from: &RequestOrigin) -> AuditRow {
    let row = AuditRow::of_desk(now, action, format!("user:{}", user.id));
    AuditRow { who: user.id.clone(), role: user.role.to_string(), ..row }
        .in_request(from.request.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_at_sign_and_something_on_both_sides() {
        for text in ["agent01@desk.test", "a@b", "Ä.b+c@d.example.test"] {
            assert!(is_email(text), "{text}");
        }
        let long = format!("{}@b", "a".repeat(LONGEST_EMAIL));
        for text in ["", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\n", "a\u{0}@b", &long] {
            assert!(!is_email(text), "{text:?}");
        }
        assert_eq!(normal_email(" Agent01@Desk.Test "), "agent01@desk.test");
    }
}
