//! Makes number keys anew that an older rule made, until it is done: a portion, and then others for a while.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::desk::Desk;
use crate::store::KeyPlace;

/// How long others have for themselves after each portion.
const PAUSE: Duration = Duration::from_millis(50);

/// After how long it goes on where the store failed.
const AGAIN: Duration = Duration::from_mins(1);

/// Goes on until nothing is left to do, or until `stop`. Several desks on one store may do it at once: what is done is
/// not done again.
pub async fn run(desk: Desk, stop: CancellationToken) {
    let mut place = KeyPlace::default();
    loop {
        let wait = match desk.store().renew_number_keys(place.clone(), desk.now()).await {
            Ok(Some(next)) => {
                place = next;
                PAUSE
            }
            // Work in the background lasts until the desk ends.
            Ok(None) => return stop.cancelled().await,
            Err(error) => {
                tracing::warn!(%error, "number keys were not made anew; it is tried again");
                AGAIN
            }
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ozonetel_sim::Sim;

    use super::*;
    use crate::desk::Settings;
    use crate::store::Memory;

    #[tokio::test(start_paused = true)]
    async fn what_is_done_does_not_end_the_desk() {
        let desk = Desk::new(Sim::start().client(), Settings::default(), Arc::new(Memory::new()));
        let stop = CancellationToken::new();
        let work = tokio::spawn(run(desk, stop.clone()));
        tokio::time::sleep(Duration::from_mins(10)).await;
        assert!(!work.is_finished(), "the desk would end with it");
        stop.cancel();
        work.await.unwrap();
    }
}
