//! The desks on one store, and what is asked of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use desk::core::caller::Role;
use desk::flow::calling::CallingSettings;
use desk::people::token::new_id;
use desk::ports::account_state::SharedAccount;
use desk::records::Records;
use desk::store::audit::AuditRow;
use desk::store::sessions::ApiToken;
use desk::store::{Memory, Store};
use desk::{Desk, Settings, app};
use http::{Method, Request, header};
use ozonetel_sdk::client::RetryPolicy;
use ozonetel_sdk::phone_call::AutoAnswer;
use ozonetel_sim::Sim;
use serde_json::Value;
use tokio::time::Instant;
use tower::ServiceExt as _;

use crate::chance::Chance;
use crate::log::{Log, LongWait};
use crate::network::Network;
use crate::process::{Process, SharedStore};
use crate::story::{Story, Weather};

/// The secret in the addresses that the service sends to.
pub(crate) const SECRET: &str = "a-secret-of-the-seeds";

/// The number that customers call, and see.
pub(crate) const DID: &str = "918000000001";

/// The longest that a request may take: a command is waited for a minute, and a little for what is before and after it.
const LONGEST: Duration = Duration::from_secs(75);

/// A running desk.
#[derive(Clone)]
struct Running {
    process: Arc<Process>,
    desk: Desk,
    app: Router,
}

/// All desks, the store and the service.
pub(crate) struct Desks {
    pub(crate) sim: Sim,
    pub(crate) memory: Memory,
    pub(crate) log: Arc<Log>,
    pub(crate) shared: Arc<SharedStore>,
    pub(crate) story: Story,
    records: ozonetel_store::Store,
    running: Mutex<Vec<Option<Running>>>,
    started: Mutex<u64>,
    tokens: Mutex<Vec<String>>,
    healed: Mutex<bool>,
    /// Desks that die when they are next told how a call went: after how many points, and for how long.
    armed: Mutex<BTreeMap<usize, (u64, u64)>>,
}

/// What a request was answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) json: Value,
}

impl Desks {
    pub(crate) fn new(story: &Story, sim: Sim) -> Arc<Self> {
        let records = ozonetel_store::Store::in_memory(sim.client().zone().clone());
        Arc::new(Self {
            memory: Memory::new(),
            log: Arc::default(),
            shared: Arc::default(),
            story: story.clone(),
            records,
            running: Mutex::new((0..story.desks).map(|_| None).collect()),
            started: Mutex::default(),
            tokens: Mutex::default(),
            healed: Mutex::default(),
            armed: Mutex::default(),
            sim,
        })
    }

    /// Starts a desk. One that was there before is dead.
    pub(crate) fn start(&self, number: usize) {
        let count = {
            let mut started = lock(&self.started);
            *started += 1;
            *started
        };
        let weather = if *lock(&self.healed) { Weather::CALM } else { self.story.weather };
        let chance = Chance::of(self.story.seed, ("process", count));
        let process = Process::new(chance, weather, Arc::clone(&self.shared));
        let is_shared = self.story.desks > 1;
        let way: Arc<dyn desk::store::memory::Interference> = Arc::<Process>::clone(&process);
        let store: Arc<dyn Store> = Arc::new(self.memory.by_way_of(way, is_shared));
        let network = Network {
            sim: self.sim.clone(),
            service: self.sim.transport(),
            process: Arc::clone(&process),
            log: Arc::clone(&self.log),
        };
        let clock = Arc::new(self.sim.clock());
        let key = self.sim.world().setup().key.as_str().into();
        let account = SharedAccount::new(Arc::clone(&store), clock, &key);
        let policy = RetryPolicy { seed: self.story.seed, ..RetryPolicy::default() };
        let client = self
            .sim
            .client_builder()
            .transport(Arc::new(network))
            .pacer(account.pacer())
            .token_store(Arc::new(account))
            .policy(policy)
            .build();
        let Ok(client) = client else { return self.violation("no client".to_owned()) };
        let records = self.records.clone();
        let records = Records::with(
            client.clone(),
            records,
            Records::settings().back_fill(self.story.back_fill),
        );
        let desk = Desk::with_records(client, settings(number), store, records);
        match app(desk.clone()) {
            Ok(app) => {
                desk::serve::start_work(&desk);
                tokio::spawn(bury(Arc::clone(&process), desk.clone()));
                if let Some(place) = lock(&self.running).get_mut(number) {
                    *place = Some(Running { process, desk, app });
                }
            }
            Err(error) => self.violation(format!("the desk does not start: {error}")),
        }
    }

    pub(crate) fn violation(&self, text: String) {
        self.log.note(|seen| seen.violations.push(text));
    }

    fn running(&self, number: usize) -> Option<Running> {
        let running = lock(&self.running).get(number).cloned().flatten()?;
        (!running.process.died().is_cancelled()).then_some(running)
    }

    /// The process of a desk that runs.
    pub(crate) fn process(&self, number: usize) -> Option<Arc<Process>> {
        self.running(number).map(|running| running.process)
    }

    /// A desk dies when it is next told how a call went.
    pub(crate) fn arm(&self, desk: usize, how: (u64, u64)) {
        lock(&self.armed).insert(desk, how);
    }

