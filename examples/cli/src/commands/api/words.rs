//! The words that fields take, as the SDK knows them. Most lists are open: the service may take others.

/// Yes and no, as most endpoints want it.
const YES_NO: &[&str] = &["true", "false"];

const PLACES: &[&str] = &[
    "Client Side",
    "Client Side OnBusy",
    "Client&Server",
    "Plugin",
    "Server Side",
    "Server Side OnBusy",
];

const CAMPAIGNS: &[&str] = &["IVR", "InBound", "Predictive", "Preview", "Progressive"];

const CALLS: &[&str] = &["IVR", "InBound", "Manual", "Predictive", "Preview", "Progressive"];

/// Endpoints of the older phone interface.
const PHONE: &[&str] = &[
    "legacy.agent_dial",
    "legacy.change_state",
    "legacy.phone_dial",
    "legacy.conference",
    "legacy.kick",
    "legacy.hold",
    "legacy.unhold",
    "legacy.mute",
    "legacy.unmute",
];

/// Field, its words, and the endpoints in which it has these.
const WORDS: &[(&str, &[&str], &[&str])] = &[
    ("UCID", YES_NO, &["dial.agent", "dial.skill", "legacy.agent_dial"]),
    ("autoRelease", YES_NO, &["disposition.set"]),
    ("callType", CALLS, &["cdr.fetch_day", "cdr.fetch_page"]),
    ("campaignType", CAMPAIGNS, &["campaigns.create_inbound", "campaigns.create_outbound"]),
    ("checkDuplicate", YES_NO, &["leads.bulk"]),
    ("checkDuplicate", &["TRUE", "FALSE"], &["leads.add", "legacy.add_lead"]),
    ("dialMethod", &["Agentwise", "Nonagentwise", "Skillwise"], &["campaigns.create_outbound"]),
    ("eventType", &["agent", "both", "call"], &["events.unsubscribe"]),
    ("isDelete", YES_NO, &["leads.bulk"]),
    ("pauseAfterDispose", YES_NO, &["disposition.set", "legacy.set_disposition"]),
    ("playRing", YES_NO, PHONE),
    ("popUrlAt", PLACES, &["campaigns.create_inbound"]),
    ("process", YES_NO, &["legacy.set_campaign"]),
    (
        "reportType",
        &["currentday", "historical"],
        &["legacy.cdr_dump", "legacy.cdr_callback", "legacy.cdr_by_ucid"],
    ),
    ("sip", YES_NO, PHONE),
    ("state", &["Pause", "Ready"], &["agents.change_state", "legacy.change_state"]),
    ("status", &["Answered", "Unanswered"], &["cdr.fetch_day", "cdr.fetch_page"]),
    ("status", &["Fail", "Pending", "Success"], &["legacy.clear_campaign"]),
];

/// The fields of an endpoint of which words are known, with these. `fields` are the endpoint's; none where they are not
/// known.
pub(super) fn of(
    endpoint: &str,
    fields: Option<&[&str]>,
) -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    let takes = move |name: &str| fields.is_none_or(|fields| fields.contains(&name));
    let found =
        WORDS.iter().filter(move |(name, _, places)| takes(name) && places.contains(&endpoint));
    found.map(|(name, words, _)| (*name, *words))
}

/// The same as a text; none where no words are known.
pub(super) fn text(endpoint: &str, fields: Option<&[&str]>) -> Option<String> {
    let lists = of(endpoint, fields).map(|(name, words)| format!("{name}: {}", words.join(", ")));
    let lists: Vec<_> = lists.collect();
    (!lists.is_empty()).then(|| lists.join("; "))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;
    use crate::commands::api::known_fields;

    fn resolved<'d>(document: &'d Value, mut part: &'d Value) -> &'d Value {
        while let Some(path) = part["$ref"].as_str() {
            part = document.pointer(path.trim_start_matches('#')).unwrap();
        }
        part
    }

    fn words_of(schema: &Value) -> Option<Vec<String>> {
        let open = schema["x-known-words"].as_object().map(|words| words.keys().cloned().collect());
        open.or_else(|| serde_json::from_value(schema["enum"].clone()).ok())
    }

    /// The fields of a schema that have words, those of its parts too.
    fn fields_of(document: &Value, schema: &Value, found: &mut BTreeMap<String, Vec<String>>) {
        let schema = resolved(document, schema);
        for parts in ["allOf", "anyOf", "oneOf"] {
            for part in schema[parts].as_array().into_iter().flatten() {
                fields_of(document, part, found);
            }
        }
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            found.extend(words_of(resolved(document, field)).map(|words| (name.clone(), words)));
        }
    }

    /// The OpenAPI document is made of the SDK's types.
    #[test]
    fn the_words_are_those_of_the_description() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi/cloudagent.json");
        let document: Value =
            serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let paths = document["paths"].as_object().unwrap().values();
        let mut count = 0;
        for operation in paths.flat_map(|item| item.as_object().unwrap().values()) {
            let mut declared = BTreeMap::new();
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let parameter = resolved(&document, parameter);
                let words = words_of(resolved(&document, &parameter["schema"]));
                let name = parameter["name"].as_str().unwrap().to_owned();
                declared.extend(words.map(|words| (name, words)));
            }
            let contents = resolved(&document, &operation["requestBody"])["content"].as_object();
            for content in contents.into_iter().flat_map(serde_json::Map::values) {
                fields_of(&document, &content["schema"], &mut declared);
            }
            // Which of the operations of a path is meant is no field of theirs.
            declared.remove("action");
            for one in operation["x-operations"].as_array().into_iter().flatten() {
                let name = one["name"].as_str().unwrap();
                let fields = known_fields(name);
                let has = |field: &str| fields.as_ref().is_none_or(|known| known.contains(&field));
                let declared: BTreeMap<&str, Vec<&str>> = declared
                    .iter()
                    .filter(|(field, _)| has(field))
                    .map(|(field, words)| (&**field, words.iter().map(|word| &**word).collect()))
                    .collect();
                let told =
                    of(name, fields.as_deref()).map(|(field, words)| (field, words.to_vec()));
                assert_eq!(told.collect::<BTreeMap<_, _>>(), declared, "{name}");
                count += declared.len();
            }
        }
        assert!(count > 40, "{count}");
    }
}
