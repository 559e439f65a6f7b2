//! print ∘ parse: what is written reads back the same, or is not written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sip_ucid::{Address, Leniency, Message, Name, Text, Writer, write_address};

fuzz_target!(|parts: (String, String, String, Vec<u8>, Vec<u8>)| {
    let (display, uri, tag, value, body) = parts;
    let mut out = Vec::new();
    if write_address(&mut out, Some(&display), &uri, &[("tag", &tag)]).is_ok() {
        let read = Address::parse_with(&out, Leniency::NONE).unwrap();
        assert_eq!(read.display_name().unwrap().to_string(), display);
        assert_eq!(read.uri(), uri.as_str());
        let read_tag = read.params().next().unwrap().unescape();
        assert_eq!(read_tag.map(|it| it.to_string()).unwrap_or_default(), tag);
    }
    let mut out = Vec::new();
    let received = Text::new(&value);
    let mut echo = || {
        Writer::response(&mut out, 200, "OK")?.echo(Name::From, received)?.finish("", &body)
    };
    if echo().is_ok() {
        let message = Message::datagram(&out).unwrap();
        let read = message.value(Name::From).unwrap();
        assert_eq!(read.as_bytes(), received.unfold().collect::<Vec<_>>().concat());
        assert_eq!((message.headers().count(), message.body()), (2, &body[..]));
    }
    let mut out = Vec::new();
    let mut write = || {
        let mut writer = Writer::request(&mut out, "MESSAGE", "sip:a@example.test")?;
        writer.header("X-Note", &value)?.call_id(&tag)?.header(Name::XUcid, &display)?;
        writer.finish("", &body)
    };
    if write().is_ok() {
        let message = Message::datagram(&out).unwrap();
        assert_eq!(message.headers().count(), 4);
        assert_eq!(message.value_of("X-Note").unwrap().as_bytes(), value);
        assert_eq!(message.value(Name::XUcid).unwrap(), display.as_str());
        assert_eq!(message.call_id().unwrap(), tag.as_str());
        assert_eq!(message.body(), body);
    }
});
