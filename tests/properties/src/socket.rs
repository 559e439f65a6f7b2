//! The agent socket.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ozonetel_sdk::mdl::{
    AgentIdentity, DisconnectReason, Link, LinkInput, LinkLimits, LinkOutput, LinkState,
    ManualDial, Mask, Settlement, Token, TokenSession, Transcript,
};

fn agent() -> AgentIdentity {
    AgentIdentity::new("acme_support", "agent01", 1001)
}

/// The agent socket: frames, transcripts, and the link under any sequence of inputs.
pub fn socket(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for line in text.lines() {
        frame(line);
    }
    link(text);
    if let Ok(transcript) = Transcript::parse(text) {
        let written: Vec<String> =
            transcript.lines().iter().map(|line| line.json(SystemTime::UNIX_EPOCH)).collect();
        let again = Transcript::parse(&written.join("\n")).expect("what was written can be read");
        assert_eq!(again.lines(), transcript.lines());
        transcript.events(agent());
    }
}

/// A frame is kept letter by letter, and masked it is a token of the same size.
fn frame(line: &str) {
    let Ok(token) = Token::parse(line) else { return };
    assert_eq!(token.json(), line);
    let _ =
        (token.push(), token.reply_status(), token.ucid(), token.agent_status(), token.message());
    let masked = Mask::default().token(&token);
    assert!(masked.fields().len() <= token.fields().len());
    Token::parse(&masked.json()).expect("a masked token is a token");
}

/// The first letter of a line says what happens; everything that was asked for settles once, and is written once.
fn link(text: &str) {
    let limits = LinkLimits::default();
    let mut link = Link::new(agent(), Arc::new(TokenSession::new("own")), limits);
    let (mut now, mut tickets, mut out) = (Duration::ZERO, 0, Vec::new());
    for line in text.lines().take(512) {
        let mut letters = line.chars();
        let input = match letters.next() {
            Some('S') => LinkInput::Start,
            Some('O') => LinkInput::Opened,
            Some('B') => LinkInput::Binary,
            Some('H') => LinkInput::Heard,
            Some('F') => LinkInput::Failed(DisconnectReason::Unreachable),
            Some('C') => LinkInput::Closed(letters.as_str().parse().ok()),
            Some('E') => LinkInput::Close,
            Some('D') => {
                tickets += 1;
                let dial = ManualDial::new(77, "9000000001", "500001");
                LinkInput::Send { ticket: tickets, request: dial.request().expect("a dial") }
            }
            Some('T') => {
                let seconds = letters.as_str().parse::<u16>().unwrap_or(10);
                now += Duration::from_secs(seconds.into());
                LinkInput::Tick
            }
            _ => LinkInput::Text(line),
        };
        out.extend(link.on(now, input));
    }
    out.extend(link.on(now, LinkInput::Close));
    out.extend(link.on(now, LinkInput::Closed(None)));
    assert!(matches!(link.state(), LinkState::Stopped(_)));
    let (mut settled, mut written) = (BTreeSet::new(), BTreeSet::new());
    for output in out {
        match output {
            LinkOutput::Settle(one) => {
                let sent = one.utid.is_some_and(|utid| written.contains(&utid.to_string()));
                assert_eq!(sent, !matches!(one.settlement, Settlement::NotSent(_)));
                assert!(settled.insert(one.ticket), "settled twice");
            }
            LinkOutput::Write(token) if token.kind() == Some(ManualDial::KIND) => {
                assert!(written.insert(token.utid().expect("an id").into_owned()), "written twice");
            }
            _ => {}
        }
    }
    assert_eq!(settled.len() as u64, tickets);
}
