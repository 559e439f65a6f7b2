//! A call over KooKoo whose desk is killed at each of its writes, from the dial to the end of both legs: no one is rung
//! twice, the ledger is right, and no one is left alone on the line.

use std::path::Path;

use desk::core::call::{CallPhase, CallState};
use desk::core::caller::Scope;
use desk::core::dial::{DialEntry, DialState, DialWay};
use desk::store::{Db, Dials as _, PhoneCalls as _};
use ozonetel_sim::world::IvrCall;
use ozonetel_sim::{Fault, FaultKind};
use serde_json::json;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Process, Site, a_moment, end, id_of_key};
use crate::ways::link_of_agent01;

const OUTBOUND: &str = "/outbound/outbound.php";
const CUSTOMER: &str = "09000000001";
const AGENT: &str = "09000000077";

/// A site whose desk dials over KooKoo, and an address at which KooKoo finds whichever desk runs: what comes while none
/// does waits for the next one.
pub(super) async fn site(prepared: &Path, token: &str) -> Site {
    let mut site = Site::new(prepared, token).await;
    let store = Db::sqlite(&site.file()).await.unwrap();
    link_of_agent01(&store, DialWay::Kookoo, AGENT).await;
    store.close().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let public = format!("http://{}", listener.local_addr().unwrap());
    site.variables = vec![
        ("DESK_DIAL", "kookoo".to_owned()),
        ("OZONETEL_KOOKOO_KEY", "test-key".to_owned()),
        ("DESK_PUBLIC_URL", public),
    ];
    let desk = site.desk.subscribe();
    site.way_in.spawn(async move {
        let mut carried = JoinSet::new();
        while let Ok((from, _)) = listener.accept().await {
            carried.spawn(carry(from, desk.clone()));
        }
    });
    site
}

async fn carry(mut from: TcpStream, mut desk: watch::Receiver<String>) {
    loop {
        let address = desk.borrow_and_update().clone();
        if let Ok(mut to) = TcpStream::connect(&address).await {
            // A desk that dies breaks the connection.
            let _ = copy_bidirectional(&mut from, &mut to).await;
            return;
        }
        if desk.changed().await.is_err() {
            return;
        }
    }
}

/// How often a telephone was rung.
fn rung(site: &Site, phone: &str) -> usize {
    let requests = site.sim.requests();
    let rang = requests
        .iter()
        .filter(|entry| entry.effect == Some("outbound") && entry.query["phone_no"] == phone);
    rang.count()
}

/// Whether no one waits on a line for someone who does not come.
fn no_one_waits(site: &Site) -> bool {
    let world = site.sim.world();
    let up: Vec<_> = world.ivr().iter().map(IvrCall::state_word).collect();
    let live: Vec<_> = up.into_iter().filter(|word| *word != "ended").collect();
    live.is_empty() || live == ["conference", "conference"]
}

/// Whether the customer has gone and the agent has not.
fn is_agent_alone(site: &Site) -> bool {
    let world = site.sim.world();
    world.ivr().iter().map(IvrCall::state_word).eq(["ended", "conference"])
}

async fn row(store: &Db) -> Option<DialEntry> {
    let id = id_of_key(store).await?;
    store.dial(&id).await.unwrap()
}

async fn call(store: &Db) -> Option<(String, std::sync::Arc<CallState>)> {
    let ucid = row(store).await?.ucid?;
    let call = store.call(ucid.as_str(), &Scope::All).await.unwrap();
    call.map(|call| (ucid.to_string(), call.state))
}

/// The call goes on until the two talk, is ended by the agent, and is over. Whether the desk died before.
async fn dies_on_the_way(site: &Site, desk: &mut Process, store: &Db) -> bool {
    let mut is_ended = false;
    loop {
        if desk.child.try_wait().unwrap().is_some() {
            return true;
        }
        match call(store).await {
            Some((_, call)) if call.is_ended() && no_one_waits(site) => return false,
            Some((ucid, call)) if call.phase == CallPhase::Active && !is_ended => {
                let path = format!("/api/calls/{ucid}/end");
                is_ended = site.ask(desk, "POST", &path, "", &json!({})).await.is_some();
            }
            _ => a_moment().await,
        }
    }
}

