//! The flow of a dial alone, durable on SQLite: ledger, facts, call and events, against a service that answers at once.
//!
//! `desk_dials [AGENTS] [AT_ONCE] [sqlite|memory]`: each agent dials once, on both stores or on one. Under `strace` it is
//! one. `desk_dials instructions` counts what one more dial costs on the store in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]
#![allow(clippy::disallowed_methods, clippy::cast_precision_loss)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use desk::flow::dialing::{DialOrder, DialReply, dial};
use desk::store::{Db, Memory, Store};
use desk::{Desk, Settings};
use futures_util::StreamExt as _;
use mimalloc::MiMalloc;
use ozonetel_bench::{Latencies, beside_before, client, instructions as counted};
use ozonetel_sdk::testing::doubles::{Replay, Turn};
use ozonetel_sdk::transport::{Failure, Incoming, Outgoing, Transport};

/// Accepts every dial at once, each with a UCID of its own.
#[derive(Debug, Default)]
struct AcceptAll(AtomicU64);

#[async_trait]
impl Transport for AcceptAll {
    async fn send(&self, request: Outgoing) -> Result<Incoming, Failure> {
        let ucid = 12_345_170_000_000_000 + self.0.fetch_add(1, Ordering::Relaxed);
        let body = format!(r#"{{"ucid":"{ucid}","status":"queued successfully"}}"#);
        Replay::new([Turn::json(body)]).send(request).await
    }
}

/// That of the desk's program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|word| word == "instructions") {
        let total = |dials| counted(&[dials, "8", "memory"]);
        let each = (total("1100") - total("100")) / 1000;
        println!("a dial's flow: {} instructions", beside_before("dial flow", each));
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let number = |at: usize| args.get(at).map(|arg| arg.parse::<usize>().unwrap());
    let (agents, at_once) = (number(0).unwrap_or(3_000), number(1).unwrap_or(64));
    let wants = |store: &str| args.get(2).is_none_or(|wanted| wanted == store);
    runtime.block_on(async {
        if wants("sqlite") {
            let folder = tempfile::tempdir().unwrap();
            let file = Db::sqlite(&folder.path().join("desk.sqlite")).await.unwrap();
            measure("SQLite file", Arc::new(file.clone()), agents, at_once).await;
            file.close().await;
        }
        if wants("memory") {
            measure("memory", Arc::new(Memory::new()), agents, at_once).await;
        }
    });
}

async fn measure(name: &str, store: Arc<dyn Store>, agents: usize, at_once: usize) {
    let client = client("http://127.0.0.1:9", Some(Arc::new(AcceptAll::default())));
    let desk = Desk::new(client, Settings::default(), Arc::clone(&store));
    let commits = store.commits();
    let begun = Instant::now();
    let dials = futures_util::stream::iter(0..agents).map(|n| {
        let desk = desk.clone();
        async move {
            let order = DialOrder {
                user: "bench".to_owned(),
                key: Some(format!("key-{n}")),
                agent: format!("bench{n:06}").as_str().into(),
                number: format!("90000{:05}", n % 100_000).as_str().into(),
                campaign: "support_out".into(),
                did: None,
                phone_name: None,
                audit: None,
            };
            let begun = Instant::now();
            let reply = dial(&desk, order).await.unwrap();
            assert!(matches!(reply, DialReply::Answered { is_replay: false, .. }));
            begun.elapsed()
        }
    });
    let mut all = Latencies::default();
    let mut dials = std::pin::pin!(dials.buffer_unordered(at_once));
    while let Some(took) = dials.next().await {
        all.add(took);
    }
    let rate = agents as f64 / begun.elapsed().as_secs_f64();
    print!("{name}: {agents} dials, {at_once} at once, {rate:.0}/s, {all}");
    if let (Some(before), Some(after)) = (commits, store.commits()) {
        print!(", {} commits", after - before);
    }
    println!();
}
