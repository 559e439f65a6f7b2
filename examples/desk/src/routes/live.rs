//! What is live: the stream of events, and whether the desk is well.

mod events;
mod healthz;
mod metrics;
mod readyz;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::events::Snapshots;
use crate::people::Proof;
use crate::problem::Problem;

/// The routes.
pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(events::events))
        .routes(routes!(healthz::healthz))
        .routes(routes!(readyz::readyz))
        .routes(routes!(readyz::readyz_store))
        .routes(routes!(metrics::metrics))
}

/// A part of a snapshot: its name, and what a caller sees of it.
type Part = (&'static str, fn(&Desk, &Caller) -> BoxFuture<'static, Result<Value, Problem>>);

/// The parts of a snapshot; an area adds its own.
const PARTS: &[Part] = &[
    ("agents", super::agents::snapshot),
    ("calls", super::calls::snapshot),
    ("followUps", super::work::followups_snapshot),
    ("missed", super::work::missed_snapshot),
    ("owed", super::agents::owed_snapshot),
];

/// Snapshots of everything, for one who is signed in.
struct Everything {
    desk: Desk,
    proof: Proof,
}

#[async_trait]
impl Snapshots for Everything {
    async fn snapshot(&self, caller: &Caller) -> Result<Map<String, Value>, Problem> {
        let mut records = Map::new();
        for (name, part) in PARTS {
            records.insert((*name).to_owned(), part(&self.desk, caller).await?);
        }
        Ok(records)
    }

    async fn caller(&self, caller: Caller) -> Option<Caller> {
        match self.desk.people().again(&self.proof).await {
            Ok(now) => now.filter(|caller| !caller.must_change_password),
            // Nothing new is shown while the store does not answer.
            Err(_) => Some(caller),
        }
    }
}
