//! The desk's configuration, from variables. Only `main` reads the process's environment.

mod names;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use ozonetel_sdk::auth::{AuthMode, FileState, MemoryTokens, Secret, TokenStore};
use ozonetel_sdk::client::{Environment, Variables};
use ozonetel_sdk::error::Invalid;
use ozonetel_sdk::transport::reqwest::{Network, Reqwest};
use ozonetel_sdk::{Client, ClientBuilder};
use ozonetel_sim::Sim;
use sqlx::postgres::PgConnectOptions;

use crate::assist::AssistSettings;
use crate::core::audio::HOSTS;
use crate::core::retention::Retention;
use crate::core::{disposition, message, switch, worklist};
use crate::customers::CustomerSettings;
use crate::desk::{AgentSocketSettings, Settings, SocketHolder};
use crate::flow::calling::CallingSettings;
use crate::ops::{Metrics, trace};
use crate::people::seal::SealKey;
use crate::people::{People, PeopleSettings};
use crate::ports::account_state::SharedAccount;
use crate::ports::kept_token::KeptToken;
use crate::ports::platform::graphql::documents::{self, Documents};
use crate::ports::platform::{GraphqlPlatform, Platform};
use crate::ports::profiles::Profiles;
use crate::simulated;
use crate::store::{Owner, Store};

pub use names::unread;

/// Where the desk listens unless `DESK_LISTEN` says otherwise.
pub const LISTEN: &str = "127.0.0.1:8080";

/// The names of the abandoned calls' request fields are not documented: each is a setting.
const MISSED_FIELDS: [(&str, &str); 3] = [
    ("DESK_MISSED_FROM_FIELD", "fromTime"),
    ("DESK_MISSED_TO_FIELD", "toTime"),
    ("DESK_MISSED_CAMPAIGN_FIELD", "campaignName"),
];

/// The file of a desk with an account, unless `DESK_STORE` names another.
pub const FILE: &str = "desk.sqlite";

