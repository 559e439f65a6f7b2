//! Sends pushes to their receivers: to each address as many at once as the scenario says (one after another, unless it
//! says otherwise), a bounded number in all, each for a bounded time, without following redirects. What waits is the simulator's and bounded there.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use http::header;
use ozonetel_sdk::transport::{Outgoing, Transport};

use crate::delivery_queue::DeliveryResult;
use crate::sim::{NextDelivery, Sim};
use crate::world::{ApplicationRequest, Push};

/// How long a receiver may take to answer. No source says what the service grants.
const PATIENCE: Duration = Duration::from_secs(10);
/// The user agent of the requests.
const AGENT: &str = concat!("ozonetel-sim/", env!("CARGO_PKG_VERSION"));
/// How many bytes of an application's answer are read.
const LARGEST_ANSWER: usize = 256 * 1024;
/// Pushes that are on their way at once, to all addresses.
const AT_ONCE: usize = 64;

/// Sends requests to receivers. The network is not touched before there is something to send.
#[derive(Clone, Default)]
pub(super) struct PushSender(Arc<OnceLock<Option<Arc<dyn Transport>>>>);

impl fmt::Debug for PushSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushSender")
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

impl PushSender {
    fn transport(&self) -> Option<Arc<dyn Transport>> {
        self.0.get_or_init(network).clone()
    }

    /// Sends what the simulator queues, for as long as it is polled.
    pub(super) async fn deliver(self, sim: Sim) {
        if !DELIVERS {
            return;
        }
        let mut flights = FuturesUnordered::new();
        let mut under_way: HashMap<String, usize> = HashMap::new();
        let each = sim.look(|world| world.setup().push.at_once.get());
        loop {
            let posted = sim.posted();
            let mut wait = None;
            while flights.len() < AT_ONCE {
                let is_full = |address: &str| under_way.get(address).is_some_and(|n| *n >= each);
                match sim.next_push(is_full) {
                    NextDelivery::Send(push, copies) => {
                        *under_way.entry(push.address().to_owned()).or_default() += 1;
                        flights.push(send_copies(self.transport(), push, copies));
                    }
                    NextDelivery::Wait(time) => {
                        wait = time;
                        break;
                    }
                }
            }
            tokio::select! {
                Some((address, results)) = flights.next(), if !flights.is_empty() => {
                    if let Entry::Occupied(mut sent) = under_way.entry(address) {
                        *sent.get_mut() -= 1;
                        if *sent.get() == 0 {
                            sent.remove();
                        }
                    }
                    for result in results {
                        sim.note_push(result);
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
                let request = sim.take_application_request();
                let Some(request) = request else { break };
                flights.push(ask_application(self.transport(), request));
            }
            tokio::select! {
                Some((request, xml)) = flights.next(), if !flights.is_empty() => {
                    sim.change(|world| world.application_answers(&request, xml.as_deref()));
                }
                () = posted => {}
            }
        }
    }

    /// Sends the check of an address that is being saved.
    pub(super) async fn check(&self, sim: &Sim, method: http::Method, url: &str) -> DeliveryResult {
        send(self.transport().as_deref(), &Push::check(sim.now(), method, url)).await
    }
}

/// Sends a push, so many times at once.
async fn send_copies(
    transport: Option<Arc<dyn Transport>>,
    push: Push,
    copies: usize,
) -> (String, Vec<DeliveryResult>) {
    let results = join_all((0..copies).map(|_| send(transport.as_deref(), &push))).await;
    (push.address().to_owned(), results)
}

/// Sends a push. Neither address nor body are logged: both may hold secrets.
async fn send(transport: Option<&dyn Transport>, push: &Push) -> DeliveryResult {
    let (Some(transport), Some(request)) = (transport, http_request(push)) else {
        tracing::warn!(kind = push.kind.word(), "an address cannot be sent to");
        return DeliveryResult::Failed;
    };
    let answer = tokio::time::timeout(PATIENCE, transport.send(Outgoing::new(request, true))).await;
    match answer {
        Ok(Ok(answer)) => {
            let status = answer.head.status().as_u16();
            tracing::debug!(kind = push.kind.word(), status, "a push was answered");
            DeliveryResult::Answered(status)
        }
        Ok(Err(error)) => {
            tracing::warn!(kind = push.kind.word(), %error, "a push got no answer");
            DeliveryResult::Failed
        }
        Err(_) => {
            tracing::warn!(kind = push.kind.word(), "a push got no answer in time");
            DeliveryResult::Failed
        }
    }
}

/// Asks an application: the body of a 200, or nothing.
async fn ask_application(
    transport: Option<Arc<dyn Transport>>,
    request: ApplicationRequest,
) -> (ApplicationRequest, Option<Vec<u8>>) {
    let asked = async {
        let request = http::Request::get(&request.url)
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
    (request, xml)
}

fn http_request(push: &Push) -> Option<http::Request<bytes::Bytes>> {
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
