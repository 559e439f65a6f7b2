//! The link over a real connection.

pub(crate) mod connector;
pub(crate) mod events;
mod network;
mod open;
pub(crate) mod replay;
pub(crate) mod sender;
pub(crate) mod settings;
mod written;

use crate::core::client::Client;
use crate::core::transport::network::tls;
use crate::types::invalid::Invalid;
use std::sync::Arc;

use self::events::SocketEvents;
use self::network::NetworkConnector;
use self::sender::SocketSender;
use self::settings::{CredentialPlacement, SocketSettings};
use crate::mdl::link::handshake::{TokenSession, uuid_v4};
use crate::mdl::token::session::AgentIdentity;

impl Client {
    /// Settings of an agent's socket that share this client's network settings, clock, credentials and dial plan.
    ///
    /// # Errors
    /// An address that is not `ws` or `wss`.
    pub fn mdl(&self, url: &str, agent: AgentIdentity) -> Result<SocketSettings, Invalid> {
        let mut settings = SocketSettings::new(url, agent)?;
        settings.network = self.core.config.network.clone();
        settings.clock = Arc::clone(&self.core.clock);
        settings.dial_plan = Some(self.dial_plan().clone());
        settings.credentials = Some(Arc::clone(&self.core.credentials));
        Ok(settings)
    }
}

impl SocketSettings {
    /// The link: the stream that its one owner polls, and a sender of which there may be any number. Nothing happens
    /// until the stream is polled.
    ///
    /// # Errors
    /// A root certificate or a proxy address that cannot be parsed; no source of credentials although a placement is
    /// set.
    pub fn connect(self) -> Result<(SocketEvents, SocketSender), Invalid> {
        if self.placement != CredentialPlacement::Nowhere && self.credentials.is_none() {
            return Err(Invalid::new("credentials", "are not set"));
        }
        let tls = match self.url.scheme() {
            "wss" => Some(Arc::new(tls(&self.network.extra_roots)?)),
            _ => None,
        };
        let connector = match &self.connector {
            Some(connector) => Arc::clone(connector),
            None => Arc::new(NetworkConnector::new(&self.network)?),
        };
        let handshake = match &self.handshake {
            Some(handshake) => Arc::clone(handshake),
            None => Arc::new(TokenSession::fresh()?),
        };
        Ok(SocketEvents::new(self, handshake, connector, tls))
    }
}

impl TokenSession {
    /// The default names, and a browser session made up here.
    ///
    /// # Errors
    /// No random bytes can be had.
    pub fn fresh() -> Result<Self, Invalid> {
        Ok(Self::new(uuid_v4(random()?)))
    }
}

/// Random bytes of the TLS provider: no other source is in the tree.
fn random() -> Result<[u8; 16], Invalid> {
    let mut bytes = [0; 16];
    let provider = rustls::crypto::ring::default_provider();
    let failed = |_| Invalid::new("browser_session_id", "cannot be made: no random bytes");
    provider.secure_random.fill(&mut bytes).map_err(failed)?;
    Ok(bytes)
}