/// The desk's variables, each with its meaning, for `--help`.
pub const VARIABLES: &[(&str, &str)] = &[
    ("DESK_LISTEN", "a port, or an address with one (127.0.0.1:8080)"),
    ("DESK_PUBLIC_URL", "the address that browsers use: https://… where TLS is in front"),
    ("DESK_HOSTS", "other names in Host, separated by commas"),
    ("DESK_ORIGINS", "origins whose pages may send requests with a token, separated by commas"),
    ("DESK_BEHIND_PROXY", "on: a proxy in front says who asks, in X-Forwarded-For (off)"),
    ("DESK_KEY_FILE", "file with the key that agents' passwords are sealed with"),
    ("DESK_KEY", "that key itself: 32 bytes in base64 or hexadecimal digits"),
    ("DESK_SESSION_IDLE_MINUTES", "how long a session lasts unused; an open page uses it (120)"),
    ("DESK_SESSION_HOURS", "how long a session lasts at most (12)"),
    ("DESK_STORE", "the SQLite file (a new one on the simulator, desk.sqlite with an account)"),
    ("DATABASE_URL", "PostgreSQL instead of a file: postgres://user:password@host/database"),
    ("DESK_DISPOSITIONS", "listed, general, one-to-one, or CODE=Name, …, *=Name (listed)"),
    ("DESK_AGENT_SOCKET", "who opens the agents' sockets: desk, browser or off (desk)"),
    ("DESK_AGENT_SOCKET_URL", "their wss address, {agent} for the login id; none without"),
    ("DESK_DIAL", "how dials go: agent, socket or kookoo (agent)"),
    ("DESK_WEBHOOK_SECRET", "secret in the addresses that the service sends to (one of the store)"),
    ("DESK_PAUSE_REASONS", "why agents may pause, separated by commas"),
    (
        "DESK_PAUSE_LIMIT",
        "seconds after which a paused recording is resumed (at the end of the call)",
    ),
    ("DESK_KEEP_PUSHES_DAYS", "days for which what the service sent is kept; 0 for good (30)"),
    ("DESK_KEEP_NOTES_DAYS", "days for which notes are kept; 0 for good (0)"),
    ("DESK_KEEP_AUDIT_DAYS", "days for which the audit is kept; 0 for good (0)"),
    ("DESK_RECORDING_HOSTS", "hosts that recordings are fetched from, separated by commas"),
    ("DESK_SERVICE_LEVELS", "minutes until due, and late: missed=5:15,follow_up=0:30,lead=60:240"),
    (
        "DESK_WHATSAPP_TEMPLATES",
        "JSON list of the account's templates: name, language, text or params",
    ),
    (
        "DESK_SMS_FIELDS",
        "fields of an SMS, as phone_no={number}, message={text}; none is sent without",
    ),
    ("PLATFORM_GRAPHQL_URL", "the platform of leads and appointments (the desk's own tables)"),
    ("PLATFORM_GRAPHQL_TOKEN", "its bearer token"),
    ("PLATFORM_GRAPHQL_DOCUMENTS", "a file with other documents for its operations"),
    ("DESK_CALLING_HOURS", "when customers may be called, as 09:00-21:00 (at any time)"),
    ("DESK_BLOCKED", "numbers that are not called, separated by commas"),
    (
        "DESK_AUTO_ANSWER",
        "calls that a phone answers by itself: 0 none, 1 all, 2 inbound, 3 outbound",
    ),
    (
        "DESK_RECONNECT",
        "on: an agent's phone can be rung into a call again (off; on the simulator on)",
    ),
    ("DESK_SIP_HOST", "the SIP host that softphones register at"),
    ("DESK_SIP_ADDRESS", "the wss address of the SIP connection"),
    (
        "DESK_NAME",
        "the name of this desk, which no other on its store may have (desk; on PostgreSQL the host's)",
    ),
    ("DESK_MISSED_FROM_FIELD", "request field of missed calls (fromTime)"),
    ("DESK_MISSED_TO_FIELD", "request field of missed calls (toTime)"),
    ("DESK_MISSED_CAMPAIGN_FIELD", "request field of missed calls (campaignName)"),
    ("TWILIO_ACCOUNT_SID", "the account at Twilio that hands calls over (none)"),
    ("TWILIO_AUTH_TOKEN", "its token, for requests and signatures"),
    ("TWILIO_TRANSFER_CALLER_ID", "the number that agents are shown"),
    ("VOICE_ASSISTANT_TRANSFER_BASE_URL", "where Twilio reaches this desk (DESK_PUBLIC_URL)"),
    ("SIP_DOMAIN", "the domain of the agents' SIP extensions; FREEPBX_DOMAIN is the same"),
    ("REDIS_URL", "where callers' profiles are: redis[s]://host:6379/0 (this process)"),
    ("REDIS_CA_FILE", "authorities of a rediss:// address, PEM (those of this machine)"),
    ("DESK_HANDOFF_PHRASES", "a JSON file with the phrases that ask for a human (a few languages)"),
    ("DESK_HANDOFF_MATCH", "id, or number: how a call is found to be a voice assistant's (id)"),
    ("DEEPGRAM_API_KEY", "key of the provider that hears calls; no transcripts without"),
    ("DEEPGRAM_MODEL", "its model (nova-3)"),
    ("DEEPGRAM_LANGUAGE", "the language that is spoken (as the model takes it)"),
    ("DEEPGRAM_URL", "where it is (wss://api.deepgram.com/v1/listen)"),
    ("VOSK_URL", "a Vosk server instead: ws://127.0.0.1:2700"),
    ("OPENAI_API_KEY", "key of the provider of suggestions and summaries; none without"),
    ("OPENAI_BASE_URL", "where it is (https://api.openai.com/v1); a local one may need no key"),
    ("OPENAI_MODEL", "its model"),
    ("ASSIST_EVERY", "how often suggestions are asked for, if something new was said (10s)"),
    (
        "ASSIST_CAPS",
        "caps: call_minutes=240,call_tokens=100000,day_minutes=20000,day_tokens=5000000,day_money=0",
    ),
    ("ASSIST_PRICES", "prices: minute=0.0077,input=0.15,output=0.60 (of a million tokens); none"),
    ("DESK_ASSIST_CONSENT", "on: calls may be listened to of whose campaign nothing is said (off)"),
    ("DESK_KEEP_TRANSCRIPTS_DAYS", "days for which transcripts are kept; 0 for good (30)"),
    ("DESK_SIM_SPEED", "how much faster than life the simulator's telephones are (1)"),
    ("DESK_SIM_RINGS", "which phones the simulator rings: any, or browser: with the socket (any)"),
    (
        "DESK_SIM_ASSIST",
        "off: no live assist on the simulator where no provider is set (on, by stand-ins)",
    ),
    ("DESK_LOG", "text or json, on standard error (text)"),
    (trace::VARIABLE, "the collector that traces are sent to: http://host:4318 (none)"),
    ("RUST_LOG", "what is logged (warn,desk=info)"),
];

