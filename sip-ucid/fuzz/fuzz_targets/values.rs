//! Everything there is to read, strict and lenient: no panic, and what is strict is also lenient.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sip_ucid::{Address, Auth, Date, Head, Leniency, Name, Reason, Status, Uri, UserToUser, Via};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(strict) = Address::parse_with(bytes, Leniency::NONE) {
        let loose = Address::parse(bytes).expect("what the letter allows is never refused");
        assert_eq!(strict.uri(), loose.uri());
        assert_eq!(strict.tag(), loose.tag());
    }
    if let Ok(strict) = Via::parse_with(bytes, Leniency::NONE) {
        assert_eq!(Via::parse(bytes), Ok(strict));
    }
    let _ = Uri::parse(bytes).map(|uri| (uri.check().is_ok(), uri.number().is_some()));
    let _ = UserToUser::parse(bytes).map(|uui| (uui.ucid(), uui.discriminator()));
    let _ = Auth::parse(bytes).map(|auth| auth.params().count());
    let _ = (Date::parse(bytes).map(|date| date.unix_seconds()), Reason::parse(bytes).is_ok());
    let who = sip_ucid::identity(bytes);
    let claimed = who.from().and_then(|from| from.number());
    // An empty header is there, and says nothing.
    let resolved = who.callerno().map(|header| header.value()).filter(|value| !value.is_empty());
    assert_eq!(sip_ucid::call(bytes).caller, resolved.or(claimed));
    let _ = (who.to_owned(), who.asserted_number(), who.remote_caller(), who.avaya_ucid());
    if let Ok(Status::Complete(head)) = Head::parse(bytes) {
        let _ = (head.vias().count(), head.contacts().count(), head.conflicts().count());
        assert!(head.notes().all(|note| note.at() <= bytes.len()));
        let _ = (head.reasons().count(), head.privacy().count(), head.expires().is_ok());
        if head.is_valid() {
            assert!(head.from().is_ok() && head.to().is_ok() && head.cseq().is_ok());
            assert!(head.vias().all(|via| via.is_ok()) && head.call_id().is_ok());
            assert!(!head.is_repeated(Name::From));
        }
    }
});
