//! The published parsers, each by its documented way, and two floors.

use crate::{Input, Peer, digest};

const NONE: Peer = Peer { name: "", parse: None, typed: None, valid: None, extract: None };

pub(crate) fn peers() -> Vec<Peer> {
    vec![
        Peer {
            name: "httparse (header block)",
            parse: Some(header_block),
            extract: Some(header_block_extract),
            ..NONE
        },
        Peer { name: "every line end (memchr)", parse: Some(line_ends), ..NONE },
        Peer { name: "parsip", parse: Some(parsip_parse), extract: Some(parsip_extract), ..NONE },
        Peer {
            name: "rsipstack",
            parse: Some(rsipstack::parse),
            typed: Some(rsipstack::typed),
            extract: Some(rsipstack::extract),
            ..NONE
        },
        Peer {
            name: "sipx-sip",
            parse: Some(sipx::parse),
            typed: Some(sipx::typed),
            valid: Some(sipx::valid),
            extract: Some(sipx::extract),
        },
        Peer {
            name: "rsip",
            parse: Some(rsip_peer::parse),
            typed: Some(rsip_peer::typed),
            extract: Some(rsip_peer::extract),
            ..NONE
        },
        Peer {
            name: "ezk-sip-types",
            parse: Some(ezk::parse),
            typed: Some(ezk::typed),
            extract: Some(ezk::extract),
            ..NONE
        },
    ]
}

fn user(value: &str) -> Option<&str> {
    let from = value.find("sip:")? + 4;
    let len = value[from..].find(['@', ';'])?;
    Some(&value[from..from + len])
}

fn answer(ucid: Option<&[u8]>, callerno: Option<&[u8]>, from: Option<&[u8]>) -> Option<usize> {
    let caller = match callerno {
        Some(caller) => caller.len(),
        None => user(std::str::from_utf8(from?).ok()?)?.len(),
    };
    Some(ucid?.len() + 100 * caller)
}

/// The header lines after the start line.
fn block(input: &Input) -> &'static [u8] {
    let start = memchr::memchr(b'\n', input.bytes).map_or(0, |at| at + 1);
    &input.bytes[start..]
}

fn header_block(input: &Input) -> Option<usize> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    match httparse::parse_headers(block(input), &mut headers).ok()? {
        httparse::Status::Complete((_, headers)) => Some(headers.len()),
        httparse::Status::Partial => None,
    }
}

fn header_block_extract(input: &Input) -> Option<usize> {
    let mut room = [httparse::EMPTY_HEADER; 64];
    let httparse::Status::Complete((_, headers)) =
        httparse::parse_headers(block(input), &mut room).ok()?
    else {
        return None;
    };
    let find = |name: &str, short: &str| {
        let named = |header: &&httparse::Header<'static>| {
            header.name.eq_ignore_ascii_case(name) || header.name.eq_ignore_ascii_case(short)
        };
        headers.iter().find(named).map(|header| header.value)
    };
    answer(find("X-UCID", ""), find("X-CALLERNO", ""), find("From", "f"))
}

fn line_ends(input: &Input) -> Option<usize> {
    let end = memchr::memmem::find(input.bytes, b"\r\n\r\n")?;
    Some(memchr::memchr_iter(b'\n', &input.bytes[..end]).count())
}

fn parsip_parse(input: &Input) -> Option<usize> {
    let mut headers = [parsip::EMPTY_HEADER; 64];
    let mut request = parsip::Request::new(&mut headers);
    let parsip::IResult::Done(..) = request.parse(input.bytes) else { return None };
    Some(request.headers.len())
}

fn parsip_extract(input: &Input) -> Option<usize> {
    let mut room = [parsip::EMPTY_HEADER; 64];
    let mut request = parsip::Request::new(&mut room);
    let parsip::IResult::Done(..) = request.parse(input.bytes) else { return None };
    let find = |name: &str, short: &str| {
        let named = |header: &&parsip::Header<'_>| {
            header.name.eq_ignore_ascii_case(name) || header.name.eq_ignore_ascii_case(short)
        };
        request.headers.iter().find(named).map(|header| header.value)
    };
    answer(find("X-UCID", ""), find("X-CALLERNO", ""), find("From", "f"))
}

