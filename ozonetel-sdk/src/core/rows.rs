//! Cuts the rows out of an envelope as its bytes arrive. No I/O, no JSON tree: strings, escapes and depth only.
//!
//! Memory is one row plus one chunk. The bytes become text as they arrive, so that a row is checked once and decoded
//! without further checks. What is left of the document, with the array emptied, comes last and is read
//! like any other answer, so a refusal after the rows is still seen.
//!
//! This is not a JSON parser: rows and the rest are decoded by serde afterwards.

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::core::text::{self, TextReader};
use crate::core::weight::{ListShape, weight};

/// What the splitter returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    /// One row's text.
    Row(String),
    /// The document without its rows.
    End(String),
}

/// Why no more pieces come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SplitError {
    /// A row or the rest is larger than the limit.
    TooLarge(usize),
    /// Brackets do not match, or the document does not begin with an object.
    Shape,
}

/// Rows up to this size are decoded without being weighed: whatever is in them takes little.
const UNWEIGHED: usize = 16 << 10;

/// What a larger row may take once it is decoded.
const MOST: usize = 8 << 20;

/// Why a row cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadRow {
    /// The JSON path that cannot be decoded.
    pub(crate) path: String,
}

/// A row that may borrow its texts from the answer.
pub(crate) trait BorrowedRow: 'static {
    /// The row while its texts are there.
    type Of<'a>: Deserialize<'a>;

    /// Whether it has the id that it has to have.
    fn is_named(row: &Self::Of<'_>) -> bool;

    /// Gives the row the text that it was parsed from.
    fn set_text<'a>(row: &mut Self::Of<'a>, json: &'a str);
}

