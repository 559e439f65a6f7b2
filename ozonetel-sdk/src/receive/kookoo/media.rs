//! The media stream's control events. Audio is skipped, not decoded.
//!
//! Events arrive as JSON text, in text or in binary frames: `start`, then media packets with an array of samples,
//! keys as media packets of a type of their own, a `mark` for every packet that was played, and `stop`. The member
//! `event` says which one it is, or `type` where that is missing. Other members are kept.
//!
//! A stream can be sent two commands, [`MediaCommand`]. The packets of audio that one sends are not written here.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::receive::push::error::{PushError, PushErrorKind};
use crate::receive::push::payload::{Keeps, decode};
use crate::types::ids::{Did, Ucid};
use crate::types::phone::PhoneNumber;
use crate::types::wire::{Extra, SensitiveText, record};

/// The longest frame that is read.
pub const MAX_FRAME: usize = 1024 * 1024;

record! {
    /// The beginning of a stream.
    pub struct MediaStart {
        /// The call.
        ucid: Ucid = "ucid",
        /// The number that was called.
        did: Did = "did",
        /// **The caller's number**, not an id, in spite of the service's name for it.
        caller: PhoneNumber = "call_id",
        /// The account.
        account: String = "x_account",
        /// The parameters of `NewCall` and what the XML set as `x-uui`, as JSON text: see [`header`](Self::header).
        headers: SensitiveText = "x_headers",
    }
}

impl MediaStart {
    /// One of the headers, compared without case. There is no `x-uui` beside them: it is one of them.
    ///
    /// ```
    /// use ozonetel_sdk::kookoo::media::{MediaEvent, read};
    /// let frame = br#"{"event":"start","ucid":"90000000000000001","call_id":"09000000001",
    ///     "x_headers":"{\"x-uui\":\"order 7\"}"}"#;
    /// let MediaEvent::Start(start) = read(frame)? else { panic!("no start") };
    /// assert_eq!(start.header("X-UUI").unwrap().as_str(), "order 7");
    /// # Ok::<(), ozonetel_sdk::push::PushError>(())
    /// ```
    pub fn header(&self, name: &str) -> Option<SensitiveText> {
        let all: Map<String, Value> = serde_json::from_str(self.headers.as_ref()?.as_str()).ok()?;
        let (_, value) = all.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        match value {
            Value::String(text) => Some(text.into()),
            Value::Null => None,
            other => Some(other.to_string().into()),
        }
    }
}

/// A packet of audio; its samples are not kept.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct MediaPacket {
    /// Samples a second: 8000, and 16000 on the first packet, which every client throws away.
    pub sample_rate: Option<u32>,
    /// Samples in the packet.
    pub frames: Option<u32>,
    /// How many samples there were, where they could be counted.
    pub samples: usize,
    /// Its other members, as they came.
    pub extra: Extra,
}

/// One event of a stream.
///
/// ```
/// use ozonetel_sdk::kookoo::media::{MediaEvent, read};
/// let played = read(br#"{"event":"mark","seqid":"12"}"#)?;
/// assert!(matches!(played, MediaEvent::Mark { seqid: Some(id), .. } if id == "12"));
/// # Ok::<(), ozonetel_sdk::push::PushError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum MediaEvent {
    /// The beginning.
    Start(Box<MediaStart>),
    /// Audio.
    Media(MediaPacket),
    /// Keys that were pressed.
    Dtmf(MediaKeys),
    /// A packet of ours was played.
    Mark {
        /// The packet's `seqid`, a number or text.
        seqid: Option<String>,
        /// Its other members.
        extra: Extra,
    },
    /// The end.
    Stop(Extra),
    /// Something else, kept whole.
    Other(Extra),
}

/// Keys that were pressed, as the packet has them: the name of the member that holds them is not documented.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MediaKeys {
    /// The packet whole.
    pub fields: Extra,
}

