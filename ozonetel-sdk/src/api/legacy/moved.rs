//! Operations that were moved to another path since and take the same fields.

use serde::{Deserialize, Serialize};

use crate::api::agents::ChangeState;
use crate::api::call_control::{Hold, Kick, Mute, StartConference, Unhold, Unmute};
use crate::api::dial::{AgentDial, PhoneDial};
use crate::core::endpoint::{
    Auth, Discriminator, Effect, Endpoint, Envelope, Input, Method, Payload, Repeat, Spec,
};
use crate::types::ids::Ucid;
use crate::types::invalid::Invalid;
use crate::types::phone::DialPlan;
use crate::types::wire::YesNo;

/// A current request, sent to the path that it had before.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Legacy<E> {
    /// The request.
    #[serde(flatten)]
    pub request: E,
    /// What the former path takes in addition.
    #[serde(flatten)]
    pub former: FormerFields,
}

impl<E: FormerPath> Legacy<E> {
    /// A request for the former path, with what that path takes in addition.
    pub fn new(request: E) -> Self {
        Self { request, former: E::fields() }
    }
}

/// Fields that only former paths have.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FormerFields {
    /// `json`, on dials: without it the answer is XML (field report).
    #[serde(default)]
    pub format: Option<String>,
    /// Always true in call control, according to the page.
    #[serde(rename = "playRing", default)]
    pub play_ring: Option<YesNo>,
    /// Whether a conference's number is a SIP number.
    #[serde(default)]
    pub sip: Option<YesNo>,
    /// `json`, in call control.
    #[serde(default)]
    pub output: Option<String>,
}

impl FormerFields {
    /// Takes what it has not from others.
    fn complete(&mut self, others: Self) {
        let Self { format, play_ring, sip, output } = others;
        self.format = self.format.take().or(format);
        self.play_ring = self.play_ring.or(play_ring);
        self.sip = self.sip.or(sip);
        self.output = self.output.take().or(output);
    }
}

/// An endpoint that had another path before.
pub trait FormerPath: Endpoint {
    /// The description of the operation on the former path.
    const FORMER: Spec;

    /// What the former path takes in addition, whatever else is asked of it.
    fn fields() -> FormerFields {
        FormerFields::default()
    }
}

impl<E: FormerPath> Endpoint for Legacy<E> {
    const SPEC: Spec = E::FORMER;
    type Reply = E::Reply;

    fn prepare(&mut self, plan: &DialPlan) -> Result<(), Invalid> {
        self.former.complete(E::fields());
        self.request.prepare(plan)
    }

    fn check(&self) -> Result<(), Invalid> {
        self.request.check()
    }

    fn accepts(&self, reply: &E::Reply) -> bool {
        self.request.accepts(reply)
    }

    fn ucid(&self) -> Option<Ucid> {
        self.request.ucid()
    }

    fn reference(&self) -> Option<&str> {
        self.request.reference()
    }
}

const QUERY: Spec = Spec {
    method: Method::Get,
    input: Input::Query,
    auth: Auth::Fields { user: "userName", key: "apiKey" },
    ..Spec::DEFAULT
};

impl FormerPath for ChangeState {
    const FORMER: Spec = Spec {
        name: "legacy.change_state",
        title: "Change agent state (legacy)",
        path: "/CAServices/AgentState/StateChange.php",
        effect: Effect::AgentState,
        envelope: Envelope::of(&["success"], Payload::JsonTextAt(&["message"])),
        docs: "https://docs.ozonetel.com/reference/get_caservices-agentstate-statechange-php",
        ..QUERY
    };
}

// `GET`s that ring phones: never repeated.

impl FormerPath for AgentDial {
    const FORMER: Spec = Spec {
        name: "legacy.agent_dial",
        title: "Agent manual dial (legacy)",
        path: "/CAServices/AgentManualDial.php",
        auth: Auth::Fields { user: "username", key: "api_key" },
        repeat: Repeat::Once,
        effect: Effect::Dial,
        envelope: Envelope::of(&["queued successfully", "queued"], Payload::Whole),
        docs: "https://docs.ozonetel.com/reference/get_caservices-agentmanualdial-php-2",
        ..QUERY
    };

    fn fields() -> FormerFields {
        FormerFields { format: Some("json".to_owned()), ..FormerFields::default() }
    }
}

impl FormerPath for PhoneDial {
    const FORMER: Spec = Spec {
        name: "legacy.phone_dial",
        title: "Phone manual dial (legacy)",
        path: "/CAServices/PhoneManualDial.php",
        repeat: Repeat::Once,
        effect: Effect::Dial,
        envelope: Envelope::of(&["queued"], Payload::At(&["message", "ucid"])),
        docs: "https://docs.ozonetel.com/reference/get_caservices-phonemanualdial-php-1",
        ..QUERY
    };

    /// The page names no `format`; by field reports the older paths answer XML without it.
    fn fields() -> FormerFields {
        FormerFields { format: Some("json".to_owned()), ..FormerFields::default() }
    }
}

const CONTROL: Spec = Spec {
    title: "Call control V4 (legacy)",
    path: "/callcontrol_v4.php",
    auth: Auth::KeyField("api_key"),
    envelope: Envelope::of(&["Success"], Payload::Whole),
    docs: "https://docs.ozonetel.com/reference/get_callcontrol-v4-php",
    ..QUERY
};

macro_rules! controls {
    ($($action:ident: $name:literal, $effect:ident, $word:literal, $repeat:ident;)*) => { $(
        impl FormerPath for $action {
            const FORMER: Spec = Spec {
                name: $name,
                discriminator: Discriminator::Is("action", $word),
                repeat: Repeat::$repeat,
                effect: Effect::$effect,
                ..CONTROL
            };

            fn fields() -> FormerFields {
                let (play_ring, output) = (Some(YesNo(true)), Some("json".to_owned()));
                FormerFields { play_ring, output, ..FormerFields::default() }
            }
        }
    )* };
}
controls! {
    StartConference: "legacy.conference", Conference, "CONFERENCE", Once;
    Kick: "legacy.kick", Kick, "KICK_CALL", Once;
    Hold: "legacy.hold", Hold, "HOLD", Safe;
    Unhold: "legacy.unhold", Unhold, "UNHOLD", Safe;
    Mute: "legacy.mute", Mute, "MUTE", Safe;
    Unmute: "legacy.unmute", Unmute, "UNMUTE", Safe;
}
