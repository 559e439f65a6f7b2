//! Scenario files: TOML laid over the default world.

use std::time::Duration;

use serde::Deserialize;
use thiserror::Error;

use ozonetel_sdk::auth::AuthMode;

use super::{
    AfterLoss, AgentMode, AgentSetup, ApplicationSetup, CampaignKind, CampaignSetup,
    ConferenceUcid, Contradiction, LateDisposition, LoginKind, MdlSetup, PushSetup, SKILL, Setup,
    Traffic, UnknownDisposition, UtidForm, is_web_address, numbered_agent,
};
use crate::world::time::{Timestamp, Zone};

/// What is wrong with a scenario.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// Not TOML, or with a key that means nothing here.
    #[error("the scenario cannot be read: {0}")]
    Syntax(#[source] Box<toml::de::Error>),
    /// A value that makes no sense.
    #[error("the scenario's {key} is not possible: {why}")]
    Value {
        /// The key.
        key: &'static str,
        /// What would be possible.
        why: &'static str,
    },
}

/// A scenario: a world's setup and where its clock starts.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The world.
    pub setup: Setup,
    /// Start of the clock, if the scenario fixes it.
    pub start: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct ScenarioFile {
    seed: Option<Seed>,
    start: Option<String>,
    account: AccountFile,
    rules: RulesFile,
    phones: PhonesFile,
    agents: Vec<AgentFile>,
    campaigns: Vec<CampaignFile>,
    dispositions: Option<Vec<String>>,
    pause_reasons: Option<Vec<String>>,
    traffic: Option<TrafficFile>,
    mdl: MdlFile,
    push: PushSetup,
    applications: Vec<ApplicationSetup>,
    contradicts: Vec<String>,
}

