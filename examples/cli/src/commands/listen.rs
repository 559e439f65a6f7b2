//! `listen`: callbacks and events, received on this machine.

mod forward;
mod journal;
mod print;
mod received;
mod replay;
mod server;

use std::future::pending;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use ozonetel_sdk::push::PushReader;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::MissedTickBehavior;
use url::Url;

use crate::args::Global;
use crate::failure::{Completion, Failure};
use crate::listen_address;
use crate::push_url;
use crate::settings;
use crate::stop::{self, Stop};
use crate::web::{self, Web};
use forward::{Delivery, Forwarder, Handed};
use journal::{EntryKind, Journal};
use print::PushPrinter;
use server::{Inbox, Notice};

/// Receives what the service sends, keeps it in a journal, prints it with numbers shortened, and hands it on. There is
/// no tunnel in it: the service reaches this machine only through an address that you put in front, with https.
#[derive(Debug, Args)]
pub(crate) struct Listen {
    /// Where it listens: 4100, localhost:4100 or 127.0.0.1:4100; port 0 takes a free one.
    #[arg(
        long = "listen",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:4100",
        value_parser = listen_address::parse
    )]
    address: SocketAddr,
    /// Hands everything on to this address, again while it fails.
    #[arg(long, value_name = "URL")]
    forward: Option<String>,
    /// Keeps everything in this file. Default: pushes.jsonl in the state directory.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Hands on what the journal has, from a number or a time on, instead of listening.
    #[arg(long, value_name = "FROM", requires = "forward")]
    replay: Option<replay::From>,
    /// Ends after so many pushes.
    #[arg(long, value_name = "COUNT")]
    count: Option<u64>,
    /// Ends after this long.
    #[arg(long = "for", value_name = "SECONDS")]
    seconds: Option<u64>,
}

/// The journal's file in the state directory.
const FILE: &str = "pushes.jsonl";

/// How often it is noted that something listens.
const BEAT: Duration = Duration::from_secs(5);

/// A longer time between two beats is a time in which nothing was received: the machine was asleep.
const DEAF: SignedDuration = SignedDuration::from_secs(15);

/// Pushes that wait to be printed and handed on, at most.
const WAITING: usize = 1000;

/// How long what is still to be handed on may take when it is stopped.
const LAST: Duration = Duration::from_secs(10);

impl Listen {
    pub(crate) async fn run(self, flags: &Global) -> Result<Completion, Failure> {
        // Before anyone can know that it listens.
        let stop = stop::listen().map_err(|error| Failure::output(&error))?;
        let variables = settings::variables(flags)?;
        let environment = settings::environment(flags, &variables)?;
        let secret = variables.get(push_url::VARIABLE).map(String::as_str);
        let verifier = push_url::verifier(secret)?;
        let forward =
            self.forward.as_deref().map(|url| web::address("--forward", url)).transpose()?;
        let web = Web::new()?;
        let path = self.journal_file(environment.state_dir.clone())?;
        if let (Some(from), Some(to)) = (&self.replay, &forward) {
            let zone = environment.zone.clone().unwrap_or_else(ozonetel_sdk::types::Zone::india);
            let clock = environment.clock();
            let from = from.at(&zone, clock.now());
            let signer = verifier.as_ref().map(ozonetel_sdk::push::verify::Signer::of);
            let forwarder = Forwarder::new(web, to.clone());
            let replay = replay::Replay { from, forwarder, signer, stop };
            return replay::run(flags.printing(), &path, &replay).await;
        }
        let clock = environment.clock();
        let opened = path.clone();
        let (journal, before) = Journal::open(&opened).map_err(|error| {
            Failure::usage(format!("the journal {} cannot be used: {error}", path.display()))
        })?;
        let mut printer = PushPrinter::new(flags.printing());
        for fault in &before.faults {
            printer.note(&fault.told());
        }
        let mut reader = PushReader::new();
        if let Some(verifier) = verifier.clone() {
            reader = reader.verifier(verifier);
        }
        let (sender, notices) = mpsc::channel(WAITING);
        let inbox = Inbox {
            reader,
            journal: Arc::new(Mutex::new(journal)),
            clock,
            notices: sender,
            show_numbers: flags.show_numbers,
            secret: push_url::name(secret).to_owned(),
            is_forwarded: forward.is_some(),
        };
        let listener = TcpListener::bind(self.address).await.map_err(|error| {
            Failure::usage(format!("{} cannot be listened on: {error}", self.address))
                .advise("--listen 0 takes a free port")
        })?;
        let address = listener.local_addr().map_err(|error| Failure::output(&error))?;
        printer.begin(address, &path, verifier.is_some())?;
        let kept = |error: std::io::Error| not_kept(&error);
        inbox.keep(EntryKind::Begin, String::new(), String::new()).await.map_err(kept)?;
        let now = inbox.now();
        if let Some(last) = before.alive.filter(|last| now.duration_since(*last) > DEAF) {
            deaf(&inbox, &mut printer, last, now).await?;
        }
        let forwarder = forward.map(|to: Url| Forwarder::new(web, to));
        let printing = Printing {
            notices,
            printer,
            forwarder,
            under_way: None,
            left_over: None,
            left: self.count,
        };
        self.serve(inbox, listener, printing, stop).await
    }

