//! For tests alone: the process kills itself, as a power cut would, right before or right after it commits a write of a
//! dial, a disposition or a booking. `KILL_DESK_AT=2:before` is before the third.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Which of the counted commits, and which side of it.
static POINT: LazyLock<Option<(u64, Side)>> = LazyLock::new(|| {
    let said = std::env::var("KILL_DESK_AT").ok()?;
    let (count, side) = said.split_once(':')?;
    let side = if side == "before" { Side::Before } else { Side::After };
    Some((count.parse().ok()?, side))
});

static COUNT: AtomicU64 = AtomicU64::new(0);

/// The tables whose writes are counted.
const COUNTED: [&str; 9] = [
    "desk_dial ",
    "desk_outbox ",
    "desk_call ",
    "desk_fact ",
    "desk_audit ",
    "desk_appointment ",
    "desk_booking ",
    "desk_leg ",
    "desk_push ",
];

/// A side of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    After,
}

/// Whether a statement is about one of them.
pub(super) fn is_counted(sql: &str) -> bool {
    COUNTED.iter().any(|table| sql.contains(table))
}

/// Ends the process if this is the point. The commit after it is the next.
pub(super) fn point(side: Side) {
    let count = COUNT.load(Ordering::Relaxed);
    if side == Side::After {
        COUNT.fetch_add(1, Ordering::Relaxed);
    }
    if *POINT == Some((count, side)) {
        let id = std::process::id().to_string();
        // Nothing is committed or answered while the signal is on its way.
        let _ = std::process::Command::new("kill").args(["-KILL", &id]).status();
        loop {
            std::thread::park();
        }
    }
}
