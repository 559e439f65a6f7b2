//! Callers' profiles.

mod read;
mod save;

use axum::extract::DefaultBodyLimit;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::core::profile::{CallKeys, Extension};
use crate::desk::Desk;
use crate::flow::caller_profiles::{call_keys, extension};
use crate::problem::Problem;

/// The largest profile, and the largest conversation that is handed over.
pub(super) const LARGEST_PROFILE: usize = 512 << 10;

pub(super) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(read::read, save::save))
        .layer(DefaultBodyLimit::max(LARGEST_PROFILE))
}

/// Whose profile. Other names in the query are ignored.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ProfileQuery {
    /// The extension of the agent; that of the caller's own agent if it is not said.
    #[serde(default)]
    extension: Option<String>,
    /// The carrier's id of the call.
    #[serde(default)]
    call_sid: Option<String>,
    /// The assistant's id of the call, or the phone call's UCID.
    #[serde(default)]
    call_id: Option<String>,
}

impl ProfileQuery {
    fn extension(&self) -> Result<Option<Extension>, Problem> {
        let said = self.extension.as_deref().filter(|text| !text.trim().is_empty());
        said.map(extension).transpose()
    }

    fn keys(&self) -> Result<CallKeys, Problem> {
        call_keys(self.call_sid.as_deref(), self.call_id.as_deref())
    }
}
