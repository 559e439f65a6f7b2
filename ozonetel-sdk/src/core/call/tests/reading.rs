//! Answers as bytes: marks, letters that were cut, sizes; awaited and streamed alike.

use super::*;
use crate::api::cdr::CallRecord;
use crate::core::error::Error;

const MARK: &[u8] = b"\xef\xbb\xbf";

/// An answer of these rows, in pieces of so many bytes.
fn answer(rows: &[&[u8]], size: usize) -> Turn {
    let body = [MARK, br#"{"status":"success","details":["#, &rows.join(&b','), b"]}"].concat();
    Turn::Pieces(body.chunks(size).map(Bytes::copy_from_slice).collect(), true)
}

async fn streamed(turn: Turn) -> Vec<Result<CallRecord, Error>> {
    let client = client(&Replay::new([turn]), AuthMode::Key);
    client.cdr().for_day(client.today()).stream().collect().await
}

async fn awaited(turn: Turn) -> Result<Vec<CallRecord>, Error> {
    let client = client(&Replay::new([turn]), AuthMode::Key);
    client.cdr().for_day(client.today()).await
}

/// A mark cost the whole day, and a name that was cut inside a letter its row.
#[tokio::test(start_paused = true)]
async fn a_mark_and_a_cut_letter_cost_nothing_however_the_bytes_come() {
    let rows: [&[u8]; 3] = [
        br#"{"UCID":"7","AgentName":"A B"}"#,
        b"{\"UCID\":\"8\",\"AgentName\":\"A\xe0\xa4\",\"AgentID\":\"B\xe0\"}",
        "{\"UCID\":\"9\",\"AgentName\":\"प्रिय\",\"Comments\":\"a\nb\"}".as_bytes(),
    ];
    for size in [1, 2, 3, 5, 64, 4096] {
        let one = awaited(answer(&rows, size)).await.unwrap();
        let other: Vec<_> = streamed(answer(&rows, size)).await;
        let other: Vec<_> = other.into_iter().map(Result::unwrap).collect();
        assert_eq!(one, other, "{size}");
        let names: Vec<_> =
            one.iter().map(|row| row.agent_name.as_ref().unwrap().as_str()).collect();
        assert_eq!(names, ["A B", "A\u{fffd}", "प्रिय"], "{size}");
        // A name may have a hole; an id that has one names no one.
        assert_eq!(one[1].agent_id, None);
        assert_eq!(one[1].extra.get("AgentID_text").unwrap(), "B\u{fffd}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_with_a_hole_is_a_bad_row() {
    let rows: [&[u8]; 2] = [br#"{"UCID":"7"}"#, b"{\"UCID\":\"8\xe0\"}"];
    let items = streamed(answer(&rows, 9)).await;
    assert!(items[0].is_ok());
    let error = items[1].as_ref().unwrap_err();
    assert_eq!((error.row(), error.unreadable().unwrap().path()), (Some(2), Some("[1].UCID")));
    assert_eq!(awaited(answer(&rows, 9)).await.unwrap_err().kind(), ErrorKind::Unreadable);
}

#[tokio::test(start_paused = true)]
async fn two_lists_of_one_name_are_no_answer_and_what_came_of_them_is_not_the_day() {
    let body = r#"{"status":"success","details":[{"UCID":"7"}],"details":[{"UCID":"8"}]}"#;
    assert_eq!(awaited(Turn::json(body)).await.unwrap_err().kind(), ErrorKind::Unreadable);
    let items = streamed(Turn::json(body)).await;
    let last = items.last().unwrap().as_ref().unwrap_err();
    assert!(last.kind() == ErrorKind::Unreadable && !last.is_row(), "{last}");
}

/// An empty object became an empty row, and the day counted as read.
#[tokio::test(start_paused = true)]
async fn a_row_without_any_id_is_a_bad_row() {
    let rows: [&[u8]; 4] = [
        br#"{"UCID":"7"}"#,
        br#"{"AgentName":"A B","TalkTime":"00:00:09"}"#,
        br#"{"CallID":"None","UCID":"0"}"#,
        br#"{"CallID":"8","UCID":"-"}"#,
    ];
    for size in [7, 4096] {
        let items = streamed(answer(&rows, size)).await;
        let bad: Vec<_> =
            items.iter().map(|item| item.as_ref().err().and_then(Error::row)).collect();
        assert_eq!(bad, [None, Some(2), Some(3), None], "{size}");
        assert!(items[1].as_ref().unwrap_err().is_row());
        let error = awaited(answer(&rows, size)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreadable);
    }
    // With a row type of one's own, rows are what they are.
    let client = client(&Replay::new([answer(&rows, 64)]), AuthMode::Key);
    let items: Vec<_> =
        client.cdr().for_day(client.today()).stream_as::<serde_json::Value>().collect().await;
    assert!(items.iter().all(Result::is_ok));
}

#[tokio::test(start_paused = true)]
async fn a_row_that_would_take_much_is_a_bad_row_and_the_next_one_follows() {
    let heavy = format!(r#"{{"UCID":"8","New":[{}0]}}"#, "[0],".repeat(100_000));
    let long = format!(r#"{{"UCID":"9","Comments":"{}"}}"#, "x".repeat(400_000));
    let rows = [br#"{"UCID":"7"}"#, heavy.as_bytes(), long.as_bytes()];
    let items = streamed(answer(&rows, 4096)).await;
    assert!(items[0].is_ok() && items[2].is_ok());
    assert!(items[1].as_ref().unwrap_err().is_row());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_would_take_much_is_refused_by_default() {
    let million: Vec<&[u8]> = vec![br#"{"UCID":1}"#; 100_000];
    let error = awaited(answer(&million, 64 << 10)).await.unwrap_err();
    assert!(error.summary().contains("larger than the limit"), "{error}");
    let bytes = "x".repeat(11 << 20);
    let error = awaited(answer(&[format!("\"{bytes}\"").as_bytes()], 64 << 10)).await.unwrap_err();
    assert!(error.summary().contains("larger than the limit"), "{error}");
    // Rows one by one are not bounded.
    assert_eq!(streamed(answer(&million, 64 << 10)).await.len(), 100_000);
}

#[tokio::test(start_paused = true)]
async fn a_path_of_names_from_outside_is_short() {
    let row = format!(r#"{{"UCID":"7","New":{{"{}":{}}}}}"#, "n".repeat(4000), "[".repeat(200));
    let rows = [format!("{row}{}}}}}", "]".repeat(200))];
    let error = awaited(answer(&[rows[0].as_bytes()], 4096)).await.unwrap_err();
    assert!(error.to_string().len() < 300, "{error}");
    let deep = format!(r#"{{"UCID":"7","New":{}0{}}}"#, "[".repeat(200), "]".repeat(200));
    let items = streamed(answer(&[deep.as_bytes()], 4096)).await;
    assert!(items[0].as_ref().unwrap_err().to_string().len() < 300);
}

/// The second document replaced the first, and a refused day counted as read.
#[tokio::test(start_paused = true)]
async fn two_documents_are_no_answer_however_the_bytes_come() {
    let success = r#"{"status":"success","message":"success","details":[]}"#;
    for first in [r#"{"status":"fail","message":"no such day"}"#, success] {
        let body = [first, success].concat();
        for size in [1, 7, first.len(), 4096] {
            let turn = || {
                Turn::Pieces(
                    body.as_bytes().chunks(size).map(Bytes::copy_from_slice).collect(),
                    true,
                )
            };
            let error = awaited(turn()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unreadable, "{size}: {error}");
            let items = streamed(turn()).await;
            assert_eq!(items.len(), 1, "{size}");
            assert_eq!(items[0].as_ref().unwrap_err().kind(), ErrorKind::Unreadable, "{size}");
        }
    }
}
