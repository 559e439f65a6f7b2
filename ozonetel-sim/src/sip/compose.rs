//! Messages on their way out. Quoting and line breaks are `sip-ucid`'s business.

use std::fmt;

use sip_ucid::{Message, Name, WriteError, Writer};

use super::sdp;

/// What this end understands.
pub(super) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, REGISTER";

/// A response in the making.
pub(super) struct SipResponse<'a> {
    pub(super) code: u16,
    pub(super) reason: &'a str,
    /// Completes To where the request has no tag yet.
    pub(super) tag: &'a str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<String>,
}

impl<'a> SipResponse<'a> {
    pub(super) fn new(code: u16, reason: &'a str, tag: &'a str) -> Self {
        Self { code, reason, tag, headers: Vec::new(), body: None }
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn body(mut self, body: String) -> Self {
        self.body = Some(body);
        self
    }

    /// The response to a request, with the headers that every response takes from it.
    pub(super) fn to(&self, request: &Message<'_>) -> Result<Vec<u8>, ComposeError> {
        self.compose(request).map_err(in_part("a response"))
    }

    fn compose(&self, request: &Message<'_>) -> Result<Vec<u8>, WriteError> {
        let mut out = Vec::new();
        let mut writer = Writer::response(&mut out, self.code, self.reason)?;
        for via in request.values(Name::Via) {
            writer.echo(Name::Via, via)?;
        }
        for name in [Name::From, Name::To, Name::CallId, Name::CSeq] {
            let Some(value) = request.value(name) else { continue };
            let untagged = request.to().is_ok_and(|to| to.tag().is_none());
            if name == Name::To && untagged && self.code > 100 {
                let mut tagged: Vec<u8> = value.unfold().flatten().copied().collect();
                tagged.extend_from_slice(b";tag=");
                tagged.extend_from_slice(self.tag.as_bytes());
                writer.header(name, tagged)?;
            } else {
                writer.echo(name, value)?;
            }
        }
        for (name, value) in &self.headers {
            writer.header(*name, value)?;
        }
        finish(&mut writer, self.body.as_deref())?;
        Ok(out)
    }
}

/// Why a message could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ComposeError {
    part: &'static str,
    error: WriteError,
}

impl fmt::Display for ComposeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.part, self.error)
    }
}

/// Names the part of a message that cannot be written.
fn in_part(part: &'static str) -> impl Fn(WriteError) -> ComposeError {
    move |error| ComposeError { part, error }
}

/// Whether a request can be sent to this URI.
pub(super) fn check_target(uri: &str) -> Result<(), ComposeError> {
    let written = Writer::request(&mut Vec::new(), "ACK", uri).map(|_| ());
    written.map_err(in_part("Contact"))
}

/// A request in the making.
pub(super) struct SipRequest<'a> {
    pub(super) method: &'a str,
    pub(super) target: &'a str,
    pub(super) branch: &'a str,
    pub(super) domain: &'a str,
    /// The display name of From.
    pub(super) display: Option<&'a str>,
    pub(super) from: (&'a str, &'a str),
    pub(super) to: (&'a str, &'a str),
    pub(super) call_id: &'a str,
    pub(super) cseq: u32,
    pub(super) headers: &'a [(&'static str, String)],
    pub(super) body: Option<&'a str>,
}

impl SipRequest<'_> {
    pub(super) fn write(&self) -> Result<Vec<u8>, ComposeError> {
        let mut out = Vec::new();
        let begun = Writer::request(&mut out, self.method, self.target);
        let mut writer = begun.map_err(in_part("Contact"))?;
        self.own_headers(&mut writer).map_err(in_part("a header of the dialog"))?;
        for (name, value) in self.headers {
            writer.header(*name, value).map_err(in_part(name))?;
        }
        finish(&mut writer, self.body).map_err(in_part("the body"))?;
        Ok(out)
    }

    fn own_headers(&self, writer: &mut Writer<'_, Vec<u8>>) -> Result<(), WriteError> {
        writer.header(Name::Via, format!("SIP/2.0/WS {};branch={}", self.domain, self.branch))?;
        writer.header(Name::MaxForwards, "70")?;
        writer.address(Name::From, self.display, self.from.0, &[("tag", self.from.1)])?;
        let to = [("tag", self.to.1)];
        let known = if self.to.1.is_empty() { &to[..0] } else { &to[..] };
        writer.address(Name::To, None, self.to.0, known)?;
        writer.call_id(self.call_id)?.cseq(self.cseq, self.method)?;
        if self.method == "INVITE" {
            let contact = contact(self.domain);
            writer.header(Name::Contact, contact)?.header("Allow", ALLOW)?;
        }
        Ok(())
    }
}

/// Our end of every dialog.
pub(super) fn contact(domain: &str) -> String {
    format!("<sip:simulator@{domain};transport=ws>")
}

fn finish(writer: &mut Writer<'_, Vec<u8>>, body: Option<&str>) -> Result<(), WriteError> {
    match body {
        Some(body) => writer.finish(sdp::KIND, body.as_bytes()),
        None => writer.finish("", b""),
    }
}
