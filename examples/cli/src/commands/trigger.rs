//! `trigger`: a realistic push, sent to a receiver of yours.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use clap::{Args, ValueEnum};
use ozonetel_sim::Sim;
use ozonetel_sim::world::{PhoneAction, Push, PushKind, Setup};
use serde_json::{Value, json};
use url::Url;

use super::perform::Confirmation;
use crate::args::Global;
use crate::context;
use crate::failure::{Completion, Failure};
use crate::output;
use crate::push_url;
use crate::settings;
use crate::stop;
use crate::web::{self, Web};

/// Sends what the service would send, made of a simulated call: with a made-up key, and with the secret of the
/// receiver's address if OZONETEL_PUSH_SECRET is set.
#[derive(Debug, Args)]
pub(crate) struct Trigger {
    /// What is sent.
    #[arg(value_enum)]
    what: What,
    /// Where it goes.
    #[arg(long, value_name = "URL")]
    to: String,
    /// Who calls.
    #[arg(long, value_name = "NUMBER", default_value = "9000000001")]
    caller: String,
    /// The caller gives up: a missed call.
    #[arg(long)]
    missed: bool,
    /// Sends the account's real key in the callback; only to this machine or over https, and only after asking.
    #[arg(long)]
    with_account_key: bool,
    #[command(flatten)]
    confirmation: Confirmation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// The callback after a call.
    Callback,
    /// The events of a call.
    Event,
    /// The events of an agent.
    AgentEvent,
    /// What an agent's browser is sent when a call comes.
    ScreenPop,
    /// The request of KooKoo for a new call.
    Kookoo,
}

/// The number of the simulated application.
const APPLICATION: &str = "918000000009";

impl Trigger {
    pub(crate) async fn run(self, flags: &Global) -> Result<Completion, Failure> {
        let stop = stop::listen().map_err(|error| Failure::output(&error))?;
        let variables = settings::variables(flags)?;
        let to = web::address("--to", &self.to)?;
        let verifier = push_url::verifier(variables.get(push_url::VARIABLE).map(String::as_str))?;
        let to = match &verifier {
            Some(verifier) => {
                let signer = ozonetel_sdk::push::verify::Signer::of(verifier);
                web::address("--to", &signer.url(to.as_str())?)?
            }
            None => to,
        };
        let mut setup = Setup::default();
        if self.with_account_key {
            let get = |name: &str| variables.get(name).cloned();
            let missing =
                || Failure::credentials("there is no account key to send: `ozonetel login`");
            (setup.account, setup.key) = (
                get("OZONETEL_ACCOUNT").ok_or_else(missing)?,
                get("OZONETEL_API_KEY").ok_or_else(missing)?,
            );
            if !web::is_loopback(&to) && to.scheme() != "https" {
                return Err(Failure::usage(
                    "the account's key is sent to this machine or over https only: --to is neither",
                ));
            }
            let host = to.host_str().unwrap_or_default();
            let question = format!("The account's real key goes to {host}. Go on?");
            if !context::ask(question, self.confirmation.yes, Some(stop.clone())).await? {
                return Err(Failure::usage(
                    "there is no terminal to ask on: --yes sends the account's key",
                ));
            }
        }
        let sent = async {
            let requests = self.requests(setup, &to).await?;
            if requests.is_empty() {
                return Err(Failure::usage("the simulated call brought nothing of this kind"));
            }
            self.send(flags, requests).await
        };
        tokio::select! {
            biased;
            sent = sent => sent,
            signal = stop => Err(Failure::stopped(signal)),
        }
    }

    async fn send(
        &self,
        flags: &Global,
        requests: Vec<http::Request<Bytes>>,
    ) -> Result<Completion, Failure> {
        let web = Web::new()?;
        let mut rows = Vec::new();
        let mut refused = false;
        for (at, request) in requests.into_iter().enumerate() {
            let bytes = request.body().len();
            let reply = web.send(request).await.map_err(|error| {
                Failure::unreachable(format!("the receiver did not answer: {error}"))
                    .advise("start it, or `ozonetel listen` in another shell")
            })?;
            refused |= !reply.status().is_success();
            rows.push(json!({ "push": at + 1, "bytes": bytes, "status": reply.status().as_u16() }));
        }
        output::reply(flags.printing(), Value::from(rows))?;
        if refused {
            return Err(Failure::unreachable("the receiver did not take all of it"));
        }
        Ok(Completion::Clean)
    }

