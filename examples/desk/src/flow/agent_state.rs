//! Agents: what the service says of them is kept; commands are sent, and say nothing about the state.

use ozonetel_sdk::agents::{ChangeState, EnsuredLogin, TargetStateKind};
use ozonetel_sdk::auth::Secret;
use ozonetel_sdk::types::{AgentId, PauseReason, PhoneNumber};
use ozonetel_sdk::{Error, Reason};

use super::agent_view::{AgentView, agent_view, is_in_call};
use super::owed::take_all;
use crate::core::agent::{AskedState, StateWord};
use crate::core::caller::{Caller, Scope};
use crate::desk::Desk;
use crate::problem::{Kind, Problem};
use crate::store::agents::KeptAgent;
use crate::store::audit::AuditRow;
use crate::store::users::AgentLink;
use crate::store::work::Versioned;
use crate::store::{Audience, NewEvent, StoreError};
use crate::tasks::TaskKind;

/// How often a change is tried again when someone else was faster.
const TRIES: u32 = 8;

/// What is to be done about an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentCommand {
    /// Takes calls; in a call, after it.
    Ready,
    /// Takes none; in a call, after it.
    Pause(PauseReason),
    /// Logs in.
    Login,
    /// Logs out.
    Logout,
    /// Logs out and in again.
    ForceReady,
    /// Ends the pause or after-call work that holds the agent.
    Free,
}

impl AgentCommand {
    /// Its word in the audit.
    pub fn action(&self) -> &'static str {
        match self {
            Self::Ready => "agent.ready",
            Self::Pause(_) => "agent.pause",
            Self::Login => "agent.login",
            Self::Logout => "agent.logout",
            Self::ForceReady => "agent.force_ready",
            Self::Free => "agent.free",
        }
    }
}

/// Changes what is kept of an agent and reports it; nothing if the change changes nothing.
///
/// # Errors
/// The store is not available; too many change it at once.
pub async fn change_agent(
    desk: &Desk,
    agent: &AgentId,
    change: impl Fn(&mut KeptAgent) + Send + Sync,
) -> Result<Versioned<KeptAgent>, StoreError> {
    change_with(desk, agent, &[], change).await
}