/// Where the desk keeps what it keeps.
#[derive(Clone)]
pub enum StoreChoice {
    /// A SQLite file that stays.
    File(PathBuf),
    /// A new SQLite file for each start.
    Fresh,
    /// PostgreSQL, by its address.
    Postgres(Secret),
}

impl fmt::Debug for StoreChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Fresh => f.write_str("Fresh"),
            Self::Postgres(_) => f.write_str("Postgres"),
        }
    }
}

/// All settings of the binary.
#[derive(Debug)]
pub struct Config {
    /// `DESK_LISTEN`: where to listen, a port or an address with one; port 0 takes a free one.
    pub listen: String,
    /// `DESK_SIM_SPEED`: how much faster than life the embedded simulator's telephones are.
    pub sim_speed: f64,
    /// `DESK_SIM_RINGS`: whether the embedded simulator rings a phone only in the browser that has the agent's socket.
    pub sim_rings_browser: bool,
    /// `DESK_SIM_ASSIST`: whether the demo has live assist on stand-ins.
    pub sim_assist: bool,
    /// `DESK_AGENT_SOCKET`: who opens the agents' sockets; no one if it is off.
    pub socket_holder: Option<SocketHolder>,
    /// `DESK_LOG`: whether the log is JSON, a line for each event.
    pub log_is_json: bool,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: where traces are sent.
    pub traces: Option<String>,
    /// `DESK_PUBLIC_URL`: whether the desk is reached through TLS.
    pub has_tls: bool,
    /// `DESK_STORE`, `DATABASE_URL`: where to keep things.
    pub store: StoreChoice,
    /// `DESK_RECORDING_HOSTS`: the hosts that recordings are fetched from, each with its scheme.
    pub recording_hosts: Vec<String>,
    settings: Settings,
    environment: Environment,
    missed_fields: Vec<(&'static str, String)>,
}

impl Config {
    /// From any source of variables.
    ///
    /// # Errors
    /// The variable that cannot be parsed.
    pub fn read(variables: &dyn Variables) -> Result<Self, Invalid> {
        let get = |name: &str| variables.get(name).filter(|value| !value.trim().is_empty());
        let environment = Environment::read(variables)?;
        let dispositions = get(disposition::VARIABLE).map(|text| text.parse()).transpose()?;
        let levels = get(worklist::LEVELS_VARIABLE).map(|text| text.parse()).transpose()?;
        let speed = get("DESK_SIM_SPEED").map(|text| {
            let speed: Option<f64> = text.trim().parse().ok();
            let wrong = Invalid::new("DESK_SIM_SPEED", "expected a number from 0.1 to 1000");
            speed.filter(|speed| (0.1..=1000.0).contains(speed)).ok_or(wrong)
        });
        let log = get("DESK_LOG").map_or(Ok(false), |text| match text.trim() {
            "json" => Ok(true),
            "text" => Ok(false),
            _ => Err(Invalid::new("DESK_LOG", "expected text or json")),
        });
        let socket_holder = socket_holder(get("DESK_AGENT_SOCKET").as_deref())?;
        let rings = get("DESK_SIM_RINGS").map_or(Ok(false), |text| match text.trim() {
            "any" => Ok(false),
            "browser" => Ok(true),
            _ => Err(Invalid::new("DESK_SIM_RINGS", "expected any or browser")),
        });
        let settings = Settings {
            agent: environment.agent.clone(),
            password: environment.agent_password.clone(),
            phone_number: environment.sip_id.clone(),
            phone_name: environment.phone_name.clone(),
            campaign: environment.campaign.clone(),
            did: environment.did.clone(),
            dispositions: dispositions.unwrap_or_default(),
            metrics: Metrics::default(),
            people: PeopleSettings::read(variables)?,
            calling: CallingSettings::read(variables)?,
            service_levels: levels.unwrap_or_default(),
            customers: CustomerSettings::read(variables)?,
            assist: AssistSettings::read(variables)?,
            retention: Retention::read(variables)?,
            platform: platform(variables)?,
            templates: get(message::TEMPLATES_VARIABLE)
                .map(|text| text.parse())
                .transpose()?
                .unwrap_or_default(),
            sms_fields: get(message::SMS_VARIABLE).map(|text| text.parse()).transpose()?,
            agent_socket: agent_socket(
                socket_holder,
                get("DESK_AGENT_SOCKET_URL"),
                environment.account.as_deref(),
            )?,
            public_url: get("DESK_PUBLIC_URL").map(|url| url.trim().to_owned()),
            webhook_secret: webhook_secret(get("DESK_WEBHOOK_SECRET"))?,
            pause_reasons: list(&get("DESK_PAUSE_REASONS").unwrap_or_default()),
        };
        Ok(Self {
            listen: get("DESK_LISTEN").map_or_else(|| LISTEN.to_owned(), |text| address(&text)),
            sim_speed: speed.transpose()?.unwrap_or(1.0),
            sim_rings_browser: rings?,
            sim_assist: switch(variables, "DESK_SIM_ASSIST")?.unwrap_or(true),
            socket_holder,
            log_is_json: log?,
            traces: get(trace::VARIABLE).map(|text| trace::endpoint(&text)).transpose()?,
            has_tls: get("DESK_PUBLIC_URL").is_some_and(|url| url.trim().starts_with("https://")),
            recording_hosts: recording_hosts(get("DESK_RECORDING_HOSTS").as_deref())?,
            store: store(get("DESK_STORE"), get("DATABASE_URL"), environment.account.is_none())?,
            settings,
            environment,
            missed_fields: MISSED_FIELDS
                .iter()
                .filter_map(|(variable, field)| Some((*field, get(variable)?.trim().to_owned())))
                .collect(),
        })
    }