impl MediaKeys {
    /// The keys: the first text or number made of keys only (`0`–`9`, `*`, `#`, `A`–`D`) under `digit`, `digits`,
    /// `dtmf`, `value` or `data`, at the top or one level down in `data`.
    ///
    /// ```
    /// use ozonetel_sdk::kookoo::media::{MediaEvent, read};
    /// let MediaEvent::Dtmf(keys) = read(br##"{"event":"media","type":"dtmf","data":{"digit":"#"}}"##)? else { panic!("no keys") };
    /// assert_eq!(keys.digits().as_deref(), Some("#"));
    /// # Ok::<(), ozonetel_sdk::push::PushError>(())
    /// ```
    pub fn digits(&self) -> Option<String> {
        let names = ["digit", "digits", "dtmf", "value", "data"];
        let inner = match self.fields.get("data") {
            Some(Value::Object(data)) => Some(data),
            _ => None,
        };
        let top = names.iter().filter_map(|name| self.fields.get(name));
        let below = names.iter().filter_map(|name| inner?.get(*name));
        top.chain(below).find_map(keys)
    }
}

fn keys(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let key = |b: u8| b.is_ascii_digit() || matches!(b, b'*' | b'#' | b'A'..=b'D' | b'a'..=b'd');
    (!text.is_empty() && text.len() <= 64 && text.bytes().all(key)).then_some(text)
}

/// Reads one frame. Samples are counted and dropped while reading.
///
/// ```
/// use ozonetel_sdk::kookoo::media::{MediaEvent, read};
/// let frame = br#"{"event":"media","data":{"samples":[0,-1,1],"sampleRate":8000,"numberOfFrames":3}}"#;
/// let MediaEvent::Media(media) = read(frame)? else { panic!("no media") };
/// assert_eq!((media.samples, media.sample_rate), (3, Some(8000)));
/// # Ok::<(), ozonetel_sdk::push::PushError>(())
/// ```
///
/// # Errors
/// [`PushErrorKind::TooLarge`] over [`MAX_FRAME`] bytes, [`PushErrorKind::Syntax`], and
/// [`PushErrorKind::Field`] for a `start` with a field that cannot be parsed.
pub fn read(frame: &[u8]) -> Result<MediaEvent, PushError> {
    if frame.len() > MAX_FRAME {
        let reason = format!("more than {MAX_FRAME} bytes");
        return Err(PushError::new(PushErrorKind::TooLarge, reason));
    }
    let value: Light = serde_json::from_slice(frame).map_err(|error| {
        let reason = format!("not JSON (line {}, column {})", error.line(), error.column());
        PushError::new(PushErrorKind::Syntax, reason)
    })?;
    let Value::Object(mut fields) = value.0 else {
        return Err(PushError::new(PushErrorKind::Shape, "expected an object"));
    };
    let word = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_ascii_lowercase);
    let kind = word("type");
    let event = word("event").or_else(|| kind.clone()).unwrap_or_default();
    let extra = |fields: Map<String, Value>| Extra(fields.into_iter().collect());
    Ok(match event.as_str() {
        "start" => {
            fields.retain(|name, _| !matches!(name.as_str(), "event" | "type"));
            MediaEvent::Start(Box::new(decode(fields)?))
        }
        "dtmf" => MediaEvent::Dtmf(MediaKeys { fields: extra(fields) }),
        "media" if kind.as_deref() == Some("dtmf") => {
            MediaEvent::Dtmf(MediaKeys { fields: extra(fields) })
        }
        "media" => MediaEvent::Media(media(fields)),
        "mark" => {
            let seqid = match fields.remove("seqid") {
                Some(Value::String(text)) => Some(text),
                Some(Value::Null) | None => None,
                Some(other) => Some(other.to_string()),
            };
            fields.remove("event");
            MediaEvent::Mark { seqid, extra: extra(fields) }
        }
        "stop" => {
            fields.remove("event");
            MediaEvent::Stop(extra(fields))
        }
        _ => MediaEvent::Other(extra(fields)),
    })
}

fn media(mut fields: Map<String, Value>) -> MediaPacket {
    fields.remove("event");
    if fields.get("type").is_some_and(|word| word == "media") {
        fields.remove("type");
    }
    let mut number = |name: &str| {
        let inner = fields.get_mut("data").and_then(Value::as_object_mut);
        inner.and_then(|data| take_number(data, name)).or_else(|| take_number(&mut fields, name))
    };
    let (sample_rate, frames) = (number("sampleRate"), number("numberOfFrames"));
    let samples = number(SAMPLES).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    fields.retain(|name, value| {
        name != "data" || value.as_object().is_none_or(|data| !data.is_empty())
    });
    MediaPacket { sample_rate, frames, samples, extra: Extra(fields.into_iter().collect()) }
}

