//! Heads against the slow, obvious reference parser of the tests.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sip_ucid::{Head, Message, Name, Status, Text};

#[allow(dead_code)]
#[path = "../../tests/it/reference.rs"]
mod reference;

fn unfolded(text: Text<'_>) -> Vec<u8> {
    text.unfold().collect::<Vec<_>>().concat()
}

fuzz_target!(|bytes: &[u8]| {
    let theirs = reference::head(bytes);
    let Ok(status) = Head::parse(bytes) else { return };
    let Status::Complete(ours) = status else {
        assert!(theirs.is_none());
        return;
    };
    let theirs = theirs.unwrap();
    let headers: Vec<_> = ours
        .headers()
        .map(|it| it.ok().map(|it| (it.name().as_bytes().to_vec(), unfolded(it.value()))))
        .collect();
    assert_eq!(headers, theirs.headers);
    let body = Message::datagram(bytes).ok().map(|message| message.body().len());
    assert_eq!(body, reference::body_len(&theirs));
    for (name, compact) in [(Name::Via, "v"), (Name::XUcid, "X-UCID"), (Name::Subject, "s")] {
        let values: Vec<_> = ours.values(name).map(unfolded).collect();
        assert_eq!(values, reference::values(&theirs, name.as_str(), compact));
    }
    // An empty one hides none that comes after it.
    let ucid = ours.values(Name::XUcid).find(|value| !value.is_empty());
    assert_eq!(sip_ucid::ucid(bytes), ucid);
    assert_eq!(sip_ucid::call(bytes).ucid, ucid);
});
