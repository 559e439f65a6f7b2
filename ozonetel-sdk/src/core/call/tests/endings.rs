//! The end of a call: reported once, when it is the end, whether rows are awaited or streamed.

use proptest::prelude::*;

use super::*;
use crate::core::error::Error;
use crate::core::retry::RetryPolicy;
use crate::setup::builder::ClientBuilder;

/// Everything that an observer hears, as text.
#[derive(Debug, Default, Clone)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Observer for Heard {
    fn on(&self, event: &ClientEvent<'_>) {
        let text = match event {
            ClientEvent::Sending { attempt, .. } => format!("sending {attempt}"),
            ClientEvent::Waiting { .. } => "waiting".to_owned(),
            ClientEvent::Repeating { .. } => "repeating".to_owned(),
            ClientEvent::Finished { error, attempts, elapsed, .. } => {
                let end = error.map_or("success", |error| error.kind().as_str());
                format!("finished: {end}, {attempts} attempts, {} ms", elapsed.as_millis())
            }
            ClientEvent::Abandoned { attempts, may_have_happened, .. } => {
                format!("abandoned: {attempts} attempts, may have happened: {may_have_happened}")
            }
        };
        self.0.lock().unwrap().push(text);
    }
}

impl Heard {
    fn ends(&self) -> Vec<String> {
        let heard = self.0.lock().unwrap();
        heard.iter().filter(|text| text.contains("ed: ")).cloned().collect()
    }

    fn last(&self) -> String {
        self.0.lock().unwrap().last().cloned().unwrap_or_default()
    }
}

fn heard(replay: &Replay, change: impl FnOnce(ClientBuilder) -> ClientBuilder) -> (Client, Heard) {
    let heard = Heard::default();
    let builder = Client::builder()
        .account("acme_support")
        .key("test-key")
        .mode(AuthMode::Key)
        .base_url("http://api.example.test")
        .clock(Arc::new(TokioClock::new()))
        .transport(Arc::new(replay.clone()))
        .observer(Arc::new(heard.clone()));
    (change(builder).build().unwrap(), heard)
}

const TWO_ROWS: &str = r#"{"status":"success","details":[{"UCID":1},{"UCID":2}"#;

fn pieces(text: &str, complete: bool) -> Turn {
    Turn::Pieces(vec![Bytes::copy_from_slice(text.as_bytes())], complete)
}

