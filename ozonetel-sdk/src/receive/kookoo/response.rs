//! An answer to KooKoo: XML, written and read with quick-xml.

use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer, XmlVersion};

use super::verb::{Element, Verb};
use crate::receive::push::error::{PushError, PushErrorKind};
use crate::types::invalid::Invalid;

/// How many verbs one answer may hold.
pub const MAX_VERBS: usize = 500;

/// How many bytes of XML are read.
const MAX_BYTES: usize = 256 * 1024;

/// What the application answers: verbs, done one after the other.
///
/// ```
/// use ozonetel_sdk::kookoo::IvrResponse;
/// use ozonetel_sdk::kookoo::verb::{Conference, PlayText};
/// let xml = IvrResponse::new()
///     .filler(false)
///     .then(PlayText::new("Please wait").lang("EN"))
///     .then(Conference::new("room7").record("true"))
///     .to_xml()?;
/// assert!(xml.ends_with(
///     r#"<response filler="no"><playtext lang="EN">Please wait</playtext><conference record="true">room7</conference></response>"#
/// ));
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IvrResponse {
    /// The call, as the request's `sid`.
    pub sid: Option<String>,
    /// Whether the service fills the silence while the application works.
    pub filler: Option<bool>,
    /// The verbs, in order.
    pub verbs: Vec<Verb>,
}

impl IvrResponse {
    /// An answer without verbs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the call.
    pub fn sid(mut self, sid: impl Into<String>) -> Self {
        self.sid = Some(sid.into());
        self
    }

    /// Whether the service fills the silence.
    pub fn filler(mut self, yes: bool) -> Self {
        self.filler = Some(yes);
        self
    }

    /// Adds a verb.
    pub fn then(mut self, verb: impl Into<Verb>) -> Self {
        self.verbs.push(verb.into());
        self
    }

    /// The XML, escaped by the writer.
    ///
    /// # Errors
    /// A character that XML cannot contain, an invalid name, a dial target or stream URL that the service does not
    /// support, more than [`MAX_VERBS`] verbs.
    pub fn to_xml(&self) -> Result<String, Invalid> {
        if self.verbs.len() > MAX_VERBS {
            return Err(Invalid::new("response", "has more than 500 verbs"));
        }
        let mut root = BytesStart::new("response");
        if let Some(sid) = &self.sid {
            root.push_attribute(("sid", writable(sid)?));
        }
        if let Some(filler) = self.filler {
            root.push_attribute(("filler", if filler { "yes" } else { "no" }));
        }
        let mut events =
            vec![Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)), Event::Start(root)];
        let elements: Vec<Element> =
            self.verbs.iter().map(Verb::checked).collect::<Result<_, _>>()?;
        for element in &elements {
            let mut start = BytesStart::new(name(&element.name)?);
            for (at, (key, value)) in element.attributes.iter().enumerate() {
                if element.attributes.iter().take(at).any(|(other, _)| other == key) {
                    return Err(Invalid::new("attribute", "is given twice"));
                }
                start.push_attribute((name(key)?, writable(value)?));
            }
            if element.text.is_empty() {
                events.push(Event::Empty(start));
            } else {
                events.push(Event::Start(start));
                events.push(Event::Text(BytesText::new(writable(&element.text)?)));
                events.push(Event::End(BytesEnd::new(element.name.as_str())));
            }
        }
        events.push(Event::End(BytesEnd::new("response")));
        let mut writer = Writer::new(Vec::new());
        for event in events {
            // Writing into memory does not fail.
            writer
                .write_event(event)
                .map_err(|_| Invalid::new("response", "could not be written"))?;
        }
        String::from_utf8(writer.into_inner())
            .map_err(|_| Invalid::new("response", "could not be written"))
    }

    /// Reads an answer, to test an application with. `<Response>` and `<response>` are both read, tags in any case;
    /// a tag that is not known becomes [`Verb::Other`], an attribute that is not known stays with its verb.
    ///
    /// # Errors
    /// [`PushErrorKind::Syntax`] for text that is not XML, [`PushErrorKind::Shape`] for another root, for tags inside a verb
    /// and for a document type, [`PushErrorKind::TooLarge`], [`PushErrorKind::TooMany`].
    pub fn read(xml: &[u8]) -> Result<Self, PushError> {
        if xml.len() > MAX_BYTES {
            return Err(PushError::new(PushErrorKind::TooLarge, "more than 262144 bytes"));
        }
        let text = std::str::from_utf8(xml).map_err(|_| syntax())?;
        let mut reader = Reader::from_str(text);
        let mut state = Reading::default();
        loop {
            match reader.read_event().map_err(|_| syntax())? {
                Event::Start(tag) => state.open(&tag, false)?,
                Event::Empty(tag) => state.open(&tag, true)?,
                Event::End(_) => state.close()?,
                Event::Text(text) => state.text(&text.xml10_content())?,
                Event::CData(text) => state.text(&text.xml10_content())?,
                Event::GeneralRef(reference) => {
                    let named = reference.xml10_content();
                    let one = reference.resolve_char_ref().map_err(|_| syntax())?;
                    match (one, quick_xml::escape::resolve_predefined_entity(&named)) {
                        (Some(c), _) => state.text(c.encode_utf8(&mut [0; 4]))?,
                        (None, Some(text)) => state.text(text)?,
                        (None, None) => return Err(syntax()),
                    }
                }
                Event::DocType(_) => {
                    return Err(shape("a document type is not accepted"));
                }
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
                Event::Eof => break,
            }
        }
        match (state.root, state.answer) {
            (Root::Closed, Some(answer)) => Ok(answer),
            (Root::None, _) => Err(shape("expected <response>")),
            _ => Err(syntax()),
        }
    }
}

