//! The slow, obvious reading: it copies, splits and joins, and looks at one thing at a time.

/// A header: its name as sent, its value with folds undone.
pub(crate) type Pair = (Vec<u8>, Vec<u8>);

/// A head read the obvious way.
pub(crate) struct Head {
    pub(crate) start: Vec<u8>,
    /// `None` for a line without a colon or with a name that is not a token.
    pub(crate) headers: Vec<Option<Pair>>,
    pub(crate) rest: Vec<u8>,
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn is_space(byte: u8) -> bool {
    is_blank(byte) || byte == b'\r' || byte == b'\n'
}

pub(crate) fn trim(text: &[u8]) -> Vec<u8> {
    let from = text.iter().position(|b| !is_space(*b)).unwrap_or(text.len());
    let to = text.iter().rposition(|b| !is_space(*b)).map_or(from, |at| at + 1);
    text[from..to].to_vec()
}

/// One line and what follows its end.
fn line(text: &[u8], bare: bool) -> Option<(Vec<u8>, Vec<u8>)> {
    for at in 0..text.len() {
        if text[at] == b'\n' {
            if at > 0 && text[at - 1] == b'\r' {
                return Some((text[..at - 1].to_vec(), text[at + 1..].to_vec()));
            }
            if bare {
                return Some((text[..at].to_vec(), text[at + 1..].to_vec()));
            }
        }
    }
    None
}

/// The head, if it is whole.
pub(crate) fn head(input: &[u8]) -> Option<Head> {
    let mut text = input.to_vec();
    while text.starts_with(b"\r\n") || text.starts_with(b"\n") {
        text = text[if text[0] == b'\n' { 1 } else { 2 }..].to_vec();
    }
    let first = text.iter().position(|b| *b == b'\n')?;
    let bare = first == 0 || text[first - 1] != b'\r';
    let (start, mut rest) = line(&text, bare)?;
    let mut lines: Vec<Vec<u8>> = Vec::new();
    loop {
        let (next, after) = line(&rest, bare)?;
        rest = after;
        if next.is_empty() {
            break;
        }
        match lines.last_mut() {
            Some(last) if is_blank(next[0]) => {
                last.extend_from_slice(b"\r\n ");
                let text = next.iter().position(|b| !is_blank(*b)).unwrap_or(next.len());
                last.extend_from_slice(&next[text..]);
            }
            _ => lines.push(next),
        }
    }
    let headers = lines.iter().map(|line| header(line)).collect();
    Some(Head { start, headers, rest })
}

fn header(line: &[u8]) -> Option<Pair> {
    let colon = line.iter().position(|b| *b == b':')?;
    let mut name = line[..colon].to_vec();
    while name.last().is_some_and(|b| is_blank(*b)) {
        name.pop();
    }
    let token = |b: &u8| b.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(b);
    if name.is_empty() || !name.iter().all(token) {
        return None;
    }
    Some((name, unfold(&trim(&line[colon + 1..]))))
}

/// A line break before white space, and that white space, is one space.
fn unfold(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let breaks =
            if text[at..].starts_with(b"\r\n") { 2 } else { usize::from(text[at] == b'\n') };
        if breaks > 0 && text.get(at + breaks).is_some_and(|b| is_blank(*b)) {
            at += breaks;
            while text.get(at).is_some_and(|b| is_blank(*b)) {
                at += 1;
            }
            out.push(b' ');
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

/// The values of all headers of a name, long or compact.
pub(crate) fn values(head: &Head, long: &str, compact: &str) -> Vec<Vec<u8>> {
    let named = |pair: &&Pair| {
        pair.0.eq_ignore_ascii_case(long.as_bytes())
            || pair.0.eq_ignore_ascii_case(compact.as_bytes())
    };
    head.headers.iter().flatten().filter(named).map(|pair| pair.1.clone()).collect()
}

/// The length of the body of a datagram.
pub(crate) fn body_len(head: &Head) -> Option<usize> {
    let mut length = None;
    for value in values(head, "Content-Length", "l") {
        let digits = String::from_utf8(value).ok()?;
        if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit()) {
            return None;
        }
        let number: u32 = digits.parse().ok()?;
        if length.is_some_and(|known| known != number) {
            return None;
        }
        length = Some(number);
    }
    match length {
        None => Some(head.rest.len()),
        Some(number) => Some(number as usize).filter(|number| *number <= head.rest.len()),
    }
}

/// URI and tag of an address without folds.
pub(crate) fn address(value: &[u8]) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
    let mut at = 0;
    if value.first() == Some(&b'"') {
        at = 1;
        loop {
            match value.get(at)? {
                b'\\' => at += 2,
                b'"' => break,
                _ => at += 1,
            }
        }
        at += 1;
        while value.get(at).is_some_and(|b| is_space(*b)) {
            at += 1;
        }
        if value.get(at) != Some(&b'<') {
            // A quoted name with bare quotes inside: only one bracket, and a quote before it.
            let open = value.iter().position(|byte| *byte == b'<')?;
            if value[open + 1..].contains(&b'<') || trim(&value[..open]).last() != Some(&b'"') {
                return None;
            }
            at = open;
        }
    }
    let semicolon = value[at..].iter().position(|b| *b == b';').map_or(value.len(), |i| at + i);
    let open = value[at..].iter().position(|b| *b == b'<').map(|i| at + i);
    let (uri, params) = match open.filter(|open| *open < semicolon) {
        Some(open) => {
            let close = open + value[open..].iter().position(|b| *b == b'>')?;
            (trim(&value[open + 1..close]), &value[close + 1..])
        }
        None => (trim(&value[..semicolon]), &value[semicolon..]),
    };
    Some((uri, tag(params)))
}

fn tag(params: &[u8]) -> Option<Vec<u8>> {
    let mut parts = vec![Vec::new()];
    let (mut quoted, mut escaped) = (false, false);
    for byte in params {
        if *byte == b';' && !quoted {
            parts.push(Vec::new());
        } else {
            parts.last_mut().unwrap().push(*byte);
        }
        quoted ^= *byte == b'"' && !escaped;
        escaped = quoted && *byte == b'\\' && !escaped;
    }
    for part in &parts[1..] {
        let equals = part.iter().position(|b| *b == b'=').unwrap_or(part.len());
        if trim(&part[..equals]).eq_ignore_ascii_case(b"tag") {
            return Some(trim(part.get(equals + 1..).unwrap_or_default()));
        }
    }
    None
}
