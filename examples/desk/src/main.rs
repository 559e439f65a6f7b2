//! Agent-desk backend: the binary. The one place that reads the environment.

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use clap::Parser as _;
use desk::config::{Config, FILE, StoreChoice, VARIABLES, explain, unread};
use desk::flow::demo::{add_demo_leads, add_demo_schedule, demo_templates};
use desk::flow::push_address::{Intake, PushKind};
use desk::flow::subscription;
use desk::ops::args::{Args, DeskTask};
use desk::ops::doctor::Inquiry;
use desk::ops::ending::{self, Misconfigured, cannot_listen, unusable, unusable_records};
use desk::ops::health::Condition;
use desk::ops::stores::{StoreUse, looked_at, named_store};
#[cfg(feature = "otel")]
use desk::ops::trace;
use desk::ops::{doctor, forget, supervisor, watch};
use desk::people::command::UserTask;
use desk::people::token::new_token;
use desk::records::{AudioSource, Records};
use desk::simulated::SimPhones;
use desk::simulated::stand_ins::StandIns;
use desk::store::backup::{self, BackupError, CopyProgress};
use desk::store::{Db, FileLock, Memory, Meta as _, Owner, Store, StoreError};
use desk::{AgentSocketSettings, Desk, Settings, app, guide, serve};
use mimalloc::MiMalloc;
use ozonetel_sdk::Client;
use ozonetel_sdk::auth::Secret;
use ozonetel_sdk::client::{Environment, Variables};
use ozonetel_sdk::error::Invalid;
use ozonetel_sdk::transport::reqwest::{Network, Reqwest};
use ozonetel_sim::Sim;
use ozonetel_store::StoreAddress;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
#[cfg(not(feature = "otel"))]
use tracing_subscriber::layer::Identity;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};
use uuid::Uuid;

/// A dial is some hundred allocations, many of which stay in a record: with the system's allocator they are a third of
/// its processor time, and with musl's more.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    match run(args.task.unwrap_or(DeskTask::Serve)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("desk: {error}");
            ending::code(&*error)
        }
    }
}

fn misread(invalid: &Invalid, variables: &dyn Variables) -> Misconfigured {
    Misconfigured(explain(invalid, variables))
}

async fn run(task: DeskTask) -> Result<(), Box<dyn Error>> {
    if task == DeskTask::Openapi {
        let text = serde_json::to_string_pretty(&desk::openapi())?;
        std::io::stdout().lock().write_all(text.as_bytes())?;
        return Ok(());
    }
    let known = |name: &str| VARIABLES.iter().any(|(known, _)| *known == name);
    Environment::process_variables(|name| known(name) || name.starts_with("OZONETEL_"))
        .map_err(|invalid| Misconfigured(invalid.to_string()))?;
    let variables = |name: &str| std::env::var(name).ok();
    let config = Config::read(&variables).map_err(|invalid| misread(&invalid, &variables))?;
    let config = config.named_after(&host());
    #[cfg(feature = "otel")]
    let traces = if task == DeskTask::Serve { config.traces.as_deref() } else { None };
    #[cfg(feature = "otel")]
    let (traces, exporting) = traces
        .map(trace::layer)
        .transpose()
        .map_err(|error| Misconfigured(error.to_string()))?
        .unzip();
    #[cfg(not(feature = "otel"))]
    let traces: Option<Identity> = None;
    log(config.log_is_json, traces);
    match task {
        DeskTask::Serve => {
            let served = serve_desk(config, &variables).await;
            #[cfg(feature = "otel")]
            if let Some(exporting) = exporting {
                exporting.end().await;
            }
            served
        }
        DeskTask::User { task } => manage_users(&config, &task).await,
        DeskTask::Openapi => Ok(()),
        DeskTask::Forget { number } => forget_number(&config, &number).await,
        DeskTask::Backup { file } => copy_store(&config, file, StoreCopy::Out).await,
        DeskTask::Restore { file } => copy_store(&config, file, StoreCopy::Back).await,
        DeskTask::Callback => print_callback(&config).await,
        DeskTask::Doctor { call, new_token } => {
            look(&config, &variables, call.as_deref(), new_token).await
        }
    }
}

/// What is said of variables that no setting reads, and of settings that do not go together.
fn remarks(config: &Config) -> Vec<String> {
    let mut remarks = unread(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()));
    remarks.extend(config.remarks());
    remarks
}

