//! Typed views on the pushes that are known, and the words they use.
//!
//! Nothing here is exhaustive: a push without a view, or one that does not fit its view, stays the untyped
//! [`Token`].

use serde_json::Value;

use super::Token;
use crate::types::ids::{AgentId, CampaignName, Ucid};
use crate::types::phone::PhoneNumber;
use crate::types::wire::{SensitiveText, record, string_enum};

string_enum! {
    /// An agent's state, in the words of the toolbar, the event subscription and the login list.
    AgentStatus, AgentStatusKind {
        /// Logged in.
        LoggedIn = ["login"],
        /// Logged out.
        LoggedOut = ["logout"],
        /// Waits for calls.
        Ready = ["READY"],
        /// Waits for calls.
        Idle = ["IDLE"],
        /// A call is being set up.
        Calling = ["calling"],
        /// In a call.
        InCall = ["incall"],
        /// In a call.
        Busy = ["BUSY"],
        /// After-call work.
        WrapUp = ["ACW"],
        /// Paused by the agent.
        Paused = ["PAUSED", "pause"],
        /// Paused, by the platform too: its phone is unregistered, for instance.
        Aux = ["AUX"],
        /// Released.
        Released = ["release"],
    }
}

impl AgentStatus {
    /// Whether a call may be in progress in this state; `None` for a word that is not known.
    pub fn may_be_on_call(&self) -> Option<bool> {
        use AgentStatusKind::{Busy, Calling, InCall};
        self.kind().map(|kind| matches!(kind, Busy | Calling | InCall))
    }
}

string_enum! {
    /// How a call came about.
    SocketCallType, SocketCallTypeKind {
        /// A customer called.
        Incoming = ["IncomingCall"],
        /// An agent dialled.
        Manual = ["Manual Dialing"],
        /// The dialler dialled.
        Progressive = ["Progressive Dialing"],
    }
}

record! {
    /// A push about a call. Spelling and presence of the fields vary: one that cannot be read does not cost the rest, and is
    /// in `extra` under its name and `_text`. Without a leg that can be read, it is not seen as a call's.
    pub struct CallPush {
        /// The leg.
        ucid: Ucid = "ucid" | "UCID",
        /// The other side's number.
        caller_id: PhoneNumber = "callerId" | "callerID" or text,
        /// How it came about.
        call_type: SocketCallType = "calltype" | "callType" or text,
        /// The campaign.
        campaign: CampaignName = "campaignName" or text,
        /// The recording.
        audio_file: SensitiveText = "audioFile" or text,
        /// The agent.
        agent: AgentId = "agentId" or text,
        /// When it began, as sent.
        start_time: String = "startTime" or text,
        /// When it ended, as sent.
        end_time: String = "endTime" or text,
    }
}

impl CallPush {
    /// `cust_info`, whatever its shape.
    pub fn cust_info(&self) -> Option<&Value> {
        self.extra.get("cust_info")
    }
}

record! {
    /// The first token on a new connection, where the server sends one.
    pub struct Welcome {
        /// The server's maker.
        vendor: String = "vendor",
        /// The server's version.
        version: String = "version",
        /// The session, in the newer form.
        source_id: SensitiveText = "sourceId",
        /// The session, in the form of 2011.
        usid: SensitiveText = "usid",
        /// How long the session may be silent, in milliseconds.
        timeout: u64 = "timeout",
        /// The protocol's version.
        protocol_version: String = "protocolVersion",
        /// The sub-protocol.
        sub_protocol: String = "subProtocol",
    }
}

record! {
    /// The server is about to end the connection.
    pub struct GoodBye {
        /// Why.
        reason: String = "reason",
    }
}

/// A push, seen through the view that fits its type.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SocketPush {
    /// `busyAgent`: the call is answered.
    Answered(CallPush),
    /// `dropCall`: the call ended; unanswered unless `busyAgent` came before. Programs that use the socket read it so; one
    /// page says that it is an offered call that ended unanswered.
    Dropped(CallPush),
    /// `welcome`.
    Welcome(Welcome),
    /// `goodBye`.
    GoodBye(GoodBye),
    /// Anything else, and anything that does not fit its view: see the token.
    Other,
}

