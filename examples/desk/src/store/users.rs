//! People: who may sign in, which agents they are, whom they look after.

use async_trait::async_trait;
use ozonetel_sdk::types::AgentId;

use super::audit::{self, AuditRow};
use super::conn::{Row, args};
use super::db::Db;
use super::error::StoreError;
use super::teams::{self, Team};
use super::tx::Tx;
use crate::core::caller::Role;
use crate::core::dial::DialWay;

/// A person who may sign in. The password's hash is not part of it.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The id, which never changes.
    pub id: String,
    /// The address to sign in with, in lower case.
    pub email: String,
    /// The name to show.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// Whether a password was ever set: without one no one signs in.
    pub has_password: bool,
    /// Whether nothing is allowed before the password is changed.
    pub must_change: bool,
    /// Whether signing in is refused.
    pub disabled: bool,
    /// When the user was made, in milliseconds since 1970.
    pub made_at: i64,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// A user with the hash of the password, as signing in needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserLogin {
    /// The user.
    pub user: User,
    /// The password's hash.
    pub hash: Option<String>,
}

/// What changes about a user; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserChange {
    /// Another name.
    pub name: Option<String>,
    /// Another role.
    pub role: Option<Role>,
    /// Whether signing in is refused.
    pub disabled: Option<bool>,
}

/// The CloudAgent agent that a user is. Passwords are sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct AgentLink {
    /// The user.
    pub user: String,
    /// The agent's login id.
    pub agent: AgentId,
    /// The agent's password, sealed.
    pub password: Option<String>,
    /// The phone name of the agent's number.
    pub phone_name: Option<String>,
    /// The number or SIP extension the agent is called on.
    pub extension: Option<String>,
    /// The extension's SIP password, sealed; the extension itself if there is none.
    pub sip_password: Option<String>,
    /// The service's own number for the agent.
    pub unique_id: Option<String>,
    /// The campaign's number, for dials over the agent socket.
    pub campaign_id: Option<String>,
    /// Which calls the phone answers by itself: 0 none, 1 all, 2 inbound, 3 outbound.
    pub auto_answer: Option<u32>,
    /// How dials go for the agent, if not as the desk is set.
    pub dial_way: Option<DialWay>,
}

impl AgentLink {
    /// A link with nothing but an agent.
    pub fn new(user: impl Into<String>, agent: impl Into<AgentId>) -> Self {
        Self {
            user: user.into(),
            agent: agent.into(),
            password: None,
            phone_name: None,
            extension: None,
            sip_password: None,
            unique_id: None,
            campaign_id: None,
            auto_answer: None,
            dial_way: None,
        }
    }
}

impl AgentLink {
    /// The number that the agent's socket is opened for: of an agent with a SIP phone, where the number is known.
    pub fn socket_number(&self) -> Option<u64> {
        self.extension.as_ref()?;
        self.unique_id.as_ref()?.trim().parse().ok()
    }
}

impl std::fmt::Debug for AgentLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentLink")
            .field("user", &self.user)
            .field("agent", &self.agent)
            .finish_non_exhaustive()
    }
}

/// What became of a change of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserChanged {
    /// The user as changed. Sessions of one who is disabled, or has another role, have ended.
    Changed(User),
    /// Not changed: it would have left no administrator who can sign in.
    LastAdministrator,
}

/// Users, links and teams. Each change takes the audit row that records it.
#[async_trait]
pub trait Users: Send + Sync {
    /// Adds a user, with the hash of a password if there is one.
    ///
    /// # Errors
    /// [`StoreError::Taken`] if the address or id is in use.
    async fn add_user(&self, login: UserLogin, audit: AuditRow) -> Result<(), StoreError>;

    /// A user by id.
    ///
    /// # Errors
    /// The store is not available.
    async fn user(&self, id: &str) -> Result<Option<User>, StoreError>;

    /// A user by address, in lower case, to check a password.
    ///
    /// # Errors
    /// The store is not available.
    async fn user_login(&self, email: &str) -> Result<Option<UserLogin>, StoreError>;

    /// All users, by address.
    ///
    /// # Errors
    /// The store is not available.
    async fn users(&self) -> Result<Vec<User>, StoreError>;

    /// Whether someone can sign in as an administrator.
    ///
    /// # Errors
    /// The store is not available.
    async fn has_administrator(&self) -> Result<bool, StoreError>;

