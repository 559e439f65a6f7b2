//! Who is signed in: sessions, API tokens, the first administrator's link, and how often something was tried.

mod attempts;

use async_trait::async_trait;
use ozonetel_sdk::types::AgentId;

use super::audit::{self, AuditRow};
use super::conn::{Row, args};
use super::db::Db;
use super::error::StoreError;
use super::tx::Tx;
use super::users::{
    USER, User, UserLogin, administrators, insert_user, lock_administrators, user_of,
};
use crate::core::caller::Role;

pub use attempts::{AttemptLimit, AttemptMark};
use attempts::{count_one, is_marked, was_right};

/// A session of a user. The secret in the cookie is not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The id, to list and end it by.
    pub id: String,
    /// The user.
    pub user: String,
    /// When the user signed in, in milliseconds since 1970.
    pub opened_at: i64,
    /// When it was last used, to the minute.
    pub seen_at: i64,
    /// When it ends, however much it is used.
    pub ends_at: i64,
}

/// A session with what a request that rests on it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// Its user.
    pub user: User,
    /// The agent that the user is.
    pub agent: Option<AgentId>,
    /// The agents of the teams that the user looks after.
    pub team: Vec<AgentId>,
}

/// A token of a program. The secret is not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// The id, to list and revoke it by.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The agents it acts for.
    pub agents: Vec<AgentId>,
    /// The user who made it.
    pub made_by: String,
    /// When it was made, in milliseconds since 1970.
    pub made_at: i64,
    /// When it ends.
    pub ends_at: Option<i64>,
    /// When it was last used, to the minute.
    pub seen_at: Option<i64>,
}

/// Sessions, tokens, attempts and the set-up link. Digests are those of the secrets.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Opens a session of a user whose password was compared with a hash.
    ///
    /// # Errors
    /// [`StoreError::Taken`] if the digest or id is in use; [`StoreError::Missing`] without such a user;
    /// [`StoreError::Conflict`] if the password is another one meanwhile, or the user is disabled.
    async fn open_session(
        &self,
        digest: &str,
        session: Session,
        hash: &str,
        audit: AuditRow,
    ) -> Result<(), StoreError>;

    /// The session of a digest with its user, unless it has ended, was not used since a time, or the user is disabled.
    ///
    /// # Errors
    /// The store is not available.
    async fn signed_in(
        &self,
        digest: &str,
        at: i64,
        idle_since: i64,
    ) -> Result<Option<SignedIn>, StoreError>;

    /// Notes that a session was used.
    ///
    /// # Errors
    /// The store is not available.
    async fn touch_session(&self, id: &str, at: i64) -> Result<(), StoreError>;

    /// Sessions of a user that have not ended, newest first.
    ///
    /// # Errors
    /// The store is not available.
    async fn sessions_of(
        &self,
        user: &str,
        at: i64,
        idle_since: i64,
    ) -> Result<Vec<Session>, StoreError>;

    /// Ends a session of a user; whether there was one.
    ///
    /// # Errors
    /// The store is not available.
    async fn end_session(&self, user: &str, id: &str, audit: AuditRow) -> Result<bool, StoreError>;

    /// Ends all sessions of a user; whether there is such a user.
    ///
    /// # Errors
    /// The store is not available.
    async fn end_sessions_of(&self, user: &str, audit: AuditRow) -> Result<bool, StoreError>;

    /// Removes sessions that have ended by either limit, and counters whose time is over; how many sessions.
    ///
    /// # Errors
    /// The store is not available.
    async fn sweep_sessions(&self, at: i64, idle_since: i64) -> Result<u64, StoreError>;

    /// Adds a token.
    ///
    /// # Errors
    /// [`StoreError::Taken`] if the digest or id is in use.
    async fn add_token(
        &self,
        digest: &str,
        token: ApiToken,
        audit: AuditRow,
    ) -> Result<(), StoreError>;

    /// The token of a digest, unless it has ended.
    ///
    /// # Errors
    /// The store is not available.
    async fn token(&self, digest: &str, at: i64) -> Result<Option<ApiToken>, StoreError>;

    /// Notes that a token was used.
    ///
    /// # Errors
    /// The store is not available.
    async fn touch_token(&self, id: &str, at: i64) -> Result<(), StoreError>;

    /// All tokens, newest first.
    ///
    /// # Errors
    /// The store is not available.
    async fn tokens(&self) -> Result<Vec<ApiToken>, StoreError>;

    /// Revokes a token; whether there was one.
    ///
    /// # Errors
    /// The store is not available.
    async fn remove_token(&self, id: &str, audit: AuditRow) -> Result<bool, StoreError>;

    /// Counts one attempt against each limit in turn, up to the first that is used up: when that one opens again.
    ///
    /// # Errors
    /// The store is not available.
    async fn count_attempt(
        &self,
        limits: &[AttemptLimit],
        at: i64,
    ) -> Result<Option<i64>, StoreError>;

    /// The attempt that was counted against these limits was right.
    ///
    /// # Errors
    /// The store is not available.
    async fn attempt_was_right(&self, limits: &[AttemptLimit], at: i64) -> Result<(), StoreError>;

    /// Takes the counters away whose keys begin with one of these.
    ///
    /// # Errors
    /// The store is not available.
    async fn forget_attempts(&self, prefixes: &[String]) -> Result<(), StoreError>;

    /// Offers a link that makes the first administrator, in place of the one before.
    ///
    /// # Errors
    /// The store is not available.
    async fn offer_setup(&self, digest: &str, ends_at: i64) -> Result<(), StoreError>;

    /// Uses the link: adds the administrator and takes the link away. Whether it could be used: it is the one that was
    /// offered, has not ended, and there is no administrator yet.
    ///
    /// # Errors
    /// [`StoreError::Taken`] if the address is in use.
    async fn use_setup(
        &self,
        digest: &str,
        at: i64,
        login: UserLogin,
        audit: AuditRow,
    ) -> Result<bool, StoreError>;
}

