//! `cdr export --direct`: the service's rows as a file, whole days once.

use std::path::{Path, PathBuf};
use std::time::Duration;

use calamine::{Reader as _, Xlsx, open_workbook};
use ozonetel_sim::world::PhoneAction;
use serde_json::Value;
use tokio::io::AsyncReadExt as _;

use crate::days::{DayServer, ROWS, ucids};
use crate::harness::{Desk, Shell, ended};
use crate::signals::signal;

const BOUND: Duration = Duration::from_secs(30);

/// A time on 2 January at which the limit of requests is open again: each is later than those before.
pub(crate) fn later(shell: Shell, minutes: u32) -> Shell {
    let minutes = 5 + 2 * minutes;
    shell.set("OZONETEL_NOW", format!("2026-01-02T{:02}:{:02}:00Z", 5 + minutes / 60, minutes % 60))
}

pub(crate) fn out(shell: &Shell, name: &str) -> PathBuf {
    shell.state.path().join(name)
}

fn export<'a>(from: &'a str, to: &'a str, format: &'a str, out: &'a Path) -> Vec<&'a str> {
    let range = ["cdr", "export", "--direct", "--from", from, "--to", to];
    [&range[..], &["--format", format, "--out", out.to_str().unwrap()]].concat()
}

/// What is beside the file until it is whole.
fn is_alone(out: &Path) -> bool {
    let name = out.file_name().unwrap().to_str().unwrap();
    let entries = std::fs::read_dir(out.parent().unwrap()).unwrap();
    let names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.iter().all(|other| other == name || !other.starts_with(name))
}

fn csv_ucids(path: &Path) -> Vec<String> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let at = reader.headers().unwrap().iter().position(|name| name == "UCID").unwrap();
    reader.records().map(|row| row.unwrap()[at].to_owned()).collect()
}