    fn journal_file(&self, state: Option<PathBuf>) -> Result<PathBuf, Failure> {
        if let Some(path) = &self.journal {
            return Ok(path.clone());
        }
        let directory = state.ok_or_else(|| {
            Failure::usage("there is no state directory for the journal: give --journal")
        })?;
        std::fs::create_dir_all(&directory).map_err(|error| {
            Failure::usage(format!("{} cannot be created: {error}", directory.display()))
        })?;
        Ok(directory.join(FILE))
    }

    async fn serve(
        self,
        inbox: Inbox,
        listener: TcpListener,
        mut printing: Printing,
        stop: Stop,
    ) -> Result<Completion, Failure> {
        let (close, closed) = tokio::sync::oneshot::channel::<()>();
        let app = server::router(inbox.clone());
        let serving = tokio::spawn(async move {
            let closed = async {
                let _ = closed.await;
            };
            axum::serve(listener, app).with_graceful_shutdown(closed).await
        });
        let limit = async {
            match self.seconds {
                Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
                None => pending().await,
            }
        };
        let mut limit = pin!(limit);
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last = inbox.now();
        let ended = loop {
            tokio::select! {
                biased;
                _ = stop.clone() => break Ok(()),
                () = &mut limit => break Ok(()),
                _ = beat.tick() => {
                    let now = inbox.now();
                    if now.duration_since(last) > DEAF {
                        let said = deaf(&inbox, &mut printing.printer, last, now).await;
                        if let Err(failure) = said {
                            break Err(failure);
                        }
                    }
                    last = now;
                    let journal = inbox.journal.lock().unwrap_or_else(PoisonError::into_inner);
                    // What listens is seen from the journal's lines as well.
                    let _ = journal.alive(now);
                }
                more = printing.next() => match more {
                    Ok(true) => {}
                    Ok(false) => break Ok(()),
                    Err(failure) => break Err(failure),
                },
            }
        };
        let _ = close.send(());
        // What came in before the door closed is printed and handed on.
        let rest = async {
            printing.notices.close();
            while printing.next().await? {}
            Ok::<_, Failure>(())
        };
        let _ = tokio::time::timeout(LAST, rest).await;
        printing.note_left();
        serving.abort();
        let kept = inbox.keep(EntryKind::End, String::new(), String::new()).await;
        ended?;
        kept.map_err(|error| not_kept(&error))?;
        Ok(Completion::Clean)
    }
}

fn not_kept(error: &std::io::Error) -> Failure {
    Failure::usage(format!("the journal cannot be written: {error}"))
}

/// Says, and keeps, that nothing could be received for a while.
async fn deaf(
    inbox: &Inbox,
    printer: &mut PushPrinter,
    from: Timestamp,
    to: Timestamp,
) -> Result<(), Failure> {
    printer.deaf(from, to)?;
    let kept = inbox.keep(EntryKind::Gap, String::new(), from.to_string()).await;
    kept.map(drop).map_err(|error| not_kept(&error))
}

/// What was received is printed, then handed on, in order.
struct Printing {
    notices: mpsc::Receiver<Notice>,
    printer: PushPrinter,
    forwarder: Option<Forwarder>,
    /// The push that is being handed on: the next one waits for it.
    under_way: Option<UnderWay>,
    left_over: Option<LeftOver>,
    /// How many pushes are still waited for.
    left: Option<u64>,
}

/// Pushes that were received and are not handed on any more, or were not taken.
#[derive(Debug, Clone, Copy)]
struct LeftOver {
    first: u64,
    last: u64,
    count: u64,
}

impl LeftOver {
    fn told(self) -> String {
        let Self { first, last, count } = self;
        let (what, also) = if count == 1 {
            (format!("number {first} was"), "")
        } else if last - first < count {
            (format!("numbers {first} to {last} were"), "")
        } else {
            let also = ", those too that were taken";
            (format!("{count} of the numbers {first} to {last} were"), also)
        };
        format!("{what} received and not handed on; --replay {first} hands on from there{also}")
    }
}

/// A push on its way to the receiver, in a task of its own.
struct UnderWay {
    n: u64,
    task: JoinHandle<Delivery>,
}

impl UnderWay {
    fn begin(
        forwarder: Forwarder,
        n: u64,
        handed: Handed,
        answer: Option<oneshot::Sender<Bytes>>,
    ) -> Self {
        let task = tokio::spawn(async move {
            let delivery = forwarder.hand_on(&handed).await;
            if let Some(answer) = answer {
                // Whoever asked may have gone.
                let _ = answer.send(delivery.body.clone());
            }
            delivery
        });
        Self { n, task }
    }

