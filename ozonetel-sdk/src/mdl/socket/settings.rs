//! Everything a link needs to know before it is made.

use std::fmt;
use std::sync::Arc;

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::connector::SocketConnector;
use crate::core::clock::{Clock, SystemClock};
use crate::core::credential::{AuthSecret, Credential, Credentials};
use crate::core::transport::network::Network;
use crate::mdl::link::handshake::Handshake;
use crate::mdl::link::limits::LinkLimits;
use crate::mdl::record::recorder::SocketTap;
use crate::mdl::token::session::AgentIdentity;
use crate::types::invalid::Invalid;
use crate::types::phone::DialPlan;

/// The sub-protocol offered unless set otherwise.
pub const SUB_PROTOCOL: &str = "org.jwebsocket.json";

/// Where the account's credential goes on the upgrade request. No source says that the service wants one there, so
/// none is sent unless asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CredentialPlacement {
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
/// use ozonetel_sdk::mdl::{AgentIdentity, SocketSettings};
/// let agent = AgentIdentity::new("acme_support", "agent01", 1001);
/// let settings = SocketSettings::new("wss://agent.example.test/mdlConnection.php", agent)?
///     .header("Origin", "https://agent.example.test")?
///     .sub_protocol(None);
/// assert!(SocketSettings::new("https://agent.example.test/", AgentIdentity::new("a", "b", 1)).is_err());
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct SocketSettings {
    pub(crate) url: Url,
    pub(crate) agent: AgentIdentity,
    pub(crate) limits: LinkLimits,
    pub(crate) handshake: Option<Arc<dyn Handshake>>,
    pub(crate) sub_protocol: Option<HeaderValue>,
    pub(crate) headers: HeaderMap,
    pub(crate) credentials: Option<Arc<dyn Credentials>>,
    pub(crate) placement: CredentialPlacement,
    pub(crate) connector: Option<Arc<dyn SocketConnector>>,
    pub(crate) network: Network,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tap: Option<Arc<dyn SocketTap>>,
    pub(crate) dial_plan: Option<DialPlan>,
}

impl fmt::Debug for SocketSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketSettings")
            .field("host", &self.url.host_str())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl SocketSettings {
    /// An address, query included, and the agent whose socket it is.
    ///
    /// # Errors
    /// An address that is not `ws` or `wss`, or that carries a user.
    pub fn new(url: &str, agent: AgentIdentity) -> Result<Self, Invalid> {
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
            limits: LinkLimits::default(),
            handshake: None,
            sub_protocol: Some(HeaderValue::from_static(SUB_PROTOCOL)),
            headers: HeaderMap::new(),
            credentials: None,
            placement: CredentialPlacement::Nowhere,
            connector: None,
            network: Network::default(),
            clock: Arc::new(SystemClock),
            tap: None,
            dial_plan: None,
        })
    }

    /// Which numbers are dialled over the socket. Default: that of the client which made the settings; without a
    /// client, the customer's number is sent as it is.
    pub fn dial_plan(mut self, plan: DialPlan) -> Self {
        self.dial_plan = Some(plan);
        self
    }

    /// Times and limits.
    pub fn limits(mut self, limits: LinkLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Where the session's ids come from. Default: [`TokenSession`](crate::mdl::TokenSession) with a browser session of this link's own.
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
        let (name, value) =
            read.ok_or(Invalid::new("header", "has a name or a value that no header can have"))?;
        let ours = name.as_str().starts_with("sec-websocket")
            || [http::header::CONNECTION, http::header::UPGRADE, http::header::HOST]
                .contains(&name);
        if ours {
            return Err(Invalid::new("header", "belongs to the upgrade itself"));
        }
        self.headers.append(name, value);
        Ok(self)
    }

    /// Where the credential goes. It is resolved again for every connection, from the same source and with the same
    /// single refresh as REST; a connection refused with 401 is tried once more with a fresh token.
    pub fn placement(mut self, placement: CredentialPlacement) -> Self {
        self.placement = placement;
        self
    }

    /// Where credentials come from, for a link without a [`Client`](crate::Client).
    pub fn credentials(mut self, credentials: Arc<dyn Credentials>) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// TLS roots and proxy, for a link without a [`Client`](crate::Client).
    pub fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// Another way to make connections: any byte stream will do.
    pub fn connector(mut self, connector: Arc<dyn SocketConnector>) -> Self {
        self.connector = Some(connector);
        self
    }

    /// Watches everything that passes: a [`SocketRecorder`](crate::mdl::SocketRecorder), for instance.
    pub fn tap(mut self, tap: Arc<dyn SocketTap>) -> Self {
        self.tap = Some(tap);
        self
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
            CredentialPlacement::Nowhere => return Some(()),
            CredentialPlacement::Query(name) => {
                url.query_pairs_mut().append_pair(name, secret.reveal());
                return Some(());
            }
            CredentialPlacement::AsRest if bearer => {
                (AUTHORIZATION, format!("Bearer {}", secret.reveal()))
            }
            CredentialPlacement::AsRest => {
                (HeaderName::from_static("apikey"), secret.reveal().to_owned())
            }
            CredentialPlacement::Header(name) => (name.clone(), secret.reveal().to_owned()),
        };
        let mut value = HeaderValue::try_from(text).ok()?;
        value.set_sensitive(true);
        headers.insert(name, value);
        Some(())
    }
}
