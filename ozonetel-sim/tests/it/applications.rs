//! KooKoo applications, over real sockets: asked, answering with verbs, notified of the end.

use std::time::Duration;

use axum::Router;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use ozonetel_sdk::kookoo::verb::{CollectDtmf, Hangup, PlayText};
use ozonetel_sdk::kookoo::{IvrRequest, IvrResponse, IvrStep, OutboundCallStatus};
use ozonetel_sdk::push::PushReader;
use ozonetel_sdk::push::extract::{Pushed, route};
use ozonetel_sim::Sim;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::pushes::{control, soon};

#[derive(Clone)]
struct App {
    intake: PushReader,
    steps: mpsc::Sender<IvrStep>,
    outcomes: mpsc::Sender<OutboundCallStatus>,
}

impl FromRef<App> for PushReader {
    fn from_ref(app: &App) -> Self {
        app.intake.clone()
    }
}

async fn ivr(State(app): State<App>, Pushed(delivery): Pushed<IvrRequest>) -> Response {
    let step = delivery.items[0].step();
    app.steps.send(step.clone()).await.unwrap();
    let collect = CollectDtmf::new().max_digits(2).wait(60_000);
    match step {
        IvrStep::NewCall => {
            IvrResponse::new().then(PlayText::new("a & b")).then(collect).into_response()
        }
        IvrStep::Keys(Some(keys)) if keys.as_str() == "99" => {
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        _ => IvrResponse::new().then(Hangup::new()).into_response(),
    }
}

async fn outcome(
    State(app): State<App>,
    Pushed(delivery): Pushed<OutboundCallStatus>,
) -> StatusCode {
    for status in delivery.items {
        app.outcomes.send(status).await.unwrap();
    }
    StatusCode::OK
}

struct Running {
    base: String,
    steps: mpsc::Receiver<IvrStep>,
    outcomes: mpsc::Receiver<OutboundCallStatus>,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn application() -> Running {
    let (steps_to, steps) = mpsc::channel(100);
    let (outcomes_to, outcomes) = mpsc::channel(100);
    let state = App { intake: PushReader::new(), steps: steps_to, outcomes: outcomes_to };
    let app =
        Router::new().route("/ivr", route(ivr)).route("/outcome", route(outcome)).with_state(state);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    Running { base, steps, outcomes, task }
}

/// Waits until a call with an application is in a state.
async fn reaches(sim: &Sim, sid: u64, state: &str) {
    soon(async {
        while sim.world().ivr().get(sid).unwrap().state_word() != state {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_outbound_call_is_led_by_the_application_it_names() {
    let mut app = application().await;
    let sim = Sim::start();
    let server = sim.serve().await.unwrap();
    let queued = sim
        .client()
        .kookoo()
        .call("9000000001", format!("{}/ivr?shop=7", app.base))
        .callback_url(format!("{}/outcome", app.base))
        .await
        .unwrap();
    let sid: u64 = queued.sid.unwrap().parse().unwrap();
    sim.advance(Duration::from_secs(2)).await;
    assert_eq!(soon(app.steps.recv()).await, Some(IvrStep::NewCall));
    reaches(&sim, sid, "plays").await;
    sim.advance(Duration::from_secs(1)).await;
    let keys = json!({"sid": sid.to_string(), "keys": "42"});
    assert_eq!(control(&server, "/_sim/ivr", &keys).await.0, 200);
    assert_eq!(soon(app.steps.recv()).await, Some(IvrStep::Keys(Some("42".into()))));
    assert_eq!(soon(app.steps.recv()).await, Some(IvrStep::Over { during: None }));
    let outcome = soon(app.outcomes.recv()).await.unwrap();
    assert_eq!(outcome.ucid().unwrap().as_str(), sid.to_string());
    assert_eq!(outcome.status.as_deref(), Some("answered"));
    reaches(&sim, sid, "ended").await;
    assert_eq!(control(&server, "/_sim/ivr", &keys).await.0, 404);
    let both = json!({"sid": sid.to_string(), "keys": "42", "end": true});
    assert_eq!(control(&server, "/_sim/ivr", &both).await.0, 400);
    server.stop().await;
}

#[tokio::test]
async fn a_number_of_a_scenario_reaches_its_application_and_an_error_ends_the_call() {
    let mut app = application().await;
    let sim = Sim::builder().application("918000000009", format!("{}/ivr", app.base)).build();
    let server = sim.serve().await.unwrap();
    let call = json!({"did": "918000000009", "caller": "9000000001"});
    let (status, arrived) = control(&server, "/_sim/inbound", &call).await;
    assert_eq!((status, &arrived["ucid"]), (200, &arrived["monitor_ucid"]));
    let sid: u64 = arrived["ucid"].as_str().unwrap().parse().unwrap();
    assert_eq!(soon(app.steps.recv()).await, Some(IvrStep::NewCall));
    reaches(&sim, sid, "plays").await;
    sim.advance(Duration::from_secs(1)).await;
    let keys = json!({"sid": sid.to_string(), "keys": "99"});
    assert_eq!(control(&server, "/_sim/ivr", &keys).await.0, 200);
    assert!(matches!(soon(app.steps.recv()).await, Some(IvrStep::Keys(_))));
    reaches(&sim, sid, "ended").await;
    let log = sim.world().ivr().get(sid).unwrap().log.clone();
    assert_eq!(log.last().unwrap(), "the application did not answer with 200");
    assert_eq!(sim.state()["applications"][0]["state"], "ended");

    // A caller who hangs up: the application is notified.
    let (_, arrived) = control(&server, "/_sim/inbound", &call).await;
    assert_eq!(soon(app.steps.recv()).await, Some(IvrStep::NewCall));
    let hang_up = json!({"ucid": arrived["ucid"], "action": "hangup"});
    assert_eq!(control(&server, "/_sim/call", &hang_up).await.0, 200);
    assert!(matches!(soon(app.steps.recv()).await, Some(IvrStep::Over { .. })));
    server.stop().await;
}
