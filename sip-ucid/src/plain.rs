//! Values as nearly every message has them, recognized in one pass.
//!
//! What is recognized here is within the grammar; nothing is said of the rest, which the readers of values look at
//! part by part. So a check asks here first, and only what is not plain is parsed.

use crate::chars::{self, ALNUM, PLAIN, PLAIN_PARAM, PLAIN_USER, TOKEN, WORD};
use crate::scan;

/// What follows the longest beginning of `text` that belongs to `class`; `None` if there is no such byte.
#[inline]
fn skip(text: &[u8], class: u32) -> Option<&[u8]> {
    let run = chars::run(text, class);
    scan::tally(1 + run);
    if run == 0 { None } else { text.get(run..) }
}

/// What follows a host name or an IPv4 address.
#[inline]
fn host(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text;
    let mut before = b'.';
    while let [byte, tail @ ..] = rest {
        let sound = chars::is(*byte, ALNUM)
            || (*byte == b'.' && chars::is(before, ALNUM))
            || (*byte == b'-' && before != b'.');
        if !sound {
            break;
        }
        before = *byte;
        rest = tail;
    }
    scan::tally(1 + text.len() - rest.len());
    (rest.len() < text.len() && before != b'-').then_some(rest)
}

/// What follows a host with or without a port.
#[inline]
fn host_port(text: &[u8]) -> Option<&[u8]> {
    let after = host(text)?;
    let [b':', digits @ ..] = after else { return Some(after) };
    let (mut rest, mut port) = (digits, 0);
    while let [digit @ b'0'..=b'9', tail @ ..] = rest {
        port = 10 * port + u32::from(*digit - b'0');
        if port > u32::from(u16::MAX) {
            return None;
        }
        rest = tail;
    }
    (rest.len() < digits.len()).then_some(rest)
}

/// What follows `*(";" name [ "=" value ])`, names and values of one class.
#[inline]
fn params(text: &[u8], class: u32) -> Option<&[u8]> {
    let mut rest = text;
    while let [b';', after @ ..] = rest {
        rest = match skip(after, class)? {
            [b'=', value @ ..] => skip(value, class)?,
            after => after,
        };
    }
    Some(rest)
}

/// Whether text is nothing but parameters with tokens as their values.
#[inline]
fn only_params(text: &[u8]) -> bool {
    params(text, TOKEN).is_some_and(<[u8]>::is_empty)
}

/// What follows a `sip:` or `sips:` URI without password, headers, escapes and IPv6 address.
#[inline]
fn after_uri(text: &[u8]) -> Option<&[u8]> {
    let ([b'S' | b's', b'I' | b'i', b'P' | b'p', b':', rest @ ..]
    | [b'S' | b's', b'I' | b'i', b'P' | b'p', b'S' | b's', b':', rest @ ..]) = text
    else {
        return None;
    };
    // Without a user part this is the host already. A later `@` ends what can be recognized.
    let host = match skip(rest, PLAIN_USER) {
        Some([b'@', host @ ..]) => host,
        _ => rest,
    };
    params(host_port(host)?, PLAIN_PARAM)
}

/// Whether text is a URI within the grammar, without headers.
#[inline]
pub(crate) fn is_uri(text: &[u8]) -> bool {
    after_uri(text).is_some_and(<[u8]>::is_empty)
}

/// Whether a value is one address in brackets, with or without a display name.
#[inline]
pub(crate) fn is_address(value: &[u8]) -> bool {
    let bracket = match value {
        [b'"', name @ ..] => match name.get(chars::run(name, PLAIN)..) {
            Some([b'"', b' ', rest @ ..] | [b'"', rest @ ..]) => rest,
            _ => return false,
        },
        [b'<', ..] => value,
        _ => skip(value, TOKEN | chars::LWS).unwrap_or_default(),
    };
    scan::tally(value.len() - bracket.len());
    let [b'<', inner @ ..] = bracket else { return false };
    matches!(after_uri(inner), Some([b'>', rest @ ..]) if only_params(rest))
}

/// Whether a value is one Via.
#[inline]
pub(crate) fn is_via(value: &[u8]) -> bool {
    let transport = value.strip_prefix(b"SIP/2.0/").unwrap_or_default();
    let Some([b' ', by @ ..]) = skip(transport, TOKEN) else { return false };
    host_port(by).is_some_and(only_params)
}

/// `word ["@" word]`, exactly.
#[inline]
pub(crate) fn is_call_id(value: &[u8]) -> bool {
    match skip(value, WORD) {
        Some([b'@', host @ ..]) => skip(host, WORD).is_some_and(<[u8]>::is_empty),
        rest => rest.is_some_and(<[u8]>::is_empty),
    }
}