    /// Changes a user.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if there is no such user.
    async fn change_user(
        &self,
        id: &str,
        change: UserChange,
        audit: AuditRow,
    ) -> Result<UserChanged, StoreError>;

    /// Sets the hash of a user's password and ends the user's sessions.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if there is no such user.
    async fn set_password(
        &self,
        id: &str,
        hash: String,
        must_change: bool,
        audit: AuditRow,
    ) -> Result<(), StoreError>;

    /// Puts a user's new password in the place of the one that was compared, and ends the user's sessions; whether it
    /// still was that one.
    ///
    /// # Errors
    /// The store is not available.
    async fn replace_password(
        &self,
        id: &str,
        old: &str,
        new: String,
        audit: AuditRow,
    ) -> Result<bool, StoreError>;

    /// Puts a stronger hash of the same password in the place of the one it was compared with; whether it still was that
    /// one.
    ///
    /// # Errors
    /// The store is not available.
    async fn strengthen_hash(&self, id: &str, old: &str, new: &str) -> Result<bool, StoreError>;

    /// Links a user to an agent, in place of the link before.
    ///
    /// # Errors
    /// [`StoreError::Taken`] if another user is linked to the agent; [`StoreError::Missing`] without such a user.
    async fn set_link(&self, link: AgentLink, audit: AuditRow) -> Result<(), StoreError>;

    /// Removes a user's link; whether there was one.
    ///
    /// # Errors
    /// The store is not available.
    async fn remove_link(&self, user: &str, audit: AuditRow) -> Result<bool, StoreError>;

    /// All links, by agent.
    ///
    /// # Errors
    /// The store is not available.
    async fn links(&self) -> Result<Vec<AgentLink>, StoreError>;

    /// The link of an agent.
    ///
    /// # Errors
    /// The store is not available.
    async fn link_of_agent(&self, agent: &AgentId) -> Result<Option<AgentLink>, StoreError>;

    /// Saves a team with its members, in place of those before.
    ///
    /// # Errors
    /// [`StoreError::Taken`] if another team has the name; [`StoreError::Missing`] if a supervisor is not a user.
    async fn save_team(&self, team: Team, audit: AuditRow) -> Result<(), StoreError>;

    /// Removes a team; whether there was one.
    ///
    /// # Errors
    /// The store is not available.
    async fn remove_team(&self, id: &str, audit: AuditRow) -> Result<bool, StoreError>;

    /// All teams, by name.
    ///
    /// # Errors
    /// The store is not available.
    async fn teams(&self) -> Result<Vec<Team>, StoreError>;
}

/// The columns of a user.
pub(super) const USER: &str =
    "u.id AS user_id, u.email, u.name, u.role, u.password, u.must_change, u.disabled, u.made_at";

/// The condition of one who can sign in as an administrator.
const ADMINISTRATOR: &str = "role = 'administrator' AND disabled = 0 AND password IS NOT NULL";

pub(super) fn user_of(row: &Row) -> Result<User, StoreError> {
    let role: String = row.get("role")?;
    Ok(User {
        id: row.get("user_id")?,
        email: row.get("email")?,
        name: row.get("name")?,
        role: role.parse().map_err(|_| StoreError::Corrupt("role"))?,
        has_password: row.get::<Option<String>>("password")?.is_some(),
        must_change: row.flag("must_change")?,
        disabled: row.flag("disabled")?,
        made_at: row.get("made_at")?,
    })
}

fn link_of(row: &Row) -> Result<AgentLink, StoreError> {
    let auto_answer: Option<i64> = row.get("auto_answer")?;
    let way = row.get::<Option<String>>("dial_way")?;
    let way = way.map(|name| DialWay::of_name(&name).ok_or(StoreError::Corrupt("link")));
    Ok(AgentLink {
        user: row.get("user_id")?,
        agent: AgentId::from(row.get::<String>("agent")?),
        password: row.get("password")?,
        phone_name: row.get("phone_name")?,
        extension: row.get("extension")?,
        sip_password: row.get("sip_password")?,
        unique_id: row.get("unique_id")?,
        campaign_id: row.get("campaign_id")?,
        auto_answer: auto_answer.and_then(|value| u32::try_from(value).ok()),
        dial_way: way.transpose()?,
    })
}

