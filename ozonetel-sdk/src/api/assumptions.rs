//! What is assumed about the service, because no source settles it: each with an id, where the doubt comes from, the
//! setting that mends a wrong one, and the test that depends on it.
//!
//! The machine-readable descriptions mark with these ids what they cannot prove, and `docs/assumptions.md` lists them.

use crate::core::endpoint::{Payload, Spec};

/// Something that the SDK takes for granted and no source proves.
///
/// ```
/// use ozonetel_sdk::endpoint::ASSUMPTIONS;
/// let range = ASSUMPTIONS.iter().find(|one| one.id == "missed.range-fields").unwrap();
/// assert_eq!(range.endpoints, ["missed.fetch"]);
/// assert_eq!(range.fields, ["fromTime", "toTime", "campaignName"]);
/// assert!(range.setting.contains("field_name"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Assumption {
    /// Its name: what it is about, and which part of that.
    pub id: &'static str,
    /// The endpoints it is about, by name. Empty for one about something else, such as the agent socket, and for one
    /// that follows from the endpoint's description.
    pub endpoints: &'static [&'static str],
    /// The fields of the request that it is about; empty if it is about the operation.
    pub fields: &'static [&'static str],
    /// What is assumed.
    pub assumed: &'static str,
    /// Where the doubt comes from.
    pub sources: &'static str,
    /// What to set if it is wrong.
    pub setting: &'static str,
    /// What a program sees if it is wrong and nothing is set.
    pub if_wrong: &'static str,
    /// What shows whether an account agrees with it.
    pub shown_by: ShownBy,
    /// The test that depends on it: a file and a test in it, or a fixture and a case in it.
    pub test: &'static str,
}

/// What shows whether an account agrees with an assumption; `ozonetel live check` does the first three.
///
/// ```
/// use ozonetel_sdk::endpoint::{ASSUMPTIONS, ShownBy};
/// let of = |id: &str| ASSUMPTIONS.iter().find(|one| one.id == id).unwrap().shown_by;
/// assert_eq!(of("summary.rows-place"), ShownBy::Reading);
/// assert!(matches!(of("kookoo.sms-fields"), ShownBy::Nothing(why) if why.contains("costs money")));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ShownBy {
    /// Requests that only read.
    Reading,
    /// Signing an agent in and out, and opening the agent's socket.
    SigningIn,
    /// One telephone call.
    Calling,
    /// Nothing that may be done to an account of someone else, and why.
    Nothing(&'static str),
}

/// The id of the assumption about paths whose letter case no source confirms.
const LETTER_CASE: &str = "path.letter-case";

/// The endpoints of call control.
const CALL_CONTROL: &[&str] = &[
    "call_control.conference",
    "call_control.hold",
    "call_control.unhold",
    "call_control.mute",
    "call_control.unmute",
    "call_control.kick",
];

/// The id of the assumption about successes that no source shows.
const OPEN_ANSWER: &str = "answer.open";

impl Assumption {
    /// Whether it is about an endpoint, by name or because the endpoint's description says so.
    ///
    /// ```
    /// use ozonetel_sdk::agents::FetchDetails;
    /// use ozonetel_sdk::endpoint::{ASSUMPTIONS, Endpoint};
    /// let ids: Vec<_> =
    ///     ASSUMPTIONS.iter().filter(|one| one.is_about(&FetchDetails::SPEC)).map(|one| one.id).collect();
    /// assert_eq!(ids, ["path.letter-case", "answer.open"]);
    /// ```
    pub fn is_about(&self, spec: &Spec) -> bool {
        match self.id {
            LETTER_CASE => !spec.path_verified,
            OPEN_ANSWER => {
                spec.envelope.payload == Payload::Open || self.endpoints.contains(&spec.name)
            }
            _ => self.endpoints.contains(&spec.name),
        }
    }
}

