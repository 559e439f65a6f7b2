//! The desk's state: a client, what is known of calls, the reports, the work under way.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ozonetel_sdk::Client;
use ozonetel_sdk::auth::Secret;
use ozonetel_sdk::types::PhoneNumber;
use ozonetel_sdk::types::{AgentId, CampaignName, Did, PhoneName, Ucid};

use crate::assist::{Assist, AssistSettings};
use crate::call_memory::{CallFacts, CallMemory};
use crate::core::disposition::DispositionTable;
use crate::core::message::{MessageTemplates, SmsFields};
use crate::core::retention::Retention;
use crate::core::worklist::ServiceLevels;
use crate::customers::{CustomerSettings, Customers};
use crate::epoch::epoch_ms;
use crate::events::EventHub;
use crate::flow::agent_lines::AgentSockets;
use crate::flow::calling::{Calling, CallingSettings};
use crate::flow::lead_names::LeadNames;
use crate::flow::push_address::Intake;
use crate::flow::state_sources::StateSources;
use crate::ops::trace::CallTraces;
use crate::ops::{Health, Life, Metrics};
use crate::people::{People, PeopleSettings};
use crate::ports::platform::{OwnTables, Platform, SharedReads};
use crate::problem::Problem;
use crate::records::{ReadMark, Records};
use crate::report::Reports;
use crate::store::Store;
use crate::tasks::Tasks;

/// Where the agent sockets are, and whose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentSocketSettings {
    /// The address: `ws` or `wss`. `{agent}` stands for the agent's login id.
    pub url: String,
    /// The account's name.
    pub account: String,
    /// Who opens the connections.
    pub holder: SocketHolder,
}

/// Who opens the agents' sockets. Which of them makes the INVITE reach the browser is not proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SocketHolder {
    /// This desk.
    #[default]
    Desk,
    /// The tab that owns the agent's phone; it carries the frames.
    Tab,
}

impl AgentSocketSettings {
    /// The address of one agent's socket.
    pub fn address_of(&self, agent: &AgentId) -> String {
        let agent: String =
            url::form_urlencoded::byte_serialize(agent.as_str().as_bytes()).collect();
        self.url.replace("{agent}", &agent)
    }
}

/// What the desk takes when a request does not say.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The desk's own agent.
    pub agent: Option<AgentId>,
    /// That agent's password.
    pub password: Option<Secret>,
    /// The number or SIP id that agent is called on.
    pub phone_number: Option<PhoneNumber>,
    /// The phone name of that number.
    pub phone_name: Option<PhoneName>,
    /// The campaign to dial on.
    pub campaign: Option<CampaignName>,
    /// The DID.
    pub did: Option<Did>,
    /// From a front end's codes to dispositions.
    pub dispositions: DispositionTable,
    /// Where the desk's figures and those of its client are counted.
    pub metrics: Metrics,
    /// Who is let in, and how.
    pub people: PeopleSettings,
    /// How calls are placed, answered and kept.
    pub calling: CallingSettings,
    /// How long who is on the worklist may wait.
    pub service_levels: ServiceLevels,
    /// The platform of leads and appointments; the desk's own tables without one.
    pub platform: Option<Arc<dyn Platform>>,
    /// For how long things are kept.
    pub retention: Retention,
    /// The account's WhatsApp templates.
    pub templates: MessageTemplates,
    /// The fields of an SMS; none can be sent without.
    pub sms_fields: Option<SmsFields>,
    /// Why agents may pause: no API of the service lists it.
    pub pause_reasons: Vec<String>,
    /// The agents' sockets; none without.
    pub agent_socket: Option<AgentSocketSettings>,
    /// Callers' profiles, and who rings agents for a voice assistant.
    pub customers: CustomerSettings,
    /// Who hears what is said in calls, and who is asked about it.
    pub assist: AssistSettings,
    /// Where this desk is reached from elsewhere: what the addresses begin with that the service sends to.
    pub public_url: Option<String>,
    /// The secret in the addresses that the service sends to; without one nothing is taken.
    pub webhook_secret: Option<Secret>,
}

/// The state behind all routes. Cheap to clone; clones share.
#[derive(Clone)]
pub struct Desk {
    shared: Arc<Shared>,
    store: Arc<dyn Store>,
}

struct Shared {
    client: Client,
    settings: Settings,
    /// The store for work that no one waits for.
    patient: Arc<dyn Store>,
    events: EventHub,
    life: Life,
    health: Health,
    people: People,
    platform: Arc<dyn Platform>,
    lead_names: LeadNames,
    calling: Calling,
    customers: Customers,
    assist: Assist,
    agent_sockets: AgentSockets,
    state_sources: StateSources,
    intake: Intake,
    memory: CallMemory,
    traces: CallTraces,
    reports: Reports,
    records: Records,
    tasks: Tasks,
    references: AtomicU32,
    /// Tells this desk's references from those of others on the same account.
    mark: String,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("client", &self.shared.client).finish_non_exhaustive()
    }
}

