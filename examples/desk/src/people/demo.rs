//! The users of the simulated desk: made at its start, on this machine only, because everyone knows their password.

use ozonetel_sdk::auth::Secret;

use super::token::new_id;
use super::{LinkSecrets, People, PeopleError};
use crate::core::caller::Role;
use crate::store::StoreError;
use crate::store::audit::AuditRow;
use crate::store::sessions::ApiToken;
use crate::store::teams::Team;
use crate::store::users::{AgentLink, User, UserLogin};

/// The password of all of them.
pub const PASSWORD: &str = "demo";

/// Address, name and role.
const USERS: [(&str, &str, Role); 4] = [
    ("agent01@desk.test", "Agent One", Role::Agent),
    ("agent02@desk.test", "Agent Two", Role::Agent),
    ("supervisor01@desk.test", "Supervisor One", Role::Supervisor),
    ("admin@desk.test", "Administrator", Role::Administrator),
];

/// Address, agent and extension.
const LINKS: [(&str, &str, &str); 2] =
    [("agent01@desk.test", "agent01", "500001"), ("agent02@desk.test", "agent02", "500002")];

/// The agents of the supervisor's team.
const TEAM: [&str; 5] = ["agent01", "agent02", "agent03", "agent04", "agent05"];

/// The password that the simulator's agents have.
const AGENT_PASSWORD: &str = "secret";

impl People {
    /// Makes the demo users where they are missing, and a new token for agent01: its secret.
    ///
    /// # Errors
    /// [`PeopleError`].
    pub async fn add_demo(&self) -> Result<Secret, PeopleError> {
        let row = |action: &str, target: String| AuditRow::of_desk(self.now(), action, target);
        let hash = self.0.passwords.hash(PASSWORD.into()).await;
        let hash = hash.map_err(|_| StoreError::Unavailable("no password was hashed".into()))?;
        for (email, name, role) in USERS {
            let known = self.0.store.user_login(email).await?;
            let id = match known {
                Some(login) => login.user.id,
                None => self.add_demo_user(email, name, role, hash.clone()).await?,
            };
            let link = LINKS.into_iter().find(|(linked, ..)| *linked == email);
            if let Some((_, agent, extension)) = link {
                let link = AgentLink {
                    phone_name: Some(agent.to_owned()),
                    extension: Some(extension.to_owned()),
                    // The phone picks up the agent's own dials by itself, and no call that comes in.
                    auto_answer: Some(3),
                    // The simulator's campaign for dials by hand.
                    campaign_id: Some("77".to_owned()),
                    // The simulator numbers its agents from 1001.
                    unique_id: agent.strip_prefix("agent").map(|number| format!("10{number}")),
                    ..AgentLink::new(id.as_str(), agent)
                };
                let secrets =
                    LinkSecrets { password: Some(AGENT_PASSWORD.into()), sip_password: None };
                let row = row("link.set", format!("user:{id}")).about(Some(&link.agent));
                self.set_link(link, secrets, row).await?;
            }
            if role == Role::Supervisor {
                let team = Team {
                    id: "demo".to_owned(),
                    name: "Demo".to_owned(),
                    agents: TEAM.map(Into::into).into(),
                    supervisors: vec![id],
                };
                self.0.store.save_team(team, row("team.save", "team:demo".to_owned())).await?;
            }
        }
        let token = ApiToken {
            id: new_id(),
            name: "demo".to_owned(),
            role: Role::Agent,
            agents: vec!["agent01".into()],
            made_by: "desk".to_owned(),
            made_at: self.now(),
            ends_at: None,
            seen_at: None,
        };
        let row = row("token.add", format!("token:{}", token.id));
        let secret = self.add_token(token, row).await?;
        self.changed();
        Ok(secret)
    }

    async fn add_demo_user(
        &self,
        email: &str,
        name: &str,
        role: Role,
        hash: String,
    ) -> Result<String, PeopleError> {
        let user = User {
            id: new_id(),
            email: email.to_owned(),
            name: name.to_owned(),
            role,
            has_password: true,
            must_change: false,
            disabled: false,
            made_at: self.now(),
        };
        let (id, target) = (user.id.clone(), format!("user:{}", user.id));
        let row = AuditRow::of_desk(self.now(), "user.add", target);
        self.0.store.add_user(UserLogin { user, hash: Some(hash) }, row).await?;
        Ok(id)
    }

    /// Whether the store has demo users: it must not be served to other machines.
    ///
    /// # Errors
    /// The store is not available.
    pub async fn has_demo(&self) -> Result<bool, StoreError> {
        for (email, ..) in USERS {
            if self.0.store.user_login(email).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
