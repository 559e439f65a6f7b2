//! Settings from the environment, for binaries. The library itself takes none.

mod softphone;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::SystemTime;

use crate::api::auth::FileState;
use crate::core::client::Client;
use crate::core::clock::{Clock, SystemClock, TokioClock};
use crate::core::credential::AuthMode;
use crate::core::endpoint::Host;
use crate::core::pace::{Pacer, StoreError};
use crate::setup::builder::{ClientBuilder, address};
use crate::types::ids::{AgentId, CampaignName, Did, PhoneName};
use crate::types::invalid::Invalid;
use crate::types::phone::{Country, PhoneNumber, Region};
use crate::types::secret::Secret;
use crate::types::wire::Zone;

pub use softphone::Softphone;

/// The `OZONETEL_*` variables. Each field's documentation names its variable. `Debug` shows no address: one may carry a
/// password.
#[derive(Clone)]
#[non_exhaustive]
pub struct Environment {
    /// `OZONETEL_ACCOUNT`.
    pub account: Option<String>,
    /// `OZONETEL_API_KEY`.
    pub key: Option<Secret>,
    /// `OZONETEL_AUTH`: `token` (default) or `key`.
    pub mode: AuthMode,
    /// `OZONETEL_REGION`: `india` (default) or `international`.
    pub region: Region,
    /// `OZONETEL_COUNTRIES`: the countries whose numbers are dialled, as `IN,US`. Default: India in the region of
    /// India, none elsewhere.
    pub countries: Option<Vec<Country>>,
    /// `OZONETEL_ALLOWED_NUMBERS`: extensions, service codes, emergency codes and own numbers that are dialled
    /// nevertheless, as `139,500001`.
    pub allowed_numbers: Vec<PhoneNumber>,
    /// `OZONETEL_TIMEZONE`, default `+05:30`; required outside India.
    pub zone: Option<Zone>,
    /// `OZONETEL_BASE_URL`: every family without an address of its own.
    pub base_url: Option<String>,
    /// `OZONETEL_EVENTS_URL`, `OZONETEL_CAMPAIGNS_URL`, `OZONETEL_KOOKOO_URL`, `OZONETEL_MESSAGING_URL`,
    /// `OZONETEL_OLDER_URL`.
    pub base_urls: Vec<(Host, String)>,
    /// `OZONETEL_KOOKOO_KEY`.
    pub kookoo_key: Option<Secret>,
    /// `OZONETEL_AGENT_ID`.
    pub agent: Option<AgentId>,
    /// `OZONETEL_AGENT_PASSWORD`.
    pub agent_password: Option<Secret>,
    /// `OZONETEL_CAMPAIGN`.
    pub campaign: Option<CampaignName>,
    /// `OZONETEL_DID`.
    pub did: Option<Did>,
    /// `OZONETEL_SIP_ID`: the number or SIP id that the agent logs in with.
    pub sip_id: Option<PhoneNumber>,
    /// `OZONETEL_PHONE_NAME`.
    pub phone_name: Option<PhoneName>,
    /// `OZONETEL_STATE_DIR`: where token and rate windows are kept between runs.
    pub state_dir: Option<PathBuf>,
    /// `OZONETEL_NOW`, RFC 3339: where the clock starts, for tests.
    pub now: Option<SystemTime>,
    /// The agent socket and the softphone.
    pub softphone: Softphone,
}

/// Where the variables are read from.
pub trait Variables {
    /// One variable; an empty one counts as absent.
    fn get(&self, name: &str) -> Option<String>;
}

impl<F: Fn(&str) -> Option<String>> Variables for F {
    fn get(&self, name: &str) -> Option<String> {
        self(name)
    }
}

/// A variable that is there and parses; an error shows its value.
fn parsed<T: FromStr<Err = Invalid>>(
    get: &impl Fn(&str) -> Option<String>,
    name: &'static str,
) -> Result<Option<T>, Invalid> {
    let parse = |text: String| {
        text.trim().parse().map_err(|invalid: Invalid| invalid.showing(&text).under(name))
    };
    get(name).map(parse).transpose()
}