impl Desk {
    /// A desk on a client and a store. Call records are kept in memory: see [`with_records`](Self::with_records).
    pub fn new(client: Client, settings: Settings, store: Arc<dyn Store>) -> Self {
        let records = ozonetel_store::Store::in_memory(client.zone().clone());
        let records = Records::new(client.clone(), records);
        Self::with_records(client, settings, store, records)
    }

    /// The same with call records in a store of theirs.
    pub fn with_records(
        client: Client,
        settings: Settings,
        store: Arc<dyn Store>,
        records: Records,
    ) -> Self {
        let memory = CallMemory::default();
        let reports = Reports::new(client.clone());
        let (tasks, references) = (Tasks::default(), AtomicU32::new(0));
        let intake = Intake::new(settings.webhook_secret.clone(), settings.public_url.as_deref());
        let calling = Calling::new(settings.calling.clone());
        let customers = Customers::new(&settings.customers, &client);
        let assist = Assist::new(settings.assist.clone());
        let (events, life) = (EventHub::new(Arc::clone(&store)), Life::default());
        let clock = Arc::clone(client.clock());
        let people = People::new(Arc::clone(&store), clock, settings.people.clone());
        let platform = settings.platform.clone();
        let platform = platform.unwrap_or_else(|| Arc::new(OwnTables::new(Arc::clone(&store))));
        let platform = Arc::new(SharedReads::new(platform, Arc::clone(&store)));
        let patient = store.patient().unwrap_or_else(|| Arc::clone(&store));
        let shared = Shared {
            client,
            settings,
            patient,
            events,
            life,
            health: Health::default(),
            people,
            platform,
            lead_names: LeadNames::default(),
            calling,
            customers,
            assist,
            agent_sockets: AgentSockets::default(),
            state_sources: StateSources::default(),
            intake,
            memory,
            traces: CallTraces::default(),
            reports,
            records,
            tasks,
            references,
            mark: crate::chance::mark(),
        };
        Self { shared: Arc::new(shared), store }
    }

    /// The account's call records.
    pub fn records(&self) -> &Records {
        &self.shared.records
    }

    /// What is known of a call: by what went through this desk, else by its record.
    pub async fn known(&self, ucid: &Ucid) -> CallFacts {
        let known = self.shared.memory.of(ucid);
        let is_unread = known.unread_at.is_some() && known.unread_at == self.read_mark();
        if known.agent.is_some() && (known.did.is_some() || is_unread) {
            return known;
        }
        // Without a record there is nothing to add; a store that fails says so where it is needed.
        let Ok(Some(call)) = self.shared.records.store().call(ucid.as_str()).await else {
            return known;
        };
        for row in call.records().unwrap_or_default() {
            if row.ucid == Some(*ucid) {
                self.shared.memory.learn_row(&row);
            }
        }
        self.shared.memory.of(ucid)
    }

    /// This moment of the call records, if no other desk reads them: see [`CallFacts::unread_at`].
    pub fn read_mark(&self) -> Option<ReadMark> {
        if self.store.is_shared() { None } else { self.shared.records.mark() }
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.shared.client
    }

