//! Credentials and challenges: `scheme LWS name=value *("," name=value)`.

use core::fmt;

use crate::chars::{self, LWS, TOKEN};
use crate::error::{Error, ErrorKind};
use crate::list;
use crate::quoted::Unescape;
use crate::text::{self, Text};

/// The value of Authorization, WWW-Authenticate and their Proxy- variants.
///
/// ```
/// use sip_ucid::Auth;
///
/// let auth = Auth::parse(b"Digest realm=\"a, \\\"b\\\"\", nonce=\"84a4\",stale=FALSE").unwrap();
/// assert_eq!(auth.scheme(), "Digest");
/// assert_eq!(auth.get("REALM").unwrap().to_string(), "a, \"b\"");
/// assert_eq!(auth.get("stale").unwrap().to_string(), "FALSE");
/// assert_eq!(auth.params().count(), 3);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Auth<'a> {
    scheme: Text<'a>,
    params: &'a [u8],
}

impl<'a> Auth<'a> {
    /// Parses one value.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] unless there is a scheme and something after it.
    ///
    /// ```
    /// use sip_ucid::{Auth, ErrorKind};
    /// assert_eq!(Auth::parse(b"Digest nonce=\"1\"").unwrap().scheme(), "Digest");
    /// assert_eq!(Auth::parse(b"Digest").unwrap_err().kind(), ErrorKind::Auth);
    /// ```
    pub fn parse(value: &'a [u8]) -> Result<Self, Error> {
        let gap = value.iter().position(|b| chars::is(*b, LWS)).unwrap_or(value.len());
        let (scheme, params) = value.split_at_checked(gap).unwrap_or_default();
        let params = text::trim(params);
        if !chars::all(scheme, TOKEN) || params.is_empty() {
            return Err(Error::new(ErrorKind::Auth, 0));
        }
        Ok(Self { scheme: Text::new(scheme), params })
    }

    /// The scheme, such as `Digest`; compare with [`Text::is`].
    ///
    /// ```
    /// assert!(sip_ucid::Auth::parse(b"digest nonce=\"1\"").unwrap().scheme().is("Digest"));
    /// ```
    pub const fn scheme(&self) -> Text<'a> {
        self.scheme
    }

    /// The parameters in their order.
    ///
    /// ```
    /// let auth = sip_ucid::Auth::parse(b"Digest realm=\"a,b\", stale=true").unwrap();
    /// let names: Vec<_> = auth.params().map(|(name, _)| name).collect();
    /// assert_eq!(names, ["realm", "stale"]);
    /// ```
    pub const fn params(&self) -> impl Iterator<Item = (Text<'a>, Text<'a>)> + Clone + use<'a> {
        AuthParams { rest: self.params }
    }

    /// The value of a parameter, without quotes; its name ignoring case.
    ///
    /// ```
    /// let auth = sip_ucid::Auth::parse(b"Digest Realm=\"a,b\", stale=true").unwrap();
    /// assert_eq!(auth.get("realm").unwrap().to_string(), "a,b");
    /// assert!(auth.get("nonce").is_none());
    /// ```
    pub fn get(&self, name: &str) -> Option<Unescape<'a>> {
        let found = self.params().find(|(known, _)| known.is(name))?;
        Some(Unescape::new(found.1.as_bytes()))
    }
}

impl fmt::Debug for Auth<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Auth({})", self.scheme)
    }
}

/// Name and value, as sent, of the parameters of [`Auth`].
#[derive(Clone, Copy)]
struct AuthParams<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for AuthParams<'a> {
    type Item = (Text<'a>, Text<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let end = list::end_of_params(self.rest).unwrap_or(self.rest.len());
            let (param, after) = self.rest.split_at_checked(end)?;
            self.rest = after.get(1..).unwrap_or_default();
            if let Some(equals) = param.iter().position(|b| *b == b'=') {
                let (name, value) = param.split_at_checked(equals)?;
                let value = Text::new(text::trim(value.get(1..)?));
                return Some((Text::new(text::trim(name)), value));
            }
        }
    }
}
