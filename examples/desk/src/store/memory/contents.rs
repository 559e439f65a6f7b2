//! Everything in the store in memory, to compare what two runs have left and to look for what must not be there.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Memory, State};
use crate::core::caller::agent_key;
use crate::core::dial::DialEntry;
use crate::core::outbox::OutboxEntry;
use crate::store::calls::StoredCall;

/// What is in a store in memory.
#[derive(Debug, Clone)]
pub struct Contents {
    /// The dial ledger, in the order of asking.
    pub dials: Vec<DialEntry>,
    /// The calls, by their ids.
    pub calls: Vec<StoredCall>,
    /// The outbox, in the order of storing.
    pub outbox: Vec<OutboxEntry>,
}

impl Memory {
    /// What is in it now.
    ///
    /// ```
    /// let contents = desk::store::Memory::new().contents();
    /// assert!(contents.dials.is_empty() && contents.calls.is_empty());
    /// ```
    pub fn contents(&self) -> Contents {
        self.locked(contents)
    }

    /// The agents who have more than one open dial, each with how many.
    ///
    /// ```
    /// assert!(desk::store::Memory::new().agents_with_open_dials(2).is_empty());
    /// ```
    pub fn agents_with_open_dials(&self, least: usize) -> Vec<(String, usize)> {
        self.locked(|state| {
            let mut open = BTreeMap::<String, usize>::new();
            for row in state.dials.rows.values().filter(|row| row.is_open) {
                *open.entry(agent_key(&row.agent)).or_default() += 1;
            }
            open.into_iter().filter(|(_, count)| *count >= least).collect()
        })
    }

    /// All tables as text. Two stores with the same text have the same contents.
    ///
    /// ```
    /// use desk::store::Memory;
    ///
    /// assert_eq!(Memory::new().text(), Memory::new().text());
    /// ```
    pub fn text(&self) -> String {
        self.locked(|state| {
            let Contents { dials, calls, outbox } = contents(state);
            // Debug leaves out numbers, notes and bodies.
            let mut text = format!("{state:#?}\n");
            for dial in &dials {
                let answer = dial.answer.as_ref().map(|answer| answer.body.document());
                let _ = writeln!(text, "{} {} {answer:?}", dial.id, dial.number.as_str());
            }
            for entry in &outbox {
                let _ = writeln!(text, "{} {}", entry.id, entry.payload);
            }
            for call in &calls {
                let _ = writeln!(text, "{} {:?}", call.id, serde_json::to_string(&*call.state));
            }
            for fact in state.calls.all_facts() {
                let _ = writeln!(text, "{:?}", serde_json::to_string(fact));
            }
            for event in state.events.all().flatten() {
                let _ = writeln!(text, "{} {} {}", event.id, event.kind, event.body);
            }
            for report in state.reports.all() {
                let _ = writeln!(text, "{:?}", serde_json::to_string(report));
            }
            state.pushes.bodies().for_each(|body| text.extend([body, "\n"]));
            text
        })
    }
}

fn contents(state: &mut State) -> Contents {
    Contents {
        dials: state.dials.sorted(|_| true),
        calls: state.calls.all().cloned().collect(),
        outbox: state.outbox.sorted(|_| true),
    }
}
