//! The agent socket where no source fixes it: a scenario's `[mdl]`.

/// In which form a reply carries `utid` back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UtidForm {
    /// As it was sent.
    #[default]
    AsSent,
    /// As text.
    Text,
    /// As a number.
    Number,
}

/// How the agent socket behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MdlSetup {
    /// Whether a connection begins with `welcome`, which carries the ids.
    pub welcome: bool,
    /// The field with the session's id; empty leaves it out.
    pub us_id_field: String,
    /// The field with the browser session's id; empty leaves it out.
    pub browser_session_field: String,
    /// The form of `utid` in replies.
    pub utid: UtidForm,
    /// The query field that names the socket's agent; a token's `agentId` does, too.
    pub agent_field: String,
    /// Whether a second connection of an agent ends the first.
    pub replace: bool,
    /// Whether an agent's softphone rings only in the browser that also has the agent's socket open.
    pub rings_browser_only: bool,
    /// Whether `dropCall` also ends calls that were answered, which otherwise end with a token of ours.
    pub drop_call_ends_all: bool,
}

impl Default for MdlSetup {
    fn default() -> Self {
        Self {
            welcome: true,
            us_id_field: "usId".into(),
            browser_session_field: "browserSessionId".into(),
            utid: UtidForm::AsSent,
            agent_field: "agentId".into(),
            replace: false,
            rings_browser_only: false,
            drop_call_ends_all: false,
        }
    }
}