/// The parts of a list with commas or blanks between them.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ']).map(str::trim).filter(|part| !part.is_empty())
}

fn listed(text: &str) -> Result<Vec<Country>, Invalid> {
    let name = "OZONETEL_COUNTRIES";
    let parse = |part: &str| part.parse().map_err(|bad: Invalid| bad.showing(part).under(name));
    parts(text).map(parse).collect()
}

/// The variables that are wanted, as text.
fn texts(
    variables: impl Iterator<Item = (OsString, OsString)>,
    wanted: impl Fn(&str) -> bool,
) -> Result<BTreeMap<String, String>, Invalid> {
    let known = variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    known
        .filter(|(name, _)| wanted(name))
        .map(|(name, value)| match value.into_string() {
            Ok(value) => Ok((name, value)),
            Err(_) => {
                Err(Invalid::new("environment", format!("variable {name} is not UTF-8 text")))
            }
        })
        .collect()
}

fn unusable(directory: &Path, error: &StoreError) -> Invalid {
    Invalid::new("OZONETEL_STATE_DIR", format!("cannot be used: {error}"))
        .showing(&directory.to_string_lossy())
}

impl Environment {
    /// From the process's environment.
    ///
    /// # Errors
    /// The variable that cannot be parsed, with its value; the name of one that is not UTF-8.
    pub fn of_process() -> Result<Self, Invalid> {
        let variables = Self::process_variables(|name| name.starts_with("OZONETEL_"))?;
        Self::read(&|name: &str| variables.get(name).cloned())
    }

    /// The variables of the process that `wanted` says yes to, by name: for programs with some of their own.
    ///
    /// ```
    /// use ozonetel_sdk::client::Environment;
    /// let own = Environment::process_variables(|name| name.starts_with("DESK_"))?;
    /// assert!(own.keys().all(|name| name.starts_with("DESK_")));
    /// # Ok::<(), ozonetel_sdk::error::Invalid>(())
    /// ```
    ///
    /// # Errors
    /// The name of one that is not UTF-8, which must not count as absent.
    pub fn process_variables(
        wanted: impl Fn(&str) -> bool,
    ) -> Result<BTreeMap<String, String>, Invalid> {
        texts(std::env::vars_os(), wanted)
    }

