//! Connections that end in mid-call: a dialog outlives its connection, and a new one of the same softphone
//! continues it.

use std::time::Duration;

use super::{Exchange, ExchangeAction};
use crate::sip::connection::{ConnectionId, SoftphoneId};
use crate::sip::dialog::{Dialog, DialogState};
use crate::world::LegFailure;

/// How long a BYE is owed to a softphone that may come back: as long as a registration can last.
pub(super) const LONGEST_OWED: Duration = Duration::from_secs(3600);
/// How many are owed at most.
const MOST_OWED: usize = 1024;

impl Exchange {
    /// A connection is gone, and with it its registrations and whatever rings. What was answered waits for
    /// the softphone to come back; the world decides how long.
    pub(crate) fn closed(&mut self, line: ConnectionId) {
        self.nonces.remove(&line);
        for extension in self.registrar.line_closed(line) {
            self.out.push(ExchangeAction::Outside(extension, false));
        }
        let here = self.dialogs.values().filter(|dialog| dialog.line == Some(line));
        let here: Vec<String> = here.map(|dialog| dialog.call_id.clone()).collect();
        for call_id in here {
            self.loses(&call_id);
        }
    }

    fn loses(&mut self, call_id: &str) {
        let Some(dialog) = self.dialogs.get_mut(call_id) else { return };
        let (ucid, side) = (dialog.ucid, dialog.side);
        match dialog.stage {
            DialogState::Cancelled { .. } => {
                self.remove(call_id);
            }
            // Its answer could come over no other connection.
            DialogState::Calling { .. } => {
                self.remove(call_id);
                let failure = LegFailure::ConnectionBroke;
                self.out.push(ExchangeAction::Fails(ucid, side, failure));
            }
            DialogState::Owed { .. } => dialog.line = None,
            DialogState::Held { .. } | DialogState::Up => {
                dialog.line = None;
                let again = dialog.again.take();
                self.out.push(ExchangeAction::Lost(ucid, side));
                if let Some(again) = again {
                    self.disagreed_on(&again);
                }
            }
        }
    }

    /// A softphone has registered over a connection: its dialogs go on there.
    pub(super) fn continue_on(&mut self, line: ConnectionId, softphone: &SoftphoneId) {
        let continues = |dialog: &&Dialog| {
            let answered = matches!(
                dialog.stage,
                DialogState::Held { .. } | DialogState::Up | DialogState::Owed { .. }
            );
            answered && dialog.line != Some(line) && dialog.softphone == *softphone
        };
        let theirs = self.dialogs.values().filter(continues);
        let theirs: Vec<String> = theirs.map(|dialog| dialog.call_id.clone()).collect();
        for call_id in theirs {
            let (domain, branch) = (self.domain.clone(), self.branch());
            let Some(dialog) = self.dialogs.get_mut(&call_id) else { continue };
            let lost = dialog.line.replace(line).is_none();
            let (ucid, side) = (dialog.ucid, dialog.side);
            if matches!(dialog.stage, DialogState::Owed { .. }) {
                let bye = dialog.bye(&domain, &branch);
                self.remove(&call_id);
                self.send(Some(line), bye);
            } else if lost {
                self.out.push(ExchangeAction::Back(ucid, side));
            }
        }
    }

    /// Keeps a dialog that is over until its softphone comes back to hear of it.
    pub(super) fn owe(&mut self, mut dialog: Dialog, now: Duration) {
        let owed = |dialog: &&Dialog| matches!(dialog.stage, DialogState::Owed { .. });
        if self.dialogs.values().filter(owed).count() < MOST_OWED {
            dialog.stage = DialogState::Owed { since: now };
            self.dialogs.insert(dialog.call_id.clone(), dialog);
        }
    }
}
