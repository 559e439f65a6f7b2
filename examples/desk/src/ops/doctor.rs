//! `desk doctor`: looks at everything the desk needs, and says in words what is not as it should be. It makes no store,
//! changes no table, and asks for no token unless it is told to; what it asks the service counts against the account's
//! limits.

use std::fmt::Write as _;
use std::net::IpAddr;

use ozonetel_sdk::Client;
use ozonetel_sdk::dial::DialOutcome;
use ozonetel_sdk::types::{AgentId, DispositionName, PhoneNumber};

use super::account::{Finding, check, why};
use super::health::Condition;
use crate::assist::AssistSettings;
use crate::core::assist::transcript::Speaker;
use crate::core::caller::Scope;
use crate::core::dial::DialState;
use crate::core::disposition::{self, DispositionTable};
use crate::desk::Settings;
use crate::epoch::epoch_ms;
use crate::flow::push_address::Intake;
use crate::flow::subscription::look;
use crate::people::{LINE_COMMANDS, PeopleSettings, Sealed};
use crate::ports::kept_token::KeptToken;
use crate::store::users::AgentLink;
use crate::store::{Memory, Owner, Store};

/// How many open ends are counted.
const MOST: u32 = 1_000;

/// Why the service is not asked, and how it is.
const NO_TOKEN: &str = "not asked: no token is at hand, and a new one ends the one that another program may have (ten an \
                        hour at most); `desk doctor --new-token` asks for one";

/// Why the service is not asked any more, and how it is.
const REFUSED_TOKEN: &str = "not asked any more: the token at hand is not taken, as if another program had replaced it, \
                             and a new one would end that one's; `desk doctor --new-token` asks for one";

/// How the service is asked.
#[derive(Debug, Clone, Copy)]
pub struct Inquiry<'a> {
    /// By this client.
    pub client: &'a Client,
    /// About what these name.
    pub settings: &'a Settings,
    /// With this token and no other, where there has to be one.
    pub kept: Option<&'a KeptToken>,
}

impl Inquiry<'_> {
    /// Whether there is no token to ask with.
    async fn lacks_token(&self) -> bool {
        match self.kept {
            Some(kept) => !kept.is_there(self.client.clock().now()).await,
            None => false,
        }
    }
}

/// Looks at the store, the service, and what the settings name.
pub async fn examine(store: &dyn Store, owner: &Owner, inquiry: Inquiry<'_>) -> Vec<Finding> {
    let Inquiry { client, settings, .. } = inquiry;
    let mut findings = vec![kept(store, owner).await];
    findings.extend(desks(store, client).await);
    findings.extend(open_ends(store, owner).await);
    findings.extend(records(store).await);
    // The simulator's passwords are known to everyone, and sealed anew at each start.
    if *owner != Owner::Simulator {
        findings.extend(passwords(store, &settings.people).await);
    }
    findings.extend(elsewhere(store, owner, inquiry).await);
    findings
}

/// The same where no store is looked into, for the reason that is given.
pub async fn without_store(reason: Finding, owner: &Owner, inquiry: Inquiry<'_>) -> Vec<Finding> {
    let mut findings = vec![reason];
    findings.extend(elsewhere(&Memory::new(), owner, inquiry).await);
    findings
}

async fn elsewhere(store: &dyn Store, owner: &Owner, inquiry: Inquiry<'_>) -> Vec<Finding> {
    let settings = inquiry.settings;
    let (mut findings, goes_on) = service(owner, inquiry).await;
    if goes_on {
        findings.extend(phones(store, settings).await);
        findings.extend(assist(&settings.assist).await);
    }
    findings
}

