//! A dial over KooKoo: the customer is rung, and then the agent into a conference.

use ozonetel_sdk::Error;

use super::{SentDial, left_to_send};
use crate::core::dial::DialEntry;
use crate::core::fact::KookooLeg;
use crate::desk::Desk;
use crate::flow::kookoo::{address, did_of, telephone};
use crate::flow::push_address::PushKind;
use crate::problem::Problem;

/// Sends a dial.
pub(super) async fn send(desk: &Desk, entry: &DialEntry) -> SentDial {
    match rung(desk, entry).await {
        Err(problem) => SentDial::NotPossible(problem),
        Ok(Err(error)) => SentDial::Failed(error),
        Ok(Ok(accepted)) => accepted,
    }
}

/// Rings the customer. That the agent can be rung afterwards is looked at first.
async fn rung(desk: &Desk, entry: &DialEntry) -> Result<Result<SentDial, Error>, Problem> {
    telephone(desk, &entry.agent).await?;
    let asks = address(desk, PushKind::Ivr, &entry.id, KookooLeg::Customer)?;
    let tells = address(desk, PushKind::Kookoo, &entry.id, KookooLeg::Customer)?;
    let mut call = desk.client().kookoo().call(entry.number.clone(), asks).callback_url(tells);
    if let Some(did) = did_of(desk, entry) {
        call = call.caller_id(did);
    }
    let call = call.begin_within(left_to_send(desk, entry));
    Ok(call.await.map(|queued| SentDial::Accepted {
        ucid: queued.ucid(),
        message: queued.status.unwrap_or_default(),
    }))
}
