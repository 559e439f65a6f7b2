//! What a reply says about its request.

use std::borrow::Cow;

use super::Token;
use crate::core::envelope::fields::TEXTS;
use crate::core::envelope::words::{FAILURE, contradicts_refusal};
use serde_json::Value;

/// What a reply says about its request.
///
/// Two spellings are known: jWebSocket's `code` (0 fine, -1 failure) and the toolbar's `resp`, whose outcome is
/// before the first `:` and is `Success` when it went well. Refused is what says so in one of the service's words for
/// it. A reply with neither spelling, with another code or another word, in which a field comes twice, or whose two
/// outcomes contradict each other proves nothing: if it counted as a refusal, it would invite a second dial. So does a
/// refusal beside a call's id or a text of success, as in an answer over REST; a call's id that the request had named
/// itself included, because a reply alone does not show that.
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

impl ReplyStatus {
    /// What a word says.
    pub(crate) fn of(word: &str) -> Self {
        let is = |known: &str| word.eq_ignore_ascii_case(known);
        match word {
            _ if is("success") => Self::Succeeded,
            // Those documented for REST: none is for the socket.
            _ if FAILURE.into_iter().any(is) => Self::Refused,
            _ => Self::Unclear,
        }
    }
}

impl Token {
    /// What a reply says.
    ///
    /// ```
    /// use ozonetel_sdk::mdl::{ReplyStatus, Token};
    /// let status = |text| Token::parse(text).map(|reply| reply.reply_status());
    /// assert_eq!(status(r#"{"type":"response","resp":"Failure:x"}"#)?, ReplyStatus::Refused);
    /// let call = r#"{"type":"response","resp":"Failure:x","ucid":"90000000000000001"}"#;
    /// assert_eq!(status(call)?, ReplyStatus::Unclear);
    /// # Ok::<(), ozonetel_sdk::mdl::NotAToken>(())
    /// ```
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
        let status = match (code, resp) {
            (Some(code), Some(resp)) if code == resp => code,
            (Some(only), None) | (None, Some(only)) => only,
            _ => ReplyStatus::Unclear,
        };
        let proves_nothing =
            || self.repeats() || (status == ReplyStatus::Refused && self.contradicts_refusal());
        if proves_nothing() { ReplyStatus::Unclear } else { status }
    }

    fn contradicts_refusal(&self) -> bool {
        let is_text = |name: &str| TEXTS.iter().any(|text| text.eq_ignore_ascii_case(name));
        let texts = self.fields().iter().filter(|(name, _)| is_text(name));
        // A list or an object by its JSON text, as over REST.
        let texts = texts.map(|(_, value)| {
            value.as_str().map_or_else(|| Cow::Owned(value.to_string()), Cow::Borrowed)
        });
        let resp = self.get("resp").and_then(Value::as_str);
        let resp = resp.and_then(|text| text.split_once(':')).map_or("", |(_, rest)| rest);
        let mut said = texts.chain([Cow::Borrowed(resp)]);
        said.any(|text| contradicts_refusal(self.fields(), &text, None))
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

    #[test]
    fn a_refusal_beside_a_call_or_a_success_proves_nothing() {
        for text in [
            r#"{"utid":"1","code":-1,"msg":"no","ucid":"90000000000000001"}"#,
            r#"{"resp":"Failure:no","ucid":90000000000000001}"#,
            r#"{"resp":"Failure:no","data":{"monitorUcid":"90000000000000001"}}"#,
            r#"{"resp":"Failure:call 90000000000000001"}"#,
            r#"{"resp":"Failure:tbManualDial","msg":"call 90000000000000001 is on its way"}"#,
            r#"{"code":-1,"msg":"Success:tbManualDial"}"#,
            r#"{"resp":"Failure:queued"}"#,
            r#"{"code":-1,"msg":["Call queued successfully"]}"#,
            r#"{"code":-1,"details":["call 90000000000000001 is up"]}"#,
            r#"{"code":-1,"Message":{"text":"call 90000000000000001"}}"#,
        ] {
            assert_eq!(Token::parse(text).unwrap().reply_status(), ReplyStatus::Unclear, "{text}");
        }
        for text in [
            r#"{"code":-1,"msg":"not queued","ucid":null,"UCID":"0"}"#,
            r#"{"resp":"Failure:tbManualDial~77,0000000001,500001"}"#,
            r#"{"code":-1,"msg":["no"],"details":{"agent":"busy"},"message":null,"messages":[]}"#,
        ] {
            assert_eq!(Token::parse(text).unwrap().reply_status(), ReplyStatus::Refused, "{text}");
        }
    }

    #[test]
    fn a_reply_that_says_a_thing_twice_proves_nothing() {
        for text in [
            r#"{"resp":"Success:x","resp":"Failure:y"}"#,
            r#"{"resp":"Failure:x","resp":"Failure:x"}"#,
            r#"{"code":0,"code":-1}"#,
            r#"{"resp":"Success:x","ucid":"90000000000000001","ucid":"90000000000000002"}"#,
        ] {
            let reply = Token::parse(text).unwrap();
            assert_eq!(reply.reply_status(), ReplyStatus::Unclear, "{text}");
            assert_eq!(reply.with("x", 1).reply_status(), ReplyStatus::Unclear, "{text}");
        }
    }
}
