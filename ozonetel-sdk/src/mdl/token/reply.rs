//! What a reply says about its request.

use super::Token;
use serde_json::Value;

/// What a reply says about its request.
///
/// Two spellings are known: jWebSocket's `code` (0 fine, -1 failure) and the toolbar's `resp`, whose outcome is
/// before the first `:` and is `Success` when it went well. Refused is what says so in one of the service's words for
/// it. A reply with neither spelling, with another code or another word, or whose two outcomes contradict each other
/// proves nothing: if it counted as a refusal, it would invite a second dial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReplyStatus {
    /// It was done.
    Succeeded,
    /// It was refused.
    Refused,
    /// The reply does not say.
    Unclear,
}

/// The failure words that the service's documentation shows, on REST: none is documented for the socket.
const REFUSED: [&str; 4] = ["failure", "fail", "error", "false"];

impl ReplyStatus {
    fn of(word: &str) -> Self {
        let is = |known: &str| word.eq_ignore_ascii_case(known);
        match word {
            _ if is("success") => Self::Succeeded,
            _ if REFUSED.into_iter().any(is) => Self::Refused,
            _ => Self::Unclear,
        }
    }
}

impl Token {
    /// What a reply says.
    pub fn reply_status(&self) -> ReplyStatus {
        let code = self.get("code").filter(|code| !code.is_null()).map(|_| {
            match self.text("code").as_deref() {
                Some("0") => ReplyStatus::Succeeded,
                Some("-1") => ReplyStatus::Refused,
                _ => ReplyStatus::Unclear,
            }
        });
        let resp = self.get("resp").filter(|resp| !resp.is_null()).map(|resp| {
            let word = resp.as_str().and_then(|text| text.split(':').next());
            word.map_or(ReplyStatus::Unclear, |word| ReplyStatus::of(word.trim()))
        });
        match (code, resp) {
            (Some(code), Some(resp)) if code == resp => code,
            (Some(only), None) | (None, Some(only)) => only,
            _ => ReplyStatus::Unclear,
        }
    }

    /// The reply's own words: `msg`, else what comes after the first `:` of `resp`. May name an agent or a number.
    pub fn message(&self) -> Option<&str> {
        let msg = self.get("msg").and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        msg.or_else(|| {
            let resp = self.get("resp")?.as_str()?;
            Some(resp.split_once(':').map_or(resp, |(_, rest)| rest).trim())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn token(value: Value) -> Token {
        let Value::Object(fields) = value else { unreachable!() };
        Token::from(fields)
    }

    #[test]
    fn code_and_resp_decide_together() {
        use ReplyStatus::{Refused, Succeeded, Unclear};
        let table = [
            (json!({"code": 0}), Succeeded),
            (json!({"code": "0", "msg": "ok"}), Succeeded),
            (json!({"code": 0.0}), Succeeded),
            (json!({"code": -1, "msg": "no"}), Refused),
            (json!({"code": 7}), Unclear),
            (json!({"code": null, "resp": "Success:tbAgentPause~INBOUND"}), Succeeded),
            (json!({"resp": "Success:tbAgentPause~INBOUND"}), Succeeded),
            (json!({"resp": "Failure:agent busy"}), Refused),
            (json!({"resp": "ERROR : agent busy"}), Refused),
            (json!({"resp": "Fail"}), Refused),
            (json!({"resp": "Queued:tbManualDial"}), Unclear),
            (json!({"resp": ""}), Unclear),
            (json!({"resp": ":Success"}), Unclear),
            (json!({"code": -1, "resp": "Success:x"}), Unclear),
            (json!({"code": -1, "resp": "Failure:x"}), Refused),
            (json!({"resp": "Success"}), Succeeded),
            (json!({"resp": "whatever"}), Unclear),
            (json!({"resp": {"a": 1}}), Unclear),
            (json!({"code": 0, "resp": "Failure:agent busy"}), Unclear),
            (json!({"code": 0, "resp": "Success:x"}), Succeeded),
            (json!({}), Unclear),
        ];
        for (fields, want) in table {
            assert_eq!(token(fields.clone()).reply_status(), want, "{fields}");
        }
    }
}