    /// The same desk for work that no one waits for: what it writes is committed with what others write.
    #[must_use]
    pub fn patient(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), store: Arc::clone(&self.shared.patient) }
    }

    /// What is kept.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// What happens, for those who watch.
    pub fn events(&self) -> &EventHub {
        &self.shared.events
    }

    /// From start to stop.
    pub fn life(&self) -> &Life {
        &self.shared.life
    }

    /// How the parts are.
    pub fn health(&self) -> &Health {
        &self.shared.health
    }

    /// What is measured.
    pub fn metrics(&self) -> &Metrics {
        &self.shared.settings.metrics
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// Now, in milliseconds since 1970.
    pub fn now(&self) -> i64 {
        epoch_ms(&**self.shared.client.clock())
    }

    /// Who is let in.
    pub fn people(&self) -> &People {
        &self.shared.people
    }

    /// Leads, appointments, finished calls.
    pub fn platform(&self) -> &Arc<dyn Platform> {
        &self.shared.platform
    }

    /// The leads of calls, where they are known without asking.
    pub fn lead_names(&self) -> &LeadNames {
        &self.shared.lead_names
    }

    /// What the flows of calls share.
    pub fn calling(&self) -> &Calling {
        &self.shared.calling
    }

    /// Callers' profiles, and who rings agents for a voice assistant.
    pub fn customers(&self) -> &Customers {
        &self.shared.customers
    }

    /// Live assist.
    pub fn assist(&self) -> &Assist {
        &self.shared.assist
    }

    /// The links to the agents' sockets.
    pub fn agent_sockets(&self) -> &AgentSockets {
        &self.shared.agent_sockets
    }

    /// Which sources would report a change of an agent's state.
    pub fn state_sources(&self) -> &StateSources {
        &self.shared.state_sources
    }

    /// What the service sends.
    pub fn intake(&self) -> &Intake {
        &self.shared.intake
    }

    /// What is known of calls.
    pub fn memory(&self) -> &CallMemory {
        &self.shared.memory
    }

    /// Which traces calls belong to.
    pub(crate) fn traces(&self) -> &CallTraces {
        &self.shared.traces
    }

    /// The reports.
    pub fn reports(&self) -> &Reports {
        &self.shared.reports
    }

    /// The work under way.
    pub fn tasks(&self) -> &Tasks {
        &self.shared.tasks
    }

    /// How long who is on the worklist may wait.
    pub fn service_levels(&self) -> ServiceLevels {
        self.shared.settings.service_levels
    }

    /// From a front end's codes to dispositions.
    pub fn dispositions(&self) -> &DispositionTable {
        &self.shared.settings.dispositions
    }

    /// Waits until everything under way is done, at most so long. Whether it is.
    pub async fn finish(&self, within: Duration) -> bool {
        self.shared.tasks.finish(within).await
    }

    /// The agent: as said, else as known, else the desk's own.
    ///
    /// # Errors
    /// A missing field.
    pub fn agent(&self, said: Option<AgentId>) -> Result<AgentId, Problem> {
        let said = said.filter(|id| !id.as_str().trim().is_empty());
        said.or_else(|| self.shared.settings.agent.clone())
            .ok_or_else(|| missing("agentId", "OZONETEL_AGENT_ID"))
    }

    /// The DID: as said or known, else the desk's.
    ///
    /// # Errors
    /// A missing field.
    pub fn did(&self, said: Option<Did>) -> Result<Did, Problem> {
        let said = said.filter(|did| !did.as_str().trim().is_empty());
        said.or_else(|| self.shared.settings.did.clone())
            .ok_or_else(|| missing("did", "OZONETEL_DID"))
    }

    /// The campaign to dial on.
    ///
    /// # Errors
    /// A missing field.
    pub fn campaign(&self, said: Option<CampaignName>) -> Result<CampaignName, Problem> {
        let said = said.filter(|name| !name.as_str().trim().is_empty());
        said.or_else(|| self.shared.settings.campaign.clone())
            .ok_or_else(|| missing("campaignName", "OZONETEL_CAMPAIGN"))
    }

    /// An agent's password. That of the desk's own agent is in the environment; no other is known.
    ///
    /// # Errors
    /// A missing field.
    pub fn password(&self, said: Option<Secret>, agent: &AgentId) -> Result<Secret, Problem> {
        said.filter(|secret| !secret.reveal().is_empty())
            .or_else(|| self.own(agent, self.shared.settings.password.as_ref()))
            .ok_or_else(|| {
                let set = self.shared.settings.password.is_some();
                self.missing_of_agent("password", "OZONETEL_AGENT_PASSWORD", set)
            })
    }

    /// The number an agent logs in with.
    ///
    /// # Errors
    /// A missing field.
    pub fn phone_number(
        &self,
        said: Option<PhoneNumber>,
        agent: &AgentId,
    ) -> Result<PhoneNumber, Problem> {
        said.filter(|number| !number.as_str().trim().is_empty())
            .or_else(|| self.own(agent, self.shared.settings.phone_number.as_ref()))
            .ok_or_else(|| {
                let set = self.shared.settings.phone_number.is_some();
                self.missing_of_agent("phoneNumber", "OZONETEL_SIP_ID", set)
            })
    }

    /// The phone name of an agent's number.
    pub fn phone_name(&self, said: Option<PhoneName>, agent: &AgentId) -> Option<PhoneName> {
        said.filter(|name| !name.as_str().trim().is_empty())
            .or_else(|| self.own(agent, self.shared.settings.phone_name.as_ref()))
    }

    /// The same where it has to be known.
    ///
    /// # Errors
    /// A missing field.
    pub fn needed_phone_name(&self, agent: &AgentId) -> Result<PhoneName, Problem> {
        self.phone_name(None, agent).ok_or_else(|| {
            let set = self.shared.settings.phone_name.is_some();
            let field = "agentPhoneName (which the agent's link may have)";
            self.missing_of_agent(field, "OZONETEL_PHONE_NAME", set)
        })
    }

    /// A setting of the desk's own agent; it says nothing about another agent.
    fn own<T: Clone>(&self, agent: &AgentId, value: Option<&T>) -> Option<T> {
        let own = self.shared.settings.agent.as_ref();
        value.filter(|_| own.is_none_or(|own| own.is_same_agent(agent))).cloned()
    }

    /// A missing field whose variable, if it is set, belongs to the desk's own agent.
    fn missing_of_agent(&self, field: &str, variable: &str, set: bool) -> Problem {
        match &self.shared.settings.agent {
            Some(own) if set => Problem::bad_request(format!(
                "{field} is missing: {variable} belongs to {} only",
                own.as_str()
            )),
            _ => missing(field, variable),
        }
    }

    /// A new reference for a dial: what it is found by when its outcome is unknown.
    pub fn reference(&self) -> String {
        let ms = self.now();
        let n = self.shared.references.fetch_add(1, Ordering::Relaxed);
        format!("desk-{ms:x}-{}-{n:x}", self.shared.mark)
    }
}

fn missing(field: &str, variable: &str) -> Problem {
    Problem::bad_request(format!("{field} is missing, and {variable} is not set"))
}
