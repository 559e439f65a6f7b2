//! Step 1, prepare: the request is checked and its fields are encoded. Nothing is spent yet.

use std::time::Duration;

use serde_json::Value;

use crate::core::client::Core;
use crate::core::encode::Fields;
use crate::core::endpoint::{Endpoint, Spec};
use crate::core::error::Error;
use crate::core::pace::Patience;
use crate::types::ids::Ucid;
use crate::types::invalid::Invalid;
use crate::types::secret::Secret;

/// What a caller sets for one call; what is absent follows the client's settings.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallOptions {
    pub(crate) patience: Option<Patience>,
    pub(crate) silence: Option<Duration>,
    pub(crate) total: Option<Duration>,
    pub(crate) begins: Option<Duration>,
    pub(crate) extra: Vec<(String, Value)>,
    /// Leaves bad rows out of batches instead of refusing all.
    pub(crate) skip_bad: bool,
}

/// All that is known of a call before its first attempt.
pub(super) struct PreparedCall<'a> {
    pub(super) spec: &'static Spec,
    pub(super) fields: Fields,
    pub(super) agent: Option<(&'a str, &'a Secret)>,
    pub(super) ucid: Option<Ucid>,
    pub(super) reference: Option<&'a str>,
    /// Names of the list whose rows are returned one by one.
    pub(super) row_keys: Option<&'static [&'static str]>,
    pub(super) patience: Patience,
    pub(super) silence: Duration,
    pub(super) total: Duration,
    /// How long after its beginning it may be sent.
    pub(super) begins: Option<Duration>,
}

impl<'a> PreparedCall<'a> {
    /// Checks and encodes a request; its answer is read whole.
    pub(super) fn of<E: Endpoint>(
        core: &Core,
        request: &'a E,
        options: &CallOptions,
    ) -> Result<Self, Error> {
        let refuse = |invalid: Invalid| Error::from(invalid).named(E::SPEC.name, 0, Duration::ZERO);
        request.check().map_err(refuse)?;
        let mut fields = Fields::of(request).map_err(refuse)?;
        for ((name, from), to) in &core.config.field_names {
            if name == E::SPEC.name {
                fields.rename(from, to);
            }
        }
        for (name, value) in &options.extra {
            fields.set(name.clone(), value.clone());
        }
        let client = Self::raw(core, &E::SPEC, fields);
        Ok(Self {
            agent: request.agent(),
            ucid: request.ucid(),
            reference: request.reference(),
            patience: options.patience.unwrap_or(client.patience),
            silence: options.silence.unwrap_or(client.silence),
            total: options.total.unwrap_or(client.total),
            begins: options.begins,
            ..client
        })
    }

    /// Fields for any endpoint, with the client's settings.
    pub(super) fn raw(core: &Core, spec: &'static Spec, fields: Fields) -> Self {
        Self {
            spec,
            fields,
            agent: None,
            ucid: None,
            reference: None,
            row_keys: None,
            patience: core.config.patience,
            silence: core.silence(spec),
            total: core.config.limits.total,
            begins: None,
        }
    }

    /// The same call, its answer handed out row by row.
    pub(super) fn in_rows(mut self, keys: &'static [&'static str]) -> Self {
        self.row_keys = Some(keys);
        self
    }

    pub(super) fn span(&self) -> tracing::Span {
        let span = tracing::info_span!(
            "ozonetel",
            call = self.spec.name,
            ucid = tracing::field::Empty,
            attempts = tracing::field::Empty
        );
        if let Some(ucid) = &self.ucid {
            span.record("ucid", ucid.as_str());
        }
        span
    }
}
