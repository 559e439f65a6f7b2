//! One token for everybody, renewed in time and no more often than allowed; both account modes.

use std::sync::Arc;

use ozonetel_sdk::auth::{AuthMode, MemoryTokens};
use ozonetel_sdk::dial::AgentDial;
use ozonetel_sdk::endpoint::Endpoint as _;
use ozonetel_sdk::{Client, ErrorKind, Reason};

use crate::stories::{DID, seconds, sim};

#[tokio::test(start_paused = true)]
async fn a_thousand_callers_at_once_make_one_token() {
    let sim = sim(AuthMode::Token);
    let client = sim.client();
    let tasks: Vec<_> = (0..1000)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.auth().token().await.unwrap().secret().clone() })
        })
        .collect();
    let first = client.auth().token().await.unwrap();
    for task in tasks {
        assert!(task.await.unwrap().same(first.secret()));
    }
    assert_eq!((sim.effects("token"), sim.requests().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn clients_that_share_a_store_share_the_token() {
    let sim = sim(AuthMode::Token);
    let store = Arc::new(MemoryTokens::new(Arc::new(sim.clock())));
    let with_store = || sim.client_builder().token_store(Arc::clone(&store) as _).build().unwrap();
    let clients: Vec<Client> = (0..5).map(|_| with_store()).collect();
    let checks = clients.iter().map(Client::check);
    futures_util::future::try_join_all(checks).await.unwrap();
    assert_eq!(sim.effects("token"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_another_program_ended_is_renewed_once() {
    let sim = sim(AuthMode::Token);
    let client = sim.client();
    client.check().await.unwrap();
    client.agents().login("agent01", "secret", "500001").await.unwrap();
    sim.change(ozonetel_sim::world::World::issue_token).unwrap();
    let dialed = client.dial().agent("agent01", "support_out", "9000000001").await.unwrap();
    assert_eq!(dialed.ucid().as_str().len(), 17);
    assert_eq!((sim.effects("token"), sim.effects("dial")), (2, 1));
    let sent = sim.requests().iter().filter(|entry| entry.path == AgentDial::SPEC.path).count();
    assert_eq!(sent, 2, "refused as expired, then taken");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_before_it_ends() {
    let sim = sim(AuthMode::Token);
    let client = sim.client();
    client.check().await.unwrap();
    sim.advance(seconds(50 * 60)).await;
    client.check().await.unwrap();
    assert_eq!(sim.effects("token"), 1);
    sim.advance(seconds(6 * 60)).await;
    client.check().await.unwrap();
    assert_eq!(sim.effects("token"), 2);
    sim.advance(seconds(3 * 3600)).await;
    client.check().await.unwrap();
    assert_eq!(sim.effects("token"), 3);
    // None was presented after its end.
    assert_eq!(sim.requests().len(), 4 + 3);
}

#[tokio::test(start_paused = true)]
async fn no_more_than_ten_tokens_an_hour_are_asked_for() {
    let sim = sim(AuthMode::Token);
    let client = sim.client();
    client.auth().token().await.unwrap();
    for _ in 1..10 {
        client.auth().refresh().await.unwrap();
    }
    let error = client.auth().refresh().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Paced);
    // The hour, and the margin of a second that every limit has.
    assert!(error.ready_in().unwrap() <= seconds(3601));
    assert_eq!(sim.requests().len(), 10, "the eleventh is not sent");
    sim.advance(seconds(3601)).await;
    client.auth().token().await.unwrap();
}

/// The account's setting decides, and a wrong one is told rather than tried around.
#[tokio::test(start_paused = true)]
async fn a_wrong_mode_is_an_error_and_not_a_loop() {
    let token_account = sim(AuthMode::Token);
    let client = token_account.client_builder().mode(AuthMode::Key).build().unwrap();
    let error = client.check().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.reason()),
        (ErrorKind::Credentials, Some(Reason::BadCredentials))
    );
    // Call control says "expired" to a key: nothing to renew.
    let ucid = "90000000000000001".parse().unwrap();
    let error = client.call_control().hold(ucid, DID, "agent01").await.unwrap_err();
    assert_eq!(error.reason(), Some(Reason::TokenExpired));
    assert_eq!((token_account.effects("token"), token_account.requests().len()), (0, 2));

    let key_account = sim(AuthMode::Key);
    let client = key_account.client_builder().mode(AuthMode::Token).build().unwrap();
    assert_eq!(client.check().await.unwrap_err().kind(), ErrorKind::Credentials);
    let error = client.cdr().for_day(client.today()).await.unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(401));
    assert!(key_account.effects("token") <= 1, "{}", key_account.effects("token"));

    let wrong = key_account.client_builder().mode(AuthMode::Key).key("wrong-key").build().unwrap();
    assert_eq!(wrong.check().await.unwrap_err().kind(), ErrorKind::Credentials);
    let wrong = token_account.client_builder().key("wrong-key").build().unwrap();
    assert_eq!(wrong.check().await.unwrap_err().kind(), ErrorKind::Credentials);
    assert_eq!(token_account.effects("token"), 0);
}
