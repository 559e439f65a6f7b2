//! People: who they are, how they sign in, what is kept of them.
//!
//! Who asks is a [`Caller`]: found here from a session or a token, judged in
//! [`access`](crate::access).

pub mod command;
pub mod cookie;
pub mod demo;
pub mod fields;
pub mod origin;
pub mod password;
mod problems;
pub mod seal;
pub mod settings;
pub mod sign_in;
pub mod throttle;
pub mod token;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use ozonetel_sdk::auth::Secret;
use ozonetel_sdk::client::Clock;
use ozonetel_sdk::types::AgentId;

use crate::core::caller::{Caller, Role, Scope};
use crate::recent::RecentMap;
use crate::store::audit::AuditRow;
use crate::store::sessions::{ApiToken, Session, SignedIn};
use crate::store::users::AgentLink;
use crate::store::{Store, StoreError};

pub use settings::PeopleSettings;

/// What an agent whose phone name or extension is not known cannot do.
pub const LINE_COMMANDS: &str =
    "hold, mute, conference, transfer and the end of a call are refused where one is missing";

use password::PasswordWorkers;
use seal::{SealError, SealKey};
use token::{NoRandomness, TOKEN_PREFIX, TokenDigest, new_token};

/// How long what was found of a session or token is taken for true. What this desk changes counts at once; what another
/// desk on the same store changes, after this time.
const KNOWN_FOR: Duration = Duration::from_secs(2);

/// How many sessions and tokens are known at once.
const MOST_KNOWN: usize = 20_000;

/// How exactly the last use of a session is kept.
const TOUCH_MS: i64 = 60_000;

/// How long the first administrator's link can be used.
pub const SET_UP_LINK: Duration = Duration::from_hours(1);

/// People, and how they are let in. Cheap to clone; clones share.
#[derive(Clone)]
pub struct People(Arc<Shared>);

struct Shared {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    settings: PeopleSettings,
    passwords: PasswordWorkers,
    known: RecentMap<TokenDigest, Arc<KnownCaller>>,
    /// Rises with every change of users, links, teams, sessions or tokens: what was found before counts no more.
    generation: AtomicU64,
    has_administrator: AtomicBool,
}

/// What was found of a session or token.
#[derive(Debug)]
struct KnownCaller {
    generation: u64,
    caller: Caller,
    session: Option<Session>,
    ends_at: Option<i64>,
    token: Option<String>,
    seen_at: AtomicI64,
}

/// Who asks, and the session this rests on.
#[derive(Debug, Clone)]
pub struct Presented {
    /// Who asks.
    pub caller: Caller,
    /// The session; none for a token.
    pub session: Option<Session>,
    /// What it was shown by.
    pub proof: Proof,
}

/// What a caller was shown by, without its secret: to ask again later whether it still counts.
#[derive(Debug, Clone)]
pub struct Proof {
    digest: TokenDigest,
    is_session: bool,
}

impl fmt::Debug for People {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("People").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

/// Why something about people was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeopleError {
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness could be had.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// There is no key to seal with.
    #[error("an agent's password can be kept only with a key: set DESK_KEY_FILE or DESK_KEY")]
    NoKey,
    /// The secret cannot be sealed or opened.
    #[error("the agent's password {0}")]
    Seal(#[from] SealError),
}

/// What is known of an agent's phone and login, with the passwords opened.
#[derive(Debug, Clone)]
pub struct AgentLogin {
    /// The link; its own passwords are sealed.
    pub link: AgentLink,
    /// The agent's password.
    pub password: Option<Secret>,
    /// The extension's SIP password.
    pub sip_password: Option<Secret>,
}

/// The passwords of a link as they are given, to be sealed. Those that are not given stay as they are.
#[derive(Debug, Clone, Default)]
pub struct LinkSecrets {
    /// The agent's password.
    pub password: Option<Secret>,
    /// The extension's SIP password.
    pub sip_password: Option<Secret>,
}

impl People {
    /// People on a store, by a clock.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, settings: PeopleSettings) -> Self {
        Self::with_passwords(store, clock, settings, PasswordWorkers::default())
    }

    /// The same with passwords hashed at another cost.
    pub fn with_passwords(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        settings: PeopleSettings,
        passwords: PasswordWorkers,
    ) -> Self {
        Self(Arc::new(Shared {
            store,
            clock,
            settings,
            passwords,
            known: RecentMap::new(MOST_KNOWN, KNOWN_FOR),
            generation: AtomicU64::new(0),
            has_administrator: AtomicBool::new(false),
        }))
    }

    /// Where people are kept.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }

    /// The settings.
    pub fn settings(&self) -> &PeopleSettings {
        &self.0.settings
    }

    /// Who hashes passwords.
    pub fn passwords(&self) -> &PasswordWorkers {
        &self.0.passwords
    }

    /// Now, in milliseconds since 1970.
    pub fn now(&self) -> i64 {
        let since = self.0.clock.now().duration_since(SystemTime::UNIX_EPOCH);
        i64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
    }

    /// Sessions that were not used since this time have ended.
    pub fn idle_since(&self, now: i64) -> i64 {
        now - millis(self.0.settings.idle)
    }

