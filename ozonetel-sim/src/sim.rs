//! A handle on a simulated service: to ask it in process, to serve it over a socket, and to look
//! at what it did.

mod control;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use ozonetel_sdk::auth::AuthMode;
use ozonetel_sdk::client::Clock;
use ozonetel_sdk::mdl::Token;
use serde_json::Value;
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, broadcast};
use tokio::time::Instant;

use crate::delivery_queue::{DeliveryResult, PushCounts};
use crate::faults::Fault;
use crate::request_log::{LogEntry, RequestLog};
use crate::response::FaultyResponse;
use crate::service::Service;
use crate::world::{
    ActionRefusal, ApplicationRequest, ApplicationSetup, CallIds, IvrInput, LegSide, PhoneAction,
    Push, Scenario, Setup, Timestamp, World, WorldEvent,
};

/// How many events a subscriber may be behind.
const EVENTS_BEHIND: usize = 1024;

/// How far the clock moves at once while others wait.
const SLICE: Duration = Duration::from_secs(600);

/// A simulated CloudAgent. Clones are handles on the same one.
///
/// ```
/// # ozonetel_sim::doc(async |_sim, _client| {
/// use ozonetel_sim::Sim;
/// let sim = Sim::builder().seed(7).build();
/// sim.change(|world| world.login("agent01", "secret", "")).map_err(|e| format!("{e:?}"))?;
/// let call = sim.inbound("918000000001", "9000000001").ok_or("no such DID")?;
/// sim.advance(std::time::Duration::from_secs(5)).await;
/// assert!(sim.world().call(call.ucid).is_some_and(|c| c.answered()));
/// # Ok(()) });
/// ```
#[derive(Clone)]
pub struct Sim {
    shared: Arc<SimShared>,
}

struct SimShared {
    state: Mutex<SimState>,
    /// Notified when something may be due sooner than expected.
    changed: Notify,
    events: broadcast::Sender<WorldEvent>,
    /// Notified when there is something new to send.
    posted: Notify,
}

struct SimState {
    service: Service,
    base: Timestamp,
    start: Instant,
    advanced: Duration,
    told: u64,
    /// Questions to applications that carriers know of.
    asked: u64,
}

impl SimState {
    fn now(&self) -> Timestamp {
        self.base.after(self.start.elapsed()).after(self.advanced)
    }
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim").field("now", &self.now()).finish_non_exhaustive()
    }
}

/// Settings of a [`Sim`].
#[derive(Debug, Default)]
#[must_use]
pub struct SimBuilder {
    setup: Setup,
    start: Option<Timestamp>,
    log: Option<PathBuf>,
}

impl SimBuilder {
    /// The account's authentication mode. Default: token.
    pub fn mode(mut self, mode: AuthMode) -> Self {
        self.setup.mode = mode;
        self
    }

    /// Seed of everything that is random.
    pub fn seed(mut self, seed: u64) -> Self {
        self.setup.seed = seed;
        self
    }

    /// Divides every time of telephone life ([`Setup::speed`]).
    pub fn speed(mut self, speed: f64) -> Self {
        self.setup.speed = speed;
        self
    }

    /// Legs wait for instructions.
    pub fn manual(mut self) -> Self {
        self.setup.manual = true;
        self
    }

    /// Takes what the documents and field reports say is refused.
    pub fn lax(mut self) -> Self {
        self.setup.lax = true;
        self
    }

    /// Rings an agent's softphone only in the browser that also has the agent's socket open.
    pub fn rings_browser_only(mut self) -> Self {
        self.setup.mdl.rings_browser_only = true;
        self
    }

    /// Enforces the documented separation of toolbar and offline agents.
    pub fn strict(mut self) -> Self {
        self.setup.strict = true;
        self
    }

    /// Where the clock starts. Default: the wall clock's time.
    pub fn starting_at(mut self, start: Timestamp) -> Self {
        self.start = Some(start);
        self
    }

    /// The account's callback URL: after each call its callback goes there. See
    /// [`Sim::take_pushes`].
    pub fn callback_url(mut self, url: impl Into<String>) -> Self {
        self.setup.push.callback_url = Some(url.into());
        self
    }

    /// Calls to this number are led by the application at this address. See
    /// [`Sim::set_application`].
    pub fn application(mut self, did: impl Into<String>, url: impl Into<String>) -> Self {
        let application = ApplicationSetup { did: did.into(), url: url.into() };
        self.setup.applications.push(application);
        self
    }

    /// Another world; settings made before are lost.
    pub fn setup(mut self, setup: Setup) -> Self {
        self.setup = setup;
        self
    }

    /// The world of a scenario; settings made before are lost, except a start the scenario leaves
    /// open.
    pub fn scenario(mut self, scenario: Scenario) -> Self {
        self.setup = scenario.setup;
        self.start = scenario.start.or(self.start);
        self
    }

