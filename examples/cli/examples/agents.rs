//! Agents: log in, pause, get ready, be forced out of after-call work, log out.
//!
//! `cargo run -p ozonetel-cli --example agents` needs no account: it runs on the simulator.

use ozonetel_sdk::Reason;
use ozonetel_sim::Sim;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::start();
    let client = sim.client();
    let agents = client.agents();

    let said = agents.login("agent01", "secret", "500001").await?;
    println!("login: {}", said.as_str());

    let paused = agents.pause("agent01", "lunch").await?;
    println!("pause: {:?}", paused.agent_status);

    let ready = agents.ready("agent01").phone_name("agent01").await?;
    println!("ready: {:?}", ready.agent_status);

    // A refusal is an error with a meaning; its text is the service's own.
    match agents.login("agent01", "secret", "500001").await {
        Err(error) if error.reason() == Some(Reason::NotAllowed) => {
            println!("again: {}", error.refusal().map_or("", |refusal| refusal.message()));
        }
        other => return Err(format!("expected a refusal, got {other:?}").into()),
    }

    // Logs out and in again, whatever the agent was doing.
    agents.force_ready("agent01", "secret", "500001").await?;
    agents.logout("agent01", "secret").await?;
    println!("logged out");
    Ok(())
}