    /// Whether there is no account, and so the simulator inside is used.
    pub fn is_simulated(&self) -> bool {
        self.environment.account.is_none()
    }

    /// What is said with the calls being real, where an address of their own is set for them: that may be a simulator's.
    pub fn unless_simulated(&self) -> String {
        let host = self.environment.base_url.as_deref().map(|url| {
            let host = url.trim().split_once("://").map_or(url, |(_, rest)| rest);
            host.split('/').next().unwrap_or_default()
        });
        let said = |host| format!(", unless {host} (OZONETEL_BASE_URL) is a simulator");
        host.map(said).unwrap_or_default()
    }

    /// Names this desk after its host and its port where several may share the store and `DESK_NAME` names none.
    #[must_use]
    pub fn named_after(mut self, host: &str) -> Self {
        if matches!(self.store, StoreChoice::Postgres(_)) && self.settings.calling.holder.is_none()
        {
            let port = self.listen.rsplit(':').next().unwrap_or_default();
            self.settings.calling.holder = Some(format!("{}:{port}", host.trim()));
        }
        self
    }

    /// Whose calls the store holds.
    pub fn owner(&self) -> Owner {
        let name = self.environment.account.as_ref();
        name.map_or(Owner::Simulator, |name| Owner::Account(name.as_str().to_owned()))
    }

