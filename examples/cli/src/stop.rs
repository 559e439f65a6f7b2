//! Being told to stop.

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};

/// The signal that ended the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Interrupt,
    Terminate,
}

impl Signal {
    /// What a shell reports of a program that died of it.
    pub(crate) fn exit(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

/// Resolves when the user or the system says stop. Clones resolve together.
pub(crate) type Stop = Shared<BoxFuture<'static, Signal>>;

/// Listens from now on; a signal that arrives between two waits is not lost.
#[cfg(unix)]
pub(crate) fn listen() -> std::io::Result<Stop> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let either = async move {
        tokio::select! {
            _ = interrupt.recv() => Signal::Interrupt,
            _ = terminate.recv() => Signal::Terminate,
        }
    };
    Ok(either.boxed().shared())
}

/// Listens for Ctrl-C.
#[cfg(not(unix))]
pub(crate) fn listen() -> std::io::Result<Stop> {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    };
    Ok(interrupt.boxed().shared())
}
