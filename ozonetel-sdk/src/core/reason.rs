//! What the service's texts mean: whole texts, as documented, and the reason that each gives.

mod texts;

use std::fmt;

use serde::Serialize;

/// What a refusal means, judged by its text. A hint for programs, not a diagnosis: the service answers
/// "missing" for a wrong scheme and "expired" for a wrong mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// Account, key, token or agent's password.
    BadCredentials,
    /// The bearer token has run out, or was ended by a newer one.
    TokenExpired,
    /// More requests than the published limit.
    TooManyRequests,
    /// A parameter that the service does not take.
    BadInput,
    /// The call, agent, campaign or number is not there.
    NotFound,
    /// The state of things does not allow it now: agent not available, already logged in, busy.
    NotAllowed,
    /// A text that is not known.
    Other,
}

impl Reason {
    /// The name in `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadCredentials => "bad_credentials",
            Self::TokenExpired => "token_expired",
            Self::TooManyRequests => "too_many_requests",
            Self::BadInput => "bad_input",
            Self::NotFound => "not_found",
            Self::NotAllowed => "not_allowed",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text of the service that a page documents. `Display` shows it with its variable parts left out.
///
/// ```
/// use ozonetel_sdk::error::documented_texts;
/// let text = documented_texts().find(|text| text.pattern() == "Agent {} is not logged in").unwrap();
/// assert!(text.matches("Agent agent01 is not logged in"));
/// assert_eq!(text.to_string(), "Agent … is not logged in");
/// assert_eq!(text.reason().as_str(), "not_allowed");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DocumentedText {
    pattern: &'static str,
    reason: Reason,
    page: &'static str,
}

impl DocumentedText {
    /// The text; `{}` is a variable part.
    pub fn pattern(&self) -> &'static str {
        self.pattern
    }

    /// What it means.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The page that gives it, by its name under `https://docs.ozonetel.com/reference/`, or "field report".
    pub fn source(&self) -> &'static str {
        self.page
    }

    /// Whether a text is this one, without regard to case; a variable part is one character or more.
    pub fn matches(&self, text: &str) -> bool {
        matches(self.pattern, text.trim())
    }
}

impl fmt::Display for DocumentedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.pattern.split("{}").enumerate() {
            if at > 0 {
                f.write_str("…")?;
            }
            f.write_str(part)?;
        }
        Ok(())
    }
}

/// Every documented text of a refusal, with its reason and the page that gives it.
pub fn documented_texts() -> impl Iterator<Item = DocumentedText> + Clone {
    texts::PAGES.iter().flat_map(|(page, texts)| {
        texts.iter().map(|(pattern, reason)| DocumentedText { pattern, reason: *reason, page })
    })
}

/// The documented text that a text is; one without variable parts wins.
pub(crate) fn documented(text: &str) -> Option<DocumentedText> {
    let found = |whole: bool| {
        documented_texts()
            .find(|known| known.pattern.contains("{}") != whole && known.matches(text))
    };
    found(true).or_else(|| found(false))
}

/// The text that refuses a login because the agent is logged in.
pub(crate) const ALREADY_LOGGED_IN: &str = "Agent has already logged in";

/// The one text on which even an operation that may happen only once is tried again with a new token.
pub(crate) const EXPIRED: &str = "Token Expired";

/// Whether a text can mean that the token presented is not the account's current one.
pub(crate) fn is_stale(text: &str) -> bool {
    reason(text) == Reason::TokenExpired || matches("Invalid Token", text.trim())
}

/// What a refusal's text means.
pub(crate) fn reason(text: &str) -> Reason {
    match documented(text) {
        Some(known) => known.reason,
        None if looks_like_a_limit(text) => Reason::TooManyRequests,
        None => Reason::Other,
    }
}

/// Mistaking a text for a limit costs a wait; missing one costs the account its window.
fn looks_like_a_limit(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let exceeded = ["exceed", "max", "rate", "reached"].iter().any(|word| text.contains(word));
    (text.contains("limit") && exceeded) || text.contains("too many requests")
}

/// Whether a text is a pattern's text, without regard to case, `{}` being one character or more.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split("{}");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = strip(text, first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            let cut = rest.len().checked_sub(part.len());
            return cut.is_some_and(|at| {
                at > 0 && rest.get(at..).is_some_and(|t| t.eq_ignore_ascii_case(part))
            });
        }
        let found = rest.char_indices().skip(1).find_map(|(at, _)| strip(rest.get(at..)?, part));
        match found {
            Some(tail) => rest = tail,
            None => return false,
        }
    }
    false
}

fn strip<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let head = text.get(..start.len())?;
    head.eq_ignore_ascii_case(start).then(|| text.get(start.len()..)).flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Reason::{BadCredentials, BadInput, NotAllowed, NotFound, TooManyRequests};
    use super::*;

    #[test]
    fn whole_texts_decide_and_case_does_not() {
        assert_eq!(reason("token expired"), Reason::TokenExpired);
        assert_eq!(reason("The Token Expired yesterday"), Reason::Other);
        assert_eq!(reason(" userName or apiKey not valid"), BadCredentials);
        assert_eq!(reason("max limit exceeded"), TooManyRequests);
        assert_eq!(reason("CDR rate limit reached, try later"), TooManyRequests);
        assert_eq!(
            reason("Difference Between From and To Date should not be Greater than 30 Days"),
            BadInput
        );
        // One without variable parts wins over `{} should not be empty`.
        assert_eq!(reason("apiKey should not be empty"), BadCredentials);
        assert_eq!(reason("pauseReason should not be empty"), BadInput);
    }

    #[test]
    fn holes_take_what_varies() {
        assert_eq!(reason("Agent agent01 is not logged in"), NotAllowed);
        assert_eq!(reason("agent02 logged in with the number (+91XXXXXXXXXX)"), NotAllowed);
        assert_eq!(reason("Invalid ucid [9000000000000001] or did [918000000001]"), NotFound);
        assert_eq!(reason("Invalid ucid [9000000000000001] or did [918000000001"), NotFound);
        assert!(!matches("Agent {} is not logged in", "Agent  is not logged in x"));
        assert!(!matches("a {} b", "a  b"));
        assert!(matches("a {} b {} c", "a 1 b 2 c"));
    }

    #[test]
    fn every_documented_text_is_found_by_itself_and_is_there_once() {
        let mut seen = BTreeSet::new();
        for known in documented_texts() {
            assert!(seen.insert(known.pattern.to_lowercase()), "{} twice", known.pattern);
            assert!(!known.page.is_empty());
            let text = known.pattern.replace("{}", "x1");
            assert_eq!(reason(&text), known.reason, "{text}");
            assert!(!known.to_string().contains("{}"));
        }
        assert!(seen.len() > 80 && seen.contains(&EXPIRED.to_lowercase()), "{}", seen.len());
    }
}
