//! Dials: never repeated, and an unknown outcome is settled by its reference.
//!
//! `cargo run -p ozonetel-cli --example dial` needs no account: it runs on the simulator.

use std::time::Duration;

use ozonetel_sdk::dial::{AgentDial, DialOutcome, DialSettlement, DialWindow};
use ozonetel_sdk::endpoint::Endpoint as _;
use ozonetel_sim::{Fault, FaultKind, Sim};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::start();
    let client = sim.client();
    client.agents().login("agent01", "secret", "500001").await?;

    // The service takes this dial, and the connection breaks before it can say so.
    sim.fault(Fault::new(FaultKind::CloseAfter).on(AgentDial::SPEC.path));
    let dial = client.dial().agent("agent01", "support_out", "+91 90000 00001").uui("order-7");
    let outcome = dial.outcome().await;
    println!("{outcome}");
    let DialOutcome::Unknown(error) = outcome else { return Err("it is known".into()) };

    // A phone may be ringing. The report says so, by the reference.
    sim.advance(Duration::from_secs(10)).await;
    let window = DialWindow::of(&error, client.clock().now());
    match client.settle("order-7", window).await? {
        DialSettlement::Happened { ucid, .. } => println!("it did happen, as {ucid}"),
        DialSettlement::DidNotHappen => println!("it did not happen: dialing again is safe"),
        DialSettlement::StillUnknown { until } => println!("not known before {until:?}"),
        _ => {}
    }
    println!("dials that took place: {}", sim.effects("dial"));
    Ok(())
}