/// The same with words that are new.
async fn change_with(
    desk: &Desk,
    agent: &AgentId,
    words: &[StateWord],
    change: impl Fn(&mut KeptAgent) + Send + Sync,
) -> Result<Versioned<KeptAgent>, StoreError> {
    for _ in 0..TRIES {
        let found = desk.store().kept_agent(agent).await?;
        let found = found
            .unwrap_or_else(|| Versioned { version: 0, record: KeptAgent::new(agent.clone()) });
        let mut changed = found.clone();
        change(&mut changed.record);
        if changed == found {
            return Ok(found);
        }
        let next = Versioned { version: found.version + 1, record: changed.record.clone() };
        let view = agent_view(desk, &next).await?;
        let audience = Audience::Agent(agent.clone());
        let events = vec![NewEvent::new("agent.changed", audience, &view)?];
        match desk.store().save_agent(changed, desk.now(), words.to_vec(), events).await {
            Ok(_) => return Ok(next),
            Err(StoreError::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Conflict("agent"))
}

/// Tells of an agent whose calls, or what is owed of them, are others than was told last. Of one who is linked to no user
/// and of whom nothing is kept, nothing is told.
///
/// # Errors
/// As [`change_agent`].
pub async fn tell_work(desk: &Desk, agent: &AgentId) -> Result<(), StoreError> {
    for _ in 0..TRIES {
        let found = match desk.store().kept_agent(agent).await? {
            Some(found) => found,
            None => match desk.store().link_of_agent(agent).await? {
                Some(link) => Versioned { version: 0, record: KeptAgent::new(link.agent) },
                None => return Ok(()),
            },
        };
        // Looked at after the record was loaded: of two who look, the one who saw less does not write last.
        let next = Versioned { version: found.version + 1, record: found.record.clone() };
        let view = agent_view(desk, &next).await?;
        let work = view.work();
        if found.record.work == work {
            return Ok(());
        }
        let record = KeptAgent { work, ..found.record };
        let events = vec![NewEvent::new("agent.changed", Audience::Agent(agent.clone()), &view)?];
        let changed = Versioned { version: found.version, record };
        match desk.store().save_agent(changed, desk.now(), Vec::new(), events).await {
            Ok(_) => return Ok(()),
            Err(StoreError::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Conflict("agent"))
}

/// Takes a word of the service about an agent, in whatever order words come.
///
/// # Errors
/// As [`change_agent`].
pub async fn say(desk: &Desk, agent: &AgentId, word: StateWord) -> Result<(), StoreError> {
    let words = std::slice::from_ref(&word);
    change_with(desk, agent, words, |kept| kept.record.say(word.clone())).await.map(|_| ())
}

/// Does something about an agent whom the caller may act for.
///
/// # Errors
/// The agent is in a call and it cannot be done then; something is missing; what the service refuses.
///
/// # Cancel safety
/// If it is dropped, the work goes on.
pub async fn command(
    desk: &Desk,
    caller: &Caller,
    agent: AgentId,
    command: AgentCommand,
    request: Option<String>,
) -> Result<AgentView, Problem> {
    let user = desk.store().user(&caller.id).await?;
    let by = user.map_or_else(|| caller.id.clone(), |user| user.name);
    let work = {
        let (desk, agent, command) = (desk.clone(), agent.clone(), command.clone());
        async move { run(&desk, &agent, command, &by).await }
    };
    let done = desk.tasks().run(TaskKind::Change, work).await;
    let row =
        AuditRow::new(desk.now(), caller, command.action(), format!("agent:{}", agent.as_str()))
            .about(Some(&agent))
            .in_request(request);
    let row = match &done {
        Ok(()) => {
            if command == AgentCommand::Free {
                take_all(desk, &agent, &caller.id).await?;
            }
            row
        }
        Err(problem) => row.ending(problem.reason().unwrap_or("failed")),
    };
    desk.store().append_audit(vec![row]).await?;
    done?;
    let kept = desk.store().kept_agent(&agent).await?;
    let kept = kept.unwrap_or_else(|| Versioned { version: 0, record: KeptAgent::new(agent) });
    Ok(agent_view(desk, &kept).await?)
}

async fn run(desk: &Desk, agent: &AgentId, command: AgentCommand, by: &str) -> Result<(), Problem> {
    let in_call = is_in_call(desk, agent).await?;
    match command {
        AgentCommand::Ready | AgentCommand::Pause(_) if in_call => {
            let reason = match command {
                AgentCommand::Pause(reason) => Some(reason.as_str().to_owned()),
                _ => None,
            };
            change_agent(desk, agent, |kept| kept.record.after_call.clone_from(&reason)).await?;
            Ok(())
        }
        AgentCommand::Ready => set_state(desk, agent, None, by).await,
        AgentCommand::Pause(reason) => set_state(desk, agent, Some(reason), by).await,
        AgentCommand::Login => login(desk, agent, false).await,
        AgentCommand::Logout | AgentCommand::ForceReady | AgentCommand::Free if in_call => {
            let text = "the agent is in a call; this would end it: after the call";
            Err(Problem::new(Kind::Conflict, text).because("in_a_call"))
        }
        AgentCommand::Logout => logout(desk, agent).await,
        AgentCommand::ForceReady => force_ready(desk, agent).await,
        AgentCommand::Free => Ok(desk.client().agents().release(agent).await.map(|_| ())?),
    }
}

async fn set_state(
    desk: &Desk,
    agent: &AgentId,
    pause: Option<PauseReason>,
    by: &str,
) -> Result<(), Problem> {
    let kind = if pause.is_some() { TargetStateKind::Pause } else { TargetStateKind::Ready };
    let link = desk.store().link_of_agent(agent).await?;
    let name = link.and_then(|link| link.phone_name).map(Into::into);
    let asked = AskedState {
        word: if pause.is_some() { "Pause" } else { "Ready" }.to_owned(),
        at_ms: desk.now(),
        by: by.to_owned(),
        reason: pause.as_ref().map(|reason| reason.as_str().to_owned()),
    };
    let request = ChangeState {
        pause_reason: pause,
        phone_name: desk.phone_name(name, agent),
        ..ChangeState::new(agent, kind)
    };
    desk.client().call(request).await?;
    change_agent(desk, agent, |kept| {
        kept.record.ask(asked.clone());
        kept.record.after_call = None;
    })
    .await?;
    Ok(())
}

/// Notes what the service answered to a login or logout that was sent for an existing front end. What the service did
/// stays done though it cannot be written down.
pub async fn note_login(desk: &Desk, agent: &AgentId, is_in: bool) {
    let now = desk.now();
    let noted = change_agent(desk, agent, |kept| {
        kept.login = Some((is_in, now));
        if is_in {
            kept.login_problem = None;
        } else {
            kept.held_by_session = false;
        }
    });
    if let Err(error) = noted.await {
        tracing::warn!(%error, "whether an agent is logged in was not written down");
    }
}

/// What an agent logs in with.
async fn credentials(desk: &Desk, agent: &AgentId) -> Result<(Secret, Option<AgentLink>), Problem> {
    let known = desk.people().agent_login(agent).await?;
    let (link, password) = known.map_or((None, None), |known| (Some(known.link), known.password));
    Ok((desk.password(password, agent)?, link))
}

fn number(desk: &Desk, agent: &AgentId, link: Option<AgentLink>) -> Result<PhoneNumber, Problem> {
    desk.phone_number(link.and_then(|link| link.extension).map(PhoneNumber::from), agent)
}

/// Logs an agent in; one who is in already counts as in. Why it failed is kept with the agent.
///
/// # Errors
/// Something is missing; what the service refuses.
async fn login(desk: &Desk, agent: &AgentId, for_session: bool) -> Result<(), Problem> {
    let done = async {
        let (password, link) = credentials(desk, agent).await?;
        let number = number(desk, agent, link)?;
        let ensured = desk.client().agents().ensure_login(agent, password, number).await?;
        Ok(matches!(ensured, EnsuredLogin::LoggedIn | EnsuredLogin::WasLoggedIn))
    };
    let done: Result<bool, Problem> = done.await;
    let (now, problem) =
        (desk.now(), done.as_ref().err().map(|problem| problem.message().to_owned()));
    change_agent(desk, agent, |kept| {
        kept.login_problem.clone_from(&problem);
        if problem.is_none() {
            kept.login = Some((true, now));
            kept.held_by_session |= for_session;
        }
    })
    .await?;
    done.map(|_| ())
}

/// Logs an agent out; one who is out already counts as out.
async fn logout(desk: &Desk, agent: &AgentId) -> Result<(), Problem> {
    let (password, _) = credentials(desk, agent).await?;
    is_out(desk.client().agents().logout(agent, password).await.map(|_| ()))?;
    let now = desk.now();
    change_agent(desk, agent, |kept| {
        kept.login = Some((false, now));
        kept.held_by_session = false;
    })
    .await?;
    Ok(())
}

fn is_out(done: Result<(), Error>) -> Result<(), Error> {
    match done {
        Err(error) if error.reason() == Some(Reason::NotAllowed) => Ok(()),
        done => done,
    }
}

async fn force_ready(desk: &Desk, agent: &AgentId) -> Result<(), Problem> {
    let (password, link) = credentials(desk, agent).await?;
    let number = number(desk, agent, link)?;
    let agents = desk.client().agents();
    is_out(agents.logout(agent, &password).await.map(|_| ()))?;
    // One whose answer was lost is asked for again, and then counts as in.
    let done = agents.ensure_login(agent, password, number).await;
    let now = desk.now();
    // Of one whose answer was lost nothing new is known: who was in before may be in again.
    let (login, kept_problem, said) = match &done {
        Ok(_) => (Some((true, now)), None, ""),
        Err(error) if error.refusal().is_none() => (
            None,
            Some("force ready logged out, and whether in again is not known"),
            "it is not known whether the agent is logged in again",
        ),
        Err(_) => (
            Some((false, now)),
            Some("force ready logged out and not in again"),
            "the agent is logged out",
        ),
    };
    change_agent(desk, agent, |kept| {
        kept.login = login.or(kept.login);
        kept.login_problem = kept_problem.map(str::to_owned);
    })
    .await?;
    done.map(|_| ()).map_err(|error| {
        let problem = Problem::from(&error);
        let message = format!("{}; {said}", problem.message());
        problem.saying(message)
    })
}

/// A user has signed in: the linked agent is logged in, while the user goes on. Why that failed is with the agent.
///
/// # Errors
/// The store is not available.
pub async fn signed_in(desk: &Desk, user: &str) -> Result<(), StoreError> {
    let Some(link) = link_of_user(desk, user).await? else { return Ok(()) };
    let background = desk.clone();
    desk.tasks().watch(async move {
        if let Err(problem) = login(&background, &link.agent, true).await {
            tracing::warn!(?problem, "the agent of who signed in was not logged in");
        }
    });
    Ok(())
}

/// A session has ended: if it was the user's last, the agent is logged out, but never in a call.
///
/// # Errors
/// The store is not available.
pub async fn signed_out(desk: &Desk, user: &str) -> Result<(), StoreError> {
    let Some(link) = link_of_user(desk, user).await? else { return Ok(()) };
    let background = desk.clone();
    desk.tasks().watch(async move {
        if let Err(problem) = end_login(&background, &link).await {
            tracing::warn!(?problem, "an agent was not logged out; it is tried again");
        }
    });
    Ok(())
}

async fn link_of_user(desk: &Desk, user: &str) -> Result<Option<AgentLink>, StoreError> {
    Ok(desk.store().links().await?.into_iter().find(|link| link.user == user))
}

/// Logs the agent of a link out if a session logged it in, no session is left and it is in no call.
async fn end_login(desk: &Desk, link: &AgentLink) -> Result<(), Problem> {
    let kept = desk.store().kept_agent(&link.agent).await?;
    if !kept.is_some_and(|kept| kept.record.held_by_session) {
        return Ok(());
    }
    let now = desk.now();
    let idle_since = desk.people().idle_since(now);
    let left = desk.store().sessions_of(&link.user, now, idle_since).await?;
    if left.is_empty() && !is_in_call(desk, &link.agent).await? {
        logout(desk, &link.agent).await?;
    }
    Ok(())
}

/// Does what waits for the end of a call or a session: logs out whose sessions have ended, and pauses who wanted to be
/// paused after the call.
///
/// # Errors
/// The store is not available. What the service refuses is logged and tried again.
pub async fn tidy_agents(desk: &Desk) -> Result<(), StoreError> {
    let links = desk.store().links().await?;
    for Versioned { record: kept, .. } in desk.store().kept_agents(&Scope::All).await? {
        let agent = &kept.agent;
        let link = links.iter().find(|link| link.agent.is_same_agent(agent));
        if let Some(link) = link.filter(|_| kept.held_by_session)
            && let Err(problem) = end_login(desk, link).await
        {
            tracing::warn!(?problem, "an agent was not logged out; it is tried again");
        }
        if let Some(reason) = &kept.record.after_call
            && !is_in_call(desk, agent).await?
        {
            let paused = set_state(desk, agent, Some(reason.as_str().into()), "desk").await;
            if let Err(problem) = paused {
                tracing::warn!(?problem, "an agent was not paused after the call");
                if problem.kind() == Kind::Unprocessable {
                    change_agent(desk, agent, |kept| kept.record.after_call = None).await?;
                }
            }
        }
    }
    Ok(())
}
