//! Prints the table of the README: nanoseconds a message, the best of interleaved batches.
//!
//! With a parser, a task and a message as arguments it does that one task a hundred times and prints
//! nothing else, for counting instructions under callgrind; see `instructions.sh`.

use std::hint::black_box;
use std::time::Instant;

use sip_ucid_peers::{Input, Peer, Task, inputs, peers};

const BATCHES: usize = 301;
const CALLS: usize = 200;

type Column = (&'static str, fn(&Peer) -> Option<Task>);

const COLUMNS: [Column; 4] = [
    ("parse", |peer| peer.parse),
    ("typed", |peer| peer.typed),
    ("valid", |peer| peer.valid),
    ("extract", |peer| peer.extract),
];

/// One task of one parser on one message, and what its batches took.
struct Row {
    peer: &'static str,
    column: usize,
    task: Task,
    input: Input,
    answer: usize,
    batches: Vec<f64>,
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for peer in peers() {
        for (column, (_, task)) in COLUMNS.iter().enumerate() {
            let Some(task) = task(&peer) else { continue };
            for input in inputs() {
                peer.check(&input);
                if let Some(answer) = task(&input) {
                    let batches = Vec::new();
                    rows.push(Row { peer: peer.name, column, task, input, answer, batches });
                }
            }
        }
    }
    rows
}

#[allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn measure(rows: &mut [Row]) {
    for _ in 0..BATCHES {
        for row in rows.iter_mut() {
            let start = Instant::now();
            for _ in 0..CALLS {
                let answer = (row.task)(black_box(&row.input));
                assert_eq!(answer, Some(row.answer), "{} on {}", row.peer, row.input.name);
            }
            row.batches.push(start.elapsed().as_secs_f64() * 1e9 / CALLS as f64);
        }
    }
}

/// The fastest batch: what else the machine does can only make one slower.
fn best(batches: &[f64]) -> f64 {
    batches.iter().copied().fold(f64::INFINITY, f64::min)
}

/// The mean over the messages that the parser reads, and how many these are.
fn cell(rows: &[Row], peer: &str, column: usize) -> Option<(f64, usize)> {
    let times: Vec<f64> = rows
        .iter()
        .filter(|row| row.peer == peer && row.column == column)
        .map(|row| best(&row.batches))
        .collect();
    let count = times.len();
    (count > 0).then(|| (times.iter().sum::<f64>() / count as f64, count))
}

/// The paired time of before, which the repository keeps for all its benchmarks, beside that of now.
fn beside_before(now: f64) -> String {
    let kept = include_str!("../../../benches/before.tsv");
    let row = kept.lines().find_map(|line| line.strip_prefix("sip parse\t"));
    let before = row.and_then(|row| row.split('\t').nth(1)).unwrap_or("?");
    format!("{now:.2} x, {before} x before")
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let ["idle"] = arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        return;
    }
    if let [peer, task, input] = arguments.as_slice() {
        let peers = peers();
        let peer = peers.iter().find(|known| known.name == peer).expect("a parser");
        let (_, of) = COLUMNS.iter().find(|(name, _)| name == task).expect("a task");
        let input = inputs().into_iter().find(|known| known.name == input).expect("a message");
        let Some(task) = of(peer) else { std::process::exit(0) };
        for _ in 0..100 {
            black_box(task(black_box(&input)));
        }
        return;
    }
    let mut rows = rows();
    measure(&mut rows);
    println!("| parser | parse ns | typed ns | typed + validate ns | UCID and caller ns | read |");
    println!("| --- | ---: | ---: | ---: | ---: | --- |");
    let shown = |value: Option<(f64, usize)>| {
        value.map_or_else(|| "–".to_owned(), |(time, _)| format!("{time:.0}"))
    };
    for peer in peers() {
        let cells: Vec<_> = (0..4).map(|column| cell(&rows, peer.name, column)).collect();
        let read: Vec<String> = cells
            .iter()
            .map(|cell| cell.map_or_else(|| "–".to_owned(), |it| it.1.to_string()))
            .collect();
        let times: Vec<String> = cells.iter().map(|cell| shown(*cell)).collect();
        println!("| {} | {} | {} of 5 |", peer.name, times.join(" | "), read.join("/"));
    }
    println!();
    if let (Some(ours), Some(httparse)) =
        (cell(&rows, "sip-ucid", 0), cell(&rows, "httparse (header block)", 0))
    {
        println!("parse beside httparse (header block): {}", beside_before(ours.0 / httparse.0));
        println!();
    }
    for row in rows.iter().filter(|row| row.peer == "sip-ucid" || row.peer.starts_with("httparse"))
    {
        println!(
            "{:24} {:8} {:8} {:6.0}",
            row.peer,
            COLUMNS[row.column].0,
            row.input.name,
            best(&row.batches)
        );
    }
}
