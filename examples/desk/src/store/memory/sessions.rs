//! Sessions, tokens, attempts and the set-up link, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use ozonetel_sdk::types::AgentId;

use super::{Memory, State};
use crate::core::caller::Role;
use crate::store::audit::AuditRow;
use crate::store::error::StoreError;
use crate::store::sessions::{ApiToken, AttemptLimit, Session, Sessions, SignedIn};
use crate::store::users::UserLogin;

#[derive(Debug, Default)]
pub(super) struct SessionTable {
    sessions: BTreeMap<String, Session>,
    tokens: BTreeMap<String, ApiToken>,
    /// Tries, and when the window ends.
    attempts: BTreeMap<String, (u32, i64)>,
    setup: Option<(String, i64)>,
}

impl SessionTable {
    /// Ends all sessions of a user.
    pub(super) fn end_of_user(&mut self, user: &str) {
        self.sessions.retain(|_, session| session.user != user);
    }

    fn is_marked(&self, limit: &AttemptLimit, at: i64) -> bool {
        let mark = limit.unless.as_ref().and_then(|mark| self.attempts.get(&mark.key));
        mark.is_some_and(|(_, ends_at)| *ends_at > at)
    }

    fn live(&self, at: i64, idle_since: i64) -> impl Iterator<Item = (&String, &Session)> {
        self.sessions.iter().filter(move |(_, s)| s.ends_at > at && s.seen_at > idle_since)
    }
}

fn signed_in(state: &State, session: &Session) -> Option<SignedIn> {
    let user = state.users.users.get(&session.user).map(|login| login.user.clone())?;
    if user.disabled {
        return None;
    }
    let mut team: Vec<AgentId> = if user.role == Role::Supervisor {
        let teams = state.users.teams.values().filter(|team| team.supervisors.contains(&user.id));
        teams.flat_map(|team| team.agents.clone()).collect()
    } else {
        Vec::new()
    };
    team.sort_by_key(AgentId::key);
    team.dedup();
    let agent = state.users.links.get(&user.id).map(|link| link.agent.clone());
    Some(SignedIn { session: session.clone(), user, agent, team })
}