/// Every assumption.
pub const ASSUMPTIONS: &[Assumption] = &[
    Assumption {
        id: "missed.range-fields",
        endpoints: &["missed.fetch"],
        fields: &["fromTime", "toTime", "campaignName"],
        assumed: "A range of abandoned calls is asked for with `fromTime`, `toTime` and `campaignName`.",
        sources: "The pages of the operation show `userName` alone; no other source names these fields.",
        setting: "ClientBuilder::field_name(\"missed.fetch\", …); the desk: DESK_MISSED_FROM_FIELD, DESK_MISSED_TO_FIELD, DESK_MISSED_CAMPAIGN_FIELD",
        if_wrong: "A range is answered with the default one, and what lies outside is in it; `Call::by_range` tells the two apart.",
        shown_by: ShownBy::Reading,
        test: "description/tests/it/assumptions.rs::a_field_that_has_another_name_is_sent_under_it",
    },
    Assumption {
        id: "summary.filter-fields",
        endpoints: &["summary.fetch"],
        fields: &["agentId", "modeType"],
        assumed: "The summary is filtered with `agentId` and `modeType`.",
        sources: "The page's texts of errors name `agentId`; its table of parameters does not show the filters.",
        setting: "ClientBuilder::field_name(\"summary.fetch\", …)",
        if_wrong: "A filtered summary has the rows of every agent and mode.",
        shown_by: ShownBy::Reading,
        test: "description/tests/it/assumptions.rs::a_field_that_has_another_name_is_sent_under_it",
    },
    Assumption {
        id: "summary.rows-place",
        endpoints: &["summary.fetch"],
        fields: &[],
        assumed: "The summary's rows are under `message`, `data` or `details`, as a list or as one object.",
        sources: "The page puts one object under `message`; clients read a list under `data`.",
        setting: "none: all of these are read; Client::raw takes a description with another envelope",
        if_wrong: "A summary is an error, `unreadable`.",
        shown_by: ShownBy::Reading,
        test: "fixtures/summary.fetch.http::rows_under_data",
    },
    Assumption {
        id: "aht.nesting",
        endpoints: &["aht.agent", "aht.campaign"],
        fields: &[],
        assumed: "The handling time is with its agent or campaign under `message`, or beside the status word.",
        sources: "The page nests it; older programs read it at the top.",
        setting: "none: both are read; Client::raw takes a description with another envelope",
        if_wrong: "A handling time is an error, `unreadable`.",
        shown_by: ShownBy::Reading,
        test: "fixtures/aht.agent.http::under_data",
    },
    Assumption {
        id: "cdr.row-dialects",
        endpoints: &["cdr.fetch_day", "cdr.fetch_page", "cdr.fetch_ucid"],
        fields: &[],
        assumed: "A row of today and the same row a day later differ in spelling alone: ids as numbers or text, `null` or empty text.",
        sources: "Field notes: 1,571 rows of one account.",
        setting: "none: both are read, and rows are compared by what they say; Client::raw hands over the rows as they came",
        if_wrong: "Rows of one of the two days are bad rows: each an error of its own, the others are kept.",
        shown_by: ShownBy::Reading,
        test: "fixtures/cdr.fetch_day.http::earlier_day",
    },
    Assumption {
        id: "cdr.page-fields",
        endpoints: &["cdr.fetch_page"],
        fields: &["pageNo", "pageSize"],
        assumed: "Pages of the CDR are asked for with `pageNo` and `pageSize`.",
        sources: "A field report; the page of the operation breaks off before the names.",
        setting: "ClientBuilder::field_name(\"cdr.fetch_page\", …)",
        if_wrong: "Every page is the same one; a day is read whole, or its beginning over and over.",
        shown_by: ShownBy::Reading,
        test: "description/tests/it/assumptions.rs::a_field_that_has_another_name_is_sent_under_it",
    },
    Assumption {
        id: "cdr.end-of-today",
        endpoints: &["cdr.fetch_day", "cdr.fetch_page", "cdr.fetch_ucid"],
        fields: &["toDate"],
        assumed: "Today's rows are asked for up to its end, 23:59:59, before it is over: the service compares days.",
        sources: "The page shows the error `fromDate and toDate should not be future dates`, and not whether days or seconds are compared.",
        setting: "none for the sync; Client::call with FetchDay::new asks up to any time of the day",
        if_wrong: "Today's rows are refused, `bad_input`, and the sync has a day once it is over.",
        shown_by: ShownBy::Reading,
        test: "ozonetel-sdk/src/api/cdr.rs::today_is_asked_for_up_to_its_end",
    },
    Assumption {
        id: "leads.is-delete",
        endpoints: &["leads.bulk"],
        fields: &["isDelete"],
        assumed: "`isDelete` lets an upload's rows replace the leads that have their numbers.",
        sources: "The page names the field and says that it wins over `checkDuplicate`, and nothing else.",
        setting: "none: it is sent by `replace` alone",
        if_wrong: "Leads of the campaign are lost: its name may mean that all of them are deleted.",
        shown_by: ShownBy::Nothing(
            "it may delete the leads of a campaign; upload to one whose leads may be lost, with --record",
        ),
        test: "fixtures/leads.bulk.http::success_with_options",
    },
    Assumption {
        id: "recording.outer-status",
        endpoints: &["recording.pause", "recording.unpause"],
        fields: &[],
        assumed: "The outcome is the one inside the JSON text under `message`, whatever the status word around it.",
        sources: "The page shows a success inside an outer `Error`.",
        setting: "none: the inner outcome decides, a plain success is read as well, and a refusal keeps the text that says what happened",
        if_wrong: "A recording that was paused is reported as not paused, or the other way around.",
        shown_by: ShownBy::Calling,
        test: "fixtures/recording.pause.http::plain_success",
    },
    Assumption {
        id: "disposition.second-text",
        endpoints: &["disposition.set"],
        fields: &[],
        assumed: "A second disposition of a call is refused, with a text that no one captured; one after the wrap-up limit is saved.",
        sources: "The page calls the second a failure and shows no text; of a late one it says that it is saved, and integrators expect a refusal.",
        setting: "none: a refusal keeps its text; in the simulator late_disposition = \"refuse\"",
        if_wrong: "A repeated disposition overwrites the first without a word, or a late one is lost.",
        shown_by: ShownBy::Calling,
        test: "fixtures/disposition.set.http::second_time",
    },
    Assumption {
        id: "call-control.key-header",
        endpoints: CALL_CONTROL,
        fields: &[],
        assumed: "Call control takes the key in the header `apiKey`, as the other operations do.",
        sources: "Its page for the key prints `api_key`; field reports send `apiKey`.",
        setting: "ClientBuilder::key_header(\"call_control.hold\", \"api_key\"), for each of its operations",
        if_wrong: "Hold, mute, conference and kick are refused as if the key were wrong.",
        shown_by: ShownBy::Calling,
        test: "description/tests/it/assumptions.rs::a_key_header_that_has_another_name_is_sent_under_it",
    },
    Assumption {
        id: "call-control.online",
        endpoints: CALL_CONTROL,
        fields: &[],
        assumed: "Calls of every campaign can be held, muted, joined and ended, also those of agents who are signed in.",
        sources: "The page says that it acts on calls that were dialled through an offline campaign, without an agent's login; field reports do not say what theirs were.",
        setting: "none: dial with `dial().phone(…)`, through an offline campaign, what has to be controlled",
        if_wrong: "Hold, mute, conference and kick of an agent's call are refused, as if there were no such call; nothing of it changes.",
        shown_by: ShownBy::Calling,
        test: "ozonetel-sim/tests/it/call_stories.rs::the_strict_world_separates_toolbar_and_offline",
    },
    Assumption {
        id: "dial.virtual-login",
        endpoints: &["dial.agent"],
        fields: &[],
        assumed: "An agent who was signed in over REST can be dialled for.",
        sources: "The page of the login calls it virtual, for offline use; that of the dial asks for an agent at the toolbar.",
        setting: "the agent opens the toolbar, or dials over the agent socket; the desk: DESK_DIAL=socket",
        if_wrong: "Every dial is refused: the agent is not available. No one is rung.",
        shown_by: ShownBy::Calling,
        test: "ozonetel-sim/tests/it/call_stories.rs::the_strict_world_separates_toolbar_and_offline",
    },
    Assumption {
        id: "agents.state-online",
        endpoints: &["agents.change_state"],
        fields: &[],
        assumed: "An agent at the toolbar, or with an open agent socket, can be made ready and sent on a break over REST.",
        sources: "The page says that it applies to offline agents.",
        setting: "none: the agent changes the state at the toolbar",
        if_wrong: "Ready and Pause are refused, as if the agent were not signed in; the state stays what it is.",
        shown_by: ShownBy::Nothing(
            "it takes an agent at the toolbar, whose state would be changed; try Pause for one of your own",
        ),
        test: "ozonetel-sim/tests/it/call_stories.rs::the_strict_world_separates_toolbar_and_offline",
    },
    Assumption {
        id: LETTER_CASE,
        endpoints: &[],
        fields: &[],
        assumed: "The path has the letter case that is written here.",
        sources: "The captured page shows the path as a lower-cased slug only.",
        setting: "ClientBuilder::path(NAME, \"/…\")",
        if_wrong: "The operation is answered 404.",
        shown_by: ShownBy::Reading,
        test: "description/tests/it/assumptions.rs::a_path_that_is_spelled_differently_is_asked_for",
    },
    Assumption {
        id: OPEN_ANSWER,
        endpoints: &["phone_numbers.get", "agents.details", "legacy.agent_details"],
        fields: &[],
        assumed: "A success is any JSON document; it is handed over as it came.",
        sources: "No source shows a success of this operation.",
        setting: "none: nothing is read into it; Client::raw takes a description with another envelope",
        if_wrong: "A success is an error, `unreadable`.",
        shown_by: ShownBy::Reading,
        test: "fixtures/agents.details.http::success",
    },
    Assumption {
        id: "login-status.shape",
        endpoints: &["agents.login_status"],
        fields: &[],
        assumed: "The status is under `message`, in a list or not, or beside the status word.",
        sources: "Field reports alone; readers accept all of these.",
        setting: "none: all of these are read; Client::raw hands over the answer as it came",
        if_wrong: "A login status is an error, `unreadable`, or lacks the campaign.",
        shown_by: ShownBy::SigningIn,
        test: "fixtures/agents.login_status.http::success",
    },
    Assumption {
        id: "agents.login-form",
        endpoints: &["agents.login", "agents.logout"],
        fields: &[],
        assumed: "The parameters of the agent's login travel as a form.",
        sources: "The page does not name the encoding; a form is a field report.",
        setting: "none; Client::call takes an endpoint of one's own, with another Input",
        if_wrong: "No agent can be signed in or out over REST.",
        shown_by: ShownBy::SigningIn,
        test: "fixtures/agents.login.http::success",
    },
    Assumption {
        id: "block-numbers.separator",
        endpoints: &["block_numbers.create", "block_numbers.delete"],
        fields: &["blockNumbers"],
        assumed: "Numbers to block are one text, separated by commas.",
        sources: "The page says text, and does not say how it is divided.",
        setting: "Call::field(\"blockNumbers\", …) sends the text that the service takes",
        if_wrong: "Several numbers are blocked as if they were one, or none is.",
        shown_by: ShownBy::Nothing(
            "it would change the account's block list; block two numbers of your own with --record, and list them",
        ),
        test: "fixtures/block_numbers.create.http::success",
    },
    Assumption {
        id: "block-numbers.field",
        endpoints: &["block_numbers.delete"],
        fields: &["blockNumbers"],
        assumed: "Numbers to free are sent under `blockNumbers`.",
        sources: "The page's table says `blockNumbers`, its sample `blockNumber`.",
        setting: "ClientBuilder::field_name(\"block_numbers.delete\", \"blockNumbers\", \"blockNumber\")",
        if_wrong: "A number stays blocked.",
        shown_by: ShownBy::Nothing(
            "it would change the account's block list; free a number of your own with --record",
        ),
        test: "description/tests/it/assumptions.rs::a_field_that_has_another_name_is_sent_under_it",
    },
    Assumption {
        id: "kookoo.sms-fields",
        endpoints: &["kookoo.sms"],
        fields: &[],
        assumed: "Nothing about the fields of a text message: they are the caller's.",
        sources: "Sources give the path alone.",
        setting: "the fields of Sms; the desk: DESK_SMS_FIELDS",
        if_wrong: "Nothing: the fields are what the caller sends.",
        shown_by: ShownBy::Nothing(
            "a text message costs money, and nothing is assumed that could be wrong",
        ),
        test: "fixtures/kookoo.sms.http::success",
    },
    Assumption {
        id: "limits.form",
        endpoints: &[],
        fields: &[],
        assumed: "A used-up limit is answered 429, or 200 with a text that speaks of the limit.",
        sources: "Pages show a text; one integrator planned for 429.",
        setting: "none: both count, and both shut the window",
        if_wrong: "A used-up limit is taken for another error, and the next request is not held back.",
        shown_by: ShownBy::Nothing(
            "it would use up a limit of the account; one that is met on the way is reported",
        ),
        test: "fixtures/_every.http::limit_reworded",
    },
    Assumption {
        id: "push.answer",
        endpoints: &[],
        fields: &[],
        assumed: "A callback that is not answered 200 may not come again.",
        sources: "No retry rule is documented, and none could be inferred.",
        setting: "none: store first, answer 200, work later",
        if_wrong: "A callback that was refused comes again: stored once, by its call.",
        shown_by: ShownBy::Nothing(
            "it takes a receiver on the internet that refuses a callback; `ozonetel listen` shows what comes twice",
        ),
        test: "examples/desk/tests/it/intake.rs::a_callback_is_stored_once_without_the_key_and_makes_a_missed_call",
    },
    Assumption {
        id: "mdl.session-fields",
        endpoints: &[],
        fields: &[],
        assumed: "The agent socket's session id is the first of `usId`, `usid`, `sourceId`; the browser's id is `browserSessionId`, else one of our own. Until `usId` and `browserSessionId` come by these names, what came first stands in for them.",
        sources: "The design documents name the two ids, and not the fields that carry them.",
        setting: "SocketSettings::handshake with TokenSession::us_id_in, browser_session_id_in, or FixedSession",
        if_wrong: "Without any of these fields the agent socket has no session: it stays in its handshake, and no dial goes out. With one that is something else, dials go out with an id that the service does not know, and may ring no one.",
        shown_by: ShownBy::SigningIn,
        test: "ozonetel-sdk/src/mdl/link/handshake.rs::the_default_reads_the_first_name_there_is",
    },
    Assumption {
        id: "mdl.invite-target",
        endpoints: &[],
        fields: &[],
        assumed: "The INVITE of a dial reaches the agent's browser also while a server holds the agent's socket.",
        sources: "The design documents say that the session ids decide to which browser the INVITE goes; no one saw the two apart.",
        setting: "the desk: DESK_AGENT_SOCKET=browser; in the simulator DESK_SIM_RINGS=browser",
        if_wrong: "A dial through the socket of a server does not ring the agent's browser.",
        shown_by: ShownBy::Calling,
        test: "ozonetel-sim/tests/it/reconnect.rs::with_the_switch_on_only_the_browser_with_the_agents_socket_rings",
    },
    Assumption {
        id: "zone.account",
        endpoints: &[],
        fields: &[],
        assumed: "Days and times of an account in India are Indian time, and its day begins at Indian midnight.",
        sources: "One deprecated page says so, and integrators treat all times so; for the international service no zone is stated.",
        setting: "ClientBuilder::zone, without which there is no client outside India",
        if_wrong: "Days begin at the wrong hour, and ages of calls are off by the difference.",
        shown_by: ShownBy::Calling,
        test: "description/tests/it/assumptions.rs::the_zone_is_a_setting",
    },
];