/// Lends a row that was cut out: as it is, or repaired. `None` where it is not a row or takes too much.
pub(crate) fn lend<L: BorrowedRow, T>(
    row: &str,
    mut each: impl FnMut(L::Of<'_>) -> T,
) -> Option<T> {
    if !is_light(row) {
        return None;
    }
    let mut lend_text = |json: &str| {
        let mut lent = serde_json::from_str::<L::Of<'_>>(json).ok()?;
        L::set_text(&mut lent, json);
        Some(each(lent))
    };
    lend_text(row).or_else(|| lend_text(&text::repaired(row)?))
}

/// Whether a row takes no more than it may, once it is decoded.
fn is_light(row: &str) -> bool {
    row.len() <= UNWEIGHED || weight(row, ListShape::default()) <= MOST
}

/// Decodes a row that was cut out. Only one that fails is looked at again: repaired, then for its path.
pub(crate) fn decode<R: DeserializeOwned>(row: &str) -> Result<R, BadRow> {
    if !is_light(row) {
        return Err(BadRow { path: String::new() });
    }
    if let Ok(decoded) = serde_json::from_str(row) {
        return Ok(decoded);
    }
    let repaired = text::repaired(row);
    let mut from = serde_json::Deserializer::from_str(repaired.as_deref().unwrap_or(row));
    serde_path_to_error::deserialize::<_, R>(&mut from).map_err(|error| {
        let path = error.path().to_string();
        BadRow { path: if path == "." { String::new() } else { path } }
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Outside the array of rows.
    Outside,
    /// Inside it, between rows.
    Between,
    /// Inside a row.
    Row,
    /// After the document.
    Done,
}

/// The push parser: [`feed`](Self::feed) bytes, take pieces until there is none, feed more.
#[derive(Debug)]
pub(crate) struct RowSplitter {
    keys: &'static [&'static str],
    limit: usize,
    text: TextReader,
    buffer: String,
    rest: String,
    /// Where the buffer begins that was not handed out.
    from: usize,
    /// How far the buffer was looked at.
    at: usize,
    /// Behind the last `}` that has arrived: no object that begins there has ended. At the answer's end it is beyond
    /// everything.
    last_end: usize,
    depth: u32,
    in_string: bool,
    escaped: bool,
    state: State,
    /// Where the last string of the envelope's top level began in `rest`.
    key_from: usize,
    last_key: String,
    after_key: bool,
    found: bool,
}

impl RowSplitter {
    /// Rows are in the array under the first of these keys that has one.
    pub(crate) fn new(keys: &'static [&'static str], limit: usize) -> Self {
        Self {
            keys,
            limit,
            text: TextReader::default(),
            buffer: String::new(),
            rest: String::new(),
            from: 0,
            at: 0,
            last_end: 0,
            depth: 0,
            in_string: false,
            escaped: false,
            state: State::Outside,
            key_from: 0,
            last_key: String::new(),
            after_key: false,
            found: false,
        }
    }

    /// Takes the next bytes of the answer.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.from);
        self.at -= self.from;
        self.last_end = self.last_end.saturating_sub(self.from);
        self.from = 0;
        let new = self.buffer.len();
        self.text.push(bytes, &mut self.buffer);
        let arrived = self.buffer.as_bytes().get(new..).unwrap_or_default();
        if let Some(end) = memchr::memrchr(b'}', arrived) {
            self.last_end = new + end + 1;
        }
    }

    /// No more bytes come.
    pub(crate) fn end(&mut self) {
        self.last_end = usize::MAX;
    }

    /// Whether the next byte begins a row, which is not cut out before its end has arrived.
    pub(crate) fn is_before_row(&self) -> bool {
        self.state == State::Between && self.buffer.as_bytes().get(self.at) == Some(&b'{')
    }

    /// Takes what has arrived and was not handed out, and the reader that goes on behind it.
    pub(crate) fn take_page(&mut self) -> (TextReader, String) {
        let mut page = std::mem::take(&mut self.rest);
        page.push_str(self.buffer.get(self.from..).unwrap_or_default());
        self.buffer.clear();
        (self.from, self.at, self.last_end) = (0, 0, 0);
        (std::mem::take(&mut self.text), page)
    }

    /// What has arrived and was not handed out, for an excerpt.
    pub(crate) fn remains(&self) -> String {
        let tail = self.buffer.get(self.from..).unwrap_or_default();
        [&self.rest, tail].concat()
    }

    /// The next piece, or `None` when more bytes are needed.
    pub(crate) fn next(&mut self) -> Result<Option<Segment>, SplitError> {
        loop {
            if self.state == State::Row {
                match self.in_row()? {
                    Some(row) => return Ok(Some(Segment::Row(row))),
                    None => return self.need_more(),
                }
            }
            if self.in_string {
                if !string_end(self.buffer.as_bytes(), &mut self.at, &mut self.escaped) {
                    return self.need_more();
                }
                self.in_string = false;
            }
            let Some(&byte) = self.buffer.as_bytes().get(self.at) else { return self.need_more() };
            // Once its end has arrived, the row can be decoded where it is.
            if self.last_end <= self.at && self.is_before_row() {
                return self.need_more();
            }
            self.at += 1;
            match self.state {
                State::Row => {}
                State::Between => self.between(byte)?,
                State::Outside => {
                    if self.outside(byte)? {
                        return Ok(Some(Segment::End(std::mem::take(&mut self.rest))));
                    }
                }
                State::Done if byte.is_ascii_whitespace() => {}
                State::Done => return Err(SplitError::Shape),
            }
        }
    }

    /// Decodes the next row where it is, if it is of the usual size, all of it has arrived, it can be decoded and it is
    /// taken: then its bytes are seen once, not twice. Otherwise nothing changes, and [`next`](Self::next) cuts it out.
    ///
    /// A row is taken with its text.
    #[inline]
    pub(crate) fn decode_next<'b, R: Deserialize<'b>, T>(
        &'b mut self,
        take: impl FnOnce(R, &'b str) -> Option<T>,
    ) -> Option<T> {
        if self.state != State::Between {
            return None;
        }
        let tail = self.buffer.as_bytes().get(self.at..)?;
        let begin =
            self.at + tail.iter().position(|byte| *byte != b',' && !byte.is_ascii_whitespace())?;
        // The last row of a chunk has not arrived whole, as a rule: it would be parsed without success.
        let row = self.buffer.get(begin..self.last_end).filter(|row| row.starts_with('{'))?;
        let row = match row.len() {
            0..=UNWEIGHED => row,
            _ => (0..4).find_map(|less| row.get(..UNWEIGHED - less))?,
        };
        let mut from = serde_json::Deserializer::from_str(row);
        let decoded = R::deserialize(&mut from).ok()?;
        let length = from.into_iter::<IgnoredAny>().byte_offset();
        if length > self.limit {
            return None;
        }
        let taken = take(decoded, row.get(..length)?)?;
        self.at = begin + length;
        self.from = self.at;
        Some(taken)
    }

    fn need_more(&mut self) -> Result<Option<Segment>, SplitError> {
        if self.state != State::Row {
            self.retain_envelope();
        }
        if self.buffer.len() - self.from > self.limit || self.rest.len() > self.limit {
            return Err(SplitError::TooLarge(self.limit));
        }
        Ok(None)
    }

    /// Moves what was looked at into the rest, where it belongs to the envelope.
    fn retain_envelope(&mut self) {
        if self.state == State::Outside {
            self.rest.push_str(self.buffer.get(self.from..self.at).unwrap_or_default());
        }
        self.from = self.at;
    }

    /// Goes through a row; `None` when its end has not arrived. The one loop that sees every byte: locals only.
    fn in_row(&mut self) -> Result<Option<String>, SplitError> {
        let bytes = self.buffer.as_bytes();
        let (mut at, mut depth) = (self.at, self.depth);
        let end = loop {
            if self.in_string {
                if !string_end(bytes, &mut at, &mut self.escaped) {
                    break None;
                }
                self.in_string = false;
            }
            let Some(&byte) = bytes.get(at) else { break None };
            at += 1;
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => depth += 1,
                // A bare value's end: the comma or the bracket after it.
                b',' | b']' if depth == 2 => break Some(byte),
                b'}' | b']' => {
                    depth = depth.checked_sub(1).ok_or(SplitError::Shape)?;
                    if depth == 2 {
                        break Some(byte);
                    }
                }
                _ => {}
            }
        };
        (self.at, self.depth) = (at, depth);
        let Some(byte) = end else { return Ok(None) };
        let first = self.buffer.as_bytes().get(self.from);
        let bare = byte == b',' || (byte == b']' && first != Some(&b'['));
        let row = self.split_row(usize::from(bare));
        // However it arrived: in one piece, it would otherwise pass.
        if row.len() > self.limit {
            return Err(SplitError::TooLarge(self.limit));
        }
        if bare && byte == b']' {
            self.close_array();
        }
        Ok(Some(row))
    }

    /// Takes the row out of the buffer; `behind` bytes at its end belong to the array.
    fn split_row(&mut self, behind: usize) -> String {
        let row = self.buffer.get(self.from..self.at - behind).unwrap_or_default().to_owned();
        self.from = self.at;
        self.state = State::Between;
        row
    }

    fn between(&mut self, byte: u8) -> Result<(), SplitError> {
        match byte {
            b']' => {
                self.from = self.at;
                self.close_array();
            }
            b',' => {}
            _ if byte.is_ascii_whitespace() => {}
            b'}' | b':' => return Err(SplitError::Shape),
            _ => {
                self.from = self.at - 1;
                self.state = State::Row;
                match byte {
                    b'{' | b'[' => self.depth += 1,
                    b'"' => self.in_string = true,
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn close_array(&mut self) {
        self.rest.push(']');
        self.depth = 1;
        self.state = State::Outside;
    }

    /// One byte of the envelope; true at its end.
    fn outside(&mut self, byte: u8) -> Result<bool, SplitError> {
        match byte {
            b'"' => {
                self.in_string = true;
                self.retain_envelope();
                self.key_from = self.rest.len();
            }
            b':' if self.depth == 1 => {
                self.retain_envelope();
                let key = self.rest.get(self.key_from..).unwrap_or_default();
                let end = key.rfind('"').unwrap_or_default();
                key.get(..end).unwrap_or_default().clone_into(&mut self.last_key);
                self.after_key = true;
            }
            b'[' if self.depth == 1 && self.after_key && !self.found && self.is_wanted() => {
                self.retain_envelope();
                self.found = true;
                self.depth = 2;
                self.state = State::Between;
                self.after_key = false;
            }
            b'{' | b'[' if self.depth == 0 && byte == b'[' => return Err(SplitError::Shape),
            b'{' | b'[' => {
                self.depth += 1;
                self.after_key = false;
            }
            b'}' | b']' => {
                self.depth = self.depth.checked_sub(1).ok_or(SplitError::Shape)?;
                self.after_key = false;
                if self.depth == 0 {
                    self.retain_envelope();
                    self.state = State::Done;
                    return Ok(true);
                }
            }
            _ if byte.is_ascii_whitespace() => {}
            _ if self.depth == 0 => return Err(SplitError::Shape),
            _ => self.after_key = false,
        }
        Ok(false)
    }

    fn is_wanted(&self) -> bool {
        self.keys.iter().any(|key| key.eq_ignore_ascii_case(&self.last_key))
    }

    /// Whether the array of rows was there.
    #[cfg(test)]
    pub(crate) fn found(&self) -> bool {
        self.found
    }
}

/// Moves past the end of a string; false when it is not there yet.
fn string_end(bytes: &[u8], at: &mut usize, escaped: &mut bool) -> bool {
    loop {
        if *escaped {
            if *at >= bytes.len() {
                return false;
            }
            *at += 1;
            *escaped = false;
        }
        let tail = bytes.get(*at..).unwrap_or_default();
        // Most strings of a row are short: a plain loop over the first bytes beats a vector search.
        let short = tail.iter().take(16).position(|byte| matches!(byte, b'"' | b'\\'));
        let found = short.or_else(|| Some(16 + memchr::memchr2(b'"', b'\\', tail.get(16..)?)?));
        let Some(found) = found else {
            *at = bytes.len();
            return false;
        };
        *escaped = tail.get(found) == Some(&b'\\');
        *at += found + 1;
        if !*escaped {
            return true;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const KEYS: &[&str] = &["details", "data"];

    fn pieces(document: &[u8], chunk: usize) -> Result<(Vec<Value>, Option<Value>), SplitError> {
        let mut splitter = RowSplitter::new(KEYS, 1 << 20);
        let (mut rows, mut rest) = (Vec::new(), None);
        for part in document.chunks(chunk) {
            splitter.feed(part);
            while let Some(piece) = splitter.next()? {
                match piece {
                    Segment::Row(row) => {
                        rows.push(serde_json::from_str(&row).unwrap_or(Value::Null));
                    }
                    Segment::End(end) => rest = serde_json::from_str(&end).ok(),
                }
            }
        }
        Ok((rows, rest))
    }

    #[test]
    fn rows_come_out_and_the_rest_stays_an_envelope() {
        let document = br#" {"status":"success","n":{"details":[9]},"details":[{"a":"]}\""},[1,2],7 , "x", null] , "totalCount":"5"} "#;
        for chunk in [1, 2, 3, 7, 64, document.len()] {
            let (rows, rest) = pieces(document, chunk).unwrap();
            assert_eq!(
                rows,
                [json!({"a":"]}\""}), json!([1, 2]), json!(7), json!("x"), json!(null)],
                "{chunk}"
            );
            let want =
                json!({"status":"success","n":{"details":[9]},"details":[],"totalCount":"5"});
            assert_eq!(rest, Some(want));
        }
    }

    #[test]
    fn a_value_that_only_looks_like_a_key_is_none() {
        let (rows, rest) = pieces(br#"{"status":"details","details":[]}"#, 1).unwrap();
        assert!(rows.is_empty());
        assert_eq!(rest.unwrap()["status"], "details");
        let mut splitter = RowSplitter::new(KEYS, 100);
        splitter.feed(br#"{"message":"x"}"#);
        assert!(matches!(splitter.next(), Ok(Some(Segment::End(_)))));
        assert!(!splitter.found());
    }

    #[test]
    fn a_row_over_the_limit_is_an_error_that_names_it() {
        let mut splitter = RowSplitter::new(KEYS, 64);
        splitter.feed(br#"{"details":[{"a":""#);
        assert_eq!(splitter.next(), Ok(None));
        splitter.feed(&[b'x'; 100]);
        assert_eq!(splitter.next(), Err(SplitError::TooLarge(64)));
        let mut splitter = RowSplitter::new(KEYS, 64);
        splitter.feed(format!(r#"{{"details":[{{"a":"{}"}},{{}}]}}"#, "x".repeat(100)).as_bytes());
        assert_eq!(splitter.decode_next(|row: Value, _| Some(row)), None);
        assert_eq!(splitter.next(), Err(SplitError::TooLarge(64)));
    }

    #[test]
    fn what_is_no_object_is_broken() {
        for text in ["[1]", "<html>", "}", "{\"details\":[}"] {
            assert_eq!(pieces(text.as_bytes(), 3), Err(SplitError::Shape), "{text}");
        }
        assert_eq!(pieces(b"{\"details\":[{\"a\":1}", 3).unwrap(), (vec![json!({"a":1})], None));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            "[a-z\\[\\]{}\",:\\\\ é]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z\"\\[]{1,4}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn rows_and_rest_are_what_serde_sees(
            rows in prop::collection::vec(any_json(), 0..6),
            others in prop::collection::btree_map("[a-z]{1,6}", any_json(), 0..4),
            chunk in 1usize..40,
            pretty: bool,
        ) {
            let mut object: serde_json::Map<_, _> =
                others.into_iter().filter(|(key, _)| !KEYS.contains(&key.as_str())).collect();
            object.insert("details".into(), Value::from(rows.clone()));
            let text = if pretty { serde_json::to_vec_pretty(&object) } else { serde_json::to_vec(&object) }.unwrap();
            let (cut, rest) = pieces(&text, chunk).unwrap();
            prop_assert_eq!(cut, rows);
            object.insert("details".into(), json!([]));
            prop_assert_eq!(rest, Some(Value::Object(object)));
        }

        /// Decoding in place returns what cutting does, in the same order, whatever the chunks.
        #[test]
        fn decoding_in_place_changes_nothing(
            rows in prop::collection::vec(any_json(), 0..6),
            chunk in 1usize..200,
        ) {
            let document = serde_json::to_vec(&json!({"status": "success", "details": rows})).unwrap();
            let mut splitter = RowSplitter::new(KEYS, 1 << 20);
            let (mut seen, mut ended) = (Vec::new(), false);
            for part in document.chunks(chunk) {
                splitter.feed(part);
                loop {
                    if let Some(row) = splitter.decode_next(|row: Value, _| Some(row)) {
                        seen.push(row);
                        continue;
                    }
                    match splitter.next().unwrap() {
                        Some(Segment::Row(row)) => seen.push(serde_json::from_str(&row).unwrap()),
                        Some(Segment::End(_)) => ended = true,
                        None => break,
                    }
                }
            }
            prop_assert_eq!(seen, rows);
            prop_assert!(ended);
        }

        #[test]
        fn no_bytes_panic_or_grow_beyond_the_limit(bytes in prop::collection::vec(any::<u8>(), 0..400), chunk in 1usize..50) {
            let mut splitter = RowSplitter::new(KEYS, 64);
            for part in bytes.chunks(chunk) {
                splitter.feed(part);
                loop {
                    match splitter.next() {
                        Ok(Some(_)) => {}
                        Ok(None) => break,
                        Err(_) => return Ok(()),
                    }
                }
                // Of what is no text, a byte becomes three.
                prop_assert!(splitter.remains().len() <= 128 + 3 * chunk);
            }
        }
    }
}
