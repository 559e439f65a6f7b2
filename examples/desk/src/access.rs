//! Who may do what. One middleware enforces, for every route, what the OpenAPI document says of it.
//!
//! A route has its rule in its own attribute, `x-allow` ([`rule`]). From the document come the router, the reference
//! page, the table that is enforced ([`table`]) and the test that walks callers × routes. What a rule cannot say, whose
//! record it is, the handler asks the [`Caller`]; what a caller may not see is answered as if it did not exist.

pub(crate) mod meant;
pub mod rule;
pub mod table;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Once};

use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use ozonetel_sdk::types::AgentId;

use crate::core::caller::{ActingAgent, Caller, Scope};
use crate::desk::Desk;
use crate::ops::{Life, Metrics};
use crate::people::cookie;
use crate::people::sign_in::RequestOrigin;
use crate::people::{People, Presented, Proof};
use crate::problem::{Kind, Problem, RequestId};
use crate::store::sessions::Session;

use rule::{Denial, Rule};
use table::{RouteInfo, RouteTable};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED: [HeaderName; 3] =
    [FORWARDED_FOR, header::FORWARDED, HeaderName::from_static("x-real-ip")];

/// That a proxy may stand in front which is not listened to is said once.
static UNHEARD_PROXY: Once = Once::new();

/// A request that was let in: by whom, and to what.
#[derive(Debug)]
pub(crate) struct Admitted {
    presented: Option<Presented>,
    /// What the document says of the route.
    pub(crate) route: Arc<RouteInfo>,
    /// The desk's metrics.
    pub(crate) metrics: Metrics,
}

impl Admitted {
    fn presented(parts: &Parts) -> Option<&Presented> {
        parts.extensions.get::<Arc<Self>>()?.presented.as_ref()
    }
}

/// What the middleware judges by.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    people: People,
    metrics: Metrics,
    life: Life,
    table: RouteTable,
}

impl Gate {
    pub(crate) fn new(desk: &Desk, table: RouteTable) -> Self {
        let (people, life) = (desk.people().clone(), desk.life().clone());
        Self { people, life, metrics: desk.metrics().clone(), table }
    }

    /// Judges a request, and leaves in it who asks.
    async fn admit(&self, request: &mut Parts) -> Result<(), Problem> {
        let (address, headers) = (&self.people.settings().address, &request.headers);
        if !address.is_host(headers) {
            let text = "Host names another site; DESK_PUBLIC_URL or DESK_HOSTS says under which names this desk is reached";
            return Err(Problem::bad_request(text));
        }
        let path = request.extensions.get::<MatchedPath>().cloned();
        // No route, or none with this method: answered as that.
        let Some(path) = path else { return Ok(()) };
        let path = path.as_str();
        let Some(info) = self.table.route(&request.method, path).cloned() else {
            if self.table.has_path(path) {
                return Ok(());
            }
            tracing::error!(path, "a route is not in the document: it is not served");
            return Err(Problem::new(Kind::NotFound, "there is no such route"));
        };
        if !info.rule.is_for_set_up() && !self.people.is_set_up().await? {
            let text = "there is no administrator yet: open the set-up link that the desk printed when it started, or run `desk user add`";
            return Err(Problem::new(Kind::NotSetUp, text));
        }
        let mut presented = None;
        if info.rule.is_open() {
            self.check_open(&info, request)?;
        } else {
            presented = self.present(request).await?;
            let loopback = info.rule.is_for_loopback() && is_local(request);
            if !loopback || presented.is_some() {
                let caller = presented.as_ref().map(|presented| &presented.caller);
                info.rule.check(caller).map_err(|denial| problem(denial, info.rule))?;
            }
        }
        let metrics = self.metrics.clone();
        request.extensions.insert(Arc::new(Admitted { presented, route: info, metrics }));
        self.check_life(&request.method)
    }

    /// Once the desk is stopping, it takes no new command; what is asked only is still answered.
    fn check_life(&self, method: &Method) -> Result<(), Problem> {
        if self.life.is_stopping() && !is_safe(method) {
            return Err(Problem::new(Kind::Busy, "the desk is stopping; nothing was done"));
        }
        Ok(())
    }