/// Interrupts an export in the middle of a day's rows, and returns what it said.
async fn interrupted(server: &DayServer, shell: &Shell, arguments: &[&str], day: &str) -> String {
    server.fall_silent(day);
    let mut child = shell.spawn(arguments);
    let silent = async {
        while server.asked().last().map(String::as_str) != Some(day) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(BOUND, silent).await.unwrap();
    signal(&child, "-INT").await;
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).await.unwrap();
    assert_eq!(child.wait().await.unwrap().code(), Some(130), "{told}");
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_export_asks_for_no_whole_day_again_and_for_the_interrupted_one_once() {
    let server = DayServer::start().await;
    let days = ["2025-12-31", "2026-01-01", "2026-01-02"];
    for format in ["csv", "jsonl", "xlsx"] {
        let asked = server.asked().len();
        let shell = later(server.shell(), 0);
        let path = out(&shell, "calls");
        let arguments = export(days[0], days[2], format, &path);
        let told = interrupted(&server, &shell, &arguments, days[1]).await;
        let again = format!(
            "resume with: ozonetel cdr export --direct --from {} --to {} --format {format}",
            days[0], days[2]
        );
        assert!(told.contains(&again), "{told}");
        assert!(!path.exists() && !is_alone(&path));
        // Another export to the same file would mix the two.
        let other = shell.run(&export(days[0], days[1], format, &path)).await;
        assert!(other.code == 2 && other.err.contains("another export"), "{other:?}");
        let shell = later(shell, 1);
        let ran = shell.run(&arguments).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.err.contains("2026-01-02 is not over"), "{ran:?}");
        assert_eq!(&server.asked()[asked..], [days[0], days[1], days[1], days[2]]);
        let want: Vec<String> = days.iter().flat_map(|day| ucids(day)).collect();
        assert!(is_alone(&path));
        let found: Vec<String> = match format {
            "csv" => csv_ucids(&path),
            "jsonl" => {
                let text = std::fs::read_to_string(&path).unwrap();
                let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
                rows.map(|row| row["UCID"].as_str().unwrap().to_owned()).collect()
            }
            _ => {
                let mut book: Xlsx<_> = open_workbook(&path).unwrap();
                let sheet = book.worksheet_range("calls").unwrap();
                let mut rows = sheet.rows();
                let at = rows.next().unwrap().iter().position(|cell| cell == "UCID").unwrap();
                rows.map(|row| row[at].to_string()).collect()
            }
        };
        assert_eq!(found, want, "{format}");
    }
    // What a spreadsheet would run is text, unless the bytes are asked for.
    let shell = later(server.shell(), 0);
    let path = out(&shell, "calls.csv");
    let ran = shell.run(&export(days[1], days[1], "csv", &path)).await.done();
    assert!(ran.out.is_empty());
    assert!(std::fs::read_to_string(&path).unwrap().contains(",'=1+7,"));
    let raw = [&export(days[1], days[1], "csv", &path)[..], &["--raw-csv"]].concat();
    shell.run(&raw).await.done();
    assert!(std::fs::read_to_string(&path).unwrap().contains(",=1+7,"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_to_standard_output_says_from_which_day_on() {
    let server = DayServer::start().await;
    let shell = later(server.shell(), 0);
    let arguments = ["cdr", "export", "--direct", "--from", "2026-01-01", "--to", "today"];
    let told = interrupted(&server, &shell, &arguments, "2026-01-02").await;
    assert!(told.contains("--from 2026-01-02 --to 2026-01-02 --format csv"), "{told}");
    let refused = shell.run(&[&arguments[..], &["--store", "calls.db"]].concat()).await;
    assert!(refused.code == 2 && refused.err.contains("--store"), "{refused:?}");
    let future = ["cdr", "export", "--direct", "--from", "today", "--to", "2026-01-03"];
    let ran = shell.run(&future).await;
    assert!(ran.code == 2 && ran.err.contains("in the future"), "{ran:?}");
    assert_eq!(server.asked().len(), 2);
    let shell = later(shell, 1);
    let ran = shell.run(&["cdr", "export", "--direct", "--format", "jsonl"]).await.done();
    assert_eq!(ran.out.lines().count(), usize::try_from(ROWS).unwrap(), "yesterday");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_and_the_service_give_the_same_rows() {
    let mut desk = Desk::with_agent().await;
    let ucid = desk.talking().await;
    desk.sim.inbound("918000000001", "9000000002").unwrap();
    desk.sim.advance(Duration::from_mins(3)).await;
    // A call that is still going on is longer each time it is asked for.
    desk.sim.customer(&ucid, PhoneAction::Hangup).unwrap();
    desk.sim.advance(Duration::from_mins(3)).await;
    let place = desk.shell.state.path().join("calls.db").display().to_string();
    desk.run(&["cdr", "sync", "--store", &place, "--back-fill", "0"]).await.done();
    for format in ["csv", "jsonl"] {
        let rows = async |from: &[&str]| {
            let export = ["cdr", "export", "--from", "today", "--format", format];
            let ran = desk.run(&[&export[..], from].concat()).await;
            assert_eq!(ran.code, 0, "{ran:?}");
            let mut lines: Vec<String> = ran.out.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        let stored = rows(&["--store", &place]).await;
        assert!(stored.len() >= 2, "{stored:?}");
        assert_eq!(rows(&["--direct"]).await, stored);
        // Two requests a minute.
        desk.sim.advance(Duration::from_mins(2)).await;
        let now = desk.sim.now().to_string();
        desk = desk.set("OZONETEL_NOW", &now);
    }
}

#[cfg(feature = "parquet")]
#[tokio::test(flavor = "multi_thread")]
async fn an_export_as_columns() {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::RowAccessor as _;
    let server = DayServer::start().await;
    let shell = later(server.shell(), 0);
    let path = out(&shell, "calls.parquet");
    shell.run(&export("2026-01-01", "2026-01-01", "parquet", &path)).await.done();
    assert!(is_alone(&path));
    let file = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
    let columns = file.metadata().file_metadata().schema_descr().columns().to_vec();
    let at = columns.iter().position(|column| column.name() == "UCID").unwrap();
    let rows = file.get_row_iter(None).unwrap();
    let found: Vec<String> = rows.map(|row| row.unwrap().get_string(at).unwrap().clone()).collect();
    assert_eq!(found, ucids("2026-01-01"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_rows_that_was_cut_begins_anew_and_one_that_is_in_use_is_left_alone() {
    let server = DayServer::start().await;
    let shell = later(server.shell(), 0);
    let path = out(&shell, "calls.csv");
    let arguments = export("2025-12-31", "2026-01-01", "csv", &path);
    interrupted(&server, &shell, &arguments, "2026-01-01").await;
    std::fs::write(out(&shell, "calls.csv.rows"), "UCID\n").unwrap();
    let shell = later(shell, 1);
    let file = std::fs::File::options().write(true).open(out(&shell, "calls.csv.rows")).unwrap();
    file.try_lock().unwrap();
    let ran = shell.run(&arguments).await;
    assert!(ran.code == 2 && ran.err.contains("under way"), "{ran:?}");
    drop(file);
    let ran = ended(shell.spawn(&arguments)).await;
    assert!(ran.code == 0 && ran.err.contains("is shorter than it was"), "{ran:?}");
    assert_eq!(csv_ucids(&path), [ucids("2025-12-31"), ucids("2026-01-01")].concat());
}
