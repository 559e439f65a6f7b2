//! Whatever the network does, in whatever order: a call that may happen only once is never sent again after an
//! attempt that may have arrived.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use ozonetel_sdk::auth::AuthMode;
use ozonetel_sdk::client::TokioClock;
use ozonetel_sdk::dial::DialOutcome;
use ozonetel_sdk::testing::doubles::{Replay, Turn};
use ozonetel_sdk::transport::SendStage;
use ozonetel_sdk::{Client, ErrorKind};
use ozonetel_tests::paused;
use proptest::prelude::*;

/// What a turn means to a dial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    /// Provably nothing was sent.
    NotSent,
    /// The token has expired, to the letter.
    Expired,
    /// The service said no.
    No,
    /// Done.
    Done,
    /// It is unknown.
    Unknown,
}

fn json(status: u16, body: &'static str) -> Turn {
    let status = StatusCode::from_u16(status).unwrap();
    Turn::Answer(status, "application/json", Bytes::from_static(body.as_bytes()))
}

fn turn() -> impl Strategy<Value = (Turn, Means)> {
    let done = r#"{"ucid":"90000000000000001","status":"queued successfully"}"#;
    let expired = r#"{"status":"false","message":"Token Expired","data":null}"#;
    let turns = vec![
        (Turn::Fail(SendStage::NotSent), Means::NotSent),
        (Turn::Fail(SendStage::NotSent), Means::NotSent),
        (json(200, expired), Means::Expired),
        (json(401, expired), Means::Expired),
        (json(200, r#"{"status":"false","message":"Invalid Token","data":null}"#), Means::No),
        (json(200, r#"{"status":"Fail","message":"Agent is not available"}"#), Means::No),
        (json(200, r#"{"status":"error","message":"Max limit exceeded"}"#), Means::No),
        (json(429, r#"{"status":"error","message":"Max limit exceeded"}"#), Means::No),
        (json(429, "<html>"), Means::Unknown),
        (json(200, r#"{"status":"processing","ucid":"90000000000000001"}"#), Means::Unknown),
        (json(200, done), Means::Done),
        (Turn::Fail(SendStage::Unknown), Means::Unknown),
        (Turn::Hang, Means::Unknown),
        (Turn::Pieces(vec![Bytes::from_static(b"{\"ucid\":\"9")], false), Means::Unknown),
        (json(503, expired), Means::Unknown),
        (json(500, done), Means::Unknown),
        (json(200, "<html>"), Means::Unknown),
        (json(404, "<html>"), Means::Unknown),
        (json(302, ""), Means::Unknown),
        (json(200, r#"{"status":"queued successfully"}"#), Means::Unknown),
        (json(200, r#"{"status":"queued successfully","ucid":"soon"}"#), Means::Unknown),
    ];
    proptest::sample::select(turns)
}

fn token(n: usize) -> Turn {
    Turn::json(format!(r#"{{"token":"token-{n}","message":""}}"#))
}

/// Answers token requests with tokens and everything else by the script.
#[derive(Debug, Clone)]
struct Scripted {
    tokens: Replay,
    dials: Replay,
}

#[async_trait::async_trait]
impl ozonetel_sdk::transport::Transport for Scripted {
    async fn send(
        &self,
        request: ozonetel_sdk::transport::Outgoing,
    ) -> Result<ozonetel_sdk::transport::Incoming, ozonetel_sdk::transport::Failure> {
        let is_token = request.http.uri().path().ends_with("generateToken");
        if is_token { self.tokens.send(request).await } else { self.dials.send(request).await }
    }
}

/// The model: how often a dial may be sent, and what is known afterwards.
fn model(script: &[Means], token: bool) -> (usize, Option<Means>) {
    let (mut sent, mut renewed) = (0, false);
    for means in script.iter().chain(std::iter::repeat(&Means::NotSent)) {
        sent += 1;
        let again = match means {
            Means::NotSent => sent < 3,
            Means::Expired if token && !renewed => {
                renewed = true;
                true
            }
            _ => false,
        };
        if !again {
            return (sent, Some(*means));
        }
    }
    (sent, None)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_dial_follows_one_that_may_have_arrived(
        script in proptest::collection::vec(turn(), 1..6),
        in_token_mode in any::<bool>(),
    ) {
        let (turns, means): (Vec<Turn>, Vec<Means>) = script.into_iter().unzip();
        let transport =
            Scripted { tokens: Replay::new((0..8).map(token)), dials: Replay::new(turns) };
        let mode = if in_token_mode { AuthMode::Token } else { AuthMode::Key };
        let outcome = paused(async {
            let client = Client::builder()
                .account("acme_support")
                .key("test-key")
                .mode(mode)
                .base_url("http://api.example.test")
                .transport(Arc::new(transport.clone()))
                .clock(Arc::new(TokioClock::new()))
                .build()
                .unwrap();
            let dial = client.dial().agent("agent01", "support_out", "9000000001").uui("order-7");
            dial.outcome().await
        });
        let (sent, end) = model(&means, in_token_mode);
        prop_assert_eq!(transport.dials.requests().len(), sent, "{:?}", outcome);
        let unknown_at = means.iter().take(sent).position(|means| *means == Means::Unknown);
        prop_assert!(unknown_at.is_none_or(|at| at + 1 == sent), "sent again after an unknown attempt");
        match (outcome, end) {
            (DialOutcome::Accepted(_), Some(Means::Done)) => {}
            (
                DialOutcome::Refused(error) | DialOutcome::Invalid(error),
                Some(Means::No | Means::Expired),
            ) => {
                prop_assert!(!error.may_have_happened());
            }
            (DialOutcome::NotSent(error), Some(Means::NotSent)) => {
                prop_assert_eq!(error.kind(), ErrorKind::Unreachable);
            }
            (DialOutcome::Unknown(error), Some(Means::Unknown)) => {
                prop_assert_eq!(error.reference(), Some("order-7"));
            }
            (outcome, end) => prop_assert!(false, "{:?} and it was {:?}", outcome, end),
        }
        // One token to begin with, and one renewal at most.
        prop_assert!(transport.tokens.requests().len() <= 2);
    }
}
