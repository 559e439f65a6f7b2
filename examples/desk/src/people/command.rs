//! `desk user`: people from the command line, on the store of a desk that runs or does not.

use std::io;

use clap::Subcommand;
use ozonetel_sdk::auth::Secret;
use ozonetel_sdk::types::AgentId;

use super::password::{HashError, WeakPassword, check};
use super::sign_in::{is_email, normal_email};
use super::token::new_id;
use super::{LinkSecrets, People, PeopleError};
use crate::core::caller::Role;
use crate::store::StoreError;
use crate::store::audit::AuditRow;
use crate::store::users::{AgentLink, User, UserChange, UserChanged, UserLogin};

/// What `desk user` does.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum UserTask {
    /// List the users
    List,
    /// Add a user, with a first password that is asked for
    Add {
        /// The address to sign in with
        email: String,
        /// agent, supervisor or administrator
        #[arg(long)]
        role: Role,
        /// The name to show; the address without it
        #[arg(long)]
        name: Option<String>,
    },
    /// Set a new first password, which is asked for; the user's sessions end
    Passwd {
        /// The user's address
        email: String,
    },
    /// Give a user another role; the user's sessions end
    Role {
        /// The user's address
        email: String,
        /// agent, supervisor or administrator
        role: Role,
    },
    /// Link a user to a CloudAgent agent
    Link {
        /// The user's address
        email: String,
        /// The agent's login id
        agent: String,
        /// Ask for the agent's password, which is kept sealed
        #[arg(long)]
        password: bool,
        /// The number or SIP extension the agent is called on
        #[arg(long)]
        extension: Option<String>,
        /// The phone name of that number
        #[arg(long)]
        phone_name: Option<String>,
    },
    /// Refuse a user; the user's sessions end
    Disable {
        /// The user's address
        email: String,
    },
    /// Let a user in again
    Enable {
        /// The user's address
        email: String,
    },
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum UserTaskError {
    /// The text is not an address.
    #[error("{0} is not an address")]
    NoEmail(String),
    /// There is no such user.
    #[error("there is no user {0}; `desk user list` has them all")]
    NoUser(String),
    /// The text names no agent.
    #[error("{0:?} is not an agent")]
    NoAgent(String),
    /// A role of programs.
    #[error("service is for tokens; a user is an agent, a supervisor or an administrator")]
    ServiceRole,
    /// No administrator would be left.
    #[error("no administrator would be left")]
    LastAdministrator,
    /// The password is not accepted.
    #[error("the password {0}")]
    Weak(#[from] WeakPassword),
    /// The password cannot be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The password was not read.
    #[error("the password cannot be read: {0}")]
    Input(#[from] io::Error),
    /// The store did not do it, or there is no key.
    #[error(transparent)]
    People(#[from] PeopleError),
}

impl From<StoreError> for UserTaskError {
    fn from(error: StoreError) -> Self {
        Self::People(error.into())
    }
}

/// Asks whoever sits there for a password.
pub type Ask<'a> = &'a mut (dyn FnMut(&str) -> io::Result<Secret> + Send);

impl UserTask {
    /// Does it: what to print.
    ///
    /// # Errors
    /// [`UserTaskError`].
    pub async fn run(&self, people: &People, ask: Ask<'_>) -> Result<String, UserTaskError> {
        match self {
            Self::List => list(people).await,
            Self::Add { email, role, name } => {
                add(people, ask, email, *role, name.as_deref()).await
            }
            Self::Passwd { email } => passwd(people, ask, email).await,
            Self::Role { email, role } => {
                let role = not_service(*role)?;
                let change = UserChange { role: Some(role), ..UserChange::default() };
                change_user(people, email, change, "user.change").await?;
                Ok(format!("{email} is now: {role}"))
            }
            Self::Link { email, agent, password, extension, phone_name } => {
                let user = user(people, email).await?;
                let id = AgentId::from(agent.trim());
                id.key().ok_or_else(|| UserTaskError::NoAgent(agent.clone()))?;
                let link = AgentLink {
                    extension: extension.clone(),
                    phone_name: phone_name.clone(),
                    ..AgentLink::new(user.id.as_str(), id)
                };
                let password = if *password { Some(ask("Password of the agent: ")?) } else { None };
                let secrets = LinkSecrets { password, sip_password: None };
                let row = row(people, "link.set", &user.id).about(Some(&link.agent));
                people.set_link(link, secrets, row).await?;
                let linked = format!("{email} is agent {agent}");
                Ok(match lacking(phone_name.is_some(), extension.is_some()) {
                    Some(lack) => format!("{linked}\n{lack}"),
                    None => linked,
                })
            }
            Self::Disable { email } => {
                let change = UserChange { disabled: Some(true), ..UserChange::default() };
                change_user(people, email, change, "user.disable").await?;
                Ok(format!("{email} is refused from now on"))
            }
            Self::Enable { email } => {
                let change = UserChange { disabled: Some(false), ..UserChange::default() };
                change_user(people, email, change, "user.enable").await?;
                people.forget_tries(email).await?;
                Ok(format!("{email} may sign in again"))
            }
        }
    }
}

/// What the agent cannot do with a link that lacks something.
fn lacking(has_name: bool, has_extension: bool) -> Option<String> {
    let lacks = [
        (!has_name).then_some(
            "no phone name (--phone-name; OZONETEL_PHONE_NAME is that of the desk's own agent)",
        ),
        (!has_extension).then_some("no extension (--extension)"),
    ];
    let lacks: Vec<_> = lacks.into_iter().flatten().collect();
    (!lacks.is_empty())
        .then(|| format!("The link has {}: {}", lacks.join(" and "), super::LINE_COMMANDS))
}

fn row(people: &People, action: &str, user: &str) -> AuditRow {
    AuditRow::of_desk(people.now(), action, format!("user:{user}"))
}

fn not_service(role: Role) -> Result<Role, UserTaskError> {
    if role == Role::Service { Err(UserTaskError::ServiceRole) } else { Ok(role) }
}

async fn user(people: &People, email: &str) -> Result<User, UserTaskError> {
    let login = people.store().user_login(&normal_email(email)).await?;
    login.map(|login| login.user).ok_or_else(|| UserTaskError::NoUser(email.to_owned()))
}

async fn change_user(
    people: &People,
    email: &str,
    change: UserChange,
    action: &str,
) -> Result<(), UserTaskError> {
    let user = user(people, email).await?;
    let changed = people.store().change_user(&user.id, change, row(people, action, &user.id));
    match changed.await? {
        UserChanged::Changed(_) => Ok(()),
        UserChanged::LastAdministrator => Err(UserTaskError::LastAdministrator),
    }
}

async fn add(
    people: &People,
    ask: Ask<'_>,
    email: &str,
    role: Role,
    name: Option<&str>,
) -> Result<String, UserTaskError> {
    let (email, role) = (normal_email(email), not_service(role)?);
    if !is_email(&email) {
        return Err(UserTaskError::NoEmail(email));
    }
    let password = ask("First password: ")?;
    check(&password, &email)?;
    let user = User {
        id: new_id(),
        name: name.map_or_else(|| email.clone(), |name| name.trim().to_owned()),
        email,
        role,
        has_password: true,
        must_change: true,
        disabled: false,
        made_at: people.now(),
    };
    let hash = Some(people.passwords().hash(password).await?);
    let row = row(people, "user.add", &user.id);
    let done = format!(
        "{} is added as: {role}; the password is to be changed at the first sign-in",
        user.email
    );
    people.store().add_user(UserLogin { user, hash }, row).await?;
    Ok(done)
}

async fn passwd(people: &People, ask: Ask<'_>, email: &str) -> Result<String, UserTaskError> {
    let user = user(people, email).await?;
    let password = ask("New first password: ")?;
    check(&password, &user.email)?;
    let hash = people.passwords().hash(password).await?;
    let row = row(people, "user.password", &user.id);
    people.store().set_password(&user.id, hash, true, row).await?;
    people.forget_tries(&user.email).await?;
    Ok(format!("{email} has a new password, to be changed at the next sign-in"))
}

async fn list(people: &People) -> Result<String, UserTaskError> {
    let linked = people.store().links().await?;
    let shown = |user: User| {
        let link = linked.iter().find(|link| link.user == user.id);
        let agent = link.map(|link| format!(" agent {}", link.agent.as_str()));
        let state = match (user.disabled, user.has_password) {
            (true, _) => " (disabled)",
            (false, false) => " (no password)",
            (false, true) => "",
        };
        format!("{} {}{}{state}", user.email, user.role, agent.unwrap_or_default())
    };
    let users: Vec<_> = people.store().users().await?.into_iter().map(shown).collect();
    Ok(users.join("\n"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use argon2::Params;

    use super::*;
    use crate::people::PeopleSettings;
    use crate::people::password::PasswordWorkers;
    use crate::people::seal::SealKey;
    use crate::store::Memory;

    fn people() -> People {
        let settings =
            PeopleSettings { key: Some(SealKey::random().unwrap()), ..PeopleSettings::default() };
        let clock = Arc::clone(ozonetel_sim::Sim::start().client().clock());
        let workers = PasswordWorkers::new(1, Params::new(8, 1, 1, None).unwrap());
        People::with_passwords(Arc::new(Memory::new()), clock, settings, workers)
    }

    async fn run(people: &People, task: UserTask, password: &str) -> Result<String, String> {
        let mut ask = |_: &str| Ok(Secret::from(password));
        task.run(people, &mut ask).await.map_err(|error| error.to_string())
    }

    fn add(email: &str, role: Role) -> UserTask {
        UserTask::Add { email: email.into(), role, name: None }
    }

    #[tokio::test]
    async fn a_user_is_added_linked_disabled_and_listed() {
        let people = people();
        let email = || "Boss@example.test".to_owned();
        assert!(!people.store().has_administrator().await.unwrap());
        run(&people, add(&email(), Role::Administrator), "correct horse").await.unwrap();
        assert!(people.store().has_administrator().await.unwrap());
        run(&people, add("a@example.test", Role::Agent), "correct horse").await.unwrap();
        let link = UserTask::Link {
            email: "a@example.test".into(),
            agent: "agent01".into(),
            password: true,
            extension: Some("500001".into()),
            phone_name: None,
        };
        let said = run(&people, link.clone(), "hunter2").await.unwrap();
        assert!(said.contains("no phone name (--phone-name") && said.contains("hold"), "{said}");
        assert!(!said.contains("no extension"), "{said}");
        let UserTask::Link { email: to, agent, password, extension, .. } = link else { panic!() };
        let phone_name = Some("agent01".into());
        let whole = UserTask::Link { email: to, agent, password, extension, phone_name };
        let said = run(&people, whole, "hunter2").await.unwrap();
        assert_eq!(said, "a@example.test is agent agent01");
        let login = people.agent_login(&"agent01".into()).await.unwrap().unwrap();
        assert_eq!(login.password.unwrap().reveal(), "hunter2");
        let disable = UserTask::Disable { email: "a@example.test".into() };
        run(&people, disable, "").await.unwrap();
        let listed = run(&people, UserTask::List, "").await.unwrap();
        assert_eq!(
            listed,
            "a@example.test agent agent agent01 (disabled)\nboss@example.test administrator"
        );
        let login = people.store().user_login("boss@example.test").await.unwrap().unwrap();
        assert!(login.user.must_change);
    }

    #[tokio::test]
    async fn what_cannot_be_done_says_why() {
        let people = people();
        let boss = add("boss@example.test", Role::Administrator);
        run(&people, boss.clone(), "correct horse").await.unwrap();
        let email = || "boss@example.test".to_owned();
        for (task, password, part) in [
            (boss, "correct horse", "the address exists already"),
            (add("boss", Role::Agent), "correct horse", "boss is not an address"),
            (add("x@example.test", Role::Service), "correct horse", "service is for tokens"),
            (add("x@example.test", Role::Agent), "short", "at least 10 characters"),
            (UserTask::Disable { email: email() }, "", "no administrator would be left"),
            (UserTask::Role { email: email(), role: Role::Agent }, "", "no administrator"),
            (
                UserTask::Passwd { email: "x@example.test".into() },
                "",
                "there is no user x@example.test",
            ),
            (UserTask::Passwd { email: email() }, "boss@example.test", "another word"),
        ] {
            let error = run(&people, task, password).await.unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