    /// Says that users, links, teams, sessions or tokens have changed: from now on they are looked up anew.
    pub fn changed(&self) {
        self.0.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether the desk may serve: there is an administrator, or none is needed.
    ///
    /// # Errors
    /// The store is not available.
    pub async fn is_set_up(&self) -> Result<bool, StoreError> {
        // Who is the last one cannot be removed, so that it is true for good.
        if !self.0.settings.needs_administrator || self.0.has_administrator.load(Ordering::Acquire)
        {
            return Ok(true);
        }
        let found = self.0.store.has_administrator().await?;
        self.0.has_administrator.store(found, Ordering::Release);
        Ok(found)
    }

    /// Who presents the secret of an API token.
    ///
    /// # Errors
    /// The store is not available.
    pub async fn with_token(&self, secret: &str) -> Result<Option<Presented>, StoreError> {
        match TokenDigest::of(secret) {
            Some(digest) => self.token_of(digest).await,
            None => Ok(None),
        }
    }

    async fn token_of(&self, digest: TokenDigest) -> Result<Option<Presented>, StoreError> {
        let now = self.now();
        if let Some(known) = self.known(&digest, now).filter(|known| known.token.is_some()) {
            return Ok(Some(self.use_known(digest, &known, now).await));
        }
        let generation = self.0.generation.load(Ordering::Acquire);
        let Some(token) = self.0.store.token(&digest.to_text(), now).await? else {
            return Ok(None);
        };
        let known = KnownCaller {
            generation,
            caller: caller_of_token(&token),
            session: None,
            ends_at: token.ends_at,
            seen_at: AtomicI64::new(token.seen_at.unwrap_or(0)),
            token: Some(token.id),
        };
        Ok(Some(self.keep(digest, known, now).await))
    }

    /// Who presents the secret of a session.
    ///
    /// # Errors
    /// The store is not available.
    pub async fn with_session(&self, secret: &str) -> Result<Option<Presented>, StoreError> {
        match TokenDigest::of(secret) {
            Some(digest) => self.session_of(digest).await,
            None => Ok(None),
        }
    }

    /// Who has a session or token now: what it presented may have ended since, or show other records. Counts as a use.
    ///
    /// # Errors
    /// The store is not available.
    pub async fn again(&self, proof: &Proof) -> Result<Option<Caller>, StoreError> {
        let digest = proof.digest.clone();
        let presented = if proof.is_session {
            self.session_of(digest).await?
        } else {
            self.token_of(digest).await?
        };
        Ok(presented.map(|presented| presented.caller))
    }

    async fn session_of(&self, digest: TokenDigest) -> Result<Option<Presented>, StoreError> {
        let now = self.now();
        if let Some(known) = self.known(&digest, now).filter(|known| known.session.is_some()) {
            return Ok(Some(self.use_known(digest, &known, now).await));
        }
        let generation = self.0.generation.load(Ordering::Acquire);
        let found = self.0.store.signed_in(&digest.to_text(), now, self.idle_since(now)).await?;
        let Some(found) = found else { return Ok(None) };
        let known = KnownCaller {
            generation,
            caller: caller_of_session(&found),
            ends_at: Some(found.session.ends_at),
            seen_at: AtomicI64::new(found.session.seen_at),
            session: Some(found.session),
            token: None,
        };
        Ok(Some(self.keep(digest, known, now).await))
    }

    /// What is known of a digest and counts still.
    fn known(&self, digest: &TokenDigest, now: i64) -> Option<Arc<KnownCaller>> {
        let known = self.0.known.get(digest)?;
        let same = known.generation == self.0.generation.load(Ordering::Acquire);
        let lasts = known.ends_at.is_none_or(|ends_at| ends_at > now);
        let seen_at = known.seen_at.load(Ordering::Relaxed);
        let used = known.session.is_none() || seen_at > self.idle_since(now);
        (same && lasts && used).then_some(known)
    }

    async fn keep(&self, digest: TokenDigest, known: KnownCaller, now: i64) -> Presented {
        let known = Arc::new(known);
        self.0.known.put(digest.clone(), Arc::clone(&known));
        self.use_known(digest, &known, now).await
    }

    /// Uses a session or token; once a minute the store is told.
    async fn use_known(&self, digest: TokenDigest, known: &KnownCaller, now: i64) -> Presented {
        let seen_at = known.seen_at.load(Ordering::Relaxed);
        let due = now - seen_at >= TOUCH_MS;
        let turn = due
            && known
                .seen_at
                .compare_exchange(seen_at, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if turn {
            let touched = match (&known.session, &known.token) {
                (Some(session), _) => self.0.store.touch_session(&session.id, now).await,
                (None, Some(token)) => self.0.store.touch_token(token, now).await,
                (None, None) => Ok(()),
            };
            if let Err(error) = touched {
                tracing::warn!(%error, "the last use of a session was not kept");
            }
        }
        let proof = Proof { digest, is_session: known.session.is_some() };
        Presented { caller: known.caller.clone(), session: known.session.clone(), proof }
    }

    /// Makes a token; its secret is shown once.
    ///
    /// # Errors
    /// [`PeopleError::Store`], [`PeopleError::Random`].
    pub async fn add_token(&self, token: ApiToken, audit: AuditRow) -> Result<Secret, PeopleError> {
        let (secret, digest) = new_token(TOKEN_PREFIX)?;
        self.0.store.add_token(&digest.to_text(), token, audit).await?;
        Ok(secret)
    }

    /// Offers a link with which the first administrator is made, in place of the one before: its secret.
    ///
    /// # Errors
    /// [`PeopleError::Store`], [`PeopleError::Random`].
    pub async fn offer_setup(&self) -> Result<Secret, PeopleError> {
        let (secret, digest) = new_token("")?;
        let ends_at = self.now() + millis(SET_UP_LINK);
        self.0.store.offer_setup(&digest.to_text(), ends_at).await?;
        Ok(secret)
    }

    /// Links a user to an agent, with the passwords sealed.
    ///
    /// # Errors
    /// [`PeopleError`].
    pub async fn set_link(
        &self,
        mut link: AgentLink,
        secrets: LinkSecrets,
        audit: AuditRow,
    ) -> Result<(), PeopleError> {
        let before = self.0.store.link_of_agent(&link.agent).await?;
        let before = before.filter(|before| before.user == link.user);
        let seal = |secret: Option<Secret>, what: &str, before: Option<String>| match secret {
            None => Ok(before),
            Some(secret) => {
                let key = self.0.settings.key.as_ref().ok_or(PeopleError::NoKey)?;
                Ok::<_, PeopleError>(Some(key.seal(&owner(&link, what), &secret)?))
            }
        };
        let (password, sip_password) =
            before.map_or((None, None), |before| (before.password, before.sip_password));
        let password = seal(secrets.password, "agent", password)?;
        let sip_password = seal(secrets.sip_password, "sip", sip_password)?;
        link.password = password;
        link.sip_password = sip_password;
        self.0.store.set_link(link, audit).await?;
        self.changed();
        Ok(())
    }

    /// What is known of an agent's phone and login.
    ///
    /// # Errors
    /// [`PeopleError`]; a sealed password without its key is one.
    pub async fn agent_login(&self, agent: &AgentId) -> Result<Option<AgentLogin>, PeopleError> {
        let Some(link) = self.0.store.link_of_agent(agent).await? else { return Ok(None) };
        let open = |sealed: &Option<String>, what: &str| {
            let Some(sealed) = sealed else { return Ok(None) };
            let key = self.0.settings.key.as_ref().ok_or(PeopleError::NoKey)?;
            Ok::<_, PeopleError>(Some(key.open(&owner(&link, what), sealed)?))
        };
        let password = open(&link.password, "agent")?;
        let sip_password = open(&link.sip_password, "sip")?;
        Ok(Some(AgentLogin { link, password, sip_password }))
    }

    /// Removes sessions that have ended.
    ///
    /// # Errors
    /// The store is not available.
    pub async fn sweep(&self) -> Result<u64, StoreError> {
        let now = self.now();
        self.0.store.sweep_sessions(now, self.idle_since(now)).await
    }
}

/// How many of the agents' passwords that are kept a key opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sealed {
    /// Those that it opens.
    pub opened: usize,
    /// Those that it does not, or all without one.
    pub closed: usize,
}

impl Sealed {
    /// Tries each password of these links.
    pub fn of(links: &[AgentLink], key: Option<&SealKey>) -> Self {
        let mut found = Self::default();
        for link in links {
            for (sealed, what) in [(&link.password, "agent"), (&link.sip_password, "sip")] {
                let Some(sealed) = sealed else { continue };
                let opens = key.is_some_and(|key| key.open(&owner(link, what), sealed).is_ok());
                *(if opens { &mut found.opened } else { &mut found.closed }) += 1;
            }
        }
        found
    }
}

/// Whose secret it is: sealed for one user, agent and use, it opens for no other.
fn owner(link: &AgentLink, what: &str) -> String {
    format!("{}/{}/{what}", link.user, link.agent.key().unwrap_or_default())
}

fn caller_of_token(token: &ApiToken) -> Caller {
    let scope = match token.role {
        Role::Administrator | Role::Service => Scope::All,
        Role::Agent | Role::Supervisor => Scope::Agents(token.agents.clone()),
    };
    let own = if token.role == Role::Supervisor { Vec::new() } else { token.agents.clone() };
    Caller {
        id: token.id.clone(),
        role: token.role,
        own,
        scope,
        is_person: false,
        must_change_password: false,
    }
}

fn caller_of_session(found: &SignedIn) -> Caller {
    let own: Vec<_> = found.agent.iter().cloned().collect();
    let scope = match found.user.role {
        Role::Administrator => Scope::All,
        _ => Scope::Agents(own.iter().chain(&found.team).cloned().collect()),
    };
    Caller {
        id: found.user.id.clone(),
        role: found.user.role,
        own,
        scope,
        is_person: true,
        must_change_password: found.user.must_change,
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