    /// A page of another site signs no one in.
    fn check_open(&self, info: &RouteInfo, request: &Parts) -> Result<(), Problem> {
        let gives = !is_safe(&request.method) && !info.rule.is_by_secret();
        if gives && !self.people.settings().address.may_sign_in(&request.headers) {
            return Err(another_site());
        }
        Ok(())
    }

    /// Who asks: by token alone if there is one, else by the session's cookie.
    async fn present(&self, request: &Parts) -> Result<Option<Presented>, Problem> {
        let (people, headers) = (&self.people, &request.headers);
        if headers.contains_key(header::AUTHORIZATION) {
            let token = bearer(headers).ok_or_else(|| {
                Problem::new(Kind::NotSignedIn, "Authorization has to be Bearer and one token")
            })?;
            let found = people.with_token(token).await?;
            let unknown = || {
                Problem::new(
                    Kind::NotSignedIn,
                    "the token is not known: it was revoked, has ended, or was never made",
                )
            };
            return found.map(Some).ok_or_else(unknown);
        }
        let address = &people.settings().address;
        let Some(secret) = cookie::session(address.is_secure(), headers) else { return Ok(None) };
        let Some(found) = people.with_session(secret).await? else { return Ok(None) };
        if !address.may_use_cookie(&request.method, headers) {
            return Err(another_site());
        }
        if meant::names_another(&found.caller.id, request) {
            let text = "another user is signed in by now; nothing was done";
            return Err(Problem::new(Kind::NotSignedIn, text).because("other_user"));
        }
        Ok(Some(found))
    }
}

/// Lets a request through that may pass, and gives each answer what all answers have.
pub(crate) async fn enforce(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let mut response = match gate.admit(&mut parts).await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(problem) => problem.into_response(),
    };
    let headers = response.headers_mut();
    // These, and the request's id.
    headers.reserve(5);
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// The token of the one `Authorization` header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, more) = (values.next()?, values.next());
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (more.is_none() && scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Whether a request comes from this machine itself and through no proxy.
fn is_local(request: &Parts) -> bool {
    let peer = request.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback())
        && !FORWARDED.iter().any(|name| request.headers.contains_key(name))
}

fn another_site() -> Problem {
    Problem::new(Kind::Forbidden, "a page of another site may not do this; use an API token")
}

fn problem(denial: Denial, rule: Rule) -> Problem {
    match denial {
        Denial::NotSignedIn => {
            Problem::new(Kind::NotSignedIn, "sign in, or send Authorization: Bearer and a token")
        }
        Denial::NotAllowed => Problem::new(
            Kind::Forbidden,
            format!("this is not for your role, but for: {}", rule.told()),
        ),
        Denial::PasswordFirst => {
            Problem::new(Kind::Forbidden, "change your password first: PUT /api/me/password")
        }
    }
}

/// Who asks. The routes that are open to anyone have none.
impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let presented = Admitted::presented(parts).ok_or_else(no_caller)?;
        Ok(presented.caller.clone())
    }
}

/// What shows later whether who asks still may.
impl<S: Send + Sync> FromRequestParts<S> for Proof {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let presented = Admitted::presented(parts).ok_or_else(no_caller)?;
        Ok(presented.proof.clone())
    }
}

fn no_caller() -> Problem {
    Problem::new(Kind::Internal, "the route does not say who may ask")
}

/// The session that a request rests on.
impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let session = Admitted::presented(parts).and_then(|presented| presented.session.clone());
        session.ok_or_else(|| {
            Problem::new(Kind::Forbidden, "this is for who signed in, not for a token")
        })
    }
}

impl FromRequestParts<Desk> for RequestOrigin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let mut peer = peer.map(|ConnectInfo(peer)| peer.ip());
        if desk.people().settings().behind_proxy {
            peer = forwarded(&parts.headers).or(peer);
        } else if parts.headers.contains_key(FORWARDED_FOR) {
            UNHEARD_PROXY.call_once(|| {
                tracing::warn!(
                    "requests have X-Forwarded-For, which is not believed: where a proxy stands in front, all who \
                     sign in count as one address until DESK_BEHIND_PROXY=on"
                );
            });
        }
        let request = parts.extensions.get::<RequestId>().map(|id| id.as_str().to_owned());
        Ok(Self { peer, request })
    }
}

/// The address that the proxy in front saw: the last one in the list, because whoever asks can write the others.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let line = headers.get_all(FORWARDED_FOR).iter().next_back()?;
    line.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

