//! The simulator as a server.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use ozonetel_sdk::auth::AuthMode;
use ozonetel_sim::Sim;
use ozonetel_sim::world::{Scenario, Timestamp, is_web_address};

/// How much of a message is shown: characters of a line, and lines.
const LINE: usize = 160;
const LINES: usize = 12;

/// Ozonetel CloudAgent, simulated. The first line on standard output says where it listens.
#[derive(Parser, Debug)]
#[command(name = "ozonetel-sim", version)]
struct Options {
    /// Address to listen on: 8090, localhost:8090 or 127.0.0.1:8090; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0", value_parser = address)]
    listen: SocketAddr,
    /// Seed of everything that is random.
    #[arg(long)]
    seed: Option<u64>,
    /// Divides every time of telephone life, also how long a lost softphone is waited for; never token life or rate
    /// windows.
    #[arg(long, value_parser = speed, allow_negative_numbers = true)]
    speed: Option<f64>,
    /// Authentication mode of the account [default: the scenario's, else token].
    #[arg(long, value_enum)]
    mode: Option<ModeName>,
    /// Your own world, in TOML.
    #[arg(long)]
    scenario: Option<PathBuf>,
    /// Appends requests and effects to a file, each before it is acted on or answered.
    #[arg(long)]
    log: Option<PathBuf>,
    /// Where the callback after each call goes.
    #[arg(long, value_parser = web_address)]
    callback_url: Option<String>,
    /// Legs wait for `/_sim/call`.
    #[arg(long)]
    manual: bool,
    /// Where the clock starts, RFC 3339 [default: now].
    #[arg(long, env = "OZONETEL_NOW", value_parser = moment)]
    now: Option<Timestamp>,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum ModeName {
    Token,
    Key,
}

/// An address of this machine: a port alone, or after `localhost` or an IP address.
fn address(text: &str) -> Result<SocketAddr, String> {
    let local = text.strip_prefix("localhost:").unwrap_or(text);
    let port = local.parse().map(|port: u16| SocketAddr::from(([127, 0, 0, 1], port)));
    port.ok()
        .or_else(|| text.parse().ok())
        .ok_or_else(|| "has to be an address such as 8090, localhost:8090 or 0.0.0.0:8090".into())
}

fn web_address(text: &str) -> Result<String, String> {
    let possible = text.is_empty() || is_web_address(text);
    let why = "has to be an http or https address without a user's name";
    if possible { Ok(text.to_owned()) } else { Err(why.into()) }
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "has to be a number".to_owned())?;
    let possible = (0.001..=10_000.0).contains(&speed);
    if possible { Ok(speed) } else { Err("has to be from 0.001 to 10000".into()) }
}

fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text)
        .ok_or_else(|| "has to be an RFC 3339 time such as 2026-11-21T09:30:00+05:30".into())
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(io::stderr)
        .init();
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ozonetel-sim: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    let Scenario { mut setup, start } = match &options.scenario {
        Some(path) => scenario(path).await?,
        None => Scenario::parse("")?,
    };
    setup.seed = options.seed.unwrap_or(setup.seed);
    setup.speed = options.speed.unwrap_or(setup.speed);
    setup.manual |= options.manual;
    setup.mode = match options.mode {
        Some(ModeName::Token) => AuthMode::Token,
        Some(ModeName::Key) => AuthMode::Key,
        None => setup.mode,
    };
    setup.push.callback_url = options.callback_url.or(setup.push.callback_url);
    // Before anyone can know that we are here.
    let stop = Stop::listen()?;
    let mut builder = Sim::builder().setup(setup);
    if let Some(start) = options.now.or(start) {
        builder = builder.starting_at(start);
    }
    let log = options.log.unwrap_or_default();
    if !log.as_os_str().is_empty() {
        builder = builder.log_file(&log);
    }
    let sim = builder
        .try_build()
        .map_err(|error| format!("the log file {} cannot be opened: {error}", log.display()))?;
    let listen = options.listen;
    let server = sim.serve_on(listen).await.map_err(|error| in_use(listen, &error))?;
    {
        let mut out = io::stdout().lock();
        writeln!(
            out,
            "{}",
            serde_json::json!({ "http": server.url(), "mdl": server.mdl_url(), "sip": server.sip_url() })
        )?;
        out.flush()?;
    }
    stop.asked().await?;
    server.stop().await;
    Ok(())
}

/// The scenario of a file.
async fn scenario(path: &Path) -> Result<Scenario, String> {
    let name = path.display();
    let text = tokio::fs::read_to_string(path)
        .await
        .map_err(|error| format!("the scenario file {name} cannot be read: {error}"))?;
    Scenario::parse(&text).map_err(|error| format!("{name}: {}", short(&error.to_string())))
}

/// A message whose lines, some of which are the file's own, fit a screen.
fn short(message: &str) -> String {
    let line = |line: &str| match line.char_indices().nth(LINE) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line.to_owned(),
    };
    message.lines().take(LINES).map(line).collect::<Vec<_>>().join("\n")
}

/// Why nothing listens on an address.
fn in_use(address: SocketAddr, error: &io::Error) -> String {
    let port = address.port();
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "{address} is in use by another program; --listen {} or --listen 0 takes another port",
            port.wrapping_add(1).max(1024)
        ),
        _ => format!("{address} cannot be listened on: {error}"),
    }
}

/// The requests to end, listened for from its creation on.
struct Stop {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Stop {
    #[cfg(unix)]
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self { interrupt, terminate: signal(SignalKind::terminate())? })
    }

    #[cfg(unix)]
    async fn asked(mut self) -> io::Result<()> {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        Ok(())
    }

    #[cfg(not(unix))]
    fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn asked(self) -> io::Result<()> {
        tokio::signal::ctrl_c().await
    }
}
