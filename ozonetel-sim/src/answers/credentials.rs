//! Who may ask, and how each family of endpoints says no.

use http::StatusCode;
use ozonetel_sdk::auth::Secret;
use ozonetel_sdk::endpoint::{Auth, Endpoint as _, Spec};
use ozonetel_sdk::kookoo::outbound::OutboundCall;
use ozonetel_sdk::server::encode::PresentedCredential;
use ozonetel_sdk::server::envelope::{self, Outcome};
use serde_json::json;

use super::shared;
use crate::service::Answer;
use crate::world::{Mode, TokenCheck, World};

/// What is wrong with the credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    UserMissing,
    UserWrong,
    KeyMissing,
    KeyEmpty,
    KeyWrong,
    TokenMissing,
    TokenExpired,
    TokenUnknown,
    /// A token shown to an account in key mode.
    TokenOnKeyAccount,
    /// A key shown to an account in token mode.
    KeyOnTokenAccount,
}

/// Checks what a request presented against what its description demands.
pub(crate) fn check(
    world: &World,
    spec: &Spec,
    shown: &PresentedCredential,
) -> Result<(), Problem> {
    match spec.auth {
        Auth::Account => {
            match world.setup().mode {
                Mode::Key => check_key(world, shown, true)?,
                Mode::Token => check_token(world, shown)?,
            }
            check_user(world, shown)
        }
        Auth::KeyField(_) | Auth::Kookoo(_) | Auth::KeyOnlyHeader(_) => {
            check_key(world, shown, false)
        }
        _ => {
            check_key(world, shown, false)?;
            check_user(world, shown)
        }
    }
}

fn check_user(world: &World, shown: &PresentedCredential) -> Result<(), Problem> {
    match shown.user.as_deref() {
        None | Some("") => Err(Problem::UserMissing),
        Some(user) if user == world.setup().account => Ok(()),
        Some(_) => Err(Problem::UserWrong),
    }
}

fn check_key(
    world: &World,
    shown: &PresentedCredential,
    token_possible: bool,
) -> Result<(), Problem> {
    match shown.key.as_ref().map(Secret::reveal) {
        None if token_possible && shown.bearer.is_some() => Err(Problem::TokenOnKeyAccount),
        None => Err(Problem::KeyMissing),
        Some("") => Err(Problem::KeyEmpty),
        Some(key) if key == world.setup().key => Ok(()),
        Some(_) => Err(Problem::KeyWrong),
    }
}

fn check_token(world: &World, shown: &PresentedCredential) -> Result<(), Problem> {
    match shown.bearer.as_ref().map(Secret::reveal) {
        None if shown.key.is_some() => Err(Problem::KeyOnTokenAccount),
        None | Some("") => Err(Problem::TokenMissing),
        Some(token) => match world.check_token(token) {
            TokenCheck::Good => Ok(()),
            TokenCheck::Expired => Err(Problem::TokenExpired),
            TokenCheck::Unknown => Err(Problem::TokenUnknown),
        },
    }
}

/// How a family of endpoints words refused credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// The newer API paths.
    Api,
    /// Call control: as the newer paths, but for a key on a token account.
    CallControl,
    /// The CDR reports.
    Reports,
    /// Summary and handling time: `error`.
    Plain,
    /// Change of agent state.
    AgentState,
    /// Phone manual dial.
    PhoneDial,
    /// Token generation.
    Token,
    /// Agent login and logout.
    AgentLogin,
    /// Recording.
    Recording,
    /// Force logout: with a code.
    Admin,
    /// Campaign creation: `Message`, no status.
    ApiServices,
    /// Event subscription: plain text.
    Events,
    /// KooKoo: XML, with 403.
    Kookoo,
    /// Dispositions of the older path: under `details`.
    Disposition,
    /// One status word, and a text each for a missing name, a missing key, and wrong ones.
    Texts(&'static str, [&'static str; 3]),
}

const KEY_NULL: &str = "Api Key Should Not be Null or Empty.";
const BOTH_INVALID: &str = "userName or apiKey is Invalid";

