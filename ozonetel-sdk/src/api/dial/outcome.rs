//! The outcome of a dial, sorted by what to do next.

use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::core::error::{Error, ErrorKind, Reason};
use crate::types::ids::Ucid;

/// The outcome of a dial, sorted by what to do next. Whatever it is, the client has not dialled a second time.
///
/// `Display` and `Serialize` show neither a number nor the service's text.
///
/// ```
/// use ozonetel_sdk::dial::DialOutcome;
/// fn next(outcome: &DialOutcome) -> &'static str {
///     match outcome {
///         DialOutcome::Accepted(_) => "wait for the call",
///         DialOutcome::NotSent(_) => "dial again",
///         DialOutcome::Invalid(_) => "correct number, campaign or credentials",
///         DialOutcome::Refused(_) => "try again later",
///         DialOutcome::Unknown(_) => "settle it before dialing again",
///         _ => "show it to someone",
///     }
/// }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum DialOutcome<U = Ucid> {
    /// Nothing left this machine: dialing again is safe.
    NotSent(Error),
    /// It cannot work as it is: the number, the campaign or the credentials have to be corrected first. No one was
    /// rung.
    Invalid(Error),
    /// The service refused it as things are, for example because the agent is busy. No one was rung; it may work
    /// later.
    Refused(Error),
    /// The service accepted it. The UCID is an [`Option`] only if the dial was told not to ask for it.
    Accepted(U),
    /// It may have happened: a phone may be ringing. Settle it before dialing again; see
    /// [`Client::settle`](crate::Client::settle).
    Unknown(Error),
}

impl<U> DialOutcome<U> {
    /// Sorts a failed dial.
    pub fn of(error: Error) -> Self {
        if error.may_have_happened() {
            return Self::Unknown(error);
        }
        match (error.kind(), error.reason()) {
            (ErrorKind::Input | ErrorKind::Credentials, _)
            | (
                ErrorKind::Refused,
                Some(Reason::BadInput | Reason::NotFound | Reason::BadCredentials),
            ) => Self::Invalid(error),
            (ErrorKind::Refused, _) => Self::Refused(error),
            _ => Self::NotSent(error),
        }
    }

    /// The same outcome with something else in the place of the UCID.
    pub fn map<V>(self, change: impl FnOnce(U) -> V) -> DialOutcome<V> {
        match self {
            Self::NotSent(error) => DialOutcome::NotSent(error),
            Self::Invalid(error) => DialOutcome::Invalid(error),
            Self::Refused(error) => DialOutcome::Refused(error),
            Self::Accepted(ucid) => DialOutcome::Accepted(change(ucid)),
            Self::Unknown(error) => DialOutcome::Unknown(error),
        }
    }

    /// The name in `snake_case`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::NotSent(_) => "not_sent",
            Self::Invalid(_) => "invalid",
            Self::Refused(_) => "refused",
            Self::Accepted(_) => "accepted",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Why it was not accepted.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Accepted(_) => None,
            Self::NotSent(error)
            | Self::Invalid(error)
            | Self::Refused(error)
            | Self::Unknown(error) => Some(error),
        }
    }
}

impl<U> fmt::Display for DialOutcome<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(error) => write!(f, "not sent, safe to dial again: {error}"),
            Self::Invalid(error) => write!(f, "cannot work as it is, no one was rung: {error}"),
            Self::Refused(error) => write!(f, "refused, no one was rung: {error}"),
            Self::Accepted(_) => f.write_str("accepted"),
            Self::Unknown(error) => write!(f, "unknown, do not dial again: {error}"),
        }
    }
}

impl<U: Serialize> Serialize for DialOutcome<U> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("outcome", self.as_str())?;
        if let Self::Accepted(ucid) = self {
            map.serialize_entry("ucid", ucid)?;
        }
        if let Some(error) = self.error() {
            map.serialize_entry("kind", error.kind().as_str())?;
            if let Some(reason) = error.reason() {
                map.serialize_entry("reason", reason.as_str())?;
            }
            map.serialize_entry("message", &error.to_string())?;
            if let Some(reference) = error.reference() {
                map.serialize_entry("reference", reference)?;
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::transport::SendStage;
    use crate::testing::doubles::{Replay, Turn, client};

    async fn outcome(turn: Turn, number: &str) -> DialOutcome {
        let replay = Replay::new([turn]);
        client(&replay)
            .dial()
            .agent("agent01", "support_out", number)
            .uui("order-7")
            .outcome()
            .await
    }

    #[tokio::test]
    async fn zeros_are_no_ucid_of_an_accepted_dial() {
        for (reply, want) in [
            (r#"{"message":"0","status":"queued"}"#, None),
            (r#"{"message":"00000000000000000","status":"queued"}"#, None),
            (r#"{"message":0,"status":"queued"}"#, None),
            (
                r#"{"message":"0","ucid":"90000000000000001","status":"queued"}"#,
                Some("90000000000000001"),
            ),
        ] {
            let replay = Replay::new([Turn::json(reply)]);
            let client = client(&replay);
            let dial = client.dial().phone("agent01", "918000000002", "9000000001");
            match (dial.outcome().await, want) {
                (DialOutcome::Accepted(ucid), Some(want)) => assert_eq!(ucid.as_str(), want),
                (DialOutcome::Unknown(_), None) => {}
                (other, _) => panic!("{reply}: {other:?}"),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_failure_says_what_to_do_next() {
        let fail = |text: &str| Turn::json(format!(r#"{{"status":"Fail","message":"{text}"}}"#));
        let good = r#"{"status":"queued successfully","ucid":"90000000000000001"}"#;
        for (turn, number, want) in [
            (Turn::json(good), "9000000001", "accepted"),
            (Turn::json(r#"{"status":"queued successfully"}"#), "9000000001", "unknown"),
            (Turn::Fail(SendStage::NotSent), "9000000001", "not_sent"),
            (Turn::Fail(SendStage::Unknown), "9000000001", "unknown"),
            (Turn::Hang, "9000000001", "unknown"),
            (Turn::json(good), "letters", "invalid"),
            (fail("Please pass Valid Campaign Details"), "9000000001", "invalid"),
            (fail("Agent is not available"), "9000000001", "refused"),
            (fail("some text of tomorrow"), "9000000001", "refused"),
        ] {
            let outcome = outcome(turn, number).await;
            assert_eq!(outcome.as_str(), want, "{outcome:?}");
            assert_eq!(outcome.error().is_none(), want == "accepted");
            let shown =
                format!("{outcome} {outcome:?} {}", serde_json::to_string(&outcome).unwrap());
            assert!(!shown.contains("9000000001"), "{shown}");
            let json = serde_json::to_value(&outcome).unwrap();
            assert_eq!(json["outcome"], want);
            assert_eq!(json.get("ucid").is_some(), want == "accepted");
            let reference = (want == "unknown").then_some("order-7");
            assert_eq!(json.get("reference").and_then(|text| text.as_str()), reference);
        }
    }
}
