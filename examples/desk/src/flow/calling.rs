//! What the flows of calls share: their settings, the account's dispositions, and who waits for the outbox.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use ozonetel_sdk::client::Variables;
use ozonetel_sdk::error::Invalid;
use ozonetel_sdk::phone_call::AutoAnswer;
use ozonetel_sdk::types::{AgentId, DialPlan, DispositionName, PhoneNumber, TimeOfDay};
use tokio::sync::Notify;
use url::Url;

use crate::core::caller::agent_key;
use crate::core::can::Refusal;
use crate::core::dial::{DialWay, number_key};
use crate::core::outbox::OutboxTarget;
use crate::core::policy::{CallingPolicy, HOURS_VARIABLE};
use crate::core::switch;

/// The settings of calls. The default is what an account starts with.
#[derive(Debug, Clone, Default)]
pub struct CallingSettings {
    /// Whom the desk may call, and when.
    pub policy: CallingPolicy,
    /// Which calls a phone answers by itself, unless an agent has another setting.
    pub auto_answer: AutoAnswer,
    /// How dials go, unless an agent has another setting.
    pub way: DialWay,
    /// Whether the agent's phone can be rung into a call again.
    pub reconnect: Option<bool>,
    /// After how many seconds a paused recording is resumed; `None`: at the end of the call.
    pub pause_limit_sec: Option<u32>,
    /// The SIP host that softphones register at.
    pub sip_host: Option<String>,
    /// The `wss` address of the SIP connection.
    pub sip_address: Option<String>,
    /// The name of this desk among others that share its store.
    pub holder: Option<String>,
}

impl CallingSettings {
    /// From variables.
    ///
    /// # Errors
    /// The variable that cannot be parsed.
    pub fn read(variables: &dyn Variables) -> Result<Self, Invalid> {
        let get = |name: &str| {
            variables.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        let auto_answer = get("DESK_AUTO_ANSWER").map(|digit| {
            digit.parse().map_err(|_| Invalid::new("DESK_AUTO_ANSWER", "expected 0, 1, 2 or 3"))
        });
        let blocked = get("DESK_BLOCKED").unwrap_or_default();
        let mut numbers = BTreeSet::new();
        for text in blocked.split(',').map(str::trim).filter(|text| !text.is_empty()) {
            let number = PhoneNumber::from(text);
            // As it would be dialled, which leaves out what is between brackets and what a spreadsheet adds.
            let number = number.for_kick(&DialPlan::default()).unwrap_or(number);
            if number.key().is_none() {
                return Err(Invalid::new("DESK_BLOCKED", "expected numbers, separated by commas"));
            }
            numbers.insert(number_key(&number));
        }
        let limit = get("DESK_PAUSE_LIMIT").map(|text| {
            let wrong = Invalid::new("DESK_PAUSE_LIMIT", "expected seconds");
            text.parse::<u32>().ok().filter(|seconds| *seconds > 0).ok_or(wrong)
        });
        let hours = get(HOURS_VARIABLE).map(|text| text.parse()).transpose()?;
        let way = get("DESK_DIAL").map(|word| {
            let wrong = Invalid::new("DESK_DIAL", "expected agent, socket or kookoo");
            DialWay::of_name(&word).ok_or(wrong)
        });
        Ok(Self {
            way: way.transpose()?.unwrap_or_default(),
            policy: CallingPolicy { hours, blocked: numbers },
            auto_answer: auto_answer.transpose()?.unwrap_or_default(),
            reconnect: switch(variables, "DESK_RECONNECT")?,
            pause_limit_sec: limit.transpose()?,
            sip_host: get("DESK_SIP_HOST").map(sip_host).transpose()?,
            sip_address: get("DESK_SIP_ADDRESS").map(sip_address).transpose()?,
            holder: get("DESK_NAME"),
        })
    }
}

fn sip_host(text: String) -> Result<String, Invalid> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b".-_:[]".contains(&b);
    let wrong = Invalid::new("DESK_SIP_HOST", "expected a host, with a port if there is one");
    if text.bytes().all(plain) { Ok(text) } else { Err(wrong) }
}

fn sip_address(text: String) -> Result<String, Invalid> {
    let url = Url::parse(&text).ok();
    let is_socket = |url: &Url| matches!(url.scheme(), "wss" | "ws") && url.has_host();
    let wrong = Invalid::new("DESK_SIP_ADDRESS", "expected a wss address, such as wss://HOST/sip");
    if url.is_some_and(|url| is_socket(&url)) { Ok(text) } else { Err(wrong) }
}

