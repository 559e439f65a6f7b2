//! Dispositions: what a call was about.
//!
//! `cargo run -p ozonetel-cli --example disposition` needs no account: it runs on the simulator.

use std::time::Duration;

use ozonetel_sim::Sim;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::start();
    let client = sim.client();
    client.agents().login("agent01", "secret", "500001").await?;

    let names = client.disposition().list().await?;
    println!("to choose from: {names:?}");

    let dialed = client.dial().agent("agent01", "support_out", "9000000001").await?;
    let ucid = dialed.ucid();
    sim.advance(Duration::from_secs(30)).await;

    // While the call is up it is queued; it ends after-call work unless told to pause the agent.
    let set = client
        .disposition()
        .set(ucid, "918000000001", "agent01", "Follow Up")
        .comments("wants the brochure")
        .call_back_at("2030-01-15 10:00".parse()?)
        .pause_after("lunch");
    let disposed = set.await?;
    println!("{} (queued: {})", disposed.message(), disposed.is_queued());

    // Nothing is sent for what the service would not take.
    let empty = client.disposition().set(ucid, "918000000001", "agent01", " ").await;
    println!("{}", empty.err().ok_or("an empty disposition was taken")?);
    Ok(())
}