    /// The requests, made of one simulated call.
    async fn requests(&self, setup: Setup, to: &Url) -> Result<Vec<http::Request<Bytes>>, Failure> {
        let url = to.as_str();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let builder = Sim::builder().setup(setup);
        let builder = match self.what {
            What::Callback => builder.callback_url(url),
            What::Kookoo => builder.application(APPLICATION, url),
            _ => builder,
        };
        let sim = builder.build();
        match self.what {
            What::Event => sim.set_event_urls(url, ""),
            What::AgentEvent => sim.set_event_urls("", url),
            _ => {}
        }
        let cannot =
            |what: &str| Failure::usage(format!("the simulated call cannot be made: {what}"));
        if self.what == What::Kookoo {
            let asked_for = Arc::clone(&asked);
            sim.set_application(move |request| {
                asked_for.lock().unwrap_or_else(PoisonError::into_inner).push(request.url.clone());
                "<response><hangup></hangup></response>".to_owned()
            });
            sim.inbound(APPLICATION, &self.caller).ok_or_else(|| cannot("no such number"))?;
            let urls = asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
            return urls.iter().take(1).map(|url| get(url)).collect();
        }
        let login = sim.change(|world| world.login("agent01", "secret", ""));
        login.map_err(|_| cannot("agent01 cannot log in"))?;
        let call = sim
            .inbound(super::sim::DID, &self.caller)
            .ok_or_else(|| cannot("the DID belongs to no campaign"))?;
        let ucid = call.ucid.to_string();
        if self.missed {
            sim.customer(&ucid, PhoneAction::Hangup).map_err(|_| cannot("the caller is gone"))?;
        }
        sim.advance(Duration::from_secs(30)).await;
        if self.what == What::ScreenPop {
            return Ok(vec![get(&self.pop(to, &ucid, &call.monitor_ucid.to_string()))?]);
        }
        if !self.missed {
            sim.customer(&ucid, PhoneAction::Hangup).map_err(|_| cannot("the call has ended"))?;
        }
        // The callback waits for the end of after-call work.
        sim.advance(Duration::from_mins(3)).await;
        let wanted = |push: &Push| match self.what {
            What::Callback => push.kind == PushKind::Callback,
            What::Event => push.kind == PushKind::CallEvent,
            _ => push.kind == PushKind::AgentEvent,
        };
        sim.take_pushes().into_iter().filter(wanted).map(request).collect()
    }

    /// The address of a screen pop, its fields in the query.
    fn pop(&self, to: &Url, ucid: &str, call: &str) -> String {
        let mut url = to.clone();
        url.query_pairs_mut()
            .append_pair("phoneNumber", &self.caller)
            .append_pair("callerID", &self.caller)
            .append_pair("ucid", ucid)
            .append_pair("monitorUcid", call)
            .append_pair("did", super::sim::DID)
            .append_pair("skillName", "General")
            .append_pair("agentID", "agent01")
            .append_pair("agentUniqueID", "1001")
            .append_pair("agentPhoneNumber", "500001")
            .append_pair("phoneName", "agent01")
            .append_pair("type", "inbound")
            .append_pair("customer", "acme_support");
        url.into()
    }
}

fn get(url: &str) -> Result<http::Request<Bytes>, Failure> {
    let request = http::Request::get(url).body(Bytes::new());
    request.map_err(|_| Failure::usage("--to cannot be used with the fields of the push"))
}

fn request(push: Push) -> Result<http::Request<Bytes>, Failure> {
    let mut request = http::Request::builder().method(push.method).uri(push.url);
    if let Some(content_type) = push.content_type {
        request = request.header("content-type", content_type);
    }
    request.body(push.body).map_err(|_| Failure::usage("--to cannot be used"))
}
