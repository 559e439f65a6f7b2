//! What the flows of callers' profiles and hand-offs share: where profiles are, who rings agents, what means a human.

use std::fmt;
use std::sync::Arc;

use ozonetel_sdk::Client;
use ozonetel_sdk::client::{Clock, Variables};
use ozonetel_sdk::error::Invalid;

use crate::core::handoff::intent::IntentRules;
use crate::core::profile::CallKeys;
use crate::ports::carriers::Carrier;
use crate::ports::carriers::cloudagent::{Conference, PhoneDial};
use crate::ports::carriers::twilio::{Twilio, TwilioSettings};
use crate::ports::demo_phones::DemoPhones;
use crate::ports::profiles::{MemoryProfiles, Profiles, RedisProfiles};

/// The settings of profiles and hand-offs. The default keeps profiles in memory and knows no carrier but CloudAgent.
#[derive(Clone, Default)]
pub struct CustomerSettings {
    /// Where profiles are; in this process without.
    pub profiles: Option<Arc<dyn Profiles>>,
    /// What means that a caller wants a human.
    pub intents: IntentRules,
    /// Whether a call that names no hand-off is joined to the only one for the same agent and the same number. Whoever
    /// calls from a shared number may then be shown another caller's words.
    pub by_number: bool,
    /// The account at Twilio.
    pub twilio: Option<Arc<Twilio>>,
    /// Who lets made-up callers ring, where the simulator is inside.
    pub demo: Option<Arc<dyn DemoPhones>>,
}

impl fmt::Debug for CustomerSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomerSettings")
            .field("profiles", &self.profiles)
            .field("twilio", &self.twilio)
            .finish_non_exhaustive()
    }
}

impl CustomerSettings {
    /// From variables.
    ///
    /// # Errors
    /// The variable that cannot be parsed.
    pub fn read(variables: &dyn Variables) -> Result<Self, Invalid> {
        let get = |name: &str| {
            variables.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        let authorities = get("REDIS_CA_FILE").map(|file| authorities(&file)).transpose()?;
        let redis = get("REDIS_URL").map(|url| {
            RedisProfiles::new(&url, authorities)
                .map_err(|error| Invalid::new("REDIS_URL", error.to_string()))
        });
        let intents = get("DESK_HANDOFF_PHRASES").map(|file| {
            let wrong = |reason: String| Invalid::new("DESK_HANDOFF_PHRASES", reason);
            let text = std::fs::read_to_string(file)
                .map_err(|error| wrong(format!("cannot be read: {}", error.kind())))?;
            IntentRules::parse(&text).map_err(|error| wrong(error.to_string()))
        });
        let by_number = match get("DESK_HANDOFF_MATCH").as_deref() {
            None | Some("id") => false,
            Some("number") => true,
            Some(_) => return Err(Invalid::new("DESK_HANDOFF_MATCH", "expected id or number")),
        };
        let twilio = TwilioSettings::read(variables)?.map(Twilio::new);
        Ok(Self {
            by_number,
            profiles: redis.transpose()?.map(|redis| Arc::new(redis) as Arc<dyn Profiles>),
            intents: intents.transpose()?.unwrap_or_default(),
            twilio: twilio.transpose()?.map(Arc::new),
            demo: None,
        })
    }
}

/// What is in a file of certificates.
fn authorities(file: &str) -> Result<Vec<u8>, Invalid> {
    let wrong = |reason: String| Invalid::new("REDIS_CA_FILE", reason);
    let pem = std::fs::read_to_string(file)
        .map_err(|error| wrong(format!("cannot be read: {}", error.kind())))?;
    if pem.contains("-----BEGIN CERTIFICATE-----") {
        Ok(pem.into_bytes())
    } else {
        Err(wrong("has no certificate in PEM".to_owned()))
    }
}

/// What the flows of profiles and hand-offs share.
#[derive(Debug)]
pub struct Customers {
    profiles: Arc<dyn Profiles>,
    intents: IntentRules,
    carriers: Vec<Arc<dyn Carrier>>,
}

impl Customers {
    /// With these settings.
    pub fn new(settings: &CustomerSettings, client: &Client) -> Self {
        let clock: Arc<dyn Clock> = Arc::clone(client.clock());
        let in_memory = || Arc::new(MemoryProfiles::new(clock)) as Arc<dyn Profiles>;
        let mut carriers: Vec<Arc<dyn Carrier>> = vec![
            Arc::new(Conference::new(client.clone())),
            Arc::new(PhoneDial::new(client.clone())),
        ];
        carriers
            .extend(settings.twilio.iter().map(|twilio| Arc::clone(twilio) as Arc<dyn Carrier>));
        Self {
            profiles: settings.profiles.clone().unwrap_or_else(in_memory),
            intents: settings.intents.clone(),
            carriers,
        }
    }

    /// Where profiles are.
    pub fn profiles(&self) -> &dyn Profiles {
        &*self.profiles
    }

    /// What means that a caller wants a human.
    pub fn intents(&self) -> &IntentRules {
        &self.intents
    }

    /// A carrier by its name.
    pub fn carrier(&self, name: &str) -> Option<&Arc<dyn Carrier>> {
        self.carriers.iter().find(|carrier| carrier.name() == name)
    }

    /// The carrier of a call with these ids.
    pub fn carrier_for(&self, keys: &CallKeys) -> Option<&Arc<dyn Carrier>> {
        self.carriers.iter().find(|carrier| carrier.is_way_of(keys))
    }

    /// Their names.
    pub fn carrier_names(&self) -> Vec<&'static str> {
        self.carriers.iter().map(|carrier| carrier.name()).collect()
    }
}