/// A number, or a name that stands for one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seed {
    Number(u64),
    Name(String),
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct AccountFile {
    name: Option<String>,
    key: Option<String>,
    mode: Option<ModeFile>,
    utc_offset_minutes: Option<i32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum ModeFile {
    Token,
    Key,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RulesFile {
    strict: bool,
    manual: bool,
    moves_at_night: bool,
    lax: bool,
    idle_after_login: bool,
    wrap_up_limit_s: Option<u32>,
    late_disposition: Option<LateDisposition>,
    unknown_disposition: Option<UnknownDisposition>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct PhonesFile {
    agent_answer_s: Option<f64>,
    customer_answer_s: Option<f64>,
    ring_limit_s: Option<f64>,
    queue_limit_s: Option<f64>,
    agent_answer_rate: Option<f64>,
    customer_answer_rate: Option<f64>,
    talk_s: Option<[f64; 2]>,
    reconnect_s: Option<f64>,
    held_limit_s: Option<f64>,
    after_loss: Option<AfterLoss>,
    conference_ucid: Option<ConferenceUcid>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct MdlFile {
    welcome: Option<bool>,
    us_id_field: Option<String>,
    browser_session_field: Option<String>,
    agent_field: Option<String>,
    utid: UtidFile,
    replace: bool,
    rings_browser_only: bool,
    drop_call_ends_all: bool,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum UtidFile {
    #[default]
    AsSent,
    Text,
    Number,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgentFile {
    id: String,
    name: Option<String>,
    number: Option<u32>,
    password: Option<String>,
    phone_name: Option<String>,
    extension: Option<String>,
    sip_password: Option<String>,
    mode: Option<AgentModeFile>,
    skills: Option<Vec<String>>,
    #[serde(default)]
    campaigns: Vec<String>,
    signed_in: Option<LoginFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum AgentModeFile {
    Inbound,
    Manual,
    Blended,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum LoginFile {
    Virtual,
    Toolbar,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CampaignFile {
    id: u32,
    name: String,
    kind: KindFile,
    did: Option<String>,
    skill: Option<String>,
    callback_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum KindFile {
    Manual,
    Inbound,
    Offline,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TrafficFile {
    /// How many agents take part; they are the last ones of the default world or new ones.
    agents: u32,
    calls_per_minute: f64,
    inbound_share: f64,
    customer_answer_rate: f64,
    talk_s: [f64; 2],
    wrap_up_s: [f64; 2],
}

impl Default for TrafficFile {
    fn default() -> Self {
        Self {
            agents: 4,
            calls_per_minute: 1.5,
            inbound_share: 0.5,
            customer_answer_rate: 0.7,
            talk_s: [20.0, 180.0],
            wrap_up_s: [5.0, 40.0],
        }
    }
}

impl Scenario {
    /// Reads a scenario file and lays it over the default world.
    ///
    /// # Errors
    ///
    /// Text that is not TOML, keys that mean nothing, values that are not possible.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let file: ScenarioFile =
            toml::from_str(text).map_err(|e| ScenarioError::Syntax(Box::new(e)))?;
        let start = match &file.start {
            None => None,
            Some(text) => Some(Timestamp::parse(text).ok_or(ScenarioError::Value {
                key: "start",
                why: "an RFC 3339 time such as 2026-11-21T09:30:00+05:30",
            })?),
        };
        Ok(Self { setup: file.setup()?, start })
    }
}

impl ScenarioFile {
    fn setup(self) -> Result<Setup, ScenarioError> {
        let mut setup = Setup::default();
        if let Some(seed) = self.seed {
            setup.seed = match seed {
                Seed::Number(n) => n,
                Seed::Name(name) => seed_of(&name),
            };
        }
        account(&mut setup, self.account)?;
        setup.strict = self.rules.strict;
        setup.manual = self.rules.manual;
        setup.moves_at_night = self.rules.moves_at_night;
        setup.lax = self.rules.lax;
        setup.idle_after_login = self.rules.idle_after_login;
        setup.mdl = self.mdl.mdl();
        setup.push = self.push;
        setup.applications = self.applications;
        if let Some(limit) = self.rules.wrap_up_limit_s {
            setup.wrap_up_limit_s = limit;
        }
        if let Some(late) = self.rules.late_disposition {
            setup.late_disposition = late;
        }
        if let Some(unknown) = self.rules.unknown_disposition {
            setup.unknown_disposition = unknown;
        }
        phones(&mut setup, &self.phones)?;
        if !self.agents.is_empty() {
            let numbered = (1..).zip(self.agents);
            setup.agents = numbered.map(|(n, file)| file.agent(n)).collect();
        }
        if !self.campaigns.is_empty() {
            setup.campaigns = self.campaigns.into_iter().map(CampaignFile::campaign).collect();
        }
        setup.dispositions = self.dispositions.unwrap_or(setup.dispositions);
        setup.pause_reasons = self.pause_reasons.unwrap_or(setup.pause_reasons);
        if let Some(file) = self.traffic {
            setup.traffic = Some(file.traffic(&mut setup.agents)?);
        }
        for id in self.contradicts {
            let one: Contradiction = id.parse().map_err(|()| ScenarioError::Value {
                key: "contradicts",
                why: "ids of assumptions that the simulator can contradict",
            })?;
            setup = setup.contradicting(one);
        }
        unique(&setup)?;
        addresses(&setup)?;
        Ok(setup)
    }
}

/// Everything that is sent goes to an address of the web.
fn addresses(setup: &Setup) -> Result<(), ScenarioError> {
    let push = &setup.push;
    let account = [&push.callback_url, &push.call_events_url, &push.agent_events_url];
    let all = account.into_iter().chain(setup.campaigns.iter().map(|c| &c.callback_url));
    if all.flatten().any(|url| !url.is_empty() && !is_web_address(url)) {
        let why = "an http or https address without a user's name";
        return Err(ScenarioError::Value { key: "callback or event address", why });
    }
    Ok(())
}

fn unique(setup: &Setup) -> Result<(), ScenarioError> {
    let ids: std::collections::BTreeSet<&str> = setup.agents.iter().map(|a| &*a.id).collect();
    let names: std::collections::BTreeSet<&str> =
        setup.campaigns.iter().map(|c| &*c.name).collect();
    if ids.len() != setup.agents.len() {
        return Err(ScenarioError::Value { key: "agents", why: "every id once" });
    }
    if names.len() != setup.campaigns.len() {
        return Err(ScenarioError::Value { key: "campaigns", why: "every name once" });
    }
    Ok(())
}

fn account(setup: &mut Setup, file: AccountFile) -> Result<(), ScenarioError> {
    setup.account = file.name.unwrap_or_else(|| setup.account.clone());
    setup.key = file.key.unwrap_or_else(|| setup.key.clone());
    if let Some(mode) = file.mode {
        setup.mode = match mode {
            ModeFile::Token => AuthMode::Token,
            ModeFile::Key => AuthMode::Key,
        };
    }
    if let Some(minutes) = file.utc_offset_minutes {
        setup.zone = Zone::from_minutes(minutes).ok_or(ScenarioError::Value {
            key: "account.utc_offset_minutes",
            why: "between -900 and 900",
        })?;
    }
    Ok(())
}

fn phones(setup: &mut Setup, file: &PhonesFile) -> Result<(), ScenarioError> {
    let to = &mut setup.behaviour;
    let times = [
        (&mut to.agent_answer, file.agent_answer_s),
        (&mut to.customer_answer, file.customer_answer_s),
        (&mut to.ring_limit, file.ring_limit_s),
        (&mut to.queue_limit, file.queue_limit_s),
        (&mut to.reconnect, file.reconnect_s),
        (&mut to.held_limit, file.held_limit_s),
    ];
    for (slot, value) in times {
        if let Some(seconds) = value {
            *slot = duration("phones", seconds)?;
        }
    }
    let rates = [
        (&mut to.agent_answer_rate, file.agent_answer_rate),
        (&mut to.customer_answer_rate, file.customer_answer_rate),
    ];
    for (slot, value) in rates {
        if let Some(value) = value {
            *slot = rate("phones", value)?;
        }
    }
    to.after_loss = file.after_loss.unwrap_or(to.after_loss);
    to.conference_ucid = file.conference_ucid.unwrap_or(to.conference_ucid);
    to.talk = file.talk_s.map(|r| range("phones.talk_s", r)).transpose()?;
    Ok(())
}

fn duration(key: &'static str, seconds: f64) -> Result<Duration, ScenarioError> {
    if (0.0..=86_400.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(ScenarioError::Value { key, why: "seconds from 0 to 86400" })
    }
}

fn rate(key: &'static str, value: f64) -> Result<f64, ScenarioError> {
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err(ScenarioError::Value { key, why: "a share from 0 to 1" })
    }
}

fn range(key: &'static str, [from, to]: [f64; 2]) -> Result<(Duration, Duration), ScenarioError> {
    let range = (duration(key, from)?, duration(key, to)?);
    if range.0 <= range.1 {
        Ok(range)
    } else {
        Err(ScenarioError::Value { key, why: "the shorter time first" })
    }
}

/// A number for a name: FNV-1a, the same on every machine.
fn seed_of(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

impl MdlFile {
    fn mdl(self) -> MdlSetup {
        let usual = MdlSetup::default();
        MdlSetup {
            welcome: self.welcome.unwrap_or(usual.welcome),
            us_id_field: self.us_id_field.unwrap_or(usual.us_id_field),
            browser_session_field: self
                .browser_session_field
                .unwrap_or(usual.browser_session_field),
            agent_field: self.agent_field.unwrap_or(usual.agent_field),
            utid: match self.utid {
                UtidFile::AsSent => UtidForm::AsSent,
                UtidFile::Text => UtidForm::Text,
                UtidFile::Number => UtidForm::Number,
            },
            replace: self.replace,
            rings_browser_only: self.rings_browser_only,
            drop_call_ends_all: self.drop_call_ends_all,
        }
    }
}

impl AgentFile {
    fn agent(self, n: u32) -> AgentSetup {
        let like = numbered_agent(n);
        let extension = self.extension.unwrap_or(like.extension);
        AgentSetup {
            name: self.name.unwrap_or_else(|| self.id.clone()),
            number: self.number.unwrap_or(like.number),
            password: self.password.unwrap_or(like.password),
            phone_name: self.phone_name.unwrap_or_else(|| self.id.clone()),
            sip_password: self.sip_password.unwrap_or_else(|| extension.clone()),
            extension,
            mode: match self.mode {
                Some(AgentModeFile::Inbound) => AgentMode::Inbound,
                Some(AgentModeFile::Manual) => AgentMode::Manual,
                Some(AgentModeFile::Blended) | None => AgentMode::Blended,
            },
            skills: self.skills.unwrap_or(like.skills),
            campaigns: self.campaigns,
            signed_in: self.signed_in.map(|kind| match kind {
                LoginFile::Virtual => LoginKind::Virtual,
                LoginFile::Toolbar => LoginKind::Toolbar,
            }),
            id: self.id,
        }
    }
}

impl CampaignFile {
    fn campaign(self) -> CampaignSetup {
        CampaignSetup {
            id: self.id,
            name: self.name,
            kind: match self.kind {
                KindFile::Manual => CampaignKind::Manual,
                KindFile::Inbound => CampaignKind::Inbound,
                KindFile::Offline => CampaignKind::Offline,
            },
            did: self.did,
            skill: self.skill.unwrap_or_else(|| SKILL.into()),
            callback_url: self.callback_url,
        }
    }
}

impl TrafficFile {
    /// The traffic, on the last agents of the list; the first one stays free.
    fn traffic(&self, agents: &mut Vec<AgentSetup>) -> Result<Traffic, ScenarioError> {
        if self.agents > 1000 {
            return Err(ScenarioError::Value { key: "traffic.agents", why: "at most 1000" });
        }
        if !(0.0..=6000.0).contains(&self.calls_per_minute) {
            return Err(ScenarioError::Value {
                key: "traffic.calls_per_minute",
                why: "from 0 to 6000",
            });
        }
        let count = self.agents as usize;
        let mut n = 0;
        while agents.len() < count + 1 {
            n += 1;
            let agent = numbered_agent(n);
            let taken = |a: &AgentSetup| a.id == agent.id || a.extension == agent.extension;
            if !agents.iter().any(taken) {
                agents.push(agent);
            }
        }
        let ids = agents.iter().skip(agents.len() - count).map(|a| a.id.clone()).collect();
        Ok(Traffic {
            agents: ids,
            calls_per_minute: self.calls_per_minute,
            inbound_share: rate("traffic.inbound_share", self.inbound_share)?,
            customer_answer_rate: rate("traffic.customer_answer_rate", self.customer_answer_rate)?,
            talk: range("traffic.talk_s", self.talk_s)?,
            wrap_up: range("traffic.wrap_up_s", self.wrap_up_s)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_scenario_is_the_default_world() {
        let scenario = Scenario::parse("").unwrap();
        assert_eq!(scenario.setup.agents.len(), 5);
        assert_eq!(scenario.setup.account, "acme_support");
        assert!(!scenario.setup.strict);
        assert_eq!(scenario.start, None);
    }

    #[test]
    fn keys_are_laid_over_the_default() {
        let text = r#"
            seed = "monday"
            start = "2026-11-21T09:30:00+05:30"
            [rules]
            strict = true
            wrap_up_limit_s = 15
            [phones]
            customer_answer_rate = 0.25
            talk_s = [1, 2.5]
            [traffic]
            agents = 7
            calls_per_minute = 12
        "#;
        let Scenario { setup, start } = Scenario::parse(text).unwrap();
        assert_eq!(start.unwrap().to_string(), "2026-11-21T04:00:00Z");
        assert!(setup.strict);
        assert_eq!(setup.wrap_up_limit_s, 15);
        assert_eq!(setup.behaviour.talk.unwrap().1, Duration::from_millis(2500));
        let traffic = setup.traffic.unwrap();
        assert_eq!(traffic.agents.len(), 7);
        assert!(!traffic.agents.contains(&"agent01".to_owned()));
        assert_eq!(setup.agents.len(), 8);
        assert_ne!(seed_of("monday"), seed_of("tuesday"));
    }

    #[test]
    fn the_scenarios_of_the_readme_can_be_parsed() {
        let readme = include_str!("../../../README.md");
        let blocks = readme.split("```toml").skip(1).map(|rest| rest.split_once("```").unwrap().0);
        let setups = blocks.map(|text| Scenario::parse(text).unwrap().setup);
        let setups: Vec<Setup> = setups.collect();
        let (agents, whole) = (&setups[1], &setups[2]);
        let agent = &agents.agents[0];
        assert_eq!((&*agent.extension, &*agent.sip_password), ("500001", "not the extension"));
        assert_eq!((whole.dispositions.len(), whole.strict), (2, true));
        assert!(whole.push.newer_fields && whole.push.callback_url.is_some());
        assert_eq!(whole.traffic.as_ref().unwrap().agents.len(), 4);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, part) in [
            ("sede = 1", "sede"),
            ("[phones]\ncustomer_answer_rate = 1.5", "0 to 1"),
            ("[phones]\ntalk_s = [3, 1]", "shorter"),
            ("start = \"yesterday\"", "RFC 3339"),
            ("[[agents]]\nid = \"a\"\n[[agents]]\nid = \"a\"", "once"),
        ] {
            let error = Scenario::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
