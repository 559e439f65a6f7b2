//! Owned copies and a growing stream buffer, with the feature `alloc`.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::error::Error;
use crate::frame::{Frame, Framer};
use crate::identity::{Identity, IdentityHeader};

/// The values of an [`Identity`] with folds undone, to keep when the message is gone.
///
/// ```
/// let invite = b"INVITE sip:a@example.test SIP/2.0\r\nX-UCID: 17\r\nX-DID: 918000000001\r\n\r\n";
/// let owned = sip_ucid::identity(invite).to_owned();
/// assert_eq!(owned.ucid.as_deref(), Some("17"));
/// assert_eq!(owned.did.as_deref(), Some("918000000001"));
/// assert_eq!(owned.callerno, None);
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnedIdentity {
    /// X-UCID.
    pub ucid: Option<String>,
    /// X-CALLERNO.
    pub callerno: Option<String>,
    /// X-DID.
    pub did: Option<String>,
    /// X-ACCOUNT.
    pub account: Option<String>,
    /// X-UUI.
    pub uui: Option<String>,
    /// From, the whole value.
    pub from: Option<String>,
    /// The first P-Asserted-Identity line.
    pub p_asserted_identity: Option<String>,
    /// The first Remote-Party-ID line.
    pub remote_party_id: Option<String>,
    /// The first Diversion line.
    pub diversion: Option<String>,
    /// The first User-to-User line.
    pub user_to_user: Option<String>,
    /// The Avaya UCID in User-to-User.
    pub avaya_ucid: Option<String>,
}

impl fmt::Debug for OwnedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnedIdentity")
    }
}

impl Identity<'_> {
    /// Copies the values.
    ///
    /// ```
    /// let owned = {
    ///     let invite = b"INVITE tel:1 SIP/2.0\r\nX-UUI: one\r\n two\r\n\r\n".to_vec();
    ///     sip_ucid::identity(&invite).to_owned()
    /// };
    /// assert_eq!(owned.uui.as_deref(), Some("one two"));
    /// ```
    pub fn to_owned(&self) -> OwnedIdentity {
        let copy =
            |found: Option<&IdentityHeader<'_>>| found.map(|found| found.value().to_owned_string());
        OwnedIdentity {
            ucid: copy(self.ucid()),
            callerno: copy(self.callerno()),
            did: copy(self.did()),
            account: copy(self.account()),
            uui: copy(self.uui()),
            from: copy(self.from()),
            p_asserted_identity: copy(self.p_asserted_identity()),
            remote_party_id: copy(self.remote_party_id()),
            diversion: copy(self.diversion()),
            user_to_user: copy(self.user_to_user()),
            avaya_ucid: self.avaya_ucid().map(|ucid| alloc::string::ToString::to_string(&ucid)),
        }
    }
}

/// A [`Framer`] with the octets it works on.
///
/// ```
/// use sip_ucid::{Frame, StreamBuffer};
///
/// let mut stream = StreamBuffer::new();
/// stream.extend(b"BYE sip:a@example.test SIP/2.0\r\nl: 0\r\n");
/// assert!(matches!(stream.next()?, Frame::Partial));
/// stream.extend(b"\r\n\r\n");
/// assert!(matches!(stream.next()?, Frame::Message(message) if message.method() == "BYE"));
/// assert!(matches!(stream.next()?, Frame::KeepAlive { ping: false }));
/// assert!(matches!(stream.next()?, Frame::Partial));
/// # Ok::<(), sip_ucid::Error>(())
/// ```
#[derive(Default)]
pub struct StreamBuffer {
    framer: Framer,
    octets: Vec<u8>,
    used: usize,
}

impl StreamBuffer {
    /// An empty buffer with the usual limits.
    ///
    /// ```
    /// use sip_ucid::{Frame, StreamBuffer};
    /// assert!(matches!(StreamBuffer::new().next(), Ok(Frame::Partial)));
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty buffer with the limits of the framer.
    ///
    /// ```
    /// use sip_ucid::{ErrorKind, Framer, StreamBuffer};
    /// let mut stream = StreamBuffer::with_framer(Framer::with_limits(16, 0));
    /// stream.extend(b"OPTIONS sip:a@example.test SIP/2.0");
    /// assert_eq!(stream.next().unwrap_err().kind(), ErrorKind::TooLong);
    /// ```
    pub fn with_framer(framer: Framer) -> Self {
        Self { framer, octets: Vec::new(), used: 0 }
    }

    /// Adds octets that arrived.
    ///
    /// ```
    /// use sip_ucid::{Frame, StreamBuffer};
    /// let mut stream = StreamBuffer::new();
    /// stream.extend(b"\r");
    /// stream.extend(b"\n");
    /// assert!(matches!(stream.next(), Ok(Frame::KeepAlive { ping: false })));
    /// ```
    pub fn extend(&mut self, octets: &[u8]) {
        // Moving what is left is worth it only when more is used than left: then it is linear.
        if self.used > self.octets.len() / 2 {
            self.octets.drain(..self.used);
            self.used = 0;
        }
        self.octets.extend_from_slice(octets);
    }

    /// The next message or keep-alive.
    ///
    /// # Errors
    /// As [`Framer::next`].
    ///
    /// ```
    /// use sip_ucid::{Frame, StreamBuffer};
    /// let mut stream = StreamBuffer::new();
    /// stream.extend(b"SIP/2.0 200 OK\r\nl: 2\r\n\r\nhi");
    /// assert!(matches!(stream.next(), Ok(Frame::Message(message)) if message.body() == b"hi"));
    /// assert!(matches!(stream.next(), Ok(Frame::Partial)));
    /// ```
    #[expect(clippy::should_implement_trait, reason = "what it returns borrows the buffer")]
    pub fn next(&mut self) -> Result<Frame<'_>, Error> {
        let octets = self.octets.get(self.used..).unwrap_or_default();
        let frame = self.framer.next(octets)?;
        if !matches!(frame, Frame::Partial) {
            self.used += self.framer.consumed();
        }
        Ok(frame)
    }
}

impl fmt::Debug for StreamBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamBuffer({} bytes)", self.octets.len() - self.used)
    }
}