    /// Where callers' profiles are, if that is not the memory of the desk.
    pub fn profiles(&self) -> Option<&dyn Profiles> {
        self.settings.customers.profiles.as_deref()
    }

    /// The people of a store.
    pub fn people(&self, store: Arc<dyn Store>) -> People {
        People::new(store, self.environment.clock(), self.settings.people.clone())
    }

    /// The settings as they are said, without an account.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A client of the account, and the settings. The client keeps token and limits in the store, so that all desks
    /// on it share them, unless `OZONETEL_STATE_DIR` names another place.
    ///
    /// # Errors
    /// The setting that is missing or cannot be parsed.
    pub fn account(&self, store: Arc<dyn Store>) -> Result<(Client, Settings), Invalid> {
        let mut builder = self.environment.client_builder()?;
        if let Some(shared) = self.shared(store) {
            builder = builder.pacer(shared.pacer()).token_store(Arc::new(shared));
        }
        self.client_of(builder)
    }

    /// The same for a look at the account: the client uses the token that is kept and asks for no other, which would
    /// end that one. With a key there is none.
    ///
    /// # Errors
    /// As [`account`](Self::account).
    pub fn account_at_hand(
        &self,
        store: Arc<dyn Store>,
    ) -> Result<(Client, Settings, Option<Arc<KeptToken>>), Invalid> {
        if self.environment.mode != AuthMode::Token {
            return self.account(store).map(|(client, settings)| (client, settings, None));
        }
        let mut builder = self.environment.client_builder()?;
        let kept = match self.shared(store) {
            Some(shared) => {
                builder = builder.pacer(shared.pacer());
                Some(Arc::new(shared) as Arc<dyn TokenStore>)
            }
            None => self.of_directory(),
        };
        let kept = kept.unwrap_or_else(|| Arc::new(MemoryTokens::new(self.environment.clock())));
        let kept = Arc::new(KeptToken::new(kept));
        builder = builder.token_store(Arc::clone(&kept) as _);
        self.client_of(builder).map(|(client, settings)| (client, settings, Some(kept)))
    }

    /// Token and limits in the store, if they are to be there.
    fn shared(&self, store: Arc<dyn Store>) -> Option<SharedAccount> {
        let key = self.environment.key.as_ref().filter(|_| self.environment.state_dir.is_none())?;
        Some(SharedAccount::new(store, self.environment.clock(), key))
    }

    /// The token in the directory of `OZONETEL_STATE_DIR`.
    fn of_directory(&self) -> Option<Arc<dyn TokenStore>> {
        let Environment { state_dir, account, key, base_url, region, .. } = &self.environment;
        let address = base_url.as_deref().unwrap_or(region.as_str());
        let (account, key) = (account.as_ref()?, key.as_ref()?);
        let clock = self.environment.clock();
        let opened = FileState::open(state_dir.as_ref()?, address, account, key, clock).ok()?;
        Some(Arc::new(opened))
    }

    fn client_of(&self, builder: ClientBuilder) -> Result<(Client, Settings), Invalid> {
        let client = self.named(builder).build()?;
        let people = PeopleSettings { needs_administrator: true, ..self.settings.people.clone() };
        Ok((client, Settings { people, ..self.settings.clone() }))
    }

    /// What is said of settings that do not go together.
    pub fn remarks(&self) -> Vec<String> {
        let is_shared = matches!(self.store, StoreChoice::Postgres(_));
        let is_apart = is_shared && self.environment.state_dir.is_some();
        let text = "OZONETEL_STATE_DIR keeps token and limits out of DATABASE_URL: desks that have \
                    another directory do not share them, and each ends the others' token";
        is_apart.then(|| text.to_owned()).into_iter().collect()
    }