/// What the service says, and whether it is of use to look further.
async fn service(owner: &Owner, inquiry: Inquiry<'_>) -> (Vec<Finding>, bool) {
    let Inquiry { client, settings, kept } = inquiry;
    if inquiry.lacks_token().await {
        return (vec![Finding::degraded("service", NO_TOKEN)], true);
    }
    let mut findings = match check(client, settings).await {
        Ok(found) => found,
        Err(_) if kept.is_some_and(KeptToken::was_refused) => {
            return (vec![Finding::degraded("service", REFUSED_TOKEN)], true);
        }
        Err(error) => return (vec![Finding::down("service", why(&error))], false),
    };
    findings.push(dispositions(client, &settings.dispositions).await);
    // The simulator is new at each start, and then wired.
    if *owner != Owner::Simulator {
        findings.push(subscription(client, settings).await);
    }
    findings.push(agent(client, settings).await);
    (findings, true)
}

async fn kept(store: &dyn Store, owner: &Owner) -> Finding {
    let place = store.place();
    if let Err(error) = store.ping().await {
        return Finding::down("store", format!("{place}: {error}"));
    }
    let wanted = owner.to_string();
    match store.owner().await {
        Ok(Some(found)) if found != wanted => {
            Finding::down("store", format!("{place} belongs to {found}, not to {wanted}"))
        }
        Ok(Some(found)) => Finding::ok("store", format!("{place}, of {found}")),
        Ok(None) => Finding::ok("store", format!("{place}, new")),
        Err(error) => Finding::down("store", format!("{place}: {error}")),
    }
}

/// Which desks run on the store, by their leases.
async fn desks(store: &dyn Store, client: &Client) -> Option<Finding> {
    let leases = store.leases(epoch_ms(&**client.clock())).await.ok()?;
    let mut holders: Vec<_> = leases.iter().map(|lease| lease.holder.as_str()).collect();
    holders.sort_unstable();
    holders.dedup();
    let text = format!("{} on this store hold {} leases", holders.len(), leases.len());
    (!holders.is_empty()).then(|| Finding::ok("desks", text))
}

/// What waits for someone: dials of unknown outcome, dispositions that did not arrive, the first administrator.
async fn open_ends(store: &dyn Store, owner: &Owner) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Ok(unknown) = store.dials_in(DialState::Unknown, &Scope::All, MOST).await
        && !unknown.is_empty()
    {
        let text = format!("{} of unknown outcome are to be settled", unknown.len());
        findings.push(Finding::degraded("dials", text));
    }
    if let Ok(owed) = store.owed(&Scope::All, MOST).await
        && !owed.is_empty()
    {
        let text = format!("{} did not arrive and are to be repeated by hand", owed.len());
        findings.push(Finding::degraded("outbox", text));
    }
    if store.has_administrator().await == Ok(false) {
        let text = "there is no administrator: open the link that the desk prints at its start";
        // On the simulator the users of the demo are made at the start.
        let condition =
            if *owner == Owner::Simulator { Condition::Ok } else { Condition::Degraded };
        findings.push(Finding { condition, ..Finding::ok("people", text) });
    }
    findings
}

/// Whether the agents' passwords that are kept can be opened, and whether the key is kept to its owner.
pub async fn passwords(store: &dyn Store, settings: &PeopleSettings) -> Option<Finding> {
    let links = match store.links().await {
        Ok(links) => links,
        Err(error) => return Some(Finding::degraded("passwords", error.to_string())),
    };
    let Sealed { opened, closed } = Sealed::of(&links, settings.key.as_ref());
    let finding = match (&settings.key, opened, closed) {
        (_, _, 1..) => {
            let why = match settings.key {
                Some(_) => "the key of DESK_KEY_FILE is not the one that they were sealed with",
                None => "DESK_KEY_FILE is not set",
            };
            let text = format!("{closed} of {} cannot be opened: {why}", opened + closed);
            return Some(Finding::down("passwords", text));
        }
        (None, ..) => Finding::ok("passwords", "none is kept: DESK_KEY_FILE is not set"),
        (Some(_), ..) => Finding::ok("passwords", format!("{opened} can be opened")),
    };
    if settings.is_key_open {
        let text = format!("{}; everyone on this machine can read DESK_KEY_FILE", finding.text);
        return Some(Finding::degraded("passwords", text));
    }
    Some(finding)
}

/// What is said of names in the environment that no setting has, and of settings that do not go together.
pub fn of_settings(remarks: &[String]) -> Option<Finding> {
    (!remarks.is_empty()).then(|| Finding::degraded("settings", remarks.join("; ")))
}

