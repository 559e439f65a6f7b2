//! Serving, and ending well: no more requests, then everything under way finishes, within limits.

mod connections;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::connections::ConnectionLimits;
use crate::core::outbox::OutboxTarget;
use crate::desk::Desk;
use crate::flow::phone::note_phones;
use crate::work::lease::LeaseKeeper;
use crate::work::tidy::tidy;
use crate::work::{
    agent_news, agents, alone, assist, bookings, call_reports, cdr_sync, forgotten, intake, links,
    number_keys, outbox, recordings, reminders, settle, summary,
};

/// How long open connections may take to end.
const CONNECTIONS: Duration = Duration::from_secs(10);

/// How long work under way may take to finish: longer than the service may stay silent on a dial.
const WORK: Duration = Duration::from_secs(45);

/// How long work in the background may take to reach a point from which it can be taken up again.
const BACKGROUND: Duration = Duration::from_secs(10);

/// Serves until `stop` resolves or work in the background ends by itself, and then ends in order: no new commands,
/// streams are told, commands under way are finished (a dial that was sent is waited for), work in the background stops
/// and releases its leases, the store is closed.
///
/// # Errors
/// The listener failed, or work in the background ended by itself.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    desk: Desk,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let (told, stopping) = tokio::sync::oneshot::channel::<()>();
    let graceful = async {
        // A sender that is gone stops as well.
        let _ = stopping.await;
    };
    let limits = ConnectionLimits::of_process();
    let mut serving = tokio::spawn(connections::accept(listener, app, limits, graceful));
    let life = desk.life();
    start_work(&desk);
    let mut failed = false;
    tokio::select! {
        // It ends by itself only if it panics.
        ended = &mut serving => return ended.map_err(io::Error::other),
        () = stop => {}
        () = life.failed() => failed = true,
    }
    tracing::info!(under_way = desk.tasks().under_way(), "stopping");
    life.stop_commands();
    // Before the listener waits for its connections: a stream would keep one open for good.
    life.stop_streams();
    drop(told);
    let (served, done) =
        tokio::join!(tokio::time::timeout(CONNECTIONS, &mut serving), desk.finish(WORK));
    if served.is_err() {
        serving.abort();
    }
    if !done {
        tracing::error!(
            under_way = desk.tasks().under_way(),
            "work was still under way at the end; its outcome is unknown"
        );
    }
    if !life.stop_work(BACKGROUND).await {
        tracing::error!("work in the background did not stop; it is taken up at the next start");
    }
    desk.store().close().await;
    if failed { Err(io::Error::other("work in the background ended by itself")) } else { Ok(()) }
}

/// Starts what runs in the background.
pub fn start_work(desk: &Desk) {
    let (store, clock) = (Arc::clone(desk.store()), Arc::clone(desk.client().clock()));
    let holder = crate::chance::id().simple().to_string().into();
    let keeper = LeaseKeeper { store: Arc::clone(&store), clock: Arc::clone(&clock), holder };
    let (alive, presence) = (desk.clone(), keeper.clone());
    desk.life().spawn("presence", |stop| settle::be_present(alive, presence, stop));
    let tidied = desk.clone();
    desk.life().spawn("tidy", |stop| tidy(tidied, stop));
    let metrics = desk.metrics().clone();
    desk.life().spawn("metrics", |stop| metrics.keep_folded(stop));
    let noted = desk.patient();
    desk.tasks().watch(async move {
        if let Err(error) = note_phones(&noted).await {
            tracing::warn!(%error, "which agents have a phone in a page is not known before it registers again");
        }
    });
    let looked_after = desk.clone();
    desk.life().spawn("agents", |stop| agents::tidy(looked_after, stop));
    let arriving = desk.patient();
    desk.life().spawn("intake", |stop| intake::run(arriving, stop));
    let swept = desk.clone();
    desk.life().spawn("missed calls", |stop| intake::sweep(swept, stop));
    let held = desk.patient();
    desk.life().spawn("agent sockets", |stop| links::run(held, stop));
    let listed = desk.clone();
    desk.life().spawn("dispositions", |stop| agents::dispositions(listed, stop));
    let (records, health) = (desk.records().clone(), desk.health().clone());
    let (client, account) = (desk.client().clone(), keeper.clone());
    desk.life().spawn("call records", |stop| async move {
        let sync = |_, stop| cdr_sync::run(records.clone(), client.clone(), health.clone(), stop);
        account.run("cdr_sync", stop, sync).await;
    });
    let (paused, recording) = (desk.clone(), keeper.clone());
    desk.life().spawn("recordings", |stop| async move {
        let resume = |_, stop| Box::pin(recordings::run(paused.clone(), stop));
        recording.run("recordings", stop, resume).await;
    });
    let (finished, reports) = (desk.patient(), keeper.clone());
    desk.life().spawn("finished calls", |stop| async move {
        let report = |_, stop| Box::pin(call_reports::run(finished.clone(), stop));
        reports.run("call_reports", stop, report).await;
    });
    let (told, teller) = (desk.clone(), keeper.clone());
    desk.life().spawn("agents' calls", |stop| async move {
        let tell = |_, stop| Box::pin(agent_news::run(told.clone(), stop));
        teller.run("agent_news", stop, tell).await;
    });
    let (client, records) = (desk.client().clone(), desk.records().store().clone());
    desk.life().spawn("summaries", |stop| async move {
        let file = |_, stop| summary::run(client.clone(), records.clone(), stop);
        keeper.run("summaries", stop, file).await;
    });
    let waiting = desk.clone();
    desk.life().spawn("waiting customers", |stop| alone::run(waiting, stop));
    let forgetting = desk.clone();
    desk.life().spawn("forgotten numbers", |stop| forgotten::run(forgetting, stop));
    let keyed = desk.clone();
    desk.life().spawn("number keys", |stop| number_keys::run(keyed, stop));
    let heard = desk.clone();
    desk.life().spawn("live assist", |stop| assist::run(heard, stop));
    let booked = desk.clone();
    desk.life().spawn("bookings", |stop| bookings::run(booked, stop));
    let reminded = desk.clone();
    desk.life().spawn("reminders", |stop| reminders::run(reminded, stop));
    for (name, target) in
        [("outbox", OutboxTarget::Service), ("platform's outbox", OutboxTarget::Platform)]
    {
        let worked = desk.patient();
        desk.life().spawn(name, move |stop| outbox::run(worked, target, stop));
    }
    let worked = desk.clone();
    desk.life().spawn("settle", |stop| settle::run(worked, stop));
}

/// Two tokens: the first is cancelled by the first Ctrl-C or SIGTERM, the second by the next one, for those who cannot
/// wait.
///
/// # Errors
/// The signals cannot be listened to.
pub fn signals() -> io::Result<(CancellationToken, CancellationToken)> {
    let mut signals = Signals::new()?;
    let (soft, hard) = (CancellationToken::new(), CancellationToken::new());
    let tokens = (soft.clone(), hard.clone());
    tokio::spawn(async move {
        signals.next().await;
        soft.cancel();
        signals.next().await;
        hard.cancel();
    });
    Ok(tokens)
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