async fn serve_desk(config: Config, variables: &dyn Variables) -> Result<(), Box<dyn Error>> {
    for remark in remarks(&config) {
        tracing::warn!("{remark}");
    }
    // Before the first line is out, so that whoever reads it can end the process well.
    let (stop, hard) = serve::signals()?;
    let listener = TcpListener::bind(&config.listen)
        .await
        .map_err(|error| cannot_listen(&config.listen, &error))?;
    let starting = Starting { listener, stop: stop.clone(), started: CancellationToken::new() };
    let started = starting.started.clone();
    let serving = async {
        if config.is_simulated() {
            on_simulator(&config, variables, starting).await
        } else {
            on_account(&config, variables, starting).await
        }
    };
    tokio::select! {
        biased;
        served = serving => served,
        () = hard.cancelled() => {
            Err("stopped at once; what was under way has an unknown outcome".into())
        }
        () = supervisor::stopped_before(&started, &stop) => {
            tracing::info!("stopped before it served");
            Ok(())
        }
    }
}

/// What a desk starts with.
struct Starting {
    listener: TcpListener,
    stop: CancellationToken,
    /// Is cancelled when the desk begins to serve.
    started: CancellationToken,
}

impl Starting {
    async fn serve(self, app: Router, desk: Desk) -> std::io::Result<()> {
        supervisor::attend(desk.life());
        self.started.cancel();
        serve::serve(self.listener, app, desk, self.stop.cancelled_owned()).await
    }
}

async fn on_account(
    config: &Config,
    variables: &dyn Variables,
    starting: Starting,
) -> Result<(), Box<dyn Error>> {
    // Before a store is made: what is not set.
    config.account(memory()).map_err(|invalid| misread(&invalid, variables))?;
    let address = starting.listener.local_addr()?;
    let opened = opened(config).await?;
    let store = Arc::clone(&opened.store);
    let (client, mut settings) =
        config.account(Arc::clone(&store)).map_err(|invalid| misread(&invalid, variables))?;
    set_secret(&mut settings, &*store).await?;
    let first = json!({"http": format!("http://{address}"), "store": store.place()});
    let records = records(config, &client, &store.place()).await?;
    let desk = Desk::with_records(client.clone(), settings.clone(), store, records);
    let health = desk.health().clone();
    let looked = tokio::time::timeout(FIRST_LOOK, watch::look(&client, &settings, &health)).await;
    match looked {
        Ok(Err(failure)) if failure.of_credentials => {
            return Err(Misconfigured(failure.to_string()).into());
        }
        Ok(Err(failure)) => {
            tracing::warn!(%failure, "starting all the same; /readyz says when it is back");
        }
        Err(_) => tracing::warn!("the service does not answer; starting all the same"),
        Ok(Ok(_)) => {}
    }
    desk.life().spawn("account", |stop| watch::watch_account(client, settings, health, stop));
    let app = app(desk.clone())?;
    say(&first.to_string());
    say(&format!("\nThe calls are real{}.", config.unless_simulated()));
    // What is printed to no one stays in a log, and whoever reads the address can send what the service sends.
    match desk.intake().path(PushKind::Calls).filter(|_| std::io::stdout().is_terminal()) {
        Some(path) => {
            say(&format!("Callback URL for the console, after this desk's address: {path}"));
        }
        None => say("Callback URL for the console: `desk callback` prints it."),
    }
    offer_set_up(&desk, &format!("http://{address}")).await?;
    let events = doctor::subscription(desk.client(), desk.settings());
    if let Ok(events) = tokio::time::timeout(FIRST_LOOK, events).await
        && events.condition != Condition::Ok
    {
        say(&format!("\nEvents: {}.", events.text));
    }
    if let Some(phones) = doctor::phones(&**desk.store(), desk.settings()).await {
        say(&format!("\nPhones: {}.", phones.text));
    }
    let passwords = doctor::passwords(&**desk.store(), &desk.settings().people).await;
    if let Some(passwords) = passwords.filter(|found| found.condition != Condition::Ok) {
        say(&format!("\nPasswords: {}.", passwords.text));
    }
    let exposure = doctor::exposure(address.ip(), config.has_tls);
    if exposure.condition != Condition::Ok {
        say(&format!("\nThe desk is {}.", exposure.text));
    }
    Ok(starting.serve(app, desk).await?)
}

