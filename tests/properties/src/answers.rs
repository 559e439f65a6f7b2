//! Answers of endpoints, whole and row by row, and files of them.

use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::Bytes;
use ozonetel_sdk::Client;
use ozonetel_sdk::auth::AuthMode;
use ozonetel_sdk::cdr::{BorrowedCallRecord, CallRecord};
use ozonetel_sdk::endpoint::Endpoint;
use ozonetel_sdk::error::{ResponseHead, Unreadable};
use ozonetel_sdk::server::envelope::{Outcome, read, read_the_long_way, write};
use ozonetel_sdk::testing::doubles::{Replay, Turn};
use ozonetel_sdk::testing::record::ExchangeFile;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::push::exact;

/// A client that is answered with these pieces.
fn client(pieces: Vec<Bytes>) -> Client {
    Client::builder()
        .account("acme_support")
        .key("test-key")
        .mode(AuthMode::Key)
        .transport(Arc::new(Replay::new([Turn::Pieces(pieces, true)])))
        .build()
        .expect("a client")
}

/// The rows, and the kind of error that ended them.
async fn read_rows(pieces: Vec<Bytes>) -> (Vec<String>, Option<&'static str>) {
    let client = client(pieces);
    let mut stream = client.cdr().for_day(client.today()).stream();
    let mut seen = Vec::new();
    for _ in 0..10_000 {
        match stream.try_next().await {
            Ok(Some(row)) => seen.push(serde_json::to_string(&row).expect("a row is written")),
            Ok(None) => return (seen, None),
            Err(error) if error.is_row() => seen.push("unreadable".into()),
            Err(error) => return (seen, Some(error.kind().as_str())),
        }
    }
    panic!("rows without end")
}

/// The same with rows that borrow their texts.
async fn lend_rows(pieces: Vec<Bytes>) -> (Vec<String>, Option<&'static str>) {
    let client = client(pieces);
    let mut seen = Vec::new();
    let lent = client.cdr().for_day(client.today()).for_each(|row| {
        seen.push(match row.map(|row| row.to_record()) {
            Ok(Ok(record)) => serde_json::to_string(&record).expect("a row is written"),
            _ => "unreadable".into(),
        });
        assert!(seen.len() < 10_000, "rows without end");
        ControlFlow::Continue(())
    });
    let end = lent.await.err().map(|error| error.kind().as_str());
    (seen, end)
}

/// Whether an object names a field twice.
fn repeats(text: &str) -> bool {
    struct Names(usize);
    impl<'de> Visitor<'de> for Names {
        type Value = usize;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<usize, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                self.0 += 1;
            }
            Ok(self.0)
        }
    }
    let names = serde_json::Deserializer::from_str(text).deserialize_map(Names(0));
    let tree = serde_json::from_str::<Value>(text);
    names.ok() != tree.ok().and_then(|tree| tree.as_object().map(serde_json::Map::len))
}

/// One row's JSON text: the record, what borrows its texts, and the tree of `serde_json` say the same.
pub fn borrowed_rows(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let owned = serde_json::from_str::<CallRecord>(text);
    let borrowed = BorrowedCallRecord::parse(text);
    if let (Ok(owned), Ok(borrowed)) = (&owned, &borrowed) {
        assert_eq!(borrowed.to_record().as_ref(), Ok(owned));
    }
    // Of two values of one name, the record says which is which.
    if let (Ok(owned), Ok(borrowed), false) = (&owned, &borrowed, repeats(text)) {
        macro_rules! same {
            ($($field:ident),+) => { $( match borrowed.$field.read() {
                Ok(value) => assert_eq!(value, owned.$field, "{text}"),
                // What costs no row is kept as it came.
                Err(_) => assert!(owned.$field.is_none() && !owned.extra.is_empty(), "{text}"),
            } )+ };
        }
        same!(
            ucid, call_id, call_date, start_time, talk_time, caller_id, did, dial_count, agent_id
        );
        same!(kind, status, dial_status, comments, rating, campaign_name, skill, disposition);
    }
    assert!(owned.is_err() || borrowed.is_ok(), "{text}");
    let Ok(tree) = serde_json::from_str::<Value>(text) else { return };
    let read = serde_json::from_str::<CallRecord>(&tree.to_string());
    assert_eq!(read.ok(), serde_json::from_value(tree).ok(), "{text}");
}