/// The answer for a record that is not there, and for one that the caller may not see.
pub(crate) fn no_such(what: &str) -> Problem {
    Problem::new(Kind::NotFound, format!("there is no such {what}"))
}

/// The agent a request is for: the one it names, the caller's own, the desk's own.
///
/// # Errors
/// [`Kind::NotFound`] for one whom the caller may not see; [`Kind::BadRequest`] if there is none to take.
pub(crate) fn acting_agent(
    desk: &Desk,
    caller: &Caller,
    said: Option<AgentId>,
) -> Result<AgentId, Problem> {
    let said = said.filter(|id| !id.as_str().trim().is_empty());
    match caller.acting_agent(said) {
        ActingAgent::Agent(agent) => Ok(agent),
        ActingAgent::Unseen => Err(no_such("agent")),
        ActingAgent::Unsaid => {
            let own = desk.agent(None)?;
            if caller.may_act_for(&own) {
                Ok(own)
            } else {
                Err(Problem::field("agentId", "is missing"))
            }
        }
    }
}

/// The agent a request about a call is for. Who sees only some agents does not learn from the answer whether there is
/// such a call.
///
/// # Errors
/// As [`acting_agent`].
pub(crate) fn agent_of_call(
    desk: &Desk,
    caller: &Caller,
    said: Option<AgentId>,
) -> Result<AgentId, Problem> {
    acting_agent(desk, caller, said).map_err(|problem| match (problem.kind(), &caller.scope) {
        (Kind::BadRequest, Scope::Agents(_)) => no_such("call"),
        _ => problem,
    })
}

/// A failure of what was asked of the service about a call. One that neither the service nor this desk knows is answered
/// like one that the caller may not see; of one that the desk has seen, the caller hears what the service said.
pub(crate) fn of_call(problem: Problem, is_seen: bool) -> Problem {
    if problem.kind() == Kind::NotFound && !is_seen { no_such("call") } else { problem }
}

/// Refuses to act on a call of an agent whom the caller may not see.
///
/// # Errors
/// [`Kind::NotFound`].
pub(crate) fn check_call(caller: &Caller, agent: Option<&AgentId>) -> Result<(), Problem> {
    if caller.may_act_on_call_of(agent) { Ok(()) } else { Err(no_such("call")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bearer_token_and_nothing_else_is_one() {
        let found = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::AUTHORIZATION, line.parse().unwrap());
            }
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(found(&["Bearer abc"]).as_deref(), Some("abc"));
        assert_eq!(found(&["bearer  abc "]).as_deref(), Some("abc"));
        for lines in [
            &["Basic abc"][..],
            &["Bearer"],
            &["Bearer "],
            &["abc"],
            &[""],
            &[],
            &["Bearer abc", "Bearer abc"],
        ] {
            assert_eq!(found(lines), None, "{lines:?}");
        }
    }

    #[test]
    fn of_forwarded_addresses_the_proxys_own_word_counts() {
        let found = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(FORWARDED_FOR, line.parse().unwrap());
            }
            forwarded(&headers).map(|peer| peer.to_string())
        };
        assert_eq!(found(&["192.0.2.1, 192.0.2.7"]).as_deref(), Some("192.0.2.7"));
        assert_eq!(found(&["192.0.2.1", "2001:db8::1"]).as_deref(), Some("2001:db8::1"));
        assert_eq!(found(&["192.0.2.1, unknown"]), None);
        assert_eq!(found(&[]), None);
    }

    #[test]
    fn loopback_is_this_machine_without_a_proxy() {
        let request = |peer: &str, forwarded: bool| {
            let mut request = Request::new(axum::body::Body::empty());
            let peer: SocketAddr = peer.parse().unwrap();
            request.extensions_mut().insert(ConnectInfo(peer));
            if forwarded {
                request.headers_mut().insert(FORWARDED_FOR, "192.0.2.1".parse().unwrap());
            }
            is_local(&request.into_parts().0)
        };
        assert!(request("127.0.0.1:1", false) && request("[::1]:1", false));
        assert!(request("[::ffff:127.0.0.1]:1", false));
        assert!(!request("127.0.0.1:1", true) && !request("192.0.2.1:1", false));
        assert!(!is_local(&Request::new(axum::body::Body::empty()).into_parts().0));
    }
}