/// Whether the records of calls are what their facts make of them: of the newest ones.
async fn records(store: &dyn Store) -> Option<Finding> {
    match store.unlike_facts(MOST).await {
        Ok((0, _)) => None,
        Ok((count, unlike)) if unlike.is_empty() => {
            let text = format!("the newest {count} are what their facts make of them");
            Some(Finding::ok("records", text))
        }
        Ok((count, unlike)) => {
            let text = format!(
                "{} of the newest {count} are not what this version makes of their facts; each is written anew with \
                 the next fact",
                unlike.len()
            );
            Some(Finding::degraded("records", text))
        }
        Err(error) => Some(Finding::degraded("records", error.to_string())),
    }
}

async fn dispositions(client: &Client, table: &DispositionTable) -> Finding {
    let list = match client.disposition().list().await {
        Ok(list) => list,
        Err(error) => {
            let text = format!("cannot be listed, all go as General Enquiry: {}", why(&error));
            return Finding::degraded("dispositions", text);
        }
    };
    let known = format!("{} are known", list.len());
    let unlisted = table.unlisted(&list);
    if unlisted.is_empty() {
        return Finding::ok("dispositions", known);
    }
    let names: Vec<_> = unlisted.into_iter().map(DispositionName::as_str).collect();
    let text = format!(
        "{known}, and not {}: the account's list has to name them, or {} others",
        names.join(", "),
        disposition::VARIABLE
    );
    Finding::degraded("dispositions", text)
}

/// Whether events arrive here, at the address with this desk's secret.
pub async fn subscription(client: &Client, settings: &Settings) -> Finding {
    let secret = settings.webhook_secret.clone();
    let intake = Intake::new(secret, settings.public_url.as_deref());
    match look(client, &intake).await {
        Ok(found) => match found.advice() {
            None => Finding::ok("events", "they arrive here"),
            Some(advice) => Finding::degraded("events", advice),
        },
        Err(error) => Finding::degraded("events", format!("the subscription: {}", why(&error))),
    }
}

async fn agent(client: &Client, settings: &Settings) -> Finding {
    let Some(agent) = &settings.agent else {
        return Finding::ok(
            "agent",
            "OZONETEL_AGENT_ID is not set; each user has a link of its own",
        );
    };
    let name = agent.as_str();
    match client.agents().login_status(agent.clone()).await {
        Ok(_) => Finding::ok("agent", format!("{name} is logged in")),
        Err(error) if error.refusal().is_some() => {
            Finding::ok("agent", format!("{name} is not logged in"))
        }
        Err(error) => Finding::degraded("agent", format!("{name}: {}", why(&error))),
    }
}

/// How many agents are named.
const NAMED: usize = 5;

/// What call control needs and the desk does not have.
pub async fn phones(store: &dyn Store, settings: &Settings) -> Option<Finding> {
    match store.links().await {
        Ok(links) => lacking(&links, settings),
        Err(error) => Some(Finding::degraded("phones", error.to_string())),
    }
}

/// Agents without a phone name or an extension, calls without a DID.
fn lacking(links: &[AgentLink], settings: &Settings) -> Option<Finding> {
    let is_own =
        |agent: &AgentId| settings.agent.as_ref().is_none_or(|own| own.is_same_agent(agent));
    let linked = |agent: &AgentId| links.iter().any(|link| link.agent.is_same_agent(agent));
    let own = settings.agent.iter().filter(|own| !linked(own));
    let own = own.map(|own| (own, false, false));
    let of_links = links.iter();
    let of_links =
        of_links.map(|link| (&link.agent, link.phone_name.is_some(), link.extension.is_some()));
    let (mut names, mut extensions) = (Vec::new(), Vec::new());
    for (agent, has_name, has_extension) in of_links.chain(own) {
        let is_named = has_name || (settings.phone_name.is_some() && is_own(agent));
        if !is_named {
            names.push(agent.as_str());
        }
        let is_reached = has_extension || (settings.phone_number.is_some() && is_own(agent));
        if !is_reached {
            extensions.push(agent.as_str());
        }
    }
    let mut lacks = Vec::new();
    for (agents, what, variable) in
        [(names, "phone name", "OZONETEL_PHONE_NAME"), (extensions, "extension", "OZONETEL_SIP_ID")]
    {
        if !agents.is_empty() {
            lacks
                .push(format!("no {what} for {} (the agent's link, or {variable})", some(&agents)));
        }
    }
    if settings.did.is_none() {
        lacks.push(
            "no DID for calls of which the service has not named it yet (OZONETEL_DID)".to_owned(),
        );
    }
    (!lacks.is_empty())
        .then(|| Finding::degraded("phones", format!("{}: {LINE_COMMANDS}", lacks.join("; "))))
}

