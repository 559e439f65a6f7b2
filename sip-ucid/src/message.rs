//! A whole message: the head, and the body as the transport frames it.

use core::fmt;
use core::ops::Deref;

use crate::digits;
use crate::error::{Error, ErrorKind};
use crate::head::{Head, Status};
use crate::leniency::Leniency;
use crate::name::Name;

/// How a message is delimited in transit.
///
/// ```
/// use sip_ucid::{ErrorKind, Message, Transport, Leniency};
///
/// let bytes = b"OPTIONS sip:a@example.test SIP/2.0\r\nl: 3\r\n\r\nab";
/// let read = |transport| Message::parse(bytes, transport, Leniency::default());
/// assert_eq!(read(Transport::Datagram).unwrap_err().kind(), ErrorKind::ShortBody);
/// assert!(read(Transport::Stream).unwrap().is_partial());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// UDP: Content-Length, if it is there, is the size of the body; more octets are ignored.
    Datagram,
    /// TCP and TLS: Content-Length is required, and the message may be incomplete.
    Stream,
    /// WebSocket (RFC 7118): one message in each, Content-Length as for a datagram.
    WebSocket,
}

/// A message: its [`Head`], to which it dereferences, and its body.
///
/// ```
/// use sip_ucid::Message;
///
/// let bytes = b"MESSAGE sip:a@example.test SIP/2.0\r\nCSeq: 1 MESSAGE\r\nl: 2\r\n\r\nhi there";
/// let message = Message::datagram(bytes)?;
/// assert_eq!(message.cseq()?.number(), 1);
/// assert_eq!(message.body(), b"hi");
/// assert_eq!(message.len(), bytes.len() - 6);
/// # Ok::<(), sip_ucid::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Message<'a> {
    head: Head<'a>,
    body: &'a [u8],
}

impl<'a> Message<'a> {
    /// Parses a datagram.
    ///
    /// # Errors
    /// [`ErrorKind::NotSip`] and [`ErrorKind::NoEnd`] if there is no head;
    /// [`ErrorKind::ShortBody`], [`ErrorKind::ContentLength`] and [`ErrorKind::LengthConflict`] if
    /// the end of the body is unknown. A malformed header is reported when its value is requested.
    ///
    /// ```
    /// use sip_ucid::{ErrorKind, Message};
    /// let bytes = b"SIP/2.0 200 OK\r\nl: 2\r\n\r\nhi and more";
    /// assert_eq!(Message::datagram(bytes)?.body(), b"hi");
    /// assert_eq!(Message::datagram(&bytes[..25]).unwrap_err().kind(), ErrorKind::ShortBody);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    #[inline]
    pub fn datagram(bytes: &'a [u8]) -> Result<Self, Error> {
        Self::whole(bytes, Transport::Datagram)
    }

    /// Parses a WebSocket message, text or binary.
    ///
    /// # Errors
    /// As [`Message::datagram`].
    ///
    /// ```
    /// use sip_ucid::Message;
    /// let bytes = b"REGISTER sip:example.test SIP/2.0\r\nCSeq: 1 REGISTER\r\n\r\n";
    /// assert_eq!(Message::websocket(bytes).unwrap().method(), "REGISTER");
    /// ```
    #[inline]
    pub fn websocket(bytes: &'a [u8]) -> Result<Self, Error> {
        Self::whole(bytes, Transport::WebSocket)
    }

    #[inline]
    fn whole(bytes: &'a [u8], transport: Transport) -> Result<Self, Error> {
        match Self::parse(bytes, transport, Leniency::default())? {
            Status::Complete(message) => Ok(message),
            Status::Partial => Err(Error::new(ErrorKind::NoEnd, bytes.len())),
        }
    }

    /// Parses the first message of a stream; [`Framer`](crate::Framer) does so without scanning the
    /// same octets again.
    ///
    /// # Errors
    /// As [`Message::datagram`], and [`ErrorKind::NoContentLength`]. After any error the stream
    /// cannot be parsed further: close it.
    ///
    /// ```
    /// use sip_ucid::Message;
    /// let bytes = b"SIP/2.0 200 OK\r\nl: 2\r\n\r\nhiSIP/2.0 ...";
    /// assert!(Message::stream(&bytes[..25])?.is_partial());
    /// assert_eq!(Message::stream(bytes)?.complete().unwrap().body(), b"hi");
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    #[inline]
    pub fn stream(bytes: &'a [u8]) -> Result<Status<Self>, Error> {
        Self::parse(bytes, Transport::Stream, Leniency::default())
    }