fn session_of(row: &Row) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.get("id")?,
        user: row.get("user_id")?,
        opened_at: row.get("opened_at")?,
        seen_at: row.get("seen_at")?,
        ends_at: row.get("ends_at")?,
    })
}

fn token_of(row: &Row) -> Result<ApiToken, StoreError> {
    let (role, agents) = (row.get::<String>("role")?, row.get::<String>("agents")?);
    Ok(ApiToken {
        id: row.get("id")?,
        name: row.get("name")?,
        role: role.parse().map_err(|_| StoreError::Corrupt("role"))?,
        agents: serde_json::from_str(&agents).map_err(|_| StoreError::Corrupt("list of agents"))?,
        made_by: row.get("made_by")?,
        made_at: row.get("made_at")?,
        ends_at: row.get("ends_at")?,
        seen_at: row.get("seen_at")?,
    })
}

fn agent_of(row: &Row) -> Result<AgentId, StoreError> {
    Ok(AgentId::from(row.get::<String>("agent")?))
}

async fn read_signed_in(
    tx: &mut Tx,
    digest: &str,
    at: i64,
    idle_since: i64,
) -> Result<Option<SignedIn>, StoreError> {
    let select = format!(
        "SELECT s.id, s.opened_at, s.seen_at, s.ends_at, {USER}, l.agent \
         FROM desk_session s JOIN desk_user u ON u.id = s.user_id \
         LEFT JOIN desk_agent_link l ON l.user_id = s.user_id \
         WHERE s.digest = $1 AND s.ends_at > $2 AND s.seen_at > $3 AND u.disabled = 0"
    );
    let row = tx.row(sqlx::AssertSqlSafe(select), args![digest, at, idle_since]).await?;
    let Some(row) = row else { return Ok(None) };
    let (session, user) = (session_of(&row)?, user_of(&row)?);
    let agent: Option<String> = row.get("agent")?;
    let team = if user.role == Role::Supervisor {
        let select = "SELECT DISTINCT a.agent, a.agent_key FROM desk_team_agent a \
                      JOIN desk_team_supervisor s ON s.team_id = a.team_id \
                      WHERE s.user_id = $1 ORDER BY a.agent_key";
        let rows = tx.rows(select, args![&user.id]).await?;
        rows.iter().map(agent_of).collect::<Result<_, _>>()?
    } else {
        Vec::new()
    };
    Ok(Some(SignedIn { session, user, agent: agent.map(AgentId::from), team }))
}

