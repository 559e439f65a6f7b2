//! The parser against itself as it was before it was made faster (36f7250): the same report on the corpus and on
//! 100,000 damaged messages.
//!
//! What the parser of that day made of them is kept as one number for each thousand. The messages are the same in
//! every run.

use std::fmt::Write as _;

use sip_ucid::{Head, Leniency, Message, Status, Transport};

use crate::corpus::messages;
use crate::report::report;

/// Bytes that mean something to a parser.
const TELLING: &[u8] = b"\r\n \t:;,<>\"\\=@/[]?*%\0\x7f\xffaAxX09-";

/// How many damaged messages share a number.
const BLOCK: usize = 1_000;

/// Numbers that look random and are not (Marsaglia's xorshift64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most.max(1) as u64).unwrap()
    }

    /// A message with up to eight injuries.
    fn damaged(&mut self, all: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = all[self.below(all.len())].clone();
        for _ in 0..self.below(9) {
            if bytes.is_empty() {
                break;
            }
            let at = self.below(bytes.len());
            let byte = TELLING[self.below(TELLING.len())];
            match self.below(12) {
                0..4 => bytes[at] = byte,
                4..8 => bytes.insert(at, byte),
                8..10 => drop(bytes.remove(at)),
                10 => {
                    let end = (at + 1 + self.below(79)).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece);
                }
                _ => bytes.truncate(at),
            }
        }
        bytes
    }
}

/// All that is read of a message: the inspector's report for each transport, every header line, and how it ends when
/// nothing is forgiven.
fn seen(bytes: &[u8]) -> String {
    let mut all = String::new();
    for transport in [Transport::Datagram, Transport::Stream, Transport::WebSocket] {
        all.push_str(&report(b"", bytes, transport));
        for leniency in [Leniency::default(), Leniency::NONE] {
            let message = Message::parse(bytes, transport, leniency);
            let lengths = message.map(|message| {
                message.complete().map(|message| (message.head().end(), message.body().len()))
            });
            let _ = write!(all, "{lengths:?}");
        }
    }
    if let Ok(Status::Complete(head)) = Head::parse_with(bytes, Leniency::NONE) {
        let _ =
            write!(all, "{:?}{:?}{:?}", head.from(), head.vias().count(), head.contacts().count());
    }
    if let Ok(Status::Complete(head)) = Head::parse(bytes) {
        for header in head.headers() {
            match header {
                Ok(header) => {
                    let (name, value) = (header.name().as_bytes(), header.value().as_bytes());
                    let _ = write!(all, "{} {} {name:?}{value:?}", header.at(), header.known());
                }
                Err(error) => _ = write!(all, "{error:?}"),
            }
        }
    }
    let call = sip_ucid::call(bytes);
    let _ = write!(
        all,
        "{:?}{:?}",
        call.ucid.map(sip_ucid::Text::as_bytes),
        call.caller.map(sip_ucid::Text::as_bytes)
    );
    all
}

/// FNV-1a, so that the numbers do not depend on a library's release.
fn add(digest: &mut u64, text: &str) {
    for byte in text.bytes() {
        *digest = (*digest ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
}

/// The number of each thousand of messages.
fn digests(blocks: usize) -> Vec<u64> {
    let all: Vec<Vec<u8>> = messages().into_iter().map(|(_, bytes)| bytes).collect();
    let mut numbers = Numbers(0x5109_ca11);
    let block = |_| {
        let mut digest = 0xcbf2_9ce4_8422_2325;
        for _ in 0..BLOCK {
            add(&mut digest, &seen(&numbers.damaged(&all)));
        }
        digest
    };
    (0..blocks).map(block).collect()
}

/// Counted by this test at 36f7250; eight of them at a7415a3, since when an empty From hides none that comes after it.
const AS_IT_WAS: [u64; 100] = include!("as_it_was.in");

/// The same for the messages of the corpus as they are.
const CORPUS_AS_IT_WAS: u64 = 0x5a9e_b466_b80c_0e00;

#[test]
fn the_corpus_is_read_as_it_was() {
    let mut digest = 0xcbf2_9ce4_8422_2325;
    for (_, bytes) in messages() {
        add(&mut digest, &seen(&bytes));
    }
    assert_eq!(digest, CORPUS_AS_IT_WAS, "{digest:#x}");
}

#[test]
fn three_thousand_damaged_messages_are_read_as_they_were() {
    assert_eq!(digests(3), AS_IT_WAS[..3]);
}

/// `cargo test -p sip-ucid --all-features --test it as_it_was -- --include-ignored`
#[test]
#[ignore = "takes a minute"]
fn a_hundred_thousand_damaged_messages_are_read_as_they_were() {
    let found = digests(AS_IT_WAS.len());
    assert!(found == AS_IT_WAS, "{found:#x?}");
}
