//! The simulator in the place of the network.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use ozonetel_sdk::transport::{Failure, Incoming, Outgoing, SendStage, Transport};
use ozonetel_sdk::{Client, ClientBuilder};

use crate::response::{FaultyResponse, ServiceResponse};
use crate::sim::Sim;

/// A transport of the SDK that asks a [`Sim`]. Deterministic, and true to tokio's paused time.
#[derive(Clone, Debug)]
pub struct SimTransport {
    sim: Sim,
}

/// Bytes of a piece of a dripping answer.
pub(crate) const DRIP_BYTES: usize = 16;

impl Sim {
    /// A client of this simulator: its account, its mode, its clock, no network.
    ///
    /// # Panics
    ///
    /// Never: the settings are the simulator's own.
    #[expect(clippy::expect_used, reason = "account, key and addresses are the simulator's own")]
    pub fn client(&self) -> Client {
        self.client_builder().build().expect("the simulator's own settings make a client")
    }

    /// The settings of [`Sim::client`], to add to.
    pub fn client_builder(&self) -> ClientBuilder {
        let world = self.world();
        let setup = world.setup();
        Client::builder()
            .account(setup.account.clone())
            .key(setup.key.as_str())
            .mode(setup.mode)
            .kookoo_key(setup.key.as_str())
            .base_url("http://sim.example.test")
            .transport(Arc::new(self.transport()))
            .clock(Arc::new(self.clock()))
    }

    /// The simulator as a transport of the SDK.
    pub fn transport(&self) -> SimTransport {
        SimTransport { sim: self.clone() }
    }
}

fn broken() -> Failure {
    Failure::new(SendStage::Unknown, io::Error::from(io::ErrorKind::ConnectionReset))
}

fn head(answer: &ServiceResponse) -> http::Response<()> {
    let mut head = http::Response::new(());
    *head.status_mut() = answer.status;
    let kind = http::HeaderValue::from_static(answer.content_type);
    head.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    head
}

/// The pieces of a dripping body.
pub(crate) fn pieces(body: &Bytes) -> Vec<Bytes> {
    (0..body.len())
        .step_by(DRIP_BYTES)
        .map(|at| body.slice(at..(at + DRIP_BYTES).min(body.len())))
        .collect()
}

/// A body's first half, for an answer that breaks off.
pub(crate) fn half(body: &Bytes) -> Bytes {
    body.slice(..body.len() / 2)
}

#[async_trait]
impl Transport for SimTransport {
    async fn send(&self, request: Outgoing) -> Result<Incoming, Failure> {
        match self.sim.handle(&request.http) {
            FaultyResponse::Whole(answer) => Ok(Incoming::whole(head(&answer), answer.body)),
            FaultyResponse::Late(answer, delay) => {
                tokio::time::sleep(delay).await;
                Ok(Incoming::whole(head(&answer), answer.body))
            }
            FaultyResponse::Closed => Err(broken()),
            FaultyResponse::Cut(answer) => {
                let items = [Ok(half(&answer.body)), Err(broken())];
                Ok(Incoming { head: head(&answer), body: Box::pin(stream::iter(items)) })
            }
            FaultyResponse::Drip(answer, gap) => Ok(drip(&answer, gap)),
        }
    }
}

fn drip(answer: &ServiceResponse, gap: Duration) -> Incoming {
    let pieces = pieces(&answer.body).into_iter();
    let body = stream::unfold(pieces, move |mut pieces| async move {
        let piece = pieces.next()?;
        tokio::time::sleep(gap).await;
        Some((Ok(piece), pieces))
    });
    Incoming { head: head(answer), body: Box::pin(body) }
}
