//! Callers' profiles: stored for a call on an extension, and shown for no other.

use ozonetel_sdk::types::AgentId;
use serde_json::Value;

use super::facts::{Together, record_with};
use super::joining::profile_changed;
use crate::access::no_such;
use crate::core::caller::{Caller, Scope};
use crate::core::handoff::{HandoffRow, HandoffState, REFERENCE};
use crate::core::profile::{
    BadProfile, CallKeys, EntryUse, Extension, NotAnId, Profile, entry_use, unknown_caller,
    without_extension,
};
use crate::desk::Desk;
use crate::people::token::new_id;
use crate::ports::profiles::ProfilesError;
use crate::problem::{Kind, Problem};
use crate::store::{HandoffBegun, StoreError, StoredCall};

/// How many live calls of an agent are looked at.
const MOST: u32 = 64;

/// How often a change of a profile is tried again that met another one.
const TRIES: usize = 8;

impl From<ProfilesError> for Problem {
    fn from(error: ProfilesError) -> Self {
        Self::new(Kind::Busy, error.to_string())
    }
}

impl From<BadProfile> for Problem {
    fn from(error: BadProfile) -> Self {
        Self::field(error.path, error.text)
    }
}

/// An extension as a request writes it.
///
/// # Errors
/// It is not one.
pub fn extension(text: &str) -> Result<Extension, Problem> {
    Extension::new(text).map_err(|reason: NotAnId| Problem::field("extension", reason.to_string()))
}

/// The ids of a call as a request writes them.
///
/// # Errors
/// The one that is not an id.
pub fn call_keys(sid: Option<&str>, id: Option<&str>) -> Result<CallKeys, Problem> {
    CallKeys::new(sid, id).map_err(|bad| Problem::field(bad.field, bad.reason.to_string()))
}

/// The agent who has an extension.
///
/// # Errors
/// The store is not available.
pub async fn agent_of(desk: &Desk, extension: &Extension) -> Result<Option<AgentId>, StoreError> {
    let links = desk.store().links().await?;
    let linked = links
        .into_iter()
        .find(|link| link.extension.as_deref().is_some_and(|own| own.trim() == extension.as_str()));
    if let Some(link) = linked {
        return Ok(Some(link.agent));
    }
    let settings = desk.settings();
    let own = settings.phone_number.as_ref().is_some_and(|own| own.as_str() == extension.as_str());
    Ok(settings.agent.clone().filter(|_| own))
}

/// The extension of an agent.
///
/// # Errors
/// The store is not available.
pub async fn extension_of(desk: &Desk, agent: &AgentId) -> Result<Option<Extension>, StoreError> {
    let link = desk.store().link_of_agent(agent).await?;
    let own = || desk.phone_number(None, agent).ok().map(|number| number.as_str().to_owned());
    let text = link.and_then(|link| link.extension).or_else(own);
    Ok(text.and_then(|text| Extension::new(&text).ok()))
}

/// An extension, and the agent who has it.
#[derive(Debug, Clone)]
pub struct Place {
    /// The extension.
    pub extension: Extension,
    /// The agent.
    pub agent: AgentId,
}

/// The extension that a question is about, as [`place`]; `None` where the caller names none and has none, and can be
/// answered all the same: an agent without an extension, or anyone who names a call.
///
/// # Errors
/// As [`place`].
pub async fn place_to_read(
    desk: &Desk,
    caller: &Caller,
    said: Option<Extension>,
    keys: &CallKeys,
) -> Result<Option<Place>, Problem> {
    if said.is_some() {
        return place(desk, caller, said).await.map(Some);
    }
    let own = match caller.own.as_slice() {
        [agent] => extension_of(desk, agent).await?.map(|extension| (agent.clone(), extension)),
        _ if keys.is_empty() => return place(desk, caller, None).await.map(Some),
        _ => None,
    };
    Ok(own.map(|(agent, extension)| Place { extension, agent }))
}

/// The extension that a request is about: the one it names, if the caller sees its agent, else the caller's own.
///
/// # Errors
/// [`Kind::NotFound`] for one that there is not, or that the caller may not see; [`Kind::BadRequest`] if there is none
/// to take.
pub async fn place(
    desk: &Desk,
    caller: &Caller,
    said: Option<Extension>,
) -> Result<Place, Problem> {
    if let Some(extension) = said {
        let agent = agent_of(desk, &extension).await?;
        let agent = agent.filter(|agent| caller.scope.contains(agent));
        let agent = agent.ok_or_else(|| no_such("extension"))?;
        return Ok(Place { extension, agent });
    }
    let [agent] = caller.own.as_slice() else {
        return Err(Problem::field("extension", "is missing"));
    };
    let extension = extension_of(desk, agent).await?;
    let extension = extension.ok_or_else(|| Problem::field("extension", "is missing"))?;
    Ok(Place { extension, agent: agent.clone() })
}

