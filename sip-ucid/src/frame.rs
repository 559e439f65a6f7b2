//! Messages out of a stream, and the keep-alives between them.
//!
//! The caller keeps the octets; the framer remembers how far it has scanned, so that a message
//! which arrives in many small pieces is still scanned once.

use crate::error::{Error, ErrorKind};
use crate::head::{Head, Status};
use crate::leniency::Leniency;
use crate::message::{Message, Transport};
use crate::scan::{self, Opening};

/// What a stream begins with.
///
/// ```
/// use sip_ucid::{Frame, Framer};
///
/// let mut framer = Framer::new();
/// assert!(matches!(framer.next(b"\r\n"), Ok(Frame::KeepAlive { ping: false })));
/// assert!(matches!(framer.next(b"BYE "), Ok(Frame::Partial)));
/// let bye = b"BYE sip:a@example.test SIP/2.0\r\nl: 0\r\n\r\n";
/// assert!(matches!(framer.next(bye), Ok(Frame::Message(message)) if message.method() == "BYE"));
/// ```
#[derive(Debug, Clone, Copy)]
#[expect(clippy::large_enum_variant, reason = "nearly every frame is a message, and none is boxed")]
pub enum Frame<'a> {
    /// A message.
    Message(Message<'a>),
    /// A line break between messages (RFC 5626). With `ping` it is the second in a row, which asks
    /// for a single one in answer; a first one alone is such an answer.
    KeepAlive {
        /// Whether it completes a pair.
        ping: bool,
    },
    /// More octets are needed.
    Partial,
}

/// Splits a TCP or TLS stream into messages and keep-alives.
///
/// Pass it all octets that are not consumed yet; after a message or keep-alive, drop
/// [`Framer::consumed`] octets. The result does not depend on how the stream was split.
///
/// ```
/// use sip_ucid::{Frame, Framer};
///
/// let mut stream: &[u8] = b"\r\n\r\nBYE sip:a@example.test SIP/2.0\r\nl: 2\r\n\r\nhiOPT";
/// let mut framer = Framer::new();
/// let mut seen = Vec::new();
/// loop {
///     match framer.next(stream)? {
///         Frame::Message(message) => seen.push(message.body().to_vec()),
///         Frame::KeepAlive { ping } => seen.push(vec![u8::from(ping)]),
///         Frame::Partial => break,
///     }
///     stream = &stream[framer.consumed()..];
/// }
/// assert_eq!(seen, [vec![0], vec![1], b"hi".to_vec()]);
/// assert_eq!(stream, b"OPT");
/// # Ok::<(), sip_ucid::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Framer {
    leniency: Leniency,
    max_head: usize,
    max_body: usize,
    /// How far the search for line breaks has come.
    searched: usize,
    /// Whether a lone LF ends lines, once the first line end is known.
    bare: Option<bool>,
    /// The whole length, once the head is known.
    length: usize,
    consumed: usize,
    breaks: bool,
    failed: Option<Error>,
}

impl Default for Framer {
    fn default() -> Self {
        Self::new()
    }
}

impl Framer {
    /// The limit on a head unless [`Framer::with_limits`] sets another: 64 KiB.
    ///
    /// ```
    /// assert_eq!(sip_ucid::Framer::MAX_HEAD, 65_536);
    /// ```
    pub const MAX_HEAD: usize = 64 * 1024;
    /// The limit on a body unless [`Framer::with_limits`] sets another: 1 MiB.
    ///
    /// ```
    /// assert_eq!(sip_ucid::Framer::MAX_BODY, 1_048_576);
    /// ```
    pub const MAX_BODY: usize = 1024 * 1024;

    /// A framer with the usual limits.
    ///
    /// ```
    /// use sip_ucid::{Frame, Framer};
    /// assert!(matches!(Framer::new().next(b"BYE sip:a@example.test"), Ok(Frame::Partial)));
    /// ```
    pub fn new() -> Self {
        Self::with_limits(Self::MAX_HEAD, Self::MAX_BODY)
    }

    /// A framer that refuses heads and bodies above the limits.
    ///
    /// ```
    /// use sip_ucid::{ErrorKind, Framer};
    /// let mut framer = Framer::with_limits(100, 0);
    /// let error = framer.next(b"BYE sip:a@example.test SIP/2.0\r\nl: 1\r\n\r\n").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::TooLong);
    /// ```
    pub fn with_limits(max_head: usize, max_body: usize) -> Self {
        Self {
            leniency: Leniency::default(),
            max_head,
            max_body,
            searched: 0,
            bare: None,
            length: 0,
            consumed: 0,
            breaks: false,
            failed: None,
        }
    }

