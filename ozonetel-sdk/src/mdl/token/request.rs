//! Tokens on their way out.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use super::session::{AgentIdentity, AgentSession};
use super::{TOOLBAR_NS, Token, Utid, short_kind};
use crate::types::invalid::Invalid;
use crate::types::invalid::filled;
use crate::types::phone::PhoneNumber;

/// A token to send, and how long to wait for its reply.
///
/// ```
/// use ozonetel_sdk::mdl::TokenRequest;
/// // Any token by its name; agent and session are put in on request, at the moment of sending.
/// let request = TokenRequest::new("tbAgentPause").field("reason", "lunch").in_session();
/// assert_eq!(request.kind(), "tbAgentPause");
/// ```
#[derive(Clone, PartialEq)]
pub struct TokenRequest {
    kind: Box<str>,
    fields: Map<String, Value>,
    in_session: bool,
    wait: Option<Duration>,
}

impl TokenRequest {
    /// A token of a type.
    pub fn new(kind: impl Into<Box<str>>) -> Self {
        Self { kind: kind.into(), fields: Map::new(), in_session: false, wait: None }
    }

    /// One field. `type` and `utid` are not the caller's: they are overwritten.
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// All fields of a map.
    pub fn fields(mut self, fields: Map<String, Value>) -> Self {
        self.fields.extend(fields);
        self
    }

    /// Puts account, agent and session ids in, those of the moment of sending: `customer`, `agentId`,
    /// `agentUniqId`, `browserSessionId`, `usId`. A field that is set already stays.
    pub fn in_session(mut self) -> Self {
        self.in_session = true;
        self
    }

    /// How long to wait for the reply. Default: the link's.
    pub fn wait(mut self, limit: Duration) -> Self {
        self.wait = Some(limit);
        self
    }

    /// The token's type.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    pub(crate) fn reply_wait(&self) -> Option<Duration> {
        self.wait
    }

    /// The token as it would go out without session and id: what the error of a request carries that was not sent.
    pub fn draft(&self) -> Token {
        let mut fields = self.fields.clone();
        fields.entry("ns").or_insert_with(|| TOOLBAR_NS.into());
        fields.insert("type".into(), Value::from(&*self.kind));
        Token::from(fields)
    }

    pub(crate) fn seal(&self, agent: &AgentIdentity, session: &AgentSession, utid: Utid) -> Token {
        let mut fields = self.draft().fields().clone();
        if self.in_session {
            session.stamp(agent, &mut fields);
        }
        fields.insert("utid".into(), utid.get().into());
        Token::from(fields)
    }
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({})", short_kind(&self.kind))
    }
}

/// A manual dial over the socket: rings the agent's softphone, then the customer.
///
/// ```
/// use ozonetel_sdk::mdl::ManualDial;
/// let dial = ManualDial::new(77, "9000000001", "500001");
/// assert_eq!(dial.params()?, "77,9000000001,500001,SIP:true");
/// assert!(ManualDial::new(77, "9000000001,500002", "500001").params().is_err());
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ManualDial {
    /// The campaign's numeric id.
    pub campaign_id: u64,
    /// The customer, in the form that the account dials.
    pub customer: PhoneNumber,
    /// The softphone's SIP extension.
    pub extension: PhoneNumber,
    /// How long to wait for the reply. Default: the link's.
    pub wait: Option<Duration>,
}

impl ManualDial {
    /// The type of its token.
    pub const KIND: &'static str = "tbManualDial";

    /// Rings an extension, then a customer.
    pub fn new(
        campaign_id: u64,
        customer: impl Into<PhoneNumber>,
        extension: impl Into<PhoneNumber>,
    ) -> Self {
        Self { campaign_id, customer: customer.into(), extension: extension.into(), wait: None }
    }

    /// The field `params`, which has no escaping.
    ///
    /// # Errors
    /// A part that is empty, or that holds a comma or a control character.
    pub fn params(&self) -> Result<String, Invalid> {
        let (customer, extension) = (self.customer.as_str(), self.extension.as_str());
        for (field, part) in [("customer", customer), ("extension", extension)] {
            filled(field, part)?;
            if part.contains(',') {
                return Err(Invalid::new(field, "must not contain a comma"));
            }
            if part.chars().any(char::is_control) {
                return Err(Invalid::new(field, "must not contain a control character"));
            }
        }
        Ok(format!("{},{customer},{extension},SIP:true", self.campaign_id))
    }

    /// The token to send.
    ///
    /// # Errors
    /// As [`params`](Self::params).
    pub fn request(&self) -> Result<TokenRequest, Invalid> {
        // `isSip` is text, says the design document.
        let mut request = TokenRequest::new(Self::KIND)
            .field("isSip", "true")
            .field("mode", "manual")
            .field("params", self.params()?)
            .in_session();
        request.wait = self.wait;
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dial_is_written_as_documented() {
        let agent = AgentIdentity::new("acme_support", "agent01", 1001);
        let session = AgentSession {
            us_id: "c2Vzc2lvbi0wMDE=".into(),
            browser_session_id: "5b0e6c1e-0000-4000-8000-000000000001".into(),
        };
        let dial = ManualDial::new(77, "0000000001", "500001").request().unwrap();
        let token = dial.seal(&agent, &session, Utid(57));
        let want = serde_json::json!({"type":"tbManualDial","ns":"ozonetel.cloudagent","customer":"acme_support",
            "agentId":"agent01","agentUniqId":1001,"browserSessionId":"5b0e6c1e-0000-4000-8000-000000000001",
            "usId":"c2Vzc2lvbi0wMDE=","isSip":"true","mode":"manual","params":"77,0000000001,500001,SIP:true",
            "utid":57});
        assert_eq!(serde_json::from_str::<Value>(&token.json()).unwrap(), want);
    }

    #[test]
    fn parts_that_would_break_the_list_are_refused() {
        for (customer, extension) in [
            ("9000000001,1", "500001"),
            ("9000000001", "500001,SIP:true"),
            ("", "500001"),
            ("9000000001", " "),
            ("9000000001\n", "500001"),
        ] {
            assert!(
                ManualDial::new(77, customer, extension).request().is_err(),
                "{customer} {extension}"
            );
        }
    }

    #[test]
    fn type_and_utid_are_not_the_callers() {
        let session = AgentSession { us_id: "u".into(), browser_session_id: "b".into() };
        let agent = AgentIdentity::new("acme_support", "agent01", 1001);
        let request =
            TokenRequest::new("a").field("type", "b").field("utid", 1).field("ns", "mine");
        let token = request.seal(&agent, &session, Utid(9));
        assert_eq!(token.json(), r#"{"ns":"mine","type":"a","utid":9}"#);
    }
}
