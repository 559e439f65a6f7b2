//! The parser against the reference, on damaged messages.

use proptest::prelude::*;
use sip_ucid::{Head, Message, Name, Status};

use crate::corpus::messages;
use crate::reference;

/// Bytes that mean something to a parser.
const TELLING: &[u8] = b"\r\n \t:;,<>\"\\=@/[]?*%\0\x7f\xffaAxX09-";

#[derive(Debug, Clone)]
enum Damage {
    Replace(usize, u8),
    Insert(usize, u8),
    Delete(usize),
    Repeat(usize, usize),
    Cut(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let byte = prop_oneof![4 => proptest::sample::select(TELLING), 1 => any::<u8>()];
    prop_oneof![
        4 => (any::<usize>(), byte.clone()).prop_map(|(at, byte)| Damage::Replace(at, byte)),
        4 => (any::<usize>(), byte).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        2 => any::<usize>().prop_map(Damage::Delete),
        1 => (any::<usize>(), 1..80_usize).prop_map(|(at, len)| Damage::Repeat(at, len)),
        1 => any::<usize>().prop_map(Damage::Cut),
    ]
}

fn apply(bytes: &mut Vec<u8>, damage: &Damage) {
    if bytes.is_empty() {
        return;
    }
    let len = bytes.len();
    match *damage {
        Damage::Replace(at, byte) => bytes[at % len] = byte,
        Damage::Insert(at, byte) => bytes.insert(at % len, byte),
        Damage::Delete(at) => drop(bytes.remove(at % len)),
        Damage::Repeat(at, count) => {
            let from = at % len;
            let piece = bytes[from..(from + count).min(len)].to_vec();
            bytes.splice(from..from, piece);
        }
        Damage::Cut(at) => bytes.truncate(at % len),
    }
}

/// Messages of the corpus with up to eight injuries.
pub(crate) fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let all: Vec<Vec<u8>> = messages().into_iter().map(|(_, bytes)| bytes).collect();
    (proptest::sample::select(all), proptest::collection::vec(damage(), 0..8)).prop_map(
        |(mut bytes, injuries)| {
            for injury in &injuries {
                apply(&mut bytes, injury);
            }
            bytes
        },
    )
}

fn compare(bytes: &[u8]) {
    let theirs = reference::head(bytes);
    let ours = match Head::parse(bytes) {
        Ok(Status::Complete(head)) => head,
        Ok(Status::Partial) => {
            assert!(theirs.is_none(), "the reference finds a head");
            return;
        }
        // Not SIP: the reference does not look at the start line.
        Err(_) => return,
    };
    let theirs = theirs.expect("the reference finds no head");
    let all: Vec<_> = ours
        .headers()
        .map(|header| {
            header.ok().map(|header| {
                (
                    header.name().as_bytes().to_vec(),
                    header.value().unfold().collect::<Vec<_>>().concat(),
                )
            })
        })
        .collect();
    assert_eq!(all, theirs.headers);
    assert_eq!(bytes.len() - ours.end(), theirs.rest.len());
    let body = Message::datagram(bytes).ok().map(|message| message.body().len());
    assert_eq!(body, reference::body_len(&theirs));
    assert!(
        ours.start().is_err() || theirs.start.windows(4).any(|w| w.eq_ignore_ascii_case(b"SIP/"))
    );
    for (name, long, compact) in [
        (Name::Via, "Via", "v"),
        (Name::From, "From", "f"),
        (Name::Contact, "Contact", "m"),
        (Name::XUcid, "X-UCID", "X-UCID"),
        (Name::UserAgent, "User-Agent", "User-Agent"),
    ] {
        let values: Vec<Vec<u8>> =
            ours.values(name).map(|value| value.unfold().collect::<Vec<_>>().concat()).collect();
        let expected = reference::values(&theirs, long, compact);
        assert_eq!(values, expected, "{name}");
        assert_eq!(ours.value(name).is_some(), !expected.is_empty(), "{name}");
    }
    // An empty one hides none that comes after it.
    let first = ours.values(Name::XUcid).find(|value| !value.is_empty());
    assert_eq!(sip_ucid::ucid(bytes), first);
    assert_eq!(sip_ucid::call(bytes).ucid, first);
    let found = sip_ucid::identity(bytes).ucid().map(sip_ucid::IdentityHeader::value);
    assert_eq!(found, first.or(ours.value(Name::XUcid)));
    let Some(value) = ours.value(Name::From).filter(|value| !value.is_folded()) else { return };
    if let Ok(from) = ours.from() {
        let (uri, tag) = reference::address(value.as_bytes()).unwrap();
        assert_eq!(from.uri().as_bytes(), uri);
        // Where a comma or a quote is in the parameters, the two may cut them differently.
        if !from.params().as_text().as_bytes().iter().any(|b| b",\"\\".contains(b)) {
            assert_eq!(from.tag().map(|tag| tag.as_bytes().to_vec()), tag);
        }
    }
}

#[test]
fn the_corpus_reads_as_the_reference_does() {
    for (_, bytes) in messages() {
        compare(&bytes);
    }
}

#[test]
fn a_line_feed_between_headers_and_a_return_in_the_version_read_as_the_reference_does() {
    compare(
        b"OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/\r2.0\r\n\
          To: sip:user@example.com\r\n\nFrom: sip:caller@example.net;tag=384\r\n\
          Max-Forwards: 3\r\nCall-ID: unkscm.nasdfasser0q239nwsdfasdkl34\r\n\
          CSeq: 3923423 OPTIONS\r\n\
          Via: SIP/2.0/TCP host9.example.com;branch=z9hG4bKkdjuw39234\r\n\
          Content-Length: 0\r\n\r\n",
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn damaged_messages_read_as_the_reference_does(bytes in damaged()) {
        compare(&bytes);
    }
}
