//! One type for a name in a crate, and no name that needs its scene to be understood.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Source;
use super::{SOURCES, planted};

/// Names that a crate may have more than once: each list has its row, each module its error.
const SHARED: [&str; 2] = ["Row", "Error"];

/// Type names that say what happens in a scene and not what the thing is: crate, name, and a better
/// one where there is one for all.
const DENIED: [(&str, &str, &str); 53] = [
    ("ozonetel-sdk", "Blocked", "BlockResult"),
    ("ozonetel-sdk", "Broken", "SplitError"),
    ("ozonetel-sdk", "ByHand", "FixedSession"),
    ("ozonetel-sdk", "Cutter", "RowSplitter"),
    ("ozonetel-sdk", "Delivery", "ParsedPush"),
    ("ozonetel-sdk", "Document", "RawJson"),
    ("ozonetel-sdk", "Fate", "SubmitResult"),
    ("ozonetel-sdk", "Generation", "TokenId"),
    ("ozonetel-sdk", "Head", "ResponseHead"),
    ("ozonetel-sdk", "Held", "CachedToken, LeaseGuard, PendingRequest"),
    ("ozonetel-sdk", "Hms", "ClockDuration"),
    ("ozonetel-sdk", "How", "Settlement"),
    ("ozonetel-sdk", "Ids", "SessionIds"),
    ("ozonetel-sdk", "InTokens", "TokenSession"),
    ("ozonetel-sdk", "Intake", "PushReader"),
    ("ozonetel-sdk", "Listed", "NumberEntry"),
    ("ozonetel-sdk", "Mode", "AuthMode"),
    ("ozonetel-sdk", "Parcel", "SanitizedPush"),
    ("ozonetel-sdk", "Piece", "Segment"),
    ("ozonetel-sdk", "Private", "Redacted"),
    ("ozonetel-sdk", "Proof", "AuthToken"),
    ("ozonetel-sdk", "Said", "ServiceMessage"),
    ("ozonetel-sdk", "Seen", "LinkEvent, MergeResult"),
    ("ozonetel-sdk", "Sighting", "CallObservation"),
    ("ozonetel-sdk", "Stage", "SendStage"),
    ("ozonetel-sdk", "Stored", "StoredToken, StoredRow, CheckpointFile"),
    ("ozonetel-sdk", "Sync", "CdrSync"),
    ("ozonetel-sdk", "Unobserved", "NoopObserver"),
    ("ozonetel-sdk", "Want", "CredentialKind"),
    ("ozonetel-sdk", "What", "Detail"),
    ("ozonetel-sdk", "When", "Discriminator"),
    ("ozonetel-sdk", "Words", "RawStatus"),
    ("ozonetel-sim", "Carrier", "PushSender"),
    ("ozonetel-sim", "Delivery", "FaultyResponse"),
    ("ozonetel-sim", "Fate", "DeliveryResult"),
    ("ozonetel-sim", "Letter", "QueuedPush"),
    ("ozonetel-sim", "Mail", "DeliveryQueue"),
    ("ozonetel-sim", "Mode", "AuthMode"),
    ("ozonetel-sim", "Moment", "Timestamp"),
    ("ozonetel-sim", "Said", "Reply"),
    ("ozonetel-sim", "Stage", "CallPhase, DialogState, IvrStep"),
    ("desk", "Done", "Ack"),
    ("desk", "Known", "CallMemory"),
    ("desk", "Live", "CallMemory"),
    ("desk", "Nature", "TaskKind"),
    ("desk", "Want", "a …Query"),
    ("desk", "Wanted", "HistoryQuery, PerformanceQuery"),
    ("desk", "Whose", "BodyContext"),
    ("ozonetel-cli", "Done", "Outcome"),
    ("ozonetel-cli", "Moment", "DayOrTime"),
    ("ozonetel-cli", "Rung", "DialFlags"),
    ("ozonetel-tests", "Mode", "AuthMode"),
    ("ozonetel-tests", "Stage", "Scenario"),
];

/// Types of a crate that more than one file defines for others.
fn twice(source: &Source) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut homes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for module in &source.modules {
        for found in module.types.iter().filter(|found| found.shared) {
            homes.entry(&found.name).or_default().push(&module.file);
        }
    }
    homes.retain(|name, files| files.len() > 1 && !SHARED.contains(name));
    homes.into_iter().map(|(name, files)| (name, files.into_iter().collect())).collect()
}

/// Types of a crate whose name is denied there, a line for each.
fn denied(source: &Source, list: &[(&str, &str, &str)]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for module in &source.modules {
        for name in module.types.iter().map(|found| &found.name) {
            let rule = list.iter().find(|(of, denied, _)| *of == source.name && denied == name);
            if let Some((_, _, better)) = rule {
                let line =
                    format!("{}: {} defines {name}: call it {better}", source.name, module.file);
                found.insert(name.clone(), line);
            }
        }
    }
    found
}

#[test]
fn no_crate_has_a_type_name_twice() {
    let mut found = Vec::new();
    for (source, _) in SOURCES.iter() {
        for (name, files) in twice(source) {
            let files: Vec<_> = files.into_iter().collect();
            found.push(format!("{}: {name} in {}", source.name, files.join(" and ")));
        }
    }
    assert!(found.is_empty(), "{} found:\n{}", found.len(), found.join("\n"));
}

#[test]
fn no_type_has_a_name_that_needs_its_scene() {
    let lines = SOURCES.iter().flat_map(|(source, _)| denied(source, &DENIED).into_values());
    let found: Vec<_> = lines.collect();
    assert!(found.is_empty(), "{} found:\n{}", found.len(), found.join("\n"));
}

#[test]
fn a_planted_name_is_found() {
    let source = planted(&[
        ("lib.rs", "mod a; mod b; pub struct Row; trait Private {}"),
        (
            "a.rs",
            "pub struct Plan; pub struct Error; struct Row; pub(crate) enum Own {} type Said = u8;",
        ),
        (
            "b.rs",
            "pub trait Plan {} pub enum Error {} pub struct Row; pub enum Private {} enum Own {}",
        ),
    ]);
    let found: Vec<_> = twice(&source).into_iter().collect();
    assert_eq!(found, [("Plan", BTreeSet::from(["a.rs", "b.rs"]))]);
    let list = [("planted", "Said", "Reply"), ("other", "Plan", "Schedule")];
    let lines: Vec<_> = denied(&source, &list).into_values().collect();
    assert_eq!(lines, ["planted: a.rs defines Said: call it Reply"]);
}
