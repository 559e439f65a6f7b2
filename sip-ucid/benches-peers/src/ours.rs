//! sip-ucid.

use sip_ucid::{Contact, Message};

use crate::{Input, Peer, digest};

pub(crate) fn peer() -> Peer {
    Peer {
        name: "sip-ucid",
        parse: Some(parse),
        typed: Some(typed),
        valid: Some(valid),
        extract: Some(extract),
    }
}

fn parse(input: &Input) -> Option<usize> {
    Message::datagram(input.bytes).ok().map(|message| message.body().len())
}

fn values(message: &Message<'_>) -> Option<usize> {
    let (from, to) = (message.from().ok()?, message.to().ok()?);
    let (from_uri, to_uri) = (from.parsed_uri().ok()?, to.parsed_uri().ok()?);
    let Contact::Address(contact) = message.contacts().next()?.ok()? else { return None };
    let contact_uri = contact.parsed_uri().ok()?;
    let (via, cseq) = (message.via().ok()?, message.cseq().ok()?);
    std::hint::black_box((from_uri, to_uri, contact_uri));
    let tag = from.tag().map_or(0, |tag| tag.len());
    let branch = via.branch().map_or(0, |branch| branch.len());
    Some(digest(message.call_id().ok()?.len(), tag, branch, cseq.number()))
}

fn typed(input: &Input) -> Option<usize> {
    values(&Message::datagram(input.bytes).ok()?)
}

fn valid(input: &Input) -> Option<usize> {
    let message = Message::datagram(input.bytes).ok()?;
    let values = values(&message)?;
    message.is_valid().then_some(values)
}

fn extract(input: &Input) -> Option<usize> {
    let call = sip_ucid::call(input.bytes);
    Some(call.ucid?.len() + 100 * call.caller?.len())
}
