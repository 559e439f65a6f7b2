//! The addresses that the service sends to.

use std::fmt;

use ozonetel_sdk::auth::Secret;
use ozonetel_sdk::types::SensitiveText;
use tokio::sync::Notify;

/// Which of the desk's addresses a push came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushKind {
    /// The callback after a call.
    Calls,
    /// Events of calls and agents.
    Events,
    /// What KooKoo asks of a call that it leads; answered at once, and not a push.
    Ivr,
    /// The end of a leg that KooKoo rang.
    Kookoo,
}

impl PushKind {
    /// The word in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Events => "events",
            Self::Ivr => "ivr",
            Self::Kookoo => "kookoo",
        }
    }

    /// The address, up to the secret.
    pub fn place(self) -> &'static str {
        match self {
            Self::Calls => "/webhooks/ozonetel/calls/",
            Self::Events => "/webhooks/ozonetel/events/",
            Self::Ivr => "/kookoo/ivr/",
            Self::Kookoo => "/kookoo/callback/",
        }
    }
}

/// What the intake needs: the secret in its addresses, where this desk is reached, and who waits for work.
pub struct Intake {
    secret: Option<Secret>,
    base: Option<String>,
    arrived: Notify,
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intake").finish_non_exhaustive()
    }
}

impl Intake {
    /// With the secret that the addresses have, without which nothing is taken, and the address under which the service
    /// reaches this desk.
    pub fn new(secret: Option<Secret>, base: Option<&str>) -> Self {
        let base = base.map(|base| base.trim().trim_end_matches('/').to_owned());
        Self { secret, base, arrived: Notify::new() }
    }

    /// Whether a text is the secret. The comparison takes the same time for every text of its length.
    pub fn is_secret(&self, text: &str) -> bool {
        self.secret.as_ref().is_some_and(|secret| secret.same(&Secret::from(text)))
    }

    /// The path that one registers with the service.
    pub fn path(&self, kind: PushKind) -> Option<String> {
        let secret = self.secret.as_ref()?;
        Some(format!("{}{}", kind.place(), secret.reveal()))
    }

    /// The whole address, where it is known how the service reaches this desk.
    pub fn address(&self, kind: PushKind) -> Option<SensitiveText> {
        Some(format!("{}{}", self.base.as_ref()?, self.path(kind)?).into())
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

/// An address without the secret in it: what is shown, and compared by eye.
pub fn without_secret(address: &str) -> String {
    match url::Url::parse(address) {
        Ok(url) => {
            let known = [PushKind::Calls, PushKind::Events, PushKind::Ivr, PushKind::Kookoo];
            let place = known.into_iter().map(PushKind::place).find(|p| url.path().starts_with(p));
            // Of an address that is not this desk's anything but the host may be the secret.
            format!("{}{}…", url.origin().ascii_serialization(), place.unwrap_or("/"))
        }
        Err(_) => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_secret() {
        let intake = Intake::new(Some("a-secret-of-16-chars".into()), Some("https://desk.test/"));
        let address = intake.address(PushKind::Events).unwrap();
        assert_eq!(
            address.as_str(),
            "https://desk.test/webhooks/ozonetel/events/a-secret-of-16-chars"
        );
        assert_eq!(
            without_secret(address.as_str()),
            "https://desk.test/webhooks/ozonetel/events/…"
        );
        for other in
            ["https://crm.test/e?code=s3", "https://u:s3@crm.test/s3", "https://crm.test/s3"]
        {
            assert_eq!(without_secret(other), "https://crm.test/…");
        }
        assert_eq!(without_secret("s3"), "…");
        let no_base = Intake::new(Some("a-secret-of-16-chars".into()), None);
        assert_eq!(
            (no_base.address(PushKind::Calls), no_base.path(PushKind::Calls).is_some()),
            (None, true)
        );
    }
}
