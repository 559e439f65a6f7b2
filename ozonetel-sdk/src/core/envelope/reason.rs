//! What the service's texts mean: one table of whole texts. A variable part is a marked hole.

use crate::core::error::Reason::{
    self, BadCredentials, BadInput, NotAllowed, NotFound, TokenExpired, TooManyRequests,
};

/// The one text on which even an operation that may happen only once is tried again with a new token.
pub(crate) const EXPIRED: &str = "Token Expired";

/// Whether a text can mean that the token presented is not the account's current one.
pub(crate) fn is_stale(text: &str) -> bool {
    reason(text) == TokenExpired || matches("Invalid Token", text.trim())
}

/// Texts as documented; `{}` stands for a variable part.
const TABLE: &[(&str, Reason)] = &[
    (EXPIRED, TokenExpired),
    ("Token Should Not be Null or Empty.", BadCredentials),
    ("Invalid Token", BadCredentials),
    ("Api Key Should Not be Null or Empty.", BadCredentials),
    ("Invalid User Details", BadCredentials),
    ("Username Should Not be Null or Empty.", BadCredentials),
    ("Missing userName or apiKey", BadCredentials),
    ("userName or apiKey is Invalid", BadCredentials),
    ("user_name or api_Key is Invalid", BadCredentials),
    ("apiKey should not be empty", BadCredentials),
    ("userName should not be empty", BadCredentials),
    ("UserName is null", BadCredentials),
    ("Invalid userName or apiKey", BadCredentials),
    ("Invalid Authentication", BadCredentials),
    ("Please provide UserName", BadCredentials),
    ("Please provide API Key", BadCredentials),
    ("Authentication failed", BadCredentials),
    ("Authentication failed.", BadCredentials),
    ("Authentication fails", BadCredentials),
    ("please provide proper user credentials", BadCredentials),
    ("userName or apiKey not valid", BadCredentials),
    ("userName cannot be empty", BadCredentials),
    ("apiKey cannot be empty", BadCredentials),
    ("Unauthorized", BadCredentials),
    ("No User Found", BadCredentials),
    ("Check input Parameters", BadCredentials),
    ("Max limit exceeded", TooManyRequests),
    ("Already one process is running please try after some time", TooManyRequests),
    ("Agent is not available", NotAllowed),
    ("Agent is not Logged In", NotAllowed),
    ("Agent {} is not logged in", NotAllowed),
    ("Agent has already logged in", NotAllowed),
    ("{} logged in with the number ({})", NotAllowed),
    ("Agent {} is in BUSY state. You cant change to Pause state", NotAllowed),
    ("Online agent logged in with same phone number", NotAllowed),
    ("campaign IS NOT offline", NotAllowed),
    ("PhoneNumber Added is a DND Number", NotAllowed),
    ("Agent Already Exists", NotAllowed),
    ("Phone name not found.", NotFound),
    ("Invalid ucid [{}] or did [{}]", NotFound),
    ("Invalid ucid [{}] or did [{}", NotFound),
    ("Call not Found", NotFound),
    ("ucid is Invalid", NotFound),
    ("No disposition found for campaign ID: {} and user: {}", NotFound),
    ("Campaign not found.", NotFound),
    ("Agent does not exists with id {}", NotFound),
    ("Subscription doesnt exists for User: {}", NotFound),
    ("No Data Found", NotFound),
    ("no record found", NotFound),
    ("Invalid group id", NotFound),
    ("Please Pass Valid AgentId are Valid skillName", BadInput),
    ("Please Pass Valid AgentId", BadInput),
    ("Campaign name should not be null are empty", BadInput),
    ("Please pass Valid Campaign Details", BadInput),
    // The documented answer to a bad DID.
    ("Something went wrong. Please contact admin!", BadInput),
    ("Invalid action->{}", BadInput),
    ("Empty disposition code", BadInput),
    ("Provide pause reason.", BadInput),
    ("Invalid agent", BadInput),
    ("Please pass valid Conference number", BadInput),
    ("action should be either pause or unPause", BadInput),
    ("action should not be empty", BadInput),
    ("ucid should not be empty", BadInput),
    ("Invalid Json Pass Valid Json", BadInput),
    ("Missing fromDate and toDate", BadInput),
    ("Invalid {} format. Please pass the date in the format yyyy-MM-dd HH:mm:ss", BadInput),
    ("Invalid campaignName", BadInput),
    ("fromDate and toDate should not be future dates", BadInput),
    ("From and To Date should be in yyyy-mm-dd HH:mm:ss Format", BadInput),
    ("From Date Should not be Greater than To Date", BadInput),
    ("Difference Between From and To Date should not be Greater than 30 Days", BadInput),
    ("The Requested date should not be more than 30 days", BadInput),
    ("Mode Type is Invalid", BadInput),
    ("agentId is Invalid", BadInput),
    ("campaignName is Invalid", BadInput),
    ("Both agentId and campaignName cannot be passed at a time", BadInput),
    ("Both agentId and campaignName cannot be empty", BadInput),
    ("The state should be either 'Ready' or 'Pause' state'", BadInput),
    ("pauseReason is Invalid", BadInput),
    ("All parameters are mandatory", BadInput),
    ("Agent Option is Invalid", BadInput),
    ("Invalid Agent Details", BadInput),
    ("phoneNumber should be between 3 to 17 digits long and allows prefix +", BadInput),
    ("Please enter the Valid DIDs assigned to the account.", BadInput),
    ("Please enter the Valid FallbackDIDs assigned to the account.", BadInput),
    ("DIDs is required", BadInput),
    ("fallbackDIDs is required", BadInput),
    ("Phone Number is Empty!", BadInput),
    ("please provide campaign details", BadInput),
    ("Please provide valid data", BadInput),
    ("api_key or campaign_name is invalid or not found", BadInput),
    ("Mandatory parameter ScheduledTime is in bulkData map", BadInput),
    ("Mandatory parameter row_id is missing", BadInput),
    ("Campaign should not be null are empty", BadInput),
    ("Passed campaign are invalid", BadInput),
    ("PhoneNumber should not be null are empty", BadInput),
    ("status should be only Success/Fail/Pending", BadInput),
    ("please pass valid AgentId", BadInput),
    ("please pass valid skill", BadInput),
    ("Parameters are mandatory", BadInput),
    ("invalid data", BadInput),
    ("{} should not be empty", BadInput),
    ("{} should not be empty or zero", BadInput),
];

