//! What to do about an error.

use super::{Error, ErrorKind, Refusal};
use crate::core::auth_mode::AuthMode;
use crate::core::reason::{self, Reason};

/// What the service answers, among other things, to a key where the account is in token mode, and to a token where
/// it is in key mode.
const WRONG_MODE: [&str; 7] = [
    "Api Key Should Not be Null or Empty.",
    "Missing userName or apiKey",
    "apiKey should not be empty",
    "apiKey cannot be empty",
    "Token Should Not be Null or Empty.",
    "Token Expired",
    "Invalid Token",
];

/// The same words to a token mean that the token is not the current one.
const STALE_TOKEN: [&str; 3] =
    ["Token Should Not be Null or Empty.", "Token Expired", "Invalid Token"];

/// The mode that the account may be in, by what was presented and what the service answered.
pub(super) fn other_mode(error: &Error) -> Option<AuthMode> {
    let presented = error.0.mode?;
    let pattern = error.refusal()?.documented()?.pattern();
    let told = WRONG_MODE.contains(&pattern)
        && (presented == AuthMode::Key || !STALE_TOKEN.contains(&pattern));
    told.then(|| presented.other())
}

pub(super) fn advice(error: &Error) -> Option<&'static str> {
    if error.may_have_happened() {
        return Some(if error.reference().is_some() {
            "it may have happened: do not repeat it; look for its reference under UUI in today's CDR, in the events \
             or in the callback first"
        } else {
            "it may have happened: do not repeat it; look for the call in today's CDR, in the events or in the \
             callback first"
        });
    }
    match other_mode(error) {
        Some(AuthMode::Token) => {
            return Some(
                "the account may be in token mode: set the mode to token (OZONETEL_AUTH=token)",
            );
        }
        Some(AuthMode::Key) => {
            return Some("the account may be in key mode: set the mode to key (OZONETEL_AUTH=key)");
        }
        None => {}
    }
    if is_stale_token(error) {
        return Some(
            "the token was refused and is dropped, and nothing happened: send it again, with a new token; \
             if that is refused as well, check account and key, and that the account's API authentication is the \
             token, as it is set here (OZONETEL_AUTH=token)",
        );
    }
    match (error.kind(), error.reason()) {
        (_, Some(Reason::BadCredentials)) => Some(bad_credentials(error)),
        (ErrorKind::Status, _) if error.status().is_some_and(is_unauthorized) => {
            Some(bad_credentials(error))
        }
        (_, Some(Reason::TokenExpired)) => Some(
            "another program may be making tokens of the same account: let them share one, or check the account's \
             API authentication setting",
        ),
        (_, Some(Reason::TooManyRequests)) => {
            Some("wait as long as it says; all programs of the account draw on the same limit")
        }
        (_, Some(Reason::BadInput)) => {
            Some("correct the request: the service refuses it however often it is sent")
        }
        (_, Some(Reason::NotFound)) => Some(not_found(error.call())),
        (_, Some(Reason::NotAllowed)) if is_logged_in_already(error) => Some(
            "the agent is logged in, and there is nothing to do; one who is to be ready again is logged out and in with \
             force-ready",
        ),
        (_, Some(Reason::NotAllowed)) => Some(not_allowed(error.call())),
        (ErrorKind::Refused, _) => None,
        (ErrorKind::Input, _) => Some("correct the value; nothing was sent"),
        (ErrorKind::Credentials, _) => {
            Some("check account, key and the account's API authentication setting (OZONETEL_AUTH)")
        }
        (ErrorKind::Store, _) => {
            Some("see to the place where token and limits are kept; nothing was sent")
        }
        (ErrorKind::Paced, _) => {
            Some("wait as long as it says, or share the limit between the programs of the account")
        }
        (ErrorKind::Unreachable, _) => Some(
            "try again later; if it stays so, check the address (OZONETEL_BASE_URL), whether it is http or https, and the \
             network",
        ),
        (ErrorKind::Closed | ErrorKind::Status, _) => Some("try again later"),
        (ErrorKind::Unreadable, _) => {
            Some("look at the excerpt: this is not an answer of the service as documented")
        }
    }
}

fn not_found(call: &str) -> &'static str {
    if call.starts_with("call_control.") {
        return "check the call's id, DID and phone name; a call that is over is not found, and an account may control \
                calls of offline campaigns alone";
    }
    "check the id, number or name: the account does not have it, or no longer"
}

fn not_allowed(call: &str) -> &'static str {
    match call {
        "dial.agent" => {
            "try again when the agent or the campaign is in another state; an account may want the agent at the toolbar, \
             and not signed in over REST alone"
        }
        "agents.change_state" => {
            "try again when the agent is in another state; an account may let an agent at the toolbar change it there \
             alone"
        }
        _ => "try again when the agent, the campaign or the call is in another state",
    }
}

/// Whether the token that was presented may not be the account's current one, and no other was tried: a read is sent
/// again with a new one on its own, what may happen only once is not.
fn is_stale_token(error: &Error) -> bool {
    let text = error.refusal().map(Refusal::message);
    error.0.mode == Some(AuthMode::Token)
        && error.attempts() == 1
        && error.reason() != Some(Reason::TokenExpired)
        && text.is_some_and(reason::is_stale)
}

fn is_logged_in_already(error: &Error) -> bool {
    let text = error.refusal().map(Refusal::message);
    text.is_some_and(|text| text.trim().eq_ignore_ascii_case(reason::ALREADY_LOGGED_IN))
}

fn is_unauthorized(status: http::StatusCode) -> bool {
    matches!(status, http::StatusCode::UNAUTHORIZED | http::StatusCode::FORBIDDEN)
}

/// Names the mode in which the request was signed, where the account's setting decides it: a wrong mode and a wrong key
/// may be answered alike.
fn bad_credentials(error: &Error) -> &'static str {
    match error.0.mode {
        Some(AuthMode::Token) => {
            "check account and key, the agent's id and password where they are sent, and that the account's API \
             authentication is the token, as it is set here (OZONETEL_AUTH=token)"
        }
        Some(AuthMode::Key) => {
            "check account and key, the agent's id and password where they are sent, and that the account's API \
             authentication is the key, as it is set here (OZONETEL_AUTH=key)"
        }
        None => "check account and key, and the agent's id and password where they are sent",
    }
}
