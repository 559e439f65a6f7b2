//! Exchanges as a text file that people read: the form of the recorder and of the project's fixtures.
//!
//! One file holds any number of exchanges. Each has a name, notes, a request and an answer; one of the two may be
//! missing. The file looks like the `.http` files of editors:
//!
//! ```text
//! ### agent_unknown
//! # outcome = "refused"
//! POST /ca_apis/AgentManualDial
//! apikey: test-key
//! content-type: application/json
//!
//! {"agentID": "agent99", "userName": "acme_support"}
//!
//! HTTP/1.1 200 OK
//! content-type: application/json
//!
//! {"status": "error", "message": "Invalid AgentID"}\
//! ```
//!
//! Bodies are kept to the byte:
//!
//! - A line's end belongs to the body. A `\` at the end of a line takes it away: so a body without a last line end is
//!   written, and so a long line is continued on the next.
//! - `\xHH` is the byte with these two hexadecimal digits. Bytes that are not UTF-8, control characters, blanks at the
//!   end of a line, an empty line at the end of a body, and `###` or `HTTP/` at the beginning of a line are written
//!   like this.
//! - Any other `\` is itself, so JSON is written as it is.
//!
//! The same two rules hold for targets and for the values of headers. Notes are lines of text without control
//! characters; what they mean is up to the reader. One empty line divides the parts of a file.
//!
//! ```
//! use ozonetel_sdk::testing::record::ExchangeFile;
//! let text = b"### ping\nGET /ping\n\nHTTP/1.1 200 OK\n\npong\\\n";
//! let file = ExchangeFile::parse(text)?;
//! let answer = file.exchanges[0].answer.as_ref().ok_or("no answer")?;
//! assert_eq!(answer.body, "pong");
//! assert_eq!(file.to_bytes()?, text);
//! let error = ExchangeFile::parse(b"### ping\nGET\n").unwrap_err();
//! assert_eq!(error.to_string(), "line 2: a request line is METHOD, one blank, and the target");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod read;
#[cfg(test)]
mod tests;
mod text;
mod write;

use std::io;
use std::path::Path;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Method, StatusCode};

/// How an answer begins.
const VERSION: &str = "HTTP/1.1 ";

/// A file of exchanges.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExchangeFile {
    /// What is said about the file as a whole, line by line.
    pub notes: Vec<String>,
    /// The exchanges, each under a name of its own.
    pub exchanges: Vec<RecordedExchange>,
}

/// One exchange of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordedExchange {
    /// Letters, digits, `_`, `-` and `.`.
    pub name: String,
    /// What is said about it, line by line.
    pub notes: Vec<String>,
    /// What was asked.
    pub request: Option<RecordedRequest>,
    /// What was answered.
    pub answer: Option<RecordedAnswer>,
}

/// A request of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRequest {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: PathAndQuery,
    /// The headers, in the order of the file.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: Bytes,
}

/// An answer of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedAnswer {
    /// The status.
    pub status: StatusCode,
    /// The headers, in the order of the file.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: Bytes,
}

/// Why a text is not a file of exchanges, or why exchanges cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct ExchangeFileError {
    line: Option<usize>,
    problem: &'static str,
}

impl ExchangeFileError {
    /// The line, counted from 1; none if the exchanges cannot be written.
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// What is wrong.
    pub fn problem(&self) -> &'static str {
        self.problem
    }
}

impl ExchangeFile {
    /// Reads a file's text.
    ///
    /// # Errors
    /// The line that does not follow the form, and why.
    pub fn parse(text: &[u8]) -> Result<Self, ExchangeFileError> {
        read::file(text)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// What the system says, with the file's path; [`io::ErrorKind::InvalidData`] with the line if the text is not of
    /// the form.
    pub fn read(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let name = path.display();
        let text = std::fs::read(path);
        let text =
            text.map_err(|error| io::Error::new(error.kind(), format!("{name}: {error}")))?;
        Self::parse(&text)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("{name}: {error}")))
    }

    /// Returns the file's text, from which the same exchanges are parsed.
    ///
    /// # Errors
    /// A name, a note or a method that a file cannot hold, an exchange without request and answer, or a name that
    /// is used twice.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ExchangeFileError> {
        write::file(self)
    }
}

impl RecordedExchange {
    /// Returns the exchange as it is written in a file.
    ///
    /// # Errors
    /// As for [`ExchangeFile::to_bytes`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, ExchangeFileError> {
        write::exchange(self)
    }
}

impl RecordedAnswer {
    /// A header's value as text, if it is there and is text.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other == name);
        found.and_then(|(_, value)| value.to_str().ok())
    }
}

impl RecordedRequest {
    /// The request as a value of the `http` crate.
    pub fn to_http(&self) -> http::Request<Bytes> {
        let mut request = http::Request::new(self.body.clone());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = http::Uri::from(self.target.clone());
        for (name, value) in &self.headers {
            request.headers_mut().append(name, value.clone());
        }
        request
    }
}

fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    !name.is_empty() && name.len() <= 200 && name.chars().all(allowed)
}

fn is_note(note: &str) -> bool {
    !note.contains(char::is_control)
}

/// A method that cannot be taken for something else at the beginning of a line.
fn is_method(method: &Method) -> bool {
    method.as_str().bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-')
}