/// What the flows of calls share.
pub struct Calling {
    settings: CallingSettings,
    dispositions: Mutex<Option<Vec<DispositionName>>>,
    /// Tells that there is something to deliver, by target.
    outbox: [Notify; 2],
    /// Tells that a dial has to be settled.
    unsettled: Notify,
    /// Phones in browsers: by agent, the page and since when.
    phones: Mutex<BTreeSet<String>>,
}

impl fmt::Debug for Calling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calling").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Calling {
    /// With these settings.
    pub fn new(settings: CallingSettings) -> Self {
        Self {
            settings,
            dispositions: Mutex::new(None),
            outbox: [Notify::new(), Notify::new()],
            unsettled: Notify::new(),
            phones: Mutex::default(),
        }
    }

    /// The settings.
    pub fn settings(&self) -> &CallingSettings {
        &self.settings
    }

    /// The name of this desk among others that share its store.
    pub fn holder(&self) -> &str {
        self.settings.holder.as_deref().unwrap_or("desk")
    }

    /// The account's dispositions, where they are known.
    pub fn dispositions(&self) -> Option<Vec<DispositionName>> {
        self.dispositions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes the account's dispositions.
    pub fn learn_dispositions(&self, list: Vec<DispositionName>) {
        *self.dispositions.lock().unwrap_or_else(PoisonError::into_inner) = Some(list);
    }

    /// Notes that an agent's phone is, or was, registered by a page.
    pub fn note_phone(&self, agent: &AgentId) {
        self.phones.lock().unwrap_or_else(PoisonError::into_inner).insert(agent_key(agent));
    }

    /// Whether an agent's phone was ever registered by a page, as far as this process knows. Whether it is now is kept
    /// with the agent.
    pub fn may_have_phone(&self, agent: &AgentId) -> bool {
        self.phones.lock().unwrap_or_else(PoisonError::into_inner).contains(&agent_key(agent))
    }

    /// Why a number may not be called at this time of day, which is asked for only where it matters.
    pub fn refusal(
        &self,
        number: &PhoneNumber,
        time: impl FnOnce() -> TimeOfDay,
    ) -> Option<Refusal> {
        let policy = &self.settings.policy;
        if *policy == CallingPolicy::default() { None } else { policy.refusal(number, time()) }
    }

    /// Tells that there is something to deliver.
    pub fn wake_outbox(&self) {
        self.outbox.iter().for_each(Notify::notify_one);
    }

    /// Resolves when there is something to deliver, perhaps to this target.
    pub async fn outbox_woken(&self, target: OutboxTarget) {
        let [service, platform] = &self.outbox;
        match target {
            OutboxTarget::Service => service.notified().await,
            OutboxTarget::Platform => platform.notified().await,
        }
    }

    /// Tells that a dial has to be settled.
    pub fn wake_settling(&self) {
        self.unsettled.notify_one();
    }

    /// Resolves when a dial has to be settled.
    pub async fn settling_woken(&self) {
        self.unsettled.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &'static [(&'static str, &'static str)]) -> Result<CallingSettings, Invalid> {
        CallingSettings::read(&move |name: &str| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn each_setting_is_read_and_what_is_wrong_is_named() {
        let settings = read(&[
            ("DESK_AUTO_ANSWER", "3"),
            ("DESK_PAUSE_LIMIT", "90"),
            ("DESK_RECONNECT", "on"),
            ("DESK_BLOCKED", "9000000001, +12015550123"),
            ("DESK_CALLING_HOURS", "09:00-21:00"),
            ("DESK_DIAL", "socket"),
        ])
        .unwrap();
        assert_eq!((settings.reconnect, settings.auto_answer), (Some(true), AutoAnswer::Outbound));
        assert_eq!((settings.policy.blocked.len(), settings.pause_limit_sec), (2, Some(90)));
        assert_eq!((settings.policy.blocked.len(), settings.way), (2, DialWay::Socket));
        for text in ["+91 (0)90000 00001", "9000000001.0", "+91\u{a0}90000\u{2011}00001"] {
            let policy = CallingSettings::read(&|name: &str| {
                (name == "DESK_BLOCKED").then(|| text.to_owned())
            });
            assert!(policy.unwrap().policy.blocks(&"9000000001".into()), "{text}");
        }
        let defaults = read(&[]).unwrap();
        assert_eq!(defaults.reconnect, None);
        for set in [
            &[("DESK_AUTO_ANSWER", "4")],
            &[("DESK_PAUSE_LIMIT", "0")],
            &[("DESK_RECONNECT", "perhaps")],
            &[("DESK_BLOCKED", "9000000001,abc")],
            &[("DESK_CALLING_HOURS", "nine")],
        ] {
            assert_eq!(read(set).unwrap_err().field(), set[0].0);
        }
    }
}
