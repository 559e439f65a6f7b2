//! One value of each type that writes `Debug` by hand, with marks wherever text goes in.

use bytes::Bytes;
use http::StatusCode;
use ozonetel_sdk::Client;
use ozonetel_sdk::auth::{AuthMode, Secret};
use ozonetel_sdk::cdr::{BorrowedCallRecord, CallRecord};
use ozonetel_sdk::client::Environment;
use ozonetel_sdk::endpoint::{Endpoint, ServiceMessage};
use ozonetel_sdk::error::{Reason, Refusal, ResponseHead};
use ozonetel_sdk::kookoo::verb::{
    CcTransfer, CollectDtmf, Conference, Dial, DialTarget, Element, GotoUrl, Hangup, PlayAudio,
    PlayText, Recognize, Record, SayAs, SendSms, StartRecord, Stream,
};
use ozonetel_sdk::leads::{Lead, NumberAsNumber, Sheet};
use ozonetel_sdk::mdl::{
    AgentIdentity, LinkInput, SessionIds, SocketRecorder, SocketSettings, Token, TokenRequest,
    TokenSession,
};
use ozonetel_sdk::push::{PerLeg, PushReader};
use ozonetel_sdk::server::encode::{Fields, PresentedCredential};
use ozonetel_sdk::server::envelope;
use ozonetel_sdk::testing::doubles::{Replay, Turn};
use ozonetel_sdk::testing::record::{Exchange, Recorder};
use ozonetel_sdk::transport::network::Network;
use ozonetel_sdk::transport::{Failure, Incoming, Outgoing, SendStage};
use ozonetel_sdk::types::{Did, Extra, PhoneNumber, Pseudonyms, RawJson, SensitiveText};
use serde_json::{Value, json};

/// Must not be printed.
pub(super) const MARK: &str = "zmark";

/// Neither this number.
pub(super) const NUMBER: &str = "9182736450";