    /// Appends every request, and then what came of it, to a file.
    pub fn log_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.log = Some(path.into());
        self
    }

    /// The simulator, without a log file.
    pub fn build(self) -> Sim {
        Sim::new(self.setup, self.start, RequestLog::default())
    }

    /// The simulator, with its log file opened.
    ///
    /// # Errors
    ///
    /// The file cannot be opened for appending.
    pub fn try_build(self) -> io::Result<Sim> {
        let log = self.log.as_deref().map(RequestLog::to_file).transpose()?.unwrap_or_default();
        Ok(Sim::new(self.setup, self.start, log))
    }
}

#[expect(clippy::disallowed_methods, reason = "where a clock starts that no one set")]
fn wall_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_ms(i64::try_from(since.as_millis()).unwrap_or(0))
}

impl Sim {
    /// The default world, from now on: account `acme_support`, key `test-key`, token mode, agents
    /// `agent01` to `agent05`.
    pub fn start() -> Self {
        Self::builder().build()
    }

    /// Settings first.
    pub fn builder() -> SimBuilder {
        SimBuilder::default()
    }

    fn new(setup: Setup, start: Option<Timestamp>, log: RequestLog) -> Self {
        let base = start.unwrap_or_else(wall_clock);
        let (events, _) = broadcast::channel(EVENTS_BEHIND);
        let service = Service::new(setup, base, log);
        let told = service.world.last_event();
        let state = SimState {
            service,
            base,
            start: Instant::now(),
            advanced: Duration::ZERO,
            told,
            asked: 0,
        };
        let (changed, posted) = (Notify::new(), Notify::new());
        let shared = SimShared { state: Mutex::new(state), changed, events, posted };
        Self { shared: Arc::new(shared) }
    }

