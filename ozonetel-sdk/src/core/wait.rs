//! Waiting no longer than a time.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::error::Elapsed;

/// Waits for a future as long as `limit` says. What is ready at once is given no timer, and does not ask for the limit.
pub(crate) async fn within<F: Future>(
    limit: impl FnOnce() -> Duration,
    future: F,
) -> Result<F::Output, Elapsed> {
    let mut future = pin!(future);
    let at_once = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx)));
    if let Poll::Ready(done) = at_once.await {
        return Ok(done);
    }
    tokio::time::timeout(limit(), future).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_ready_asks_for_no_limit_and_what_is_not_ends_at_it() {
        assert_eq!(within(|| panic!("a limit"), async { 7 }).await, Ok(7));
        let begun = tokio::time::Instant::now();
        let never = std::future::pending::<()>();
        assert!(within(|| Duration::from_secs(3), never).await.is_err());
        assert_eq!(begun.elapsed(), Duration::from_secs(3));
        let later = tokio::time::sleep(Duration::from_secs(2));
        assert!(within(|| Duration::from_secs(3), later).await.is_ok());
        assert_eq!(begun.elapsed(), Duration::from_secs(5));
    }
}