mod rsipstack {
    use rsipstack::sip::typed::{Contact, From, To, Via};
    use rsipstack::sip::{HasHeaders as _, HeadersExt as _, SipMessage, ToTypedHeader as _};

    use super::{Input, answer, digest};

    fn message(input: &Input) -> Option<SipMessage> {
        SipMessage::try_from(input.bytes).ok()
    }

    pub(super) fn parse(input: &Input) -> Option<usize> {
        Some(message(input)?.headers().iter().count())
    }

    pub(super) fn typed(input: &Input) -> Option<usize> {
        let message = message(input)?;
        let from: From = message.from_header().ok()?.typed().ok()?;
        let to: To = message.to_header().ok()?.typed().ok()?;
        let via: Via = message.via_header().ok()?.typed().ok()?;
        let contact: Contact = message.contact_header().ok()?.typed().ok()?;
        let cseq = message.cseq_header().ok()?.typed().ok()?;
        let call_id = message.call_id_header().ok()?.value().len();
        let tag = from.tag().map_or(0, |tag| tag.value().len());
        let branch = via.branch().map_or(0, |branch| branch.value().len());
        std::hint::black_box((to, contact));
        Some(digest(call_id, tag, branch, cseq.seq))
    }

    pub(super) fn extract(input: &Input) -> Option<usize> {
        let message = message(input)?;
        let ucid = message.header_value("X-UCID");
        let callerno = message.header_value("X-CALLERNO");
        let from = message.header_value("From").or_else(|| message.header_value("f"));
        let from = from.or_else(|| message.from_header().ok().map(|it| it.value().to_owned()));
        let bytes = |text: &'_ Option<String>| text.clone().map(String::into_bytes);
        let (ucid, callerno, from) = (bytes(&ucid), bytes(&callerno), bytes(&from));
        answer(ucid.as_deref(), callerno.as_deref(), from.as_deref())
    }
}

mod sipx {
    use sipx_sip::headers::{CSeq, CallId, ContactValue, From, To, Via};
    use sipx_sip::{HeaderName, Limits, Message, parse_datagram};

    use super::{Input, answer, digest};

    fn message(input: &Input) -> Option<Message> {
        parse_datagram(input.shared.clone(), &Limits::datagram()).ok()
    }

    pub(super) fn parse(input: &Input) -> Option<usize> {
        Some(message(input)?.headers().len())
    }

    fn values(message: &Message) -> Option<usize> {
        let headers = message.headers();
        let from = headers.typed::<From>()?.ok()?;
        let to = headers.typed::<To>()?.ok()?;
        let via = headers.typed::<Via>()?.ok()?;
        let contact = headers.typed::<ContactValue>()?.ok()?;
        let cseq = headers.typed::<CSeq>()?.ok()?;
        let call_id = headers.typed::<CallId>()?.ok()?;
        let tag = from.0.tag().map_or(0, |tag| tag.len());
        let branch = via.branch().map_or(0, |branch| branch.len());
        std::hint::black_box((to, contact));
        Some(digest(call_id.0.len(), tag, branch, cseq.sequence))
    }

    pub(super) fn typed(input: &Input) -> Option<usize> {
        values(&message(input)?)
    }

    pub(super) fn valid(input: &Input) -> Option<usize> {
        let message = message(input)?;
        let values = values(&message)?;
        sipx_sip::validate(&message).is_empty().then_some(values)
    }

    pub(super) fn extract(input: &Input) -> Option<usize> {
        let message = message(input)?;
        let headers = message.headers();
        let ucid = headers.value(&HeaderName::Other("X-UCID".into()));
        let callerno = headers.value(&HeaderName::Other("X-CALLERNO".into()));
        let from = headers.value(&HeaderName::From);
        answer(ucid.as_deref(), callerno.as_deref(), from.as_deref())
    }
}

mod rsip_peer {
    use rsip::headers::ToTypedHeader as _;
    use rsip::prelude::{HasHeaders as _, HeadersExt as _, UntypedHeader as _};
    use rsip::{Header, SipMessage};

    use super::{Input, answer, digest};

    fn message(input: &Input) -> Option<SipMessage> {
        SipMessage::try_from(input.bytes).ok()
    }

    pub(super) fn parse(input: &Input) -> Option<usize> {
        Some(message(input)?.headers().iter().count())
    }