impl Token {
    /// The token as a push.
    ///
    /// ```
    /// use ozonetel_sdk::mdl::{SocketPush, Token};
    /// let token = Token::parse(r#"{"type":"busyAgent","ucid":12345678901234567,"calltype":"Manual Dialing"}"#)?;
    /// let SocketPush::Answered(call) = token.push() else { panic!("answered") };
    /// assert_eq!(call.ucid.map(|ucid| ucid.to_string()).as_deref(), Some("12345678901234567"));
    /// # Ok::<(), ozonetel_sdk::mdl::NotAToken>(())
    /// ```
    pub fn push(&self) -> SocketPush {
        fn view<T: serde::de::DeserializeOwned>(
            token: &Token,
            of: fn(T) -> SocketPush,
        ) -> SocketPush {
            let fields = Value::Object(token.fields().clone());
            serde_json::from_value(fields).map_or(SocketPush::Other, of)
        }
        match self.kind() {
            Some("busyAgent") => view(self, SocketPush::Answered),
            Some("dropCall") => view(self, SocketPush::Dropped),
            Some("welcome") => view(self, SocketPush::Welcome),
            Some("goodBye") => view(self, SocketPush::GoodBye),
            _ => SocketPush::Other,
        }
    }

    /// The agent's status, where the token carries one.
    pub fn agent_status(&self) -> Option<AgentStatus> {
        let word = self.text("agentStatus")?;
        (!word.trim().is_empty()).then(|| AgentStatus::from(word.as_ref()))
    }

    /// The UCID, where the token carries one that can be parsed. Zeros name none.
    pub fn ucid(&self) -> Option<Ucid> {
        ["ucid", "UCID"].into_iter().find_map(|name| self.text(name)?.trim().parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Token {
        Token::parse(text).unwrap()
    }

    #[test]
    fn a_push_reads_in_every_spelling() {
        let token = parse(
            r#"{"type":"dropCall","ucid":"12345678901234567","callType":"IncomingCall","callerId":9000000001,
               "startTime":null,"cust_info":{"a":1},"x":true}"#,
        );
        let SocketPush::Dropped(call) = token.push() else { panic!("{token:?}") };
        assert_eq!(call.ucid.unwrap().as_str(), "12345678901234567");
        assert_eq!(call.call_type.as_ref().unwrap(), &SocketCallTypeKind::Incoming);
        assert_eq!(call.caller_id.as_ref().unwrap().as_str(), "9000000001");
        assert_eq!(call.start_time, None);
        assert_eq!(call.cust_info().unwrap(), &serde_json::json!({"a": 1}));
        assert_eq!(call.extra.get("x").unwrap(), true);
        assert!(!format!("{call:?}").contains("9000000001"));
    }

    #[test]
    fn what_does_not_read_stays_a_token() {
        for text in [
            r#"{"type":"busyAgent","ucid":"not digits"}"#,
            r#"{"type":"BusyAgent","ucid":"1"}"#,
            r#"{"type":7}"#,
            r"{}",
        ] {
            let token = parse(text);
            assert_eq!(token.push(), SocketPush::Other, "{text}");
            assert_eq!(token.json(), text);
        }
    }

    #[test]
    fn an_odd_field_does_not_cost_the_push() {
        for name in
            ["callerId", "calltype", "campaignName", "audioFile", "agentId", "startTime", "endTime"]
        {
            for odd in ["[1]", r#"{"time":1}"#] {
                let token = parse(&format!(r#"{{"type":"busyAgent","ucid":"11","{name}":{odd}}}"#));
                let SocketPush::Answered(call) = token.push() else { panic!("{token:?}") };
                assert_eq!(call.ucid.unwrap().as_str(), "11");
                let kept = call.extra.get(&format!("{name}_text")).unwrap();
                assert_eq!(kept, &serde_json::from_str::<Value>(odd).unwrap(), "{name}");
            }
        }
    }

    #[test]
    fn zeros_are_no_ucid() {
        for zero in ["0", "\"0\"", "\"00000000000000000\""] {
            let token =
                parse(&format!(r#"{{"type":"response","resp":"Success:x","ucid":{zero}}}"#));
            assert_eq!(token.ucid(), None, "{zero}");
        }
    }

    #[test]
    fn an_unknown_state_is_kept_as_text() {
        let state = parse(r#"{"agentStatus":"BREAK-FAST"}"#).agent_status().unwrap();
        assert_eq!(
            (state.as_str(), state.kind(), state.may_be_on_call()),
            ("BREAK-FAST", None, None)
        );
        assert_eq!(
            parse(r#"{"agentStatus":"paused"}"#).agent_status().unwrap(),
            AgentStatusKind::Paused
        );
        assert_eq!(parse(r#"{"agentStatus":null}"#).agent_status(), None);
    }
}
