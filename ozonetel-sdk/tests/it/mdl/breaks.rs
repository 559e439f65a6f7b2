//! The link breaks at a thousand places: one outcome per dial, and never two dials.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use http::Uri;
use ozonetel_sdk::dial::DialOutcome;
use ozonetel_sdk::mdl::{ByteStream, SocketConnector, SocketSettings};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::time::sleep;

use super::pipe::{agent, dial, drive, limits, settlements};
use super::server::Peer;

/// How a connection ends.
#[derive(Debug, Clone, Copy)]
enum End {
    Reset,
    Eof,
    /// Nothing moves any more, and no one is notified.
    Stall,
}

/// Works for so many bytes in each direction, then ends.
struct Breaking {
    io: DuplexStream,
    reads: u64,
    writes: u64,
    end: End,
    broken: Arc<AtomicU64>,
}

impl Breaking {
    fn over(&self) -> Poll<io::Result<usize>> {
        self.broken.fetch_add(1, Ordering::Relaxed);
        match self.end {
            End::Reset => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            End::Eof => Poll::Ready(Ok(0)),
            End::Stall => Poll::Pending,
        }
    }
}

impl AsyncRead for Breaking {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.reads == 0 || self.writes == 0 {
            return self.over().map_ok(|_| ());
        }
        let most = buf.remaining().min(usize::try_from(self.reads).unwrap_or(usize::MAX));
        let mut part = buf.take(most);
        let read = Pin::new(&mut self.io).poll_read(cx, &mut part);
        let n = part.filled().len();
        // `part` was filled through the same memory: nothing is left uninitialised.
        let bytes = part.filled().to_vec();
        buf.put_slice(&bytes);
        self.reads -= n as u64;
        read
    }
}

impl AsyncWrite for Breaking {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.reads == 0 || self.writes == 0 {
            // A closed stream reads as its end; writing to it is an error.
            return match self.over() {
                Poll::Ready(Ok(_)) => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
                other => other,
            };
        }
        let most = bytes.len().min(usize::try_from(self.writes).unwrap_or(usize::MAX));
        let written = Pin::new(&mut self.io).poll_write(cx, &bytes[..most]);
        if let Poll::Ready(Ok(n)) = written {
            self.writes -= n as u64;
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// A server that notes every dial before it acts, behind connections of which the first breaks.
#[derive(Debug)]
struct Fragile {
    random: AtomicU64,
    made: AtomicU64,
    log: Arc<Mutex<Vec<String>>>,
    broken: Arc<AtomicU64>,
}

impl Fragile {
    fn random(&self, below: u64) -> u64 {
        let old = self.random.load(Ordering::Relaxed);
        let mut x = old;
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.random.store(x, Ordering::Relaxed);
        (x >> 11) % below
    }
}

async fn serve(io: DuplexStream, log: Arc<Mutex<Vec<String>>>, delay: Duration) {
    let Some(mut peer) = Peer::accept_if(io, |_| None).await else { return };
    peer.welcome().await;
    while let Some(token) = peer.token().await {
        assert_eq!(token["type"], "tbManualDial");
        log.lock().unwrap().push(token["utid"].to_string());
        sleep(delay).await;
        peer.accept_dial(&token).await;
    }
}

#[async_trait]
impl SocketConnector for Fragile {
    async fn connect(&self, _: &Uri) -> io::Result<Box<dyn ByteStream>> {
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        let first = self.made.fetch_add(1, Ordering::Relaxed) == 0;
        let delay = Duration::from_millis(self.random(200) * self.random(3));
        tokio::spawn(serve(theirs, Arc::clone(&self.log), delay));
        if !first {
            return Ok(Box::new(ours));
        }
        // Upgrade and dial are some 600 bytes out; upgrade, welcome and reply some 350 in.
        let (reads, writes) = if self.random(2) == 0 {
            (200 + self.random(250), u64::MAX)
        } else {
            (u64::MAX, 250 + self.random(500))
        };
        let end = [End::Reset, End::Eof, End::Stall][usize::try_from(self.random(3)).unwrap()];
        let broken = Arc::clone(&self.broken);
        Ok(Box::new(Breaking { io: ours, reads, writes, end, broken }))
    }
}

/// One seed: the dial's outcome, and how many dials arrived.
async fn one(seed: u64) -> (&'static str, usize) {
    let log = Arc::new(Mutex::new(Vec::new()));
    let broken = Arc::new(AtomicU64::new(0));
    let connector = Fragile {
        random: AtomicU64::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
        made: AtomicU64::new(0),
        log: Arc::clone(&log),
        broken: Arc::clone(&broken),
    };
    let mut limits = limits();
    limits.seed = seed;
    let settings = SocketSettings::new("ws://agent.example.test/", agent()).unwrap();
    let (sender, driven) = drive(settings.limits(limits).connector(Arc::new(connector)));
    // Not waiting for `Up` in every case: a dial may also come while there is no link.
    if !seed.is_multiple_of(8) {
        sender.ready().await.unwrap();
    }
    let outcome = match sender.dial(dial()).await {
        DialOutcome::Accepted(_) => "accepted",
        DialOutcome::Unknown(error) => {
            assert!(error.may_have_happened() && error.token().is_some());
            "unknown"
        }
        DialOutcome::NotSent(error) => {
            assert!(!error.may_have_happened());
            "not_sent"
        }
        other => panic!("{other:?}"),
    };
    // Time enough to find a stalled link, to reconnect, and to do something stupid.
    sleep(Duration::from_secs(120)).await;
    sender.ready().await.unwrap();
    sender.close().await;
    let items = driven.await.unwrap();
    assert_eq!(settlements(&items).len(), 1, "seed {seed}: exactly one settlement");
    let dials = log.lock().unwrap().len();
    assert!(broken.load(Ordering::Relaxed) > 0, "seed {seed}: every first connection breaks");
    (outcome, dials)
}

#[tokio::test(start_paused = true)]
async fn a_thousand_breaks_one_outcome_each_and_never_two_dials() {
    let mut tally = std::collections::BTreeMap::new();
    for seed in 0..1000 {
        let (outcome, dials) = one(seed).await;
        assert!(dials <= 1, "seed {seed}: {dials} dials");
        match outcome {
            "accepted" => assert_eq!(dials, 1, "seed {seed}"),
            "not_sent" => assert_eq!(dials, 0, "seed {seed}"),
            _ => {}
        }
        *tally.entry((outcome, dials)).or_insert(0) += 1;
    }
    // The breaks reach every kind of ending; a run that never got there would prove nothing.
    for kind in [("accepted", 1), ("unknown", 0), ("unknown", 1), ("not_sent", 0)] {
        assert!(tally.get(&kind).is_some_and(|n| *n >= 50), "{kind:?} in {tally:?}");
    }
}
