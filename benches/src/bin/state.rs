//! What shared state costs: a token noted and kept, and a look at a window, in memory and in files.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ozonetel_sdk::auth::{FileState, MemoryTokens, Secret, TokenStore};
use ozonetel_sdk::client::{Clock, Pacer, SystemClock};
use ozonetel_sdk::endpoint::Rate;

const ROUNDS: u32 = 200;

/// A lease taken, a token saved, the lease given back.
async fn refresh(store: &dyn TokenStore) -> Duration {
    let start = Instant::now();
    for _ in 0..ROUNDS {
        let mut lease = store.lease(Duration::from_mins(1)).await.unwrap();
        let stored = lease.stored().clone();
        lease.save(stored).await.unwrap();
        lease.release().await.unwrap();
    }
    start.elapsed() / ROUNDS
}

async fn look(pacer: &Pacer, clock: &Arc<dyn Clock>) -> Duration {
    let start = Instant::now();
    for _ in 0..ROUNDS {
        pacer.ready_in(Rate::Cdr, clock).await.unwrap();
    }
    start.elapsed() / ROUNDS
}

#[tokio::main]
async fn main() {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let place = std::env::args().nth(1).unwrap_or_else(|| "target".to_owned());
    let directory = Path::new(&place).join(format!("bench-state-{}", std::process::id()));
    let key = Secret::from("test-key");
    let open = || {
        FileState::open(
            &directory,
            "http://api.example.test",
            "acme_support",
            &key,
            Arc::clone(&clock),
        )
        .unwrap()
    };
    let memory = MemoryTokens::new(Arc::clone(&clock));
    println!(
        "a refresh noted and kept: memory {:?}, files {:?}",
        refresh(&memory).await,
        refresh(&open()).await
    );
    let files = Pacer::with_store(Arc::new(open()));
    println!(
        "a look at a window: memory {:?}, files {:?}",
        look(&Pacer::default(), &clock).await,
        look(&files, &clock).await
    );
    std::fs::remove_dir_all(&directory).unwrap();
}
