//! Everything a link needs to know before it is made.

use std::fmt;
use std::sync::Arc;

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::connect::{Connector, NetworkConnector};
use super::handshake::{Handshake, InTokens, uuid_v4};
use super::link::Limits;
use super::session::Agent;
use super::stream::{AgentEvents, AgentSender};
use super::transcript::Tap;
use crate::core::client::Client;
use crate::core::clock::{Clock, TokioClock};
use crate::core::credential::{AuthSecret, Credential, Credentials};
use crate::core::transport::network::{Network, tls};
use crate::types::invalid::Invalid;

/// The sub-protocol offered unless set otherwise.
pub const SUB_PROTOCOL: &str = "org.jwebsocket.json";

/// Where the account's credential goes on the upgrade request. No source says that the service wants one there, so
/// none is sent unless asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Placement {
    /// Nowhere.
    #[default]
    Nowhere,
    /// As on REST: `Authorization: Bearer …` or `apiKey: …`, by the account's mode.
    AsRest,
    /// In a header of this name.
    Header(HeaderName),
    /// In a query field of this name.
    Query(Box<str>),
}

/// Settings of a link: address, agent, and what is configuration because no source fixes it.
///
/// ```
/// use ozonetel_sdk::mdl::{Agent, Settings};
/// let agent = Agent::new("acme_support", "agent01", 1001);
/// let settings = Settings::new("wss://agent.example.test/mdlConnection.php", agent)?
///     .header("Origin", "https://agent.example.test")?
///     .sub_protocol(None);
/// assert!(Settings::new("https://agent.example.test/", Agent::new("a", "b", 1)).is_err());
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Settings {
    pub(crate) url: Url,
    pub(crate) agent: Agent,
    pub(crate) limits: Limits,
    pub(crate) handshake: Option<Arc<dyn Handshake>>,
    pub(crate) sub_protocol: Option<HeaderValue>,
    pub(crate) headers: HeaderMap,
    pub(crate) credentials: Option<Arc<dyn Credentials>>,
    pub(crate) placement: Placement,
    pub(crate) connector: Option<Arc<dyn Connector>>,
    pub(crate) network: Network,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tap: Option<Arc<dyn Tap>>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("host", &self.url.host_str())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Settings of an agent's socket that share this client's network settings, clock and credentials.
    ///
    /// # Errors
    /// An address that is not `ws` or `wss`.
    pub fn mdl(&self, url: &str, agent: Agent) -> Result<Settings, Invalid> {
        let mut settings = Settings::new(url, agent)?;
        settings.network = self.core.config.network.clone();
        settings.clock = Arc::clone(&self.core.clock);
        settings.credentials = Some(Arc::clone(&self.core.credentials));
        Ok(settings)
    }
}

impl Settings {
    /// An address, query included, and the agent whose socket it is.
    ///
    /// # Errors
    /// An address that is not `ws` or `wss`, or that carries a user.
    pub fn new(url: &str, agent: Agent) -> Result<Self, Invalid> {
        let url = Url::parse(url).ok().filter(|url| {
            matches!(url.scheme(), "ws" | "wss")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
        });
        let mut url = url.ok_or(Invalid::new("mdl_url", "has to be a ws or wss address"))?;
        url.set_fragment(None);
        Ok(Self {
            url,
            agent,
            limits: Limits::default(),
            handshake: None,
            sub_protocol: Some(HeaderValue::from_static(SUB_PROTOCOL)),
            headers: HeaderMap::new(),
            credentials: None,
            placement: Placement::Nowhere,
            connector: None,
            network: Network::default(),
            clock: Arc::new(TokioClock::new()),
            tap: None,
        })
    }

    /// Times and limits.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Where the session's ids come from. Default: [`InTokens`] with a browser session of this link's own.
    pub fn handshake(mut self, handshake: Arc<dyn Handshake>) -> Self {
        self.handshake = Some(handshake);
        self
    }

    /// The sub-protocol to offer; `None` offers none. A server that chooses none is taken as it is.
    pub fn sub_protocol(mut self, name: Option<HeaderValue>) -> Self {
        self.sub_protocol = name;
        self
    }

    /// A header of the upgrade request.
    ///
    /// # Errors
    /// A name or a value that no header can have, or a header that belongs to the upgrade itself.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, Invalid> {
        let read = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
        let (name, value) = read.ok_or(Invalid::new("header", "is no header"))?;
        let ours = name.as_str().starts_with("sec-websocket")
            || [http::header::CONNECTION, http::header::UPGRADE, http::header::HOST]
                .contains(&name);
        if ours {
            return Err(Invalid::new("header", "belongs to the upgrade itself"));
        }
        self.headers.append(name, value);
        Ok(self)
    }

    /// Where the credential goes. It is resolved anew for every connection, from the same source and with the same
    /// single refresh as REST; a connection refused with 401 is tried once more with a fresh token.
    pub fn placement(mut self, placement: Placement) -> Self {
        self.placement = placement;
        self
    }

    /// Where credentials come from, for a link without a [`Client`].
    pub fn credentials(mut self, credentials: Arc<dyn Credentials>) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// TLS roots and proxy, for a link without a [`Client`].
    pub fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// Another way to make connections: any byte stream will do.
    pub fn connector(mut self, connector: Arc<dyn Connector>) -> Self {
        self.connector = Some(connector);
        self
    }

    /// Watches everything that passes: a [`Recorder`](super::Recorder), for instance.
    pub fn tap(mut self, tap: Arc<dyn Tap>) -> Self {
        self.tap = Some(tap);
        self
    }

    /// The link: the stream that its one owner polls, and a sender of which there may be any number. Nothing happens
    /// until the stream is polled.
    ///
    /// # Errors
    /// A root certificate or a proxy address that does not read; no source of credentials although a placement is
    /// set.
    pub fn connect(self) -> Result<(AgentEvents, AgentSender), Invalid> {
        if self.placement != Placement::Nowhere && self.credentials.is_none() {
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
            None => Arc::new(InTokens::fresh()?),
        };
        Ok(AgentEvents::new(self, handshake, connector, tls))
    }

    /// Puts a credential where it goes.
    pub(crate) fn place(
        &self,
        credential: &Credential,
        url: &mut Url,
        headers: &mut HeaderMap,
    ) -> Option<()> {
        let (secret, bearer) = match &credential.secret {
            AuthSecret::Key(secret) => (secret, false),
            AuthSecret::Bearer { secret, .. } => (secret, true),
        };
        let (name, text) = match &self.placement {
            Placement::Nowhere => return Some(()),
            Placement::Query(name) => {
                url.query_pairs_mut().append_pair(name, secret.reveal());
                return Some(());
            }
            Placement::AsRest if bearer => (AUTHORIZATION, format!("Bearer {}", secret.reveal())),
            Placement::AsRest => (HeaderName::from_static("apikey"), secret.reveal().to_owned()),
            Placement::Header(name) => (name.clone(), secret.reveal().to_owned()),
        };
        let mut value = HeaderValue::try_from(text).ok()?;
        value.set_sensitive(true);
        headers.insert(name, value);
        Some(())
    }
}

impl InTokens {
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
