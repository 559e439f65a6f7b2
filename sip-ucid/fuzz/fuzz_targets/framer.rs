//! A stream cut anywhere gives the same frames. The first byte says where to cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sip_ucid::{ErrorKind, Frame, Framer};

#[derive(Debug, PartialEq)]
enum Event {
    Message(Vec<u8>),
    KeepAlive(bool),
    Failed(ErrorKind),
}

fn events<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Event> {
    let mut framer = Framer::with_limits(4096, 4096);
    let (mut buffer, mut events) = (Vec::new(), Vec::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match framer.next(&buffer) {
                Ok(Frame::Message(message)) => {
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

fuzz_target!(|bytes: &[u8]| {
    let Some((size, stream)) = bytes.split_first() else { return };
    // A limit may be noticed earlier or later in a head that is over it anyway.
    if stream.len() > 4000 {
        return;
    }
    assert_eq!(events(stream.chunks(1 + usize::from(*size))), events([stream].into_iter()));
});
