//! The stored messages, and what the inspector must report of each.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;
use sip_ucid::Transport;

pub(crate) mod sections;

use sections::Section;

/// The files of messages and how many each holds.
const GROUPS: [(&str, usize); 3] = [("field", 21), ("rfc4475", 49), ("rfc5118", 12)];

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn stored(file: &str) -> String {
    std::fs::read_to_string(package().join(file)).unwrap()
}

fn sections_of(file: &str) -> Vec<Section> {
    sections::read(&stored(file)).unwrap_or_else(|fault| panic!("{file}: {fault}"))
}

/// Every message of the corpus with its name, such as `rfc4475/wsinv`.
pub(crate) fn messages() -> Vec<Section> {
    all_messages().clone()
}

/// They are read once for all tests.
fn all_messages() -> &'static Vec<Section> {
    static MESSAGES: OnceLock<Vec<Section>> = OnceLock::new();
    MESSAGES.get_or_init(read_messages)
}

fn read_messages() -> Vec<Section> {
    let mut all = Vec::new();
    for (group, _) in GROUPS {
        for (name, message) in sections_of(&format!("tests/corpus/{group}.txt")) {
            all.push((format!("{group}/{name}"), message));
        }
    }
    all.sort();
    all
}

/// One message by its name.
pub(crate) fn message(name: &str) -> Vec<u8> {
    all_messages().iter().find(|(known, _)| known == name).unwrap().1.clone()
}

/// What the inspector must report of every message, by the name of the message.
pub(crate) fn reports() -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (group, _) in GROUPS {
        let stored: Value =
            serde_json::from_str(&stored(&format!("tests/corpus/{group}.json"))).unwrap();
        for (name, report) in stored.as_object().unwrap() {
            all.push((format!("{group}/{name}"), report.clone()));
        }
    }
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

/// What the inspector reports of a message of the corpus.
pub(crate) fn inspected(name: &str, transport: Transport) -> Value {
    let file = format!("{name}.sip");
    serde_json::from_str(&crate::report::report(file.as_bytes(), &message(name), transport))
        .unwrap()
}

#[test]
fn the_inspector_reports_what_is_stored_of_each_message() {
    let (messages, reports) = (messages(), reports());
    let names = |all: Vec<&String>| all.into_iter().cloned().collect::<Vec<_>>();
    assert_eq!(
        names(messages.iter().map(|(name, _)| name).collect()),
        names(reports.iter().map(|(name, _)| name).collect())
    );
    for (name, report) in reports {
        assert_eq!(inspected(&name, Transport::Datagram), report, "{name}");
    }
}

#[test]
fn no_message_and_no_seed_is_lost() {
    for (group, count) in GROUPS {
        assert_eq!(sections_of(&format!("tests/corpus/{group}.txt")).len(), count, "{group}");
    }
    assert_eq!(sections_of("fuzz/corpus/values.txt").len(), 4);
    assert_eq!(sections_of("fuzz/corpus/writer.txt").len(), 120);
}

/// The files in a folder and in the folders below it.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[test]
fn the_corpora_are_few_files() {
    let mut files = files_below(&package().join("tests/corpus"));
    files.extend(files_below(&package().join("fuzz/corpus")));
    assert!(files.len() < 20, "a message is a section of a file: {files:#?}");
}

#[test]
fn every_octet_can_be_written_and_is_read_back() {
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let odd: [&[u8]; 12] = [
        &all,
        b"",
        b"\r\n",
        b"\n",
        b"\r",
        b"a \r\n",
        b"a ",
        b" \n ",
        b"=== a\r\n=",
        b"#\r\n\\x20",
        b"\r\r\n",
        b"a\n=== b\r\n\r\n",
    ];
    let named = |(at, octets): (usize, &&[u8])| (format!("case {at}"), octets.to_vec());
    let sections: Vec<Section> = odd.iter().enumerate().map(named).collect();
    let text = sections::write(&sections);
    assert!(text.bytes().all(|byte| matches!(byte, b'\n' | b' '..=b'~')), "{text}");
    assert!(text.lines().all(|line| line.trim_end() == line), "{text}");
    assert_eq!(sections::read(&text).unwrap(), sections);
}

#[test]
fn a_file_in_another_form_is_refused() {
    for (text, fault) in [
        ("=== a\nx", "the last line does not end"),
        ("x\n=== a\n", "line 1: no comment before the first section"),
        ("=== \n", "line 1: a section without a name of its own"),
        ("=== a\n=== b\n=== a\n", "line 3: a section without a name of its own"),
        ("=== a\n\\q\n", "line 2: an unknown escape"),
        ("=== a\n\\x4\n", "line 2: an unknown escape"),
        ("=== a\n\\xzz\n", "line 2: no octet after \\x"),
        ("=== a\nx\ty\n", "line 2: an octet that has to be escaped"),
        ("=== a\n\u{e9}\n", "line 2: an octet that has to be escaped"),
        ("=== a\n\\x41\n", "octets are written in another way than they have to be"),
        ("=== a\nx \n", "octets are written in another way than they have to be"),
        ("=== a\nx\\\ny\n", "octets are written in another way than they have to be"),
    ] {
        assert_eq!(sections::read(text).unwrap_err(), fault, "{text:?}");
    }
}
