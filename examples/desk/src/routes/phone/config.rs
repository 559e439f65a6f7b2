//! What a tab needs to register the agent's phone.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde_json::json;

use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::problem::Problem;

/// What the tab that owns the phone registers with; `enabled` is false for who has none.
#[utoipa::path(
    get,
    path = "/api/phone/config",
    tag = "phone",
    extensions(("x-allow" = json!("agent:own"))),
    responses((status = 200, description = "The settings; never stored", body = Object)),
)]
pub(crate) async fn config(State(desk): State<Desk>, caller: Caller) -> Result<Response, Problem> {
    let settings = desk.calling().settings();
    let login = match caller.own.as_slice() {
        [agent] => desk.people().agent_login(agent).await?,
        _ => None,
    };
    let extension = login.as_ref().and_then(|login| login.link.extension.clone());
    let body = match (login, extension, &settings.sip_host, &settings.sip_address) {
        (Some(login), Some(extension), Some(host), Some(address)) => {
            let password = login.sip_password.as_ref().map(|secret| secret.reveal().to_owned());
            json!({
                "enabled": true,
                "domain": host,
                "url": address,
                "password": password.unwrap_or_else(|| extension.clone()),
                "extension": extension,
                "iceServers": [],
                "autoAnswer": login.link.auto_answer.unwrap_or_else(|| u8::from(settings.auto_answer).into()),
            })
        }
        _ => json!({"enabled": false}),
    };
    let mut response = Json(body).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
