//! `recording pause|resume`

use clap::Subcommand;
use ozonetel_sdk::types::Ucid;

use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::output;

#[derive(Debug, Subcommand)]
pub(crate) enum Recording {
    /// Stops recording, for instance while a card number is read out.
    Pause {
        /// The call.
        ucid: Ucid,
    },
    /// Goes on recording.
    Resume {
        /// The call.
        ucid: Ucid,
    },
}

impl Recording {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let recording = context.client.recording();
        let recorded = match self {
            Self::Pause { ucid } => context.until_stopped(recording.pause(ucid).send()).await?,
            Self::Resume { ucid } => context.until_stopped(recording.unpause(ucid).send()).await?,
        };
        output::one(context.output, &recorded)
    }
}
