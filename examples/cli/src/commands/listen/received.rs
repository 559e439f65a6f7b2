//! What a request to the receiver is: pure, from its bytes.

use ozonetel_sdk::kookoo::IvrRequest;
use ozonetel_sdk::push::{
    Callback, EventBody, ParsedPush, PushError, PushErrorKind, PushEvent, PushReader, ScreenPop,
};
use ozonetel_sdk::types::{redact_number, redact_numbers_in};

use super::journal::EntryKind;
use crate::mask::printable;

/// A request, as it arrived.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrived<'a> {
    pub(super) is_post: bool,
    pub(super) query: Option<&'a str>,
    pub(super) body: &'a [u8],
    /// The name of the field that holds the address's secret.
    pub(super) secret: Option<&'a str>,
}

/// What it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Received {
    /// The check of an address that is being saved.
    Check,
    /// Something to keep.
    Push { kind: EntryKind, body: String, lines: Vec<String> },
    /// The sender is not proved.
    Refused(String),
    /// Too large to be kept.
    TooLarge,
}

impl Received {
    /// Looks at a request. Numbers in the lines are shortened unless they are to be shown.
    pub(super) fn of(reader: &PushReader, arrived: Arrived<'_>, show_numbers: bool) -> Self {
        let Arrived { is_post, query, body, secret } = arrived;
        if !is_post && body.is_empty() && is_check(query, secret) {
            return Self::Check;
        }
        if !is_post && body.is_empty() {
            let asks = form_has(query, "event");
            return if asks {
                push(EntryKind::Kookoo, reader.read::<IvrRequest>(query, body), |item| {
                    ivr(item, show_numbers)
                })
            } else if form_has(query, "data") {
                push(EntryKind::Callback, reader.callbacks(query, body), |item| {
                    callback(item, show_numbers)
                })
            } else {
                push(EntryKind::ScreenPop, reader.screen_pops(query, body), |item| {
                    screen_pop(item, show_numbers)
                })
            };
        }
        if is_event(reader, query, body) {
            push(EntryKind::Event, reader.events(query, body), |item| event(item, show_numbers))
        } else {
            push(EntryKind::Callback, reader.callbacks(query, body), |item| {
                callback(item, show_numbers)
            })
        }
    }
}

/// Whether a query holds nothing but what an address was registered with: its secret and a challenge. What a campaign's
/// address names its fields is for whoever wrote it to say.
fn is_check(query: Option<&str>, secret: Option<&str>) -> bool {
    let of_checks = |name: &str| name.is_empty() || name == "challenge" || Some(name) == secret;
    names(query).all(of_checks)
}

/// The names of a query's fields; an escaped ampersand leaves `amp;` in front of the next one.
fn names(query: Option<&str>) -> impl Iterator<Item = &str> {
    let names = query.unwrap_or_default().split('&');
    names.map(|pair| pair.split('=').next().unwrap_or_default().trim_start_matches("amp;"))
}

fn form_has(query: Option<&str>, wanted: &str) -> bool {
    names(query).any(|name| name == wanted)
}

/// Whether a body is an event's: it says so, or says what happened.
fn is_event(reader: &PushReader, query: Option<&str>, body: &[u8]) -> bool {
    let marks = ["eventType", "event_type", "action"];
    reader.sanitize(query, body).is_ok_and(|push| {
        push.objects().any(|fields| marks.iter().any(|mark| fields.contains_key(*mark)))
    })
}

fn push<T>(
    kind: EntryKind,
    read: Result<ParsedPush<T>, PushError>,
    line: impl Fn(&T) -> String,
) -> Received {
    match read {
        Ok(push) => {
            let kind = if push.is_ping() { EntryKind::Ping } else { kind };
            let mut lines: Vec<String> = push.items.iter().map(line).collect();
            lines.extend(
                push.failed.iter().map(|error| format!("an entry cannot be parsed: {error}")),
            );
            if lines.is_empty() {
                lines.push("a ping".to_owned());
            }
            let lines = lines.into_iter().map(|line| printable(&line)).collect();
            Received::Push { kind, body: push.sanitized.to_json(), lines }
        }
        Err(error) => match error.kind() {
            PushErrorKind::Proof => Received::Refused(error.to_string()),
            PushErrorKind::TooLarge => Received::TooLarge,
            _ => {
                let body = error.unread().unwrap_or_default().to_owned();
                let reason = redact_numbers_in(&error.to_string());
                let line = format!("cannot be parsed, kept as it came: {reason}");
                Received::Push { kind: EntryKind::Unparsed, body, lines: vec![printable(&line)] }
            }
        },
    }
}

