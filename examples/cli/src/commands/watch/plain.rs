//! The wallboard as lines, for screen readers and scripts.

use std::io::{self, Write as _};

use jiff::Timestamp;
use serde_json::json;

use super::board::{Board, Change};
use crate::failure::Failure;
use crate::mask::printable;
use crate::output::{Output, Reader, written};

/// Prints what is new.
#[derive(Debug)]
pub(super) struct PlainBoard {
    output: Output,
}

impl PlainBoard {
    pub(super) fn new(output: Output) -> Self {
        Self { output }
    }

    /// What a change brought; `false` when no one reads any more.
    pub(super) fn told(
        &mut self,
        change: &Change,
        told: &[String],
        board: &Board,
        now: Timestamp,
    ) -> Result<bool, Failure> {
        if told.is_empty() {
            return Ok(true);
        }
        let lines: Vec<String> = if self.output.format.is_json() {
            vec![Self::object(change, told, board, now)]
        } else {
            let time = now.strftime("%H:%M:%S");
            told.iter().map(|text| format!("{time}  {}", printable(text))).collect()
        };
        let mut out = io::stdout().lock();
        let done = lines.iter().try_for_each(|line| writeln!(out, "{line}"));
        Ok(written(done.and_then(|()| out.flush()))? == Reader::There)
    }

    fn object(change: &Change, told: &[String], board: &Board, now: Timestamp) -> String {
        let mut line = match change {
            Change::Agent(news) => json!({ "agent": news }),
            Change::Call(news) => json!({ "call": news }),
            Change::Everything { agents, calls } => json!({ "agents": agents, "calls": calls }),
            Change::Gone(call) => json!({ "gone": call }),
            Change::Silent(silent) => json!({ "silent_s": silent.as_secs() }),
            Change::Up => json!({ "source": "up" }),
            Change::Down(reason) => json!({ "source": "down", "reason": reason }),
        };
        line["at"] = now.to_string().into();
        line["text"] = told.join("; ").into();
        line["figures"] = json!(board.figures());
        line.to_string()
    }
}