/// The profile of a call on an extension as its reader sees it, or the body that says that nothing is known.
///
/// # Errors
/// Neither the desk's store nor the profiles' answers.
pub async fn look_up(
    desk: &Desk,
    caller: &Caller,
    place: &Place,
    keys: &CallKeys,
) -> Result<Value, Problem> {
    let found = if keys.is_empty() {
        of_place(place, only_call(desk, place).await?)
    } else {
        with_keys(desk, caller, place, keys).await?
    };
    let is_own = |agent: &AgentId| caller.own.iter().any(|own| own.is_same_agent(agent));
    Ok(match found {
        Some(found) if found.agents.iter().any(is_own) => found.profile.to_body(),
        Some(found) => found.profile.masked().to_body(),
        None => {
            let id = keys.all().next().unwrap_or_else(|| place.extension.as_str());
            unknown_caller(id, None)
        }
    })
}

/// The profile of a call that the caller sees, where no extension is known: what is kept with the call, or the body that
/// says that nothing is known, and why.
///
/// # Errors
/// The desk's store does not answer.
pub async fn look_up_by_call(
    desk: &Desk,
    caller: &Caller,
    keys: &CallKeys,
) -> Result<Value, Problem> {
    for id in keys.all() {
        let Some(call) = desk.store().call(id, &caller.scope).await? else { continue };
        if let Some(profile) = kept(desk, &call).await? {
            let agent = call.state.agent.as_ref();
            let own = caller.own.iter().any(|own| agent.is_some_and(|it| it.is_same_agent(own)));
            return Ok(if own { profile } else { profile.masked() }.to_body());
        }
    }
    Ok(without_extension(keys.all().next().unwrap_or("unknown")))
}

/// Looks again for the hand-off that a call is: it may have been made after the call rang.
///
/// # Errors
/// The store is not available.
async fn join(desk: &Desk, call: &str) -> Result<(), StoreError> {
    let together =
        Together { call: Some(call.to_owned()), look_for_handoff: true, ..Together::default() };
    record_with(desk, Vec::new(), together).await.map(|_| ())
}

/// Looks whether a live call of an agent is a hand-off that was just made.
///
/// # Errors
/// The store is not available.
pub(super) async fn join_live(desk: &Desk, agent: &AgentId) -> Result<(), StoreError> {
    let scope = Scope::Agents(vec![agent.clone()]);
    for call in desk.store().live_calls(&scope, MOST).await? {
        if !call.state.is_ended() {
            join(desk, &call.id).await?;
        }
    }
    Ok(())
}

/// The profile that is kept with a call.
async fn kept(desk: &Desk, call: &StoredCall) -> Result<Option<Profile>, Problem> {
    if let Some(row) = desk.store().handoff_of_call(&call.id).await? {
        return Ok(Some(row.profile));
    }
    if call.state.is_ended() {
        return Ok(None);
    }
    join(desk, &call.id).await?;
    Ok(desk.store().handoff_of_call(&call.id).await?.map(|row| row.profile))
}

/// A profile, and whose call it is of.
struct FoundProfile {
    profile: Profile,
    agents: Vec<AgentId>,
}

/// One that was stored for an extension.
fn of_place(place: &Place, profile: Option<Profile>) -> Option<FoundProfile> {
    Some(FoundProfile { profile: profile?, agents: vec![place.agent.clone()] })
}

async fn with_keys(
    desk: &Desk,
    caller: &Caller,
    place: &Place,
    keys: &CallKeys,
) -> Result<Option<FoundProfile>, Problem> {
    let mut call = None;
    for id in keys.all() {
        let Some(found) = desk.store().call(id, &caller.scope).await? else { continue };
        if let Some(profile) = kept(desk, &found).await? {
            // Whoever sees the call: that is another question than whose the extension is.
            let agents = found.state.agents.iter().chain(&found.state.agent).cloned().collect();
            return Ok(Some(FoundProfile { profile, agents }));
        }
        call = call.or(Some(found));
    }
    Ok(of_place(place, stored(desk, place, keys, call.as_ref()).await?))
}

