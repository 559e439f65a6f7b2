//! Composing messages: quoting and escaping are right by construction, and no value can begin
//! another header.
//!
//! Parsing what was written gives the same values back; what cannot be written so is refused with
//! [`WriteError`], never changed. After an error the output may hold part of the message.

use core::fmt;

use crate::chars::{self, TEXT, TOKEN, WORD};
use crate::name::Name;
use crate::text::{self, Text};
use crate::uri::{SipUri, Uri};

/// Why something could not be written.
///
/// ```
/// use sip_ucid::{SliceOutput, Name, WriteError, Writer};
///
/// let mut room = [0; 200];
/// let mut buffer = SliceOutput::new(&mut room);
/// let mut writer = Writer::request(&mut buffer, "BYE", "sip:a@example.test").unwrap();
/// assert_eq!(writer.header("Subject", "a\r\nX-UCID: 1").unwrap_err(), WriteError::Value);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WriteError {
    /// The output is full or failed.
    Full,
    /// A method or a parameter name is not a token, or a status code is out of range.
    Token,
    /// A header name is not a token.
    Name,
    /// A value holds a line break or another forbidden character, or white space at an end.
    Value,
    /// A URI is malformed.
    Uri,
    /// Content-Length, which only [`Writer::finish`] writes.
    Length,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "no room left",
            Self::Token => "not a token",
            Self::Name => "not a header name",
            Self::Value => "a character that may not stand in a value",
            Self::Uri => "malformed URI",
            Self::Length => "Content-Length is written with the body",
        })
    }
}

impl core::error::Error for WriteError {}

/// The destination of a message.
///
/// Implemented by [`SliceOutput`], by `Vec<u8>` with the feature `alloc`, and by [`FmtOutput`] for
/// every `core::fmt::Write`.
///
/// ```
/// use sip_ucid::{Name, FmtOutput, Writer};
///
/// let mut sink = FmtOutput(String::new());
/// Writer::response(&mut sink, 180, "Ringing")?.header(Name::CallId, "1")?.finish("", b"")?;
/// assert_eq!(sink.0, "SIP/2.0 180 Ringing\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n");
/// # Ok::<(), sip_ucid::WriteError>(())
/// ```
pub trait Output {
    /// Takes all of the bytes or fails.
    ///
    /// # Errors
    /// [`WriteError::Full`] if there is no room for them.
    ///
    /// ```
    /// use sip_ucid::{SliceOutput, Output, WriteError};
    /// let mut room = [0; 4];
    /// let mut buffer = SliceOutput::new(&mut room);
    /// assert_eq!(buffer.put(b"abc"), Ok(()));
    /// assert_eq!(buffer.put(b"de"), Err(WriteError::Full));
    /// ```
    fn put(&mut self, bytes: &[u8]) -> Result<(), WriteError>;
}

/// A slice that is filled from the front.
///
/// ```
/// use sip_ucid::{SliceOutput, Output, WriteError};
///
/// let mut room = [0; 4];
/// let mut buffer = SliceOutput::new(&mut room);
/// buffer.put(b"abc")?;
/// assert_eq!(buffer.put(b"de"), Err(WriteError::Full));
/// assert_eq!(buffer.written(), b"abc");
/// # Ok::<(), WriteError>(())
/// ```
pub struct SliceOutput<'b> {
    room: &'b mut [u8],
    used: usize,
}

impl<'b> SliceOutput<'b> {
    /// An empty output over the slice.
    ///
    /// ```
    /// let mut room = [0; 64];
    /// assert!(sip_ucid::SliceOutput::new(&mut room).written().is_empty());
    /// ```
    pub fn new(room: &'b mut [u8]) -> Self {
        Self { room, used: 0 }
    }

    /// What has been written.
    ///
    /// ```
    /// use sip_ucid::{SliceOutput, Output};
    /// let mut room = [0; 64];
    /// let mut buffer = SliceOutput::new(&mut room);
    /// buffer.put(b"abc")?;
    /// assert_eq!(buffer.written(), b"abc");
    /// # Ok::<(), sip_ucid::WriteError>(())
    /// ```
    pub fn written(&self) -> &[u8] {
        self.room.get(..self.used).unwrap_or_default()
    }
}

impl fmt::Debug for SliceOutput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SliceOutput({} of {} bytes)", self.used, self.room.len())
    }
}