    /// The state, brought up to now.
    fn lock(&self) -> LockedState<'_> {
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = state.now();
        state.service.world_mut().advance_to(now);
        let due = state.service.world.next_due();
        LockedState { state, due, shared: &self.shared }
    }

    /// The simulator's time.
    pub fn now(&self) -> Timestamp {
        self.lock().state.now()
    }

    /// Answers one request, as the transport and the server do.
    pub fn handle(&self, request: &http::Request<Bytes>) -> FaultyResponse {
        let mut up = self.lock();
        let now = up.state.now();
        up.state.service.handle(now, request)
    }

    /// Takes one token of an agent's socket without a socket: the fault that hits it, which is the caller's to carry
    /// out, and the reply. For a fault that does not let the token act, the reply is empty.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, _client| {
    /// use ozonetel_sdk::mdl::Token;
    /// let (fault, reply) = sim.socket_token(&Token::parse(r#"{"type":"ping","utid":7,"echo":true}"#)?);
    /// assert!(fault.is_none());
    /// assert_eq!(reply.utid().as_deref(), Some("7"));
    /// # Ok(()) });
    /// ```
    pub fn socket_token(&self, token: &Token) -> (Option<Fault>, Token) {
        self.token("/mdl", token)
    }

    /// Takes one token of an agent's socket: the fault that hits it, and the reply. For a fault
    /// that does not let it act, the reply is empty.
    pub(crate) fn token(&self, path: &str, token: &Token) -> (Option<Fault>, Token) {
        let mut up = self.lock();
        let now = up.state.now();
        up.state.service.token(now, path, token)
    }

    /// The world as it is now. What happens later does not change it, and nothing waits for it.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, _client| {
    /// let before = sim.world();
    /// sim.change(|world| world.login("agent01", "secret", "")).map_err(|e| format!("{e:?}"))?;
    /// let after = sim.world();
    /// assert!(before.agent("agent01").is_some_and(|agent| agent.login.is_none()));
    /// assert!(after.agent("agent01").is_some_and(|agent| agent.login.is_some()));
    /// # Ok(()) });
    /// ```
    pub fn world(&self) -> Arc<World> {
        Arc::clone(&self.lock().state.service.world)
    }

    /// Looks at the world without keeping it.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.lock().state.service.world)
    }

    /// Changes the world: what people and the service do in it. The closure must not use the simulator
    /// itself.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, _client| {
    /// let signed_in = sim.change(|world| world.login("agent01", "wrong", ""));
    /// assert!(signed_in.is_err());
    /// # Ok(()) });
    /// ```
    pub fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(self.lock().world())
    }

    /// The world as `/_sim/state` shows it.
    pub fn state(&self) -> Value {
        let mut up = self.lock();
        let service = &mut up.state.service;
        service.collect();
        let mut state = service.world.state_json();
        state["pushes"] = serde_json::to_value(service.push_counts()).unwrap_or_default();
        state
    }

    /// Takes what the service has sent until now, in the order in which it arrives: callbacks after
    /// calls, events while they are subscribed to. A server that is being served carries them
    /// itself and leaves none.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |_sim, _client| {
    /// use std::time::Duration;
    /// use ozonetel_sdk::push::PushReader;
    /// use ozonetel_sim::Sim;
    /// let sim = Sim::builder().callback_url("https://crm.example.test/hooks/call").build();
    /// sim.change(|world| world.login("agent01", "secret", "")).map_err(|e| format!("{e:?}"))?;
    /// let dialed = sim.client().dial().agent("agent01", "support_out", "9000000001").await?;
    /// sim.advance(Duration::from_secs(30)).await;
    /// assert!(sim.take_pushes().is_empty());
    /// sim.change(|world| world.disconnect(dialed.ucid().as_str()));
    /// // No disposition is set: the callback waits for the end of wrap-up.
    /// sim.advance(Duration::from_secs(120)).await;
    /// for push in sim.take_pushes() {
    ///     let delivery = PushReader::new().callbacks(push.query(), &push.body)?;
    ///     assert_eq!(delivery.items[0].wrap_up_exceeded(), Some(120));
    /// }
    /// # Ok(()) });
    /// ```
    pub fn take_pushes(&self) -> Vec<Push> {
        let mut taken = Vec::new();
        while let NextDelivery::Send(push, copies) = self.next_push(|_| false) {
            taken.extend(std::iter::repeat_n(push, copies));
        }
        taken
    }

    /// Every KooKoo application is this closure from now on, whatever its address: a question in, XML
    /// out, in no time. It must not use the simulator itself. Without it, a server asks over HTTP.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |_sim, _client| {
    /// use std::time::Duration;
    /// use ozonetel_sdk::kookoo::verb::{CollectDtmf, Hangup};
    /// use ozonetel_sdk::kookoo::{IvrResponse, IvrRequest, IvrStep};
    /// use ozonetel_sim::Sim;
    /// use ozonetel_sim::world::IvrInput;
    /// let sim = Sim::builder().application("918000000009", "https://ivr.example.test/").build();
    /// sim.set_application(|question| {
    ///     let step = IvrRequest::from_query(question.query()).unwrap_or_default().step();
    ///     let answer = match step {
    ///         IvrStep::NewCall => IvrResponse::new().then(CollectDtmf::new().max_digits(2).wait(9000)),
    ///         _ => IvrResponse::new().then(Hangup::new()),
    ///     };
    ///     answer.to_xml().unwrap_or_default()
    /// });
    /// let call = sim.inbound("918000000009", "9000000001").ok_or("no such DID")?;
    /// sim.ivr_input(call.ucid, IvrInput::Keys("42".into())).map_err(|e| format!("{e:?}"))?;
    /// let log = sim.world().ivr().get(call.ucid).map(|call| call.log.clone());
    /// assert_eq!(log.unwrap_or_default(), ["collectdtmf", "hangup"]);
    /// # Ok(()) });
    /// ```
    pub fn set_application(
        &self,
        application: impl FnMut(&ApplicationRequest) -> String + Send + 'static,
    ) {
        self.lock().world().set_application(Some(Box::new(application)));
    }

    /// Takes the oldest request that waits for its application.
    pub(crate) fn take_application_request(&self) -> Option<ApplicationRequest> {
        self.lock().world().take_application_request()
    }

    /// What people on a call with an application do.
    ///
    /// # Errors
    ///
    /// No such call is up, or nothing waits for this now.
    pub fn ivr_input(&self, sid: u64, input: IvrInput) -> Result<(), ActionRefusal> {
        self.lock().world().ivr_input(sid, input)
    }

    /// How many pushes met which fate.
    pub fn push_counts(&self) -> PushCounts {
        let mut up = self.lock();
        up.state.service.collect();
        up.state.service.push_counts()
    }

    /// The next push, of the addresses to which more may be sent now.
    pub(crate) fn next_push(&self, is_full: impl Fn(&str) -> bool) -> NextDelivery {
        let mut up = self.lock();
        let now = up.state.now();
        let service = &mut up.state.service;
        service.collect();
        match service.deliveries.next(now, is_full) {
            Some((push, copies)) => NextDelivery::Send(push, copies),
            None => NextDelivery::Wait(service.deliveries.next_due(now).map(|due| due.since(now))),
        }
    }

    /// Records the result of delivering a push.
    pub(crate) fn note_push(&self, fate: DeliveryResult) {
        self.lock().state.service.deliveries.note(fate);
    }

    /// Ends when there is something new to carry.
    pub(crate) fn posted(&self) -> Notified<'_> {
        self.shared.posted.notified()
    }

    /// A customer calls a DID. `None` when it belongs to no campaign.
    pub fn inbound(&self, did: &str, caller: &str) -> Option<CallIds> {
        self.lock().world().inbound(did, caller, None)
    }

    /// Makes a telephone of a live call do something.
    ///
    /// # Errors
    ///
    /// No live call has the id, or the leg cannot do this now.
    pub fn phone(
        &self,
        ucid: &str,
        side: LegSide,
        action: PhoneAction,
    ) -> Result<(), ActionRefusal> {
        self.lock().world().phone_action(ucid, side, action)
    }

    /// Moves the clock on, for everything: calls, tokens, rate windows.
    ///
    /// Long stretches pass in slices, so that other tasks are not kept waiting for all of it.
    ///
    /// # Cancel safety
    ///
    /// Dropped in between, the clock stays where it has come to.
    pub async fn advance(&self, by: Duration) {
        let mut left = by;
        while left > SLICE {
            self.skip(SLICE);
            left -= SLICE;
            tokio::task::yield_now().await;
        }
        self.skip(left);
        tokio::task::yield_now().await;
    }

    /// Moves the clock on and returns the new time.
    fn skip(&self, by: Duration) -> Timestamp {
        self.lock().state.advanced += by;
        self.shared.changed.notify_waiters();
        self.shared.posted.notify_waiters();
        self.now()
    }

    /// Lets requests go wrong. False when too many faults are waiting already, or this one could never hit
    /// anything ([`Fault::never_hits`]).
    pub fn fault(&self, fault: Fault) -> bool {
        self.lock().state.service.faults.add(fault)
    }

    /// How many faults wait for a request.
    pub fn faults_waiting(&self) -> usize {
        self.lock().state.service.faults.waiting()
    }

    /// What was asked, oldest first, secrets masked.
    pub fn requests(&self) -> Vec<LogEntry> {
        self.lock().state.service.log.entries().cloned().collect()
    }

    /// How many requests had this effect: `dial`, `disposition`, `token`, …. Those count too that the log no longer
    /// keeps.
    pub fn effects(&self, effect: &str) -> usize {
        self.lock().state.service.log.effects(effect)
    }

    /// World, clock, faults and log as at the beginning.
    pub fn reset(&self) {
        let mut up = self.lock();
        let state = &mut up.state;
        state.advanced = Duration::ZERO;
        state.start = Instant::now();
        let base = state.base;
        state.service.reset(base);
        state.told = state.service.world.last_event();
    }

    /// What happens from now on: ringing, answered, ended, agent states.
    pub fn subscribe(&self) -> broadcast::Receiver<WorldEvent> {
        self.shared.events.subscribe()
    }

    /// The simulator's clock, for a client.
    pub fn clock(&self) -> SimClock {
        SimClock(self.clone())
    }

    /// Lets things happen when they are due, for as long as it is polled: what a server needs
    /// whose subscribers wait without asking.
    pub async fn run(&self) {
        loop {
            let changed = self.shared.changed.notified();
            let wait = {
                let up = self.lock();
                let now = up.state.now();
                up.state.service.world.next_due().map(|due| due.since(now))
            };
            match wait {
                Some(wait) => {
                    tokio::select! {
                        () = tokio::time::sleep(wait.max(Duration::from_millis(1))) => {}
                        () = changed => {}
                    }
                }
                None => changed.await,
            }
        }
    }
}