    /// How it dies, if it is to die now.
    pub(crate) fn armed(&self, desk: usize) -> Option<(u64, u64)> {
        lock(&self.armed).remove(&desk)
    }

    /// Nothing goes wrong any more; who is dead is started.
    pub(crate) fn heal(&self) {
        *lock(&self.healed) = true;
        lock(&self.armed).clear();
        self.shared.away_for(Duration::ZERO);
        for number in 0..self.story.desks {
            match self.process(number) {
                Some(process) => process.heal(),
                None => self.start(number),
            }
        }
    }

    /// Whether a desk waits for an answer of the service.
    pub(crate) fn wait_for_service(&self) -> bool {
        (0..self.story.desks)
            .filter_map(|number| self.process(number))
            .any(|process| process.waits_for_service())
    }

    /// Whether the report was read since the last call ended, and had all of each: for an hour it is not where the service
    /// said that a limit was used up.
    pub(crate) async fn have_read_all(&self) -> bool {
        let world = self.sim.world();
        let ends: Option<Vec<i64>> = world.calls().iter().map(|call| call.ended).collect();
        let Some(last) = ends.map(|ends| ends.into_iter().max().unwrap_or(0)) else { return false };
        let today = self.sim.client().today();
        let read = self.records.days(today, today).await.unwrap_or_default();
        read.iter()
            .filter_map(|day| day.read)
            .any(|read| read.unfinished == 0 && i64::try_from(read.at).is_ok_and(|at| at > last))
    }

    /// Whether work in the background has ended by itself.
    pub(crate) fn has_failed(&self) -> bool {
        for number in 0..self.story.desks {
            let Some(running) = self.running(number) else { continue };
            let life = running.desk.life().clone();
            if futures_util::FutureExt::now_or_never(life.failed()).is_some() {
                return true;
            }
        }
        false
    }

    /// Whose token is the supervisor's: the one after the agents'.
    pub(crate) fn supervisor(&self) -> usize {
        self.story.agents
    }

    /// Gives each agent a token, and a supervisor who looks after all of them.
    pub(crate) async fn let_people_in(&self) {
        let Some(running) = self.running(0) else { return };
        for person in 0..=self.supervisor() {
            let is_agent = person < self.supervisor();
            let token = ApiToken {
                id: new_id(),
                name: "seeds".into(),
                role: if is_agent { Role::Agent } else { Role::Administrator },
                agents: is_agent.then(|| agent_id(person).as_str().into()).into_iter().collect(),
                made_by: "seeds".into(),
                made_at: 0,
                ends_at: None,
                seen_at: None,
            };
            let row = AuditRow::of_desk(0, "token.add", "token:seeds");
            let people = desk::people::People::new(
                Arc::new(self.memory.clone()),
                Arc::clone(running.desk.client().clock()),
                desk::people::PeopleSettings::default(),
            );
            match people.add_token(token, row).await {
                Ok(token) => lock(&self.tokens).push(token.reveal().to_owned()),
                Err(problem) => self.violation(format!("no token: {problem:?}")),
            }
        }
    }

    /// Asks a desk for something on behalf of an agent or of the supervisor. `None`: no answer came.
    pub(crate) async fn ask(
        &self,
        number: usize,
        person: usize,
        (path, key): (&str, Option<&str>),
        body: &Value,
    ) -> Option<Answer> {
        let token = lock(&self.tokens).get(person).cloned().unwrap_or_default();
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        self.send(number, request.body(Body::from(body.to_string())).ok()?).await
    }

    /// Sends a request to a desk. `None`: it is not there, or dies before it has answered.
    pub(crate) async fn send(&self, number: usize, request: Request<Body>) -> Option<Answer> {
        let running = self.running(number)?;
        let what = format!("{} {}", request.method(), request.uri().path());
        let begun = Instant::now();
        self.log.note(|seen| seen.requests += 1);
        let answered = async {
            let response = running.app.clone().oneshot(request).await.ok()?;
            let status = response.status().as_u16();
            let bytes = to_bytes(response.into_body(), 1 << 20).await.ok()?;
            Some(Answer { status, json: serde_json::from_slice(&bytes).unwrap_or_default() })
        };
        let answer = tokio::select! {
            biased;
            () = running.process.died().cancelled() => None,
            answer = answered => answer,
        };
        let took = begun.elapsed();
        if took > LONGEST {
            self.log.note(|seen| seen.long_waits.push(LongWait { what, took }));
        }
        answer
    }
}

/// Ends the work of a desk that has died: what it waits for without the service and its store, a time say, still comes, and
/// the store of the call records would take what it has to say then.
async fn bury(process: Arc<Process>, desk: Desk) {
    process.died().cancelled().await;
    desk.life().stop_work(Duration::ZERO).await;
}

fn lock<T>(place: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The login id of an agent.
pub(crate) fn agent_id(agent: usize) -> String {
    format!("agent{:02}", agent + 1)
}

fn settings(number: usize) -> Settings {
    Settings {
        campaign: Some("support_out".into()),
        phone_name: Some("agent".into()),
        did: Some(DID.into()),
        webhook_secret: Some(SECRET.into()),
        calling: CallingSettings {
            auto_answer: AutoAnswer::Outbound,
            holder: Some(format!("desk-{number}")),
            ..CallingSettings::default()
        },
        ..Settings::default()
    }
}