async fn on_simulator(
    config: &Config,
    variables: &dyn Variables,
    starting: Starting,
) -> Result<(), Box<dyn Error>> {
    let address = starting.listener.local_addr()?;
    let http = format!("http://{address}");
    let opened = opened(config).await?;
    let store = Arc::clone(&opened.store);
    let place = store.place();
    let simulated = config.simulated(opened.start).await;
    let (sim, client, mut settings) = simulated.map_err(|invalid| misread(&invalid, variables))?;
    set_secret(&mut settings, &*store).await?;
    let server = sim.serve().await?;
    let local = address.ip().is_loopback();
    settings.people.needs_administrator = !local;
    let records = records(config, &client, &place).await?;
    if let Some(holder) = config.socket_holder {
        let account = sim.world().setup().account.clone();
        let url = format!("{}?agentId={{agent}}", server.mdl_url());
        settings.agent_socket = Some(AgentSocketSettings { url, account, holder });
    }
    settings.calling.sip_host.get_or_insert_with(|| "sim.example.test".to_owned());
    settings.calling.sip_address.get_or_insert_with(|| server.sip_url());
    if local {
        settings.customers.demo = Some(Arc::new(SimPhones::new(sim.clone(), DEMO_DID)));
    }
    settings.public_url.get_or_insert_with(|| http.clone());
    if settings.templates.all().is_empty() {
        settings.templates = demo_templates();
    }
    let mut stand_ins = None;
    if local && config.sim_assist && !settings.assist.is_on() {
        let started = StandIns::start().await?;
        settings.assist = started.settings(&settings.assist)?;
        stand_ins = Some(started);
    }
    let desk = Desk::with_records(client, settings, store, records);
    let app = app(desk.clone())?;
    let mut first = json!({"http": http, "sim": server.url(), "store": place});
    if local {
        let token = desk.people().add_demo().await?;
        add_demo_leads(&desk).await?;
        add_demo_schedule(&desk).await?;
        first["token"] = token.reveal().into();
        if let Some(stand_ins) = &stand_ins {
            first["assist"] = stand_ins.url().into();
        }
        say(&first.to_string());
        say(&guide::text(&http, &server.url(), token.reveal()));
        if stand_ins.is_some() {
            say(guide::STAND_INS);
        }
    } else {
        if desk.people().has_demo().await? {
            let why = "the store has the demo users, whose password everyone knows";
            return Err(Misconfigured(format!("{why}; DESK_STORE names another file")).into());
        }
        say(&first.to_string());
        offer_set_up(&desk, &http).await?;
    }
    let exposure = doctor::exposure(address.ip(), config.has_tls);
    if exposure.condition != Condition::Ok {
        say(&format!("The desk is {}.", exposure.text));
    }
    wire(&sim, &desk, &http).await?;
    starting.serve(app, desk).await?;
    server.stop().await;
    Ok(())
}

/// Has the simulator send to the desk what the service sends.
async fn wire(sim: &Sim, desk: &Desk, http: &str) -> Result<(), Box<dyn Error>> {
    if let Some(path) = desk.intake().path(PushKind::Calls) {
        sim.change(|world| world.set_callback_url(None, Some(format!("{http}{path}"))));
        subscription::subscribe(desk).await.map_err(|problem| problem.message().to_owned())?;
    }
    Ok(())
}

/// The number that the simulator's callers call.
const DEMO_DID: &str = "918000000001";

/// How long the service may take to be looked at before the desk starts without it.
const FIRST_LOOK: Duration = Duration::from_secs(15);

/// `desk doctor`.
async fn look(
    config: &Config,
    variables: &dyn Variables,
    call: Option<&str>,
    asks_token: bool,
) -> Result<(), Box<dyn Error>> {
    let remarked = doctor::of_settings(&remarks(config));
    let explained = |invalid| {
        // A name that is not read may be why another one is missing.
        if let Some(remarked) = &remarked {
            say(&doctor::report(std::slice::from_ref(remarked)));
        }
        misread(&invalid, variables)
    };
    let looked_at = looked_at(config).await;
    let store = looked_at.as_ref().map_or_else(|_| memory(), Arc::clone);
    let _simulator;
    let (client, mut settings, kept) = if config.is_simulated() {
        say("OZONETEL_ACCOUNT is not set: this is about the simulator.\n");
        let (sim, client, settings) = config.simulated(1).await.map_err(explained)?;
        _simulator = sim;
        (client, settings, None)
    } else if asks_token {
        let (client, settings) = config.account(store).map_err(explained)?;
        (client, settings, None)
    } else {
        config.account_at_hand(store).map_err(explained)?
    };
    if settings.webhook_secret.is_none() {
        let secret = match &looked_at {
            Ok(store) => store.kept_webhook_secret().await?,
            Err(_) => None,
        };
        // One that is not there yet is made by the first start: until then no address has it.
        let new = || new_token("").map(|(new, _)| new);
        settings.webhook_secret = Some(secret.map_or_else(new, Ok)?);
    }
    let inquiry = Inquiry { client: &client, settings: &settings, kept: kept.as_deref() };
    let mut findings = match looked_at {
        Ok(store) => doctor::examine(&*store, &config.owner(), inquiry).await,
        Err(finding) => doctor::without_store(finding, &config.owner(), inquiry).await,
    };
    findings.extend(remarked);
    if let Ok(address) = config.listen.parse::<SocketAddr>() {
        findings.push(doctor::exposure(address.ip(), config.has_tls));
    }
    if let Some(number) = call {
        let reference = format!("doctor-{}", Uuid::now_v7().simple());
        findings.push(doctor::call(inquiry, number, &reference).await);
    }
    say(&doctor::report(&findings));
    match findings.iter().map(|finding| finding.condition).max() {
        Some(Condition::Down) => Err("something has to be put right first".into()),
        _ => Ok(()),
    }
}

