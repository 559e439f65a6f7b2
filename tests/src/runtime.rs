//! Runtimes for tests, with a stopped clock or a real one.

/// Runs a future on one thread with tokio's clock standing still: waiting costs no time.
pub fn paused<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime")
        .block_on(future)
}

/// Runs a future on one thread with sockets and real time.
pub fn real<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}
