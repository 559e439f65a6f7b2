//! The client: settings, and one handle from which every API is reached.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::core::clock::Clock;
use crate::core::credential::Credentials;
use crate::core::encode::Addresses;
use crate::core::endpoint::{Host, Spec};
use crate::core::observe::Observer;
use crate::core::pace::{Pacer, Patience};
use crate::core::retry::RetryPolicy;
use crate::core::transport::Transport;
use crate::types::phone::{DialPlan, Region};
use crate::types::wire::{Day, Zone};

/// Settings of a client; see [`ClientBuilder`] for what each does.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) dial_plan: DialPlan,
    pub(crate) zone: Zone,
    pub(crate) bases: BTreeMap<Host, Url>,
    pub(crate) paths: BTreeMap<String, String>,
    pub(crate) key_headers: BTreeMap<String, String>,
    pub(crate) field_names: BTreeMap<(String, String), String>,
    pub(crate) policy: RetryPolicy,
    pub(crate) patience: Patience,
    pub(crate) limits: AnswerLimits,
    #[cfg(feature = "ws")]
    pub(crate) network: crate::core::transport::network::Network,
}

/// How long and how large an answer may be; each is set, with its default, by the builder's method of its name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AnswerLimits {
    pub(crate) silence: Duration,
    pub(crate) report_silence: Duration,
    pub(crate) total: Duration,
    pub(crate) body: usize,
    pub(crate) row: usize,
    pub(crate) token_life: Duration,
}

impl Default for AnswerLimits {
    fn default() -> Self {
        Self {
            silence: Duration::from_secs(30),
            report_silence: Duration::from_secs(120),
            total: Duration::from_secs(300),
            body: 10 << 20,
            row: 1 << 20,
            token_life: Duration::from_secs(3600),
        }
    }
}

impl AnswerLimits {
    /// What an answer may take once it is decoded: rows as the service writes them take three to four times their
    /// bytes. The default keeps a client under 64 MiB whatever it is sent.
    pub(crate) fn decoded(&self) -> usize {
        self.body.saturating_mul(4)
    }
}

/// What every call runs on.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) config: Arc<Config>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) credentials: Arc<dyn Credentials>,
    pub(crate) pacer: Pacer,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) addresses: Addresses,
}

impl Core {
    /// How long an endpoint's answer may stay silent.
    pub(crate) fn silence(&self, spec: &Spec) -> Duration {
        let limits = &self.config.limits;
        if spec.rate.is_report() { limits.report_silence } else { limits.silence }
    }
}

/// A client of one account. Cheap to clone, `Send` and `Sync`; clones share token, limits and connections.
///
/// ```
/// # async fn run() -> Result<(), ozonetel_sdk::Error> {
/// // In a program: `Client::builder().account("acme_support").key("…").build()?`.
/// let sim = ozonetel_sim::Sim::start();
/// let client = sim.client();
/// client.check().await?;
/// let dispositions = client.disposition().list().await?;
/// assert!(dispositions.iter().any(|name| name.as_str() == "Follow Up"));
/// # Ok(()) }
/// # tokio::runtime::Runtime::new()?.block_on(run())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) core: Arc<Core>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("region", &self.region())
            .field("zone", &self.core.config.zone)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// The zone of the account's days and times.
    pub fn zone(&self) -> &Zone {
        &self.core.config.zone
    }

    /// The account's region.
    pub fn region(&self) -> Region {
        self.core.config.dial_plan.region()
    }

    /// Which numbers this client dials, and in which form.
    pub fn dial_plan(&self) -> &DialPlan {
        &self.core.config.dial_plan
    }

    /// Today in the account's zone.
    pub fn today(&self) -> Day {
        self.core.config.zone.day(self.core.clock.now())
    }

    /// The clock that this client uses.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.core.clock
    }
}
