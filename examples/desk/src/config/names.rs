//! Names in the environment that no setting has: a misspelled one would be taken for one that is not set.

use super::VARIABLES;

/// The variables of the project's README, the command line's among them.
const ACCOUNT: [&str; 42] = [
    "OZONETEL_ACCOUNT",
    "OZONETEL_API_KEY",
    "OZONETEL_API_KEY_FILE",
    "OZONETEL_AUTH",
    "OZONETEL_REGION",
    "OZONETEL_COUNTRIES",
    "OZONETEL_ALLOWED_NUMBERS",
    "OZONETEL_TIMEZONE",
    "OZONETEL_BASE_URL",
    "OZONETEL_EVENTS_URL",
    "OZONETEL_CAMPAIGNS_URL",
    "OZONETEL_KOOKOO_URL",
    "OZONETEL_MESSAGING_URL",
    "OZONETEL_OLDER_URL",
    "OZONETEL_KOOKOO_KEY",
    "OZONETEL_KOOKOO_KEY_FILE",
    "OZONETEL_CONFIG",
    "OZONETEL_PROFILE",
    "OZONETEL_KEY_STORE",
    "OZONETEL_STORE",
    "OZONETEL_PUSH_SECRET",
    "OZONETEL_PUSH_SECRET_FILE",
    "OZONETEL_DESK_URL",
    "OZONETEL_DESK_TOKEN",
    "OZONETEL_DESK_TOKEN_FILE",
    "OZONETEL_AGENT_ID",
    "OZONETEL_AGENT_PASSWORD",
    "OZONETEL_AGENT_PASSWORD_FILE",
    "OZONETEL_SIP_ID",
    "OZONETEL_PHONE_NAME",
    "OZONETEL_CAMPAIGN",
    "OZONETEL_DID",
    "OZONETEL_MDL_URL",
    "OZONETEL_AGENT_UNIQ_ID",
    "OZONETEL_CAMPAIGN_ID",
    "OZONETEL_SIP_URI",
    "OZONETEL_SIP_WS_URL",
    "OZONETEL_SIP_PASSWORD",
    "OZONETEL_SIP_PASSWORD_FILE",
    "OZONETEL_AUTO_ANSWER",
    "OZONETEL_STATE_DIR",
    "OZONETEL_NOW",
];

/// Those of them that a desk does not read, each with what it reads instead.
const ELSEWHERE: [(&str, &str); 17] = [
    ("OZONETEL_API_KEY_FILE", "OZONETEL_API_KEY is"),
    ("OZONETEL_KOOKOO_KEY_FILE", "OZONETEL_KOOKOO_KEY is"),
    ("OZONETEL_AGENT_PASSWORD_FILE", "OZONETEL_AGENT_PASSWORD is"),
    ("OZONETEL_CONFIG", ONLY_VARIABLES),
    ("OZONETEL_PROFILE", ONLY_VARIABLES),
    ("OZONETEL_KEY_STORE", ONLY_VARIABLES),
    ("OZONETEL_STORE", "DESK_STORE is"),
    ("OZONETEL_PUSH_SECRET", "DESK_WEBHOOK_SECRET is"),
    ("OZONETEL_PUSH_SECRET_FILE", "DESK_WEBHOOK_SECRET is"),
    ("OZONETEL_MDL_URL", "DESK_AGENT_SOCKET_URL is"),
    ("OZONETEL_AGENT_UNIQ_ID", "the uniqueId of the agent's link is"),
    ("OZONETEL_CAMPAIGN_ID", "the campaignId of the agent's link is"),
    ("OZONETEL_SIP_URI", "DESK_SIP_HOST is, with the extension of the agent's link"),
    ("OZONETEL_SIP_WS_URL", "DESK_SIP_ADDRESS is"),
    ("OZONETEL_SIP_PASSWORD", "the SIP password of the agent's link is"),
    ("OZONETEL_SIP_PASSWORD_FILE", "the SIP password of the agent's link is"),
    ("OZONETEL_AUTO_ANSWER", "DESK_AUTO_ANSWER is"),
];

const ONLY_VARIABLES: &str = "variables alone are";

/// How many letters may be wrong, missing or too many in a name for it to be meant.
const NEAR: usize = 2;

/// What is said of each name that no setting has: of all that are the desk's own, of those that only the account's other
/// programs read, and of those that are nearly one of the account's. Others may be another program's.
pub fn unread(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort();
    names.iter().filter_map(|name| remark(name)).collect()
}

fn remark(name: &str) -> Option<String> {
    if name.starts_with("OZONETEL_") {
        if let Some((_, instead)) = ELSEWHERE.iter().find(|(known, _)| *known == name) {
            return Some(format!("{name} is not read by the desk: {instead}"));
        }
        let near = nearest(name, ACCOUNT.iter().copied()).filter(|near| *near != name)?;
        return Some(format!("{name} is not read: {near} is meant?"));
    }
    let is_own = name.starts_with("DESK_") || name.starts_with("ASSIST_");
    let known = || VARIABLES.iter().map(|(known, _)| *known);
    if !is_own || known().any(|known| known == name) {
        return None;
    }
    let near = nearest(name, known()).map(|near| format!(": {near} is meant?"));
    Some(format!("{name} is not read{}", near.unwrap_or_default()))
}

