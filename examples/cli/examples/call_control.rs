//! Call control: hold, mute, and a transfer made of a conference and a kick.
//!
//! `cargo run -p ozonetel-cli --example call_control` needs no account: it runs on the simulator.

use std::time::Duration;

use ozonetel_sdk::call_control::Controlled;
use ozonetel_sim::Sim;

/// What the service said: its text is not shown by itself, since it may name someone.
fn said(reply: &Controlled) -> &str {
    reply.message.as_ref().map_or("nothing", AsRef::as_ref)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    const DID: &str = "918000000001";
    let sim = Sim::start();
    let client = sim.client();
    client.agents().login("agent01", "secret", "500001").await?;
    let dialed = client.dial().agent("agent01", "support_out", "9000000001").await?;
    let ucid = dialed.ucid();
    sim.advance(Duration::from_secs(5)).await;

    let control = client.call_control();
    println!("hold: {}", said(&control.hold(ucid, DID, "agent01").await?));
    println!("unhold: {}", said(&control.unhold(ucid, DID, "agent01").await?));
    println!("mute: {}", said(&control.mute(ucid, DID, "agent01").await?));
    println!("unmute: {}", said(&control.unmute(ucid, DID, "agent01").await?));

    // Warm: the agent introduces the customer to the third party, then leaves.
    let transfer = control.transfer(ucid, DID, "agent01", "500001", "9000000002");
    let talking = transfer.warm().await?;
    println!("conference: {}", said(talking.reply()));
    sim.advance(Duration::from_secs(5)).await;
    let left = talking.complete().await?;
    println!("the agent has left: {}", said(&left));
    Ok(())
}