/// What a refusal's text means.
pub(crate) fn reason(text: &str) -> Reason {
    let text = text.trim();
    match TABLE.iter().find(|(pattern, _)| matches(pattern, text)) {
        Some((_, reason)) => *reason,
        None if looks_like_a_limit(text) => TooManyRequests,
        None => Reason::Other,
    }
}

/// Mistaking a text for a limit costs a wait; missing one costs the account its window.
fn looks_like_a_limit(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let exceeded = ["exceed", "max", "rate", "reached"].iter().any(|word| text.contains(word));
    (text.contains("limit") && exceeded) || text.contains("too many requests")
}

/// Whether a text is a pattern's text, without case, `{}` being one character or more.
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
    use super::*;

    #[test]
    fn whole_texts_decide_and_case_does_not() {
        assert_eq!(reason("token expired"), TokenExpired);
        assert_eq!(reason("The Token Expired yesterday"), Reason::Other);
        assert_eq!(reason(" userName or apiKey not valid"), BadCredentials);
        assert_eq!(reason("max limit exceeded"), TooManyRequests);
        assert_eq!(reason("CDR rate limit reached, try later"), TooManyRequests);
        assert_eq!(
            reason("Difference Between From and To Date should not be Greater than 30 Days"),
            BadInput
        );
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
    fn every_line_of_the_table_is_reached_by_its_own_text() {
        for (pattern, want) in TABLE {
            assert_eq!(reason(&pattern.replace("{}", "x1")), *want, "{pattern}");
        }
    }
}