/// Whether a value is a media type.
#[inline]
pub(crate) fn is_media_type(value: &[u8]) -> bool {
    let Some([b'/', subtype @ ..]) = skip(value, TOKEN) else { return false };
    skip(subtype, TOKEN).is_some_and(only_params)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::address::{Address, Addresses};
    use crate::leniency::Leniency;
    use crate::text::Text;
    use crate::uri::Uri;
    use crate::value::ContentType;
    use crate::via::Via;

    fn uri(text: &[u8]) -> bool {
        Uri::parse(text)
            .is_ok_and(|uri| uri.check().is_ok() && uri.sip().is_none_or(|sip| !sip.has_headers()))
    }

    fn address(value: &[u8]) -> bool {
        let alone = Address::parse_unchecked(value, Leniency::NONE)
            .is_ok_and(|it| it.is_bracketed() && it.check().is_ok());
        let listed =
            Addresses::strict(Text::new(value)).all(|it| it.is_ok_and(|it| it.check().is_ok()));
        alone && listed
    }

    fn via(value: &[u8]) -> bool {
        Via::parse_with(value, Leniency::NONE).is_ok() && !value.contains(&b',')
    }

    fn media_type(value: &[u8]) -> bool {
        ContentType::parse(value).is_ok_and(|it| it.params().check(Leniency::NONE).is_ok())
    }

    fn call_id(value: &[u8]) -> bool {
        let mut words = value.splitn(2, |byte| *byte == b'@');
        words.all(|word| chars::all(word, WORD))
    }

    type Check = fn(&[u8]) -> bool;

    /// What is recognized, the reader that has to agree, and values that are recognized.
    const KINDS: [(Check, Check, &[&str]); 5] = [
        (
            is_uri,
            uri,
            &["sip:91@h.test:5060;user=phone", "SIPS:a;b?c@1.2.3.4", "sip:h-1.;lr;x=[y]"],
        ),
        (
            is_address,
            address,
            &[
                "\"A, <B>\" <sip:a@h>;tag=x;y",
                "\"\"<sip:h>",
                "A b\r\n c<sips:a@h;lr>",
                "<sip:a@h:65535>",
            ],
        ),
        (is_via, via, &["SIP/2.0/UDP h.test:5060;branch=z9hG4bK.1;rport", "SIP/2.0/x-y 1.2.3.4"]),
        (is_call_id, call_id, &["a(b)<c>@[h]", "1"]),
        (is_media_type, media_type, &["application/sdp", "text/plain;charset=utf-8;x"]),
    ];

    #[test]
    fn plain_values_are_recognized() {
        for (plain, reader, values) in KINDS {
            for value in values {
                assert!(plain(value.as_bytes()) && reader(value.as_bytes()), "{value}");
            }
        }
    }

    /// Every value with one byte replaced, left out or put in, by every other byte.
    #[test]
    fn what_is_recognized_is_within_the_grammar() {
        for (plain, reader, values) in KINDS {
            for value in values {
                let value = value.as_bytes();
                let agrees = |damaged: &[u8]| {
                    assert!(!plain(damaged) || reader(damaged), "{}", Text::new(damaged));
                };
                for at in 0..=value.len() {
                    let (before, after) = value.split_at(at);
                    let rest = after.get(1..).unwrap_or_default();
                    agrees(&[before, rest].concat());
                    agrees(before);
                    for byte in 0..=u8::MAX {
                        agrees(&[before, &[byte], rest].concat());
                        agrees(&[before, &[byte], after].concat());
                        agrees(&[before, &[byte], before, after].concat());
                    }
                }
            }
        }
    }

    #[test]
    fn a_call_id_is_judged_exactly() {
        let bytes: Vec<u8> = b"a@\"(\x01, ".to_vec();
        let mut values = std::vec![Vec::new()];
        for _ in 0..4 {
            for value in values.clone() {
                values.extend(bytes.iter().map(|byte| [&value[..], &[*byte]].concat()));
            }
        }
        for value in values {
            assert_eq!(is_call_id(&value), call_id(&value), "{}", Text::new(&value));
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_readers() {
        let not: [(Check, &[&str]); 5] = [
            (
                is_uri,
                &[
                    "sip:",
                    "sip:@h",
                    "sip:a:b@h",
                    "sip:h:",
                    "sip:h:65536",
                    "sip:-h",
                    "sip:h-",
                    "sip:a..b",
                    "sip:a@h;",
                    "sip:a@h;x=",
                    "sip:a@h?x=y",
                    "sip:a@[::1]",
                    "sip:%41@h",
                    "tel:1",
                    "sip:h;x:z@y",
                    "sip:h:1@y",
                ],
            ),
            (
                is_address,
                &[
                    "sip:a@h",
                    "<sip:a@h",
                    "\"A <sip:a@h>",
                    "A, <sip:a@h>",
                    "<sip:a@h>;",
                    "<sip:a@h>, <sip:b>",
                    "<sip:a@h> ;x",
                    "",
                ],
            ),
            (
                is_via,
                &[
                    "SIP/2.0/UDP",
                    "SIP/2.0/ h",
                    "SIP/2.0/UDP h, SIP/2.0/UDP i",
                    "SIP/2.0/UDP h:0x",
                    "SIP / 2.0 / UDP h",
                ],
            ),
            (is_call_id, &["", "@", "a@", "@b", "a@b@c", "a b"]),
            (is_media_type, &["", "a", "a/", "/b", "a/b;", "a/b;c=\"d\""]),
        ];
        for (plain, values) in not {
            for value in values {
                assert!(!plain(value.as_bytes()), "{value}");
            }
        }
    }
}
