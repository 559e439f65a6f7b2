//! What calls, legs and parties are known by: the world's own keys, and call ids in the shapes the
//! service uses: 17 digits, beyond what a double holds.

use rand::Rng as _;
use rand::rngs::StdRng;
use std::collections::BTreeMap;

/// A call of this world, by order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallKey(pub(crate) u64);

/// A leg of a call, by order.
pub(crate) type LegNo = usize;
/// A conference party of a call, by order.
pub(crate) type PartyNo = usize;

/// A telephone of a call whose softphone lost its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LostPhone {
    /// The customer's.
    Customer,
    /// The one of a leg.
    Leg(LegNo),
    /// A party's.
    Party(PartyNo),
}

const DIGITS_12: u64 = 1_000_000_000_000;

/// Ids in use.
type Taken = BTreeMap<u64, CallKey>;

/// An id from its digits; the service's ids have at most 19.
pub(crate) fn parse_ucid(text: &str) -> Option<u64> {
    let digits = (1..=19).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// Makes call ids, none that is in use.
#[derive(Clone, Debug)]
pub(crate) struct UcidGenerator {
    prefix: u64,
}

impl UcidGenerator {
    pub(crate) fn new(rng: &mut StdRng) -> Self {
        Self { prefix: rng.random_range(20_000..90_000) }
    }

    /// An outbound call: five constant digits, the start in epoch seconds, two digits.
    pub(crate) fn outbound(&self, second: i64, taken: &Taken) -> u64 {
        let epoch = u64::try_from(second).unwrap_or(0) % 10_000_000_000;
        let mut ucid = self.prefix * DIGITS_12 + epoch * 100;
        while taken.contains_key(&ucid) {
            ucid += 1;
        }
        ucid
    }

    /// An inbound call: as long, without the time inside.
    pub(crate) fn inbound(&self, second: i64, rng: &mut StdRng, taken: &Taken) -> u64 {
        let epoch = u64::try_from(second).unwrap_or(0) % 10_000_000_000;
        loop {
            let tail = rng.random_range(DIGITS_12 / 10..DIGITS_12 - 100_000_000);
            let ucid = self.prefix * DIGITS_12 + tail;
            if (tail / 100).abs_diff(epoch) > 10_000_000 && !taken.contains_key(&ucid) {
                return ucid;
            }
        }
    }

    /// A leg of an inbound call: larger than the call's id by some millions.
    pub(crate) fn leg(call: u64, rng: &mut StdRng, taken: &Taken) -> u64 {
        loop {
            let ucid = call + rng.random_range(3_700_000..68_000_000);
            if !taken.contains_key(&ucid) {
                return ucid;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    #[test]
    fn ids_have_the_shapes_of_the_field_notes() {
        let mut rng = StdRng::seed_from_u64(3);
        let ucids = UcidGenerator::new(&mut rng);
        let second = 1_795_235_400;
        let mut taken = Taken::new();
        let first = ucids.outbound(second, &taken);
        taken.insert(first, CallKey(1));
        let out = first.to_string();
        assert_eq!((out.len(), &out[5..15]), (17, "1795235400"));
        assert_ne!(ucids.outbound(second, &taken), first);
        for _ in 0..200 {
            let call = ucids.inbound(second, &mut rng, &taken);
            let leg = UcidGenerator::leg(call, &mut rng, &taken);
            assert_eq!(call.to_string().len(), 17);
            assert_eq!(leg.to_string().len(), 17);
            assert!((3_700_000..68_000_000).contains(&(leg - call)));
        }
    }
}
