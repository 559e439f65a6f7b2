//! The client: settings, and one handle from which every API is reached.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::core::clock::Clock;
use crate::core::credential::Credentials;
use crate::core::endpoint::{Host, Spec};
use crate::core::observe::Observer;
use crate::core::pace::{Pacer, Patience};
use crate::core::retry::RetryPolicy;
use crate::core::transport::Transport;
use crate::types::phone::Region;
use crate::types::wire::{Day, Zone};

/// Settings of a client; see [`ClientBuilder`] for what each does.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) region: Region,
    pub(crate) zone: Zone,
    pub(crate) bases: BTreeMap<Host, Url>,
    pub(crate) paths: BTreeMap<String, String>,
    pub(crate) key_headers: BTreeMap<String, String>,
    pub(crate) field_names: BTreeMap<(String, String), String>,
    pub(crate) policy: RetryPolicy,
    pub(crate) patience: Patience,
    pub(crate) silence: Duration,
    pub(crate) report_silence: Duration,
    pub(crate) total: Duration,
    pub(crate) body_limit: usize,
    pub(crate) row_limit: usize,
    pub(crate) token_life: Duration,
    #[cfg(feature = "ws")]
    pub(crate) network: crate::core::transport::network::Network,
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
}

impl Core {
    /// How long an endpoint's answer may stay silent.
    pub(crate) fn silence(&self, spec: &Spec) -> Duration {
        if spec.rate.is_report() { self.config.report_silence } else { self.config.silence }
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
            .field("region", &self.core.config.region)
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
        self.core.config.region
    }

    /// Today in the account's zone.
    pub fn today(&self) -> Day {
        self.core.config.zone.day(self.core.clock.now())
    }

    /// The clock that this client goes by.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.core.clock
    }
}