impl Dialect {
    /// The answer for a problem.
    pub(crate) fn word(self, problem: Problem) -> Answer {
        let body = match self {
            Self::CallControl if problem == Problem::KeyOnTokenAccount => shared("Token Expired"),
            Self::Api | Self::CallControl => shared(api(problem)),
            Self::Reports => return reports(problem),
            Self::Plain => plain(problem, "error"),
            Self::AgentState => agent_state(problem),
            Self::PhoneDial => match problem {
                Problem::KeyWrong | Problem::KeyEmpty | Problem::UserWrong => {
                    json!({"message": "Authentication failed.", "status": "error"})
                }
                _ => shared(api(problem)),
            },
            Self::Token => shared(match problem {
                Problem::UserMissing => "UserName is null",
                _ => "Invalid userName or apiKey",
            }),
            Self::AgentLogin => {
                json!({"status": "error", "message": "Invalid userName or apiKey"})
            }
            Self::Recording => plain(problem, "Error"),
            Self::Admin => {
                json!({"code": "400", "status": "Error", "message": "Check input Parameters"})
            }
            Self::ApiServices => json!({"Message": "Authentication failed."}),
            Self::Events => return Answer::text(StatusCode::OK, "Unauthorized"),
            Self::Kookoo => {
                // The text was not captured; it is ours.
                let body = json!({"status": "error", "message": "Authentication error"});
                return xml(StatusCode::FORBIDDEN, &OutboundCall::SPEC, body);
            }
            Self::Disposition => json!({"details": "Authentication fails", "status": "Fail"}),
            Self::Texts(status, texts) => match problem {
                Problem::UserMissing => json!({"status": status, "message": texts[0]}),
                Problem::KeyMissing | Problem::KeyEmpty => {
                    json!({"status": status, "message": texts[1]})
                }
                Problem::UserWrong | Problem::KeyWrong => {
                    json!({"status": status, "message": texts[2]})
                }
                _ => shared(api(problem)),
            },
        };
        Answer::json(StatusCode::OK, &body)
    }
}

/// An XML answer with these elements.
pub(super) fn xml(status: StatusCode, spec: &Spec, body: serde_json::Value) -> Answer {
    let body = envelope::write(spec, &Outcome::Done(body), "error");
    Answer { status, content_type: "text/xml", body: body.into() }
}

/// The shared texts of the newer paths.
fn api(problem: Problem) -> &'static str {
    match problem {
        Problem::UserMissing => "Username Should Not be Null or Empty.",
        Problem::UserWrong | Problem::KeyWrong | Problem::KeyEmpty => "Invalid User Details",
        Problem::KeyMissing | Problem::TokenOnKeyAccount | Problem::KeyOnTokenAccount => KEY_NULL,
        Problem::TokenMissing => "Token Should Not be Null or Empty.",
        Problem::TokenExpired => "Token Expired",
        Problem::TokenUnknown => "Invalid Token",
    }
}

fn reports(problem: Problem) -> Answer {
    let missing = json!({"status": "false", "message": "Missing userName or apiKey"});
    match problem {
        Problem::TokenExpired | Problem::TokenUnknown => {
            Answer::json(StatusCode::OK, &shared(api(problem)))
        }
        Problem::TokenOnKeyAccount | Problem::KeyOnTokenAccount => {
            Answer::json(StatusCode::UNAUTHORIZED, &missing)
        }
        Problem::UserMissing | Problem::KeyMissing | Problem::TokenMissing => {
            Answer::json(StatusCode::OK, &missing)
        }
        Problem::UserWrong | Problem::KeyWrong | Problem::KeyEmpty => {
            Answer::json(StatusCode::OK, &json!({"status": "false", "message": BOTH_INVALID}))
        }
    }
}

fn plain(problem: Problem, status: &str) -> serde_json::Value {
    let message = match problem {
        Problem::UserMissing => "userName should not be empty",
        Problem::KeyMissing | Problem::KeyEmpty | Problem::TokenOnKeyAccount => {
            "apiKey should not be empty"
        }
        Problem::UserWrong | Problem::KeyWrong => BOTH_INVALID,
        // No page says how tokens are refused here; the shared texts are the service's own.
        Problem::TokenMissing
        | Problem::TokenExpired
        | Problem::TokenUnknown
        | Problem::KeyOnTokenAccount => return shared(api(problem)),
    };
    json!({"status": status, "message": message})
}

fn agent_state(problem: Problem) -> serde_json::Value {
    let message = match problem {
        Problem::UserMissing => "Please provide UserName",
        Problem::UserWrong => "user_name or api_Key is Invalid",
        Problem::KeyWrong => BOTH_INVALID,
        Problem::KeyMissing | Problem::KeyEmpty => "apiKey should not be empty",
        _ => return shared(api(problem)),
    };
    json!({"status": "error", "message": message})
}