/// Rows as they arrive: neither the pieces a body comes in nor borrowing the texts changes its rows.
pub fn rows(data: &[u8]) {
    let Some((&size, body)) = data.split_first() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let whole = read_rows(vec![Bytes::copy_from_slice(body)]).await;
        let size = usize::from(size).max(1);
        let pieces = body.chunks(size).map(Bytes::copy_from_slice).collect();
        let lent = lend_rows(body.chunks(size).map(Bytes::copy_from_slice).collect()).await;
        assert_eq!(whole, read_rows(pieces).await);
        assert_eq!(whole, lent);
    });
}

/// Answers of endpoints, one per kind of envelope: what is read and written again is read as the same.
pub fn envelope(data: &[u8]) {
    envelope_of::<ozonetel_sdk::cdr::FetchDay>(data);
    envelope_of::<ozonetel_sdk::aht::AgentAht>(data);
    envelope_of::<ozonetel_sdk::dial::AgentDial>(data);
    envelope_of::<ozonetel_sdk::disposition::SetDisposition>(data);
    envelope_of::<ozonetel_sdk::recording::Pause>(data);
    envelope_of::<ozonetel_sdk::kookoo::outbound::OutboundCall>(data);
    envelope_of::<ozonetel_sdk::agents::ChangeState>(data);
    envelope_of::<ozonetel_sdk::events::Subscribe>(data);
    envelope_of::<ozonetel_sdk::whatsapp::SendTemplate>(data);
}

fn envelope_of<E: Endpoint>(data: &[u8]) {
    let Ok(outcome) = read::<E::Reply>(&E::SPEC, ResponseHead::OK, data) else { return };
    let written = write(&E::SPEC, &outcome, "error");
    let again = read::<E::Reply>(&E::SPEC, ResponseHead::OK, &written);
    let same = match (&outcome, &again) {
        (Outcome::Done(reply), Ok(Outcome::Done(again))) => {
            let (reply, again) = (serde_json::to_value(reply), serde_json::to_value(again));
            let inexact = reply.as_ref().is_ok_and(|reply| !exact(reply));
            inexact || reply.ok() == again.ok()
        }
        (Outcome::Empty, Ok(Outcome::Empty)) => true,
        (Outcome::Refused(refusal), Ok(Outcome::Refused(again))) => {
            refusal.reason() == again.reason() && refusal.message() == again.message()
        }
        _ => false,
    };
    let text = String::from_utf8_lossy;
    assert!(same, "{}: {}\nwritten: {}", E::SPEC.name, text(data), text(&written));
}

/// Answers of dials and of others whose answer is the payload: the short way reads what the long way reads.
pub fn plain_answers(data: &[u8]) {
    plain_of::<ozonetel_sdk::dial::AgentDial>(data);
    plain_of::<ozonetel_sdk::dial::SkillDial>(data);
    plain_of::<ozonetel_sdk::call_control::Hold>(data);
    plain_of::<ozonetel_sdk::agents::FetchDetails>(data);
    plain_of::<ozonetel_sdk::recording::Pause>(data);
}

fn plain_of<E: Endpoint>(data: &[u8]) {
    let seen = |read: Result<Outcome<E::Reply>, Unreadable>| match read {
        Ok(Outcome::Done(reply)) => format!("{:?}", serde_json::to_string(&reply)),
        Ok(Outcome::Empty) => "nothing".to_owned(),
        Ok(Outcome::Refused(refusal)) => {
            format!("{:?} {}", refusal.reason(), refusal.message())
        }
        Err(unreadable) => format!("{unreadable:?} {:?}", unreadable.path()),
    };
    let short = seen(read::<E::Reply>(&E::SPEC, ResponseHead::OK, data));
    let long = seen(read_the_long_way::<E::Reply>(&E::SPEC, ResponseHead::OK, data));
    assert_eq!(short, long, "{}: {}", E::SPEC.name, String::from_utf8_lossy(data));
}

/// Files of exchanges: what is read is written so that it is read as the same.
pub fn exchanges(data: &[u8]) {
    let Ok(file) = ExchangeFile::parse(data) else { return };
    let written = file.to_bytes().expect("what was read can be written");
    assert_eq!(ExchangeFile::parse(&written).as_ref(), Ok(&file));
    let again = ExchangeFile::parse(&written).and_then(|file| file.to_bytes());
    assert_eq!(again.as_ref(), Ok(&written));
}