#[async_trait]
impl Sessions for Memory {
    async fn open_session(
        &self,
        digest: &str,
        session: Session,
        hash: &str,
        audit: AuditRow,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            let login = state.users.users.get(&session.user);
            let login = login.ok_or(StoreError::Missing("user"))?;
            if login.user.disabled || login.hash.as_deref() != Some(hash) {
                return Err(StoreError::Conflict("password"));
            }
            let sessions = &mut state.sessions.sessions;
            if sessions.contains_key(digest) || sessions.values().any(|s| s.id == session.id) {
                return Err(StoreError::Taken("the session"));
            }
            sessions.insert(digest.to_owned(), session);
            state.audit.push(audit);
            Ok(())
        })
        .await
    }

    async fn signed_in(
        &self,
        digest: &str,
        at: i64,
        idle_since: i64,
    ) -> Result<Option<SignedIn>, StoreError> {
        self.read(|state| {
            let mut live = state.sessions.live(at, idle_since);
            let found = live.find(|(found, _)| *found == digest);
            Ok(found.and_then(|(_, session)| signed_in(state, session)))
        })
        .await
    }

    async fn touch_session(&self, id: &str, at: i64) -> Result<(), StoreError> {
        self.write(|state| {
            for session in state.sessions.sessions.values_mut().filter(|s| s.id == id) {
                session.seen_at = session.seen_at.max(at);
            }
            Ok(())
        })
        .await
    }

    async fn sessions_of(
        &self,
        user: &str,
        at: i64,
        idle_since: i64,
    ) -> Result<Vec<Session>, StoreError> {
        self.read(|state| {
            let live = state.sessions.live(at, idle_since).map(|(_, session)| session);
            let mut found: Vec<_> = live.filter(|s| s.user == user).cloned().collect();
            found.sort_by(|one, other| (other.opened_at, &other.id).cmp(&(one.opened_at, &one.id)));
            Ok(found)
        })
        .await
    }

    async fn end_session(&self, user: &str, id: &str, audit: AuditRow) -> Result<bool, StoreError> {
        self.write(|state| {
            let all = state.sessions.sessions.len();
            state.sessions.sessions.retain(|_, s| s.user != user || s.id != id);
            let found = state.sessions.sessions.len() < all;
            state.audit.extend(found.then_some(audit));
            Ok(found)
        })
        .await
    }

    async fn end_sessions_of(&self, user: &str, audit: AuditRow) -> Result<bool, StoreError> {
        self.write(|state| {
            let found = state.users.users.contains_key(user);
            if found {
                state.sessions.end_of_user(user);
                state.audit.push(audit);
            }
            Ok(found)
        })
        .await
    }

    async fn sweep_sessions(&self, at: i64, idle_since: i64) -> Result<u64, StoreError> {
        self.write(|state| {
            let all = state.sessions.sessions.len();
            state.sessions.sessions.retain(|_, s| s.ends_at > at && s.seen_at > idle_since);
            state.sessions.attempts.retain(|_, (_, ends_at)| *ends_at > at);
            Ok(u64::try_from(all - state.sessions.sessions.len()).unwrap_or(u64::MAX))
        })
        .await
    }

    async fn add_token(
        &self,
        digest: &str,
        token: ApiToken,
        audit: AuditRow,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            let tokens = &mut state.sessions.tokens;
            if tokens.contains_key(digest) || tokens.values().any(|other| other.id == token.id) {
                return Err(StoreError::Taken("the token"));
            }
            tokens.insert(digest.to_owned(), token);
            state.audit.push(audit);
            Ok(())
        })
        .await
    }

    async fn token(&self, digest: &str, at: i64) -> Result<Option<ApiToken>, StoreError> {
        self.read(|state| {
            let found = state.sessions.tokens.get(digest);
            Ok(found.filter(|token| token.ends_at.is_none_or(|ends_at| ends_at > at)).cloned())
        })
        .await
    }

    async fn touch_token(&self, id: &str, at: i64) -> Result<(), StoreError> {
        self.write(|state| {
            for token in state.sessions.tokens.values_mut().filter(|token| token.id == id) {
                token.seen_at = token.seen_at.max(Some(at));
            }
            Ok(())
        })
        .await
    }

    async fn tokens(&self) -> Result<Vec<ApiToken>, StoreError> {
        self.read(|state| {
            let mut tokens: Vec<_> = state.sessions.tokens.values().cloned().collect();
            tokens.sort_by(|one, other| (other.made_at, &other.id).cmp(&(one.made_at, &one.id)));
            Ok(tokens)
        })
        .await
    }

    async fn remove_token(&self, id: &str, audit: AuditRow) -> Result<bool, StoreError> {
        self.write(|state| {
            let all = state.sessions.tokens.len();
            state.sessions.tokens.retain(|_, token| token.id != id);
            let found = state.sessions.tokens.len() < all;
            state.audit.extend(found.then_some(audit));
            Ok(found)
        })
        .await
    }

    async fn count_attempt(
        &self,
        limits: &[AttemptLimit],
        at: i64,
    ) -> Result<Option<i64>, StoreError> {
        self.write(|state| {
            for limit in limits {
                if state.sessions.is_marked(limit, at) {
                    continue;
                }
                let entry = state.sessions.attempts.entry(limit.key.clone()).or_default();
                if entry.1 <= at {
                    *entry = (0, at + limit.window_ms);
                }
                entry.0 += 1;
                if entry.0 > limit.most {
                    return Ok(Some(entry.1));
                }
            }
            Ok(None)
        })
        .await
    }

    async fn attempt_was_right(&self, limits: &[AttemptLimit], at: i64) -> Result<(), StoreError> {
        self.write(|state| {
            for limit in limits {
                let is_marked = state.sessions.is_marked(limit, at);
                let attempts = &mut state.sessions.attempts;
                if limit.is_cleared && !is_marked {
                    attempts.remove(&limit.key);
                } else if !is_marked && let Some((tries, _)) = attempts.get_mut(&limit.key) {
                    *tries = tries.saturating_sub(1);
                }
                if let Some(mark) = &limit.unless {
                    attempts.insert(mark.key.clone(), (0, at + mark.lasts_ms));
                }
            }
            Ok(())
        })
        .await
    }

    async fn forget_attempts(&self, prefixes: &[String]) -> Result<(), StoreError> {
        self.write(|state| {
            let is_one = |key: &String| prefixes.iter().any(|prefix| key.starts_with(prefix));
            state.sessions.attempts.retain(|key, _| !is_one(key));
            Ok(())
        })
        .await
    }

    async fn offer_setup(&self, digest: &str, ends_at: i64) -> Result<(), StoreError> {
        self.write(|state| {
            state.sessions.setup = Some((digest.to_owned(), ends_at));
            Ok(())
        })
        .await
    }

    async fn use_setup(
        &self,
        digest: &str,
        at: i64,
        login: UserLogin,
        audit: AuditRow,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let offered = state.sessions.setup.as_ref();
            let usable = offered.is_some_and(|(offered, ends)| offered == digest && *ends > at);
            if !usable || state.users.administrators() > 0 {
                return Ok(false);
            }
            state.users.insert(login)?;
            state.sessions.setup = None;
            state.audit.push(audit);
            Ok(true)
        })
        .await
    }
}
