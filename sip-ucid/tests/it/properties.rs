//! What holds for any input: nothing panics, and every slice lies inside it.

use proptest::prelude::*;
use sip_ucid::{Contact, Head, Headers, Message, Name, Status, Text, Transport, Uri};

use crate::corpus::messages;
use crate::differential::damaged;

fn inside(input: &[u8], text: Text<'_>) {
    let (outer, inner) = (input.as_ptr_range(), text.as_bytes().as_ptr_range());
    let within = outer.start <= inner.start && inner.end <= outer.end;
    assert!(text.is_empty() || within, "a slice outside the input");
}

fn uri_inside(input: &[u8], uri: &Uri<'_>) {
    let _ = uri.check();
    uri.number().into_iter().chain(uri.host()).for_each(|text| inside(input, text));
    if let Uri::Sip(sip) = uri {
        inside(input, sip.headers());
        sip.params().chain(sip.user_params()).for_each(|param| inside(input, param.name()));
        sip.password().into_iter().for_each(|text| inside(input, text));
        let _ = (sip.port(), sip.decoded_user().map(Iterator::count));
    }
}

/// Asks for everything there is to ask for.
pub(crate) fn read_everything(input: &[u8]) {
    for header in Headers::new(input).flatten() {
        inside(input, header.name());
        inside(input, header.value());
    }
    let call = sip_ucid::call(input);
    call.ucid.into_iter().chain(call.caller).for_each(|text| inside(input, text));
    let who = sip_ucid::identity(input);
    who.asserted_number().into_iter().for_each(|text| inside(input, text));
    let _ = (who.remote_caller(), who.diversions().count(), who.avaya_ucid());
    // Both ways to the caller give the same one. An empty header is there, and says nothing.
    let claimed = || who.from().and_then(sip_ucid::IdentityHeader::number);
    let resolved = who.callerno().map(sip_ucid::IdentityHeader::value);
    assert_eq!(call.caller, resolved.filter(|value| !value.is_empty()).or_else(claimed));
    for transport in [Transport::Datagram, Transport::Stream, Transport::WebSocket] {
        if let Ok(Status::Complete(message)) =
            Message::parse(input, transport, sip_ucid::Leniency::default())
        {
            inside(input, Text::new(message.body()));
        }
        crate::report::report(b"", input, transport);
    }
    let Ok(Status::Complete(head)) = Head::parse(input) else { return };
    for name in [Name::From, Name::To, Name::ReferTo, Name::PAssertedIdentity, Name::HistoryInfo] {
        for address in head.addresses(name).flatten() {
            inside(input, address.uri());
            address.params().for_each(|param| inside(input, param.name()));
            address.parsed_uri().iter().for_each(|uri| uri_inside(input, uri));
        }
    }
    for address in head.contacts().flatten() {
        if let Contact::Address(address) = address {
            address.parsed_uri().iter().for_each(|uri| uri_inside(input, uri));
        }
    }
    for via in head.vias().flatten() {
        inside(input, via.sent_by());
        via.branch().into_iter().chain(via.received()).for_each(|text| inside(input, text));
        let _ = (via.ttl(), via.maddr(), via.rport(), via.port());
    }
    head.elements(Name::Supported).for_each(|text| inside(input, text));
    for auth in head.auths(Name::Authorization).flatten() {
        auth.params()
            .for_each(|(name, value)| [name, value].iter().for_each(|it| inside(input, *it)));
    }
    let _ = (head.date(), head.session_id(), head.expires(), head.content_type());
    let _ = (head.reasons().count(), head.privacy().count(), head.user_to_user().count());
    for note in head.notes() {
        assert!(note.at() <= input.len() && note.code().is_none_or(|code| code > 400));
    }
    for problem in head.validate() {
        assert!(problem.at() <= input.len());
    }
}

#[test]
fn every_truncation_is_read_without_a_panic() {
    for (_, bytes) in messages() {
        for len in (0..bytes.len()).filter(|len| len % 5 == 0 || bytes.len() < 300) {
            read_everything(&bytes[..len]);
        }
    }
}

#[test]
fn every_single_byte_mutation_is_read_without_a_panic() {
    for (name, bytes) in messages() {
        if name == "rfc4475/longreq" || name == "rfc4475/mpart01" {
            continue;
        }
        let mut mutated = bytes.clone();
        for at in 0..bytes.len() {
            for with in [b'\n', b'"'] {
                mutated[at] = with;
                let read = Head::parse(&mutated).ok().and_then(Status::complete);
                let problems = read.map_or(0, |head| head.validate().count());
                assert!(problems <= bytes.len());
                let _ = (sip_ucid::call(&mutated), sip_ucid::identity(&mutated).avaya_ucid());
            }
            mutated[at] = bytes[at];
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn damaged_messages_are_read_without_a_panic(bytes in damaged()) {
        read_everything(&bytes);
    }

    #[test]
    fn anything_is_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read_everything(&bytes);
        let headed = [b"BYE sip:a@b SIP/2.0\r\nf:", &bytes[..], b"\r\n\r\n"].concat();
        read_everything(&headed);
    }
}