/// A dial whose desk is killed at one write; whether there was such a write.
pub(super) async fn killed_at(site: &Site, kill: &str, fault: Option<FaultKind>) -> bool {
    if let Some(kind) = fault {
        assert!(site.sim.fault(Fault::new(kind).on(OUTBOUND)));
    }
    let case = format!("{kill}, {fault:?}");
    let mut first = site.start(Some(kill)).await;
    let store = Db::sqlite(&site.file()).await.unwrap();
    let answer = site.dial(&first, "key-1").await;
    let comes = rung(site, CUSTOMER) > 0 || answer.is_none();
    let reached = comes && dies_on_the_way(site, &mut first, &store).await;
    end(first).await;
    let customer = rung(site, CUSTOMER);
    assert!(customer <= 1 && rung(site, AGENT) <= customer, "{case}");
    let next = site.start(None).await;
    // The next desk looks after what was being sent as it starts.
    while row(&store).await.is_some_and(|row| row.state == DialState::Sending) {
        a_moment().await;
    }
    let known = row(&store).await;
    let (status, again) = site.dial(&next, "key-1").await.expect("the next desk lives");
    if known.is_some() {
        assert_eq!(rung(site, CUSTOMER), customer, "{case}: {status} {again}");
    } else {
        assert_eq!(customer, 0, "{case}: nothing is sent before it is stored");
        assert!(status == 200 || fault.is_some(), "{case}: {status} {again}");
    }
    let customer = rung(site, CUSTOMER);
    // What KooKoo asks and reports says that it happened, and how it ended, where it did. An agent who is alone on the
    // line, since the desk died while it ended the call, ends it again.
    let mut ended_again = false;
    while customer == 1
        && !(no_one_waits(site)
            && row(&store).await.is_some_and(|row| !row.state.is_undecided())
            && call(&store).await.is_some_and(|(_, call)| {
                call.dial.is_some() && (call.is_ended() || call.phase == CallPhase::Active)
            }))
    {
        if !ended_again && is_agent_alone(site) {
            let (ucid, _) = call(&store).await.unwrap();
            let path = format!("/api/calls/{ucid}/end");
            let (status, body) = site.ask(&next, "POST", &path, "", &json!({})).await.unwrap();
            // Where the desk knows that the customer has gone, it ends the agent's leg by itself; where it is about to
            // learn of the agent's, the agent tries again.
            let reason = body["reason"].as_str().unwrap_or_default();
            assert!(
                status == 200 || ["call_ended", "not_found"].contains(&reason),
                "{case}: {status} {body}"
            );
            ended_again = reason != "not_found";
        }
        a_moment().await;
    }
    let settled = row(&store).await.unwrap();
    assert_eq!(settled.state.happened(), customer == 1, "{case}: {:?}", settled.state);
    if settled.state == DialState::Unknown {
        let (other, why) = site.dial(&next, "key-2").await.unwrap();
        assert_eq!(other, 409, "{case}: {why}");
    }
    let (status, again) = site.dial(&next, "key-1").await.unwrap();
    match settled.state {
        state if state.happened() => assert_eq!(status, 200, "{case}: {again}"),
        DialState::Unknown => assert_eq!(status, 504, "{case}: {again}"),
        _ => assert!(status >= 400, "{case}: {status} {again}"),
    }
    assert_eq!(rung(site, CUSTOMER), customer, "{case}: the customer was rung again");
    assert!(rung(site, AGENT) <= customer, "{case}: the agent was rung again");
    store.close().await;
    end(next).await;
    reached
}