    /// How many octets the last message or keep-alive took.
    ///
    /// ```
    /// let mut framer = sip_ucid::Framer::new();
    /// framer.next(b"BYE sip:a@example.test SIP/2.0\r\nl: 2\r\n\r\nhiINVITE")?;
    /// assert_eq!(framer.consumed(), 42);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub const fn consumed(&self) -> usize {
        self.consumed
    }

    /// Looks for the next message or keep-alive at the beginning of `stream`.
    ///
    /// # Errors
    /// As [`Message::stream`], and [`ErrorKind::TooLong`] above a limit. The stream cannot be
    /// parsed after an error: every later call returns the same error.
    ///
    /// ```
    /// use sip_ucid::{Frame, Framer};
    /// let mut framer = Framer::new();
    /// let stream = b"BYE sip:a@example.test SIP/2.0\r\nl: 2\r\n\r\nhi";
    /// assert!(matches!(framer.next(&stream[..40]), Ok(Frame::Partial)));
    /// assert!(matches!(framer.next(stream), Ok(Frame::Message(bye)) if bye.body() == b"hi"));
    /// ```
    pub fn next<'a>(&mut self, stream: &'a [u8]) -> Result<Frame<'a>, Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let found = self.read(stream);
        match found {
            Err(error) => self.failed = Some(error),
            Ok(Frame::Message(_)) => {
                self.searched = 0;
                self.bare = None;
                self.length = 0;
                self.breaks = false;
            }
            Ok(_) => {}
        }
        found
    }

    fn read<'a>(&mut self, stream: &'a [u8]) -> Result<Frame<'a>, Error> {
        if self.searched == 0 {
            match stream {
                [b'\r', b'\n', ..] | [b'\n', ..] => {
                    self.consumed = if stream.first() == Some(&b'\r') { 2 } else { 1 };
                    let ping = self.breaks;
                    self.breaks = !self.breaks;
                    return Ok(Frame::KeepAlive { ping });
                }
                // Some peers send CRLF NUL; no message begins with a NUL.
                [0, ..] => {
                    self.consumed = 1;
                    self.breaks = false;
                    return Ok(Frame::KeepAlive { ping: false });
                }
                [] | [b'\r'] => return Ok(Frame::Partial),
                _ => {}
            }
        }
        if self.length == 0 && !self.head_is_complete(stream) {
            if self.searched > self.max_head {
                return Err(Error::new(ErrorKind::TooLong, self.max_head));
            }
            return Ok(Frame::Partial);
        }
        if stream.len() < self.length {
            return Ok(Frame::Partial);
        }
        let Status::Complete(head) = Head::parse_with(stream, self.leniency)? else {
            return Ok(Frame::Partial);
        };
        if head.end() > self.max_head {
            return Err(Error::new(ErrorKind::TooLong, self.max_head));
        }
        let Some(body) = head.framing_length()? else {
            return Err(Error::new(ErrorKind::NoContentLength, head.end()));
        };
        let body = usize::try_from(body).unwrap_or(usize::MAX);
        if body > self.max_body {
            return Err(Error::new(ErrorKind::TooLong, head.end()));
        }
        self.length = head.end() + body;
        self.consumed = self.length;
        match Message::with_head(head, Transport::Stream)? {
            Status::Complete(message) => Ok(Frame::Message(message)),
            Status::Partial => Ok(Frame::Partial),
        }
    }

    /// Looks for the empty line from where the last search stopped.
    fn head_is_complete(&mut self, stream: &[u8]) -> bool {
        loop {
            let Some(lf) = scan::find(stream, self.searched, b'\n') else {
                self.searched = self.searched.max(stream.len());
                return false;
            };
            let has_return = lf > 0 && stream.get(lf - 1) == Some(&b'\r');
            // The first line end decides for the whole head, as it does in `Head::parse`.
            let bare = *self.bare.get_or_insert(!has_return);
            if has_return || bare {
                match scan::opening(stream, lf + 1, bare) {
                    Opening::Empty(_) => return true,
                    Opening::Text => {}
                    Opening::Unknown => return false,
                }
            }
            self.searched = lf + 1;
        }
    }
}

/// A datagram or WebSocket message that is a keep-alive and not a SIP message.
///
/// ```
/// use sip_ucid::KeepAlive;
///
/// assert_eq!(KeepAlive::of(b"\r\n\r\n"), Some(KeepAlive::Ping));
/// assert_eq!(KeepAlive::of(b"\r\n"), Some(KeepAlive::Pong));
/// assert_eq!(KeepAlive::of(b"BYE"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeepAlive {
    /// CRLFCRLF, which asks for a CRLF in answer.
    Ping,
    /// CRLF, the answer.
    Pong,
}

impl KeepAlive {
    /// Which one it is, if it is one.
    ///
    /// ```
    /// use sip_ucid::KeepAlive;
    /// assert_eq!(KeepAlive::of(b"\r\n"), Some(KeepAlive::Pong));
    /// assert_eq!(KeepAlive::of(b"\r\n\r\n\r\n"), None);
    /// ```
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            b"\r\n\r\n" => Some(Self::Ping),
            b"\r\n" => Some(Self::Pong),
            _ => None,
        }
    }
}
