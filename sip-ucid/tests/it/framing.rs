//! Streams: where they are split makes no difference.

use proptest::prelude::*;
use sip_ucid::{ErrorKind, Frame, Framer, Message, Transport};

use crate::corpus::{message, messages};

/// What came out of a stream.
#[derive(Debug, PartialEq, Clone)]
enum Event {
    Message(Vec<u8>),
    KeepAlive(bool),
    Failed(ErrorKind),
}

/// Feeds the stream in the pieces given.
fn events(pieces: &[&[u8]]) -> Vec<Event> {
    let mut framer = Framer::new();
    let mut buffer: Vec<u8> = Vec::new();
    let mut events = Vec::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match framer.next(&buffer) {
                Ok(Frame::Message(message)) => {
                    assert_eq!(message.len(), framer.consumed());
                    events.push(Event::Message(buffer[..message.len()].to_vec()));
                }
                Ok(Frame::KeepAlive { ping }) => events.push(Event::KeepAlive(ping)),
                Ok(Frame::Partial) => break,
                Err(error) => {
                    events.push(Event::Failed(error.kind()));
                    return events;
                }
            }
            buffer.drain(..framer.consumed());
        }
    }
    events
}

fn stream() -> Vec<u8> {
    let mut all = b"\r\n\r\n".to_vec();
    for name in ["rfc4475/wsinv", "rfc4475/transports", "field/bye-body", "field/star"] {
        let bytes = message(name);
        let framed = Message::parse(&bytes, Transport::Stream, sip_ucid::Leniency::default());
        let len = framed.unwrap().complete().unwrap().len();
        all.extend_from_slice(&bytes[..len]);
        all.extend_from_slice(b"\r\n");
    }
    all.extend_from_slice(b"BYE sip:a@example.test SIP/2.0\nl: 2\n\nhi\n");
    all
}

#[test]
fn one_split_anywhere_changes_nothing() {
    let stream = stream();
    let whole = events(&[&stream]);
    assert_eq!(whole.iter().filter(|event| matches!(event, Event::Message(_))).count(), 5);
    assert_eq!(whole[..2], [Event::KeepAlive(false), Event::KeepAlive(true)]);
    for at in 0..=stream.len() {
        let (one, other) = stream.split_at(at);
        assert_eq!(events(&[one, other]), whole, "split at {at}");
    }
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(events(&bytes), whole);
}

#[test]
fn a_stream_that_cannot_be_followed_fails_for_good() {
    let mut framer = Framer::new();
    let bad = b"BYE sip:a@example.test SIP/2.0\r\nl: -1\r\n\r\n";
    assert_eq!(framer.next(bad).unwrap_err().kind(), ErrorKind::ContentLength);
    assert_eq!(framer.next(b"\r\n").unwrap_err().kind(), ErrorKind::ContentLength);
    let failures = [
        (&b"BYE sip:a@example.test SIP/2.0\r\n\r\n"[..], ErrorKind::NoContentLength),
        (b"BYE sip:a@example.test SIP/2.0\r\nl: 1\r\nl: 2\r\n\r\n", ErrorKind::LengthConflict),
        (b"BYE sip:a@example.test SIP/2.0\r\nl: 4294967296\r\n\r\n", ErrorKind::ContentLength),
        (b"BYE sip:a@example.test SIP/2.0\r\nl: 4294967295\r\n\r\n", ErrorKind::TooLong),
        (b"GET / HTTP/1.1\r\nl: 1\r\n\r\n", ErrorKind::NotSip),
    ];
    for (bytes, kind) in failures {
        assert_eq!(events(&[bytes]), [Event::Failed(kind)]);
    }
    let endless = vec![b'a'; Framer::MAX_HEAD + 1];
    assert_eq!(events(&[&endless]), [Event::Failed(ErrorKind::TooLong)]);
    assert_eq!(events(&[&endless[..Framer::MAX_HEAD]]), []);
}

#[test]
fn the_framer_agrees_with_the_parser() {
    for (name, bytes) in messages() {
        let framed = events(&[&bytes]);
        let first = framed.iter().find(|event| !matches!(event, Event::KeepAlive(_)));
        match Message::stream(&bytes) {
            Ok(status) => match status.complete() {
                Some(message) => {
                    let expected = Event::Message(bytes[..message.len()].to_vec());
                    assert_eq!(first, Some(&expected), "{name}");
                }
                None => assert_eq!(first, None, "{name}"),
            },
            Err(error) => assert_eq!(first, Some(&Event::Failed(error.kind())), "{name}"),
        }
    }
}

proptest! {
    #[test]
    fn any_splits_change_nothing(mut cuts in proptest::collection::vec(0..2600_usize, 0..20)) {
        let stream = stream();
        for cut in &mut cuts {
            *cut %= stream.len();
        }
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut from = 0;
        for cut in cuts {
            pieces.push(&stream[from..cut]);
            from = cut;
        }
        pieces.push(&stream[from..]);
        prop_assert_eq!(events(&pieces), events(&[&stream]));
    }
}
