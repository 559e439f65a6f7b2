//! Which browsers have an agent's socket open.
//!
//! A browser's WebSockets carry the page's `Origin`, those of a program carry none. Two connections with one
//! address and one origin are of one browser.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderMap, header};

/// A browser, as far as a server can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Browser {
    address: IpAddr,
    origin: String,
}

impl Browser {
    /// The browser of a request; none for a program's.
    pub(crate) fn of(address: IpAddr, headers: &HeaderMap) -> Option<Self> {
        let origin = headers.get(header::ORIGIN)?.to_str().ok()?.to_owned();
        Some(Self { address, origin })
    }
}

/// Agents' sockets that browsers have open, by session.
#[derive(Clone, Debug, Default)]
pub(crate) struct BrowserSockets(Arc<Mutex<OpenSockets>>);

/// Agent and browser of each session.
type OpenSockets = BTreeMap<u64, (Arc<str>, Browser)>;

impl BrowserSockets {
    /// A session belongs to an agent.
    pub(crate) fn open(&self, session: u64, agent: Arc<str>, browser: Browser) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(session, (agent, browser));
    }

    /// A session has ended.
    pub(crate) fn close(&self, session: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&session);
    }

    /// The browsers that have a socket of this agent open.
    pub(crate) fn of(&self, agent: Option<&str>) -> Vec<Browser> {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.values().filter(|(of, _)| Some(&**of) == agent);
        own.map(|(_, browser)| browser.clone()).collect()
    }
}
