//! What the service sends on its own: a scenario's `[push]`.

use std::fmt;
use std::num::NonZeroUsize;

use serde::Deserialize;

/// In which form the callback is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallbackShape {
    /// A form whose one field `data` holds JSON text: what receivers get as a rule.
    #[default]
    Form,
    /// The same, with a list around the object.
    List,
    /// A JSON body.
    Json,
    /// The fields as form fields.
    Flat,
    /// A GET with `data` in the query.
    Query,
}

/// Whether something can be sent to an address: it is of the web, and names no one who would have to sign in.
///
/// ```
/// use ozonetel_sim::world::is_web_address;
/// assert!(is_web_address("http://127.0.0.1:8080/webhooks/callback?code=1"));
/// assert!(!is_web_address("ftp://example.test/") && !is_web_address("http://me:secret@example.test/"));
/// ```
pub fn is_web_address(text: &str) -> bool {
    text.parse().is_ok_and(|uri: http::Uri| {
        let plain = |authority: &http::uri::Authority| !authority.as_str().contains('@');
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.authority().is_some_and(plain)
    })
}

/// What the service sends, and where to: a scenario's `[push]`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PushSetup {
    /// The account's callback URL.
    pub callback_url: Option<String>,
    /// Where call events go from the start.
    pub call_events_url: Option<String>,
    /// Where agent events go from the start.
    pub agent_events_url: Option<String>,
    /// The form of callbacks.
    pub shape: CallbackShape,
    /// Adds the callback's newer fields: `AnswerTime`, `HoldDuration`, `WrapUpDuration`,
    /// `DataUniqueId`.
    pub newer_fields: bool,
    /// Leaves out of `Disconnect` what only one receiver reports: outcome, times, disposition.
    pub bare_disconnect: bool,
    /// How many are on their way to one address at once; with more than one they can overtake each other. No source says
    /// what the service does.
    pub at_once: NonZeroUsize,
}

impl Default for PushSetup {
    /// Nothing is sent; what is, one after another.
    fn default() -> Self {
        Self {
            callback_url: None,
            call_events_url: None,
            agent_events_url: None,
            shape: CallbackShape::default(),
            newer_fields: false,
            bare_disconnect: false,
            at_once: NonZeroUsize::MIN,
        }
    }
}

impl fmt::Debug for PushSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushSetup")
            .field("callback_url", &self.callback_url.is_some())
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}