    /// A simulator after an hour of traffic, a client of it, and its first agent as the desk's own. Each start has
    /// other calls than the one before.
    ///
    /// # Errors
    /// A setting that cannot be parsed.
    pub async fn simulated(&self, start: u64) -> Result<(Sim, Client, Settings), Invalid> {
        let clock = self.environment.clock();
        let sim = simulated::world(self.sim_speed, start, self.sim_rings_browser, &*clock);
        simulated::warm_up(&sim).await;
        let client = self.named(sim.client_builder()).build()?;
        let settings = self.settings.clone();
        let new_key =
            || SealKey::random().map_err(|error| Invalid::new("DESK_KEY", error.to_string()));
        let key = settings.people.key.clone().map_or_else(new_key, Ok)?;
        let settings = Settings {
            agent: settings.agent.or_else(|| Some("agent01".into())),
            password: settings.password.or_else(|| Some("secret".into())),
            phone_number: settings.phone_number.or_else(|| Some("500001".into())),
            phone_name: settings.phone_name.or_else(|| Some("agent01".into())),
            campaign: settings.campaign.or_else(|| Some("support_out".into())),
            did: settings.did.or_else(|| Some("918000000001".into())),
            pause_reasons: if settings.pause_reasons.is_empty() {
                sim.world().setup().pause_reasons.clone()
            } else {
                settings.pause_reasons.clone()
            },
            people: PeopleSettings { key: Some(key), ..settings.people.clone() },
            calling: CallingSettings {
                // The simulator rings an extension into a call that is up.
                reconnect: settings.calling.reconnect.or(Some(true)),
                ..settings.calling.clone()
            },
            ..settings
        };
        Ok((sim, client, settings))
    }

    /// Puts the configured names of the abandoned calls' fields into a client's settings, and has its calls counted.
    pub fn named(&self, builder: ClientBuilder) -> ClientBuilder {
        let builder = builder.observer(Arc::new(self.settings.metrics.clone()));
        self.missed_fields.iter().fold(builder, |builder, (field, name)| {
            builder.field_name("missed.fetch", *field, name.as_str())
        })
    }
}

/// Who opens the agents' sockets.
fn socket_holder(word: Option<&str>) -> Result<Option<SocketHolder>, Invalid> {
    match word.map(str::trim) {
        None | Some("desk") => Ok(Some(SocketHolder::Desk)),
        Some("browser") => Ok(Some(SocketHolder::Tab)),
        Some("off") => Ok(None),
        Some(_) => Err(Invalid::new("DESK_AGENT_SOCKET", "expected desk, browser or off")),
    }
}

/// The agents' sockets: with an address and an account, unless they are off.
fn agent_socket(
    holder: Option<SocketHolder>,
    url: Option<String>,
    account: Option<&str>,
) -> Result<Option<AgentSocketSettings>, Invalid> {
    let (Some(holder), Some((url, account))) = (holder, url.zip(account)) else { return Ok(None) };
    let url = url.trim().to_owned();
    if !url.starts_with("wss://") && !url.starts_with("ws://") {
        return Err(Invalid::new("DESK_AGENT_SOCKET_URL", "expected a wss address"));
    }
    Ok(Some(AgentSocketSettings { url, account: account.to_owned(), holder }))
}

/// The secret in the addresses that the service sends to, where it is said.
fn webhook_secret(said: Option<String>) -> Result<Option<Secret>, Invalid> {
    let invalid = |text: &'static str| Invalid::new("DESK_WEBHOOK_SECRET", text);
    match said.map(|text| text.trim().to_owned()) {
        Some(text)
            if text.len() < 16
                || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) =>
        {
            Err(invalid("expected at least 16 letters, digits, - or _"))
        }
        Some(text) => Ok(Some(text.into())),
        None => Ok(None),
    }
}

/// What is between commas.
fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// An address to listen on; a port alone is one of this machine.
fn address(text: &str) -> String {
    let text = text.trim();
    match text.strip_prefix(':').unwrap_or(text).parse::<u16>() {
        Ok(port) => format!("127.0.0.1:{port}"),
        Err(_) => text.to_owned(),
    }
}

