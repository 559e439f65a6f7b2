//! One phone call from many sides.

use ozonetel_sdk::cdr::CallRecord;
use ozonetel_sdk::phone_call::{CallObservation, PhoneCall, PhoneCalls};
use ozonetel_sdk::push::PushReader;

fn look(line: &[u8]) -> Vec<CallObservation> {
    let intake = PushReader::new();
    if let Ok(row) = serde_json::from_slice::<CallRecord>(line)
        && row.ucid.is_some()
    {
        return vec![row.into()];
    }
    if let Ok(delivery) = intake.events(None, line)
        && delivery.items.iter().any(|event| event.call().is_some())
    {
        return delivery.items.into_iter().map(Into::into).collect();
    }
    let calls = intake.callbacks(None, line).map(|delivery| delivery.items).unwrap_or_default();
    calls.into_iter().map(Into::into).collect()
}

fn calls<'a>(looks: impl Iterator<Item = &'a CallObservation>) -> Vec<String> {
    let mut book = PhoneCalls::new(1000);
    for look in looks {
        book.observe(look.clone());
    }
    let text = |call: &PhoneCall| {
        let rows: Vec<_> =
            call.rows().map(|row| serde_json::to_string(row).expect("a row")).collect();
        let callback = call.callback().map(|call| serde_json::to_string(call).expect("a call"));
        let ids: Vec<_> = call.ucids().collect();
        format!(
            "{:?} {ids:?} {rows:?} {callback:?} {:?} {:?}",
            call.key(),
            call.events().count(),
            call.outcome()
        )
    };
    let mut out: Vec<String> = book.iter().map(text).collect();
    out.sort();
    out
}

/// One phone call from many sides: neither order nor repetition changes it. One look per line.
pub fn phone_call(data: &[u8]) {
    let looks: Vec<CallObservation> =
        data.split(|b| *b == b'\n').take(40).flat_map(look).take(200).collect();
    let forward = calls(looks.iter());
    assert_eq!(forward, calls(looks.iter().rev()));
    assert_eq!(forward, calls(looks.iter().chain(looks.iter())));
}