/// Inserts a user within a transaction.
pub(super) async fn insert_user(tx: &mut Tx, login: &UserLogin) -> Result<(), StoreError> {
    let user = &login.user;
    let insert = "INSERT INTO desk_user \
                  (id, email, name, role, password, must_change, disabled, made_at) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
    let args = args![
        &user.id,
        &user.email,
        &user.name,
        user.role.as_str(),
        login.hash.clone(),
        user.must_change,
        user.disabled,
        user.made_at
    ];
    match tx.execute(insert, args).await? {
        0 => Err(StoreError::Taken("the address")),
        _ => Ok(()),
    }
}

/// The user with an id, within a transaction.
async fn select_user(tx: &mut Tx, id: &str) -> Result<Option<User>, StoreError> {
    let select = format!("SELECT {USER} FROM desk_user u WHERE u.id = $1");
    let row = tx.row(sqlx::AssertSqlSafe(select), args![id]).await?;
    row.as_ref().map(user_of).transpose()
}

/// Whether there is an administrator who can sign in, within a transaction.
pub(super) async fn administrators(tx: &mut Tx) -> Result<i64, StoreError> {
    let count = format!("SELECT COUNT(*) AS found FROM desk_user WHERE {ADMINISTRATOR}");
    let row = tx.row(sqlx::AssertSqlSafe(count), args![]).await?;
    row.map_or(Ok(0), |row| row.get("found"))
}

/// Takes the lock under which the number of administrators changes: that of the table, for which whoever changes a user
/// waits too. It is taken seldom.
pub(super) async fn lock_administrators(tx: &mut Tx) -> Result<(), StoreError> {
    if tx.is_postgres() {
        tx.execute("LOCK TABLE desk_user IN SHARE ROW EXCLUSIVE MODE", args![]).await?;
    }
    Ok(())
}

async fn end_sessions(tx: &mut Tx, user: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM desk_session WHERE user_id = $1", args![user]).await?;
    Ok(())
}