impl Output for SliceOutput<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        let end = self.used.checked_add(bytes.len()).ok_or(WriteError::Full)?;
        let room = self.room.get_mut(self.used..end).ok_or(WriteError::Full)?;
        room.copy_from_slice(bytes);
        self.used = end;
        Ok(())
    }
}

/// An [`Output`] over anything that takes text; a body that is not UTF-8 is refused.
///
/// ```
/// use sip_ucid::{Output, FmtOutput};
/// let mut sink = FmtOutput(String::new());
/// sink.put(b"abc")?;
/// assert_eq!(sink.0, "abc");
/// # Ok::<(), sip_ucid::WriteError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct FmtOutput<W>(pub W);

impl<W: fmt::Write> Output for FmtOutput<W> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        let text = core::str::from_utf8(bytes).map_err(|_| WriteError::Full)?;
        self.0.write_str(text).map_err(|_| WriteError::Full)
    }
}

#[cfg(feature = "alloc")]
impl Output for alloc::vec::Vec<u8> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.extend_from_slice(bytes);
        Ok(())
    }
}

/// A message under construction.
///
/// ```
/// use sip_ucid::{SliceOutput, Message, Name, Writer};
///
/// let mut room = [0; 512];
/// let mut buffer = SliceOutput::new(&mut room);
/// Writer::request(&mut buffer, "INVITE", "sip:500001@example.test")?
///     .header(Name::Via, "SIP/2.0/WSS gw.example.test;branch=z9hG4bK1")?
///     .address(Name::From, Some("A \"B\""), "sip:918000000001@example.test", &[("tag", "a1")])?
///     .address(Name::To, None, "sip:500001@example.test", &[])?
///     .header(Name::CallId, "1@gw.example.test")?
///     .cseq(1, "INVITE")?
///     .header(Name::XUcid, "90174967305497")?
///     .finish("application/sdp", b"v=0\r\n")?;
///
/// let message = Message::datagram(buffer.written()).unwrap();
/// assert!(message.is_valid());
/// assert_eq!(message.from().unwrap().display_name().unwrap().to_string(), "A \"B\"");
/// assert_eq!(message.body(), b"v=0\r\n");
/// # Ok::<(), sip_ucid::WriteError>(())
/// ```
#[derive(Debug)]
pub struct Writer<'o, O: ?Sized> {
    out: &'o mut O,
}

/// A header name to write: a [`Name`], or text for one this crate does not know.
///
/// ```
/// use sip_ucid::{HeaderName, Name};
/// assert_eq!(HeaderName::from(Name::CallId), HeaderName::from("Call-ID"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeaderName<'n>(&'n str);

impl From<Name> for HeaderName<'_> {
    fn from(name: Name) -> Self {
        Self(name.as_str())
    }
}

impl<'n> From<&'n str> for HeaderName<'n> {
    fn from(name: &'n str) -> Self {
        Self(name)
    }
}

impl<'o, O: Output + ?Sized> Writer<'o, O> {
    /// Begins a request.
    ///
    /// # Errors
    /// [`WriteError::Token`] for a malformed method, [`WriteError::Uri`] for a URI that is
    /// malformed or has headers.
    ///
    /// ```
    /// use sip_ucid::{SliceOutput, WriteError, Writer};
    /// let mut room = [0; 64];
    /// let mut buffer = SliceOutput::new(&mut room);
    /// assert!(Writer::request(&mut buffer, "BYE", "sip:a@example.test").is_ok());
    /// assert_eq!(buffer.written(), b"BYE sip:a@example.test SIP/2.0\r\n");
    /// let spaced = Writer::request(&mut buffer, "BYE", "sip:a@example.test SIP/2.0\r\nX: y");
    /// assert_eq!(spaced.unwrap_err(), WriteError::Uri);
    /// ```
    pub fn request(out: &'o mut O, method: &str, uri: &str) -> Result<Self, WriteError> {
        if !chars::all(method.as_bytes(), TOKEN) {
            return Err(WriteError::Token);
        }
        let sip_headers = |uri: &Uri<'_>| uri.sip().is_some_and(SipUri::has_headers);
        if sip_headers(&checked_uri(uri)?) {
            return Err(WriteError::Uri);
        }
        put_all(out, &[method, " ", uri, " SIP/2.0\r\n"])?;
        Ok(Self { out })
    }

