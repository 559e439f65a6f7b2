//! What a softphone's connection is known by.

/// A connection of a softphone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ConnectionId(pub(crate) u64);

/// What a softphone is known by, whichever connection it has: a new connection of the same softphone
/// registers the same, a page that was loaded again registers another instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SoftphoneId {
    pub(crate) extension: String,
    /// The URI of its Contact.
    pub(crate) contact: String,
    /// `+sip.instance`, if it has one.
    pub(crate) instance: Option<String>,
}
