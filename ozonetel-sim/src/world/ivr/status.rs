//! The final status of a call that an application leads, pushed to the dialler's address.

use std::time::Duration;

use super::IvrCall;
use crate::world::context::Context;
use crate::world::pushes::{Push, PushKind};
use crate::world::time::Timestamp;

/// Pushes the status of a call that has ended, if an address for it was given.
pub(super) fn push(cx: &mut Context, call: &IvrCall) {
    let zone = cx.zone();
    let Some(url) = call.callback_url.clone().filter(|url| !url.is_empty()) else { return };
    let end = call.ended.unwrap_or(cx.now);
    let seconds = |from: Option<Timestamp>, to: Timestamp| {
        from.map_or(Duration::ZERO, |from| to.since(from)).as_secs().to_string()
    };
    let status = if call.answered.is_some() { "answered" } else { "not_answered" };
    let fields = [
        ("status", status.to_owned()),
        ("status_details", call.failure.to_owned()),
        ("sid", call.sid.to_string()),
        ("phone_no", call.person.clone()),
        ("caller_id", call.number.clone()),
        ("start_time", zone.date_time(call.began.second())),
        ("duration", seconds(call.answered, end)),
        ("ringing_time", seconds(Some(call.began), call.answered.unwrap_or(end))),
    ];
    let fields = fields.iter().map(|(name, value)| (*name, value.as_str()));
    let echo = call.echo.as_deref().map(|text| ("extra_data", text));
    let fields: Vec<(&str, &str)> = fields.chain(echo).collect();
    let push = Push::form(PushKind::KookooStatus, cx.now, url, &fields);
    cx.pushes.enqueue(Push { call_id: Some(call.sid), ..push });
}