/// The profile that is stored for a call on an extension, and not kept with its call.
async fn stored(
    desk: &Desk,
    place: &Place,
    keys: &CallKeys,
    call: Option<&StoredCall>,
) -> Result<Option<Profile>, Problem> {
    if let Some(profile) = carried(desk, place, keys).await? {
        return Ok(Some(profile));
    }
    for id in keys.all() {
        let entry = entry(desk, &place.extension.key_of(id)).await?;
        // The key is the call's own; what is in it must not say otherwise.
        let own = entry.filter(|(_, profile)| !profile.keys().contradicts(keys));
        if let Some((_, profile)) = own {
            return Ok(Some(profile));
        }
    }
    let key = place.extension.key();
    let Some((text, profile)) = entry(desk, &key).await? else { return Ok(None) };
    match entry_use(&profile.keys(), keys) {
        EntryUse::Own => Ok(Some(profile)),
        EntryUse::Other => Ok(None),
        EntryUse::Unclaimed => claim(desk, place, keys, (text, profile), call).await,
    }
}

/// The profile of a call that a carrier rings the agent for: it is kept as long as the row.
async fn carried(desk: &Desk, place: &Place, keys: &CallKeys) -> Result<Option<Profile>, Problem> {
    let row = desk.store().handoff_with(place.extension.as_str(), keys).await?;
    let row = row.filter(|row| row.call.is_some() || row.leg_sid.is_some());
    Ok(row.filter(|row| row.is_meant(keys)).map(|row| row.profile))
}

/// What is under a key: its text, and the profile in it. What is no profile is as good as nothing.
async fn entry(desk: &Desk, key: &str) -> Result<Option<(String, Profile)>, Problem> {
    let Some(text) = desk.customers().profiles().get(key).await? else { return Ok(None) };
    if let Ok(profile) = serde_json::from_str::<Profile>(&text) {
        return Ok(Some((text, profile)));
    }
    tracing::warn!("a stored profile cannot be parsed");
    Ok(None)
}

