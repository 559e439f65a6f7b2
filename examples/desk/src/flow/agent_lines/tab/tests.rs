use std::time::Duration;

use ozonetel_sdk::dial::DialOutcome;
use ozonetel_sdk::mdl::{
    AgentIdentity, ManualDial, SocketEvents, SocketSender, SocketSettings, Token,
};
use serde_json::json;
use tokio::task::JoinHandle;

use super::*;

/// A link over a tab that a test plays.
struct Played {
    carrier: Arc<TabCarrier>,
    told: mpsc::Receiver<ToTab>,
    sender: SocketSender,
    events: JoinHandle<()>,
}

fn played() -> Played {
    let (carrier, told) = TabCarrier::new("wss://agent.example.test/mdl");
    let carrier = Arc::new(carrier);
    let agent = AgentIdentity::new("acme_support", "agent01", 1001);
    let settings = SocketSettings::new("ws://tab.invalid/", agent).unwrap();
    let same = Arc::clone(&carrier);
    let connector: Arc<dyn SocketConnector> = same;
    let (events, sender) = settings.connector(connector).connect().unwrap();
    let drain = async |mut events: SocketEvents| while events.next().await.is_some() {};
    Played { carrier, told, sender, events: tokio::spawn(drain(events)) }
}

impl Played {
    /// The next thing the tab is told, pings apart.
    async fn told(&mut self) -> ToTab {
        loop {
            let frame = self.told.recv().await.unwrap();
            match &frame {
                ToTab::Send { text, .. } if text.contains("\"type\":\"ping\"") => {}
                _ => return frame,
            }
        }
    }

    async fn opens(&mut self) -> u64 {
        let ToTab::Open { connection, url, protocol } = self.told().await else { panic!() };
        assert_eq!((&*url, protocol), ("wss://agent.example.test/mdl", Some(SUB_PROTOCOL)));
        self.carrier.hear(FromTab::Opened { connection }).await;
        connection
    }

    async fn says(&self, connection: u64, token: serde_json::Value) {
        self.carrier.hear(FromTab::Received { connection, text: token.to_string() }).await;
    }

    async fn up(&mut self) -> u64 {
        let connection = self.opens().await;
        self.says(connection, json!({"type": "welcome", "usId": "u", "browserSessionId": "b"}))
            .await;
        self.sender.ready().await.unwrap();
        connection
    }

    async fn dialled(
        &mut self,
    ) -> (Token, JoinHandle<DialOutcome<Option<ozonetel_sdk::types::Ucid>>>) {
        let sender = self.sender.clone();
        let dial = ManualDial::new(77, "9000000001", "500001");
        let dialling = tokio::spawn(async move { sender.dial(dial).await });
        let ToTab::Send { text, .. } = self.told().await else { panic!() };
        (Token::parse(&text).unwrap(), dialling)
    }
}

#[tokio::test(start_paused = true)]
async fn a_dial_goes_out_through_the_tab_and_its_reply_comes_back() {
    let mut played = played();
    let connection = played.up().await;
    let (token, dialling) = played.dialled().await;
    assert_eq!(token.text("params").as_deref(), Some("77,9000000001,500001,SIP:true"));
    assert_eq!(token.text("usId").as_deref(), Some("u"));
    let asked = token.utid().unwrap().into_owned();
    let reply = json!({"type": "response", "utid": asked, "resp": "Success:x", "ucid": "90000000000000001"});
    // What is said of another connection is of no use to anyone.
    played
        .says(connection + 1, json!({"type": "response", "utid": asked, "resp": "Failure:x"}))
        .await;
    played.says(connection, reply).await;
    let DialOutcome::Accepted(Some(ucid)) = dialling.await.unwrap() else { panic!() };
    assert_eq!(ucid.as_str(), "90000000000000001");
    played.sender.close().await;
    assert_eq!(played.told().await, ToTab::Close { connection });
    played.events.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_closes_in_mid_dial_leaves_it_unknown_and_the_next_one_does_not_repeat_it() {
    let mut played = played();
    let connection = played.up().await;
    let (_, dialling) = played.dialled().await;
    played.carrier.hear(FromTab::Closed { connection, code: Some(1006) }).await;
    assert!(matches!(dialling.await.unwrap(), DialOutcome::Unknown(_)));
    assert_eq!(played.up().await, connection + 1);
    let next = tokio::time::timeout(Duration::from_secs(5), played.told()).await;
    assert!(next.is_err(), "{next:?}");
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_cannot_be_opened_is_tried_again_and_nothing_is_sent_meanwhile() {
    let mut played = played();
    let ToTab::Open { connection, .. } = played.told().await else { panic!() };
    played.carrier.hear(FromTab::Closed { connection, code: None }).await;
    let dial = ManualDial::new(77, "9000000001", "500001");
    assert!(matches!(played.sender.dial(dial).await, DialOutcome::NotSent(_)));
    assert!(played.up().await > connection);
}

#[tokio::test(start_paused = true)]
async fn a_tab_that_goes_away_ends_the_connection() {
    let Played { carrier, told, sender, events } = played();
    drop(told);
    carrier.hear(FromTab::Opened { connection: 1 }).await;
    let dial = ManualDial::new(77, "9000000001", "500001");
    assert!(matches!(sender.dial(dial).await, DialOutcome::NotSent(_)));
    events.abort();
}

#[test]
fn the_newest_tab_has_the_place_and_the_one_before_is_told() {
    let tabs = Tabs::default();
    let (agent01, same) = (AgentId::from("agent01"), AgentId::from("AGENT01"));
    let first = tabs.take(&agent01).unwrap();
    let other = tabs.take(&AgentId::from("agent02")).unwrap();
    let second = tabs.take(&same).unwrap();
    let is_taken = |place: &HeldPlace<'_>| place.place.0.is_cancelled();
    assert!(is_taken(&first) && !is_taken(&second) && !is_taken(&other));
    drop(first);
    assert_eq!(tabs.0.lock().unwrap().len(), 2, "the place is the second one's");
    drop((second, other));
    assert!(tabs.0.lock().unwrap().is_empty());
}

#[test]
fn frames_are_what_the_page_is_told_they_are_and_show_no_text() {
    let send = ToTab::Send { connection: 2, text: "9000000001".into() };
    assert_eq!(
        serde_json::to_value(&send).unwrap(),
        json!({"type": "send", "connection": 2, "text": "9000000001"})
    );
    assert_eq!(
        serde_json::to_value(ToTab::Open { connection: 1, url: "wss://x/".into(), protocol: None })
            .unwrap(),
        json!({"type": "open", "connection": 1, "url": "wss://x/", "protocol": null})
    );
    assert_eq!(format!("{send:?}"), "Send(2)");
    let closed: FromTab =
        serde_json::from_value(json!({"type": "closed", "connection": 3})).unwrap();
    assert_eq!(closed, FromTab::Closed { connection: 3, code: None });
    for wrong in [json!({"type": "opened"}), json!({"type": "x", "connection": 1}), json!([])] {
        assert!(serde_json::from_value::<FromTab>(wrong).is_err());
    }
}
