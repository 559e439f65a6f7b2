//! An event of the agent socket as a sentence.
//!
//! What is masked in the machine formats is left out here, but for calls' ids, which every table shows, and telephone
//! numbers, by their last two digits.

use ozonetel_sdk::mdl::{LinkState, SocketEvent, Token};
use ozonetel_sdk::types::redact_number;
use serde_json::{Map, Value};

/// The sentence; `masked` is the event as the machine formats have it.
pub(super) fn of(event: &SocketEvent, masked: &Map<String, Value>, show_numbers: bool) -> String {
    let kind = masked.get("type").and_then(Value::as_str).unwrap_or("a token without a type");
    let (what, details) = match event {
        SocketEvent::Link(state) => return link(*state),
        SocketEvent::Resumed(_) => {
            return "the socket is up again; what happened meanwhile is not known".to_owned();
        }
        SocketEvent::Push(token) => (push(kind), Some(token)),
        SocketEvent::Reply(token) => ("a reply".to_owned(), Some(token)),
        SocketEvent::Late(token) => ("a reply after its time".to_owned(), Some(token)),
        SocketEvent::Settled(settled) => {
            let how = settled.settlement.as_str().replace('_', " ");
            (format!("{kind} ended: {how}"), None)
        }
        _ => (event.as_str().to_owned(), None),
    };
    let details = details.map(|token| fields(token, masked, show_numbers)).unwrap_or_default();
    if details.is_empty() { what } else { format!("{what}: {}", details.join(", ")) }
}

fn link(state: LinkState) -> String {
    match state {
        LinkState::Up => "the socket is up".to_owned(),
        LinkState::Handshaking => "connected, waiting for a session".to_owned(),
        LinkState::Connecting { .. } => "connecting".to_owned(),
        LinkState::Closing => "closing".to_owned(),
        other => {
            let cause = other.cause().map(|cause| format!(" ({})", cause.replace('_', " ")));
            let what = if matches!(other, LinkState::Stopped(_)) { "has ended" } else { "is down" };
            format!("the socket {what}{}", cause.unwrap_or_default())
        }
    }
}

/// The pushes that sources describe; the others by their type.
fn push(kind: &str) -> String {
    match kind {
        "busyAgent" => "a call was answered".to_owned(),
        "dropCall" => "the call ended, or an offered one was not answered".to_owned(),
        "welcome" => "the server welcomes".to_owned(),
        "goodBye" => "the server is about to end the connection".to_owned(),
        other => other.to_owned(),
    }
}

/// Names and values that may be shown.
fn fields(token: &Token, masked: &Map<String, Value>, show_numbers: bool) -> Vec<String> {
    let masked = masked.get("token").and_then(Value::as_object);
    let shown = |(name, value): (&String, &Value)| {
        if matches!(name.as_str(), "type" | "ns" | "utid") {
            return None;
        }
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(yes) => yes.to_string(),
            _ => return None,
        };
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let numeric =
            digits > 0 && text.chars().all(|c| c.is_ascii_digit() || " +-().".contains(c));
        let text = match name.to_ascii_lowercase().as_str() {
            "ucid" | "callid" | "monitorucid" if numeric => text,
            name if is_number(name) && numeric && show_numbers => text,
            name if is_number(name) && numeric => redact_number(&text),
            // A number may be its own stand-in.
            _ if digits < 5 && masked?.get(name) == Some(value) && !text.is_empty() => text,
            _ => return None,
        };
        Some(format!("{name} {text}"))
    };
    token.fields().iter().filter_map(shown).collect()
}

/// Whether a field of this name holds a telephone number.
fn is_number(name: &str) -> bool {
    ["callerid", "phone", "did", "number", "mobile"].iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use ozonetel_sdk::mdl::Mask;

    use super::*;

    fn said(token: &str, show_numbers: bool) -> String {
        let event = SocketEvent::Push(Token::parse(token).unwrap());
        let masked = event.masked(&Mask::default()).fields().clone();
        of(&event, &masked, show_numbers)
    }

    #[test]
    fn a_push_is_told_without_what_is_personal_or_secret() {
        let push = r#"{"type":"busyAgent","ucid":12345678901234567,"callerId":"+91 90000 00417","name":"Lucy L",
            "calltype":"IncomingCall","usId":"c2Vzc2lvbi0wMDE=","cust_info":{"phone":"9000000417"},
            "agentUniqId":100123,"browserSessionId":"90000004"}"#;
        let told = said(push, false);
        assert!(told.starts_with("a call was answered: "), "{told}");
        for part in ["ucid 12345678901234567", "callerId …17", "calltype IncomingCall"] {
            assert!(told.contains(part), "{told}");
        }
        let shown = said(push, true);
        assert!(shown.contains("callerId +91 90000 00417"), "{shown}");
        for secret in ["Lucy", "c2Vzc2lv", "9000000417", "100123", "90000004"] {
            assert!(!told.contains(secret) && !shown.contains(secret), "{secret}: {told} {shown}");
        }
    }

    #[test]
    fn a_push_that_no_source_describes_is_told_by_its_type() {
        assert_eq!(said(r#"{"type":"newThing","x":"y z 9000000417"}"#, true), "newThing");
        // The first stand-in for a number.
        assert_eq!(said(r#"{"type":"newThing","x":"9000000001"}"#, true), "newThing");
        assert_eq!(said(r#"{"x":null}"#, false), "a token without a type");
    }
}