    /// From any source of variables.
    ///
    /// ```
    /// use ozonetel_sdk::client::Environment;
    /// let read = |name: &str| (name == "OZONETEL_AUTH").then(|| "key".to_owned());
    /// let environment = Environment::read(&read)?;
    /// assert_eq!(environment.mode, ozonetel_sdk::auth::AuthMode::Key);
    /// # Ok::<(), ozonetel_sdk::error::Invalid>(())
    /// ```
    ///
    /// # Errors
    /// The variable that cannot be parsed, with its value.
    pub fn read(variables: &dyn Variables) -> Result<Self, Invalid> {
        let get = |name: &str| variables.get(name).filter(|value| !value.trim().is_empty());
        let families = [
            (Host::Events, "OZONETEL_EVENTS_URL"),
            (Host::Campaigns, "OZONETEL_CAMPAIGNS_URL"),
            (Host::Kookoo, "OZONETEL_KOOKOO_URL"),
            (Host::Messaging, "OZONETEL_MESSAGING_URL"),
            (Host::LegacyApi, "OZONETEL_OLDER_URL"),
        ];
        let mode = parsed(&get, "OZONETEL_AUTH")?;
        let region: Region = parsed(&get, "OZONETEL_REGION")?.unwrap_or_default();
        let countries = get("OZONETEL_COUNTRIES").map(|text| listed(&text)).transpose()?;
        let allowed = get("OZONETEL_ALLOWED_NUMBERS").unwrap_or_default();
        let allowed_numbers: Vec<_> = parts(&allowed).map(PhoneNumber::from).collect();
        if allowed_numbers.iter().any(|number| number.key().is_none()) {
            let reason = "has an entry that is not a telephone number";
            return Err(Invalid::new("OZONETEL_ALLOWED_NUMBERS", reason));
        }
        let did = get("OZONETEL_DID").map(Did::from);
        if did.as_ref().is_some_and(|did| PhoneNumber::from(did.as_str()).key().is_none()) {
            return Err(Invalid::new("OZONETEL_DID", "is not a telephone number"));
        }
        let zone: Option<Zone> = parsed(&get, "OZONETEL_TIMEZONE")?;
        let now = get("OZONETEL_NOW").map(|text| {
            let bad = |_| Invalid::new("OZONETEL_NOW", "expected an RFC 3339 time").showing(&text);
            text.trim().parse::<jiff::Timestamp>().map(SystemTime::from).map_err(bad)
        });
        if region == Region::International && zone.is_none() {
            return Err(Invalid::new("OZONETEL_TIMEZONE", "has to be set outside India"));
        }
        let base_url = get("OZONETEL_BASE_URL");
        let mut base_urls = Vec::new();
        for (host, name) in families {
            if let Some(text) = get(name) {
                address(&text).map_err(|invalid| invalid.under(name))?;
                base_urls.push((host, text));
            }
        }
        if let Some(text) = &base_url {
            address(text).map_err(|invalid| invalid.under("OZONETEL_BASE_URL"))?;
        }
        let sip_id = get("OZONETEL_SIP_ID").map(PhoneNumber::from);
        Ok(Self {
            softphone: Softphone::read(variables, sip_id.as_ref())?,
            account: get("OZONETEL_ACCOUNT"),
            key: get("OZONETEL_API_KEY").map(Secret::from),
            mode: mode.unwrap_or_default(),
            region,
            countries,
            allowed_numbers,
            zone,
            base_url,
            base_urls,
            kookoo_key: get("OZONETEL_KOOKOO_KEY").map(Secret::from),
            agent: get("OZONETEL_AGENT_ID").map(AgentId::from),
            agent_password: get("OZONETEL_AGENT_PASSWORD").map(Secret::from),
            campaign: get("OZONETEL_CAMPAIGN").map(CampaignName::from),
            did,
            sip_id,
            phone_name: get("OZONETEL_PHONE_NAME").map(PhoneName::from),
            state_dir: get("OZONETEL_STATE_DIR").map(PathBuf::from),
            now: now.transpose()?,
        })
    }

    /// The clock: the wall clock, or one that starts at `OZONETEL_NOW`.
    pub fn clock(&self) -> Arc<dyn Clock> {
        match self.now {
            Some(now) => Arc::new(TokioClock::starting_at(now)),
            None => Arc::new(SystemClock),
        }
    }

    /// A builder with these settings; a state directory brings a shared token and shared rate windows.
    ///
    /// # Errors
    /// `OZONETEL_ACCOUNT` or `OZONETEL_API_KEY` that is not set, a state directory that cannot be used.
    pub fn client_builder(&self) -> Result<ClientBuilder, Invalid> {
        let account = self.account.clone().ok_or(Invalid::new("OZONETEL_ACCOUNT", "is not set"))?;
        let key = self.key.clone().ok_or(Invalid::new("OZONETEL_API_KEY", "is not set"))?;
        let clock = self.clock();
        let mut builder = Client::builder()
            .account(account.as_str())
            .key(&key)
            .mode(self.mode)
            .region(self.region)
            .own_numbers(self.did.iter().map(Did::as_str))
            // A SIP id that is a name is never dialled.
            .own_numbers(self.sip_id.iter().filter(|id| id.key().is_some()))
            .allowed_numbers(&self.allowed_numbers)
            .clock(Arc::clone(&clock));
        if let Some(countries) = &self.countries {
            builder = builder.countries(countries.iter().copied());
        }
        if let Some(zone) = &self.zone {
            builder = builder.zone(zone.clone());
        }
        if let Some(base) = &self.base_url {
            builder = builder.base_url(base);
        }
        for (host, address) in &self.base_urls {
            builder = builder.base_url_of(*host, address);
        }
        if let Some(key) = &self.kookoo_key {
            builder = builder.kookoo_key(key);
        }
        if let Some(directory) = &self.state_dir {
            let address = self.base_url.as_deref().unwrap_or(self.region.as_str());
            let state = FileState::open(directory, address, &account, &key, clock)
                .map_err(|error| unusable(directory, &error))?;
            let state = Arc::new(state);
            builder = builder.token_store(Arc::clone(&state) as _).pacer(Pacer::with_store(state));
        }
        Ok(builder)
    }
}