/// The name that is nearest to one, if it is near: of a short one fewer letters may be wrong.
fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let far = known.map(|known| (distance(name, known), known));
    let is_near = |(distance, known): &(usize, &str)| {
        let own = known.split_once('_').map_or(0, |(_, own)| own.len());
        *distance <= NEAR.min(own / 3)
    };
    far.filter(is_near).min().map(|(_, known)| known)
}

/// How many letters have to be put in, taken out or changed to make one name of the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.bytes().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        for (above, wanted) in row.iter_mut().skip(1).zip(other.bytes()) {
            let changed = diagonal + usize::from(letter != wanted);
            diagonal = *above;
            left = changed.min(left + 1).min(*above + 1);
            *above = left;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use ozonetel_sdk::client::Environment;

    use super::*;

    #[test]
    fn a_name_that_no_setting_has_is_told_with_the_one_that_is_meant() {
        let of = |names: &[&str]| unread(names.iter().map(|name| (*name).to_owned()));
        let own = |name: &str| format!("DESK_{name}");
        assert_eq!(
            of(&["OZONETEL_CAMPAING", &own("LISTN"), &own("KEEP_NOTE_DAYS"), "ASSIST_EVRY"]),
            [
                "ASSIST_EVRY is not read: ASSIST_EVERY is meant?",
                "DESK_KEEP_NOTE_DAYS is not read: DESK_KEEP_NOTES_DAYS is meant?",
                "DESK_LISTN is not read: DESK_LISTEN is meant?",
                "OZONETEL_CAMPAING is not read: OZONETEL_CAMPAIGN is meant?",
            ]
        );
        assert_eq!(of(&[&own("COLOUR_SCHEME")]), ["DESK_COLOUR_SCHEME is not read"]);
        for known in ["OZONETEL_CAMPAIGN", "OZONETEL_SIP_ID", "DESK_LISTEN", "ASSIST_CAPS"] {
            assert_eq!(of(&[known]), Vec::<String>::new(), "{known}");
        }
        for other in [
            "OZONETEL_OTHER_THING",
            "OZONETEL_LOG",
            "PATH",
            "DESKTOP_SESSION",
            "OZONE",
            "OPENAI_MODEL",
        ] {
            assert_eq!(of(&[other]), Vec::<String>::new(), "{other}");
        }
    }

    /// A softphone's names are read by `ozonetel` and by no desk; set, they would seem to have been taken.
    #[test]
    fn a_name_that_only_another_program_reads_is_told_with_what_the_desk_has_instead() {
        let of = |names: &[&str]| unread(names.iter().map(|name| (*name).to_owned()));
        assert_eq!(
            of(&["OZONETEL_AUTO_ANSWER", "OZONETEL_API_KEY_FILE", "OZONETEL_PROFILE"]),
            [
                "OZONETEL_API_KEY_FILE is not read by the desk: OZONETEL_API_KEY is",
                "OZONETEL_AUTO_ANSWER is not read by the desk: DESK_AUTO_ANSWER is",
                "OZONETEL_PROFILE is not read by the desk: variables alone are",
            ]
        );
        for (name, instead) in ELSEWHERE {
            assert!(ACCOUNT.contains(&name), "{name}");
            let own = instead.split(' ').next().unwrap();
            let is_known =
                |own| ACCOUNT.contains(&own) || VARIABLES.iter().any(|(name, _)| *name == own);
            assert!(!own.contains('_') || is_known(own), "{own}");
        }
        assert_eq!(of(&["OZONETEL_DESK_URL", "OZONETEL_DESK_TOKEN"]), Vec::<String>::new());
    }

    /// What the desk takes of the account's variables is in its `Environment`; all else is told of.
    #[test]
    fn every_name_is_read_or_told_of() {
        let read = std::cell::RefCell::new(std::collections::BTreeSet::new());
        let get = |name: &str| {
            read.borrow_mut().insert(name.to_owned());
            None
        };
        Environment::read(&get).unwrap();
        let read = read.into_inner();
        for name in ACCOUNT {
            let is_told = ELSEWHERE.iter().any(|(known, _)| *known == name);
            let is_of_a_desk = name.starts_with("OZONETEL_DESK_");
            assert!(is_told || is_of_a_desk || read.contains(name), "{name}");
        }
    }

    #[test]
    fn the_names_of_the_account_are_those_of_the_readme() {
        let readme = include_str!("../../../../README.md");
        let named = |name: &str| readme.contains(&format!("`{name}`"));
        for name in ACCOUNT {
            assert!(named(name), "{name}");
        }
        for part in readme.split("`OZONETEL_").skip(1) {
            let name = part.split(['`', '=']).next().unwrap_or_default();
            let plain = name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
            let full = format!("OZONETEL_{name}");
            // `OZONETEL_NAME=value` stands for any of them.
            let is_one = plain && !matches!(name, "" | "NAME");
            assert!(!is_one || ACCOUNT.contains(&full.as_str()), "{full}");
        }
    }

    #[test]
    fn letters_are_counted() {
        for (one, other, wanted) in
            [("", "", 0), ("A", "", 1), ("", "AB", 2), ("LISTN", "LISTEN", 1), ("ULR", "URL", 2)]
        {
            assert_eq!(distance(one, other), wanted, "{one} {other}");
            assert_eq!(distance(other, one), wanted, "{other} {one}");
        }
    }
}
