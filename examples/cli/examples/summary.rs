//! Agent state summary: one row per agent, day and mode, so an agent's totals are sums.
//!
//! `cargo run -p ozonetel-cli --example summary` needs no account: it runs on the simulator.

use std::time::Duration;

use ozonetel_sdk::types::ClockDuration;
use ozonetel_sim::Sim;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::start();
    let client = sim.client();
    client.agents().login("agent01", "secret", "500001").await?;
    sim.advance(Duration::from_mins(10)).await;
    client.agents().pause("agent01", "lunch").await?;
    sim.advance(Duration::from_mins(5)).await;

    let rows = client.summary().for_day(client.today()).agent("agent01").await?;
    for row in &rows {
        println!(
            "{:?} idle {:?} paused {:?}",
            row.mode_type, row.total_idle_time, row.total_pause_time
        );
    }
    let login: ClockDuration = rows.iter().filter_map(|row| row.total_login_duration).sum();
    let paused: ClockDuration = rows.iter().filter_map(|row| row.total_pause_time).sum();
    println!("logged in for {login}, of which paused for {paused}");

    // A day without data is an empty list, although the service calls it an error.
    let before = client.summary().for_day(client.today().previous()).await?;
    println!("the day before: {} rows", before.len());
    Ok(())
}