impl Client {
    /// A client from the `OZONETEL_*` variables; for binaries.
    ///
    /// # Errors
    /// The variable that is missing or cannot be parsed.
    pub fn from_env() -> Result<Self, Invalid> {
        Environment::of_process()?.client_builder()?.build()
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("account", &self.account)
            .field("mode", &self.mode)
            .field("region", &self.region)
            .field("zone", &self.zone)
            .field("agent", &self.agent)
            .field("campaign", &self.campaign)
            .field("did", &self.did)
            .field("softphone", &self.softphone)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for dyn Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Variables")
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;

    #[test]
    fn a_variable_that_is_not_text_is_refused_and_not_taken_for_absent() {
        let set = || {
            [
                (OsString::from("OZONETEL_ACCOUNT"), OsString::from("acme_support")),
                (OsString::from("OZONETEL_STATE_DIR"), OsString::from_vec(b"/tmp/\xff".to_vec())),
                (OsString::from_vec(b"\xff".to_vec()), OsString::from("x")),
            ]
            .into_iter()
        };
        let refused = texts(set(), |name| name.starts_with("OZONETEL_")).unwrap_err();
        let text = "environment variable OZONETEL_STATE_DIR is not UTF-8 text";
        assert_eq!(refused.to_string(), text);
        let others = texts(set(), |name| name == "OZONETEL_ACCOUNT").unwrap();
        assert_eq!(others, [("OZONETEL_ACCOUNT".to_owned(), "acme_support".to_owned())].into());
    }

    #[test]
    fn what_is_listed_as_a_number_has_to_be_one() {
        let read = |name: &str, value: &str| {
            let (name, value) = (name.to_owned(), value.to_owned());
            let get = move |asked: &str| match asked {
                "OZONETEL_ACCOUNT" => Some("acme_support".to_owned()),
                "OZONETEL_API_KEY" => Some("test-key".to_owned()),
                asked if asked == name => Some(value.clone()),
                _ => None,
            };
            let environment = Environment::read(&get)?;
            environment.client_builder()?.build().map(|client| client.dial_plan().clone())
        };
        let field = |name: &str, value: &str| read(name, value).map_err(|invalid| invalid.field());
        assert_eq!(
            field("OZONETEL_ALLOWED_NUMBERS", "139,one").unwrap_err(),
            "OZONETEL_ALLOWED_NUMBERS"
        );
        assert_eq!(field("OZONETEL_DID", "our number").unwrap_err(), "OZONETEL_DID");
        // A SIP id may be a name, which is never dialled.
        let number = PhoneNumber::from("918000000001");
        for (name, value, may) in [
            ("OZONETEL_SIP_ID", "agent01", true),
            ("OZONETEL_SIP_ID", "8000000001", false),
            ("OZONETEL_DID", "+91\u{a0}80000\u{a0}00001", false),
        ] {
            let plan = read(name, value).unwrap();
            assert_eq!(number.for_dial(&plan).is_ok(), may, "{name} {value:?}");
        }
    }
}
