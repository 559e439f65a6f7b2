//! A copy of all call-detail records, kept up to date: back-fill, a row that changes, a night, a program that was down.
//!
//! `cargo run -p ozonetel-cli --example cdr_sync` needs no account: it runs on the simulator, on time that is not real.

use std::time::Duration;

use ozonetel_sdk::cdr::sync::{MemorySink, Progress, SyncSettings, SyncStep};
use ozonetel_sim::Sim;
use ozonetel_sim::world::{LegSide, PhoneAction};

const HOUR: Duration = Duration::from_hours(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::start();
    let client = sim.client();
    client.agents().login("agent01", "secret", "500001").await?;
    let arrived = sim.inbound("918000000001", "9000000001").ok_or("no such DID")?;
    sim.advance(Duration::from_mins(2)).await;

    // Three days back only, so that the two requests a minute are over soon; without it, all the service has.
    let settings = SyncSettings::default().back_fill(3).every(HOUR);
    let mut sync = client.cdr().sync(MemorySink::default()).settings(settings);

    // With an account of your own: `sync.run(shutdown, show)`. Here time is made to pass instead.
    for n in 0..60 {
        if n == 7 {
            // Until now its row was unfinished.
            let _ = sim.phone(&arrived.ucid.to_string(), LegSide::Customer, PhoneAction::Hangup);
        }
        let progress = sync.poll().await?;
        show(&progress);
        let idle = matches!(progress.step, SyncStep::Idle);
        sim.advance(if idle { HOUR } else { Duration::from_mins(1) }).await;
    }

    let call = arrived.monitor_ucid.to_string().parse()?;
    for leg in sync.sink().legs(call) {
        println!("{:?} {:?} finished: {}", leg.ucid, leg.status, leg.is_finished());
    }

    // The program ends, and comes back three weeks later: what is gone by then is reported, once.
    let sink = sync.into_sink();
    sim.advance(21 * 24 * HOUR).await;
    let mut sync = client.cdr().sync(sink).settings(settings);
    let progress = sync.poll().await?;
    assert!(!progress.gaps.is_empty(), "three weeks without a reading leave a gap");
    show(&progress);
    Ok(())
}

fn show(progress: &Progress) {
    match &progress.step {
        SyncStep::Read(read) => println!(
            "{} ({:?}): {} new, {} changed, {} same, {} unfinished; {} days never read",
            read.day,
            read.why,
            read.rows.new,
            read.rows.changed,
            read.rows.same,
            read.unfinished,
            progress.tally.never_read
        ),
        SyncStep::Failed { day, error, .. } => println!("{day}: {error}; it is asked for again"),
        _ => {}
    }
    for gap in &progress.gaps {
        println!("missing from {} to {}: {:?} {:?}", gap.from, gap.to, gap.reason, gap.cause);
    }
}
