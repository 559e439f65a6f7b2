//! Where the session's two ids come from: a strategy, because no source says under which names the handshake carries
//! them.

use crate::mdl::token::Token;
use crate::mdl::token::session::AgentSession;
use std::fmt;

/// The ids found so far on a connection.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SessionIds {
    /// `usId`.
    pub us_id: Option<Box<str>>,
    /// `browserSessionId`.
    pub browser_session_id: Option<Box<str>>,
}

impl SessionIds {
    /// The session, once both are there.
    pub fn session(&self) -> Option<AgentSession> {
        Some(AgentSession {
            us_id: self.us_id.clone()?,
            browser_session_id: self.browser_session_id.clone()?,
        })
    }

    /// The names of those that are not.
    pub fn missing(&self) -> Vec<&'static str> {
        let ids = [("usId", &self.us_id), ("browserSessionId", &self.browser_session_id)];
        ids.into_iter().filter(|(_, id)| id.is_none()).map(|(name, _)| name).collect()
    }
}

impl fmt::Debug for SessionIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionIds(missing {:?})", self.missing())
    }
}

/// Finds the ids in the tokens of a new connection. Pure: the same tokens give the same ids.
pub trait Handshake: fmt::Debug + Send + Sync {
    /// What is known before any token arrives.
    fn begin(&self) -> SessionIds {
        SessionIds::default()
    }

    /// Looks at the next token, in order of arrival.
    fn look(&self, token: &Token, ids: &mut SessionIds);

    /// Takes the ids that a token carries under the very names for them. It is asked about each token of a connection, also
    /// once the session is there: what is found so takes the place of what only stood in for it, once for each id.
    /// Nothing, unless it is written out.
    fn named(&self, token: &Token, ids: &mut SessionIds) {
        let _ = (token, ids);
    }

    /// The handshake's time is up: the last chance to fill in what can do without a token.
    fn time_up(&self, ids: &mut SessionIds) {
        let _ = ids;
    }
}

/// The documented default, which is inferred and therefore all configuration: `usId` from the first of `usId`,
/// `usid` and `sourceId` that a token carries; `browserSessionId` from the field of that name, else the one given
/// here, which outlives the connection. `welcome` comes first on a connection, so that the link may be up with its
/// `sourceId` and this client's own browser session: `usId` and `browserSessionId` of a later token on the same connection
/// take their place.
///
/// ```
/// use ozonetel_sdk::mdl::{Handshake, TokenSession, Token};
/// let handshake = TokenSession::new("5b0e6c1e-0000-4000-8000-000000000001");
/// let mut ids = handshake.begin();
/// handshake.look(&Token::parse(r#"{"type":"welcome","sourceId":"c2Vzc2lvbi0wMDE="}"#)?, &mut ids);
/// assert_eq!(ids.session().map(|s| s.us_id().to_owned()).as_deref(), Some("c2Vzc2lvbi0wMDE="));
/// # Ok::<(), ozonetel_sdk::mdl::NotAToken>(())
/// ```
#[derive(Clone)]
pub struct TokenSession {
    us_id: Vec<Box<str>>,
    browser_session_id: Vec<Box<str>>,
    own: Option<Box<str>>,
}

impl TokenSession {
    /// The default names, and this client's own browser session.
    pub fn new(browser_session_id: impl Into<Box<str>>) -> Self {
        Self { own: Some(browser_session_id.into()), ..Self::without_own() }
    }

    /// The default names; a browser session that no token carries is an error.
    pub fn without_own() -> Self {
        Self {
            us_id: ["usId", "usid", "sourceId"].map(Box::from).into(),
            browser_session_id: vec!["browserSessionId".into()],
            own: None,
        }
    }

    /// Other field names for `usId`, first come first served; those after the first only stand in for it.
    #[must_use]
    pub fn us_id_in<S: Into<Box<str>>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.us_id = names.into_iter().map(Into::into).collect();
        self
    }

    /// Other field names for `browserSessionId`; those after the first only stand in for it.
    #[must_use]
    pub fn browser_session_id_in<S: Into<Box<str>>>(
        mut self,
        names: impl IntoIterator<Item = S>,
    ) -> Self {
        self.browser_session_id = names.into_iter().map(Into::into).collect();
        self
    }
}

impl fmt::Debug for TokenSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenSession({:?}, {:?})", self.us_id, self.browser_session_id)
    }
}

fn first(names: &[Box<str>], token: &Token) -> Option<Box<str>> {
    names.iter().find_map(|name| {
        let text = token.text(name)?;
        (!text.trim().is_empty()).then(|| text.into())
    })
}

impl Handshake for TokenSession {
    fn look(&self, token: &Token, ids: &mut SessionIds) {
        // A system event is about another client: the id in it is not ours.
        if token.kind() == Some("event") {
            return;
        }
        if ids.us_id.is_none() {
            ids.us_id = first(&self.us_id, token);
        }
        if ids.browser_session_id.is_none() {
            ids.browser_session_id = first(&self.browser_session_id, token);
        }
        // Our own is used only once the other id is there: a token before that may still carry one.
        if ids.us_id.is_some() && ids.browser_session_id.is_none() {
            ids.browser_session_id.clone_from(&self.own);
        }
    }

