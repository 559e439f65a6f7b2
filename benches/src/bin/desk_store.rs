//! How many durable writes a second the desk's store takes, and how many of them share a commit.
//!
//! `desk_store [SECONDS] [WRITERS]`. Each commit of the SQLite file is one fsync of its log, and one more now and then
//! when the log is folded in: `strace -f -c -e trace=fsync,fdatasync` counts them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]
#![allow(clippy::disallowed_methods, clippy::cast_precision_loss)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use desk::store::{Audience, Db, Memory, NewEvent, Store};
use ozonetel_bench::Latencies;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<u64>().unwrap());
    let (seconds, writers) = (args.next().unwrap_or(5), args.next().unwrap_or(32));
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let file = Db::sqlite(&folder.path().join("desk.sqlite")).await.unwrap();
        measure("SQLite file", Arc::new(file.clone()), seconds, writers).await;
        measure("SQLite file, one writer", Arc::new(file.clone()), seconds, 1).await;
        file.close().await;
        measure("memory", Arc::new(Memory::new()), 1, writers).await;
    });
}

async fn measure(name: &str, store: Arc<dyn Store>, seconds: u64, writers: u64) {
    let commits = store.commits();
    let begun = Instant::now();
    let end = begun + Duration::from_secs(seconds);
    let tasks: Vec<_> = (0..writers)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let body = serde_json::json!({"ucid": "10000000000000001", "state": "ringing"});
                let mut latencies = Latencies::default();
                while Instant::now() < end {
                    let event = NewEvent::new("call.changed", Audience::Everyone, &body).unwrap();
                    let begun = Instant::now();
                    store.append_events(1, vec![event]).await.unwrap();
                    latencies.add(begun.elapsed());
                }
                latencies
            })
        })
        .collect();
    let mut all = Latencies::default();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    let rate = all.count() as f64 / begun.elapsed().as_secs_f64();
    print!("{name}: {writers} writers, {rate:.0} writes/s, {all}");
    if let (Some(before), Some(after)) = (commits, store.commits()) {
        let together = all.count() as f64 / (after - before) as f64;
        print!(", {} commits, {together:.1} writes each", after - before);
    }
    println!();
}
