//! The tasks that are measured, the same for every parser.
//!
//! Every task gives a number that follows from what was read, so that no reading can be skipped;
//! [`Peer::check`] compares the numbers before anything is timed.

mod others;
mod ours;

use bytes::Bytes;

/// A message to read, and what must be found in it.
pub struct Input {
    /// What it is called in tables.
    pub name: &'static str,
    /// The message.
    pub bytes: &'static [u8],
    /// The same for parsers that share ownership.
    pub shared: Bytes,
}

/// The number a task gives; `None` if the parser refuses the message.
pub type Task = fn(&Input) -> Option<usize>;

/// A parser and the tasks it does.
pub struct Peer {
    /// What it is called in tables.
    pub name: &'static str,
    /// The whole message; the number is of header lines or of octets in the body.
    pub parse: Option<Task>,
    /// That plus From, To, Call-ID, CSeq, the top Via and Contact as values.
    pub typed: Option<Task>,
    /// That plus validation.
    pub valid: Option<Task>,
    /// X-UCID and X-CALLERNO, else the user part of From.
    pub extract: Option<Task>,
}

/// The five messages.
pub fn inputs() -> Vec<Input> {
    let input =
        |name, bytes: &'static [u8]| Input { name, bytes, shared: Bytes::from_static(bytes) };
    vec![
        input("carrier", include_bytes!("../messages/carrier.sip")),
        input("browser", include_bytes!("../messages/browser.sip")),
        input("sbc", include_bytes!("../messages/sbc.sip")),
        input("compact", include_bytes!("../messages/compact.sip")),
        input("ipv6", include_bytes!("../messages/ipv6.sip")),
    ]
}

/// The parsers, ours first.
pub fn peers() -> Vec<Peer> {
    let mut peers = vec![ours::peer()];
    peers.extend(others::peers());
    peers
}

impl Peer {
    /// Panics if a typed or extracted answer differs from that of ours.
    pub fn check(&self, input: &Input) {
        let same = |task: Option<Task>, ours: Option<Task>| {
            let answer = task.and_then(|task| task(input));
            if let Some(answer) = answer {
                let expected = ours.and_then(|task| task(input));
                assert_eq!(Some(answer), expected, "{} on {}", self.name, input.name);
            }
        };
        let ours = ours::peer();
        same(self.typed, ours.typed);
        same(self.valid, ours.valid);
        same(self.extract, ours.extract);
    }
}

/// Call-ID, tag and branch by their lengths, and the number of CSeq.
pub(crate) fn digest(call_id: usize, tag: usize, branch: usize, cseq: u32) -> usize {
    call_id + 100 * tag + 10_000 * branch + 1_000_000 * cseq as usize
}
