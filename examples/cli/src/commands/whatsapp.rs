//! `whatsapp`

use clap::Subcommand;
use ozonetel_sdk::types::PhoneNumber;

use super::perform::{Confirmation, perform};
use crate::args::DidFlag;
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::mask::printable;

#[derive(Debug, Subcommand)]
pub(crate) enum WhatsApp {
    /// Sends a template message. Never repeated.
    Send {
        /// The recipient, as the account's page wants it.
        to: PhoneNumber,
        /// The template.
        template: String,
        /// What is filled in, in order.
        parameters: Vec<String>,
        /// The template's language.
        #[arg(long, value_name = "CODE", default_value = "en")]
        language: String,
        #[command(flatten)]
        did: DidFlag,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

impl WhatsApp {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let Self::Send { to, template, parameters, language, did, confirmation } = self;
        let what = format!("Template {template} is sent to {}", printable(to.as_str()));
        let call = context.client.whatsapp().template(context.did(&did)?, &to, template, language);
        let call = call.parameters(parameters);
        let sent = perform(context, call, &what, &confirmation).await;
        sent.map_err(|failure| failure.hide(to.as_str()))
    }
}
