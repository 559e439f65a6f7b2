//! Answers of endpoints, whole and row by row, and files of them.

use std::sync::Arc;

use bytes::Bytes;
use ozonetel_sdk::Client;
use ozonetel_sdk::auth::AuthMode;
use ozonetel_sdk::endpoint::Endpoint;
use ozonetel_sdk::error::ResponseHead;
use ozonetel_sdk::server::envelope::{Outcome, read, write};
use ozonetel_sdk::testing::doubles::{Replay, Turn};
use ozonetel_sdk::testing::record::ExchangeFile;

use crate::push::exact;

/// The rows, and the kind of error that ended them.
async fn read_rows(pieces: Vec<Bytes>) -> (Vec<String>, Option<&'static str>) {
    let client = Client::builder()
        .account("acme_support")
        .key("test-key")
        .mode(AuthMode::Key)
        .transport(Arc::new(Replay::new([Turn::Pieces(pieces, true)])))
        .build()
        .expect("a client");
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

/// Rows as they arrive: the pieces a body comes in do not change its rows.
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
        assert_eq!(whole, read_rows(pieces).await);
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

/// Files of exchanges: what is read is written so that it is read as the same.
pub fn exchanges(data: &[u8]) {
    let Ok(file) = ExchangeFile::parse(data) else { return };
    let written = file.to_bytes().expect("what was read can be written");
    assert_eq!(ExchangeFile::parse(&written).as_ref(), Ok(&file));
    let again = ExchangeFile::parse(&written).and_then(|file| file.to_bytes());
    assert_eq!(again.as_ref(), Ok(&written));
}