/// Words that are there, with blanks between them.
fn words<const N: usize>(words: [Option<String>; N]) -> String {
    let words: Vec<String> = words.into_iter().flatten().filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

fn number(number: &str, show: bool) -> String {
    if show { number.to_owned() } else { redact_number(number) }
}

fn callback(call: &Callback, show: bool) -> String {
    words([
        call.call_id.map(|id| format!("call {id}")),
        call.status.as_ref().map(|status| status.as_str().to_owned()),
        call.caller_id.as_ref().map(|caller| format!("caller {}", number(caller.as_str(), show))),
        call.campaign_name.as_ref().map(|name| format!("campaign {name}")),
        call.disposition.as_ref().map(|word| format!("disposition {}", word.as_str())),
    ])
}

fn event(event: &PushEvent, show: bool) -> String {
    match &event.what {
        EventBody::Call(call) => words([
            call.action.as_ref().map(|action| action.as_str().to_owned()),
            call.call_id.map(|id| format!("call {id}")),
            call.agent().map(|agent| format!("agent {agent}")),
            call.caller_id
                .as_ref()
                .map(|caller| format!("caller {}", number(caller.as_str(), show))),
        ]),
        EventBody::Agent(agent) => words([
            agent.agent_id.as_ref().map(|agent| format!("agent {agent}")),
            agent.action.as_ref().map(|action| action.as_str().to_owned()),
        ]),
        _ => "an event of another type".to_owned(),
    }
}

fn screen_pop(pop: &ScreenPop, show: bool) -> String {
    words([
        pop.ucid.map(|ucid| format!("leg {ucid}")),
        pop.agent_id.as_ref().map(|agent| format!("agent {agent}")),
        pop.caller().map(|caller| format!("caller {}", number(caller.as_str(), show))),
    ])
}

fn ivr(request: &IvrRequest, show: bool) -> String {
    words([
        request.event.as_ref().map(|event| event.as_str().to_owned()),
        request.sid.as_ref().map(|sid| format!("call {sid}")),
        request.caller().map(|caller| format!("caller {}", number(caller.as_str(), show))),
    ])
}

#[cfg(test)]
mod tests {
    use ozonetel_sdk::push::verify::Verifier;

    use super::*;

    fn of(is_post: bool, query: Option<&str>, body: &str) -> Received {
        let arrived = Arrived { is_post, query, body: body.as_bytes(), secret: Some("code") };
        Received::of(&PushReader::new(), arrived, false)
    }

    fn kind(received: &Received) -> EntryKind {
        let Received::Push { kind, .. } = received else { panic!("{received:?}") };
        *kind
    }

    #[test]
    fn what_arrives_is_told_apart_and_numbers_are_short() {
        let callback = of(
            true,
            None,
            "data=%7B%22monitorUCID%22%3A%2290000000000000001%22%2C%22Status%22%3A%22Answered%22%2C\
             %22CallerID%22%3A%229000000417%22%2C%22Apikey%22%3A%22key-of-mine%22%7D",
        );
        let Received::Push { kind: EntryKind::Callback, body, lines } = &callback else {
            panic!("{callback:?}")
        };
        assert_eq!(lines, &["call 90000000000000001 Answered caller …17"]);
        assert!(body.contains("9000000417") && !body.contains("key-of-mine"), "{body}");
        let event = r#"{"eventType":"Agent","data":{"agentId":"agent01","action":"READY"}}"#;
        assert_eq!(kind(&of(true, None, event)), EntryKind::Event);
        let pop = "ucid=90000000000000002&phoneNumber=9000000417";
        assert_eq!(kind(&of(false, Some(pop), "")), EntryKind::ScreenPop);
        let ivr = "event=NewCall&sid=90000000000000001&cid=09000000417";
        assert_eq!(kind(&of(false, Some(ivr), "")), EntryKind::Kookoo);
        assert_eq!(kind(&of(true, None, "{}")), EntryKind::Ping);
        assert_eq!(of(false, None, ""), Received::Check);
        assert_eq!(of(false, Some("code=x"), ""), Received::Check);
        assert_eq!(of(false, Some("code=x&amp;challenge=1"), ""), Received::Check);
    }

    #[test]
    fn a_screen_pop_is_no_check_whatever_its_fields_are_called() {
        for query in [
            "callerID=9000000001&amp;ucid=90000000000000002&amp;monitorUcid=90000000000000001",
            "code=x&amp;ucid=90000000000000002",
            "callerID=9000000001&did=918000000001&agentID=agent01&dataID=7",
            "customer_phone=9000000001",
        ] {
            assert_eq!(kind(&of(false, Some(query), "")), EntryKind::ScreenPop, "{query}");
        }
        let asked = "sid=90000000000000001&amp;event=NewCall";
        assert_eq!(kind(&of(false, Some(asked), "")), EntryKind::Kookoo);
    }

    #[test]
    fn what_cannot_be_parsed_is_kept_without_the_key() {
        let cut = r#"{"monitorUCID":"90000000000000001","Apikey":"key-of-mine","Stat"#;
        let received = of(true, None, cut);
        let Received::Push { kind: EntryKind::Unparsed, body, lines } = &received else {
            panic!("{received:?}")
        };
        assert!(body.contains("90000000000000001") && !body.contains("key-of-mine"), "{body}");
        assert!(lines[0].starts_with("cannot be parsed"), "{lines:?}");
    }

    #[test]
    fn a_sender_without_the_secret_is_refused() {
        let reader = PushReader::new().verifier(Verifier::url("code", "s3cret").unwrap());
        let body = br#"{"monitorUCID":"90000000000000001"}"#;
        let of = |query| {
            Received::of(
                &reader,
                Arrived { is_post: true, query, body, secret: Some("code") },
                false,
            )
        };
        assert!(matches!(of(Some("code=wrong")), Received::Refused(_)));
        assert_eq!(kind(&of(Some("code=s3cret"))), EntryKind::Callback);
    }
}
