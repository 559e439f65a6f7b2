//! The same tasks under criterion, with throughput in bytes.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sip_ucid_peers::{Peer, Task, inputs, peers};

fn group(criterion: &mut Criterion, name: &str, task: fn(&Peer) -> Option<Task>) {
    let mut group = criterion.benchmark_group(name);
    for input in inputs() {
        group.throughput(Throughput::Bytes(input.bytes.len() as u64));
        for peer in peers() {
            peer.check(&input);
            let Some((task, answer)) = task(&peer).and_then(|task| Some((task, task(&input)?)))
            else {
                continue;
            };
            group.bench_function(format!("{}/{}", peer.name, input.name), |bencher| {
                bencher.iter(|| {
                    let read = task(black_box(&input));
                    assert_eq!(read, Some(answer));
                    read
                });
            });
        }
    }
    group.finish();
}

fn tasks(criterion: &mut Criterion) {
    group(criterion, "parse", |peer| peer.parse);
    group(criterion, "typed", |peer| peer.typed);
    group(criterion, "valid", |peer| peer.valid);
    group(criterion, "extract", |peer| peer.extract);
}

criterion_group!(benches, tasks);
criterion_main!(benches);
