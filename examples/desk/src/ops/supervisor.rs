//! What the service manager is told: that the desk is ready, that it lives, that it stops. Without a manager that asked
//! for it (`NOTIFY_SOCKET`, as systemd sets it for `Type=notify`), nothing.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

use super::life::Life;

/// Tells the manager that the desk is ready, and from then on, twice within the time that it set, that its tasks still
/// run; once that it stops.
///
/// A store or a service that is away is not told: `/readyz` says so, and a new start would mend neither.
///
/// ```
/// # async fn run() {
/// desk::ops::supervisor::attend(&desk::ops::Life::default());
/// # }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run());
/// ```
pub fn attend(life: &Life) {
    tell(&NotifyState::Ready);
    let every = beat(sd_notify::watchdog_enabled());
    let stopping = life.commands();
    life.spawn("service manager", |stop| report(every, stopping, stop));
}

async fn report(every: Option<Duration>, stopping: CancellationToken, stop: CancellationToken) {
    let mut told = false;
    loop {
        let beat = async {
            match every {
                Some(every) => tokio::time::sleep(every).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            // First, since a desk without work under way stops at once.
            () = stopping.cancelled(), if !told => {
                tell(&NotifyState::Stopping);
                told = true;
            }
            () = stop.cancelled() => return,
            () = beat => tell(&NotifyState::Watchdog),
        }
    }
}

/// How often to say that the desk lives.
fn beat(limit: Option<Duration>) -> Option<Duration> {
    limit.map(|limit| limit / 2).filter(|every| !every.is_zero())
}

fn tell(state: &NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(std::slice::from_ref(state)) {
        tracing::warn!(kind = %error.kind(), "the service manager cannot be told");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_beats_twice_within_the_limit_and_not_at_all_without_one() {
        assert_eq!(beat(Some(Duration::from_secs(30))), Some(Duration::from_secs(15)));
        assert_eq!(beat(Some(Duration::ZERO)), None);
        assert_eq!(beat(None), None);
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_the_work_in_the_background() {
        let life = Life::default();
        attend(&life);
        life.stop_commands();
        assert!(life.stop_work(Duration::from_secs(1)).await);
    }
}