/// The first of them by name, and how many more there are.
fn some(agents: &[&str]) -> String {
    let named = agents.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match agents.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// Who hears calls, and who is asked: nothing where there is no live assist. A stream is opened and closed, which costs
/// nothing; a question would.
async fn assist(settings: &AssistSettings) -> Option<Finding> {
    let asked =
        settings.chat.as_ref().map(|chat| format!("suggestions and summaries by {}", chat.name()));
    let Some(speech) = &settings.speech else {
        return asked.map(|text| Finding::ok("assist", format!("{text}; no transcripts")));
    };
    let asked = asked.unwrap_or_else(|| "no suggestions and no summaries".to_owned());
    let consent = if settings.consent { "on" } else { "off" };
    let name = speech.name();
    let opened = match speech.open(Speaker::Customer).await {
        Ok(mut stream) => stream.finish().await,
        Err(error) => Err(error),
    };
    Some(match opened {
        Ok(()) => {
            let text = format!(
                "transcripts by {name}, which answers; {asked}; consent is {consent} where nothing is said"
            );
            Finding::ok("assist", text)
        }
        Err(error) => {
            Finding::degraded("assist", format!("no transcripts by {name}: {error}; {asked}"))
        }
    })
}

/// Whether the desk can be reached from elsewhere without TLS.
pub fn exposure(ip: IpAddr, has_tls: bool) -> Finding {
    match (ip.is_loopback(), has_tls) {
        (true, _) => Finding::ok("address", "this machine only"),
        (false, true) => Finding::ok("address", "reached from elsewhere, through TLS in front"),
        (false, false) => Finding::degraded(
            "address",
            "reached from elsewhere without TLS: passwords and numbers can be read on the way. Put a proxy with \
             TLS in front and set DESK_PUBLIC_URL=https://…",
        ),
    }
}

/// Places one call to a number of one's own, once, and says what became of it.
pub async fn call(inquiry: Inquiry<'_>, number: &str, reference: &str) -> Finding {
    let Inquiry { client, settings, .. } = inquiry;
    if inquiry.lacks_token().await {
        return Finding::down(
            "call",
            "not placed: no token is at hand, and --new-token is not said",
        );
    }
    let (Some(agent), Some(campaign)) = (settings.agent.clone(), settings.campaign.clone()) else {
        return Finding::down("call", "OZONETEL_AGENT_ID and OZONETEL_CAMPAIGN have to be set");
    };
    let dial = client.dial().agent(agent, campaign, PhoneNumber::from(number)).uui(reference);
    match dial.outcome().await {
        DialOutcome::Accepted(_) => {
            Finding::ok("call", format!("accepted as {reference}: the phones ring now"))
        }
        DialOutcome::NotSent(error) | DialOutcome::Invalid(error) | DialOutcome::Refused(error) => {
            Finding::down("call", format!("not placed: {}", why(&error)))
        }
        _ => Finding::down(
            "call",
            format!(
                "it is not known whether it was placed; look for {reference} before trying again"
            ),
        ),
    }
}

/// One line for each finding.
pub fn report(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { about, condition, text: found } in findings {
        let word = match condition {
            Condition::Ok => "ok",
            Condition::Degraded => "look",
            Condition::Down => "fail",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{word:4}  {about:12}  {found}");
    }
    text
}

#[cfg(test)]
mod tests;
