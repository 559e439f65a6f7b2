//! Answers that cannot be read.

use std::fmt;

use http::StatusCode;

/// Status and content type of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseHead<'a> {
    /// The HTTP status.
    pub status: StatusCode,
    /// The content type as sent.
    pub content_type: Option<&'a str>,
}

impl ResponseHead<'_> {
    /// The usual head: 200 and JSON.
    pub const OK: ResponseHead<'static> =
        ResponseHead { status: StatusCode::OK, content_type: Some("application/json") };
}

/// An answer that is not the service's envelope, or whose payload cannot be decoded.
///
/// `Debug` and `Display` show neither the body nor any part of it; [`Unreadable::excerpt`] returns it.
#[derive(Clone, PartialEq, Eq)]
pub struct Unreadable {
    what: &'static str,
    path: Option<Box<str>>,
    status: StatusCode,
    content_type: Option<Box<str>>,
    excerpt: Box<[u8]>,
}

const ROW: &str = "a row cannot be decoded";

/// How much of a path is kept.
const PATH: usize = 100;

/// How much of an unreadable answer is kept.
const EXCERPT: usize = 512;

impl Unreadable {
    pub(crate) fn new(what: &'static str, head: ResponseHead<'_>, body: &[u8]) -> Self {
        Self {
            what,
            path: None,
            status: head.status,
            content_type: head.content_type.map(|text| text.chars().take(100).collect()),
            excerpt: body.get(..EXCERPT).unwrap_or(body).into(),
        }
    }

    /// A path is made of names that come from outside: no more of it is kept than says where.
    pub(crate) fn at(mut self, path: &str) -> Self {
        self.path = Some(path.chars().take(PATH).collect());
        self
    }

    /// The JSON path that cannot be decoded.
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    pub(crate) fn is_row(&self) -> bool {
        self.what == ROW
    }

    pub(crate) fn row(body: &[u8], path: &str) -> Self {
        Self::new(ROW, ResponseHead::OK, body).at(path)
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The content type.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The first 512 bytes of the body. May hold personal data.
    pub fn excerpt(&self) -> &[u8] {
        &self.excerpt
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (HTTP {}", self.what, self.status.as_u16())?;
        if let Some(path) = &self.path {
            write!(f, ", at {path}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Debug for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unreadable({self}, {} bytes kept)", self.excerpt.len())
    }
}

impl std::error::Error for Unreadable {}