/// Takes an extension's entry that names no call for the call that asked first.
async fn claim(
    desk: &Desk,
    place: &Place,
    keys: &CallKeys,
    (old, mut profile): (String, Profile),
    call: Option<&StoredCall>,
) -> Result<Option<Profile>, Problem> {
    profile.set_keys(keys);
    let new = text_of(&profile)?;
    let profiles = desk.customers().profiles();
    if !profiles.swap(&place.extension.key(), &old, &new).await? {
        // Another call was faster, or another profile has come.
        return Ok(None);
    }
    for id in keys.all() {
        profiles.put(&place.extension.key_of(id), &new).await?;
    }
    if let Some(call) = call.filter(|call| !call.state.is_ended()) {
        let row = new_row(desk, place, "desk", &profile, Some(call.id.clone()));
        let events = vec![profile_changed(&row, &row.agent, None)?];
        match desk.store().begin_handoff(row, events).await {
            Ok(_) | Err(StoreError::Conflict(_) | StoreError::Taken(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Some(profile))
}

/// Without an id: the profile of the only call that is live on the extension, if it has one.
async fn only_call(desk: &Desk, place: &Place) -> Result<Option<Profile>, Problem> {
    let scope = Scope::Agents(vec![place.agent.clone()]);
    let live = desk.store().live_calls(&scope, MOST).await?;
    let has = |call: &StoredCall| {
        let agent = call.state.agent.as_ref();
        !call.state.is_ended() && agent.is_some_and(|agent| agent.is_same_agent(&place.agent))
    };
    let mut live = live.into_iter().filter(has);
    let (Some(call), None) = (live.next(), live.next()) else { return Ok(None) };
    if let Some(profile) = kept(desk, &call).await? {
        return Ok(Some(profile));
    }
    let entry = entry(desk, &place.extension.key()).await?;
    let own = |profile: &Profile| {
        let keys = profile.keys();
        !keys.is_empty() && keys.all().all(|id| call.state.ids.contains(id))
    };
    Ok(entry.map(|(_, profile)| profile).filter(own))
}

/// A profile as it is stored.
///
/// # Errors
/// It cannot be written.
pub(super) fn text_of(profile: &Profile) -> Result<String, Problem> {
    let text = serde_json::to_string(profile);
    text.map_err(|_| Problem::new(Kind::Internal, "the profile cannot be written"))
}

/// Stores a profile under the keys of its call, and only then as the extension's latest.
///
/// # Errors
/// The store of profiles does not answer.
pub(super) async fn cache(desk: &Desk, place: &Place, profile: &Profile) -> Result<(), Problem> {
    let text = text_of(profile)?;
    let profiles = desk.customers().profiles();
    for id in profile.keys().all() {
        profiles.put(&place.extension.key_of(id), &text).await?;
    }
    profiles.put(&place.extension.key(), &text).await?;
    Ok(())
}

/// A row for a profile that no one hands over.
fn new_row(
    desk: &Desk,
    place: &Place,
    maker: &str,
    profile: &Profile,
    call: Option<String>,
) -> HandoffRow {
    HandoffRow {
        id: format!("{REFERENCE}{}", new_id()),
        maker: maker.to_owned(),
        session: String::new(),
        extension: place.extension.as_str().to_owned(),
        agent: place.agent.clone(),
        call_sid: profile.call_sid.clone(),
        call_id: profile.call_id.clone(),
        leg_sid: None,
        profile: profile.clone(),
        carrier: None,
        waits_at: None,
        state: HandoffState::Waiting,
        message: None,
        call,
        made_ms: desk.now(),
        changed_ms: desk.now(),
    }
}

/// Stores a profile. With an id of a call it is that call's, and replaces what was known of it; without one it is for
/// the call that asks for it first.
///
/// # Errors
/// A field that is not taken; one of the stores does not answer.
pub async fn save(
    desk: &Desk,
    caller: &Caller,
    place: &Place,
    keys: &CallKeys,
    mut profile: Profile,
) -> Result<Value, Problem> {
    place.extension.as_str().clone_into(&mut profile.extension);
    profile.set_keys(keys);
    profile.check()?;
    cache(desk, place, &profile).await?;
    if !keys.is_empty() {
        keep(desk, caller, place, keys, &profile).await?;
        join_live(desk, &place.agent).await?;
    }
    Ok(profile.to_body())
}

/// Writes a profile into the row of its call, or into a new one.
async fn keep(
    desk: &Desk,
    caller: &Caller,
    place: &Place,
    keys: &CallKeys,
    profile: &Profile,
) -> Result<(), Problem> {
    for _ in 0..TRIES {
        let mut known = desk.store().handoff_with(place.extension.as_str(), keys).await?;
        // One that has ended without its call takes nothing more.
        let goes_on =
            |row: &HandoffRow| row.call.is_some() || row.carrier.is_some() || !row.state.is_over();
        known = known.filter(|row| row.is_meant(keys) && goes_on(row));
        if known.is_none() {
            let row = new_row(desk, place, &caller.id, profile, None);
            let events = vec![profile_changed(&row, &row.agent, None)?];
            match desk.store().begin_handoff(row, events).await? {
                HandoffBegun::New => return Ok(()),
                HandoffBegun::Repeated(row) => known = Some(*row),
            }
        }
        let Some(from) = known else { continue };
        let mut to =
            HandoffRow { profile: profile.clone(), changed_ms: desk.now(), ..from.clone() };
        // A caller who is routed to another agent before the call is known takes the profile along.
        let moves = from.extension != place.extension.as_str()
            && from.call.is_none()
            && from.carrier.is_none();
        if moves {
            place.extension.as_str().clone_into(&mut to.extension);
            to.agent = place.agent.clone();
        }
        let mut events = vec![profile_changed(&to, &to.agent, None)?];
        if !to.agent.is_same_agent(&from.agent) {
            events.push(profile_changed(&to, &from.agent, None)?);
        }
        match desk.store().change_handoff(&from, to, events).await {
            Err(StoreError::Conflict(_)) => {}
            done => {
                done?;
                return if moves { leave(desk, &from, profile).await } else { Ok(()) };
            }
        }
    }
    Err(StoreError::Conflict("profile").into())
}

/// Takes the profile of a call away from the extension that the call has left.
async fn leave(desk: &Desk, from: &HandoffRow, profile: &Profile) -> Result<(), Problem> {
    let Ok(old) = Extension::new(&from.extension) else { return Ok(()) };
    let (profiles, keys) = (desk.customers().profiles(), profile.keys());
    for id in keys.all() {
        profiles.remove(&old.key_of(id)).await?;
    }
    if let Some((_, latest)) = entry(desk, &old.key()).await?
        && latest.keys().is_same(&keys)
    {
        profiles.remove(&old.key()).await?;
    }
    Ok(())
}
