//! Carries what the service sends to the desks: some of it late, twice or not at all.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Request, header};
use ozonetel_sim::world::Push;

use crate::chance::Chance;
use crate::desks::{Desks, SECRET};
use crate::story::Weather;

/// How often it is looked whether there is something to carry.
const EVERY: Duration = Duration::from_millis(100);

/// Where the service is told to send to.
pub(crate) fn subscribe(desks: &Desks) {
    let address =
        |kind: &str| format!("http://desk.example.test/webhooks/ozonetel/{kind}/{SECRET}");
    desks.sim.set_callback_url(Some(address("calls")));
    desks.sim.set_event_urls(&address("events"), &address("events"));
}

/// Carries until it is dropped.
pub(crate) async fn carry(desks: Arc<Desks>) {
    let mut count = 0_u64;
    loop {
        tokio::time::sleep(EVERY).await;
        for push in desks.sim.take_pushes() {
            count += 1;
            let mut chance = Chance::of(desks.story.seed, ("push", count));
            let Weather { lost, twice, late, .. } = desks.story.weather;
            if chance.percent(lost) {
                continue;
            }
            let copies = if chance.percent(twice) { 2 } else { 1 };
            for _ in 0..copies {
                let after = if chance.percent(late) { chance.within(1..=20_000) } else { 0 };
                let desk = usize::try_from(chance.within(0..=1)).unwrap_or(0) % desks.story.desks;
                let (desks, push) = (Arc::clone(&desks), push.clone());
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(after)).await;
                    deliver(&desks, desk, push).await;
                });
            }
        }
    }
}

async fn deliver(desks: &Desks, desk: usize, push: Push) {
    let path = push.url.trim_start_matches("http://desk.example.test");
    let request = Request::builder().method(push.method.clone()).uri(path);
    let request = match push.content_type {
        Some(kind) => request.header(header::CONTENT_TYPE, kind),
        None => request,
    };
    if let Ok(request) = request.body(Body::from(push.body)) {
        desks.send(desk, request).await;
    }
}
