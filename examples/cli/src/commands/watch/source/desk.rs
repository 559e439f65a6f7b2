//! The desk's stream of events: a snapshot, then each change, over server-sent events.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::header::{ACCEPT, AUTHORIZATION};
use jiff::Timestamp;
use ozonetel_sdk::auth::Secret;
use ozonetel_sdk::types::redact_number;
use serde_json::Value;
use url::Url;

use super::super::board::{AgentNews, CallNews, CallStage, Change};
use super::Changes;
use crate::web::Web;

/// A desk that is silent for so long is gone: it ticks every 15 seconds.
const SILENCE: Duration = Duration::from_secs(40);

/// The pause before another try; each further one doubles, to half a minute.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The longest event that is read.
const LARGEST: usize = 32 << 20;

/// Where the desk is and who asks.
#[derive(Clone)]
pub(crate) struct DeskPlace {
    pub(crate) url: Url,
    pub(crate) token: Secret,
    pub(crate) show_numbers: bool,
}

/// Reads until no one listens; connects again, from the last event on.
pub(crate) async fn run(web: Web, place: DeskPlace, changes: Changes) {
    let mut pause = FIRST_PAUSE;
    let mut last = None;
    while !changes.is_closed() {
        let seen = last.clone();
        let reason = stream(&web, &place, &mut last, &changes).await;
        if last != seen {
            pause = FIRST_PAUSE;
        }
        if changes.send(Change::Down(reason)).await.is_err() {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
}

/// One connection; returns why it ended.
async fn stream(
    web: &Web,
    place: &DeskPlace,
    last: &mut Option<String>,
    changes: &Changes,
) -> String {
    let url = format!("{}/api/events", place.url.as_str().trim_end_matches('/'));
    let mut request = http::Request::get(url)
        .header(ACCEPT, "text/event-stream")
        .header(AUTHORIZATION, format!("Bearer {}", place.token.reveal()));
    if let Some(id) = &*last {
        request = request.header("last-event-id", id);
    }
    let Ok(request) = request.body(Bytes::new()) else {
        return "its address cannot be used".to_owned();
    };
    let answer = match web.open(request).await {
        Ok(answer) => answer,
        Err(error) => return error.to_string(),
    };
    match answer.head.status().as_u16() {
        200 => {}
        401 | 403 => {
            return "the desk does not accept the token: set OZONETEL_DESK_TOKEN".to_owned();
        }
        status => return format!("the desk answered {status}"),
    }
    if changes.send(Change::Up).await.is_err() {
        return String::new();
    }
    let mut events = EventReader::default();
    let mut body = answer.body;
    loop {
        let piece = match tokio::time::timeout(SILENCE, body.next()).await {
            Ok(Some(Ok(piece))) => piece,
            Ok(Some(Err(error))) => return error.to_string(),
            Ok(None) => return "the desk ended the stream".to_owned(),
            Err(_) => return "the desk was silent for 40 s".to_owned(),
        };
        let Ok(read) = events.take(&piece) else { return "an event is too long".to_owned() };
        for event in read {
            if let Some(id) = event.id {
                *last = Some(id);
            }
            let news = news(&event.kind, &event.data, place.show_numbers);
            for change in news {
                if changes.send(change).await.is_err() {
                    return String::new();
                }
            }
        }
    }
}

/// An event of a stream.
#[derive(Debug, Default, PartialEq, Eq)]
struct StreamEvent {
    kind: String,
    id: Option<String>,
    data: String,
}

/// Server-sent events out of pieces, as the HTML standard describes them.
#[derive(Debug, Default)]
struct EventReader {
    buffer: Vec<u8>,
    event: StreamEvent,
}

#[derive(Debug, PartialEq, Eq)]
struct TooLong;

impl EventReader {
    fn take(&mut self, piece: &[u8]) -> Result<Vec<StreamEvent>, TooLong> {
        self.buffer.extend_from_slice(piece);
        let mut events = Vec::new();
        while let Some(end) = memchr::memchr(b'\n', &self.buffer) {
            let line: Vec<u8> = self.buffer.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            if let Some(event) = self.line(line.trim_end_matches(['\n', '\r'])) {
                events.push(event);
            }
        }
        if self.buffer.len() + self.event.data.len() > LARGEST {
            return Err(TooLong);
        }
        Ok(events)
    }

    fn line(&mut self, line: &str) -> Option<StreamEvent> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return (!event.data.is_empty()).then_some(event);
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => value.clone_into(&mut self.event.kind),
            "id" => self.event.id = Some(value.to_owned()),
            "data" => {
                if !self.event.data.is_empty() {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            _ => {}
        }
        None
    }
}

fn news(kind: &str, data: &str, show_numbers: bool) -> Vec<Change> {
    let Ok(data) = serde_json::from_str::<Value>(data) else { return Vec::new() };
    match kind {
        "snapshot" => {
            let list = |name: &str| -> Vec<Value> {
                let part = &data[name];
                part.as_array().or_else(|| part[name].as_array()).cloned().unwrap_or_default()
            };
            let agents = list("agents").iter().filter_map(agent).collect();
            let calls =
                list("calls").iter().filter_map(|value| call(value, show_numbers)).collect();
            vec![Change::Everything { agents, calls }]
        }
        "agent.changed" => agent(&data).map(Change::Agent).into_iter().collect(),
        "call.changed" => call(&data, show_numbers).map(Change::Call).into_iter().collect(),
        "call.merged" => text(&data["ucid"]).map(Change::Gone).into_iter().collect(),
        "tick" => vec![Change::Up],
        _ => Vec::new(),
    }
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_i64().filter(|ms| *ms > 0).and_then(|ms| Timestamp::from_millisecond(ms).ok())
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn agent(value: &Value) -> Option<AgentNews> {
    let state = &value["state"];
    let is_logged_out = value["loggedIn"] == Value::Bool(false);
    let word = text(&state["word"]).unwrap_or_default();
    Some(AgentNews {
        agent: text(&value["agent"])?,
        word: if is_logged_out && word.is_empty() { "logout".to_owned() } else { word },
        reason: text(&value["pausedReason"]),
        since: time(&state["since"]).or_else(|| time(&state["at"])),
        at: None,
    })
}

fn call(value: &Value, show_numbers: bool) -> Option<CallNews> {
    let (stage, began) = match value["phase"].as_str()? {
        "calling" => (CallStage::Ringing, &value["askedAt"]),
        "ringing" => (CallStage::Ringing, &value["ringingAt"]),
        "active" => (CallStage::Talking, &value["answeredAt"]),
        "after_call" => (CallStage::WrapUp, &value["endedAt"]),
        "closed" => (CallStage::Ended, &value["endedAt"]),
        // A phase of a desk that is newer than this program.
        _ => return None,
    };
    let number = text(&value["number"]).filter(|_| show_numbers);
    let caller = number.or_else(|| text(&value["masked"])).map(|number| {
        if show_numbers || number.contains('…') { number } else { redact_number(&number) }
    });
    let is_over = matches!(stage, CallStage::WrapUp | CallStage::Ended);
    let was_answered = time(&value["answeredAt"]).is_some();
    Some(CallNews {
        id: text(&value["ucid"])?,
        stage,
        caller,
        agent: text(&value["agent"]),
        campaign: text(&value["campaign"]),
        since: time(began),
        answered: (is_over || was_answered).then_some(was_answered),
        at: None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STREAM: &str = "retry: 2000\n\nid: 7\nevent: snapshot\ndata: {\"lastId\":7,\"agents\":[{\"agent\":\"agent01\",\
        \"state\":{\"word\":\"READY\",\"since\":1767335400000},\"loggedIn\":true}],\"calls\":{\"calls\":[{\"ucid\":\
        \"90000000000000001\",\"phase\":\"active\",\"masked\":\"…17\",\"number\":\"9000000417\",\"agent\":\"agent01\",\
        \"answeredAt\":1767335460000}]}}\r\n\r\nevent: tick\ndata: 1\n\nid: 8\nevent: call.changed\ndata: {\"ucid\":\
        \"90000000000000001\",\"phase\":\"closed\",\"answeredAt\":1767335460000}\n\nid: 9\nevent: call.merged\ndata: {\"ucid\":\
        \"90000000000000002\",\"into\":\"90000000000000001\"}\n\n";

    fn changes(pieces: &[&[u8]]) -> Vec<Change> {
        let mut reader = EventReader::default();
        let read = pieces.iter().flat_map(|piece| reader.take(piece).unwrap());
        read.flat_map(|event| news(&event.kind, &event.data, false)).collect()
    }

    #[test]
    fn a_snapshot_and_changes_are_read() {
        let changes = changes(&[STREAM.as_bytes()]);
        let Change::Everything { agents, calls } = &changes[0] else { panic!("{changes:?}") };
        assert_eq!(
            (agents[0].word.as_str(), agents[0].since),
            ("READY", Timestamp::from_second(1_767_335_400).ok())
        );
        assert_eq!((calls[0].stage, calls[0].caller.as_deref()), (CallStage::Talking, Some("…17")));
        assert_eq!(changes[1], Change::Up);
        let Change::Call(ended) = &changes[2] else { panic!("{changes:?}") };
        assert_eq!((ended.stage, ended.answered), (CallStage::Ended, Some(true)));
        assert_eq!(changes[3..], [Change::Gone("90000000000000002".to_owned())]);
    }

    proptest! {
        #[test]
        fn where_pieces_are_cut_does_not_matter(cuts in prop::collection::vec(0..STREAM.len(), 0..8)) {
            let mut cuts = cuts;
            cuts.extend([0, STREAM.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &STREAM.as_bytes()[pair[0]..pair[1]]).collect();
            prop_assert_eq!(changes(&pieces), changes(&[STREAM.as_bytes()]));
        }
    }
}