/// What a carrier has to do next.
#[derive(Debug)]
pub(crate) enum NextDelivery {
    /// Send this, so many times at once.
    Send(Push, usize),
    /// Nothing until then, or until something new is posted.
    Wait(Option<Duration>),
}

/// The locked state. What happened meanwhile is published when the lock is released.
struct LockedState<'a> {
    state: MutexGuard<'a, SimState>,
    due: Option<Timestamp>,
    shared: &'a SimShared,
}

impl LockedState<'_> {
    fn world(&mut self) -> &mut World {
        self.state.service.world_mut()
    }
}

impl Drop for LockedState<'_> {
    fn drop(&mut self) {
        let last = self.state.service.world.last_event();
        if last > self.state.told {
            for event in self.state.service.world.events_since(self.state.told) {
                // Without subscribers nothing is sent.
                let _ = self.shared.events.send(event.clone());
            }
            self.state.told = last;
        }
        if self.state.service.world.next_due() != self.due {
            self.shared.changed.notify_waiters();
        }
        let before = self.state.service.deliveries.enqueued();
        self.state.service.collect();
        let asked = self.state.service.world.ivr().requests_made();
        if self.state.service.deliveries.enqueued() != before || self.state.asked != asked {
            self.state.asked = asked;
            self.shared.posted.notify_waiters();
        }
    }
}

/// The simulator's time as the SDK's clock.
#[derive(Clone, Debug)]
pub struct SimClock(Sim);

impl Clock for SimClock {
    fn now(&self) -> SystemTime {
        let ms = u64::try_from(self.0.now().unix_ms()).unwrap_or(0);
        UNIX_EPOCH + Duration::from_millis(ms)
    }
}
