//! Agent-desk backend: the binary. The one place that reads the environment.

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use desk::config::Config;
use desk::{Desk, app, guide, serve};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| "warn,desk=info".into()),
        )
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("desk: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let config = Config::read(&|name: &str| std::env::var(name).ok())?;
    // Before the first line is out, so that whoever reads it can end the process well.
    let stop = serve::signals()?;
    let listener = TcpListener::bind(&config.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", config.listen))?;
    let http = format!("http://{}", listener.local_addr()?);
    if !config.is_simulated() {
        let (client, settings) = config.account()?;
        let desk = Desk::new(client, settings);
        say(&serde_json::json!({"http": http}).to_string());
        say("\nThe calls are real. Numbers of the simulator's world are never dialled.");
        return Ok(serve::serve(listener, app(desk.clone()), desk, stop).await?);
    }
    let (sim, client, settings) = config.simulated().await?;
    let server = sim.serve().await?;
    let desk = Desk::new(client, settings);
    say(&serde_json::json!({"http": http, "sim": server.url()}).to_string());
    say(&guide::text(&http, &server.url()));
    serve::serve(listener, app(desk.clone()), desk, stop).await?;
    server.stop().await;
    Ok(())
}

/// Prints; a reader who has gone away is no reason to stop serving.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
