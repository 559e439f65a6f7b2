//! Call-detail records: one day as a stream, one leg, and several days in a row.
//!
//! `cargo run -p ozonetel-cli --example cdr` needs no account: it runs on the simulator.

use std::time::Duration;

use ozonetel_sdk::ErrorKind;
use ozonetel_sdk::client::Patience;
use ozonetel_sim::Sim;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::start();
    let client = sim.client();
    client.agents().login("agent01", "secret", "500001").await?;
    let dialed = client.dial().agent("agent01", "support_out", "9000000001").await?;
    let ucid = dialed.ucid();
    sim.advance(Duration::from_mins(1)).await;

    // Row by row as the bytes arrive; a row that cannot be parsed is an `Err`, and the next one follows.
    let mut rows = client.cdr().for_day(client.today()).stream();
    while let Some(row) = rows.try_next().await? {
        println!("{:?} {:?} talked for {:?}", row.ucid, row.status, row.talk_time);
    }

    let legs = client.cdr().for_ucid(ucid, client.today()).await?;
    println!("{} row of {ucid}", legs.len());

    // Two requests a minute for the account: the third would have to wait.
    let third = client.cdr().page(client.today(), 1, 100).patience(Patience::Never).await;
    let error = third.err().ok_or("the limit was not kept")?;
    assert_eq!(error.kind(), ErrorKind::Paced);
    println!("not before {:?}", error.ready_in());
    sim.advance(Duration::from_mins(1)).await;

    // Oldest day first; after a failure, begin again at the first unfinished day.
    let mut days = client.cdr().for_days(client.today().previous(), client.today());
    let mut count = 0;
    while days.try_next().await?.is_some() {
        count += 1;
    }
    println!("{count} rows in two days, unfinished: {:?}", days.unfinished());
    Ok(())
}
