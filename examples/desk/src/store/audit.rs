//! Who did what to what: rows that are appended and never changed.

use async_trait::async_trait;
use ozonetel_sdk::types::AgentId;

use super::conn::{Arg, Row, args};
use super::db::Db;
use super::error::StoreError;
use super::tx::Tx;
use super::writer::Fails;
use crate::core::caller::{Caller, Scope};

/// One row of the audit: an action of somebody on something, and how it ended. It holds no secret, no note and no
/// number: what a call is about is found by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// The row's own id; ids rise with time.
    pub id: String,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// The id of the user or token; `desk` for the desk itself.
    pub who: String,
    /// The role in which it was done.
    pub role: String,
    /// What was done: `call.hold`, `user.disable`.
    pub action: String,
    /// On what: `call:17`, `user:…`.
    pub target: String,
    /// The agent whose call or state it was: who looks after the agent sees the row.
    pub agent: Option<AgentId>,
    /// `ok`, or the reason why not.
    pub result: String,
    /// The id of the request, as the log has it.
    pub request: Option<String>,
}

impl AuditRow {
    /// A row for something that a caller did with success; change what is different.
    ///
    /// ```
    /// use desk::core::caller::{Caller, Role, Scope};
    /// use desk::store::audit::AuditRow;
    ///
    /// let caller = Caller {
    ///     id: "u1".into(),
    ///     role: Role::Agent,
    ///     own: vec!["agent01".into()],
    ///     scope: Scope::Agents(vec!["agent01".into()]),
    ///     is_person: true,
    ///     must_change_password: false,
    /// };
    /// let row = AuditRow::new(1_800_000_000_000, &caller, "call.hold", "call:17");
    /// assert_eq!((row.who.as_str(), row.result.as_str()), ("u1", "ok"));
    /// ```
    pub fn new(at: i64, caller: &Caller, action: &str, target: impl Into<String>) -> Self {
        Self {
            id: crate::chance::id_text(),
            at,
            who: caller.id.clone(),
            role: caller.role.to_string(),
            action: action.to_owned(),
            target: target.into(),
            agent: None,
            result: "ok".to_owned(),
            request: None,
        }
    }

    /// A row for what the desk itself did, or somebody at its command line.
    pub fn of_desk(at: i64, action: &str, target: impl Into<String>) -> Self {
        Self {
            id: crate::chance::id_text(),
            at,
            who: "desk".to_owned(),
            role: "desk".to_owned(),
            action: action.to_owned(),
            target: target.into(),
            agent: None,
            result: "ok".to_owned(),
            request: None,
        }
    }

    /// About an agent's call or state.
    #[must_use]
    pub fn about(mut self, agent: Option<&AgentId>) -> Self {
        self.agent = agent.cloned();
        self
    }

    /// Another result than `ok`.
    #[must_use]
    pub fn ending(mut self, result: impl Into<String>) -> Self {
        self.result = result.into();
        self
    }

    /// In which request.
    #[must_use]
    pub fn in_request(mut self, id: Option<String>) -> Self {
        self.request = id;
        self
    }
}

/// Which rows of the audit are wanted. All of the conditions hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFilter {
    /// The agents whose rows may be seen; [`Scope::All`] sees those about no agent too.
    pub scope: Scope,
    /// Not before this time.
    pub from: Option<i64>,
    /// Before this time.
    pub to: Option<i64>,
    /// Of this user or token.
    pub who: Option<String>,
    /// On this.
    pub target: Option<String>,
    /// This action.
    pub action: Option<String>,
    /// Older than the row with this time and id: where a page before ended.
    pub after: Option<(i64, String)>,
    /// At most so many.
    pub most: u32,
}

impl AuditFilter {
    /// The newest rows that a scope sees.
    pub fn newest(scope: Scope, most: u32) -> Self {
        Self {
            scope,
            from: None,
            to: None,
            who: None,
            target: None,
            action: None,
            after: None,
            most,
        }
    }

    /// Whether a row is one of those.
    pub(super) fn takes(&self, row: &AuditRow) -> bool {
        let seen = match &self.scope {
            Scope::All => true,
            Scope::Agents(_) => row.agent.as_ref().is_some_and(|agent| self.scope.contains(agent)),
        };
        let same = |wanted: &Option<String>, found: &String| {
            wanted.as_ref().is_none_or(|wanted| wanted == found)
        };
        seen && self.from.is_none_or(|from| row.at >= from)
            && self.to.is_none_or(|to| row.at < to)
            && same(&self.who, &row.who)
            && same(&self.target, &row.target)
            && same(&self.action, &row.action)
            && self.after.as_ref().is_none_or(|(at, id)| (row.at, &row.id) < (*at, id))
    }
}

