//! `mdl watch` and `mdl record`, and the loop that they share with `mdl dial`.

use std::future::{Future, pending};
use std::io::{Stdout, Write as _, stderr, stdout};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use ozonetel_sdk::Error;
use ozonetel_sdk::mdl::{
    DisconnectReason, LinkState, SocketEvent, SocketEvents, SocketFault, SocketRecorder,
    SocketSender, SocketSettings, StopReason,
};
use serde_json::json;
use tokio::time::sleep;

use super::print::Printer;
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::output::reader_gone;
use crate::private_file;

/// Prints events until told to stop.
pub(super) async fn watch(
    context: &Context,
    settings: SocketSettings,
    limit: Option<Duration>,
) -> Result<Completion, Failure> {
    let (mut follower, sender) = Follower::new(context, settings, true)?;
    let ended = async {
        match limit {
            Some(limit) => sleep(limit).await,
            None => pending().await,
        }
    };
    let signal = tokio::select! {
        biased;
        signal = context.stop.clone() => Some(signal),
        () = ended => None,
        // The session is the agent's: it is not held for no one.
        () = reader_gone() => None,
        done = follower.follow() => {
            done?;
            return follower.finish();
        }
    };
    sender.close().await;
    follower.follow().await?;
    follower.finish()?;
    match signal {
        Some(signal) => Err(Failure::stopped(signal)),
        None => Ok(Completion::Clean),
    }
}

/// Watches, and writes a transcript.
pub(super) async fn record(
    context: &Context,
    settings: SocketSettings,
    file: &Path,
    limit: Option<Duration>,
) -> Result<Completion, Failure> {
    let opened = private_file::options().write(true).create_new(true).open(file);
    let opened = opened.map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    let recorder = Arc::new(SocketRecorder::new(opened));
    let done = watch(context, settings.tap(Arc::clone(&recorder) as _), limit).await;
    if !recorder.is_complete() {
        let error = std::io::Error::other("the transcript is not complete");
        return Err(Failure::output(&error));
    }
    done
}

/// Polls a link and prints what it reports.
pub(super) struct Follower<'a> {
    context: &'a Context,
    events: SocketEvents,
    printer: Option<Printer<Stdout>>,
    /// What went wrong last, unless it was reported already.
    fault: Option<Error>,
    /// A dial is under way, which an output that fails must not end.
    is_dialing: bool,
    /// Why no more is printed, once it dials.
    unprinted: Option<Failure>,
}

impl<'a> Follower<'a> {
    pub(super) fn new(
        context: &'a Context,
        settings: SocketSettings,
        print: bool,
    ) -> Result<(Self, SocketSender), Failure> {
        let (events, sender) = settings.connect()?;
        let printer = print.then(|| Printer::new(context.output, stdout()));
        let follower =
            Self { context, events, printer, fault: None, is_dialing: false, unprinted: None };
        Ok((follower, sender))
    }

    /// From here on an output that fails ends the printing alone.
    pub(super) fn dials(&mut self) {
        self.is_dialing = true;
    }

    /// Why not everything was printed since it dials.
    pub(super) fn unprinted(&mut self) -> Option<Failure> {
        self.unprinted.take()
    }

    /// Until the stream ends, or the reader of the output has gone.
    pub(super) async fn follow(&mut self) -> Result<(), Failure> {
        while let Some(item) = self.events.next().await {
            match item {
                Ok(event) => {
                    if let SocketEvent::Link(LinkState::Waiting { cause, pause }) = event {
                        self.tell_why(cause, pause);
                    }
                    let at = self.context.client.clock().now();
                    let Some(printer) = &mut self.printer else { continue };
                    match printer.event(at, &event) {
                        Ok(true) => {}
                        Ok(false) => {
                            self.printer = None;
                            return Ok(());
                        }
                        Err(failure) if self.is_dialing => {
                            self.printer = None;
                            self.unprinted = Some(failure);
                        }
                        Err(failure) => return Err(failure),
                    }
                }
                // The link stopped because of the fault before, which says more.
                Err(error)
                    if error.fault() == Some(&SocketFault::Stopped(StopReason::Handshake)) => {}
                Err(error) => {
                    self.tell();
                    self.fault = Some(error);
                }
            }
        }
        Ok(())
    }

    /// Follows while a future runs, and returns its result.
    pub(super) async fn during<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::pin!(work);
        while !matches!(self.events.state(), LinkState::Stopped(_)) {
            tokio::select! {
                biased;
                done = self.follow() => done?,
                result = &mut work => return Ok(result),
            }
        }
        // The link has ended: whoever waits for it is told so.
        Ok(work.await)
    }

    /// What went wrong last, as the reason of another failure.
    pub(super) fn cause(&mut self) -> Option<Failure> {
        self.fault.take().map(Failure::from)
    }

    /// Reports what went wrong where it did not end the link.
    fn tell(&mut self) {
        if let Some(error) = self.fault.take()
            && self.printer.is_some()
        {
            let _ = Failure::from(error).report(self.context.output.format.is_json());
        }
    }

    /// Says on standard error why the link is down: a line of the output has no field for it.
    fn tell_why(&self, cause: DisconnectReason, pause: Duration) {
        if self.printer.is_none() {
            return;
        }
        let (cause, pause) = (cause.as_str(), pause.as_secs_f64());
        let note = if self.context.output.format.is_json() {
            json!({ "link": { "state": "waiting", "cause": cause, "pause_s": pause } }).to_string()
        } else {
            format!("the link is down ({cause}); next try in {pause:.1} s")
        };
        // With standard error gone, the state on the output has to do.
        let _ = writeln!(stderr(), "{note}");
    }

    /// Whether events were printed.
    pub(super) fn is_printing(&self) -> bool {
        self.printer.is_some()
    }

    /// Closes the output; a link that ended on its own is a failure.
    pub(super) fn finish(mut self) -> Result<Completion, Failure> {
        let by_itself =
            matches!(self.events.state(), LinkState::Stopped(stop) if stop != StopReason::Asked);
        if !by_itself {
            self.tell();
        }
        if let Some(printer) = self.printer.take() {
            printer.close()?;
        }
        self.cause().filter(|_| by_itself).map_or(Ok(Completion::Clean), Err)
    }
}