    pub(super) fn typed(input: &Input) -> Option<usize> {
        let message = message(input)?;
        let from = message.from_header().ok()?.typed().ok()?;
        let to = message.to_header().ok()?.typed().ok()?;
        let via = message.via_header().ok()?.typed().ok()?;
        let contact = message.contact_header().ok()?.typed().ok()?;
        let cseq = message.cseq_header().ok()?.typed().ok()?;
        let call_id = message.call_id_header().ok()?.value().len();
        let tag = from.tag().map_or(0, |tag| tag.value().len());
        let branch = via.branch().map_or(0, |branch| branch.value().len());
        std::hint::black_box((to, contact));
        Some(digest(call_id, tag, branch, cseq.seq))
    }

    pub(super) fn extract(input: &Input) -> Option<usize> {
        let message = message(input)?;
        let other = |name: &str| {
            message.headers().iter().find_map(|header| match header {
                Header::Other(known, value) if known.eq_ignore_ascii_case(name) => {
                    Some(value.as_bytes())
                }
                _ => None,
            })
        };
        let from = message.from_header().ok().map(|from| from.value().as_bytes());
        answer(other("X-UCID"), other("X-CALLERNO"), from)
    }
}

mod ezk {
    use bytes::Bytes;
    use bytesstr::BytesStr;
    use ezk_sip_types::header::typed::{CSeq, CallID, Contact, FromTo, Via};
    use ezk_sip_types::msg::{Line, MessageLine, PullParser};
    use ezk_sip_types::parse::Parse as _;
    use ezk_sip_types::{Headers, Name};

    use super::{Input, answer, digest};

    fn headers(input: &Input) -> Option<Headers> {
        let src: &Bytes = &input.shared;
        let mut parser = PullParser::new(src, 0);
        let line = std::str::from_utf8(parser.next()?.ok()?).ok()?;
        std::hint::black_box(MessageLine::parse(src)(line).ok()?);
        let mut headers = Headers::new();
        for line in parser {
            let line = std::str::from_utf8(line.ok()?).ok()?;
            let (_, line) = Line::parse(src, line).ok()?;
            headers.insert(line.name, line.value);
        }
        Some(headers)
    }

    pub(super) fn parse(input: &Input) -> Option<usize> {
        Some(headers(input)?.iter().count())
    }

    pub(super) fn typed(input: &Input) -> Option<usize> {
        let headers = headers(input)?;
        let from: FromTo = headers.get(Name::FROM).ok()?;
        let to: FromTo = headers.get(Name::TO).ok()?;
        let via: Via = headers.get(Name::VIA).ok()?;
        let contact: Contact = headers.get(Name::CONTACT).ok()?;
        let cseq: CSeq = headers.get_named().ok()?;
        let call_id: CallID = headers.get_named().ok()?;
        let tag = from.tag.as_ref().map_or(0, |tag| tag.len());
        let branch = via.params.get_val("branch").map_or(0, |branch| branch.len());
        std::hint::black_box((to, contact));
        Some(digest(call_id.0.len(), tag, branch, cseq.cseq))
    }

    /// Line by line, without building headers: the cheapest way it offers.
    pub(super) fn extract(input: &Input) -> Option<usize> {
        let src: &Bytes = &input.shared;
        let (mut ucid, mut callerno, mut from) = (None, None, None);
        for line in PullParser::new(src, 0).skip(1) {
            let line = std::str::from_utf8(line.ok()?).ok()?;
            if !matches!(line.as_bytes().first(), Some(b'x' | b'X' | b'f' | b'F')) {
                continue;
            }
            let (_, line) = Line::parse(src, line).ok()?;
            let slot = if line.name == Name::FROM {
                &mut from
            } else if line.name.as_print_str().eq_ignore_ascii_case("X-UCID") {
                &mut ucid
            } else if line.name.as_print_str().eq_ignore_ascii_case("X-CALLERNO") {
                &mut callerno
            } else {
                continue;
            };
            *slot = Some(line.value);
        }
        let bytes = |value: &'_ Option<BytesStr>| value.as_ref().map(|it| it.as_bytes().to_vec());
        let (ucid, callerno, from) = (bytes(&ucid), bytes(&callerno), bytes(&from));
        answer(ucid.as_deref(), callerno.as_deref(), from.as_deref())
    }
}
