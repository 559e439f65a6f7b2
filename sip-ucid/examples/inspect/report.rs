//! What is reported of one message.

use sip_ucid::{
    Address, Contact, Error, ErrorKind, Head, Header, Message, Name, Note, Problem, ProblemKind,
    StartLine, Status, Text, Transport, Uri, Via, identity, is_cloudagent_ucid,
};

use crate::json::{Object, array, or_null, plain, text};

/// The report on the first message in `bytes`.
pub(crate) fn report(file: &[u8], bytes: &[u8], transport: Transport) -> String {
    let stream = transport == Transport::Stream;
    let (head, error) = match Head::parse(bytes) {
        Ok(Status::Complete(head)) => (Some(head), None),
        Ok(Status::Partial) if stream => (None, None),
        Ok(Status::Partial) => (None, Some((ErrorKind::NoEnd, bytes.len()))),
        Err(error) => (None, Some((error.kind(), error.at()))),
    };
    let message = head.map(|head| Message::with_head(head, transport));
    let error = match message {
        Some(Err(error)) => Some((error.kind(), error.at())),
        _ => error,
    };
    let body = match message {
        Some(Ok(Status::Complete(message))) => Some(message.body().len()),
        _ => None,
    };
    let frame = match (error, body) {
        (Some(_), _) => "error",
        (None, Some(_)) => "ok",
        (None, None) => "partial",
    };
    let mut problems: Vec<String> = error.map(framing_problem).into_iter().collect();
    problems.extend(head.iter().flat_map(Head::validate).map(|it| problem(&it)));
    let notes = head.iter().flat_map(Head::notes).map(|it| note(&it));
    let object = Object::default()
        .member("file", &text(file))
        .member("frame", &plain(frame))
        .member("valid", if frame == "ok" && problems.is_empty() { "true" } else { "false" })
        .member("problems", &array(problems))
        .member("notes", &array(notes));
    let object = routing(object, head.as_ref());
    let object = object.member("body_len", &or_null(body.map(|len| len.to_string())));
    call(object, head.as_ref()).finish()
}

/// The fields by which a message is routed and matched.
fn routing(object: Object, head: Option<&Head<'_>>) -> Object {
    let party = |of: fn(&Head<'_>) -> Option<String>| or_null(head.and_then(of));
    let cseq = head.and_then(|head| head.value(Name::CSeq)).map(|it| cseq_parts(&it));
    let (number, method) = cseq.unwrap_or_default();
    object
        .member("start", &party(start))
        .member("header_lines", &party(|head| Some(header_lines(head).to_string())))
        .member("call_id", &party(|head| head.call_id().ok().map(unfolded)))
        .member("cseq", &or_null(number))
        .member("cseq_method", &or_null(method))
        .member("from", &party(|head| head.from().ok().map(|it| tagged(&it))))
        .member("to", &party(|head| head.to().ok().map(|it| tagged(&it))))
        .member(
            "via",
            &array(head.iter().flat_map(|head| head.vias()).flatten().map(|it| via(&it))),
        )
        .member(
            "contacts",
            &array(head.iter().flat_map(|head| head.contacts()).flatten().map(contact)),
        )
        .member("max_forwards", &party(|head| head.max_forwards().ok().map(|it| it.to_string())))
        .member(
            "content_length",
            &party(|head| head.content_length().ok().map(|it| it.to_string())),
        )
}

/// The fields that tell which phone call it is, and whose.
fn call(object: Object, head: Option<&Head<'_>>) -> Object {
    let who = head.map(|head| identity(head.as_bytes()));
    let ucid = head.and_then(|head| head.value(Name::XUcid));
    let callerno = head.and_then(|head| head.value(Name::XCallerno));
    let pai = who.as_ref().and_then(sip_ucid::Identity::asserted_number);
    let avaya = who.as_ref().and_then(sip_ucid::Identity::avaya_ucid);
    let conflicts = head.iter().flat_map(|head| head.conflicts()).map(|name| plain(name.as_str()));
    object
        .member("ucid", &or_null(ucid.map(unfolded)))
        .member("ucid_ok", &or_null(ucid.map(|it| is_cloudagent_ucid(it).to_string())))
        .member("callerno", &or_null(callerno.map(unfolded)))
        .member("pai", &or_null(pai.map(|it| text(it.as_bytes()))))
        .member("uui_ucid", &or_null(avaya.map(|it| plain(&it.to_string()))))
        .member("conflicts", &array(conflicts))
}

/// Header lines, well formed or not; one that begins with white space is a fold of nothing.
fn header_lines(head: &Head<'_>) -> usize {
    let all = head.as_bytes();
    let at = |header: Result<Header<'_>, Error>| match header {
        Ok(header) => header.at(),
        Err(error) => error.at(),
    };
    let starts = head.headers().map(at).filter_map(|at| all.get(at - head.at()));
    starts.filter(|first| !matches!(first, b' ' | b'\t')).count()
}

