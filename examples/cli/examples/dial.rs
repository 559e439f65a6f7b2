//! Dials: never repeated, and an unknown outcome is settled by its reference.
//!
//! `cargo run -p ozonetel-cli --example dial` needs no account: it runs on the simulator.

use std::time::Duration;

use ozonetel_sdk::dial::{AgentDial, Outcome};
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
    let reference = match dial.outcome().await {
        Outcome::Accepted(ucid) => return Err(format!("accepted as {ucid:?}").into()),
        Outcome::Refused(error) | Outcome::NotSent(error) => return Err(error.into()),
        Outcome::Unknown(error) => {
            println!("{error}");
            error.reference().ok_or("no reference")?.to_owned()
        }
        _ => return Err("another outcome".into()),
    };

    // A phone may be ringing. The reference tells.
    sim.advance(Duration::from_secs(10)).await;
    let rows = client.cdr().for_day(client.today()).await?;
    let found =
        rows.iter().find(|row| row.uui.as_ref().is_some_and(|uui| uui.as_str() == reference));
    match found {
        Some(row) => println!("it did happen: {:?} {:?}", row.ucid, row.status),
        None => println!("it did not happen: dialing again is safe"),
    }
    println!("dials that took place: {}", sim.effects("dial"));
    Ok(())
}
