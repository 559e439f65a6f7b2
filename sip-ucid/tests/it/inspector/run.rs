//! Running the inspector on messages made for a test.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;

/// The program, built as users build it.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--example", "inspect", "--message-format", "json"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let lines = String::from_utf8(built.stdout).unwrap();
        let messages = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut paths = messages.filter_map(|it| Some(it["executable"].as_str()?.to_owned()));
        paths.next().unwrap().into()
    })
}

/// A folder of its own for a test, gone when the test is over.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("inspector-{name}"));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub(crate) fn inspect(&self, arguments: &[&str]) -> Output {
        Command::new(program()).args(arguments).current_dir(&self.0).output().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn objects(output: &Output) -> Vec<Value> {
    let lines = std::str::from_utf8(&output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What the program says of one message; it must say it in one line and exit with 0.
#[track_caller]
pub(crate) fn said(test: &str, transport: &str, bytes: &[u8]) -> Value {
    let folder = Folder::new(test);
    folder.write("message", bytes);
    let output = folder.inspect(&["--transport", transport, "message"]);
    assert!(output.status.success());
    let mut all = objects(&output);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// A sound request with more header lines and a body.
pub(crate) fn request(lines: &str, body: &str) -> Vec<u8> {
    format!(
        "OPTIONS sip:500001@example.test SIP/2.0\r\n\
         Via: SIP/2.0/UDP gw.example.test;branch=z9hG4bK1\r\n\
         From: <sip:9000000001@example.test>;tag=a\r\nTo: <sip:500001@example.test>\r\n\
         Call-ID: 1@gw.example.test\r\nCSeq: 7 OPTIONS\r\nMax-Forwards: 70\r\n{lines}\r\n{body}"
    )
    .into_bytes()
}

/// The same with other text in one place.
pub(crate) fn request_with(old: &str, new: &str) -> Vec<u8> {
    let usual = String::from_utf8(request("", "")).unwrap();
    assert!(usual.contains(old));
    usual.replace(old, new).into_bytes()
}

#[track_caller]
pub(crate) fn has(said: &Value, expected: &[(&str, Value)]) {
    for (pointer, value) in expected {
        assert_eq!(said.pointer(pointer), Some(value), "{pointer} in {said}");
    }
}
