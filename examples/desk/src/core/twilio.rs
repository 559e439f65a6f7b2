//! Twilio's side of a hand-off: signatures of its requests, its words for calls, and the XML that it is answered. Pure.
//!
//! Sources: twilio.com/docs/usage/security (signatures), /docs/voice/twiml/{dial,sip,say,gather} and
//! /docs/voice/api/call-resource (statuses).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use sha1::Sha1;

use super::handoff::HandoffState;

/// The parameters of a form, decoded, in order.
pub type FormParams = Vec<(String, String)>;

/// The bytes that are signed: the whole address, then each parameter's name and value, sorted by name.
fn signed(key: &[u8], url: &str, params: &FormParams) -> Option<Hmac<Sha1>> {
    let mut params: Vec<_> = params.iter().collect();
    params.sort();
    params.dedup();
    let mut mac = Hmac::<Sha1>::new_from_slice(key).ok()?;
    mac.update(url.as_bytes());
    for (name, value) in params {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    Some(mac)
}

/// The signature of a request, as Twilio writes it.
///
/// ```
/// use desk::core::twilio::{is_signed, signature};
///
/// let (url, params) = ("https://desk.example.test/x?a=1", vec![("CallSid".into(), "CA1".into())]);
/// let header = signature(b"token", url, &params);
/// assert!(is_signed(b"token", url, &params, &header));
/// assert!(!is_signed(b"other", url, &params, &header));
/// ```
pub fn signature(key: &[u8], url: &str, params: &FormParams) -> String {
    let mac = signed(key, url, params);
    mac.map(|mac| STANDARD.encode(mac.finalize().into_bytes())).unwrap_or_default()
}

/// Whether a request was signed with this key for this public address. Addresses with and without the scheme's own port
/// count as one, because proxies differ. The comparison takes the same time for every signature.
pub fn is_signed(key: &[u8], url: &str, params: &FormParams, header: &str) -> bool {
    let Ok(given) = STANDARD.decode(header.trim()) else { return false };
    if key.is_empty() {
        return false;
    }
    let is_of =
        |url: &str| signed(key, url, params).is_some_and(|mac| mac.verify_slice(&given).is_ok());
    is_of(url) || other_port(url).is_some_and(|url| is_of(&url))
}

/// The same address with the scheme's own port written where it was not, and the other way round.
fn other_port(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let port = if scheme == "https" { ":443" } else { ":80" };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match authority.strip_suffix(port) {
        Some(bare) => Some(format!("{scheme}://{bare}{path}")),
        None if authority.contains(':') => None,
        None => Some(format!("{scheme}://{authority}{port}{path}")),
    }
}

/// What a call's status word says about the agent's leg; `None` for a word that says nothing.
pub fn state_of(word: &str) -> Option<HandoffState> {
    match word {
        "queued" | "initiated" | "ringing" => Some(HandoffState::Ringing),
        "in-progress" | "answered" => Some(HandoffState::Connected),
        "completed" => Some(HandoffState::Ended),
        "busy" | "no-answer" | "failed" | "canceled" => Some(HandoffState::Failed),
        _ => None,
    }
}

/// The words for the caller when the agent was not reached.
pub fn apology(word: &str) -> &'static str {
    match word {
        "busy" => "Our colleague is on another call.",
        "no-answer" => "Our colleague did not answer.",
        _ => "We could not reach our colleague.",
    }
}

/// Where a caller is connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bridge {
    /// The SIP address that is rung.
    pub sip: String,
    /// The number that is shown.
    pub caller_id: String,
    /// Where Twilio asks what to do when the agent's leg is over.
    pub action: String,
    /// Where Twilio tells of the agent's leg.
    pub status: String,
    /// How long it rings, in seconds.
    pub timeout_sec: u32,
}

/// What happens after a text was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterText {
    /// The caller is listened to, and what is said is sent to an address.
    Listen(String),
    /// The call ends.
    HangUp,
}

/// An answer to Twilio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TwimlAnswer {
    /// Nothing is to be done.
    Nothing,
    /// The call ends.
    HangUp,
    /// Both legs are connected, and end together.
    Connect(Bridge),
    /// The caller is told something.
    Tell(String, AfterText),
}

impl TwimlAnswer {
    /// The XML.
    pub fn to_xml(&self) -> String {
        let mut writer = Writer::new(Vec::new());
        // Writing to memory cannot fail.
        let _ = self.write(&mut writer);
        String::from_utf8(writer.into_inner()).unwrap_or_default()
    }

    fn write(&self, xml: &mut Writer<Vec<u8>>) -> std::io::Result<()> {
        xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        xml.write_event(Event::Start(BytesStart::new("Response")))?;
        match self {
            Self::Nothing => {}
            Self::HangUp => hang_up(xml)?,
            Self::Connect(bridge) => connect(xml, bridge)?,
            Self::Tell(text, AfterText::HangUp) => {
                say(xml, text)?;
                hang_up(xml)?;
            }
            Self::Tell(text, AfterText::Listen(action)) => {
                let mut gather = BytesStart::new("Gather");
                gather.push_attribute(("input", "speech"));
                gather.push_attribute(("method", "POST"));
                gather.push_attribute(("actionOnEmptyResult", "true"));
                gather.push_attribute(("action", action.as_str()));
                xml.write_event(Event::Start(gather))?;
                say(xml, text)?;
                xml.write_event(Event::End(BytesEnd::new("Gather")))?;
            }
        }
        xml.write_event(Event::End(BytesEnd::new("Response")))
    }
}

fn text(xml: &mut Writer<Vec<u8>>, start: BytesStart<'_>, content: &str) -> std::io::Result<()> {
    let end = start.to_end().into_owned();
    xml.write_event(Event::Start(start))?;
    xml.write_event(Event::Text(BytesText::new(content)))?;
    xml.write_event(Event::End(end))
}

fn say(xml: &mut Writer<Vec<u8>>, content: &str) -> std::io::Result<()> {
    text(xml, BytesStart::new("Say"), content)
}

fn hang_up(xml: &mut Writer<Vec<u8>>) -> std::io::Result<()> {
    xml.write_event(Event::Empty(BytesStart::new("Hangup")))
}

fn connect(xml: &mut Writer<Vec<u8>>, bridge: &Bridge) -> std::io::Result<()> {
    let timeout = bridge.timeout_sec.to_string();
    let mut dial = BytesStart::new("Dial");
    // The caller hears ringing, and no one is billed for an agent who does not answer.
    dial.push_attribute(("answerOnBridge", "true"));
    dial.push_attribute(("timeout", timeout.as_str()));
    dial.push_attribute(("callerId", bridge.caller_id.as_str()));
    dial.push_attribute(("action", bridge.action.as_str()));
    dial.push_attribute(("method", "POST"));
    xml.write_event(Event::Start(dial))?;
    let mut sip = BytesStart::new("Sip");
    sip.push_attribute(("statusCallbackEvent", "initiated ringing answered completed"));
    sip.push_attribute(("statusCallback", bridge.status.as_str()));
    sip.push_attribute(("statusCallbackMethod", "POST"));
    text(xml, sip, &bridge.sip)?;
    xml.write_event(Event::End(BytesEnd::new("Dial")))
}

#[cfg(test)]
mod tests;
