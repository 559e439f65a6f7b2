//! One line that makes a documentation example run.

use std::error::Error;

use ozonetel_sdk::Client;

use crate::sim::Sim;

/// Runs an example against a fresh simulator and its client, and panics if it fails.
///
/// Made for documentation: one hidden line in front, one behind, and everything that a reader sees compiles where a
/// `client` of their own exists.
///
/// ```
/// # ozonetel_sim::doc(async |sim, client| {
/// client.agents().login("agent01", "secret", "500001").await?;
/// # Ok(()) });
/// ```
///
/// # Panics
/// The example fails, or no runtime can be started.
#[expect(clippy::panic, reason = "an example that fails has to fail its test")]
pub fn doc<F>(example: F)
where
    F: AsyncFnOnce(Sim, Client) -> Result<(), Box<dyn Error>>,
{
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => panic!("no runtime: {error}"),
    };
    let outcome = runtime.block_on(async {
        let sim = Sim::start();
        let client = sim.client();
        example(sim, client).await
    });
    if let Err(error) = outcome {
        panic!("the example failed: {error}");
    }
}
