//! Twilio as a carrier: the caller's leg is sent to the agent's SIP extension, or the agent's leg is created first and
//! then connected to where the caller waits.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::{Method, Request, header};
use ozonetel_sdk::auth::Secret;
use ozonetel_sdk::client::Variables;
use ozonetel_sdk::error::Invalid;
use ozonetel_sdk::transport::reqwest::{Network, Reqwest};
use ozonetel_sdk::transport::{Incoming, Outgoing, SendStage, Transport};
use serde_json::Value;
use url::Url;
use url::form_urlencoded::Serializer;

use super::{Carrier, CarrierError, LegOrder, RungLeg};
use crate::core::profile::{CallKeys, Extension};
use crate::core::twilio::{Bridge, FormParams, is_signed};

/// Twilio's name in requests.
pub const TWILIO: &str = "twilio";

/// Where Twilio's interface is.
const API: &str = "https://api.twilio.com";

/// How long Twilio may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long an agent is rung, in seconds.
const RINGS_SEC: u32 = 30;

/// The largest answer that is read.
const MOST_ANSWER: usize = 256 << 10;

/// An account at Twilio, and where its calls go.
#[derive(Clone)]
pub struct TwilioSettings {
    /// The account's id.
    pub account_sid: String,
    /// The account's token: for requests, and for the signatures of Twilio's.
    pub auth_token: Secret,
    /// The number that agents are shown.
    pub caller_id: String,
    /// The public address of this desk.
    pub base_url: String,
    /// The domain of the agents' SIP extensions.
    pub sip_domain: String,
    /// Where Twilio's interface is.
    pub api: String,
}

impl fmt::Debug for TwilioSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwilioSettings").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// What is of no use without an account.
const ALONE: [&str; 3] =
    ["TWILIO_AUTH_TOKEN", "TWILIO_TRANSFER_CALLER_ID", "VOICE_ASSISTANT_TRANSFER_BASE_URL"];

impl TwilioSettings {
    /// From variables; `None` if there is no account.
    ///
    /// # Errors
    /// The variable that is missing or cannot be parsed.
    pub fn read(variables: &dyn Variables) -> Result<Option<Self>, Invalid> {
        let get = |name: &str| {
            variables.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        let Some(account_sid) = get("TWILIO_ACCOUNT_SID") else {
            return match ALONE.into_iter().find(|name| get(name).is_some()) {
                Some(name) => Err(Invalid::new(name, "is set, and TWILIO_ACCOUNT_SID is not")),
                None => Ok(None),
            };
        };
        let plain = |text: &String| text.bytes().all(|b| b.is_ascii_alphanumeric());
        if !plain(&account_sid) {
            return Err(Invalid::new("TWILIO_ACCOUNT_SID", "expected letters and digits"));
        }
        let needed = |name: &'static str| {
            get(name).ok_or(Invalid::new(name, "is missing: TWILIO_ACCOUNT_SID is set"))
        };
        let base = get("VOICE_ASSISTANT_TRANSFER_BASE_URL").or_else(|| get("DESK_PUBLIC_URL"));
        let base = base.ok_or(Invalid::new(
            "VOICE_ASSISTANT_TRANSFER_BASE_URL",
            "is missing: TWILIO_ACCOUNT_SID is set",
        ))?;
        let domain = get("SIP_DOMAIN").or_else(|| get("FREEPBX_DOMAIN"));
        let domain =
            domain.ok_or(Invalid::new("SIP_DOMAIN", "is missing: TWILIO_ACCOUNT_SID is set"))?;
        let host = |text: &str| {
            let plain = |b: u8| b.is_ascii_alphanumeric() || b".-:[]".contains(&b);
            text.bytes().all(plain)
        };
        if !host(&domain) {
            return Err(Invalid::new("SIP_DOMAIN", "expected a host, with a port if there is one"));
        }
        Ok(Some(Self {
            account_sid,
            auth_token: needed("TWILIO_AUTH_TOKEN")?.into(),
            caller_id: needed("TWILIO_TRANSFER_CALLER_ID")?,
            base_url: base_url(&base)?,
            sip_domain: domain,
            api: API.to_owned(),
        }))
    }
}

/// An address without anything after its path.
fn base_url(text: &str) -> Result<String, Invalid> {
    let wrong = Invalid::new("VOICE_ASSISTANT_TRANSFER_BASE_URL", "expected https://NAME");
    let Ok(url) = Url::parse(text) else { return Err(wrong) };
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let secure = url.scheme() == "https" || (url.scheme() == "http" && local);
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if secure && plain && url.has_host() {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err(wrong)
    }
}

/// Twilio.
#[derive(Clone)]
pub struct Twilio {
    settings: TwilioSettings,
    transport: Arc<dyn Transport>,
}