#[async_trait]
impl Users for Db {
    async fn add_user(&self, login: UserLogin, row: AuditRow) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                insert_user(tx, &login).await?;
                audit::append(tx, &[row]).await
            })
        })
        .await
    }

    async fn user(&self, id: &str) -> Result<Option<User>, StoreError> {
        let id = id.to_owned();
        self.find_one(move |tx| Box::pin(async move { select_user(tx, &id).await })).await
    }

    async fn user_login(&self, email: &str) -> Result<Option<UserLogin>, StoreError> {
        let email = email.to_owned();
        self.read(move |tx| {
            Box::pin(async move {
                let select = format!("SELECT {USER} FROM desk_user u WHERE u.email = $1");
                let Some(row) = tx.row(sqlx::AssertSqlSafe(select), args![email]).await? else {
                    return Ok(None);
                };
                Ok(Some(UserLogin { user: user_of(&row)?, hash: row.get("password")? }))
            })
        })
        .await
    }

    async fn users(&self) -> Result<Vec<User>, StoreError> {
        self.read(move |tx| {
            Box::pin(async move {
                let select = format!("SELECT {USER} FROM desk_user u ORDER BY u.email");
                let rows = tx.rows(sqlx::AssertSqlSafe(select), args![]).await?;
                rows.iter().map(user_of).collect()
            })
        })
        .await
    }

    async fn has_administrator(&self) -> Result<bool, StoreError> {
        self.read(|tx| Box::pin(async move { Ok(administrators(tx).await? > 0) })).await
    }

    async fn change_user(
        &self,
        id: &str,
        change: UserChange,
        row: AuditRow,
    ) -> Result<UserChanged, StoreError> {
        let id = id.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                lock_administrators(tx).await?;
                let user = select_user(tx, &id).await?.ok_or(StoreError::Missing("user"))?;
                let changed = change.apply(user.clone());
                if user.administers() && !changed.administers() && administrators(tx).await? < 2 {
                    return Ok(UserChanged::LastAdministrator);
                }
                let update =
                    "UPDATE desk_user SET name = $1, role = $2, disabled = $3 WHERE id = $4";
                let role = changed.role.as_str();
                tx.execute(update, args![&changed.name, role, changed.disabled, &id]).await?;
                if changed.disabled || changed.role != user.role {
                    end_sessions(tx, &id).await?;
                }
                audit::append(tx, &[row]).await?;
                Ok(UserChanged::Changed(changed))
            })
        })
        .await
    }

    async fn set_password(
        &self,
        id: &str,
        hash: String,
        must_change: bool,
        row: AuditRow,
    ) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let update = "UPDATE desk_user SET password = $1, must_change = $2 WHERE id = $3";
                if tx.execute(update, args![hash, must_change, &id]).await? == 0 {
                    return Err(StoreError::Missing("user"));
                }
                end_sessions(tx, &id).await?;
                audit::append(tx, &[row]).await
            })
        })
        .await
    }

    async fn replace_password(
        &self,
        id: &str,
        old: &str,
        new: String,
        row: AuditRow,
    ) -> Result<bool, StoreError> {
        let (id, old) = (id.to_owned(), old.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                let update = "UPDATE desk_user SET password = $1, must_change = $2 \
                              WHERE id = $3 AND password = $4";
                if tx.execute(update, args![new, false, &id, old]).await? == 0 {
                    return Ok(false);
                }
                end_sessions(tx, &id).await?;
                audit::append(tx, &[row]).await?;
                Ok(true)
            })
        })
        .await
    }

    async fn strengthen_hash(&self, id: &str, old: &str, new: &str) -> Result<bool, StoreError> {
        let args = args![new, id, old];
        self.write(move |tx| {
            Box::pin(async move {
                let update = "UPDATE desk_user SET password = $1 WHERE id = $2 AND password = $3";
                Ok(tx.execute(update, args).await? > 0)
            })
        })
        .await
    }

    async fn set_link(&self, link: AgentLink, row: AuditRow) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                if select_user(tx, &link.user).await?.is_none() {
                    return Err(StoreError::Missing("user"));
                }
                let key = link.agent.key().ok_or(StoreError::Missing("agent"))?;
                tx.execute("DELETE FROM desk_agent_link WHERE user_id = $1", args![&link.user])
                    .await?;
                let insert = "INSERT INTO desk_agent_link (user_id, agent, agent_key, password, \
                              phone_name, extension, sip_password, unique_id, campaign_id, auto_answer, \
                              dial_way) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING";
                let args = args![
                    link.user, link.agent.as_str(), key, link.password, link.phone_name,
                    link.extension, link.sip_password, link.unique_id, link.campaign_id,
                    link.auto_answer.map(i64::from), link.dial_way.map(DialWay::as_str)
                ];
                if tx.execute(insert, args).await? == 0 {
                    return Err(StoreError::Taken("the agent's link"));
                }
                audit::append(tx, &[row]).await
            })
        })
        .await
    }

    async fn remove_link(&self, user: &str, row: AuditRow) -> Result<bool, StoreError> {
        let user = user.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let delete = "DELETE FROM desk_agent_link WHERE user_id = $1";
                if tx.execute(delete, args![user]).await? == 0 {
                    return Ok(false);
                }
                audit::append(tx, &[row]).await?;
                Ok(true)
            })
        })
        .await
    }

    async fn links(&self) -> Result<Vec<AgentLink>, StoreError> {
        self.read(|tx| {
            Box::pin(async move {
                let select = "SELECT * FROM desk_agent_link ORDER BY agent_key";
                tx.rows(select, args![]).await?.iter().map(link_of).collect()
            })
        })
        .await
    }

    async fn link_of_agent(&self, agent: &AgentId) -> Result<Option<AgentLink>, StoreError> {
        let Some(key) = agent.key() else { return Ok(None) };
        self.find_one(move |tx| {
            Box::pin(async move {
                let select = "SELECT * FROM desk_agent_link WHERE agent_key = $1";
                tx.row(select, args![key]).await?.as_ref().map(link_of).transpose()
            })
        })
        .await
    }

    async fn save_team(&self, team: Team, row: AuditRow) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                teams::write(tx, &team).await?;
                audit::append(tx, &[row]).await
            })
        })
        .await
    }

    async fn remove_team(&self, id: &str, row: AuditRow) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                if tx.execute("DELETE FROM desk_team WHERE id = $1", args![id]).await? == 0 {
                    return Ok(false);
                }
                audit::append(tx, &[row]).await?;
                Ok(true)
            })
        })
        .await
    }

    async fn teams(&self) -> Result<Vec<Team>, StoreError> {
        self.snapshot(|tx| Box::pin(async move { teams::read(tx).await })).await
    }
}

impl User {
    /// Whether this one can sign in as an administrator.
    pub(super) fn administers(&self) -> bool {
        self.role == Role::Administrator && !self.disabled && self.has_password
    }
}

impl UserChange {
    /// A user, changed.
    pub(super) fn apply(&self, user: User) -> User {
        User {
            name: self.name.clone().unwrap_or(user.name),
            role: self.role.unwrap_or(user.role),
            disabled: self.disabled.unwrap_or(user.disabled),
            ..user
        }
    }
}