    fn named(&self, token: &Token, ids: &mut SessionIds) {
        if token.kind() != Some("event") {
            ids.us_id = first(self.us_id.get(..1).unwrap_or_default(), token);
            let browser = self.browser_session_id.get(..1).unwrap_or_default();
            ids.browser_session_id = first(browser, token);
        }
    }

    fn time_up(&self, ids: &mut SessionIds) {
        if ids.browser_session_id.is_none() {
            ids.browser_session_id.clone_from(&self.own);
        }
    }
}

/// Both ids given in advance: the link is up as soon as it is open.
#[derive(Clone)]
pub struct FixedSession(SessionIds);

impl FixedSession {
    /// The two ids.
    pub fn new(us_id: impl Into<Box<str>>, browser_session_id: impl Into<Box<str>>) -> Self {
        Self(SessionIds {
            us_id: Some(us_id.into()),
            browser_session_id: Some(browser_session_id.into()),
        })
    }
}

impl fmt::Debug for FixedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FixedSession(…)")
    }
}

impl Handshake for FixedSession {
    fn begin(&self) -> SessionIds {
        self.0.clone()
    }

    fn look(&self, _: &Token, _: &mut SessionIds) {}
}

/// A version 4 uuid from sixteen random bytes: this client's own `browserSessionId`.
///
/// ```
/// assert_eq!(ozonetel_sdk::mdl::uuid_v4([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
/// ```
pub fn uuid_v4(random: [u8; 16]) -> String {
    let mut bits = u128::from_be_bytes(random);
    bits = (bits & !(0xf << 76)) | (0x4 << 76);
    bits = (bits & !(0x3 << 62)) | (0x2 << 62);
    let part = |shift: u32, digits: u32| (bits >> shift) & ((1 << (digits * 4)) - 1);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        part(96, 8),
        part(80, 4),
        part(64, 4),
        part(48, 4),
        part(0, 12)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(handshake: &dyn Handshake, tokens: &[&str]) -> SessionIds {
        let mut ids = handshake.begin();
        for text in tokens {
            handshake.look(&Token::parse(text).unwrap(), &mut ids);
        }
        ids
    }

    #[test]
    fn the_default_reads_the_first_name_there_is() {
        let own = TokenSession::new("own");
        for (tokens, us_id, browser) in [
            (&[r#"{"usId":"a","usid":"b","sourceId":"c"}"#][..], Some("a"), Some("own")),
            (&[r#"{"usid":"b","sourceId":"c"}"#], Some("b"), Some("own")),
            (&[r#"{"sourceId":7}"#], Some("7"), Some("own")),
            (&[r#"{"usId":"","sourceId":"c"}"#], Some("c"), Some("own")),
            (&[r#"{"browserSessionId":"x"}"#, r#"{"usId":"a"}"#], Some("a"), Some("x")),
            (&[r#"{"usId":"a","browserSessionId":"x"}"#], Some("a"), Some("x")),
            (&[r#"{"type":"event","sourceId":"other"}"#], None, None),
            (&[r#"{"usId":null}"#, r#"{"usId":{"a":1}}"#], None, None),
        ] {
            let ids = found(&own, tokens);
            assert_eq!(ids.us_id.as_deref(), us_id, "{tokens:?}");
            assert_eq!(ids.browser_session_id.as_deref(), browser, "{tokens:?}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let mut ids = found(&TokenSession::new("own"), &["{}"]);
        assert_eq!(ids.missing(), ["usId", "browserSessionId"]);
        TokenSession::new("own").time_up(&mut ids);
        assert_eq!(ids.missing(), ["usId"], "the one of our own needs no token");
        let bare = TokenSession::without_own();
        assert_eq!(found(&bare, &[r#"{"usId":"a"}"#]).missing(), ["browserSessionId"]);
        let named = TokenSession::new("own").us_id_in(["sid"]).browser_session_id_in(["bid"]);
        let session = found(&named, &[r#"{"sid":"s","bid":"b"}"#]).session().unwrap();
        assert_eq!((session.us_id(), session.browser_session_id()), ("s", "b"));
    }

    #[test]
    fn debug_names_what_is_looked_for_and_shows_no_id() {
        let ids = found(&TokenSession::new("own"), &[r#"{"usId":"secret"}"#]);
        assert_eq!(format!("{ids:?}"), "SessionIds(missing [])");
        let shown = format!("{:?}", TokenSession::new("own").us_id_in(["sid"]));
        assert_eq!(shown, r#"TokenSession(["sid"], ["browserSessionId"])"#);
        assert_eq!(format!("{:?}", FixedSession::new("secret", "secret")), "FixedSession(…)");
        assert_eq!(format!("{:?}", ids.session().unwrap()), "Session(…)");
    }

    #[test]
    fn by_hand_needs_no_token() {
        assert!(FixedSession::new("u", "b").begin().session().is_some());
    }

    #[test]
    fn a_uuid_has_version_and_variant() {
        assert_eq!(uuid_v4([0; 16]), "00000000-0000-4000-8000-000000000000");
        let bytes = std::array::from_fn(|n| u8::try_from(n).unwrap());
        assert_eq!(uuid_v4(bytes), "00010203-0405-4607-8809-0a0b0c0d0e0f");
    }
}
