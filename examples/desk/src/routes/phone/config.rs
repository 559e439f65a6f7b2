//! What a tab needs to register the agent's phone.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::core::caller::Caller;
use crate::desk::{Desk, SocketHolder};
use crate::problem::Problem;

/// Who opens the agent's socket.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum AgentSocketMode {
    /// The desk.
    Desk,
    /// The tab that owns the phone: it carries the frames over the relay.
    Browser,
    /// No one.
    Off,
}

/// The agent's socket.
#[derive(Serialize, ToSchema)]
struct AgentSocketView {
    /// Who opens it.
    mode: AgentSocketMode,
    /// Where the tab opens the relay; `null` if it does not.
    relay: Option<&'static str>,
}

/// What the tab that owns the phone registers with. Without a phone `enabled` is false, and there is nothing else.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PhoneConfig {
    /// Whether the agent has a phone in the browser.
    enabled: bool,
    /// The agent's socket.
    agent_socket: AgentSocketView,
    #[serde(flatten)]
    account: Option<SipAccount>,
}

/// A softphone's account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SipAccount {
    /// The SIP host.
    domain: String,
    /// The `wss` address of the SIP connection.
    url: String,
    /// The extension.
    extension: String,
    /// Its password.
    #[schema(format = Password)]
    password: String,
    /// Servers for media behind firewalls: none are known.
    ice_servers: Vec<String>,
    /// Which calls the phone answers by itself: 0 none, 1 all, 2 inbound, 3 outbound.
    auto_answer: u32,
}

/// What the tab that owns the phone registers with, and who opens the agent's socket.
#[utoipa::path(
    get,
    path = "/api/phone/config",
    tag = "phone",
    extensions(("x-allow" = json!("agent:own"))),
    responses((status = 200, description = "The settings; never stored", body = PhoneConfig)),
)]
pub(crate) async fn config(State(desk): State<Desk>, caller: Caller) -> Result<Response, Problem> {
    let settings = desk.calling().settings();
    let login = match caller.own.as_slice() {
        [agent] => desk.people().agent_login(agent).await?,
        _ => None,
    };
    let extension = login.as_ref().and_then(|login| login.link.extension.clone());
    let holder = desk.settings().agent_socket.as_ref().map(|socket| socket.holder);
    let agent_socket = match holder {
        Some(SocketHolder::Tab) => {
            AgentSocketView { mode: AgentSocketMode::Browser, relay: Some("/api/phone/relay") }
        }
        Some(SocketHolder::Desk) => AgentSocketView { mode: AgentSocketMode::Desk, relay: None },
        None => AgentSocketView { mode: AgentSocketMode::Off, relay: None },
    };
    let account = match (login, extension, &settings.sip_host, &settings.sip_address) {
        (Some(login), Some(extension), Some(host), Some(address)) => {
            let password = login.sip_password.as_ref().map(|secret| secret.reveal().to_owned());
            let own = login.link.auto_answer;
            Some(SipAccount {
                domain: host.clone(),
                url: address.clone(),
                password: password.unwrap_or_else(|| extension.clone()),
                extension,
                ice_servers: Vec::new(),
                auto_answer: own.unwrap_or_else(|| u8::from(settings.auto_answer).into()),
            })
        }
        _ => None,
    };
    let body = PhoneConfig { enabled: account.is_some(), agent_socket, account };
    let mut response = Json(body).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
