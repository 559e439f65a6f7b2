//! An answer before it is read: where it comes from, and how much it may take.

use crate::core::endpoint::Spec;
use crate::core::error::{ResponseHead, Unreadable};
use crate::core::weight::{ListShape, weight};
use crate::types::ids::Ucid;

/// What is said of an answer that takes too much.
pub(crate) const TOO_LARGE: &str = "the answer, or one row of it, is larger than the limit";

/// No text takes more than so many times its bytes: a list of empty records.
const HEAVIEST: usize = 1024;

/// The level of the rows' list in an answer, and in a payload.
pub(super) const ENVELOPE: usize = 2;
pub(super) const PAYLOAD: usize = 1;

/// An answer, and what its caller knows about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) head: ResponseHead<'a>,
    pub(crate) text: &'a str,
    pub(crate) asked: Asked,
}

/// What is known of an answer before it is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    /// The leg that the request is about.
    pub(crate) ucid: Option<Ucid>,
    /// The most that the answer may take once it is decoded.
    pub(crate) most: usize,
    /// Its rows.
    pub(crate) rows: ListShape,
}

impl Answer<'_> {
    /// Whether a text takes no more than it may, once it is decoded.
    pub(super) fn is_within(&self, json: &str, level: usize) -> bool {
        let Asked { most, rows, .. } = self.asked;
        json.len() <= most / HEAVIEST || weight(json, ListShape { level, ..rows }) <= most
    }

    pub(super) fn unreadable(&self, what: &'static str) -> Unreadable {
        Unreadable::new(what, self.head, self.text.as_bytes())
    }
}