#[tokio::test(start_paused = true)]
async fn a_cut_behind_two_rows_of_the_third_attempt_is_the_failure_of_the_whole_call() {
    let lost = || Turn::Fail(SendStage::Unknown);
    let replay = Replay::new([lost(), lost(), pieces(TWO_ROWS, false)]);
    let (client, heard) = heard(&replay, |builder| builder);
    let start = tokio::time::Instant::now();
    let mut rows = client.cdr().for_day(client.today()).patience(Patience::Wait).stream();
    assert!(rows.try_next().await.unwrap().is_some() && rows.try_next().await.unwrap().is_some());
    assert_eq!(heard.ends(), [""; 0]);
    tokio::time::sleep(Duration::from_secs(7)).await;
    let error = rows.try_next().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts(), error.row()), (ErrorKind::Unreadable, 3, Some(3)));
    assert_eq!(error.elapsed(), start.elapsed());
    assert!(error.elapsed() > Duration::from_secs(60) && error.may_have_reached());
    let end = format!("finished: unreadable, 3 attempts, {} ms", start.elapsed().as_millis());
    assert_eq!((heard.ends(), heard.last()), (vec![end.clone()], end));
    assert_eq!(rows.try_next().await.unwrap(), None);
    drop(rows);
    // Nothing is sent again behind the first row.
    assert_eq!((heard.ends().len(), replay.requests().len()), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn a_limit_behind_the_rows_says_when_and_closes_the_window() {
    let limit = r#"{"details":[{"UCID":1}],"status":"error","message":"Max limit exceeded"}"#;
    let replay = Replay::new([Turn::json(limit)]);
    let (client, heard) = heard(&replay, |builder| builder);
    let day = || client.cdr().for_day(client.today()).patience(Patience::Never);
    let mut rows = day().stream();
    assert!(rows.try_next().await.unwrap().is_some());
    let error = rows.try_next().await.unwrap_err();
    let minute = Some(Duration::from_secs(60));
    assert_eq!((error.reason(), error.ready_in()), (Some(Reason::TooManyRequests), minute));
    assert_eq!(heard.last(), "finished: refused, 1 attempts, 0 ms");
    // Another program used the window up: this side keeps to it.
    let next = day().await.unwrap_err();
    assert_eq!((next.kind(), next.ready_in()), (ErrorKind::Paced, minute));
    assert_eq!(replay.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_over_behind_its_last_row() {
    let whole = format!("{TWO_ROWS}],\"totalCount\":\"2\"}}");
    let replay = Replay::new([pieces(&whole, true)]);
    let (client, heard) = heard(&replay, |builder| builder);
    let mut rows = client.cdr().for_day(client.today()).stream();
    while rows.try_next().await.unwrap().is_some() {
        assert_eq!(heard.ends(), [""; 0]);
    }
    assert_eq!(heard.ends(), ["finished: success, 1 attempts, 0 ms"]);
    assert_eq!(rows.rest().unwrap()["totalCount"], "2");
    drop(rows);
    assert_eq!(heard.ends().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_dropped_half_way_was_abandoned() {
    let replay = Replay::new([pieces(TWO_ROWS, true)]);
    let (client, heard) = heard(&replay, |builder| builder);
    let mut rows = client.cdr().for_day(client.today()).stream();
    rows.try_next().await.unwrap();
    drop(rows);
    assert_eq!(heard.ends(), ["abandoned: 1 attempts, may have happened: false"]);
    // What was never polled never began.
    drop(client.cdr().for_day(client.today()).stream());
    drop(client.disposition().list().send());
    assert_eq!(heard.ends().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_over_when_its_last_byte_has_come() {
    for text in [format!("{TWO_ROWS}]}} x"), format!("{TWO_ROWS}]}}{{}}")] {
        let replay = Replay::new([pieces(&text, true)]);
        let (client, heard) = heard(&replay, |builder| builder);
        let items: Vec<_> = client.cdr().for_day(client.today()).stream().collect().await;
        assert_eq!(items.len(), 3, "{text}");
        assert_eq!(items[2].as_ref().unwrap_err().kind(), ErrorKind::Unreadable);
        assert_eq!(heard.ends(), ["finished: unreadable, 1 attempts, 0 ms"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_refused_behind_the_rows_is_not_presented_again() {
    let expired = r#"{"details":[{"UCID":1}],"status":"false","message":"Token Expired"}"#;
    let rows = Turn::json(r#"{"status":"success","message":"success","details":[]}"#);
    let replay = Replay::new([token("a"), Turn::json(expired), token("b"), rows]);
    let client = client(&replay, AuthMode::Token);
    let items: Vec<_> = client.cdr().for_day(client.today()).stream().collect().await;
    assert_eq!(items[1].as_ref().unwrap_err().reason(), Some(Reason::TokenExpired));
    assert!(client.cdr().for_day(client.today()).await.is_ok());
    assert_eq!(replay.requests().len(), 4);
}

/// All that an error says of its call.
fn facts(error: Option<&Error>) -> String {
    error.map_or_else(
        || "success".to_owned(),
        |error| {
            format!(
                "{} {:?} {} {:?} {:?} {:?} {} {}",
                error.kind().as_str(),
                error.reason(),
                error.attempts(),
                error.elapsed(),
                error.status(),
                error.ready_in(),
                error.may_have_reached(),
                error.may_have_happened(),
            )
        },
    )
}

fn paused<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().start_paused(true).build().unwrap().block_on(future)
}

fn any_answer() -> impl Strategy<Value = String> {
    let end = prop_oneof![
        Just(r#""status":"success"}"#),
        Just(r#""status":"error","message":"Max limit exceeded"}"#),
        Just(r#""status":"error","message":"Invalid campaignName"}"#),
        Just(r#""status":"error","message":"Token Expired"}"#),
        Just(r#""status":"maybe"}"#),
        Just(r#""status":"success"} x"#),
        Just(r#""status":"success"}}"#),
        Just("\"status\":\"success\"}\n"),
    ];
    (0_usize..4, end, any::<bool>()).prop_map(|(rows, end, list_first)| {
        let rows: Vec<_> = (0..rows).map(|at| format!(r#"{{"UCID":{}}}"#, at + 1)).collect();
        let list = format!(r#""details":[{}]"#, rows.join(","));
        let (first, rest) = (end.split('}').next().unwrap_or_default(), end);
        if list_first {
            format!("{{{list},{rest}")
        } else {
            format!("{{{first},{list}{}", end.strip_prefix(first).unwrap_or_default())
        }
    })
}

proptest! {
    /// Awaited or streamed, cut anywhere or whole: the same error, the same window, the same end.
    #[test]
    fn awaited_and_streamed_agree(
        text in any_answer(),
        cut in 0.0..1.3_f64,
        chunk in 1_usize..80,
        complete: bool,
        failures in 0_u32..3,
    ) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place")]
        let cut = ((text.len() as f64 * cut) as usize).min(text.len());
        let chunks: Vec<_> =
            text.as_bytes()[..cut].chunks(chunk).map(Bytes::copy_from_slice).collect();
        let run = |stream: bool| {
            let failed = (0..failures).map(|_| Turn::Fail(SendStage::NotSent));
            let replay = Replay::new(failed.chain([Turn::Pieces(chunks.clone(), complete)]));
            let policy = RetryPolicy { attempts: failures + 1, seed: 7, ..RetryPolicy::default() };
            paused(async {
                let (client, heard) = heard(&replay, |builder| builder.policy(policy));
                // Longer than three attempts of a class of two a minute.
                let day = client.cdr().for_day(client.today()).patience(Patience::Wait);
                let (rows, error) = if stream {
                    let (mut rows, mut error, mut items) = (0, None, day.stream());
                    loop {
                        match items.try_next().await {
                            Ok(Some(_)) => rows += 1,
                            Ok(None) => break,
                            Err(failed) => error = Some(failed),
                        }
                    }
                    (rows, error)
                } else {
                    match day.await {
                        Ok(rows) => (rows.len(), None),
                        Err(error) => (0, Some(error)),
                    }
                };
                let rate = crate::core::endpoint::Rate::Cdr;
                let window = client.core.pacer.ready_in(rate, &client.core.clock).await;
                let rows = if error.is_none() { rows } else { 0 };
                (facts(error.as_ref()), rows, heard.ends(), window.unwrap(), replay.requests().len())
            })
        };
        prop_assert_eq!(run(true), run(false));
    }
}