/// Takes a number out; what is none stays.
fn take_number(from: &mut Map<String, Value>, name: &str) -> Option<u32> {
    let number = from.get(name)?.as_u64().and_then(|number| u32::try_from(number).ok())?;
    from.remove(name);
    Some(number)
}

/// The member that holds the audio; an array is read as its length.
const SAMPLES: &str = "samples";

/// A JSON value whose samples are counted, not kept.
struct Light(Value);

impl<'de> Deserialize<'de> for Light {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(LightVisitor { counts: false }).map(Light)
    }
}

/// The value of [`SAMPLES`]: how many there are, none for `null`, and what is no array as it is.
struct Samples(Value);

impl<'de> Deserialize<'de> for Samples {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(LightVisitor { counts: true }).map(Samples)
    }
}

struct LightVisitor {
    /// Whether an array is counted.
    counts: bool,
}

impl<'de> Visitor<'de> for LightVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: de::Error>(self, yes: bool) -> Result<Value, E> {
        Ok(Value::Bool(yes))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(if self.counts { 0.into() } else { Value::Null })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        if self.counts {
            let mut count = 0_u64;
            while list.next_element::<IgnoredAny>()?.is_some() {
                count += 1;
            }
            return Ok(count.into());
        }
        let mut out = Vec::new();
        while let Some(Light(item)) = list.next_element()? {
            out.push(item);
        }
        Ok(Value::Array(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut out = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = if name == SAMPLES {
                map.next_value::<Samples>()?.0
            } else {
                map.next_value::<Light>()?.0
            };
            out.insert(name, value);
        }
        Ok(Value::Object(out))
    }
}

/// A command that a stream accepts.
///
/// ```
/// use ozonetel_sdk::kookoo::media::MediaCommand;
/// assert_eq!(MediaCommand::ClearBuffer.to_json(), r#"{"command":"clearBuffer"}"#);
/// assert_eq!(MediaCommand::CallDisconnect.to_json(), r#"{"command":"callDisconnect"}"#);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MediaCommand {
    /// Drops what has not been played yet: the caller interrupts.
    ClearBuffer,
    /// Ends the call.
    CallDisconnect,
}

impl MediaCommand {
    /// The frame to send, as text.
    pub fn to_json(self) -> String {
        let word = match self {
            Self::ClearBuffer => "clearBuffer",
            Self::CallDisconnect => "callDisconnect",
        };
        serde_json::json!({ "command": word }).to_string()
    }
}

