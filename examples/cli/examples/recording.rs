//! Recording: paused while a card number is read out.
//!
//! `cargo run -p ozonetel-cli --example recording` needs no account: it runs on the simulator.

use std::time::Duration;

use ozonetel_sim::Sim;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::start();
    let client = sim.client();
    client.agents().login("agent01", "secret", "500001").await?;
    let dialed = client.dial().agent("agent01", "support_out", "9000000001").await?;
    let ucid = dialed.ucid();
    sim.advance(Duration::from_secs(20)).await;

    let paused = client.recording().pause(ucid).await?;
    println!("{}: {}", paused.status, paused.message.as_str());
    sim.advance(Duration::from_secs(15)).await;
    let resumed = client.recording().unpause(ucid).await?;
    println!("{}: {}", resumed.status, resumed.message.as_str());

    // A call that is not there is a refusal, not a success with an odd text.
    let error = client
        .recording()
        .pause("12345".parse()?)
        .await
        .err()
        .ok_or("an unknown call was paused")?;
    println!("{error}");
    Ok(())
}