fn memory() -> Arc<dyn Store> {
    Arc::new(Memory::new())
}

/// Logs to standard error, and sends traces where they are asked for.
fn log(json: bool, traces: Option<impl Layer<Registry> + Send + Sync>) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn,desk=info".into());
    // At its finest level it writes what is sent and received: keys, and what was said.
    let filter = match "tungstenite=info".parse() {
        Ok(directive) => filter.add_directive(directive),
        Err(_) => filter,
    };
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let log = if json {
        let log = log.json().flatten_event(true).with_current_span(true).with_span_list(false);
        log.with_filter(filter).boxed()
    } else {
        log.with_ansi(std::io::stderr().is_terminal()).with_filter(filter).boxed()
    };
    let layers: Vec<_> = std::iter::once(log).chain(traces.map(Layer::boxed)).collect();
    tracing_subscriber::registry().with(layers).init();
}

/// A store to serve from.
struct Opened {
    store: Arc<dyn Store>,
    /// How often it has been opened, this time included.
    start: u64,
    _lock: Option<FileLock>,
}

/// `desk user`. A desk may run on the same store: it sees what changed within seconds.
async fn manage_users(config: &Config, task: &UserTask) -> Result<(), Box<dyn Error>> {
    let using = match task {
        UserTask::Add { .. } => StoreUse::Make,
        _ => StoreUse::Existing,
    };
    let store = named_store(config, using).await?;
    let mut ask = |prompt: &str| {
        if std::io::stdin().is_terminal() {
            return rpassword::prompt_password(prompt).map(Secret::from);
        }
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        Ok(Secret::from(line.trim_end_matches(['\r', '\n'])))
    };
    let done = task.run(&config.people(Arc::new(store.clone())), &mut ask).await;
    store.close().await;
    say(&done?);
    Ok(())
}

/// `desk forget`.
async fn forget_number(config: &Config, number: &str) -> Result<(), Box<dyn Error>> {
    let store = named_store(config, StoreUse::Existing).await?;
    let at = config.people(Arc::new(store.clone())).now();
    let profiles = config.profiles();
    let done = forget::forget(&store, profiles, number, at).await;
    store.close().await;
    say(&done?);
    Ok(())
}

/// Which way a store is copied.
#[derive(Clone, Copy)]
enum StoreCopy {
    Out,
    Back,
}

/// `desk backup` and `desk restore`.
async fn copy_store(config: &Config, file: PathBuf, way: StoreCopy) -> Result<(), Box<dyn Error>> {
    let store = match &config.store {
        StoreChoice::File(store) => store.clone(),
        StoreChoice::Postgres(_) => {
            return Err("PostgreSQL has programs for this: pg_dump and pg_restore".into());
        }
        StoreChoice::Fresh => return Err("DESK_STORE has to name the store".into()),
    };
    let owner = config.owner();
    let place = match way {
        StoreCopy::Out => file.display().to_string(),
        StoreCopy::Back => store.display().to_string(),
    };
    let (stop, _) = serve::signals()?;
    let (done, mut copied) = tokio::sync::oneshot::channel();
    let progress = Arc::new(CopyProgress::default());
    let own = Arc::clone(&progress);
    // A thread that the end of the process does not wait for.
    std::thread::spawn(move || {
        let copied = match way {
            StoreCopy::Out => backup::back_up(&store, &file, &own),
            StoreCopy::Back => backup::restore(&file, &store, &owner, &own),
        };
        // Whoever was stopped waits no more.
        let _ = done.send(copied);
    });
    let contents = tokio::select! {
        biased;
        copied = &mut copied => copied??,
        () = stop.cancelled() => {
            if progress.abandon() {
                return Err(BackupError::Stopped.into());
            }
            // It is there already, and is on disk in a moment.
            copied.await??
        }
    };
    say(&format!("{place}: {contents}"));
    say(
        "Agents' passwords in it are sealed: the key (DESK_KEY_FILE) is kept apart and needed too.",
    );
    Ok(())
}

