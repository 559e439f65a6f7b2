//! The addresses that the service sends to.

use std::fmt;

use ozonetel_sdk::auth::Secret;
use tokio::sync::Notify;

/// Which of the desk's addresses a push came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushKind {
    /// The callback after a call.
    Calls,
    /// Events of calls and agents.
    Events,
}

impl PushKind {
    /// The word in the address and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Events => "events",
        }
    }
}

/// What the intake needs: the secret in its addresses, and who waits for work.
pub struct Intake {
    secret: Option<Secret>,
    arrived: Notify,
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intake").finish_non_exhaustive()
    }
}

impl Intake {
    /// With the secret that the addresses have; without one nothing is taken.
    pub fn new(secret: Option<Secret>) -> Self {
        Self { secret, arrived: Notify::new() }
    }

    /// Whether a text is the secret. The comparison takes the same time for every text of its length.
    pub fn is_secret(&self, text: &str) -> bool {
        self.secret.as_ref().is_some_and(|secret| secret.same(&Secret::from(text)))
    }

    /// The path that one registers with the service.
    pub fn path(&self, kind: PushKind) -> Option<String> {
        let secret = self.secret.as_ref()?;
        Some(format!("/webhooks/ozonetel/{}/{}", kind.as_str(), secret.reveal()))
    }

    /// Says that something has arrived.
    pub fn wake(&self) {
        self.arrived.notify_one();
    }

    /// Resolves when something has arrived.
    pub async fn arrived(&self) {
        self.arrived.notified().await;
    }
}
