//! One call that an application leads.

use std::collections::VecDeque;
use std::fmt;

use ozonetel_sdk::kookoo::verb::Verb;

use super::address::ApplicationAddress;
use super::running::RunningVerb;
use crate::world::ids::CallKey;
use crate::world::time::Timestamp;

/// Lines of a call's log at most.
const LOG_KEPT: usize = 500;

/// How far a call with an application is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum IvrStage {
    /// The telephone of the person who is called rings.
    Ringing,
    /// The application has been asked.
    Asked,
    /// A verb takes its time.
    Busy(RunningVerb),
    Over,
}

/// A call that an application leads.
#[derive(Clone)]
pub struct IvrCall {
    /// Its id: `sid`.
    pub sid: u64,
    /// The person on the line.
    pub person: String,
    /// The account's number: called, or shown.
    pub number: String,
    /// What was done, oldest first: verbs by their tags, and what went wrong.
    pub log: Vec<String>,
    pub(super) outbound: bool,
    pub(super) stage: IvrStage,
    pub(super) application: Option<ApplicationAddress>,
    pub(super) xml: Option<String>,
    pub(super) echo: Option<String>,
    pub(super) callback_url: Option<String>,
    pub(super) verbs: VecDeque<Verb>,
    pub(super) began: Timestamp,
    pub(super) answered: Option<Timestamp>,
    pub(super) ended: Option<Timestamp>,
    pub(super) failure: &'static str,
    pub(super) asked: u32,
    /// Number of the verb that is being done, so that a late timer is known.
    pub(super) step: u32,
    /// The call of agents that it came out of.
    pub(super) out_of: Option<CallKey>,
}

impl fmt::Debug for IvrCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IvrCall({}, {})", self.sid, self.state_word())
    }
}

impl IvrCall {
    pub(super) fn new(
        sid: u64,
        person: String,
        number: String,
        application: Option<ApplicationAddress>,
        began: Timestamp,
    ) -> Self {
        Self {
            sid,
            person,
            number,
            log: Vec::new(),
            outbound: false,
            stage: IvrStage::Ringing,
            application,
            xml: None,
            echo: None,
            callback_url: None,
            verbs: VecDeque::new(),
            began,
            answered: None,
            ended: None,
            failure: "",
            asked: 0,
            step: 0,
            out_of: None,
        }
    }

    /// Still going on.
    pub fn live(&self) -> bool {
        self.stage != IvrStage::Over
    }

    /// The word of `/_sim/state`.
    pub fn state_word(&self) -> &'static str {
        match &self.stage {
            IvrStage::Ringing => "ringing",
            IvrStage::Asked => "asked",
            IvrStage::Busy(doing) => doing.word(),
            IvrStage::Over => "ended",
        }
    }

    pub(super) fn note(&mut self, line: impl Into<String>) {
        if self.log.len() < LOG_KEPT {
            self.log.push(line.into());
        }
    }
}
