//! Removes what has been kept long enough.

use std::sync::Arc;
use std::time::Duration;

use ozonetel_sdk::client::Clock;
use tokio_util::sync::CancellationToken;

use crate::epoch::{epoch_ms, millis};
use crate::store::Store;

/// How long events are kept: a browser that was closed over a weekend gets a snapshot.
pub const EVENTS_KEPT: Duration = Duration::from_hours(48);

/// How often it is looked.
const EVERY: Duration = Duration::from_hours(1);

/// Removes old events now and then, until `stop`. Several desks on one store may do it at once.
pub async fn tidy(store: Arc<dyn Store>, clock: Arc<dyn Clock>, stop: CancellationToken) {
    loop {
        let before = epoch_ms(&*clock) - millis(EVENTS_KEPT);
        match store.forget_events(before).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "old events were removed"),
            Err(error) => tracing::warn!(%error, "old events were not removed"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use ozonetel_sdk::client::TokioClock;

    use super::*;
    use crate::store::{Audience, Events as _, Memory, NewEvent};

    #[tokio::test(start_paused = true)]
    async fn old_events_go_and_newer_ones_stay() {
        let store = Memory::new();
        let clock = Arc::new(TokioClock::starting_at(SystemTime::UNIX_EPOCH));
        for hour in 0..4 {
            let event = NewEvent::new("one", Audience::Everyone, &hour).unwrap();
            store.append_events(hour * 3_600_000 + 1, vec![event]).await.unwrap();
        }
        let stop = CancellationToken::new();
        let tidying = tokio::spawn(tidy(Arc::new(store.clone()), clock, stop.clone()));
        tokio::time::sleep(Duration::from_secs(47 * 3600 + 1)).await;
        assert_eq!(store.oldest_event().await, Ok(Some(1)));
        tokio::time::sleep(Duration::from_hours(3)).await;
        assert_eq!(store.oldest_event().await, Ok(Some(3)));
        stop.cancel();
        tidying.await.unwrap();
    }
}
