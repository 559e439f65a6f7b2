//! What a softphone is sent about a leg that rings.

use super::dialog::{LegInvite, MediaSource};
use crate::world::{
    CallStage, ConferenceParty, Direction, LegSide, PhoneCall, World, is_withheld, sip_caller,
};

/// The INVITE for a leg that rings now.
pub(super) fn invite(world: &World, ucid: u64, side: LegSide) -> Option<LegInvite> {
    let call = world.call(ucid)?;
    match side {
        LegSide::Customer => customer(call, ucid),
        LegSide::Agent => agent(world, call, ucid),
    }
}

fn customer(call: &PhoneCall, ucid: u64) -> Option<LegInvite> {
    (call.stage == CallStage::CustomerRinging).then(|| LegInvite {
        ucid,
        call: call.monitor,
        side: LegSide::Customer,
        extension: call.caller.clone(),
        agent: None,
        from: Some(call.did.clone()),
        headers: Vec::new(),
        relay: MediaSource::Second,
    })
}

/// An agent's telephone that rings: for the call, or into it.
struct Ringing {
    extension: String,
    agent: Option<String>,
    announced: u64,
    relay: MediaSource,
}

fn agent(world: &World, call: &PhoneCall, ucid: u64) -> Option<LegInvite> {
    let rings = of_leg(world, call, ucid).or_else(|| of_party(world, call, ucid))?;
    let inbound = call.direction == Direction::Inbound;
    let mut headers = vec![
        ("X-UCID", rings.announced.to_string()),
        ("X-DID", call.did.clone()),
        ("X-ACCOUNT", world.setup().account.clone()),
    ];
    if inbound && !call.caller.is_empty() {
        headers.push(("X-CALLERNO", sip_caller(&call.caller)));
    }
    // White space at an end is not part of a header's value.
    let uui = call.uui.trim();
    if !uui.is_empty() {
        headers.push(("X-UUI", uui.to_owned()));
    }
    let withheld = inbound && is_withheld(&call.caller);
    if withheld {
        headers.push(("Privacy", "id".to_owned()));
    }
    let from = if inbound { &call.caller } else { &call.did };
    let from: String = from.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    Some(LegInvite {
        ucid,
        call: call.monitor,
        side: LegSide::Agent,
        extension: rings.extension,
        agent: rings.agent,
        from: (!withheld).then_some(from),
        headers,
        relay: rings.relay,
    })
}

/// Whether the customer's telephone is a softphone.
fn customer_is_outside(world: &World, call: &PhoneCall) -> bool {
    call.direction == Direction::Outbound && world.is_phone_outside(&call.caller)
}

fn of_leg(world: &World, call: &PhoneCall, ucid: u64) -> Option<Ringing> {
    let (_, leg) = call.current_leg().filter(|(_, leg)| leg.ucid == ucid)?;
    if call.stage != CallStage::AgentRinging {
        return None;
    }
    let both = customer_is_outside(world, call);
    Some(Ringing {
        extension: leg.phone.clone(),
        agent: leg.agent.clone(),
        announced: leg.announced,
        relay: if both { MediaSource::First } else { MediaSource::No },
    })
}

fn of_party(world: &World, call: &PhoneCall, ucid: u64) -> Option<Ringing> {
    let rings = |party: &&ConferenceParty| party.ucid == ucid && party.joined.is_none();
    let party = call.parties.iter().find(rings)?;
    let gone = call.current_leg().is_none_or(|(_, leg)| leg.lost.is_some() || leg.ucid == ucid);
    let relay = match (customer_is_outside(world, call), gone) {
        (false, _) => MediaSource::No,
        (true, true) => MediaSource::First,
        (true, false) => MediaSource::Later,
    };
    Some(Ringing {
        extension: party.number.clone(),
        agent: party.agent.clone(),
        announced: party.announced,
        relay,
    })
}
