//! What the service sends on its own: a scenario's `[push]`.

use std::fmt;

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

/// What the service sends, and where to: a scenario's `[push]`.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
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
}

impl fmt::Debug for PushSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushSetup")
            .field("callback_url", &self.callback_url.is_some())
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}