fn unfolded(value: Text<'_>) -> String {
    text(&value.unfold().collect::<Vec<_>>().concat())
}

fn optional(value: Option<Text<'_>>) -> String {
    or_null(value.map(|value| text(value.as_bytes())))
}

fn cseq_parts(value: &Text<'_>) -> (Option<String>, Option<String>) {
    let (number, method) = sip_ucid::CSeq::parts(value.as_bytes());
    let digits = number.to_str().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|digits| digits.parse::<u32>().ok());
    let method = Some(method).filter(|method| !method.is_empty());
    (number.map(|number| number.to_string()), method.map(unfolded))
}

fn framing_problem((kind, at): (ErrorKind, usize)) -> String {
    let length = matches!(
        kind,
        ErrorKind::ShortBody
            | ErrorKind::ContentLength
            | ErrorKind::LengthConflict
            | ErrorKind::NoContentLength
    );
    let header = length.then_some(Name::ContentLength);
    problem_json(ProblemKind::Value(kind).as_str(), header, at)
}

fn problem(problem: &Problem) -> String {
    problem_json(problem.kind().as_str(), problem.header(), problem.at())
}

fn problem_json(kind: &str, header: Option<Name>, at: usize) -> String {
    finding(kind, header, at).finish()
}

/// What is well formed and yet worth knowing, with the code of the answer that it calls for.
fn note(note: &Note) -> String {
    let code = or_null(note.code().map(|code| code.to_string()));
    finding(note.kind().as_str(), note.header(), note.at()).member("code", &code).finish()
}

fn finding(kind: &str, header: Option<Name>, at: usize) -> Object {
    let header = header.filter(|name| *name != Name::Other).map(|name| plain(name.as_str()));
    Object::default()
        .member("kind", &plain(kind))
        .member("header", &or_null(header))
        .member("at", &at.to_string())
}

fn start(head: &Head<'_>) -> Option<String> {
    let null = || "null".to_owned();
    let (kind, method, uri, code, reason) = match head.start().ok()? {
        StartLine::Request(line) => {
            let (method, uri) = (line.method(), line.uri());
            ("request", text(method.as_bytes()), text(uri.as_bytes()), null(), null())
        }
        StartLine::Status(line) => {
            let code = or_null(line.code().ok().map(|code| code.to_string()));
            ("response", null(), null(), code, text(line.reason().as_bytes()))
        }
    };
    let object = Object::default().member("kind", &plain(kind)).member("method", &method);
    Some(object.member("uri", &uri).member("code", &code).member("reason", &reason).finish())
}

fn address(address: &Address<'_>) -> Object {
    let display = address.display_name().map(|name| text(&name.collect::<Vec<u8>>()));
    let uri: Result<Uri<'_>, Error> = address.parsed_uri();
    let (user, host, port) = match &uri {
        Ok(Uri::Sip(sip)) => (
            sip.decoded_user().map(|user| text(&user.collect::<Vec<u8>>())),
            Some(text(sip.host().as_bytes())),
            sip.port().map(|port| port.to_string()),
        ),
        Ok(Uri::Tel(tel)) => (Some(text(tel.number().as_bytes())), None, None),
        _ => (None, None, None),
    };
    Object::default()
        .member("display", &or_null(display))
        .member("uri", &text(address.uri().as_bytes()))
        .member("user", &or_null(user))
        .member("host", &or_null(host))
        .member("port", &or_null(port))
}

fn tagged(value: &Address<'_>) -> String {
    address(value).member("tag", &optional(value.tag())).finish()
}

fn contact(contact: Contact<'_>) -> String {
    match contact {
        Contact::Any => Object::default().member("uri", &plain("*")).finish(),
        Contact::Address(value) => address(&value).finish(),
    }
}

fn via(via: &Via<'_>) -> String {
    let tight: Vec<u8> =
        via.sent_by().as_bytes().iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    Object::default()
        .member("transport", &text(via.transport().as_bytes()))
        .member("sent_by", &text(&tight))
        .member("branch", &optional(via.branch()))
        .member("received", &optional(via.received()))
        .member("rport", &optional(via.rport()))
        .finish()
}
