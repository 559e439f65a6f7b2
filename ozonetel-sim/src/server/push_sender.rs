//! Carries pushes to their receivers: one at a time per address, a few addresses at once, each for
//! a bounded time, without following redirects. What waits is the simulator's and bounded there.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use http::header;
use ozonetel_sdk::transport::{Outgoing, Transport};

use crate::Sim;
use crate::delivery_queue::Fate;
use crate::sim::Next;
use crate::world::{Push, Question};

/// How long a receiver may take to answer. No source says what the service grants.
const PATIENCE: Duration = Duration::from_secs(10);
/// Who says to be asking.
const AGENT: &str = concat!("ozonetel-sim/", env!("CARGO_PKG_VERSION"));
/// How many bytes of an application's answer are read.
const LARGEST_ANSWER: usize = 256 * 1024;
/// Addresses that are sent to at once.
const AT_ONCE: usize = 16;

/// Sends requests to receivers. The network is not touched before there is something to send.
#[derive(Clone, Default)]
pub(super) struct Carrier(Arc<OnceLock<Option<Arc<dyn Transport>>>>);

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Carrier")
    }
}

/// Whether there is anything to send with.
const DELIVERS: bool = cfg!(feature = "deliver");

#[cfg(feature = "deliver")]
fn network() -> Option<Arc<dyn Transport>> {
    use ozonetel_sdk::transport::network::Network;
    use ozonetel_sdk::transport::reqwest::Reqwest;
    let network = Network { keep_idle: false, ..Network::default() };
    match Reqwest::new(&network) {
        Ok(transport) => Some(Arc::new(transport)),
        Err(error) => {
            tracing::error!(%error, "nothing can be sent");
            None
        }
    }
}

#[cfg(not(feature = "deliver"))]
fn network() -> Option<Arc<dyn Transport>> {
    None
}

impl Carrier {
    fn transport(&self) -> Option<Arc<dyn Transport>> {
        self.0.get_or_init(network).clone()
    }

    /// Carries what the simulator sends, for as long as it is polled.
    pub(super) async fn carry(self, sim: Sim) {
        if !DELIVERS {
            return;
        }
        let mut flights = FuturesUnordered::new();
        let mut busy = BTreeSet::new();
        loop {
            let posted = sim.posted();
            let mut wait = None;
            while flights.len() < AT_ONCE {
                match sim.next_push(&busy) {
                    Next::Send(push, copies) => {
                        busy.insert(push.address().to_owned());
                        flights.push(fly(self.transport(), push, copies));
                    }
                    Next::Wait(time) => {
                        wait = time;
                        break;
                    }
                }
            }
            tokio::select! {
                Some((address, fates)) = flights.next(), if !flights.is_empty() => {
                    busy.remove(&address);
                    for fate in fates {
                        sim.note_push(fate);
                    }
                }
                () = posted => {}
                () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => {}
            }
        }
    }

    /// Asks applications, for as long as it is polled.
    pub(super) async fn ask(self, sim: Sim) {
        if !DELIVERS {
            return;
        }
        let mut flights = FuturesUnordered::new();
        loop {
            let posted = sim.posted();
            while flights.len() < AT_ONCE {
                let question = sim.world_mut().take_question();
                let Some(question) = question else { break };
                flights.push(put(self.transport(), question));
            }
            tokio::select! {
                Some((question, xml)) = flights.next(), if !flights.is_empty() => {
                    sim.world_mut().application_answers(&question, xml.as_deref());
                }
                () = posted => {}
            }
        }
    }

    /// Sends the check of an address that is being saved.
    pub(super) async fn check(&self, sim: &Sim, method: http::Method, url: &str) -> Fate {
        send(self.transport().as_deref(), &Push::check(sim.now(), method, url)).await
    }
}

/// Sends a push, so many times at once.
async fn fly(
    transport: Option<Arc<dyn Transport>>,
    push: Push,
    copies: usize,
) -> (String, Vec<Fate>) {
    let fates = join_all((0..copies).map(|_| send(transport.as_deref(), &push))).await;
    (push.address().to_owned(), fates)
}

/// Sends a push. Neither address nor body are logged: both may hold secrets.
async fn send(transport: Option<&dyn Transport>, push: &Push) -> Fate {
    let (Some(transport), Some(request)) = (transport, request(push)) else {
        tracing::warn!(kind = push.kind.word(), "an address cannot be sent to");
        return Fate::Failed;
    };
    let answer = tokio::time::timeout(PATIENCE, transport.send(Outgoing::new(request, true))).await;
    match answer {
        Ok(Ok(answer)) => {
            let status = answer.head.status().as_u16();
            tracing::debug!(kind = push.kind.word(), status, "a push was answered");
            Fate::Answered(status)
        }
        Ok(Err(error)) => {
            tracing::warn!(kind = push.kind.word(), %error, "a push got no answer");
            Fate::Failed
        }
        Err(_) => {
            tracing::warn!(kind = push.kind.word(), "a push got no answer in time");
            Fate::Failed
        }
    }
}

/// Asks an application: the body of a 200, or nothing.
async fn put(
    transport: Option<Arc<dyn Transport>>,
    question: Question,
) -> (Question, Option<Vec<u8>>) {
    let asked = async {
        let request = http::Request::get(&question.url)
            .header(header::USER_AGENT, AGENT)
            .body(bytes::Bytes::new())
            .ok()?;
        // The same verb twice would be the same key pressed twice.
        let answer = transport?.send(Outgoing::new(request, true)).await.ok()?;
        let status = answer.head.status().as_u16();
        tracing::debug!(status, "an application answered");
        if status != 200 {
            return None;
        }
        let (mut xml, mut body) = (Vec::new(), answer.body);
        while let Some(piece) = body.next().await {
            xml.extend_from_slice(&piece.ok()?);
            if xml.len() > LARGEST_ANSWER {
                return None;
            }
        }
        Some(xml)
    };
    let xml = tokio::time::timeout(PATIENCE, asked).await.ok().flatten();
    if xml.is_none() {
        tracing::warn!("an application did not answer");
    }
    (question, xml)
}

fn request(push: &Push) -> Option<http::Request<bytes::Bytes>> {
    let url = push.url.split('#').next().unwrap_or_default();
    let mut request = http::Request::builder()
        .method(push.method.clone())
        .uri(url)
        .header(header::USER_AGENT, AGENT);
    if let Some(kind) = push.content_type {
        request = request.header(header::CONTENT_TYPE, kind);
    }
    request.body(push.body.clone()).ok()
}