/// Hosts that recordings are fetched from: as listed, else those that are known.
fn recording_hosts(listed: Option<&str>) -> Result<Vec<String>, Invalid> {
    let Some(listed) = listed else { return Ok(HOSTS.map(str::to_owned).into()) };
    let host = |text: &str| {
        let name = text.strip_prefix("https://").or(text.strip_prefix("http://")).unwrap_or(text);
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        (!name.is_empty() && name.chars().all(plain)).then(|| text.to_owned())
    };
    let hosts = listed.split(',').map(str::trim).map(host).collect::<Option<Vec<_>>>();
    hosts.ok_or(Invalid::new(
        "DESK_RECORDING_HOSTS",
        "expected hosts, such as https://s3.ap-south-1.amazonaws.com",
    ))
}

/// The platform elsewhere, if there is one.
fn platform(variables: &dyn Variables) -> Result<Option<Arc<dyn Platform>>, Invalid> {
    let get = |name: &str| variables.get(name).filter(|value| !value.trim().is_empty());
    let (url, token) = (get("PLATFORM_GRAPHQL_URL"), get("PLATFORM_GRAPHQL_TOKEN"));
    let Some(url) = url else {
        let alone = token.map(|_| "PLATFORM_GRAPHQL_TOKEN");
        return match alone.or(get(documents::VARIABLE).map(|_| documents::VARIABLE)) {
            Some(name) => Err(Invalid::new(name, "is set, and PLATFORM_GRAPHQL_URL is not")),
            None => Ok(None),
        };
    };
    let address: Option<http::Uri> = url.trim().parse().ok();
    let address = address.filter(|uri| matches!(uri.scheme_str(), Some("https" | "http")));
    let wrong = || Invalid::new("PLATFORM_GRAPHQL_URL", "expected https://host/path");
    let address = address.filter(|uri| uri.host().is_some()).ok_or_else(wrong)?;
    let documents = match get(documents::VARIABLE) {
        Some(file) => {
            let text = std::fs::read_to_string(file.trim()).map_err(|error| {
                Invalid::new(documents::VARIABLE, format!("cannot be read: {}", error.kind()))
            })?;
            Documents::parse(&text)?
        }
        None => Documents::default(),
    };
    let transport = Arc::new(Reqwest::new(&Network::default())?);
    let token = token.map(|token| Secret::from(token.trim()));
    Ok(Some(Arc::new(GraphqlPlatform::new(address, token, transport, documents))))
}

/// Where to keep things: as said, else a file that stays for an account and goes for the simulator.
fn store(
    file: Option<String>,
    url: Option<String>,
    simulated: bool,
) -> Result<StoreChoice, Invalid> {
    match (file, url) {
        (Some(_), Some(_)) => {
            Err(Invalid::new("DESK_STORE", "and DATABASE_URL are both set: keep one"))
        }
        // An address may have a password in it, and names of files are shown.
        (Some(file), None) if file.contains("://") => Err(Invalid::new(
            "DESK_STORE",
            "expected a file; the address of PostgreSQL belongs in DATABASE_URL",
        )),
        (Some(file), None) => Ok(StoreChoice::File(file.into())),
        (None, Some(url)) => match url.split_once("://") {
            Some(("postgres" | "postgresql", _)) if url.parse::<PgConnectOptions>().is_ok() => {
                Ok(StoreChoice::Postgres(url.into()))
            }
            _ => {
                Err(Invalid::new("DATABASE_URL", "expected postgres://user:password@host/database"))
            }
        },
        (None, None) if simulated => Ok(StoreChoice::Fresh),
        (None, None) => Ok(StoreChoice::File(FILE.into())),
    }
}

/// Settings of the desk's own that hold no secret: a message about one shows its value.
const SHOWN: [&str; 4] = ["DESK_DISPOSITIONS", "DESK_SERVICE_LEVELS", "DESK_SIM_SPEED", "DESK_LOG"];

/// What is wrong with a setting, with its value where it can be shown.
pub fn explain(invalid: &Invalid, variables: &dyn Variables) -> String {
    let value = variables.get(invalid.field()).filter(|_| SHOWN.contains(&invalid.field()));
    match value {
        Some(value) => format!("{invalid}, not {value:?}"),
        None => invalid.to_string(),
    }
}

#[cfg(test)]
mod tests;
