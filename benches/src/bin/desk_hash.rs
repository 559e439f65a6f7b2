//! What one sign-in costs, and what a thousand at once do to those who wait.
//!
//! `desk_hash [AT_ONCE]`. The hash itself is optimized in every profile, so that a debug build measures the same.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]
#![allow(clippy::disallowed_methods, clippy::cast_precision_loss)]

use std::time::Instant;

use desk::people::password::{HashError, PasswordMatch, PasswordWorkers};
use ozonetel_bench::Latencies;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let at_once = std::env::args().nth(1).map_or(1000, |arg| arg.parse::<usize>().unwrap());
    runtime.block_on(async {
        let workers = PasswordWorkers::default();
        let hash = workers.hash("correct horse".into()).await.unwrap();
        let mut alone = Latencies::default();
        for _ in 0..20 {
            let begun = Instant::now();
            let found = workers.verify("correct horse".into(), Some(hash.clone())).await;
            assert_eq!(found, Ok(PasswordMatch::Right { outdated: false }));
            alone.add(begun.elapsed());
        }
        println!("one after another: {alone}");
        let tasks: Vec<_> = (0..at_once)
            .map(|_| {
                let (workers, hash) = (workers.clone(), hash.clone());
                tokio::spawn(async move {
                    let begun = Instant::now();
                    let found = workers.verify("wrong horse".into(), Some(hash)).await;
                    (found, begun.elapsed())
                })
            })
            .collect();
        let (mut checked, mut refused) = (Latencies::default(), Latencies::default());
        for task in tasks {
            match task.await.unwrap() {
                (Ok(_), elapsed) => checked.add(elapsed),
                (Err(HashError::Busy), elapsed) => refused.add(elapsed),
                (Err(error), _) => eprintln!("not checked: {error}"),
            }
        }
        println!("{at_once} at once: {} checked, {checked}", checked.count());
        println!("{at_once} at once: {} told to come again, {refused}", refused.count());
    });
}
