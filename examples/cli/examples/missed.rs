//! Abandoned calls: who rang and was not answered.
//!
//! `cargo run -p ozonetel-cli --example missed` needs no account: it runs on the simulator.

use std::time::Duration;

use ozonetel_sim::Sim;
use ozonetel_sim::world::{LegSide, PhoneAction};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::start();
    let client = sim.client();

    // No one is logged in: two callers wait, and give up.
    for caller in ["9000000001", "9000000002"] {
        let arrived = sim.inbound("918000000001", caller).ok_or("no such DID")?;
        sim.advance(Duration::from_secs(8)).await;
        // One that was dropped already has nothing left to hang up.
        let _ = sim.phone(&arrived.ucid.to_string(), LegSide::Customer, PhoneAction::Hangup);
    }

    let today = client.today();
    let missed =
        client.missed().between(today.start(), today.end()).campaign("support_inbound").await?;
    println!("{} missed today", missed.len());
    for call in &missed {
        // `Debug` hides all but the last two digits of a number.
        println!("{:?} {:?} {:?} {:?}", call.call_time, call.call_id, call.caller, call.status);
    }
    Ok(())
}
