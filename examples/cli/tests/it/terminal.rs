//! On a terminal: prompts, the wallboard, Ctrl-C.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use ptyprocess::{PtyProcess, Signal, WaitStatus};
use tokio::time::Instant;

use crate::days::DayServer;
use crate::exporting::later;
use crate::harness::{DIAL, Desk, Shell, Stub};

fn size(cells: u16) -> NonZero<u16> {
    NonZero::new(cells).unwrap()
}

const BOUND: Duration = Duration::from_secs(30);

/// A run on a terminal of its own.
pub(crate) struct Terminal {
    process: PtyProcess,
    input: ptyprocess::stream::Stream,
    pieces: Receiver<Vec<u8>>,
    /// What was read and is not on the screen yet.
    unshown: VecDeque<Vec<u8>>,
    screen: vt100::Parser,
    raw: Vec<u8>,
}

impl Terminal {
    pub(crate) fn start(shell: &Shell, arguments: &[&str], columns: u16, rows: u16) -> Self {
        let mut command = shell.on_terminal(arguments);
        command.env("TERM", "xterm-256color");
        let mut process = PtyProcess::spawn(command).unwrap();
        process.set_window_size(columns, rows).unwrap();
        process.signal(Signal::SIGWINCH).unwrap();
        let (input, mut output) =
            (process.get_pty_stream().unwrap(), process.get_pty_stream().unwrap());
        let (sender, pieces) = channel();
        std::thread::spawn(move || {
            let mut piece = [0; 8192];
            while let Ok(count) = output.read(&mut piece) {
                if count == 0 || sender.send(piece[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let screen = vt100::Parser::new(size(rows), size(columns), 0);
        Self { process, input, pieces, unshown: VecDeque::new(), screen, raw: Vec::new() }
    }

    /// Waits until this is on the screen, be it for a moment: what is read at once may have been drawn over in it.
    pub(crate) fn until(&mut self, text: &str) {
        let end = Instant::now() + BOUND;
        while !self.screen.screen().contents().contains(text) {
            let Some(step) = self.unshown.pop_front() else {
                let left = end.saturating_duration_since(Instant::now());
                let piece = self.pieces.recv_timeout(left).unwrap_or_else(|_| {
                    panic!("{text} is not on the screen:\n{}", self.screen.screen().contents())
                });
                let steps = piece.split_inclusive(|byte| matches!(byte, b'\r' | b'\n' | b'\x1b'));
                self.unshown.extend(steps.map(<[u8]>::to_vec));
                continue;
            };
            self.show(&step);
        }
    }

    fn show(&mut self, step: &[u8]) {
        self.screen.process(step);
        self.raw.extend_from_slice(step);
    }

    /// What is on the screen once all that was read is.
    pub(crate) fn contents(&mut self) -> String {
        self.show_all();
        self.screen.screen().contents()
    }

    fn show_all(&mut self) {
        for step in std::mem::take(&mut self.unshown) {
            self.show(&step);
        }
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.input.write_all(text.as_bytes()).unwrap();
    }

    /// Waits for the end; the exit code, and everything that was written.
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        self.show_all();
        while let Ok(piece) = self.pieces.recv_timeout(BOUND) {
            self.show(&piece);
        }
        let code = match self.process.wait() {
            Ok(WaitStatus::Exited(_, code)) => Some(code),
            _ => None,
        };
        (code, String::from_utf8_lossy(&self.raw).into_owned())
    }
}

fn dials(desk: &Desk) -> usize {
    desk.sim.requests().iter().filter(|entry| entry.path == DIAL).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dial_is_asked_for_with_the_number_whole() {
    let desk = Desk::with_agent().await;
    let ask = || Terminal::start(&desk.shell, &["dial", "9000000417"], 80, 24);
    let mut no = ask();
    no.until("Ring 9000000417? [y/N]");
    no.send("n\n");
    let (code, text) = no.ended();
    assert_eq!((code, dials(&desk)), (Some(2), 0), "{text}");
    let mut interrupted = ask();
    interrupted.until("[y/N]");
    interrupted.send("\u{3}");
    assert_eq!((interrupted.ended().0, dials(&desk)), (Some(130), 0));
    let mut yes = ask();
    yes.until("[y/N]");
    yes.send("y\n");
    let (code, text) = yes.ended();
    assert_eq!((code, dials(&desk)), (Some(0), 1), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_deletes_or_starts_says_in_full_what_will_happen() {
    let desk = Desk::start().await;
    let mut start = Terminal::start(&desk.shell, &["campaign", "start", "support_out"], 120, 24);
    start.until("Campaign support_out starts: the service rings its leads. It is sent once and never repeated.");
    start.send("n\n");
    assert_eq!((start.ended().0, desk.sim.requests().len()), (Some(2), 0));
    let delete = ["phone-number", "delete", "9000000417", "desk09"];
    let mut delete = Terminal::start(&desk.shell, &delete, 120, 24);
    delete.until("Phone number 9000000417 (desk09) is deleted");
    delete.send("\u{3}");
    assert_eq!((delete.ended().0, desk.sim.requests().len()), (Some(130), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_of_a_call_is_asked_for_with_the_number_whole() {
    let desk = Desk::with_agent().await;
    let ucid = desk.talking().await;
    let rung = format!("9000000417 is rung into call {ucid}");
    let questions = [
        (
            &["call", "conference"][..],
            &[][..],
            format!("{rung}. It is sent once and never repeated."),
        ),
        (&["call", "transfer"], &[], format!("{rung}. It is sent once and never repeated.")),
        (
            &["call", "transfer"],
            &["--cold"],
            format!("{rung}, and 500001 is dropped from it at once."),
        ),
        (&["call", "kick"], &[], format!("9000000417 is dropped from call {ucid}.")),
    ];
    let before = desk.sim.requests().len();
    for (command, more, question) in questions {
        let arguments = [command, &[&ucid, "9000000417"], more].concat();
        let mut asking = Terminal::start(&desk.shell, &arguments, 160, 24);
        asking.until(&question);
        asking.send("n\n");
        assert_eq!((asking.ended().0, desk.sim.requests().len()), (Some(2), before), "{question}");
    }
    let conference = ["call", "conference", &ucid, "9000000417"];
    let mut asking = Terminal::start(&desk.shell, &conference, 160, 24);
    asking.until("[y/N]");
    asking.send("y\n");
    assert_eq!((asking.ended().0, desk.sim.effects("conference")), (Some(0), 1));
    let kick = ["call", "kick", &ucid, "9000000417", "--yes"];
    let (code, text) = Terminal::start(&desk.shell, &kick, 160, 24).ended();
    assert_eq!((code, desk.sim.effects("kick")), (Some(0), 1), "{text}");
    assert!(!text.contains("[y/N]"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_a_lead_is_asked_for_as_it_is_sent() {
    let desk = Desk::start().await;
    let asks = |arguments: &[&str], text: &str| {
        let mut asking = Terminal::start(&desk.shell, arguments, 120, 24);
        asking.until(text);
        let shown = asking.contents();
        assert!(shown.starts_with(text), "{shown}");
        asking.send("n\n");
        assert_eq!((asking.ended().0, desk.sim.requests().len()), (Some(2), 0));
    };
    asks(&["lead", "delete", "09000000417"], "9000000417 is taken out of support_out");
    let as_uploaded = ["lead", "delete", "09000000417", "--as-uploaded"];
    asks(&as_uploaded, "09000000417 is taken out of support_out");
    asks(&["lead", "add", "09000000417"], "9000000417 becomes a lead of support_out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_typed_is_not_shown() {
    let desk = Desk::start().await;
    let config = desk.shell.state.path().join("config").display().to_string();
    let address = desk.shell.variable("OZONETEL_BASE_URL");
    let shell = Shell::new(&address).set("XDG_CONFIG_HOME", config);
    let shell = shell.unset("OZONETEL_ACCOUNT").unset("OZONETEL_API_KEY");
    let mut login = Terminal::start(&shell, &["login"], 80, 24);
    login.until("Account:");
    login.send("acme_support\n");
    login.until("token or key [token]:");
    // Nothing is asked for the key before this is one of the two.
    login.send("test\n");
    login.until("That is neither");
    login.send("\n");
    login.until("API key (not shown):");
    login.send("test-key\n");
    let (code, text) = login.ended();
    assert_eq!(code, Some(0), "{text}");
    assert!(!text.contains("test-key"), "{text}");
    shell.run(&["dispositions"]).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wallboard_shows_what_happens_resizes_and_leaves_the_terminal_as_it_was() {
    let desk = Desk::with_agent().await;
    let mut watch = Terminal::start(&desk.shell, &["watch", "--source", "simulator"], 80, 24);
    watch.until("agents 1");
    watch.until("ready");
    desk.sim.inbound("918000000001", "9000000417").unwrap();
    desk.sim.advance(Duration::from_secs(3)).await;
    watch.until("on a call");
    watch.until("talking");
    let contents = watch.contents();
    assert!(contents.contains("…17") && !contents.contains("9000000417"), "{contents}");
    watch.screen.screen_mut().set_size(size(40), size(120));
    watch.process.set_window_size(120, 40).unwrap();
    watch.process.signal(Signal::SIGWINCH).unwrap();
    watch.until("support_inbound");
    watch.send("q");
    let (code, raw) = watch.ended();
    assert_eq!(code, Some(0));
    assert!(raw.contains("\u{1b}[?1049h") && raw.contains("\u{1b}[?1049l"), "{raw:?}");
    // A signal leaves it as it was as well.
    let mut watch = Terminal::start(&desk.shell, &["watch", "--source", "simulator"], 80, 24);
    watch.until("agents 1");
    watch.process.signal(Signal::SIGTERM).unwrap();
    assert!(watch.ended().1.contains("\u{1b}[?1049l"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_sync_ends_in_good_order() {
    let desk = Desk::with_agent().await;
    let place = desk.shell.state.path().join("calls.db").display().to_string();
    let sync = ["cdr", "sync", "--store", &place, "--back-fill", "5"];
    let mut sync = Terminal::start(&desk.shell, &sync, 100, 24);
    sync.until("waiting for the published limit");
    sync.send("\u{3}");
    let (code, text) = sync.ended();
    assert_eq!(code, Some(130), "{text}");
    assert!(text.contains("resume with: ozonetel cdr sync --store"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_export_ends_in_good_order_while_it_waits() {
    let server = DayServer::start().await;
    let shell = later(server.shell(), 0);
    let path = shell.state.path().join("calls.csv").display().to_string();
    let export = ["cdr", "export", "--direct", "--from", "-2d", "--to", "today", "--out", &path];
    let mut export = Terminal::start(&shell, &export, 100, 24);
    export.until("2025-12-31: 40 rows; 2 to go");
    export.until("waiting for the published limit");
    export.send("\u{3}");
    let (code, text) = export.ended();
    assert_eq!(code, Some(130), "{text}");
    assert!(text.contains("resume with: ozonetel cdr export --direct --from 2025-12-31"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_interrupted_at_its_question_and_in_a_batch() {
    let stub = Stub::stalling(r#"{"status":"SUCC"#).await;
    let path = stub.shell.state.path().join("leads.csv");
    std::fs::write(&path, "PhoneNumber,Name\n9000000001,A B\n").unwrap();
    let upload = ["lead", "upload", path.to_str().unwrap()];
    let ask = || {
        let mut asking = Terminal::start(&stub.shell, &upload, 120, 24);
        asking.until("1 leads go to campaign support_out in 1 batches");
        asking
    };
    let mut asking = ask();
    asking.send("\u{3}");
    assert_eq!(asking.ended().0, Some(130));
    let mut sending = ask();
    sending.send("y\n");
    stub.arrived().await;
    sending.send("\u{3}");
    let (code, text) = sending.ended();
    assert_eq!(code, Some(7), "{text}");
    assert!(text.contains("unknown"), "{text}");
    // It is not sent again, and nothing is asked.
    let ran = stub.shell.run(&upload).await;
    assert_eq!(ran.code, 7, "{ran:?}");
}
