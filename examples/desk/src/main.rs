//! Agent-desk backend: the binary. The one place that reads the environment.

use std::error::Error;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use desk::config::{Config, FILE, StoreChoice, explain};
use desk::ops::args::{Args, DeskTask};
use desk::store::{Db, Meta as _, Store};
use desk::{Desk, app, guide, serve};
use ozonetel_sdk::client::Variables;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    match run(args.task.unwrap_or(DeskTask::Serve)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("desk: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(task: DeskTask) -> Result<(), Box<dyn Error>> {
    let variables = |name: &str| std::env::var(name).ok();
    let config = Config::read(&variables).map_err(|invalid| explain(&invalid, &variables))?;
    log(config.log_is_json);
    match task {
        DeskTask::Serve => serve_desk(config, &variables).await,
    }
}

async fn serve_desk(config: Config, variables: &dyn Variables) -> Result<(), Box<dyn Error>> {
    let explained = |invalid| explain(&invalid, variables);
    // Before the first line is out, so that whoever reads it can end the process well.
    let (stop, hard) = serve::signals()?;
    let stop = async move { stop.cancelled().await };
    let listener = TcpListener::bind(&config.listen)
        .await
        .map_err(|error| cannot_listen(&config.listen, &error))?;
    let http = format!("http://{}", listener.local_addr()?);
    let (store, start) = opened(&config).await?;
    let place = store.place();
    let served = async {
        if !config.is_simulated() {
            let (client, settings) = config.account().map_err(explained)?;
            let desk = Desk::new(client, settings, store);
            say(&serde_json::json!({"http": http, "store": place}).to_string());
            say("\nThe calls are real.");
            return Ok(serve::serve(listener, app(desk.clone()), desk, stop).await?);
        }
        let (sim, client, settings) = config.simulated(start).await.map_err(explained)?;
        let server = sim.serve().await?;
        let desk = Desk::new(client, settings, store);
        say(&serde_json::json!({"http": http, "sim": server.url(), "store": place}).to_string());
        say(&guide::text(&http, &server.url()));
        serve::serve(listener, app(desk.clone()), desk, stop).await?;
        server.stop().await;
        Ok(())
    };
    tokio::select! {
        served = served => served,
        () = hard.cancelled() => Err("stopped at once; what was under way has an unknown outcome".into()),
    }
}

/// Logs to standard error.
fn log(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn,desk=info".into());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json {
        log.json().flatten_event(true).with_current_span(true).with_span_list(false).init();
    } else {
        log.with_ansi(std::io::stderr().is_terminal()).init();
    }
}

/// The store, taken for the account or the simulator, and how often that happened.
async fn opened(config: &Config) -> Result<(Arc<dyn Store>, u64), Box<dyn Error>> {
    let store = match &config.store {
        StoreChoice::File(file) => Db::sqlite(file).await?,
        StoreChoice::Fresh => Db::sqlite(&fresh()?).await?,
        StoreChoice::Postgres(url) => Db::postgres(url.reveal()).await?,
    };
    let start = store
        .take_for(&config.owner())
        .await
        .map_err(|error| format!("{}: {error}; DESK_STORE names another file", store.place()))?;
    Ok((Arc::new(store), start))
}

/// A file that is not there yet.
fn fresh() -> std::io::Result<PathBuf> {
    let folder = tempfile::Builder::new().prefix("desk-").tempdir()?.keep();
    Ok(folder.join(FILE))
}

/// Why the address cannot be used; what has no port in it gets an example.
fn cannot_listen(address: &str, error: &std::io::Error) -> String {
    let example = match error.kind() {
        ErrorKind::InvalidInput => {
            "; DESK_LISTEN is a port or an address with one, such as 8080 or localhost:8080"
        }
        _ => "",
    };
    format!("cannot listen on {address}: {error}{example}")
}

/// Prints; a reader who has gone away is not a reason to stop serving.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