/// `desk callback`.
async fn print_callback(config: &Config) -> Result<(), Box<dyn Error>> {
    let mut settings = config.settings().clone();
    if settings.webhook_secret.is_none() {
        let store = named_store(config, StoreUse::Existing).await?;
        settings.webhook_secret = store.kept_webhook_secret().await?;
        store.close().await;
    }
    let intake = Intake::new(settings.webhook_secret, settings.public_url.as_deref());
    let path = intake.path(PushKind::Calls);
    match intake.address(PushKind::Calls) {
        Some(address) => say(address.as_str()),
        None => say(&path.ok_or("the store has no secret yet; the desk makes one when it starts")?),
    }
    Ok(())
}

/// Prints the link with which the first administrator is made, if there is none.
async fn offer_set_up(desk: &Desk, http: &str) -> Result<(), Box<dyn Error>> {
    if desk.people().is_set_up().await? {
        return Ok(());
    }
    let link = desk.people().offer_setup().await?;
    say(&guide::set_up(http, link.reveal()));
    Ok(())
}

/// The store, taken for the account or the simulator, and how often that happened.
async fn opened(config: &Config) -> Result<Opened, Box<dyn Error>> {
    let mut lock = None;
    let store = match &config.store {
        StoreChoice::File(file) => {
            lock = Some(FileLock::take(file).map_err(unusable)?);
            Db::sqlite(file).await.map_err(unusable)?
        }
        StoreChoice::Fresh => Db::sqlite(&fresh()?).await?,
        StoreChoice::Postgres(url) => Db::postgres(url.reveal()).await.map_err(unusable)?,
    };
    let start = store.take_for(&config.owner()).await.map_err(|error| match error {
        StoreError::Foreign { .. } => {
            Misconfigured(format!("{}: {error}; DESK_STORE names another file", store.place()))
                .into()
        }
        other => unusable(other),
    })?;
    Ok(Opened { store: Arc::new(store), start, _lock: lock })
}

/// Where no variable names the secret in the addresses that the service is given, it is the store's own: a call that is
/// under way when the desk stops asks the next one.
async fn set_secret(settings: &mut Settings, store: &dyn Store) -> Result<(), Box<dyn Error>> {
    if settings.webhook_secret.is_none() {
        let (new, _) = new_token("")?;
        settings.webhook_secret = Some(store.webhook_secret(new).await?);
    }
    Ok(())
}

/// The call records, in tables of their own in the same database.
async fn records(config: &Config, client: &Client, place: &str) -> Result<Records, Box<dyn Error>> {
    let address = match &config.store {
        StoreChoice::Postgres(url) => url.reveal().parse()?,
        StoreChoice::File(_) | StoreChoice::Fresh => StoreAddress::Sqlite(place.into()),
    };
    // The simulator's world has just begun: what came before today was never there.
    let (account, settings) = match config.owner() {
        Owner::Account(name) => (name, Records::settings()),
        Owner::Simulator => (Owner::Simulator.to_string(), Records::settings().back_fill(0)),
    };
    let opened = ozonetel_store::Store::open(&address, &account, client.zone().clone()).await;
    let store = opened.map_err(unusable_records)?;
    let transport = Arc::new(Reqwest::new(&Network::default())?);
    let source = AudioSource { transport, hosts: config.recording_hosts.clone() };
    Ok(Records::with(client.clone(), store, settings).fetching(source))
}

/// The name of this machine; of one that does not say, a new one.
fn host() -> String {
    let said = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let said =
        said.or_else(|| std::env::var("HOSTNAME").ok()).filter(|name| !name.trim().is_empty());
    said.unwrap_or_else(|| Uuid::now_v7().simple().to_string())
}

/// A file that is not there yet.
fn fresh() -> std::io::Result<PathBuf> {
    let folder = tempfile::Builder::new().prefix("desk-").tempdir()?.keep();
    Ok(folder.join(FILE))
}

/// Prints; a reader who has gone away is not a reason to stop serving.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