    /// Begins a response.
    ///
    /// # Errors
    /// [`WriteError::Token`] for a code outside 100–699, [`WriteError::Value`] for a reason with
    /// control characters.
    ///
    /// ```
    /// use sip_ucid::{SliceOutput, WriteError, Writer};
    /// let mut room = [0; 64];
    /// let mut buffer = SliceOutput::new(&mut room);
    /// assert!(Writer::response(&mut buffer, 486, "Busy Here").is_ok());
    /// assert_eq!(buffer.written(), b"SIP/2.0 486 Busy Here\r\n");
    /// assert_eq!(Writer::response(&mut buffer, 700, "").unwrap_err(), WriteError::Token);
    /// ```
    pub fn response(out: &'o mut O, code: u16, reason: &str) -> Result<Self, WriteError> {
        if !(100..700).contains(&code) {
            return Err(WriteError::Token);
        }
        if !reason.bytes().all(|byte| chars::is(byte, TEXT)) {
            return Err(WriteError::Value);
        }
        out.put(b"SIP/2.0 ")?;
        put_number(out, u64::from(code))?;
        put_all(out, &[" ", reason, "\r\n"])?;
        Ok(Self { out })
    }

    /// Writes a header with a value in its final form.
    ///
    /// # Errors
    /// [`WriteError::Name`] for a name that is not a token, [`WriteError::Value`] for control
    /// characters or white space at an end, [`WriteError::Length`] for Content-Length.
    ///
    /// ```
    /// use sip_ucid::{SliceOutput, Name, WriteError, Writer};
    /// let mut room = [0; 64];
    /// let mut buffer = SliceOutput::new(&mut room);
    /// let mut writer = Writer::response(&mut buffer, 200, "OK")?;
    /// writer.header(Name::XUcid, "17")?.header("X-Mine", "a b")?;
    /// assert_eq!(writer.header("X-Mine", "a\r\nVia: b").unwrap_err(), WriteError::Value);
    /// assert_eq!(buffer.written(), b"SIP/2.0 200 OK\r\nX-UCID: 17\r\nX-Mine: a b\r\n");
    /// # Ok::<(), sip_ucid::WriteError>(())
    /// ```
    pub fn header<'n>(
        &mut self,
        name: impl Into<HeaderName<'n>>,
        value: impl AsRef<[u8]>,
    ) -> Result<&mut Self, WriteError> {
        let value = value.as_ref();
        let name = checked_name(name.into())?;
        let sound = value.iter().all(|byte| chars::is(*byte, TEXT));
        if !sound || text::trim(value).len() != value.len() {
            return Err(WriteError::Value);
        }
        self.line(name, |out| out.put(value))
    }

    /// Writes a received value as it came, octet for octet but for its folds, each of which becomes
    /// one space: for Via, From, To, Call-ID and CSeq of a response.
    ///
    /// # Errors
    /// As [`Writer::header`].
    ///
    /// ```
    /// use sip_ucid::{Head, Name, SliceOutput, Writer};
    ///
    /// let request = b"BYE sip:a@example.test SIP/2.0\r\nf: \"M\xFCller\"\r\n <tel:1>\r\n\r\n";
    /// let from = Head::parse(request)?.complete().unwrap().value(Name::From).unwrap();
    /// let mut room = [0; 64];
    /// let mut out = SliceOutput::new(&mut room);
    /// Writer::response(&mut out, 200, "OK").unwrap().echo(Name::From, from).unwrap();
    /// assert!(out.written().ends_with(b"From: \"M\xFCller\" <tel:1>\r\n"));
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn echo<'n>(
        &mut self,
        name: impl Into<HeaderName<'n>>,
        value: Text<'_>,
    ) -> Result<&mut Self, WriteError> {
        let name = checked_name(name.into())?;
        let bytes = value.as_bytes();
        let sound = |piece: &[u8]| piece.iter().all(|byte| chars::is(*byte, TEXT));
        if !value.unfold().all(sound) || text::trim(bytes).len() != bytes.len() {
            return Err(WriteError::Value);
        }
        self.line(name, |out| value.unfold().try_for_each(|piece| out.put(piece)))
    }

    /// Writes a header that holds one address; the URI gets brackets, the display name quotes.
    ///
    /// # Errors
    /// As [`write_address`] and [`Writer::header`].
    ///
    /// ```
    /// use sip_ucid::{SliceOutput, Name, Writer};
    /// let mut room = [0; 64];
    /// let mut buffer = SliceOutput::new(&mut room);
    /// Writer::response(&mut buffer, 200, "OK")?.address(
    ///     Name::To,
    ///     Some("A \"B\""),
    ///     "sip:a@example.test",
    ///     &[("tag", "1")],
    /// )?;
    /// let line = &buffer.written()[16..];
    /// assert_eq!(line, b"To: \"A \\\"B\\\"\" <sip:a@example.test>;tag=1\r\n");
    /// # Ok::<(), sip_ucid::WriteError>(())
    /// ```
    pub fn address<'n>(
        &mut self,
        name: impl Into<HeaderName<'n>>,
        display: Option<&str>,
        uri: &str,
        params: &[(&str, &str)],
    ) -> Result<&mut Self, WriteError> {
        let name = checked_name(name.into())?;
        self.line(name, |out| write_address(out, display, uri, params))
    }

    /// Writes CSeq.
    ///
    /// # Errors
    /// [`WriteError::Token`] for a malformed method.
    ///
    /// ```
    /// use sip_ucid::{SliceOutput, Writer};
    /// let mut room = [0; 64];
    /// let mut buffer = SliceOutput::new(&mut room);
    /// Writer::response(&mut buffer, 200, "OK")?.cseq(7, "BYE")?;
    /// assert!(buffer.written().ends_with(b"\r\nCSeq: 7 BYE\r\n"));
    /// # Ok::<(), sip_ucid::WriteError>(())
    /// ```
    pub fn cseq(&mut self, number: u32, method: &str) -> Result<&mut Self, WriteError> {
        if !chars::all(method.as_bytes(), TOKEN) {
            return Err(WriteError::Token);
        }
        self.line(Name::CSeq.as_str(), |out| {
            put_number(out, u64::from(number))?;
            put_all(out, &[" ", method])
        })
    }

    /// Writes Call-ID.
    ///
    /// # Errors
    /// [`WriteError::Value`] unless it is `word ["@" word]`.
    ///
    /// ```
    /// use sip_ucid::{SliceOutput, WriteError, Writer};
    /// let mut room = [0; 64];
    /// let mut buffer = SliceOutput::new(&mut room);
    /// let mut writer = Writer::response(&mut buffer, 200, "OK")?;
    /// assert_eq!(writer.call_id("1 2").unwrap_err(), WriteError::Value);
    /// writer.call_id("1@host")?;
    /// assert!(buffer.written().ends_with(b"\r\nCall-ID: 1@host\r\n"));
    /// # Ok::<(), sip_ucid::WriteError>(())
    /// ```
    pub fn call_id(&mut self, value: &str) -> Result<&mut Self, WriteError> {
        let (local, host) = value.split_once('@').unwrap_or((value, "none"));
        if !chars::all(local.as_bytes(), WORD) || !chars::all(host.as_bytes(), WORD) {
            return Err(WriteError::Value);
        }
        self.line(Name::CallId.as_str(), |out| out.put(value.as_bytes()))
    }

    /// Writes Content-Type, unless it is empty, Content-Length, the empty line and the body.
    ///
    /// # Errors
    /// [`WriteError::Value`] as for [`Writer::header`].
    ///
    /// ```
    /// use sip_ucid::{SliceOutput, Writer};
    /// let mut room = [0; 128];
    /// let mut buffer = SliceOutput::new(&mut room);
    /// Writer::response(&mut buffer, 200, "OK")?.finish("text/plain", b"hi")?;
    /// let rest = b"Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi";
    /// assert_eq!(&buffer.written()[16..], rest);
    /// # Ok::<(), sip_ucid::WriteError>(())
    /// ```
    pub fn finish(&mut self, content_type: &str, body: &[u8]) -> Result<(), WriteError> {
        if !content_type.is_empty() {
            self.header(Name::ContentType, content_type)?;
        }
        self.line(Name::ContentLength.as_str(), |out| put_number(out, body.len() as u64))?;
        self.out.put(b"\r\n")?;
        self.out.put(body)
    }

    fn line(
        &mut self,
        name: &str,
        value: impl FnOnce(&mut O) -> Result<(), WriteError>,
    ) -> Result<&mut Self, WriteError> {
        put_all(self.out, &[name, ": "])?;
        value(self.out)?;
        self.out.put(b"\r\n")?;
        Ok(self)
    }
}