    /// Parses the first message with the given transport and leniency.
    ///
    /// # Errors
    /// As [`Message::datagram`] or [`Message::stream`]. Only a stream can be
    /// [`Status::Partial`].
    ///
    /// ```
    /// use sip_ucid::{Leniency, Message, Transport};
    /// let bytes = b"SIP/2.0 200 OK\n\n";
    /// assert!(Message::parse(bytes, Transport::Datagram, Leniency::default()).is_ok());
    /// assert!(Message::parse(bytes, Transport::Datagram, Leniency::NONE).is_err());
    /// ```
    #[inline]
    pub fn parse(
        bytes: &'a [u8],
        transport: Transport,
        leniency: Leniency,
    ) -> Result<Status<Self>, Error> {
        let partial = || match transport {
            Transport::Stream => Ok(Status::Partial),
            _ => Err(Error::new(ErrorKind::NoEnd, bytes.len())),
        };
        let Some(mut head) = Head::begin(bytes, leniency)? else { return partial() };
        if !head.finish()? {
            return partial();
        }
        Self::with_head(head, transport)
    }

    /// Delimits the body that follows a head.
    ///
    /// # Errors
    /// As [`Message::datagram`] or [`Message::stream`], for the body.
    ///
    /// ```
    /// use sip_ucid::{Head, Message, Transport};
    /// let bytes = b"OPTIONS sip:a@example.test SIP/2.0\r\nl: 9\r\n\r\nab";
    /// let head = Head::parse(bytes)?.complete().unwrap();
    /// assert!(Message::with_head(head, Transport::Datagram).is_err());
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    #[inline]
    pub fn with_head(head: Head<'a>, transport: Transport) -> Result<Status<Self>, Error> {
        Ok(match head.body(transport)? {
            Some(body) => Status::Complete(Self { head, body }),
            None => Status::Partial,
        })
    }

    /// The head.
    ///
    /// ```
    /// use sip_ucid::Message;
    /// let message = Message::datagram(b"SIP/2.0 200 OK\r\n\r\n")?;
    /// assert_eq!(message.head().code(), Some(200));
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub const fn head(&self) -> &Head<'a> {
        &self.head
    }

    /// The body: octets of any kind.
    ///
    /// ```
    /// use sip_ucid::Message;
    /// assert_eq!(Message::datagram(b"SIP/2.0 200 OK\r\n\r\n\0\xff")?.body(), b"\0\xff");
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub const fn body(&self) -> &'a [u8] {
        self.body
    }

    /// How many octets of the input the message takes, line breaks before it included.
    ///
    /// ```
    /// use sip_ucid::Message;
    /// assert_eq!(Message::datagram(b"\r\nSIP/2.0 200 OK\r\nl: 0\r\n\r\nrest")?.len(), 26);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    #[expect(clippy::len_without_is_empty, reason = "no message is empty")]
    pub const fn len(&self) -> usize {
        self.head.end() + self.body.len()
    }
}

impl<'a> Head<'a> {
    /// The body as the transport frames it; `None` if more of a stream is needed.
    fn body(&self, transport: Transport) -> Result<Option<&'a [u8]>, Error> {
        let rest = self.input().get(self.end()..).unwrap_or_default();
        let Some(length) = self.framing_length()? else {
            if transport == Transport::Stream {
                return Err(Error::new(ErrorKind::NoContentLength, self.end()));
            }
            return Ok(Some(rest));
        };
        let body = usize::try_from(length).ok().and_then(|length| rest.get(..length));
        if body.is_none() && transport != Transport::Stream {
            return Err(Error::new(ErrorKind::ShortBody, self.end()));
        }
        Ok(body)
    }

    /// The length of the body as the Content-Length headers give it.
    ///
    /// # Errors
    /// [`ErrorKind::ContentLength`] if it is not a number below 2^32; [`ErrorKind::LengthConflict`]
    /// if two differ.
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let length = |bytes| Head::parse(bytes).unwrap().complete().unwrap().framing_length();
    /// assert_eq!(length(b"SIP/2.0 200 OK\r\nl: 2\r\nl: 02\r\n\r\n")?, Some(2));
    /// assert_eq!(length(b"SIP/2.0 200 OK\r\n\r\n")?, None);
    /// assert!(length(b"SIP/2.0 200 OK\r\nl: 2\r\nl: 3\r\n\r\n").is_err());
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    #[inline]
    pub fn framing_length(&self) -> Result<Option<u64>, Error> {
        let mut length: Option<u32> = None;
        for value in self.values(Name::ContentLength) {
            let bad = Error::new(ErrorKind::ContentLength, self.end());
            let this = digits::decimal::<u32>(value.as_bytes()).ok_or(bad)?;
            if length.is_some_and(|length| length != this) {
                return Err(Error::new(ErrorKind::LengthConflict, self.end()));
            }
            length = Some(this);
        }
        Ok(length.map(u64::from))
    }
}

impl<'a> Deref for Message<'a> {
    type Target = Head<'a>;

    fn deref(&self) -> &Head<'a> {
        &self.head
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({:?}, {} bytes of body)", self.head, self.body.len())
    }
}