impl Keeps for MediaStart {
    fn extra(&mut self) -> &mut Extra {
        &mut self.extra
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn frame(value: &Value) -> MediaEvent {
        read(value.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn the_start_names_the_caller_under_call_id() {
        let start = json!({"event":"start","type":"text","ucid":"90000000000000001","did":"918000000001",
            "call_id":"09000000001","x_account":"acme_support","x_headers":"{\"cid\":\"09000000001\",\"n\":1}","new":true});
        let MediaEvent::Start(start) = frame(&start) else { panic!("no start") };
        assert_eq!(start.ucid.unwrap().as_str(), "90000000000000001");
        assert_eq!(start.caller.as_ref().unwrap().as_str(), "09000000001");
        assert_eq!(start.header("CID").unwrap().as_str(), "09000000001");
        assert_eq!(start.header("n").unwrap().as_str(), "1");
        assert_eq!(start.header("x-uui"), None);
        assert_eq!(start.extra.get("new"), Some(&json!(true)));
        assert!(!format!("{start:?}").contains("9000000001"));
    }

    #[test]
    fn headers_that_are_no_json_are_kept_as_text() {
        let MediaEvent::Start(start) = frame(&json!({"event":"start","x_headers":"a=b"})) else {
            panic!()
        };
        assert_eq!((start.header("a"), start.headers.unwrap().as_str()), (None, "a=b"));
    }

    #[test]
    fn audio_is_counted_and_skipped() {
        let first = json!({"event":"media","type":"media","data":{"samples":vec![7;160],"sampleRate":16000,"numberOfFrames":160}});
        let packet = |rate, count: u32| MediaPacket {
            sample_rate: Some(rate),
            frames: Some(count),
            samples: count as usize,
            extra: Extra::default(),
        };
        let want = packet(16000, 160);
        assert_eq!(frame(&first), MediaEvent::Media(want));
        let flat = json!({"event":"media","samples":[1,2],"sampleRate":8000,"numberOfFrames":2});
        assert_eq!(frame(&flat), MediaEvent::Media(packet(8000, 2)));
    }

    #[test]
    fn what_is_not_known_of_a_frame_is_kept() {
        for samples in [json!(1600), json!("x"), json!({"a": 1}), json!(true), json!(-1)] {
            let MediaEvent::Stop(extra) = frame(&json!({"event":"stop","samples":samples})) else {
                panic!("no stop")
            };
            assert_eq!(extra.get("samples"), Some(&samples));
        }
        let MediaEvent::Media(media) =
            frame(&json!({"event":"media","type":"media","ucid":"1","x":2,
            "data":{"samples":[1,2],"sampleRate":"8000","numberOfFrames":2,"y":[3]}}))
        else {
            panic!("no media")
        };
        assert_eq!((media.samples, media.frames, media.sample_rate), (2, Some(2), None));
        let kept = json!({"ucid":"1","x":2,"data":{"sampleRate":"8000","y":[3]}});
        assert_eq!(serde_json::to_value(&media.extra).unwrap(), kept);
        let MediaEvent::Media(media) = frame(&json!({"event":"media","data":{"samples":"x"}}))
        else {
            panic!("no media")
        };
        assert_eq!((media.samples, media.extra.get("data")), (0, Some(&json!({"samples": "x"}))));
    }

    #[test]
    fn marks_stop_and_the_unknown() {
        let mark = frame(&json!({"event":"mark","seqid":12,"ucid":"1"}));
        assert!(matches!(mark, MediaEvent::Mark { seqid: Some(id), .. } if id == "12"));
        let mark = frame(&json!({"type":"mark","seqid":"a-1"}));
        assert!(matches!(mark, MediaEvent::Mark { seqid: Some(id), .. } if id == "a-1"));
        assert!(
            matches!(frame(&json!({"event":"stop"})), MediaEvent::Stop(extra) if extra.is_empty())
        );
        let other = frame(&json!({"event":"later","a":[1]}));
        assert!(matches!(other, MediaEvent::Other(extra) if extra.get("a") == Some(&json!([1]))));
        assert!(matches!(frame(&json!({})), MediaEvent::Other(extra) if extra.is_empty()));
    }

    #[test]
    fn keys_are_found_where_they_may_stand_and_nowhere_else() {
        let digits = |value: Value| match frame(&value) {
            MediaEvent::Dtmf(keys) => keys.digits(),
            other => panic!("{other:?}"),
        };
        assert_eq!(digits(json!({"event":"media","type":"dtmf","data":"5"})).as_deref(), Some("5"));
        assert_eq!(digits(json!({"event":"dtmf","digit":5})).as_deref(), Some("5"));
        assert_eq!(digits(json!({"event":"media","type":"DTMF","ucid":"1","data":{"x":1}})), None);
    }

    #[test]
    fn a_frame_over_the_limit_is_not_read() {
        let error = read(&vec![b' '; MAX_FRAME + 1]).unwrap_err();
        assert_eq!(error.kind(), PushErrorKind::TooLarge);
        assert_eq!(read(b"[1]").unwrap_err().kind(), PushErrorKind::Shape);
        assert_eq!(read(b"{").unwrap_err().kind(), PushErrorKind::Syntax);
    }

    proptest! {
        #[test]
        fn no_frame_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80), text in r#"[{}\[\]":,a-z0-9]{0,60}"#) {
            let _ = (read(&bytes), read(text.as_bytes()));
        }
    }
}
