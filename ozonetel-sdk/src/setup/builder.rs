//! Making a client.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::api::auth::{MemoryTokens, TokenCache, TokenStore};
use crate::core::client::{AnswerLimits, Client, Config, Core};
use crate::core::clock::{Clock, SystemClock};
use crate::core::credential::{AuthMode, Credentials, Keys};
use crate::core::encode::Addresses;
use crate::core::endpoint::Host;
use crate::core::observe::{NoopObserver, Observer};
use crate::core::pace::{Pacer, Patience};
use crate::core::retry::RetryPolicy;
use crate::core::transport::Transport;
use crate::types::invalid::Invalid;
use crate::types::phone::{Country, DialPlan, PhoneNumber, Region};
use crate::types::secret::Secret;
use crate::types::wire::Zone;

/// Settings of a [`Client`]. Nothing is read from the environment here; [`Environment`](crate::client::Environment) does
/// that for binaries.
///
/// ```
/// use ozonetel_sdk::auth::AuthMode;
/// let client = ozonetel_sdk::Client::builder()
///     .account("acme_support")
///     .key("test-key")
///     .mode(AuthMode::Key)
///     .base_url("http://127.0.0.1:9")
///     .build()?;
/// assert_eq!(format!("{:?}", client.zone()), "Zone(+05:30)");
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Default)]
#[must_use]
pub struct ClientBuilder {
    account: String,
    key: Option<Secret>,
    kookoo_key: Option<Secret>,
    mode: AuthMode,
    region: Region,
    countries: Option<Vec<Country>>,
    own_numbers: Vec<PhoneNumber>,
    allowed_numbers: Vec<PhoneNumber>,
    zone: Option<Zone>,
    base: Option<String>,
    bases: BTreeMap<Host, String>,
    paths: BTreeMap<String, String>,
    key_headers: BTreeMap<String, String>,
    field_names: BTreeMap<(String, String), String>,
    policy: Option<RetryPolicy>,
    patience: Patience,
    limits: AnswerLimits,
    credentials: Option<Arc<dyn Credentials>>,
    token_store: Option<Arc<dyn TokenStore>>,
    transport: Option<Arc<dyn Transport>>,
    #[cfg(any(feature = "reqwest", feature = "ws"))]
    network: crate::core::transport::network::Network,
    pacer: Pacer,
    clock: Option<Arc<dyn Clock>>,
    observer: Option<Arc<dyn Observer>>,
}

impl Client {
    /// A builder with the defaults.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("mode", &self.mode)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    /// The account's name. Required.
    pub fn account(mut self, name: impl Into<String>) -> Self {
        self.account = name.into();
        self
    }

