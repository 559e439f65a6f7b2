//! `kookoo`

use clap::Subcommand;
use ozonetel_sdk::types::{PhoneNumber, Ucid};

use super::perform::{Confirmation, perform};
use crate::args::DidFlag;
use crate::context::Context;
use crate::days::DayArgument;
use crate::failure::{Completion, Failure};
use crate::mask::printable;

/// The key comes from OZONETEL_KOOKOO_KEY.
#[derive(Debug, Subcommand)]
pub(crate) enum Kookoo {
    /// Rings a number and connects it to the application at an address. Never repeated.
    Call {
        /// The number.
        number: PhoneNumber,
        /// The application's address.
        url: String,
        /// The DID that is shown.
        #[arg(long, value_name = "DID")]
        caller_id: Option<String>,
        /// Where the outcome goes.
        #[arg(long, value_name = "URL")]
        callback_url: Option<String>,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Sends a text message; the fields' names are on the account's page. Never repeated.
    Sms {
        /// A field.
        #[arg(required = true, value_name = "FIELD=VALUE")]
        fields: Vec<String>,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// What is known of a call.
    Info {
        /// The call.
        ucid: Ucid,
        /// The day it began. Default: today.
        #[arg(long, value_name = "DAY")]
        date: Option<DayArgument>,
    },
    /// Moves a party of a live call into an application. Never repeated.
    Transfer {
        /// The call.
        ucid: Ucid,
        /// The party.
        number: PhoneNumber,
        /// The application's address.
        url: String,
        #[command(flatten)]
        did: DidFlag,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Ends a live call.
    Disconnect {
        /// The call.
        ucid: Ucid,
        #[command(flatten)]
        did: DidFlag,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

impl Kookoo {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let kookoo = context.client.kookoo();
        match self {
            Self::Call { number, url, caller_id, callback_url, confirmation } => {
                let what = format!("KooKoo rings {}", printable(number.as_str()));
                let mut call = kookoo.call(&number, url);
                if let Some(did) = caller_id {
                    call = call.caller_id(did.as_str());
                }
                if let Some(url) = callback_url {
                    call = call.callback_url(url);
                }
                let sent = perform(context, call, &what, &confirmation).await;
                sent.map_err(|failure| failure.hide(number.as_str()))
            }
            Self::Sms { fields, confirmation } => {
                let pairs: Option<Vec<(&str, &str)>> =
                    fields.iter().map(|field| field.split_once('=')).collect();
                let pairs = pairs.ok_or_else(|| Failure::usage("a field is not name=value"))?;
                let call = kookoo.sms(pairs);
                perform(context, call, "A text message is sent", &confirmation).await
            }
            Self::Info { ucid, date } => {
                let day = date.unwrap_or(DayArgument::TODAY).day(context.client.today());
                let call = kookoo.call_information(ucid, day);
                perform(context, call, "", &Confirmation { yes: true }).await
            }
            Self::Transfer { ucid, number, url, did, confirmation } => {
                let what = format!("{} is moved into an application", printable(number.as_str()));
                let call = kookoo.ivr_transfer(ucid, context.did(&did)?, url, &number);
                let sent = perform(context, call, &what, &confirmation).await;
                sent.map_err(|failure| failure.hide(number.as_str()))
            }
            Self::Disconnect { ucid, did, confirmation } => {
                let what = format!("Call {ucid} ends for all its parties");
                let call = kookoo.disconnect(ucid, context.did(&did)?);
                perform(context, call, &what, &confirmation).await
            }
        }
    }
}