#[cfg(feature = "axum")]
impl axum::response::IntoResponse for IvrResponse {
    /// The XML; 500 without a body for an answer that cannot be written.
    fn into_response(self) -> axum::response::Response {
        use axum::http::{StatusCode, header};
        match self.to_xml() {
            Ok(xml) => ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], xml).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

fn syntax() -> PushError {
    PushError::new(PushErrorKind::Syntax, "not XML")
}

fn shape(reason: &'static str) -> PushError {
    PushError::new(PushErrorKind::Shape, reason)
}

#[derive(Debug, Default, PartialEq)]
enum Root {
    #[default]
    None,
    Open,
    Closed,
}

#[derive(Default)]
struct Reading {
    root: Root,
    answer: Option<IvrResponse>,
    verb: Option<Element>,
}

impl Reading {
    fn open(&mut self, tag: &BytesStart<'_>, empty: bool) -> Result<(), PushError> {
        let name = tag.name();
        let name: &str = name.as_ref();
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|_| syntax())?;
            let value =
                attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| syntax())?;
            let key: &str = attribute.key.as_ref();
            attributes.push((key.to_owned(), value.into_owned()));
        }
        match (&self.root, &self.verb) {
            (Root::None, _) if name.eq_ignore_ascii_case("response") => {
                let find = |wanted: &str| {
                    let of = attributes.iter().find(|(key, _)| key.eq_ignore_ascii_case(wanted));
                    of.map(|(_, value)| value.clone())
                };
                let filler = find("filler").and_then(|word| match word.as_str() {
                    word if word.eq_ignore_ascii_case("yes") => Some(true),
                    word if word.eq_ignore_ascii_case("no") => Some(false),
                    _ => None,
                });
                self.answer = Some(IvrResponse { sid: find("sid"), filler, verbs: Vec::new() });
                self.root = if empty { Root::Closed } else { Root::Open };
                Ok(())
            }
            (Root::None, _) => Err(shape("expected <response>")),
            (Root::Open, None) => {
                let element = Element { name: name.to_owned(), attributes, text: String::new() };
                if empty {
                    return self.add(element);
                }
                self.verb = Some(element);
                Ok(())
            }
            (Root::Open, Some(_)) => Err(shape("a tag inside a verb is not accepted")),
            (Root::Closed, _) => Err(syntax()),
        }
    }

    fn add(&mut self, element: Element) -> Result<(), PushError> {
        let Some(answer) = &mut self.answer else { return Err(syntax()) };
        if answer.verbs.len() >= MAX_VERBS {
            return Err(PushError::new(PushErrorKind::TooMany, "more than 500 verbs"));
        }
        answer.verbs.push(element.into());
        Ok(())
    }

    fn close(&mut self) -> Result<(), PushError> {
        if let Some(element) = self.verb.take() {
            return self.add(element);
        }
        self.root = Root::Closed;
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), PushError> {
        match &mut self.verb {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(shape("text outside a verb")),
        }
        Ok(())
    }
}

/// Text that XML 1.0 can hold.
fn writable(text: &str) -> Result<&str, Invalid> {
    let allowed = |c: char| match c {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        other => other >= ' ',
    };
    if text.chars().all(allowed) {
        Ok(text)
    } else {
        Err(Invalid::new("text", "contains a character that XML cannot contain"))
    }
}

/// A name without surprises.
fn name(text: &str) -> Result<&str, Invalid> {
    let mut bytes = text.bytes();
    let first = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if first && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')) {
        Ok(text)
    } else {
        Err(Invalid::new("name", "is not the name of a tag or an attribute"))
    }
}

#[cfg(test)]
mod tests;