/// The audit.
#[async_trait]
pub trait Audits: Send + Sync {
    /// Appends rows for what changes nothing else in the store. A change takes its rows with it.
    ///
    /// # Errors
    /// The store is not available.
    async fn append_audit(&self, rows: Vec<AuditRow>) -> Result<(), StoreError>;

    /// Rows of the audit, newest first.
    ///
    /// # Errors
    /// The store is not available.
    async fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditRow>, StoreError>;

    /// Removes rows older than a time; how many.
    ///
    /// # Errors
    /// The store is not available.
    async fn forget_audit(&self, before: i64) -> Result<u64, StoreError>;
}

/// Appends rows within a transaction.
pub(super) async fn append(tx: &mut Tx, rows: &[AuditRow]) -> Result<(), StoreError> {
    for row in rows {
        let insert = "INSERT INTO desk_audit \
                      (id, at, who, role, action, target, agent_key, agent, result, request) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let key = row.agent.as_ref().and_then(AgentId::key);
        let agent = row.agent.as_ref().map(AgentId::as_str);
        let request = row.request.clone();
        let args = args![
            &row.id,
            row.at,
            &row.who,
            &row.role,
            &row.action,
            &row.target,
            key,
            agent,
            &row.result,
            request
        ];
        tx.execute(insert, args).await?;
    }
    Ok(())
}

fn audit_of(row: &Row) -> Result<AuditRow, StoreError> {
    Ok(AuditRow {
        id: row.get("id")?,
        at: row.get("at")?,
        who: row.get("who")?,
        role: row.get("role")?,
        action: row.get("action")?,
        target: row.get("target")?,
        agent: row.get::<Option<String>>("agent")?.map(AgentId::from),
        result: row.get("result")?,
        request: row.get("request")?,
    })
}

/// A condition with its parameters, numbered as they come.
#[derive(Default)]
struct Conditions {
    sql: Vec<String>,
    args: Vec<Arg>,
}

impl Conditions {
    fn add(&mut self, condition: &str, arg: impl Into<Arg>) {
        self.args.push(arg.into());
        self.sql.push(condition.replace('?', &format!("${}", self.args.len())));
    }
}

#[async_trait]
impl Audits for Db {
    async fn append_audit(&self, rows: Vec<AuditRow>) -> Result<(), StoreError> {
        self.write_often(Fails::Anywhere, move |tx| {
            Box::pin(async move { append(tx, &rows).await })
        })
        .await
    }

    async fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditRow>, StoreError> {
        let mut wanted = Conditions::default();
        if let Some(from) = filter.from {
            wanted.add("at >= ?", from);
        }
        if let Some(to) = filter.to {
            wanted.add("at < ?", to);
        }
        for (column, value) in
            [("who", &filter.who), ("target", &filter.target), ("action", &filter.action)]
        {
            if let Some(value) = value {
                wanted.add(&format!("{column} = ?"), value);
            }
        }
        if let Some((at, id)) = &filter.after {
            wanted.add("at <= ?", *at);
            wanted.add("(at < ?", *at);
            let older = wanted.sql.pop().unwrap_or_default();
            wanted.add("id < ?)", id);
            let same = wanted.sql.pop().unwrap_or_default();
            wanted.sql.push(format!("{older} OR {same}"));
        }
        if let Some(agents) = filter.scope.agents() {
            let keys: Vec<_> = agents.iter().filter_map(AgentId::key).collect();
            let mut marks = Vec::new();
            for key in keys {
                wanted.args.push(key.into());
                marks.push(format!("${}", wanted.args.len()));
            }
            // An empty list is nobody: `IN ()` is no SQL on one of the databases.
            let marks = if marks.is_empty() { "NULL".to_owned() } else { marks.join(", ") };
            wanted.sql.push(format!("agent_key IN ({marks})"));
        }
        let mut sql = String::from(
            "SELECT id, at, who, role, action, target, agent, result, request FROM desk_audit",
        );
        if !wanted.sql.is_empty() {
            sql = format!("{sql} WHERE {}", wanted.sql.join(" AND "));
        }
        wanted.args.push(filter.most.into());
        sql = format!("{sql} ORDER BY at DESC, id DESC LIMIT ${}", wanted.args.len());
        self.read(move |tx| {
            Box::pin(async move {
                let rows = tx.rows(sqlx::AssertSqlSafe(sql), wanted.args).await?;
                rows.iter().map(audit_of).collect()
            })
        })
        .await
    }

    async fn forget_audit(&self, before: i64) -> Result<u64, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                tx.execute("DELETE FROM desk_audit WHERE at < $1", args![before]).await
            })
        })
        .await
    }
}