    /// What became of it.
    ///
    /// # Cancel safety
    /// Dropping it loses nothing.
    async fn ended(&mut self) -> Delivery {
        let failed = |error: JoinError| Delivery::failed(error.to_string());
        (&mut self.task).await.unwrap_or_else(failed)
    }
}

impl Printing {
    /// Says what was received, and answered, and not handed on.
    fn note_left(&mut self) {
        let under_way = self.under_way.take().map(|UnderWay { n, .. }| n);
        if let Some(n) = under_way {
            self.printer.note(&format!(
                "number {n} was still being handed on; --replay {n} hands on from there again"
            ));
        }
        while let Ok(notice) = self.notices.try_recv() {
            if let Notice::Kept { entry, .. } = notice {
                self.leave(entry.n);
            }
        }
        if let Some(left) = self.left_over.filter(|_| self.forwarder.is_some()) {
            self.printer.note(&left.told());
        }
    }

    /// Leaves a push to a replay.
    fn leave(&mut self, n: u64) {
        let before = self.left_over.unwrap_or(LeftOver { first: n, last: n, count: 0 });
        self.left_over = Some(LeftOver { last: n, count: before.count + 1, ..before });
    }

    /// The next one, or what became of the one before; `false` when that was the last, or no one reads any more.
    ///
    /// # Cancel safety
    /// What was taken out of the queue is handed on all the same, and what became of it comes next.
    async fn next(&mut self) -> Result<bool, Failure> {
        if let Some(under_way) = &mut self.under_way {
            let delivery = under_way.ended().await;
            let n = under_way.n;
            self.under_way = None;
            if !delivery.is_done() {
                self.leave(n);
            }
            return self.printer.delivery(n, &delivery);
        }
        if self.left == Some(0) {
            return Ok(false);
        }
        let Some(notice) = self.notices.recv().await else { return Ok(false) };
        match notice {
            Notice::Refused(reason) => {
                self.printer.note(&format!("refused: {reason}"));
                Ok(true)
            }
            Notice::NotKept(reason) => {
                self.printer
                    .note(&format!("the journal cannot be written, answered 500: {reason}"));
                Ok(true)
            }
            Notice::Kept { entry, lines, handed, answer } => {
                let printed = self.printer.entry(&entry, &lines);
                if !matches!(printed, Ok(true)) {
                    self.leave(entry.n);
                    return printed;
                }
                if let Some(left) = &mut self.left {
                    *left -= 1;
                }
                let begin = |to| UnderWay::begin(to, entry.n, handed, answer);
                self.under_way = self.forwarder.clone().map(begin);
                Ok(true)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::Notify;

    use super::*;
    use crate::output::{Format, Output};
    use journal::Entry;

    /// Takes one request, answers once it is told to, and takes no more.
    async fn receiver(arrived: Arc<Notify>, release: Arc<Notify>) -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            drop(listener);
            let (mut seen, mut bytes) = (Vec::new(), [0; 1024]);
            while !seen.ends_with(b"{}") {
                let read = stream.read(&mut bytes).await.unwrap();
                seen.extend_from_slice(&bytes[..read]);
            }
            arrived.notify_one();
            release.notified().await;
            let _ = stream.write_all(b"HTTP/1.1 200 x\r\ncontent-length: 4\r\n\r\n<x/>").await;
        });
        url.parse().unwrap()
    }

    #[tokio::test]
    async fn a_beat_does_not_end_what_is_being_handed_on() {
        let (arrived, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let to = receiver(Arc::clone(&arrived), Arc::clone(&release)).await;
        let (sender, notices) = mpsc::channel(2);
        let output = Output { format: Format::Csv, show_numbers: false, raw_csv: false };
        let forwarder = Some(Forwarder::new(Web::new().unwrap(), to));
        let printer = PushPrinter::new(output);
        let mut printing = Printing {
            notices,
            printer,
            forwarder,
            under_way: None,
            left_over: None,
            left: Some(1),
        };
        let entry = Entry {
            n: 1,
            at: Timestamp::UNIX_EPOCH,
            kind: EntryKind::Kookoo,
            path: "/".to_owned(),
            body: "{}".to_owned(),
        };
        let handed = Handed {
            method: http::Method::POST,
            query: None,
            content_type: None,
            body: Bytes::from_static(b"{}"),
        };
        let (answer, answered) = oneshot::channel();
        let notice = Notice::Kept { entry, lines: Vec::new(), handed, answer: Some(answer) };
        assert!(sender.send(notice).await.is_ok());
        // What is awaited is dropped while the receiver has the request, as a beat drops it.
        loop {
            tokio::select! {
                biased;
                () = arrived.notified() => break,
                more = printing.next() => assert!(more.unwrap()),
            }
        }
        release.notify_one();
        assert!(printing.next().await.unwrap());
        assert_eq!(answered.await.unwrap(), "<x/>");
        assert!(!printing.next().await.unwrap());
    }
}
