//! Average handling time: outbound calls of the last two hours, of an agent or a campaign.
//!
//! `cargo run -p ozonetel-cli --example aht` needs no account: it runs on the simulator.

use std::time::Duration;

use ozonetel_sim::Sim;
use ozonetel_sim::world::{LegSide, PhoneAction};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::start();
    let client = sim.client();
    client.agents().login("agent01", "secret", "500001").await?;
    println!("without calls: {:?}", client.aht().agent("agent01").await?.0.aht);

    for (number, talk) in [("9000000001", 40), ("9000000002", 80)] {
        let dialed = client.dial().agent("agent01", "support_out", number).await?;
        let ucid = dialed.ucid();
        sim.advance(Duration::from_secs(talk)).await;
        // A call that has ended by itself has nothing left to hang up.
        let _ = sim.phone(ucid.as_str(), LegSide::Customer, PhoneAction::Hangup);
        client.disposition().set(ucid, "918000000001", "agent01", "Info Provided").await?;
        sim.advance(Duration::from_secs(1)).await;
    }

    let agent = client.aht().agent("agent01").await?.0;
    println!("{:?}: {:?}", agent.agent_name, agent.aht);
    let campaign = client.aht().campaign("support_out").await?.0;
    println!("{:?}: {:?}", campaign.campaign_name, campaign.aht);
    Ok(())
}
