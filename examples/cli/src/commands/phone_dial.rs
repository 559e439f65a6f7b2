//! `phone-dial`

use clap::Args;
use ozonetel_sdk::types::PhoneNumber;

use super::dial::DialFlags;
use crate::args::{DidFlag, PhoneNameFlag};
use crate::context::Context;
use crate::failure::{Completion, Failure};

/// The DID is one of an inbound offline campaign.
#[derive(Debug, Args)]
pub(crate) struct PhoneDial {
    /// The customer.
    number: PhoneNumber,
    #[command(flatten)]
    phone_name: PhoneNameFlag,
    #[command(flatten)]
    did: DidFlag,
    /// Lets the service fall back to other DIDs of this campaign.
    #[arg(long, value_name = "NAME")]
    campaign: Option<String>,
    /// The longest conversation.
    #[arg(long, value_name = "SECONDS")]
    call_limit: Option<u32>,
    /// Does not dial while the agent is busy.
    #[arg(long)]
    check_status: bool,
    #[command(flatten)]
    flags: DialFlags,
}

impl PhoneDial {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let (name, did) = (context.phone_name(&self.phone_name)?, context.did(&self.did)?);
        let mut call = context.client.dial().phone(name, did, &self.number);
        if let Some(campaign) = self.campaign {
            call = call.campaign(campaign);
        }
        if let Some(seconds) = self.call_limit {
            call = call.call_limit(seconds);
        }
        if self.check_status {
            call = call.check_status(true);
        }
        self.flags.ring(context, call, &self.number).await
    }
}
