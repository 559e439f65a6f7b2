//! Connections in process.

use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::StreamExt;
use http::Uri;
use ozonetel_sdk::Error;
use ozonetel_sdk::mdl::{
    AgentIdentity, ByteStream, LinkLimits, LinkState, ManualDial, SocketConnector, SocketEvent,
    SocketEvents, SocketSender, SocketSettings,
};
use tokio::io::DuplexStream;
use tokio::task::JoinHandle;

use super::server::Peer;

/// Hands every connection to a scripted server, which is told how many came before.
pub struct Pipe<F> {
    serve: F,
    made: Mutex<usize>,
}

impl<F> std::fmt::Debug for Pipe<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pipe")
    }
}

pub fn pipe<F, R>(serve: F) -> Arc<Pipe<F>>
where
    F: Fn(usize, DuplexStream) -> R + Send + Sync,
    R: Future<Output = ()> + Send + 'static,
{
    Arc::new(Pipe { serve, made: Mutex::new(0) })
}

#[async_trait]
impl<F, R> SocketConnector for Pipe<F>
where
    F: Fn(usize, DuplexStream) -> R + Send + Sync,
    R: Future<Output = ()> + Send + 'static,
{
    async fn connect(&self, _: &Uri) -> io::Result<Box<dyn ByteStream>> {
        let nth = {
            let mut made = self.made.lock().unwrap();
            *made += 1;
            *made - 1
        };
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        tokio::spawn((self.serve)(nth, theirs));
        Ok(Box::new(ours))
    }
}

pub fn agent() -> AgentIdentity {
    AgentIdentity::new("acme_sales", "agent41", 1001)
}

pub fn limits() -> LinkLimits {
    let mut limits = LinkLimits::default();
    limits.seed = 7;
    limits
}

pub fn dial() -> ManualDial {
    ManualDial::new(77, "9000000417", "500001")
}

/// Settings whose connections are served by a script on the upgraded socket.
pub fn settings<F, R>(script: F) -> SocketSettings
where
    F: Fn(usize, Peer<DuplexStream>) -> R + Send + Sync + Clone + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let connector = pipe(move |nth, io| {
        let script = script.clone();
        async move { script(nth, Peer::accept(io).await).await }
    });
    SocketSettings::new("ws://agent.example.test/mdlConnection.php", agent())
        .unwrap()
        .limits(limits())
        .connector(connector)
}

pub type Items = Vec<Result<SocketEvent, Error>>;

/// A link that is driven in a task of its own and collects what it sees.
pub fn drive(settings: SocketSettings) -> (SocketSender, JoinHandle<Items>) {
    let (mut events, sender) = settings.connect().unwrap();
    (sender, tokio::spawn(async move { collect(&mut events).await }))
}

pub async fn collect(events: &mut SocketEvents) -> Items {
    let mut items = Vec::new();
    while let Some(item) = events.next().await {
        items.push(item);
    }
    items
}

/// The states that a link went through.
pub fn states(items: &Items) -> Vec<&'static str> {
    let state = |item: &Result<SocketEvent, Error>| match item {
        Ok(SocketEvent::Link(state)) => Some(state.as_str()),
        Ok(SocketEvent::Resumed(_)) => Some("resumed"),
        _ => None,
    };
    items.iter().filter_map(state).collect()
}

/// How the requests settled, in order.
pub fn settlements(items: &Items) -> Vec<&'static str> {
    let how = |item: &Result<SocketEvent, Error>| match item {
        Ok(SocketEvent::Settled(settled)) => Some(settled.settlement.as_str()),
        _ => None,
    };
    items.iter().filter_map(how).collect()
}

/// The types of the pushes, in order.
pub fn pushes(items: &Items) -> Vec<String> {
    let kind = |item: &Result<SocketEvent, Error>| match item {
        Ok(SocketEvent::Push(token)) => Some(token.kind().unwrap_or("-").to_owned()),
        _ => None,
    };
    items.iter().filter_map(kind).collect()
}

pub fn causes(items: &Items) -> Vec<&'static str> {
    let cause = |item: &Result<SocketEvent, Error>| match item {
        Ok(SocketEvent::Link(state @ LinkState::Waiting { .. })) => state.cause(),
        _ => None,
    };
    items.iter().filter_map(cause).collect()
}
