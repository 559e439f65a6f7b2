//! Numbers of cards are in no file and no log, however they are said.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use desk::core::assist::transcript::Speaker::{Agent, Customer};
use desk::ops::forget::forget;
use desk::store::{Assists as _, Db};
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use super::{Assisted, script};

/// What is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Log {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

/// Everything in the files of a folder.
fn bytes_of(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        all.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    all
}

fn contains(all: &[u8], part: &str) -> bool {
    all.windows(part.len()).any(|window| window == part.as_bytes())
}

#[tokio::test]
async fn a_card_number_is_in_no_database_write_ahead_log_or_log() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("debug,desk=trace")
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    // Other tests, which log nowhere, have been where this one will be.
    tracing::callsite::rebuild_interest_cache();
    tracing::info!("the log is written");
    let folder = tempfile::tempdir().unwrap();
    let store = Db::sqlite(&folder.path().join("desk.sqlite")).await.unwrap();
    let assisted = Assisted::on(Arc::new(store.clone())).await;
    assisted.stand_ins.set_script(script(
        &[
            "alpha 5105 1051 0510 5100 omega",
            "alpha five one zero five, double seven four four, three three nine nine, six six two two omega",
            "alpha six zero one one, triple eight nine",
            "double seven two two, five five six six omega",
            "that was all I have to say to you today thank you very much",
        ],
        &["alpha please go on omega"],
    ));
    let ucid = assisted.talking().await;
    let mut page = assisted.open(&ucid).await;
    page.is("on").await;
    for said in 1..=5 {
        page.speak(&[Customer]).await;
        assisted
            .entries(&ucid, |entries| {
                entries.iter().filter(|entry| entry["speaker"] == "customer").count() == said
            })
            .await;
        page.speak(&[Agent]).await;
    }
    assisted.post(&format!("/api/calls/{ucid}/end"), json!({})).await;
    page.becomes("ended").await;
    super::until(async || (!assisted.floor.desk.assist().is_listening(&ucid)).then_some(())).await;
    let kept = store.transcript(&ucid, None, 99).await.unwrap();
    let text: Vec<_> = kept.iter().map(|entry| entry.text.as_str()).collect();
    for expected in ["alpha •••• omega", "alpha ••••", "•••• omega"] {
        assert!(text.contains(&expected), "{expected}: {text:?}");
    }
    let files = bytes_of(folder.path());
    assert!(contains(&files, "please go on"), "the transcript is in the files");
    let logged = log.0.lock().unwrap().clone();
    assert!(contains(&logged, "the log is written"));
    let asked = assisted.stand_ins.asked().join("\n").into_bytes();
    assert!(contains(&asked, "please go on"));
    for part in [
        "5105 1051",
        "1051 0510",
        "0510 5100",
        "five one zero",
        "double seven",
        "four four",
        "three three",
        "nine nine",
        "six six two",
        "six zero one",
        "triple eight",
        "eight nine",
        "seven two two",
        "five five six",
    ] {
        for (place, all) in [("files", &files), ("log", &logged), ("questions", &asked)] {
            assert!(!contains(all, part), "{part} is in the {place}");
        }
    }
    for part in ["please go on", "thank you very much"] {
        assert!(!contains(&logged, part), "{part} is in the log");
    }
    // What was heard goes with the number of its call.
    forget(&store, None, "9000000001", assisted.floor.desk.now()).await.unwrap();
    assert_eq!(store.transcript(&ucid, None, 99).await, Ok(vec![]));
    assert_eq!(store.summary(&ucid).await, Ok(None));
    store.close().await;
}
