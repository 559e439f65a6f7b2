//! `sim`: the service, simulated.

mod start;
mod yesterday;

pub(super) use start::DID;

use std::time::Duration;

use bytes::Bytes;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use url::Url;

use crate::args::Global;
use crate::failure::{Completion, Failure};
use crate::output::{self, Format, Output};
use crate::settings;
use crate::web::{self, Web, WebReply};

/// Everything can be tried on it, without an account. All but `start` drive one that runs.
#[derive(Debug, Subcommand)]
pub(crate) enum Sim {
    Start(start::Start),
    /// A customer calls a DID.
    Inbound {
        /// The DID that is called. Default: OZONETEL_DID.
        #[arg(long, value_name = "NUMBER")]
        did: Option<String>,
        /// Who calls: a number, a word such as anonymous, or nothing.
        #[arg(long, value_name = "NUMBER", default_value = "9000000001")]
        caller: String,
        /// Which skill answers.
        #[arg(long, value_name = "NAME")]
        skill: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// What a telephone of a live call does.
    Phone {
        /// The call.
        ucid: String,
        /// What it does.
        #[arg(value_enum)]
        action: Action,
        /// The agent's telephone instead of the customer's.
        #[arg(long)]
        agent: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Puts an agent aside as the platform does.
    Agent {
        /// The agent.
        agent: String,
        /// The state.
        #[arg(value_enum)]
        state: Aside,
        /// The reason, for aux.
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
        #[command(flatten)]
        place: Place,
    },
    /// Makes the next requests to a path go wrong.
    Fault {
        /// How, such as cut, close_after, limit_status, html; a wrong word lists them all.
        kind: String,
        /// A path, `mdl` for the agent socket, `push` for callbacks and events, or `*`.
        #[arg(long, value_name = "PATH", default_value = "*")]
        path: String,
        /// How many requests.
        #[arg(long, value_name = "COUNT", default_value_t = 1)]
        count: u32,
        /// Only requests of this method.
        #[arg(long, value_name = "METHOD")]
        method: Option<String>,
        /// How long an answer is delayed.
        #[arg(long, value_name = "MILLISECONDS")]
        delay_ms: Option<u64>,
        /// The status of the kind `status`.
        #[arg(long, value_name = "STATUS")]
        status: Option<u16>,
        #[command(flatten)]
        place: Place,
    },
    /// Moves the clock forward: 90, 90s, 5m, 2h or 1d.
    Clock {
        /// By how much.
        #[arg(value_parser = span)]
        by: Duration,
        #[command(flatten)]
        place: Place,
    },
    /// Where the callback after each call goes.
    CallbackUrl {
        /// The address; empty takes it away.
        url: String,
        /// Only for this campaign.
        #[arg(long, value_name = "NAME")]
        campaign: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// The world as it is: agents, calls.
    State(Place),
    /// The requests that it was sent, without secrets.
    Requests(Place),
    /// Everything back to the beginning, and no faults.
    Reset(Place),
}

/// Which simulator.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The simulator's address. Default: OZONETEL_BASE_URL.
    #[arg(long, value_name = "URL")]
    sim: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Action {
    Answer,
    Hangup,
    Busy,
    NoAnswer,
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Hangup => "hangup",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Aside {
    Idle,
    Aux,
}

/// A span of time: seconds, or a number with s, m or h.
fn span(text: &str) -> Result<Duration, String> {
    let (digits, factor) = match text.char_indices().last() {
        Some((at, 's')) => (text.get(..at), 1),
        Some((at, 'm')) => (text.get(..at), 60),
        Some((at, 'h')) => (text.get(..at), 3600),
        Some((at, 'd')) => (text.get(..at), 86_400),
        _ => (Some(text), 1),
    };
    let seconds = digits.and_then(|digits| digits.parse::<u64>().ok());
    let seconds = seconds.and_then(|count| count.checked_mul(factor));
    seconds.map(Duration::from_secs).ok_or_else(|| "expected 90, 90s, 5m, 2h or 1d".to_owned())
}

/// The body of a request of the simulator's control.
enum Control {
    Get(&'static str),
    Post(&'static str, Value),
}

impl Sim {
    pub(crate) async fn run(self, flags: &Global) -> Result<Completion, Failure> {
        let (place, control) = match self {
            Self::Start(start) => return start.run(flags).await,
            Self::Inbound { did, caller, skill, place } => {
                let set = |name: &str| settings::variables(flags).map(|mut all| all.remove(name));
                let did = match did {
                    Some(did) => did,
                    None => set("OZONETEL_DID")?.unwrap_or_else(|| start::DID.to_owned()),
                };
                let body = json!({ "did": did, "caller": caller, "skill": skill });
                (place, Control::Post("inbound", body))
            }
            Self::Phone { ucid, action, agent, place } => {
                let leg = if agent { "agent" } else { "customer" };
                let body = json!({ "ucid": ucid, "leg": leg, "action": action.word() });
                (place, Control::Post("call", body))
            }
            Self::Agent { agent, state, reason, place } => {
                let state = if state == Aside::Idle { "idle" } else { "aux" };
                let body = json!({ "agent": agent, "state": state, "reason": reason });
                (place, Control::Post("agent", body))
            }
            Self::Fault { kind, path, count, method, delay_ms, status, place } => {
                let body = json!({ "kind": kind, "path": path, "count": count, "method": method,
                    "delay_ms": delay_ms, "status": status });
                (place, Control::Post("faults", body))
            }
            Self::Clock { by, place } => {
                (place, Control::Post("clock", json!({ "advance_s": by.as_secs() })))
            }
            Self::CallbackUrl { url, campaign, place } => {
                let body = json!({ "url": url, "campaign": campaign });
                (place, Control::Post("callback_url", body))
            }
            Self::State(place) => (place, Control::Get("state")),
            Self::Requests(place) => (place, Control::Get("requests")),
            Self::Reset(place) => (place, Control::Post("reset", json!({}))),
        };
        let answer = control.send(&place.url(flags)?).await?;
        print(flags.printing(), answer)
    }
}

impl Place {
    fn url(&self, flags: &Global) -> Result<Url, Failure> {
        if let Some(given) = &self.sim {
            return web::address("--sim", given);
        }
        let set = settings::variables(flags)?.remove("OZONETEL_BASE_URL");
        let set = set.ok_or_else(|| {
            Failure::usage(
                "it is not known where the simulator is: give --sim, or set OZONETEL_BASE_URL; `ozonetel sim start` \
                 starts one and says where it is",
            )
        })?;
        web::address("OZONETEL_BASE_URL", &set)
    }
}

impl Control {
    async fn send(self, base: &Url) -> Result<Value, Failure> {
        let (method, name, body) = match self {
            Self::Get(name) => (http::Method::GET, name, Bytes::new()),
            Self::Post(name, body) => (http::Method::POST, name, Bytes::from(body.to_string())),
        };
        let url = format!("{}/_sim/{name}", base.as_str().trim_end_matches('/'));
        let request = http::Request::builder()
            .method(method)
            .uri(url)
            .header("content-type", "application/json")
            .body(body)
            .map_err(|_| Failure::usage("the simulator's address cannot be used"))?;
        let reply = Web::new()?.send(request).await.map_err(|error| {
            Failure::unreachable(format!("no simulator answers at {base}: {error}"))
                .advise("ozonetel sim start")
        })?;
        read(&reply, base)
    }
}

fn read(reply: &WebReply, base: &Url) -> Result<Value, Failure> {
    let none = || Failure::unreachable(format!("what answers at {base} is not a simulator"));
    let answer: Value = serde_json::from_slice(&reply.body).map_err(|_| none())?;
    if reply.status().is_success() {
        return Ok(answer);
    }
    let reason = answer.get("error").and_then(Value::as_str).ok_or_else(none)?;
    Err(Failure::usage(reason.to_owned()))
}

/// Agents and calls of a state as two lists; anything else as it is.
fn print(output: Output, answer: Value) -> Result<Completion, Failure> {
    if output.format != Format::Table {
        return output::reply(output, answer);
    }
    match answer {
        Value::Object(mut state) if state.contains_key("agents") => {
            let mut list = |name: &str, keep: &[&str]| {
                let rows = state.remove(name).and_then(|rows| rows.as_array().cloned());
                let rows = rows.unwrap_or_default().into_iter();
                let kept = |row: Value| {
                    let cell = |name: &&str| ((*name).to_owned(), row[*name].clone());
                    Value::Object(keep.iter().map(cell).collect())
                };
                rows.map(kept).collect::<Vec<Value>>()
            };
            let of_agents = ["id", "state", "login", "pause_reason", "ucid"];
            let agents = list("agents", &of_agents);
            let of_calls = ["ucid", "direction", "state", "agent", "caller", "disposition"];
            let calls = list("calls", &of_calls);
            output::reply(output, json!({ "now": state["now"] }))?;
            output::table_of(output, &of_agents, &agents)?;
            output::table_of(output, &of_calls, &calls)
        }
        Value::Object(mut log) if log.contains_key("requests") => {
            output::reply(output, log.remove("requests").unwrap_or_default())
        }
        other => output::reply(output, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_seconds_or_have_a_unit() {
        for (text, seconds) in
            [("90", 90), ("90s", 90), ("5m", 300), ("2h", 7200), ("1d", 86_400), ("0", 0)]
        {
            assert_eq!(span(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for bad in ["", "s", "-5", "1w", "5 m", "18446744073709551615h", "é"] {
            assert!(span(bad).is_err(), "{bad}");
        }
    }
}