impl fmt::Debug for Twilio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Twilio").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Twilio {
    /// Over the network.
    ///
    /// # Errors
    /// The HTTP client cannot be built.
    pub fn new(settings: TwilioSettings) -> Result<Self, Invalid> {
        Ok(Self::with(settings, Arc::new(Reqwest::new(&Network::default())?)))
    }

    /// Over a transport.
    pub fn with(settings: TwilioSettings, transport: Arc<dyn Transport>) -> Self {
        Self { settings, transport }
    }

    /// Whether a request to one of this desk's addresses is Twilio's.
    pub fn is_signed(&self, path_and_query: &str, params: &FormParams, header: &str) -> bool {
        let url = format!("{}{path_and_query}", self.settings.base_url);
        is_signed(self.settings.auth_token.reveal().as_bytes(), &url, params, header)
    }

    /// One of this desk's addresses, as Twilio reaches it.
    pub fn address(&self, route: &str, query: &[(&str, &str)]) -> String {
        let query = Serializer::new(String::new()).extend_pairs(query).finish();
        format!("{}/webhooks/twilio/{route}?{query}", self.settings.base_url)
    }

    fn sip(&self, user: &Extension) -> String {
        format!("sip:{user}@{};transport=udp", self.settings.sip_domain)
    }

    /// How a leg is connected to an extension: the agent's, or where the caller waits. `leg` is whose that is.
    pub fn bridge(&self, handoff: &str, to: &Extension, leg: &str) -> Bridge {
        Bridge {
            sip: self.sip(to),
            caller_id: self.settings.caller_id.clone(),
            action: self.address("status", &[("handoff", handoff), ("leg", "bridge")]),
            status: self.address("status", &[("handoff", handoff), ("leg", leg)]),
            timeout_sec: RINGS_SEC,
        }
    }

    /// Sends the caller's leg to the desk's own instructions.
    async fn redirect(&self, call: &str, handoff: &str) -> Result<RungLeg, CarrierError> {
        let url = self.address("voice", &[("handoff", handoff)]);
        let form = [("Url", url.as_str()), ("Method", "POST")];
        self.post(&format!("/Calls/{call}.json"), &form).await.map(|_| RungLeg::default())
    }

    /// Creates the agent's leg.
    async fn create(&self, order: &LegOrder) -> Result<RungLeg, CarrierError> {
        let url = self.address("voice", &[("handoff", &order.handoff)]);
        let status = self.address("status", &[("handoff", &order.handoff), ("leg", "agent")]);
        let (to, rings) = (self.sip(&order.extension), RINGS_SEC.to_string());
        let form = [
            ("To", to.as_str()),
            ("From", self.settings.caller_id.as_str()),
            ("Url", url.as_str()),
            ("Method", "POST"),
            ("StatusCallback", status.as_str()),
            ("StatusCallbackMethod", "POST"),
            ("StatusCallbackEvent", "initiated"),
            ("StatusCallbackEvent", "ringing"),
            ("StatusCallbackEvent", "answered"),
            ("StatusCallbackEvent", "completed"),
            ("Timeout", rings.as_str()),
        ];
        let answer = self.post("/Calls.json", &form).await?;
        // A leg that exists and has no name: its callbacks will bring one.
        let sid = answer["sid"].as_str().and_then(|sid| Extension::new(sid).ok());
        let sid = sid.ok_or(CarrierError::Unknown)?;
        Ok(RungLeg { leg_sid: Some(sid.as_str().to_owned()), ucid: None })
    }

    /// Sends one request, once.
    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Value, CarrierError> {
        let TwilioSettings { account_sid, auth_token, api, .. } = &self.settings;
        let login = STANDARD.encode(format!("{account_sid}:{}", auth_token.reveal()));
        let body = Serializer::new(String::new()).extend_pairs(form).finish();
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{api}/2010-04-01/Accounts/{account_sid}{path}"))
            .header(header::AUTHORIZATION, format!("Basic {login}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(Bytes::from(body))
            .map_err(|_| CarrierError::Failed("Twilio's address cannot be used".to_owned()))?;
        let exchange = async {
            let sent = self.transport.send(Outgoing::new(request, true)).await;
            let answer = sent.map_err(|failure| match failure.stage() {
                SendStage::NotSent => CarrierError::Failed("Twilio was not reached".to_owned()),
                _ => CarrierError::Unknown,
            })?;
            let status = answer.head.status();
            let body = body_of(answer).await;
            judge(status, body)
        };
        tokio::time::timeout(PATIENCE, exchange).await.unwrap_or(Err(CarrierError::Unknown))
    }
}

/// The whole body; `None` if it breaks off or is too large.
async fn body_of(answer: Incoming) -> Option<Bytes> {
    let (mut body, mut whole) = (answer.body, BytesMut::new());
    while let Some(part) = body.next().await {
        whole.extend_from_slice(&part.ok()?);
        if whole.len() > MOST_ANSWER {
            return None;
        }
    }
    Some(whole.freeze())
}

/// What an answer means: an error document's code is kept, its text is not, because it repeats the request.
fn judge(status: http::StatusCode, body: Option<Bytes>) -> Result<Value, CarrierError> {
    let document = body.and_then(|body| serde_json::from_slice::<Value>(&body).ok());
    if status.is_success() {
        return document.ok_or(CarrierError::Unknown);
    }
    // A server that failed may have done it first.
    if status.is_server_error() || status.is_redirection() || status.is_informational() {
        return Err(CarrierError::Unknown);
    }
    let code = document.as_ref().and_then(|document| document["code"].as_u64());
    let meaning = match (code, status.as_u16()) {
        (Some(20_003), _) | (_, 401 | 403) => "it does not take the account's credentials",
        (Some(20_429), _) | (_, 429) => "too many requests",
        (Some(21_220), _) => "the caller's call is not in progress",
        (Some(20_404), _) | (_, 404) => "there is no such call",
        (Some(13_223 | 13_224 | 21_211), _) => "the SIP address is not taken",
        (Some(21_210 | 21_212 | 21_213), _) => "the number to show is not taken",
        _ => "it does not take the request",
    };
    let code = code.map(|code| format!(" (error {code})")).unwrap_or_default();
    Err(CarrierError::Failed(format!("Twilio refused: {meaning}{code}")))
}

#[async_trait]
impl Carrier for Twilio {
    fn name(&self) -> &'static str {
        TWILIO
    }

    fn is_way_of(&self, keys: &CallKeys) -> bool {
        keys.call_sid.is_some()
    }

    fn check(&self, order: &LegOrder) -> Result<(), CarrierError> {
        if order.keys.call_sid.is_some() || order.waits_at.is_some() {
            return Ok(());
        }
        let text = "is missing, and so is waits_at: there is no leg of the caller to connect";
        Err(CarrierError::Missing { field: "call_sid", text })
    }

    async fn ring(&self, order: &LegOrder) -> Result<RungLeg, CarrierError> {
        self.check(order)?;
        match &order.keys.call_sid {
            Some(call) => self.redirect(call, &order.handoff).await,
            None => self.create(order).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde_json::json;

    use super::*;

    fn read(set: &[(&'static str, &'static str)]) -> Result<Option<TwilioSettings>, Invalid> {
        let set = set.to_vec();
        TwilioSettings::read(&move |name: &str| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    const WHOLE: [(&str, &str); 5] = [
        ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000001"),
        ("TWILIO_AUTH_TOKEN", "test-token"),
        ("TWILIO_TRANSFER_CALLER_ID", "+12015550123"),
        ("DESK_PUBLIC_URL", "https://desk.example.test/"),
        ("FREEPBX_DOMAIN", "pbx.example.test"),
    ];

    #[test]
    fn an_account_needs_all_of_its_settings_and_none_without_one() {
        assert!(read(&[]).unwrap().is_none());
        // What is said of Twilio without one is of no use, and not meant.
        assert_eq!(read(&WHOLE[1..]).unwrap_err().field(), "TWILIO_AUTH_TOKEN");
        assert!(read(&[("SIP_DOMAIN", "pbx.example.test")]).unwrap().is_none());
        let settings = read(&WHOLE).unwrap().unwrap();
        assert_eq!(settings.base_url, "https://desk.example.test");
        assert_eq!(settings.sip_domain, "pbx.example.test");
        assert!(!format!("{settings:?}").contains("test-token"));
        for missing in 1..5 {
            let mut set = WHOLE.to_vec();
            let (name, _) = set.remove(missing);
            let expected = match name {
                "DESK_PUBLIC_URL" => "VOICE_ASSISTANT_TRANSFER_BASE_URL",
                "FREEPBX_DOMAIN" => "SIP_DOMAIN",
                name => name,
            };
            assert_eq!(read(&set).unwrap_err().field(), expected);
        }
        for (name, value) in [
            ("VOICE_ASSISTANT_TRANSFER_BASE_URL", "http://desk.example.test"),
            ("VOICE_ASSISTANT_TRANSFER_BASE_URL", "https://desk.example.test/?x=1"),
            ("TWILIO_ACCOUNT_SID", "AC/../x"),
            ("SIP_DOMAIN", "pbx.example.test;x=1"),
        ] {
            let mut set = vec![(name, value)];
            set.extend(WHOLE);
            assert_eq!(read(&set).unwrap_err().field(), name, "{value}");
        }
    }

    #[test]
    fn an_answer_is_a_success_a_refusal_or_unknown() {
        let judged = |status: u16, body: Value| {
            judge(StatusCode::from_u16(status).unwrap(), Some(body.to_string().into()))
        };
        assert_eq!(judged(201, json!({"sid": "CA1"})).unwrap()["sid"], "CA1");
        for (status, code, part) in [
            (401, 20_003, "credentials"),
            (429, 20_429, "too many"),
            (400, 21_220, "not in progress"),
            (404, 20_404, "no such call"),
            (400, 21_211, "SIP address"),
            (400, 99_999, "does not take the request (error 99999)"),
        ] {
            let body = json!({"code": code, "message": "+919000000011 is wrong", "status": status});
            let error = judged(status, body).unwrap_err();
            let CarrierError::Failed(text) = error else { panic!("{status}: {error:?}") };
            assert!(text.contains(part) && !text.contains("9000000011"), "{text}");
        }
        for status in [500, 502, 503, 301] {
            assert_eq!(judged(status, json!({})), Err(CarrierError::Unknown), "{status}");
        }
        assert_eq!(judge(StatusCode::CREATED, None), Err(CarrierError::Unknown));
    }
}
