//! `lead upload`: messy files, limits, and what is not sent twice.

use std::path::Path;
use std::time::Duration;

use ozonetel_sim::{Fault, FaultKind};
use serde_json::{Map, Value, json};

use crate::harness::{Desk, Ran, Stub};
use crate::signals::signal;

const BULK: &str = "/cloudAgentRestAPI/index.php/AddCampaignBulkDataV4/addBulkData/format/json";

fn file(desk: &Desk, name: &str, bytes: &[u8]) -> String {
    let path = desk.shell.state.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

/// A file of so many good leads.
fn leads(desk: &Desk, count: usize) -> String {
    let rows: String = (0..count).map(|n| format!("90000{n:05},A B\n")).collect();
    file(desk, "leads.csv", format!("PhoneNumber,Name\n{rows}").as_bytes())
}

fn in_world(desk: &Desk) -> Vec<String> {
    let world = desk.sim.world();
    let number = |lead: &Map<String, Value>| lead["PhoneNumber"].as_str().unwrap().to_owned();
    world.leads().of("support_out").iter().map(number).collect()
}

fn outcomes(ran: &Ran, word: &str) -> usize {
    ran.rows().iter().filter(|row| row["outcome"] == word).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_messy_spreadsheet_is_checked_corrected_and_uploaded_once() {
    let desk = Desk::start().await;
    let text = "Mobile No;Customer;Priority;City\n+91 90000 00001;José Müller;6;Pune\nletters;A B;;\n;;;\n\
                9000000003;O'Brien;;Goa\n9000000004;C D;100;\n9000000005;E F;9;=1+1\n";
    let (bytes, ..) = encoding_rs::WINDOWS_1252.encode(text);
    let path = file(&desk, "messy.csv", &bytes);
    let upload = ["lead", "upload", &path];
    let ran = desk.json(&upload).await;
    assert!(ran.code == 2 && ran.err.contains("--map PhoneNumber=COLUMN"), "{ran:?}");
    let map = ["--map", "PhoneNumber=Mobile No", "--map", "Name=Customer"];
    let mapped = [&upload[..], &map].concat();
    let ran = desk.json(&mapped).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("3 of 5 rows are bad") && ran.err.contains("--skip-bad"), "{ran:?}");
    let bad = std::fs::read_to_string(format!("{path}.bad.csv")).unwrap();
    let mut bad = csv::Reader::from_reader(bad.as_bytes());
    let bad: Vec<csv::StringRecord> = bad.records().map(Result::unwrap).collect();
    let lines: Vec<&str> = bad.iter().map(|row| &row[0]).collect();
    assert_eq!(lines, ["3", "5", "6"]);
    assert!(bad[1][1].contains("Name takes letters"), "{bad:?}");
    // A dry run says what would be done.
    let plan = desk.json(&[&mapped[..], &["--skip-bad", "--dry-run"]].concat()).await;
    assert_eq!((plan.json()["good"].clone(), plan.json()["batches"].clone()), (json!(2), json!(1)));
    assert!(plan.json()["read_as"].as_str().unwrap().starts_with("windows-1252, semicolons"));
    assert_eq!(desk.sim.effects("leads"), 0);

    let ran = desk.json(&[&mapped[..], &["--skip-bad"]].concat()).await;
    assert_eq!((ran.code, outcomes(&ran, "taken"), outcomes(&ran, "bad")), (0, 2, 3), "{ran:?}");
    assert_eq!(in_world(&desk), ["9000000001", "9000000005"]);
    // Again: nothing is left to send, and that is said.
    let ran = desk.json(&[&mapped[..], &["--skip-bad"]].concat()).await;
    assert_eq!((ran.code, outcomes(&ran, "taken_before"), desk.sim.effects("leads")), (0, 2, 1));
    assert!(ran.err.contains("2 rows were taken by an earlier upload"), "{}", ran.err);
    let table = desk.run(&[&mapped[..], &["--skip-bad"]].concat()).await;
    assert!(table.out.contains("taken") && !table.out.contains("9000000003"), "{}", table.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_unknown_outcome_is_listed_and_not_repeated() {
    let desk = Desk::start().await;
    let path = leads(&desk, 1100);
    let upload = ["lead", "upload", &path];
    desk.sim.fault(Fault::new(FaultKind::CloseAfter).on(BULK));
    let ran = desk.json(&upload).await;
    assert_eq!(ran.code, 7, "{ran:?}");
    assert_eq!((outcomes(&ran, "unknown"), outcomes(&ran, "not_sent")), (500, 600));
    // The others go on; the first batch is named, and is not sent again.
    let ran = desk.json(&upload).await;
    assert_eq!(ran.code, 7, "{ran:?}");
    assert_eq!((outcomes(&ran, "unknown"), outcomes(&ran, "taken")), (500, 600));
    assert!(ran.err.contains("lines 2-501"), "{}", ran.err);
    assert_eq!((desk.sim.effects("leads"), in_world(&desk).len()), (3, 1100));
    // Unless it is asked for: the operator has looked, say, and they were not there.
    let ran = desk.json(&[&upload[..], &["--repeat-unknown"]].concat()).await;
    assert_eq!((ran.code, outcomes(&ran, "taken"), desk.sim.effects("leads")), (0, 500, 4));
    assert_eq!(outcomes(&ran, "taken_before"), 600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_file_has_only_its_new_numbers_sent() {
    let desk = Desk::start().await;
    let text = "PhoneNumber,Name\n9000000001,A B\nletters,C D\n9000000003,E F\n";
    let path = file(&desk, "leads.csv", text.as_bytes());
    let upload = ["lead", "upload", &path, "--skip-bad"];
    let ran = desk.json(&upload).await;
    assert_eq!((ran.code, outcomes(&ran, "taken")), (0, 2), "{ran:?}");
    // A cell of a row that was taken changes too, and a line that repeats a number is a lead of its own.
    let text =
        "PhoneNumber,Name\n+91 90000 00001,B A\n9000000002,C D\n9000000003,E F\n9000000003,G H\n";
    file(&desk, "leads.csv", text.as_bytes());
    let plan = desk.json(&[&upload[..], &["--dry-run"]].concat()).await;
    assert_eq!((plan.json()["good"].clone(), plan.json()["due"].clone()), (json!(4), json!(2)));
    let ran = desk.json(&upload).await;
    assert_eq!((ran.code, outcomes(&ran, "taken"), outcomes(&ran, "taken_before")), (0, 2, 2));
    assert!(
        ran.err
            .contains("2 rows were taken by an earlier upload to the campaign (2026-01-02 12:00)"),
        "{ran:?}"
    );
    let want = ["9000000001", "9000000003", "9000000002", "9000000003"];
    assert_eq!(in_world(&desk), want);
    // Who is in it twice may be rung twice, which a flag is there for.
    let twice = "line 5 has the number of an earlier one: it is a lead of its own";
    let told = format!("{twice}; --check-duplicate leaves such numbers out\n");
    assert!(ran.err.contains(&told), "{ran:?}");
    let ran = desk.json(&[&upload[..], &["--check-duplicate"]].concat()).await;
    assert!(ran.err.contains(&format!("{twice}\n")), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_there_is_said_to_be_unreadable() {
    let shell = crate::harness::Shell::new("http://127.0.0.1:9");
    for name in ["nofile.csv", "nofile.xlsx"] {
        let ran = shell.run(&["lead", "upload", name]).await;
        let start = format!("error: {name} cannot be read: ");
        assert!(ran.code == 2 && ran.err.starts_with(&start), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_bad_rows_can_be_corrected_and_uploaded() {
    let desk = Desk::start().await;
    let text = "PhoneNumber,Name,City\n9000000001,A B,Pune\n+91 90000,C D,Goa\n";
    let path = file(&desk, "leads.csv", text.as_bytes());
    let ran = desk.json(&["lead", "upload", &path, "--skip-bad"]).await;
    assert_eq!(outcomes(&ran, "bad"), 1, "{ran:?}");
    let bad = format!("{path}.bad.csv");
    let text = std::fs::read_to_string(&bad).unwrap().replace("'+91 90000", "'+91 90000 00002");
    std::fs::write(&bad, &text).unwrap();
    // What was corrected is not written over, whether or not anything is sent.
    for options in [&[][..], &["--skip-bad"], &["--skip-bad", "--dry-run"]] {
        let ran = desk.json(&[&["lead", "upload", &path], options].concat()).await;
        let named = ran.err.contains("is left as it is") || options.len() == 2;
        assert!(named && std::fs::read_to_string(&bad).unwrap() == text, "{ran:?}");
    }
    let ran = desk.json(&["lead", "upload", &bad]).await;
    assert_eq!((ran.code, outcomes(&ran, "taken")), (0, 1), "{ran:?}");
    let leads = desk.sim.world().leads().of("support_out").to_vec();
    let columns: Vec<&str> = leads[1].keys().map(String::as_str).collect();
    assert_eq!(columns, ["City", "Name", "PhoneNumber"]);
    assert_eq!(in_world(&desk), ["9000000001", "9000000002"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_rows_of_one_number_each_is_sent_once() {
    let (good, bad) = ("9000000001,Ravi,9", "9000000001,Asha,100");
    let corrected = |text: String| text.replace("Asha,100", "Asha,10");
    for rows in [[bad, good], [good, bad]] {
        for by_bad_rows in [false, true] {
            let desk = Desk::start().await;
            let text = format!("PhoneNumber,Name,Priority\n{}\n{}\n", rows[0], rows[1]);
            let path = file(&desk, "leads.csv", text.as_bytes());
            let upload = ["lead", "upload", &path, "--skip-bad"];
            let ran = desk.json(&upload).await;
            assert_eq!((outcomes(&ran, "taken"), outcomes(&ran, "bad")), (1, 1), "{ran:?}");
            let names = || -> Vec<Value> {
                let world = desk.sim.world();
                world.leads().of("support_out").iter().map(|lead| lead["Name"].clone()).collect()
            };
            assert_eq!(names(), ["Ravi"], "{rows:?}");
            if by_bad_rows {
                let bad = format!("{path}.bad.csv");
                std::fs::write(&bad, corrected(std::fs::read_to_string(&bad).unwrap())).unwrap();
                let ran = desk.json(&["lead", "upload", &bad]).await;
                assert_eq!((ran.code, outcomes(&ran, "taken")), (0, 1), "{rows:?}: {ran:?}");
                let ran = desk.json(&["lead", "upload", &bad]).await;
                assert_eq!((ran.code, outcomes(&ran, "taken_before")), (0, 1), "{ran:?}");
            }
            file(&desk, "leads.csv", corrected(text).as_bytes());
            let ran = desk.json(&upload).await;
            let counts = (outcomes(&ran, "taken"), outcomes(&ran, "taken_before"));
            let want = if by_bad_rows { (0, 2) } else { (1, 1) };
            assert_eq!((ran.code, counts), (0, want), "{rows:?}: {ran:?}");
            let ran = desk.json(&upload).await;
            assert_eq!((ran.code, outcomes(&ran, "taken_before")), (0, 2), "{ran:?}");
            assert_eq!(names(), ["Ravi", "Asha"], "{rows:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_of_two_countries_are_two_customers() {
    let desk = Desk::start().await.set("OZONETEL_COUNTRIES", "IN,SG");
    for (day, number) in [("monday.csv", "6590000000"), ("tuesday.csv", "+65 9000 0000")] {
        let path = file(&desk, day, format!("PhoneNumber\n{number}\n").as_bytes());
        let ran = desk.json(&["lead", "upload", &path]).await;
        assert_eq!((ran.code, outcomes(&ran, "taken")), (0, 1), "{number}: {ran:?}");
    }
    assert_eq!(desk.sim.effects("leads"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_sent_again_when_that_is_asked_for() {
    let desk = Desk::start().await;
    let path = leads(&desk, 1100);
    let upload = ["lead", "upload", &path];
    desk.json(&upload).await.done();
    let table = desk.run(&upload).await;
    assert!(table.out.contains("taken_before  1100"), "{}", table.out);
    assert!(table.err.contains("--again") && desk.sim.effects("leads") == 3, "{}", table.err);
    // It breaks off at the second batch: without --again the rest is sent, and no row of the first a third time.
    let again = [&upload[..], &["--again"]].concat();
    desk.sim.fault(Fault::new(FaultKind::Delay).on(BULK).delay(Duration::ZERO));
    desk.sim.fault(Fault::new(FaultKind::CloseBefore).on(BULK));
    let ran = desk.json(&again).await;
    assert_eq!((ran.code, outcomes(&ran, "taken"), outcomes(&ran, "unknown")), (7, 500, 500));
    assert!(ran.err.contains("resume with: the same command without --again"), "{}", ran.err);
    desk.sim.advance(Duration::from_mins(1)).await;
    let desk = desk.set("OZONETEL_NOW", "2026-01-02T06:35:00Z");
    let ran = desk.json(&upload).await;
    assert_eq!((ran.code, outcomes(&ran, "taken"), outcomes(&ran, "taken_before")), (7, 100, 500));
    let ran = desk.json(&[&upload[..], &["--repeat-unknown"]].concat()).await;
    assert_eq!((ran.code, outcomes(&ran, "taken"), outcomes(&ran, "taken_before")), (0, 500, 600));
    assert_eq!(in_world(&desk).len(), 2200);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_the_service_refuses_are_a_failure_once_all_are_listed() {
    let desk = Desk::start().await;
    let refused = file(&desk, "refused.csv", b"PhoneNumber\n9898900001\n9898900002\n");
    let ran = desk.json(&["lead", "upload", &refused]).await;
    assert_eq!((ran.code, outcomes(&ran, "refused")), (3, 2), "{ran:?}");
    assert_eq!(ran.error()["kind"], "refused");
    let some = file(&desk, "some.csv", b"PhoneNumber\n9898900003\n9000000001\n");
    let ran = desk.json(&["lead", "upload", &some]).await;
    let counts = (outcomes(&ran, "refused"), outcomes(&ran, "taken"));
    assert_eq!((ran.code, counts), (3, (1, 1)), "{ran:?}");
    // A number that the campaign has already is as it should be.
    desk.json(&["lead", "add", "9000000002"]).await.done();
    let there = file(&desk, "there.csv", b"PhoneNumber\n9000000002\n");
    let ran = desk.json(&["lead", "upload", &there, "--check-duplicate"]).await;
    assert_eq!((ran.code, outcomes(&ran, "refused")), (0, 1), "{ran:?}");
    let ran = desk.json(&["lead", "upload", &there]).await;
    assert_eq!((ran.code, outcomes(&ran, "refused")), (0, 1), "{ran:?}");
    assert_eq!(in_world(&desk), ["9000000001", "9000000002"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_address_took_the_other_has_not() {
    let (rehearsal, real) = (Desk::start().await, Desk::start().await);
    let path = leads(&rehearsal, 3);
    let upload = ["lead", "upload", &path];
    rehearsal.json(&upload).await.done();
    let address = real.shell.variable("OZONETEL_BASE_URL");
    let rehearsal = rehearsal.set("OZONETEL_BASE_URL", &address);
    // The same state directory, and none of what the simulator took counts.
    rehearsal.json(&upload).await.done();
    assert_eq!(outcomes(&rehearsal.json(&upload).await, "taken_before"), 3);
    assert_eq!((rehearsal.sim.effects("leads"), real.sim.effects("leads")), (1, 1));
    assert_eq!(in_world(&real).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_service_refuses_is_sent_again_when_it_can_be() {
    let desk = Desk::start().await;
    let path = leads(&desk, 3);
    let wrong = desk.json(&["lead", "upload", &path, "--campaign", "nowhere"]).await;
    assert_eq!((wrong.code, outcomes(&wrong, "not_taken")), (3, 3), "{wrong:?}");
    let ran = desk.json(&["lead", "upload", &path]).await;
    assert_eq!((ran.code, outcomes(&ran, "taken")), (0, 3), "{ran:?}");
}

/// Whether a file of progress in a folder has a word.
fn noted(uploads: &Path, word: &str) -> bool {
    let Ok(files) = std::fs::read_dir(uploads) else { return false };
    files
        .flatten()
        .any(|file| std::fs::read_to_string(file.path()).is_ok_and(|text| text.contains(word)))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_while_it_waits_for_the_limit_leaves_nothing_unknown() {
    let desk = Desk::start().await;
    // Five a minute: the sixth waits.
    let path = leads(&desk, 2600);
    let child = desk.shell.spawn(&["lead", "upload", &path, "--output", "json"]);
    let bound = Duration::from_secs(30);
    // Until its file of progress says so: when the service has taken the fifth, the program may not know it yet.
    let uploads = desk.shell.state.path().join("state/uploads");
    tokio::time::timeout(bound, async {
        while !noted(&uploads, r#""not_sent""#) {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    signal(&child, "-INT").await;
    let ran = crate::harness::ended(child).await;
    assert_eq!((ran.code, outcomes(&ran, "unknown")), (130, 0), "{}", ran.err);
    assert_eq!((outcomes(&ran, "taken"), outcomes(&ran, "not_sent")), (2500, 100));
    let rows: Vec<Value> = ran.rows();
    assert_eq!(rows.len(), 2600);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_arrived_stays_unknown_if_its_repetition_is_not_sent() {
    let desk = Desk::start().await;
    let path = leads(&desk, 3);
    let upload = ["lead", "upload", &path];
    let repeat = [&upload[..], &["--repeat-unknown"]].concat();
    desk.sim.fault(Fault::new(FaultKind::CloseAfter).on(BULK));
    assert_eq!(desk.json(&upload).await.code, 7);
    // Five a minute: the repetition waits.
    let rows: String = (0..2000).map(|n| format!("91000{n:05}\n")).collect();
    let others = file(&desk, "others.csv", format!("PhoneNumber\n{rows}").as_bytes());
    desk.json(&["lead", "upload", &others]).await.done();
    let child = desk.shell.spawn(&[&repeat[..], &["--output", "json"]].concat());
    let uploads = desk.shell.state.path().join("state/uploads");
    tokio::time::timeout(Duration::from_secs(30), async {
        while !noted(&uploads, r#""not_sent""#) {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    signal(&child, "-INT").await;
    let ran = crate::harness::ended(child).await;
    assert_eq!((ran.code, outcomes(&ran, "unknown")), (130, 3), "{ran:?}");
    let ran = desk.json(&upload).await;
    assert_eq!((ran.code, outcomes(&ran, "unknown"), desk.sim.effects("leads")), (7, 3, 5));
    desk.sim.advance(Duration::from_mins(2)).await;
    let desk = desk.set("OZONETEL_NOW", "2026-01-02T06:35:00Z");
    let ran = desk.json(&repeat).await;
    assert_eq!((ran.code, outcomes(&ran, "taken"), desk.sim.effects("leads")), (0, 3, 6));
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn an_output_that_fails_does_not_hide_what_became_of_the_leads() {
    let desk = Desk::start().await;
    let path = leads(&desk, 3);
    desk.sim.fault(Fault::new(FaultKind::CloseAfter).on(BULK));
    for options in [&[][..], &["--repeat-unknown"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let upload = ["lead", "upload", &path, "--output", "json"];
        let mut command = desk.shell.command(&[&upload, options].concat());
        let ran = crate::harness::ended(command.stdout(full).spawn().unwrap()).await;
        assert_eq!(
            (ran.code, ran.error()["may_have_happened"].clone()),
            (7, json!(true)),
            "{ran:?}"
        );
    }
    assert_eq!(desk.sim.effects("leads"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_whose_word_is_not_known_is_unknown_and_not_sent_again() {
    let entry =
        |number: &str, word: &str| format!(r#"{{"PhoneNumber":"{number}","Status":"{word}"}}"#);
    // In another order than they were sent, and one of them with a word that no source shows.
    let entries = [
        entry("9000000003", "Accepted for processing"),
        entry("9000000001", "Queued"),
        entry("9000000002", "Number Already Exist"),
    ];
    let answer = format!(r#"{{"status":"success","message":[{}]}}"#, entries.join(","));
    let stub = Stub::answering(answer).await;
    let path = stub.shell.state.path().join("leads.csv");
    std::fs::write(&path, "PhoneNumber\n9000000001\n9000000002\n9000000003\n").unwrap();
    let upload = ["lead", "upload", path.to_str().unwrap(), "--yes"];
    let ran = stub.shell.json(&upload).await;
    let became = |ran: &Ran| -> Vec<(Value, Value)> {
        ran.rows().iter().map(|row| (row["outcome"].clone(), row["says"].clone())).collect()
    };
    let want = [
        (json!("taken"), Value::Null),
        (json!("refused"), json!("Number Already Exist")),
        (json!("unknown"), json!("Accepted for processing")),
    ];
    assert_eq!((ran.code, became(&ran)), (7, want.to_vec()), "{ran:?}");
    assert!(ran.err.contains("lines 4"), "{ran:?}");
    stub.arrived().await;
    // The same command sends nothing.
    let ran = stub.shell.json(&upload).await;
    assert_eq!(ran.code, 7, "{ran:?}");
    assert_eq!(became(&ran)[2], want[2]);
    let sent = tokio::time::timeout(Duration::from_millis(50), stub.arrived()).await;
    assert!(sent.is_err(), "sent again");
}
