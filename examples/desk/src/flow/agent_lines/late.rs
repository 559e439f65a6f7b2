//! Replies that come after their dial was given up. The reply and the ledger's word that the outcome is unknown come in
//! any order.

use std::collections::VecDeque;

use ozonetel_sdk::mdl::Token;

/// How many dials and replies are remembered on one link: an agent has one dial at a time.
const MOST: usize = 8;

/// Dials that wait for a late reply, and late replies that wait for their dial, by the request's id.
#[derive(Debug, Default)]
pub(super) struct LateReplies {
    dials: VecDeque<(String, String)>,
    replies: VecDeque<(String, Token)>,
}

impl LateReplies {
    /// A dial waits for the reply to a request. The reply, if it is there.
    pub(super) fn expect(&mut self, utid: &str, dial: &str) -> Option<Token> {
        let found = self.replies.iter().position(|(known, _)| known == utid);
        if let Some((_, reply)) = found.and_then(|at| self.replies.remove(at)) {
            return Some(reply);
        }
        push(&mut self.dials, (utid.to_owned(), dial.to_owned()));
        None
    }

    /// A reply has come. The dial that it is to, if it is known.
    pub(super) fn arrived(&mut self, reply: &Token) -> Option<String> {
        let utid = reply.utid()?;
        let found = self.dials.iter().position(|(known, _)| *known == *utid);
        if let Some((_, dial)) = found.and_then(|at| self.dials.remove(at)) {
            return Some(dial);
        }
        push(&mut self.replies, (utid.into_owned(), reply.clone()));
        None
    }
}

fn push<T>(queue: &mut VecDeque<T>, item: T) {
    if queue.len() >= MOST {
        queue.pop_front();
    }
    queue.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(utid: u64) -> Token {
        Token::new("response").with("utid", utid).with("resp", "Success:tbManualDial")
    }

    #[test]
    fn a_reply_finds_its_dial_whichever_comes_first() {
        let mut late = LateReplies::default();
        assert_eq!(late.expect("7", "dial-1"), None);
        assert_eq!(late.arrived(&reply(8)), None);
        assert_eq!(late.arrived(&reply(7)).as_deref(), Some("dial-1"));
        assert_eq!(late.arrived(&reply(7)), None, "a second reply is to no one");
        assert_eq!(late.expect("8", "dial-2"), Some(reply(8)));
        assert_eq!(late.expect("8", "dial-3"), None);
        assert_eq!(late.arrived(&Token::new("response")), None);
    }

    #[test]
    fn only_the_latest_are_remembered() {
        let mut late = LateReplies::default();
        for utid in 0..100 {
            assert_eq!(late.arrived(&reply(utid)), None);
            assert_eq!(late.expect(&format!("x{utid}"), "dial"), None);
        }
        assert_eq!((late.dials.len(), late.replies.len()), (MOST, MOST));
        assert_eq!(late.expect("0", "dial"), None);
        assert_eq!(late.expect("99", "dial"), Some(reply(99)));
    }
}
