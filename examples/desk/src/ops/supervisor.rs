//! What the service manager is told: that the desk is ready, that it lives, that it stops. Without a manager that asked
//! for it (`NOTIFY_SOCKET`, as systemd sets it for `Type=notify`), nothing.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

use super::life::Life;

/// How the process ends when another start would not mend it: a setting, a wrong key, another's store. It is `EX_CONFIG`,
/// and the unit starts nothing again after it.
pub const MISCONFIGURED: u8 = 78;

/// How long a start takes until the manager is asked for more time, and how much is asked for each time.
const MORE_EVERY: Duration = Duration::from_secs(30);
const MORE: Duration = Duration::from_secs(90);

/// Waits until the desk is to stop before it has started, and until then asks the manager for more time: a step of the
/// tables may take minutes. Once it has started, this goes on for good.
///
/// # Cancel safety
/// If it is dropped, the manager is asked no more.
pub async fn stopped_before(started: &CancellationToken, stop: &CancellationToken) {
    ask_until(started, stop, tell).await;
}

async fn ask_until(
    started: &CancellationToken,
    stop: &CancellationToken,
    mut ask: impl FnMut(&NotifyState<'_>),
) {
    let more = u32::try_from(MORE.as_micros()).unwrap_or(u32::MAX);
    loop {
        tokio::select! {
            biased;
            () = started.cancelled() => return std::future::pending().await,
            () = stop.cancelled() => return,
            () = tokio::time::sleep(MORE_EVERY) => ask(&NotifyState::ExtendTimeoutUsec(more)),
        }
    }
}

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

    #[test]
    fn the_unit_starts_it_again_unless_that_mends_nothing() {
        let unit = include_str!("../../delivery/desk.service");
        let said = |name: &str| {
            let mut values =
                unit.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            values.next().unwrap_or_else(|| panic!("no {name}"))
        };
        let number = |name: &str| said(name).parse::<u64>().unwrap();
        assert_eq!(said("Restart"), "always");
        // However often it ends: no outage of the database is too long.
        assert_eq!(number("StartLimitIntervalSec"), 0);
        assert_eq!(number("RestartPreventExitStatus"), u64::from(MISCONFIGURED));
        // It asks for time before that of the unit, and what it has asked for, are over.
        assert!(MORE_EVERY.as_secs() * 2 <= number("TimeoutStartSec") && MORE_EVERY * 2 <= MORE);
    }

    #[test]
    fn in_a_container_the_settings_of_a_machine_leave_where_it_listens() {
        // As an engine reads them: a line for a variable, as it is.
        let settings = include_str!("../../delivery/desk.env").lines();
        let mut names =
            settings.filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
        assert!(names.clone().count() > 5 && names.all(|(name, _)| name != "DESK_LISTEN"));
        let image = include_str!("../../delivery/Containerfile");
        assert!(image.contains("ENV DESK_LISTEN=0.0.0.0:8080 "));
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_start_asks_for_time_before_it_runs_out_and_hears_that_it_is_to_stop() {
        let (started, stop) = (CancellationToken::new(), CancellationToken::new());
        let mut asked = Vec::new();
        let begun = tokio::time::Instant::now();
        let stopped = async {
            tokio::time::sleep(Duration::from_secs(95)).await;
            stop.cancel();
        };
        let ask = |state: &NotifyState<'_>| asked.push(state.to_string());
        tokio::join!(ask_until(&started, &stop, ask), stopped);
        assert_eq!(begun.elapsed(), Duration::from_secs(95));
        assert_eq!(asked, ["EXTEND_TIMEOUT_USEC=90000000"; 3]);
        // One that serves ends in its own order.
        started.cancel();
        let over = ask_until(&started, &stop, |_| ());
        assert!(tokio::time::timeout(Duration::from_mins(10), over).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_the_work_in_the_background() {
        let life = Life::default();
        attend(&life);
        life.stop_commands();
        assert!(life.stop_work(Duration::from_secs(1)).await);
    }
}
