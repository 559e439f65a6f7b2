//! Fields that several requests about people have.

use ozonetel_sdk::types::AgentId;

use crate::problem::{FieldError, Problem};

/// The longest name that is kept.
const LONGEST_NAME: usize = 200;

/// How many agents or supervisors a list may have.
const LONGEST_LIST: usize = 1000;

/// A name as it is kept: trimmed, not too long, without control characters; another text if it is empty.
///
/// # Errors
/// What is wrong with it.
pub fn name(text: &str, otherwise: &str) -> Result<String, Problem> {
    let text = if text.trim().is_empty() { otherwise.trim() } else { text.trim() };
    if text.is_empty() {
        return Err(Problem::field("name", "is missing"));
    }
    if text.chars().count() > LONGEST_NAME {
        return Err(Problem::field("name", format!("has more than {LONGEST_NAME} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(Problem::field("name", "has control characters in it"));
    }
    Ok(text.to_owned())
}

/// Agents as they are kept: each names one.
///
/// # Errors
/// Which is not an agent; too many.
pub fn agents(ids: &[String]) -> Result<Vec<AgentId>, Problem> {
    if ids.len() > LONGEST_LIST {
        return Err(Problem::field("agents", format!("has more than {LONGEST_LIST} entries")));
    }
    let wrong = |(at, id): (usize, &String)| {
        let fits = id.len() <= LONGEST_NAME && AgentId::from(id.as_str()).key().is_some();
        let path = format!("agents[{at}]");
        (!fits).then(|| FieldError { path, text: "is not an agent".into() })
    };
    let errors: Vec<_> = ids.iter().enumerate().filter_map(wrong).collect();
    if errors.is_empty() {
        Ok(ids.iter().map(|id| AgentId::from(id.trim())).collect())
    } else {
        Err(Problem::fields(errors))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_bounded() {
        assert_eq!(name(" Agent One ", "x").unwrap(), "Agent One");
        assert_eq!(name(" ", "a@b").unwrap(), "a@b");
        assert!(name(&"ä".repeat(LONGEST_NAME), "").is_ok());
        for text in ["", " ", "a\nb", "a\u{0}", &"x".repeat(LONGEST_NAME + 1)] {
            assert!(name(text, "").is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_is_not_an_agent_is_named_by_its_place() {
        let list =
            |ids: &[&str]| agents(&ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>());
        assert_eq!(list(&[" agent01", "7"]).unwrap(), ["agent01", "7"].map(AgentId::from));
        let problem = list(&["agent01", "0", " "]).unwrap_err();
        assert_eq!(problem.message(), "agents[1] is not an agent; agents[2] is not an agent");
        assert!(agents(&vec!["a".to_owned(); LONGEST_LIST + 1]).is_err());
    }
}
