//! The agent socket: one agent's own state and calls.

use futures_util::StreamExt as _;
use ozonetel_sdk::mdl::{
    AgentStatusKind, CallPush, LinkState, SocketEvent, SocketEvents, SocketPush, Token,
};
use ozonetel_sdk::types::{Ucid, redact_number};

use super::super::board::{AgentNews, CallNews, CallStage, Change};
use super::Changes;

/// Reads until the link ends or no one listens.
pub(crate) async fn run(
    mut events: SocketEvents,
    agent: String,
    show_numbers: bool,
    changes: Changes,
) {
    let mut watched = WatchedAgent::new(agent, show_numbers);
    while let Some(item) = events.next().await {
        let news = match item {
            Ok(SocketEvent::Link(LinkState::Up)) => vec![Change::Up],
            Ok(SocketEvent::Link(LinkState::Waiting { cause, .. })) => {
                watched.is_call_whole = false;
                vec![Change::Down(cause.as_str().to_owned())]
            }
            Ok(SocketEvent::Push(token)) => watched.news(&token),
            Ok(_) => Vec::new(),
            Err(error) => vec![Change::Down(error.summary())],
        };
        for change in news {
            if changes.send(change).await.is_err() {
                return;
            }
        }
    }
    // With no one left to listen, there is nothing to say.
    let _ = changes.send(Change::Down("the socket has ended".to_owned())).await;
}

/// Whose socket it is.
struct WatchedAgent {
    agent: String,
    show_numbers: bool,
    /// Whether a call that ends has been watched from its beginning: then one that was not answered was missed. Of one
    /// before that it is not known.
    is_call_whole: bool,
    /// The last one that was not: its end may come twice.
    cut: Option<Ucid>,
}

impl WatchedAgent {
    fn new(agent: String, show_numbers: bool) -> Self {
        Self { agent, show_numbers, is_call_whole: false, cut: None }
    }

    fn news(&mut self, token: &Token) -> Vec<Change> {
        let mut news = Vec::new();
        if let Some(status) = token.agent_status() {
            let is_calling = matches!(status.kind(), Some(AgentStatusKind::Calling));
            self.is_call_whole |= is_calling || status.may_be_on_call() == Some(false);
            news.push(Change::Agent(AgentNews {
                agent: self.agent.clone(),
                word: status.as_str().to_owned(),
                reason: None,
                since: None,
                at: None,
            }));
        }
        match token.push() {
            SocketPush::Answered(call) => {
                news.extend(self.call(&call, CallStage::Talking, Some(true)));
            }
            SocketPush::Dropped(call) => {
                if !self.is_call_whole {
                    self.cut = call.ucid;
                }
                let answered = (self.cut != call.ucid).then_some(false);
                news.extend(self.call(&call, CallStage::Ended, answered));
                // The next one begins while it is watched.
                self.is_call_whole = true;
            }
            _ => {}
        }
        news
    }

    fn call(&self, call: &CallPush, stage: CallStage, answered: Option<bool>) -> Option<Change> {
        let id = call.ucid.map(|ucid| ucid.to_string())?;
        let caller = call.caller_id.as_ref().map(|caller| {
            let number = caller.as_str();
            if self.show_numbers { number.to_owned() } else { redact_number(number) }
        });
        Some(Change::Call(CallNews {
            id,
            stage,
            caller,
            agent: Some(self.agent.clone()),
            campaign: call.campaign.as_ref().map(ToString::to_string),
            since: None,
            answered,
            at: None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of the calls that end while these tokens come.
    fn ended(tokens: &[&str]) -> Vec<Option<bool>> {
        let agent = "agent01".to_owned();
        let mut watched = WatchedAgent::new(agent, false);
        let changes = tokens.iter().flat_map(|text| watched.news(&Token::parse(text).unwrap()));
        let calls = changes.filter_map(|change| match change {
            Change::Call(news) if news.stage == CallStage::Ended => Some(news.answered),
            _ => None,
        });
        calls.collect()
    }

    #[test]
    fn a_call_that_began_before_the_watch_is_not_missed() {
        let drop = r#"{"type":"dropCall","ucid":12345678901234567}"#;
        let status = |word: &str| format!(r#"{{"type":"agentStatus","agentStatus":"{word}"}}"#);
        let next = r#"{"type":"dropCall","ucid":12345678901234568}"#;
        assert_eq!(ended(&[drop, drop, next]), [None, None, Some(false)]);
        for (word, answered) in [
            ("READY", Some(false)),
            ("calling", Some(false)),
            ("ACW", Some(false)),
            ("BUSY", None),
            ("incall", None),
            ("new word", None),
        ] {
            assert_eq!(ended(&[&status(word), drop]), [answered], "{word}");
        }
    }
}
