//! Tokens: fetched when needed, shared by all clones, renewed when the service says that one has expired.
//!
//! `cargo run -p ozonetel-cli --example auth` needs no account: it runs on the simulator.

use ozonetel_sdk::disposition::ListDispositions;
use ozonetel_sdk::endpoint::Endpoint as _;
use ozonetel_sim::{Fault, FaultKind, Sim};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::start();
    // With an account of your own: `let client = ozonetel_sdk::Client::from_env()?;`
    let client = sim.client();

    // Proves account, key and mode, and brings the first token with it.
    client.check().await?;
    println!("account, key and mode are right; {} token was made", sim.effects("token"));

    // A hundred callers at once, one token.
    let calls = (0..100).map(|_| {
        let client = client.clone();
        async move { client.auth().token().await }
    });
    let tokens = futures_util::future::try_join_all(calls).await?;
    let first = tokens.first().ok_or("no token")?;
    assert!(tokens.iter().all(|token| token.secret().same(first.secret())));
    println!("{} callers share it; still {} was made", tokens.len(), sim.effects("token"));

    // The service says that it has expired: the call goes on with a new one.
    sim.fault(Fault::new(FaultKind::ExpiredToken).on(ListDispositions::SPEC.path));
    let dispositions = client.disposition().list().await?;
    println!("{} dispositions, after {} tokens", dispositions.len(), sim.effects("token"));

    // Secrets do not print.
    println!("{:?}", first.secret());
    Ok(())
}
