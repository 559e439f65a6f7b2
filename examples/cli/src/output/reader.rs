//! Whether anybody still reads standard output.

use std::time::Duration;

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Resolves when nobody reads standard output any more: who has nothing to write would not notice.
#[cfg(unix)]
pub(crate) async fn reader_gone() {
    let mut tick = tokio::time::interval(EVERY);
    loop {
        tick.tick().await;
        if is_gone() {
            return;
        }
    }
}

/// Here it is found out only by writing.
#[cfg(not(unix))]
pub(crate) async fn reader_gone() {
    std::future::pending().await
}

#[cfg(unix)]
fn is_gone() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdout = std::io::stdout();
    let mut looked_at = [PollFd::new(&stdout, PollFlags::empty())];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    let gone = PollFlags::ERR | PollFlags::HUP;
    poll(&mut looked_at, Some(&now)).is_ok()
        && looked_at.iter().any(|it| it.revents().intersects(gone))
}
