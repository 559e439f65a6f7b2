//! The client: settings, and one handle from which every API is reached.

mod builder;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::auth::Credentials;
use crate::call::Call;
use crate::clock::Clock;
use crate::endpoint::{Endpoint, Host, Spec};
use crate::error::{Error, ErrorKind, Reason};
use crate::observe::Observer;
use crate::pace::{Pacer, Patience};
use crate::phone::Region;
use crate::retry::Policy;
use crate::transport::Transport;
use crate::wire::{Day, Zone};
use crate::{
    agents, aht, auth, block_numbers, call_control, campaigns, cdr, dial, disposition, events,
    kookoo, leads, missed, phone_numbers, recording, summary, whatsapp,
};

pub use builder::ClientBuilder;

/// Settings of a client; see [`ClientBuilder`] for what each does.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) region: Region,
    pub(crate) zone: Zone,
    pub(crate) bases: BTreeMap<Host, Url>,
    pub(crate) paths: BTreeMap<String, String>,
    pub(crate) key_headers: BTreeMap<String, String>,
    pub(crate) field_names: BTreeMap<(String, String), String>,
    pub(crate) policy: Policy,
    pub(crate) patience: Patience,
    pub(crate) silence: Duration,
    pub(crate) report_silence: Duration,
    pub(crate) total: Duration,
    pub(crate) body_limit: usize,
    pub(crate) row_limit: usize,
    pub(crate) token_life: Duration,
    #[cfg(feature = "ws")]
    pub(crate) network: crate::transport::network::Network,
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
    /// A builder with the defaults.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Any endpoint by its request value: same credentials, limits and errors as the methods of the modules.
    pub fn call<E: Endpoint>(&self, request: E) -> Call<'_, E> {
        Call::new(self, Ok(request))
    }

    /// Tokens of the account.
    pub fn auth(&self) -> auth::Tokens<'_> {
        auth::Tokens(self)
    }

    /// Agents: log in and out, change state.
    pub fn agents(&self) -> agents::Agents<'_> {
        agents::Agents(self)
    }

    /// Manual dials.
    pub fn dial(&self) -> dial::Dial<'_> {
        dial::Dial(self)
    }

    /// Dispositions.
    pub fn disposition(&self) -> disposition::Dispositions<'_> {
        disposition::Dispositions(self)
    }

    /// Hold, mute, conference, transfer, kick.
    pub fn call_control(&self) -> call_control::CallControl<'_> {
        call_control::CallControl(self)
    }

    /// Pausing the recording of a call.
    pub fn recording(&self) -> recording::Recording<'_> {
        recording::Recording(self)
    }

    /// Abandoned calls.
    pub fn missed(&self) -> missed::Missed<'_> {
        missed::Missed(self)
    }

    /// Call-detail records.
    pub fn cdr(&self) -> cdr::Cdr<'_> {
        cdr::Cdr(self)
    }

    /// Agent state summary.
    pub fn summary(&self) -> summary::Summary<'_> {
        summary::Summary(self)
    }

    /// Average handling time.
    pub fn aht(&self) -> aht::Aht<'_> {
        aht::Aht(self)
    }

    /// Phone numbers of offline agents.
    pub fn phone_numbers(&self) -> phone_numbers::PhoneNumbers<'_> {
        phone_numbers::PhoneNumbers(self)
    }

    /// Campaigns: list, status, start and stop, create.
    pub fn campaigns(&self) -> campaigns::Campaigns<'_> {
        campaigns::Campaigns(self)
    }

    /// Leads of campaigns: add, schedule, delete.
    pub fn leads(&self) -> leads::Leads<'_> {
        leads::Leads(self)
    }

    /// Numbers whose calls are not taken.
    pub fn block_numbers(&self) -> block_numbers::BlockNumbers<'_> {
        block_numbers::BlockNumbers(self)
    }

    /// Calls placed over KooKoo.
    pub fn kookoo(&self) -> kookoo::outbound::Kookoo<'_> {
        kookoo::outbound::Kookoo(self)
    }

    /// WhatsApp template messages.
    pub fn whatsapp(&self) -> whatsapp::WhatsApp<'_> {
        whatsapp::WhatsApp(self)
    }

    /// Subscriptions to call and agent events.
    pub fn events(&self) -> events::Events<'_> {
        events::Events(self)
    }

    /// Endpoints whose pages carry a deprecation notice.
    #[cfg(feature = "legacy")]
    pub fn legacy(&self) -> crate::legacy::Legacy<'_> {
        crate::legacy::Legacy(self)
    }

    /// Proves key and mode with one cheap read: the account's dispositions. In token mode it uses the token at hand
    /// and asks for one only if there is none.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when key, account or mode are wrong, and what any call may fail with.
    pub async fn check(&self) -> Result<(), Error> {
        match self.disposition().list().await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::Refused => match error.reason() {
                Some(Reason::BadCredentials | Reason::TokenExpired) => Err(error.for_credentials()),
                Some(Reason::TooManyRequests) => Err(error),
                // Any other refusal was given to an account that the service knows.
                _ => Ok(()),
            },
            Err(error) => Err(error),
        }
    }

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
