//! Several legs in one field: `a -> b`.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::types::wire::Scalar;

/// What separates two segments: the first is what callbacks have, the others are what receivers split at too.
const ARROWS: [&str; 3] = ["->", "=>", "→"];

/// How many segments are read; what follows stays in the last one.
const MAX_SEGMENTS: usize = 64;

/// The text before the first arrow, and the text after it.
fn split(text: &str) -> Option<(&str, &str)> {
    let first = ARROWS.iter().filter_map(|arrow| Some((text.find(arrow)?, arrow.len())));
    let (at, length) = first.min()?;
    Some((text.get(..at)?, text.get(at + length..)?))
}

/// A field that holds one segment per leg, in order of ringing: `agent01 -> agent02`.
///
/// Most callbacks have one leg, hence one segment. Chains of different fields need not have the same length: see
/// [`Callback::legs`](super::Callback::legs).
///
/// ```
/// use ozonetel_sdk::types::AgentId;
/// use ozonetel_sdk::push::PerLeg;
/// let chain: PerLeg<AgentId> = "agent01 -> agent02".parse()?;
/// assert_eq!(chain.len(), 2);
/// assert_eq!(chain.last().map(AgentId::as_str), Some("agent02"));
/// assert_eq!(chain.joined(), "agent01 -> agent02");
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PerLeg<T>(Box<[T]>);

impl<T> PerLeg<T> {
    /// A chain of these segments.
    ///
    /// ```
    /// use ozonetel_sdk::push::PerLeg;
    /// assert_eq!(PerLeg::new(["a".to_string(), "b".to_string()]).first().map(String::as_str), Some("a"));
    /// ```
    pub fn new(segments: impl IntoIterator<Item = T>) -> Self {
        Self(segments.into_iter().collect())
    }

    /// The segments, first rung first.
    pub fn segments(&self) -> &[T] {
        &self.0
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The leg that rang first.
    pub fn first(&self) -> Option<&T> {
        self.0.first()
    }

    /// The leg that counted: the last one (an inference from answered chains).
    pub fn last(&self) -> Option<&T> {
        self.0.last()
    }
}

impl<T: AsRef<str>> PerLeg<T> {
    /// The text on the wire. Holds whatever the segments hold: names and numbers are personal data.
    pub fn joined(&self) -> String {
        let parts: Vec<&str> = self.0.iter().map(AsRef::as_ref).collect();
        parts.join(" -> ")
    }
}

impl<T: Scalar> Scalar for PerLeg<T> {
    fn is_nothing(text: &str) -> bool {
        T::is_nothing(text)
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        let (mut segments, mut rest) = (Vec::new(), text);
        while segments.len() + 1 < MAX_SEGMENTS
            && let Some((segment, after)) = split(rest)
        {
            segments.push(T::read(segment.trim())?);
            rest = after;
        }
        segments.push(T::read(rest.trim())?);
        Ok(Self::new(segments))
    }
}

impl<T: Scalar> std::str::FromStr for PerLeg<T> {
    type Err = crate::types::invalid::Invalid;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::read(text).map_err(|reason| crate::types::invalid::Invalid::new("chain", reason))
    }
}

impl<T: fmt::Debug> fmt::Debug for PerLeg<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            [one] => one.fmt(f),
            many => f.debug_list().entries(many).finish(),
        }
    }
}

impl<T: AsRef<str>> Serialize for PerLeg<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.joined())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_arrow_may_stand_with_or_without_blanks() {
        for text in ["a -> b -> ", "a->b->", " a  ->b -> ", "a → b=> ", "a=>b→"] {
            let chain: PerLeg<String> = text.parse().unwrap();
            assert_eq!(chain.segments(), ["a", "b", ""], "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_chain_reads_what_it_writes(segments in prop::collection::vec("[a-z0-9@. ]{0,8}", 1..6)) {
            let chain = PerLeg::new(segments.iter().map(|s| s.trim().to_owned()));
            prop_assert_eq!(chain.joined().parse::<PerLeg<String>>().unwrap(), chain);
        }

        #[test]
        fn no_text_makes_more_segments_than_are_allowed(text in "(->|=>|→|a| ){0,300}") {
            let chain: PerLeg<String> = text.parse().unwrap();
            prop_assert!((1..=MAX_SEGMENTS).contains(&chain.len()));
        }
    }
}
