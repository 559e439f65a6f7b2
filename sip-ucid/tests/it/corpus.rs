//! The stored messages, and what the inspector must say of each.

use std::path::{Path, PathBuf};

use sip_ucid::Transport;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// Every message of the corpus with its name, such as `rfc4475/wsinv`.
pub(crate) fn messages() -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for group in ["rfc4475", "rfc5118", "field"] {
        for entry in std::fs::read_dir(folder().join(group)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "sip") {
                let name = path.file_stem().unwrap().to_str().unwrap();
                all.push((format!("{group}/{name}"), std::fs::read(&path).unwrap()));
            }
        }
    }
    all.sort();
    assert_eq!(all.len(), 49 + 12 + 21);
    all
}

/// One message by its name.
pub(crate) fn message(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(format!("{name}.sip"))).unwrap()
}

/// What the inspector says of it.
pub(crate) fn inspected(name: &str, transport: Transport) -> serde_json::Value {
    let file = format!("{name}.sip");
    serde_json::from_str(&crate::report::report(file.as_bytes(), &message(name), transport))
        .unwrap()
}

#[test]
fn the_inspector_says_what_is_stored_beside_each_message() {
    for (name, _) in messages() {
        let path = folder().join(format!("{name}.json"));
        let stored: serde_json::Value =
            serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        assert_eq!(inspected(&name, Transport::Datagram), stored, "{name}");
    }
}