    /// The account's API key. Required unless [`credentials`](Self::credentials) are given.
    pub fn key(mut self, key: impl Into<Secret>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// The KooKoo key, for the CPaaS side.
    pub fn kookoo_key(mut self, key: impl Into<Secret>) -> Self {
        self.kookoo_key = Some(key.into());
        self
    }

    /// The account's setting "API Authentication". Default: [`AuthMode::Token`].
    pub fn mode(mut self, mode: AuthMode) -> Self {
        self.mode = mode;
        self
    }

    /// The account's region. Default: India.
    pub fn region(mut self, region: Region) -> Self {
        self.region = region;
        self
    }

    /// The countries whose numbers are dialled. Default: India in the region of India, and none elsewhere: there
    /// nothing is dialled before they are set.
    pub fn countries(mut self, countries: impl IntoIterator<Item = Country>) -> Self {
        self.countries = Some(countries.into_iter().collect());
        self
    }

    /// Numbers of the account itself, such as its DIDs, which are not dialled; an entry that is not a number is refused
    /// by [`build`](Self::build).
    pub fn own_numbers<N: Into<PhoneNumber>>(
        mut self,
        numbers: impl IntoIterator<Item = N>,
    ) -> Self {
        self.own_numbers.extend(numbers.into_iter().map(Into::into));
        self
    }

    /// Extensions, service codes, emergency codes and own numbers that are dialled nevertheless. Default: none.
    /// An entry that is not a number is refused by [`build`](Self::build).
    pub fn allowed_numbers<N: Into<PhoneNumber>>(
        mut self,
        numbers: impl IntoIterator<Item = N>,
    ) -> Self {
        self.allowed_numbers.extend(numbers.into_iter().map(Into::into));
        self
    }

    /// The zone of the account's days and times. Default: `+05:30` in India; required elsewhere.
    pub fn zone(mut self, zone: Zone) -> Self {
        self.zone = Some(zone);
        self
    }

    /// One address for every family that has none of its own.
    pub fn base_url(mut self, address: impl Into<String>) -> Self {
        self.base = Some(address.into());
        self
    }

    /// The address of one family.
    pub fn base_url_of(mut self, host: Host, address: impl Into<String>) -> Self {
        self.bases.insert(host, address.into());
        self
    }

    /// The path of one endpoint, by the endpoint's name: for paths whose letter case is not verified.
    pub fn path(mut self, endpoint: impl Into<String>, path: impl Into<String>) -> Self {
        self.paths.insert(endpoint.into(), path.into());
        self
    }

    /// The name of the key's header at one endpoint. Default `apiKey`; one page prints `api_key`.
    pub fn key_header(mut self, endpoint: impl Into<String>, header: impl Into<String>) -> Self {
        self.key_headers.insert(endpoint.into(), header.into());
        self
    }

    /// Another name for a field of one endpoint: for fields whose names no source gives.
    pub fn field_name(
        mut self,
        endpoint: impl Into<String>,
        field: impl Into<String>,
        name: impl Into<String>,
    ) -> Self {
        self.field_names.insert((endpoint.into(), field.into()), name.into());
        self
    }

    /// How often and how long to try. Default: three attempts within a minute.
    pub fn policy(mut self, policy: RetryPolicy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// How long calls wait for the published limits. Default: two seconds.
    pub fn patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// How long an answer may stay silent before it counts as lost. Default 30 s; reports
    /// [120 s](Self::report_silence).
    pub fn silence(mut self, limit: Duration) -> Self {
        self.limits.silence = limit;
        self
    }

    /// The same for reports.
    pub fn report_silence(mut self, limit: Duration) -> Self {
        self.limits.report_silence = limit;
        self
    }

    /// How long one answer may take in all, however steadily it drips, and before it each of the waits that are not
    /// for the published limit: for the token, and for what other programs hold of the shared state. Rows read as a
    /// stream are not bounded by it. Default 300 s.
    pub fn total(mut self, limit: Duration) -> Self {
        self.limits.total = limit;
        self
    }

    /// The largest answer that is read into memory, unpacked; decoded it may take four times as much. Default 10 MiB,
    /// some nine thousand rows of the CDR. Rows read as a stream are not bounded by it: see
    /// [`Call::stream`](crate::Call::stream).
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.limits.body = bytes;
        self
    }

    /// The largest row. Default 1 MiB.
    pub fn row_limit(mut self, bytes: usize) -> Self {
        self.limits.row = bytes;
        self
    }

    /// How long a token lives whose own expiry cannot be read. Default: 60 minutes.
    pub fn token_life(mut self, life: Duration) -> Self {
        self.limits.token_life = life;
        self
    }

    /// Credentials of your own; account, key and mode are then not used.
    pub fn credentials(mut self, credentials: Arc<dyn Credentials>) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Where the token is kept. Default: this process's memory.
    pub fn token_store(mut self, store: Arc<dyn TokenStore>) -> Self {
        self.token_store = Some(store);
        self
    }

    /// Another way to the network; the simulator and the test doubles are transports.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Settings of the built-in network stack, for REST and for the agent socket: connect time, extra roots, proxy.
    #[cfg(any(feature = "reqwest", feature = "ws"))]
    pub fn network(mut self, network: crate::core::transport::network::Network) -> Self {
        self.network = network;
        self
    }

    /// The limits' windows; share one between the clients of an account.
    pub fn pacer(mut self, pacer: Pacer) -> Self {
        self.pacer = pacer;
        self
    }

    /// The clock. Default: [`SystemClock`].
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Receives everything that happens to calls.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The client.
    ///
    /// # Errors
    /// The setting that is missing or cannot be parsed.
    pub fn build(self) -> Result<Client, Invalid> {
        let bases = self.addresses()?;
        let zone = match (self.zone, self.region) {
            (Some(zone), _) => zone,
            (None, Region::India) => Zone::india(),
            (None, Region::International) => {
                return Err(Invalid::new("timezone", "has to be set outside India"));
            }
        };
        let mut dial_plan =
            DialPlan::new(self.region).own(self.own_numbers).allowed(self.allowed_numbers);
        if let Some(countries) = self.countries {
            dial_plan = dial_plan.countries(countries);
        }
        dial_plan.check()?;
        let config = Arc::new(Config {
            dial_plan,
            zone,
            bases,
            paths: self.paths,
            key_headers: self.key_headers,
            field_names: self.field_names,
            policy: self.policy.unwrap_or_default(),
            patience: self.patience,
            limits: self.limits,
            #[cfg(feature = "ws")]
            network: self.network.clone(),
        });
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
        #[cfg(feature = "reqwest")]
        let transport = match self.transport {
            Some(transport) => transport,
            None => Arc::new(crate::core::transport::reqwest::Reqwest::new(&self.network)?),
        };
        #[cfg(not(feature = "reqwest"))]
        let transport = self
            .transport
            .ok_or(Invalid::new("transport", "has to be set: the feature reqwest is off"))?;
        let observer = self.observer.unwrap_or_else(|| Arc::new(NoopObserver));
        let core = |credentials: Arc<dyn Credentials>| {
            Arc::new(Core {
                config: Arc::clone(&config),
                transport: Arc::clone(&transport),
                credentials,
                pacer: self.pacer.clone(),
                clock: Arc::clone(&clock),
                observer: Arc::clone(&observer),
                addresses: Addresses::default(),
            })
        };
        if let Some(credentials) = self.credentials {
            return Ok(Client { core: core(credentials) });
        }
        if self.account.trim().is_empty() {
            return Err(Invalid::new("account", "is not set"));
        }
        if self.key.is_none() && self.kookoo_key.is_none() {
            return Err(Invalid::new("key", "is not set"));
        }
        let keys = Keys { user: self.account.into(), key: self.key, kookoo: self.kookoo_key };
        let with_key = core(Arc::new(keys.clone()));
        Ok(match self.mode {
            AuthMode::Key => Client { core: with_key },
            AuthMode::Token => {
                let store = self
                    .token_store
                    .unwrap_or_else(|| Arc::new(MemoryTokens::new(Arc::clone(&clock))));
                Client { core: core(TokenCache::new(keys, with_key, store)) }
            }
        })
    }

    /// Base addresses: a family's own, else the common one, else the region's published host.
    fn addresses(&self) -> Result<BTreeMap<Host, Url>, Invalid> {
        let mut bases = BTreeMap::new();
        for host in Host::ALL {
            let text = self
                .bases
                .get(&host)
                .or(self.base.as_ref())
                .map(String::as_str)
                .or(host.address(self.region));
            let Some(text) = text else { continue };
            let url = address(text)?;
            bases.insert(host, url);
        }
        Ok(bases)
    }
}

/// A base address. What is in front of an `@` or after a `?` may be a secret: such an address is not shown.
pub(super) fn address(text: &str) -> Result<Url, Invalid> {
    let url = Url::parse(text.trim()).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
    });
    url.ok_or_else(|| {
        let reason = "has to be an http or https address without user or query";
        let advice = if text.contains("://") { "" } else { "; add http:// or https://" };
        let invalid = Invalid::new("base_url", format!("{reason}{advice}"));
        if text.contains(['@', '?']) { invalid } else { invalid.showing(text) }
    })
}
