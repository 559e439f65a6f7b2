//! A peer that sends a lot and does not read.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::StreamExt;
use ozonetel_sdk::dial::DialOutcome;
use ozonetel_sdk::mdl::{SocketSettings, TokenRequest};
use proptest::prelude::*;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

use super::pipe::{agent, causes, dial, drive, limits, pipe, settings, settlements};
use super::server::Peer;

type Pipe = Peer<DuplexStream>;

/// The largest payload of a ping.
const PAYLOAD: usize = 125;

fn ping() -> Message {
    Message::Ping(vec![0; PAYLOAD].into())
}

#[tokio::test(start_paused = true)]
async fn pongs_to_a_peer_that_does_not_read_are_bounded() {
    const FRAME: usize = 64 << 10;
    let pongs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&pongs);
    let mut small = limits();
    small.frame = FRAME;
    let (sender, driven) = drive(
        settings(move |_, mut peer: Pipe| {
            let pongs = Arc::clone(&counted);
            async move {
                peer.welcome().await;
                // 6 MB, and nothing is read meanwhile.
                for _ in 0..50_000 {
                    peer.send(ping()).await;
                }
                while let Ok(Some(Ok(message))) =
                    timeout(Duration::from_secs(1), peer.socket.next()).await
                {
                    pongs.fetch_add(usize::from(message.is_pong()), Ordering::Relaxed);
                }
                peer.idle().await;
            }
        })
        .limits(small),
    );
    sender.ready().await.unwrap();
    sleep(Duration::from_secs(5)).await;
    // What the pipe holds either way, and what the link may keep back.
    let most = (2 * (64 << 10) + FRAME + (1 << 10)) / PAYLOAD;
    let pongs = pongs.load(Ordering::Relaxed);
    assert!((1..=most).contains(&pongs), "{pongs} of at most {most}");
    sender.close().await;
    assert_eq!(causes(&driven.await.unwrap()), [] as [&str; 0], "a peer that reads again is kept");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_lives_and_never_reads_is_given_up() {
    let (sender, driven) = drive(settings(|nth, mut peer: Pipe| async move {
        peer.welcome().await;
        if nth > 0 {
            return peer.idle().await;
        }
        for _ in 0..1_000 {
            peer.send(ping()).await;
        }
        // It lives, so silence does not end it.
        loop {
            sleep(Duration::from_secs(1)).await;
            peer.send(ping()).await;
        }
    }));
    sender.ready().await.unwrap();
    sleep(Duration::from_secs(1)).await;
    let outcome = sender.dial(dial()).await;
    assert!(matches!(outcome, DialOutcome::Unknown(_)), "{outcome:?}");
    sender.ready().await.unwrap();
    sender.close().await;
    let items = driven.await.unwrap();
    assert_eq!(causes(&items), ["blocked"]);
    assert_eq!(settlements(&items), ["unknown"]);
}

/// Reads a kilobyte each second, and writes at once.
#[derive(Debug)]
struct SlowReader {
    pipe: DuplexStream,
    pause: Pin<Box<Sleep>>,
}

impl AsyncRead for SlowReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        std::task::ready!(self.pause.as_mut().poll(cx));
        let mut few = [0; 1 << 10];
        let room = buffer.remaining().min(few.len());
        let mut few = ReadBuf::new(&mut few[..room]);
        std::task::ready!(Pin::new(&mut self.pipe).poll_read(cx, &mut few))?;
        buffer.put_slice(few.filled());
        self.pause.as_mut().reset(Instant::now() + Duration::from_secs(1));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for SlowReader {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.pipe).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_shutdown(cx)
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_slowly_is_kept() {
    let slow = pipe(|nth, io| async move {
        assert_eq!(nth, 0, "the link was given up");
        let pause = Box::pin(sleep(Duration::ZERO));
        let mut peer = Peer::accept(SlowReader { pipe: io, pause }).await;
        peer.welcome().await;
        loop {
            match timeout(Duration::from_secs(5), peer.token()).await {
                Ok(Some(token)) => peer.accept_dial(&token).await,
                Ok(None) => return,
                // It answers no ping before it has read it, and says in this way that it lives.
                Err(_) => peer.send(ping()).await,
            }
        }
    });
    let settings = SocketSettings::new("ws://agent.example.test/", agent()).unwrap();
    let (sender, driven) = drive(settings.limits(limits()).connector(slow));
    sender.ready().await.unwrap();
    // Half of it is in the pipe at once; the rest takes a minute and more.
    let large = "x".repeat(150 << 10);
    let request = TokenRequest::new("tbLarge").field("x", large).wait(Duration::from_secs(600));
    assert!(sender.send(request).await.is_ok());
    sender.close().await;
    assert_eq!(causes(&driven.await.unwrap()), [] as [&str; 0]);
}

/// What a peer does next that never reads.
#[derive(Debug, Clone)]
enum Act {
    Pings(usize),
    Text(String),
    Binary(usize),
    Wait(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (1_usize..2_000).prop_map(Act::Pings),
        2 => prop::sample::select(vec![
            r#"{"type":"busyAgent","ucid":"11"}"#,
            r#"{"type":"response","utid":99}"#,
            r#"{"type":"event","name":"login"}"#,
            "not JSON",
            "{}",
        ])
        .prop_map(|text| Act::Text(text.to_owned())),
        1 => (0_usize..4_096).prop_map(Act::Binary),
        2 => (1_u64..15).prop_map(Act::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever it sends: the dial settles once, and the link does not stay with it for ever.
    #[test]
    fn a_peer_that_never_reads_cannot_hold_a_link(acts in prop::collection::vec(act(), 1..20)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let (sender, driven) = drive(settings(move |nth, mut peer: Pipe| {
                let acts = acts.clone();
                async move {
                    peer.welcome().await;
                    if nth > 0 {
                        return peer.idle().await;
                    }
                    // Enough to fill the buffers in between.
                    for _ in 0..1_000 {
                        peer.send(ping()).await;
                    }
                    for act in acts.iter().cycle().take(2_000) {
                        match act {
                            Act::Pings(count) => {
                                for _ in 0..*count {
                                    peer.send(ping()).await;
                                }
                            }
                            Act::Text(text) => peer.text(text).await,
                            Act::Binary(size) => peer.send(Message::binary(vec![0; *size])).await,
                            Act::Wait(seconds) => sleep(Duration::from_secs(*seconds)).await,
                        }
                        sleep(Duration::from_millis(200)).await;
                        if peer.gone {
                            return;
                        }
                    }
                }
            }));
            sender.ready().await.unwrap();
            sleep(Duration::from_millis(100)).await;
            let outcome = timeout(Duration::from_secs(120), sender.dial(dial())).await.unwrap();
            assert!(matches!(outcome, DialOutcome::Unknown(_)), "{outcome:?}");
            timeout(Duration::from_secs(120), sender.ready()).await.unwrap().unwrap();
            sender.close().await;
            let items = driven.await.unwrap();
            assert_eq!(settlements(&items), ["unknown"]);
            assert_eq!(causes(&items), ["blocked"]);
        });
    }
}
