//! Worlds in which something that the SDK assumes is wrong: a scenario's `contradicts`.

use std::str::FromStr;

use super::{Setup, Zone};

macro_rules! contradictions {
    ($($(#[$meta:meta])* $name:ident = $id:literal;)*) => {
        /// An assumption of the SDK (`ozonetel_sdk::endpoint::ASSUMPTIONS`) that is wrong in a world.
        ///
        /// ```
        /// use ozonetel_sim::world::Contradiction;
        /// let summary: Contradiction = "summary.rows-place".parse().unwrap();
        /// assert_eq!(summary, Contradiction::SummaryRowsPlace);
        /// assert_eq!(summary.id(), "summary.rows-place");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Contradiction { $($(#[$meta])* $name,)* }

        impl Contradiction {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The assumption's id.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }
        }
    };
}

contradictions! {
    /// A range of abandoned calls is asked for with `startTime`, `endTime` and `campaign`.
    MissedRangeFields = "missed.range-fields";
    /// The summary is filtered with `agent` and `mode`.
    SummaryFilterFields = "summary.filter-fields";
    /// The summary's rows are under `rows`.
    SummaryRowsPlace = "summary.rows-place";
    /// The handling time is one level deeper.
    AhtNesting = "aht.nesting";
    /// Rows of earlier days have their UCID under another name.
    CdrRowDialects = "cdr.row-dialects";
    /// Pages of the CDR are asked for with `page` and `limit`.
    CdrPageFields = "cdr.page-fields";
    /// Rows of the CDR are not asked for beyond the present second.
    CdrEndOfToday = "cdr.end-of-today";
    /// The outcome of a recording's pause is plain text beside an `Error` that means nothing.
    RecordingOuterStatus = "recording.outer-status";
    /// A second disposition is saved.
    DispositionSecondText = "disposition.second-text";
    /// Call control takes the key in the header `api_key`.
    CallControlKeyHeader = "call-control.key-header";
    /// Calls of offline campaigns alone are held, muted, joined and ended.
    CallControlOnline = "call-control.online";
    /// Only agents at the toolbar are dialled for.
    DialVirtualLogin = "dial.virtual-login";
    /// Agents at the toolbar are neither made ready nor sent on a break over REST.
    AgentsStateOnline = "agents.state-online";
    /// Paths of unconfirmed letter case are in lower case.
    PathLetterCase = "path.letter-case";
    /// The details of an agent and of a phone number are plain text.
    AnswerOpen = "answer.open";
    /// The login status is under `result`.
    LoginStatusShape = "login-status.shape";
    /// An agent's login travels as JSON.
    AgentsLoginForm = "agents.login-form";
    /// Numbers to block are divided by semicolons.
    BlockNumbersSeparator = "block-numbers.separator";
    /// Numbers to free are sent under `blockNumber`.
    BlockNumbersField = "block-numbers.field";
    /// The agent socket's session id is under `sessionKey`.
    MdlSessionFields = "mdl.session-fields";
    /// A softphone rings only in the browser that has the agent's socket open.
    MdlInviteTarget = "mdl.invite-target";
    /// Days and times are those of Greenwich.
    ZoneAccount = "zone.account";
}

impl FromStr for Contradiction {
    type Err = ();

    fn from_str(id: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|one| one.id() == id).ok_or(())
    }
}

impl Setup {
    /// A world that contradicts an assumption.
    ///
    /// ```
    /// use ozonetel_sim::world::{Contradiction, Setup};
    /// let setup = Setup::default().contradicting(Contradiction::MdlSessionFields);
    /// assert_eq!(setup.mdl.us_id_field, "sessionKey");
    /// ```
    #[must_use]
    pub fn contradicting(mut self, one: Contradiction) -> Self {
        match one {
            Contradiction::MdlSessionFields => self.mdl.us_id_field = "sessionKey".into(),
            Contradiction::MdlInviteTarget => self.mdl.rings_browser_only = true,
            Contradiction::ZoneAccount => self.zone = Zone::from_minutes(0).unwrap_or(self.zone),
            _ => {}
        }
        self.contradicts.push(one);
        self
    }

    /// Whether this world contradicts an assumption. A strict one contradicts what the documents do.
    pub(crate) fn denies(&self, one: Contradiction) -> bool {
        let documented = matches!(
            one,
            Contradiction::CallControlOnline
                | Contradiction::DialVirtualLogin
                | Contradiction::AgentsStateOnline
        );
        self.contradicts.contains(&one) || (self.strict && documented)
    }
}

#[cfg(test)]
mod tests {
    use ozonetel_sdk::endpoint::ASSUMPTIONS;

    use super::*;

    #[test]
    fn each_is_an_assumption_of_the_sdk() {
        for one in Contradiction::ALL {
            assert!(ASSUMPTIONS.iter().any(|known| known.id == one.id()), "{}", one.id());
            assert_eq!(one.id().parse(), Ok(*one));
        }
        // Nothing is assumed, a used-up limit is not told from an outage, a push is not the check's, and what is lost
        // with a campaign's leads is not tried.
        assert_eq!(ASSUMPTIONS.len(), Contradiction::ALL.len() + 4);
    }
}