/// A type and what its `Debug` prints.
type Case = (&'static str, fn() -> String);

/// Types that no test can make, with the reason why they hold no text of their own.
pub(super) const NOT_MADE: [(&str, &str); 4] = [
    ("TokenCache", "made by a client alone; prints its store, which has a case of its own"),
    ("SocketEvents", "needs a connection; prints its state and counts"),
    ("SocketSender", "needs a connection; prints the word of its state"),
    ("Zone", "the name of a zone, or its offset"),
];

pub(super) const CASES: &[Case] = &[
    ("Batches", || {
        let sheet = Sheet::of([lead()]);
        show(&client().leads().bulk("support_out", sheet).in_batches())
    }),
    ("BorrowedCallRecord", || {
        show(
            &BorrowedCallRecord::parse(&format!(r#"{{"AgentName":"{MARK}","New":"{MARK}"}}"#))
                .unwrap(),
        )
    }),
    ("BorrowedValue", || {
        let row = format!(r#"{{"AgentName":"{MARK}"}}"#);
        show(&BorrowedCallRecord::parse(&row).unwrap().agent_name)
    }),
    ("CallKey", || {
        // The digits of a call are printed; that is what it is for.
        show(&ozonetel_sdk::phone_call::CallKey::from(
            "7".parse::<ozonetel_sdk::types::Ucid>().unwrap(),
        ))
    }),
    ("Client", || show(&client())),
    ("ClientBuilder", || show(&builder())),
    ("Country", || show(&ozonetel_sdk::types::Country::INDIA)),
    ("DayStream", || {
        let client = client();
        show(&client.cdr().for_days(client.today(), client.today()))
    }),
    ("Did", || show(&Did::from(NUMBER))),
    ("Element", || {
        let element = Element::new("playtext").attribute("a", MARK);
        show(&Element { text: format!("{MARK} {NUMBER}"), ..element })
    }),
    ("Environment", || show(&environment())),
    ("Error", || {
        let error = client()
            .dial()
            .agent(MARK, "support_out", "no number")
            .request()
            .map(|_| ())
            .unwrap_err()
            .clone();
        show(&ozonetel_sdk::Error::from(error))
    }),
    ("Exchange", || show(&Exchange::of(&request()))),
    ("Extra", || {
        let names = ["name", NUMBER, &format!(r#"{{"name":"{MARK}"}}"#)].map(str::to_owned);
        show(&Extra(names.map(|name| (name, json!(MARK))).into()))
    }),
    ("Failure", || show(&Failure::new(SendStage::Unknown, format!("{MARK} {NUMBER}")))),
    ("Fields", || {
        let mut fields = Fields::default();
        fields.set("name", MARK);
        show(&fields)
    }),
    ("Incoming", || {
        let head = http::Response::builder().header("x-key", MARK).body(()).unwrap();
        show(&Incoming::whole(head, MARK))
    }),
    ("LinkInput", || {
        show(&[
            LinkInput::Text(MARK),
            LinkInput::Send { ticket: 1, request: TokenRequest::new("a").field("b", MARK) },
        ])
    }),
    ("Network", || {
        let proxy = format!("http://{MARK}:{MARK}@proxy.example.test:3128/{MARK}?{MARK}");
        show(&Network { proxy: Some(proxy.parse().unwrap()), ..Network::default() })
    }),
    ("NumberAsNumber", || show(&NumberAsNumber(NUMBER.parse().unwrap()))),
    ("NumberKey", || show(&PhoneNumber::from(NUMBER).key())),
    ("Outgoing", || show(&Outgoing::new(request(), true))),
    ("ParsedPush", || show(&push())),
    ("PerLeg", || show(&PerLeg::new([SensitiveText::from(MARK), SensitiveText::from(NUMBER)]))),
    ("PhoneNumber", || show(&PhoneNumber::from(NUMBER))),
    ("PresentedCredential", || {
        let mut presented = PresentedCredential::default();
        presented.user = Some(MARK.into());
        presented.key = Some(Secret::from(MARK));
        presented.bearer = Some(Secret::from(MARK));
        presented.basic = Some((MARK.into(), Secret::from(MARK)));
        show(&presented)
    }),
    ("Pseudonyms", || {
        let table = Pseudonyms::new();
        table.of_field("AgentName", MARK);
        table.of_field("CallerID", NUMBER);
        show(&table)
    }),
    ("RawJson", || {
        let documents = [json!({"name": MARK}), json!([MARK, NUMBER]), json!(MARK)];
        show(&documents.map(RawJson))
    }),
    ("Recorder", || show(&Recorder::new(std::sync::Arc::new(replay()), "folder"))),
    ("Refusal", || {
        let text = format!("Agent {MARK} has {NUMBER}");
        show(&Refusal::new(Reason::Other, &text, StatusCode::OK))
    }),
    ("Replay", || show(&replay())),
    ("RowStream", || {
        let client = client();
        show(&client.cdr().for_day(client.today()).stream())
    }),
    ("SanitizedPush", || show(&push().sanitized)),
    ("Secret", || show(&Secret::from(MARK))),
    ("SensitiveText", || show(&SensitiveText::from(MARK))),
    ("ServiceMessage", || show(&ServiceMessage::from(MARK))),
    ("SessionIds", || {
        let ids = SessionIds { us_id: Some(MARK.into()), browser_session_id: None };
        show(&ids)
    }),
    ("Sheet", || show(&Sheet::of([lead()]))),
    ("SocketRecorder", || show(&SocketRecorder::new(Vec::<u8>::from(MARK)))),
    ("SocketReplay", || {
        let line = format!(r#"{{"type":"welcome","ns":"a","usId":"{MARK}"}}"#);
        let token = Token::parse(&line).unwrap();
        let line = ozonetel_sdk::mdl::TranscriptLine::Received(token);
        let line = line.json(std::time::SystemTime::UNIX_EPOCH);
        let transcript = ozonetel_sdk::mdl::Transcript::parse(&line).unwrap();
        show(&ozonetel_sdk::mdl::SocketReplay::new(&transcript))
    }),
    ("SocketSettings", || {
        let agent = AgentIdentity::new("acme_support", "agent01", 7);
        show(&SocketSettings::new(&format!("wss://sock.example.test/?t={MARK}"), agent).unwrap())
    }),
    ("Softphone", || show(&environment().softphone)),
    ("Token", || show(&token())),
    ("TokenRequest", || show(&TokenRequest::new("tbManualDial").field("params", MARK))),
    ("TokenSession", || show(&TokenSession::new(MARK))),
    ("Turn", || show(&Turn::json(MARK))),
    ("Unreadable", || {
        let spec = &ozonetel_sdk::cdr::FetchDay::SPEC;
        let body = format!("{MARK} {NUMBER}");
        let read = envelope::read::<Vec<CallRecord>>(spec, ResponseHead::OK, body.as_bytes());
        show(&read.unwrap_err())
    }),
    ("CcTransfer", || {
        show(
            &CcTransfer::new(MARK)
                .record(MARK)
                .moh(MARK)
                .uui(NUMBER)
                .ring_type(MARK)
                .attribute(NUMBER, MARK),
        )
    }),
    ("CollectDtmf", || show(&CollectDtmf::new().end_key(NUMBER).attribute("a", NUMBER))),
    ("Conference", || {
        show(
            &Conference::new(NUMBER)
                .caller_onhold_music(MARK)
                .record(MARK)
                .caller_id(NUMBER)
                .version(MARK)
                .attribute("a", MARK),
        )
    }),
    ("Dial", || {
        show(
            &Dial::new(DialTarget::plain(NUMBER))
                .record(MARK)
                .moh(MARK)
                .prompt_to_called_number(MARK)
                .caller_id(NUMBER)
                .transfer_allowed_by_caller(MARK)
                .callback_onanswered(MARK)
                .attribute("a", MARK),
        )
    }),
    ("GotoUrl", || {
        show(
            &GotoUrl::new(format!("https://example.test/?a={NUMBER}"))
                .clean_params(MARK)
                .attribute("a", MARK),
        )
    }),
    ("Hangup", || show(&Hangup::new().attribute(NUMBER, MARK))),
    ("PlayAudio", || {
        show(&PlayAudio::new(format!("https://example.test/{MARK}")).attribute("a", MARK))
    }),
    ("PlayText", || {
        show(
            &PlayText::new(MARK)
                .lang(MARK)
                .speed(MARK)
                .quality(MARK)
                .kind(MARK)
                .attribute("a", MARK),
        )
    }),
    ("Recognize", || show(&Recognize::new(MARK).attribute("a", MARK))),
    ("Record", || show(&Record::new().format(MARK).term_char(NUMBER).attribute("a", MARK))),
    ("SayAs", || show(&SayAs::new(NUMBER).format(MARK).lang(MARK).attribute("a", MARK))),
    ("SendSms", || show(&SendSms::new(MARK).attribute("a", NUMBER))),
    ("StartRecord", || show(&StartRecord::new().attribute("a", NUMBER))),
    ("Stream", || {
        show(
            &Stream::new(NUMBER)
                .is_sip(MARK)
                .url(MARK)
                .x_uui(MARK)
                .bidirectional(MARK)
                .attribute("a", MARK),
        )
    }),
];

fn show(value: &impl std::fmt::Debug) -> String {
    format!("{value:?} {value:#?}")
}

fn builder() -> ozonetel_sdk::client::ClientBuilder {
    Client::builder()
        .account(MARK)
        .key(MARK)
        .mode(AuthMode::Key)
        .transport(std::sync::Arc::new(replay()))
}

fn client() -> Client {
    builder().build().unwrap()
}

fn replay() -> Replay {
    let replay = Replay::new([Turn::json(MARK)]);
    replay.push(Turn::Pieces(vec![Bytes::from_static(MARK.as_bytes())], true));
    replay
}

fn request() -> http::Request<Bytes> {
    let builder = http::Request::get(format!("http://api.example.test/a?key={MARK}"));
    builder.header("apikey", MARK).body(Bytes::from_static(MARK.as_bytes())).unwrap()
}

fn lead() -> Lead {
    Lead::new(NUMBER).name(MARK)
}

fn push() -> ozonetel_sdk::push::ParsedPush<ozonetel_sdk::push::Callback> {
    let body = json!({"monitorUCID": "7", "CallerID": NUMBER, "AgentName": MARK, "Comments": MARK,
        "AudioFile": MARK, "UUI": MARK, "Apikey": MARK, "AgentPhoneNumber": NUMBER, "Odd": MARK});
    PushReader::new().callbacks(None, body.to_string().as_bytes()).unwrap()
}

fn token() -> Token {
    let text = json!({"type": "welcome", "ns": "a", "usId": MARK, "number": NUMBER}).to_string();
    Token::parse(&text).unwrap()
}

fn environment() -> Environment {
    Environment::read(&|name: &str| {
        Some(match name {
            "OZONETEL_ACCOUNT" => "acme_support".to_owned(),
            "OZONETEL_API_KEY"
            | "OZONETEL_KOOKOO_KEY"
            | "OZONETEL_AGENT_PASSWORD"
            | "OZONETEL_SIP_PASSWORD" => MARK.to_owned(),
            "OZONETEL_SIP_ID" => NUMBER.to_owned(),
            "OZONETEL_SIP_URI" => format!("sip:{NUMBER}@sip.example.test"),
            "OZONETEL_MDL_URL" | "OZONETEL_SIP_WS_URL" => {
                format!("wss://{MARK}:{MARK}@api.example.test/?{MARK}")
            }
            _ => return None,
        })
    })
    .unwrap()
}

/// A `Value`, so that the list of types above is the list of types below.
#[test]
fn marks_are_printed_where_nothing_hides_them() {
    assert!(show(&Value::from(MARK)).contains(MARK));
}