fn checked_name(name: HeaderName<'_>) -> Result<&str, WriteError> {
    if !chars::all(name.0.as_bytes(), TOKEN) {
        return Err(WriteError::Name);
    }
    if Name::from_bytes(name.0.as_bytes()) == Name::ContentLength {
        return Err(WriteError::Length);
    }
    Ok(name.0)
}

fn checked_uri(uri: &str) -> Result<Uri<'_>, WriteError> {
    let read = Uri::parse(uri.as_bytes()).map_err(|_| WriteError::Uri)?;
    read.check().map_err(|_| WriteError::Uri)?;
    Ok(read)
}

/// Writes `"display" <uri>;name=value…`.
///
/// Values that are not tokens are quoted; an empty value writes the name alone.
///
/// # Errors
/// [`WriteError::Uri`] for a malformed URI, [`WriteError::Token`] for a parameter name that is not
/// a token, [`WriteError::Value`] as [`write_quoted`].
///
/// ```
/// let mut sink = sip_ucid::FmtOutput(String::new());
/// sip_ucid::write_address(&mut sink, Some("a\\b"), "tel:+911", &[("q", "0.5"), ("x", "a b"), ("lr", "")])?;
/// assert_eq!(sink.0, r#""a\\b" <tel:+911>;q=0.5;x="a b";lr"#);
/// # Ok::<(), sip_ucid::WriteError>(())
/// ```
pub fn write_address<O: Output + ?Sized>(
    out: &mut O,
    display: Option<&str>,
    uri: &str,
    params: &[(&str, &str)],
) -> Result<(), WriteError> {
    checked_uri(uri)?;
    if let Some(name) = display {
        write_quoted(out, name)?;
        out.put(b" ")?;
    }
    put_all(out, &["<", uri, ">"])?;
    for (name, value) in params {
        if !chars::all(name.as_bytes(), TOKEN) {
            return Err(WriteError::Token);
        }
        put_all(out, &[";", name])?;
        match *value {
            "" => {}
            token if chars::all(token.as_bytes(), TOKEN) => put_all(out, &["=", token])?,
            text => {
                out.put(b"=")?;
                write_quoted(out, text)?;
            }
        }
    }
    Ok(())
}

