//! Whether the desk can do its work: what each part last said of itself.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// How a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// It works.
    Ok,
    /// It works, less well than it should.
    Degraded,
    /// It does not work: the desk should be asked nothing.
    Down,
}

/// What a part said of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PartHealth {
    /// How it is.
    pub condition: Condition,
    /// Why, if it is not well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Figures: how far behind, how many.
    #[serde(skip_serializing_if = "Value::is_null")]
    #[schema(value_type = Object)]
    pub detail: Value,
    /// Since when it has been in this condition, in milliseconds since 1970.
    pub since: i64,
}

/// What the desk is as a whole, and each of its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Readiness {
    /// The worst of all parts.
    pub condition: Condition,
    /// By name.
    pub parts: BTreeMap<&'static str, PartHealth>,
}

/// The parts' conditions. Cheap to clone; clones share.
#[derive(Clone, Default)]
pub struct Health(Arc<Mutex<BTreeMap<&'static str, PartHealth>>>);

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Health").field(&self.parts()).finish()
    }
}

impl Health {
    /// A part is well.
    pub fn well(&self, part: &'static str, detail: Value, at: i64) {
        self.set(part, Condition::Ok, None, detail, at);
    }

    /// A part is not well. The reason holds no number and no secret: it is shown without a session.
    pub fn unwell(
        &self,
        part: &'static str,
        condition: Condition,
        reason: impl Into<String>,
        at: i64,
    ) {
        self.set(part, condition, Some(reason.into()), Value::Null, at);
    }

    /// A part is no longer this process's work: another one says how it is.
    pub fn forget(&self, part: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(part);
    }

    fn set(
        &self,
        part: &'static str,
        condition: Condition,
        reason: Option<String>,
        detail: Value,
        at: i64,
    ) {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = parts.get(part).filter(|known| known.condition == condition);
        let since = known.map_or(at, |known| known.since);
        if known.is_none() {
            if condition == Condition::Ok {
                tracing::info!(part, "is well");
            } else {
                tracing::warn!(part, ?condition, reason, "is not well");
            }
        }
        parts.insert(part, PartHealth { condition, reason, detail, since });
    }

    fn parts(&self) -> BTreeMap<&'static str, PartHealth> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The whole: as bad as its worst part.
    pub fn readiness(&self) -> Readiness {
        Readiness::of(self.parts())
    }

    /// Some of the parts, and these as a whole.
    pub fn readiness_of(&self, wanted: &[&str]) -> Readiness {
        let mut parts = self.parts();
        parts.retain(|part, _| wanted.contains(part));
        Readiness::of(parts)
    }
}

impl Readiness {
    fn of(parts: BTreeMap<&'static str, PartHealth>) -> Self {
        let worst = parts.values().map(|part| part.condition).max();
        Self { condition: worst.unwrap_or(Condition::Ok), parts }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_whole_is_as_bad_as_its_worst_part() {
        let health = Health::default();
        assert_eq!(health.readiness().condition, Condition::Ok);
        health.well("store", Value::Null, 1);
        health.unwell("sync", Condition::Degraded, "two days behind", 2);
        assert_eq!(health.readiness().condition, Condition::Degraded);
        health.unwell("service", Condition::Down, "it does not answer", 3);
        let readiness = serde_json::to_value(health.readiness()).unwrap();
        assert_eq!(readiness["condition"], "down");
        let expected = json!({"condition": "degraded", "reason": "two days behind", "since": 2});
        assert_eq!(readiness["parts"]["sync"], expected);
    }

    #[test]
    fn a_part_alone_and_one_that_is_no_longer_told_of() {
        let health = Health::default();
        health.well("store", Value::Null, 1);
        health.unwell("service", Condition::Down, "it does not answer", 3);
        let store = health.readiness_of(&["store", "life"]);
        assert_eq!((store.condition, store.parts.len()), (Condition::Ok, 1));
        assert_eq!(health.readiness_of(&["service"]).condition, Condition::Down);
        health.forget("service");
        assert_eq!(health.readiness(), store);
    }

    #[test]
    fn a_condition_has_lasted_since_it_changed() {
        let health = Health::default();
        let since = || health.readiness().parts["store"].since;
        health.well("store", json!({"n": 1}), 1);
        health.well("store", json!({"n": 2}), 5);
        assert_eq!(since(), 1);
        assert_eq!(health.readiness().parts["store"].detail["n"], 2);
        health.unwell("store", Condition::Down, "it is closed", 7);
        assert_eq!(since(), 7);
        health.well("store", Value::Null, 9);
        assert_eq!(since(), 9);
    }
}