#[async_trait]
impl Sessions for Db {
    async fn open_session(
        &self,
        digest: &str,
        session: Session,
        hash: &str,
        row: AuditRow,
    ) -> Result<(), StoreError> {
        let (digest, hash) = (digest.to_owned(), hash.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                // Whoever changes the password afterwards ends this session too.
                let user = if tx.is_postgres() {
                    "SELECT password, disabled FROM desk_user WHERE id = $1 FOR UPDATE"
                } else {
                    "SELECT password, disabled FROM desk_user WHERE id = $1"
                };
                let Some(user) = tx.row(user, args![&session.user]).await? else {
                    return Err(StoreError::Missing("user"));
                };
                let known: Option<String> = user.get("password")?;
                if user.flag("disabled")? || known.as_deref() != Some(&hash) {
                    return Err(StoreError::Conflict("password"));
                }
                let insert = "INSERT INTO desk_session \
                              (digest, id, user_id, opened_at, seen_at, ends_at) \
                              VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
                let Session { id, user, opened_at, seen_at, ends_at } = session;
                let args = args![digest, id, user, opened_at, seen_at, ends_at];
                if tx.execute(insert, args).await? == 0 {
                    return Err(StoreError::Taken("the session"));
                }
                audit::append(tx, &[row]).await
            })
        })
        .await
    }

    async fn signed_in(
        &self,
        digest: &str,
        at: i64,
        idle_since: i64,
    ) -> Result<Option<SignedIn>, StoreError> {
        let digest = digest.to_owned();
        self.read(move |tx| {
            Box::pin(async move { read_signed_in(tx, &digest, at, idle_since).await })
        })
        .await
    }

    async fn touch_session(&self, id: &str, at: i64) -> Result<(), StoreError> {
        // A later use may be written first.
        let args = args![at, id, at];
        self.write(move |tx| {
            Box::pin(async move {
                let touch = "UPDATE desk_session SET seen_at = $1 WHERE id = $2 AND seen_at < $3";
                tx.execute(touch, args).await?;
                Ok(())
            })
        })
        .await
    }

    async fn sessions_of(
        &self,
        user: &str,
        at: i64,
        idle_since: i64,
    ) -> Result<Vec<Session>, StoreError> {
        let args = args![user, at, idle_since];
        self.read(move |tx| {
            Box::pin(async move {
                let select = "SELECT id, user_id, opened_at, seen_at, ends_at FROM desk_session \
                              WHERE user_id = $1 AND ends_at > $2 AND seen_at > $3 \
                              ORDER BY opened_at DESC, id DESC";
                tx.rows(select, args).await?.iter().map(session_of).collect()
            })
        })
        .await
    }

    async fn end_session(&self, user: &str, id: &str, row: AuditRow) -> Result<bool, StoreError> {
        let args = args![user, id];
        self.write(move |tx| {
            Box::pin(async move {
                let delete = "DELETE FROM desk_session WHERE user_id = $1 AND id = $2";
                if tx.execute(delete, args).await? == 0 {
                    return Ok(false);
                }
                audit::append(tx, &[row]).await?;
                Ok(true)
            })
        })
        .await
    }

    async fn end_sessions_of(&self, user: &str, row: AuditRow) -> Result<bool, StoreError> {
        let user = user.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let select = "SELECT id FROM desk_user WHERE id = $1";
                if tx.row(select, args![&user]).await?.is_none() {
                    return Ok(false);
                }
                tx.execute("DELETE FROM desk_session WHERE user_id = $1", args![&user]).await?;
                audit::append(tx, &[row]).await?;
                Ok(true)
            })
        })
        .await
    }

    async fn sweep_sessions(&self, at: i64, idle_since: i64) -> Result<u64, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                tx.execute("DELETE FROM desk_attempt WHERE ends_at <= $1", args![at]).await?;
                let delete = "DELETE FROM desk_session WHERE ends_at <= $1 OR seen_at <= $2";
                tx.execute(delete, args![at, idle_since]).await
            })
        })
        .await
    }

    async fn add_token(
        &self,
        digest: &str,
        token: ApiToken,
        row: AuditRow,
    ) -> Result<(), StoreError> {
        let digest = digest.to_owned();
        let agents = serde_json::to_string(&token.agents);
        let agents = agents.map_err(|_| StoreError::Corrupt("list of agents"))?;
        self.write(move |tx| {
            Box::pin(async move {
                let insert = "INSERT INTO desk_token \
                              (digest, id, name, role, agents, made_by, made_at, ends_at, seen_at) \
                              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
                let ApiToken { id, name, role, made_by, made_at, ends_at, seen_at, .. } = token;
                let args = args![
                    digest,
                    id,
                    name,
                    role.as_str(),
                    agents,
                    made_by,
                    made_at,
                    ends_at,
                    seen_at
                ];
                if tx.execute(insert, args).await? == 0 {
                    return Err(StoreError::Taken("the token"));
                }
                audit::append(tx, &[row]).await
            })
        })
        .await
    }

    async fn token(&self, digest: &str, at: i64) -> Result<Option<ApiToken>, StoreError> {
        let args = args![digest, at];
        self.read(move |tx| {
            Box::pin(async move {
                let select = "SELECT * FROM desk_token \
                              WHERE digest = $1 AND (ends_at IS NULL OR ends_at > $2)";
                tx.row(select, args).await?.as_ref().map(token_of).transpose()
            })
        })
        .await
    }

    async fn touch_token(&self, id: &str, at: i64) -> Result<(), StoreError> {
        let args = args![at, id, at];
        self.write(move |tx| {
            Box::pin(async move {
                let touch = "UPDATE desk_token SET seen_at = $1 \
                             WHERE id = $2 AND (seen_at IS NULL OR seen_at < $3)";
                tx.execute(touch, args).await?;
                Ok(())
            })
        })
        .await
    }

    async fn tokens(&self) -> Result<Vec<ApiToken>, StoreError> {
        self.read(|tx| {
            Box::pin(async move {
                let select = "SELECT * FROM desk_token ORDER BY made_at DESC, id DESC";
                tx.rows(select, args![]).await?.iter().map(token_of).collect()
            })
        })
        .await
    }

    async fn remove_token(&self, id: &str, row: AuditRow) -> Result<bool, StoreError> {
        let args = args![id];
        self.write(move |tx| {
            Box::pin(async move {
                if tx.execute("DELETE FROM desk_token WHERE id = $1", args).await? == 0 {
                    return Ok(false);
                }
                audit::append(tx, &[row]).await?;
                Ok(true)
            })
        })
        .await
    }

    async fn count_attempt(
        &self,
        limits: &[AttemptLimit],
        at: i64,
    ) -> Result<Option<i64>, StoreError> {
        let limits = limits.to_vec();
        self.write(move |tx| {
            Box::pin(async move {
                // In their own order, so that two attempts lock the rows that they share in the same one.
                for limit in &limits {
                    if is_marked(tx, limit, at).await? {
                        continue;
                    }
                    if let Some(opens_at) = count_one(tx, limit, at).await? {
                        return Ok(Some(opens_at));
                    }
                }
                Ok(None)
            })
        })
        .await
    }

    async fn attempt_was_right(&self, limits: &[AttemptLimit], at: i64) -> Result<(), StoreError> {
        let limits = limits.to_vec();
        self.write(move |tx| {
            Box::pin(async move {
                for limit in &limits {
                    was_right(tx, limit, at).await?;
                }
                Ok(())
            })
        })
        .await
    }

    async fn forget_attempts(&self, prefixes: &[String]) -> Result<(), StoreError> {
        let prefixes = prefixes.to_vec();
        self.write(move |tx| {
            Box::pin(async move {
                for prefix in &prefixes {
                    // No name of a counter has a sign in it that means something here.
                    let delete = "DELETE FROM desk_attempt WHERE key LIKE $1";
                    tx.execute(delete, args![format!("{prefix}%")]).await?;
                }
                Ok(())
            })
        })
        .await
    }

    async fn offer_setup(&self, digest: &str, ends_at: i64) -> Result<(), StoreError> {
        let args = args![digest, ends_at];
        self.write(move |tx| {
            Box::pin(async move {
                let offer = "INSERT INTO desk_setup (one, digest, ends_at) VALUES (1, $1, $2) \
                             ON CONFLICT (one) DO UPDATE \
                             SET digest = excluded.digest, ends_at = excluded.ends_at";
                tx.execute(offer, args).await?;
                Ok(())
            })
        })
        .await
    }

    async fn use_setup(
        &self,
        digest: &str,
        at: i64,
        login: UserLogin,
        row: AuditRow,
    ) -> Result<bool, StoreError> {
        let args = args![digest, at];
        self.write(move |tx| {
            Box::pin(async move {
                lock_administrators(tx).await?;
                if administrators(tx).await? > 0 {
                    return Ok(false);
                }
                let take = "DELETE FROM desk_setup WHERE digest = $1 AND ends_at > $2";
                if tx.execute(take, args).await? == 0 {
                    return Ok(false);
                }
                insert_user(tx, &login).await?;
                audit::append(tx, &[row]).await?;
                Ok(true)
            })
        })
        .await
    }
}