/// Writes a quoted string, with `\` before every quote and backslash.
///
/// # Errors
/// [`WriteError::Value`] for control characters, also those that could be quoted.
///
/// ```
/// let mut sink = sip_ucid::FmtOutput(String::new());
/// sip_ucid::write_quoted(&mut sink, "say \"hi\"")?;
/// assert_eq!(sink.0, r#""say \"hi\"""#);
/// assert!(sip_ucid::write_quoted(&mut sink, "a\r\nb").is_err());
/// # Ok::<(), sip_ucid::WriteError>(())
/// ```
pub fn write_quoted<O: Output + ?Sized>(out: &mut O, content: &str) -> Result<(), WriteError> {
    if !content.bytes().all(|byte| chars::is(byte, TEXT)) {
        return Err(WriteError::Value);
    }
    out.put(b"\"")?;
    for piece in content.split_inclusive(['"', '\\']) {
        let plain = piece.trim_end_matches(['"', '\\']);
        out.put(plain.as_bytes())?;
        let special = piece.get(plain.len()..).unwrap_or_default();
        if !special.is_empty() {
            put_all(out, &["\\", special])?;
        }
    }
    out.put(b"\"")
}

fn put_all<O: Output + ?Sized>(out: &mut O, pieces: &[&str]) -> Result<(), WriteError> {
    pieces.iter().try_for_each(|piece| out.put(piece.as_bytes()))
}

fn put_number<O: Output + ?Sized>(out: &mut O, number: u64) -> Result<(), WriteError> {
    let mut power = 1_u64;
    while number / power >= 10 {
        power *= 10;
    }
    while power > 0 {
        let digit = u8::try_from(number / power % 10).unwrap_or(0);
        out.put(&[b'0' + digit])?;
        power /= 10;
    }
    Ok(())
}
