//! Which credentials are accepted, and how each family of endpoints refuses others.

use http::StatusCode;
use ozonetel_sdk::auth::{AuthMode, Secret};
use ozonetel_sdk::endpoint::{Auth, Endpoint as _, Spec};
use ozonetel_sdk::kookoo::outbound::OutboundCall;
use ozonetel_sdk::server::encode::PresentedCredential;
use ozonetel_sdk::server::envelope::{self, Outcome};
use serde_json::json;

use super::shared;
use crate::response::ServiceResponse;
use crate::world::{TokenCheck, World};

/// What is wrong with the credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CredentialProblem {
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
) -> Result<(), CredentialProblem> {
    match spec.auth {
        Auth::Account => {
            match world.setup().mode {
                AuthMode::Key => check_key(world, shown, true)?,
                // Every mode that is not the key's takes tokens.
                _ => check_token(world, shown)?,
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

fn check_user(world: &World, shown: &PresentedCredential) -> Result<(), CredentialProblem> {
    match shown.user.as_deref() {
        None | Some("") => Err(CredentialProblem::UserMissing),
        Some(user) if user == world.setup().account => Ok(()),
        Some(_) => Err(CredentialProblem::UserWrong),
    }
}

fn check_key(
    world: &World,
    shown: &PresentedCredential,
    token_possible: bool,
) -> Result<(), CredentialProblem> {
    match shown.key.as_ref().map(Secret::reveal) {
        None if token_possible && shown.bearer.is_some() => {
            Err(CredentialProblem::TokenOnKeyAccount)
        }
        None => Err(CredentialProblem::KeyMissing),
        Some("") => Err(CredentialProblem::KeyEmpty),
        Some(key) if key == world.setup().key => Ok(()),
        Some(_) => Err(CredentialProblem::KeyWrong),
    }
}

fn check_token(world: &World, shown: &PresentedCredential) -> Result<(), CredentialProblem> {
    match shown.bearer.as_ref().map(Secret::reveal) {
        None if shown.key.is_some() => Err(CredentialProblem::KeyOnTokenAccount),
        None | Some("") => Err(CredentialProblem::TokenMissing),
        Some(token) => match world.check_token(token) {
            TokenCheck::Good => Ok(()),
            TokenCheck::Expired => Err(CredentialProblem::TokenExpired),
            TokenCheck::Unknown => Err(CredentialProblem::TokenUnknown),
        },
    }
}

/// How a family of endpoints words refused credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthErrorStyle {
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

impl AuthErrorStyle {
    /// The answer for a problem.
    pub(crate) fn response(self, problem: CredentialProblem) -> ServiceResponse {
        let body = match self {
            Self::CallControl if problem == CredentialProblem::KeyOnTokenAccount => {
                shared("Token Expired")
            }
            Self::Api | Self::CallControl => shared(api(problem)),
            Self::Reports => return reports(problem),
            Self::Plain => plain(problem, "error"),
            Self::AgentState => agent_state(problem),
            Self::PhoneDial => match problem {
                CredentialProblem::KeyWrong
                | CredentialProblem::KeyEmpty
                | CredentialProblem::UserWrong => {
                    json!({"message": "Authentication failed.", "status": "error"})
                }
                _ => shared(api(problem)),
            },
            Self::Token => shared(match problem {
                CredentialProblem::UserMissing => "UserName is null",
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
            Self::Events => return ServiceResponse::text(StatusCode::OK, "Unauthorized"),
            Self::Kookoo => {
                // The text was not captured; it is ours.
                let body = json!({"status": "error", "message": "Authentication error"});
                return xml(StatusCode::FORBIDDEN, &OutboundCall::SPEC, body);
            }
            Self::Disposition => json!({"details": "Authentication fails", "status": "Fail"}),
            Self::Texts(status, texts) => match problem {
                CredentialProblem::UserMissing => json!({"status": status, "message": texts[0]}),
                CredentialProblem::KeyMissing | CredentialProblem::KeyEmpty => {
                    json!({"status": status, "message": texts[1]})
                }
                CredentialProblem::UserWrong | CredentialProblem::KeyWrong => {
                    json!({"status": status, "message": texts[2]})
                }
                _ => shared(api(problem)),
            },
        };
        ServiceResponse::json(StatusCode::OK, &body)
    }
}

/// An XML answer with these elements.
pub(super) fn xml(status: StatusCode, spec: &Spec, body: serde_json::Value) -> ServiceResponse {
    let body = envelope::write(spec, &Outcome::Done(body), "error");
    ServiceResponse { status, content_type: "text/xml", body: body.into() }
}

/// The shared texts of the newer paths.
fn api(problem: CredentialProblem) -> &'static str {
    match problem {
        CredentialProblem::UserMissing => "Username Should Not be Null or Empty.",
        CredentialProblem::UserWrong
        | CredentialProblem::KeyWrong
        | CredentialProblem::KeyEmpty => "Invalid User Details",
        CredentialProblem::KeyMissing
        | CredentialProblem::TokenOnKeyAccount
        | CredentialProblem::KeyOnTokenAccount => KEY_NULL,
        CredentialProblem::TokenMissing => "Token Should Not be Null or Empty.",
        CredentialProblem::TokenExpired => "Token Expired",
        CredentialProblem::TokenUnknown => "Invalid Token",
    }
}

fn reports(problem: CredentialProblem) -> ServiceResponse {
    let missing = json!({"status": "false", "message": "Missing userName or apiKey"});
    match problem {
        CredentialProblem::TokenExpired | CredentialProblem::TokenUnknown => {
            ServiceResponse::json(StatusCode::OK, &shared(api(problem)))
        }
        CredentialProblem::TokenOnKeyAccount | CredentialProblem::KeyOnTokenAccount => {
            ServiceResponse::json(StatusCode::UNAUTHORIZED, &missing)
        }
        CredentialProblem::UserMissing
        | CredentialProblem::KeyMissing
        | CredentialProblem::TokenMissing => ServiceResponse::json(StatusCode::OK, &missing),
        CredentialProblem::UserWrong
        | CredentialProblem::KeyWrong
        | CredentialProblem::KeyEmpty => ServiceResponse::json(
            StatusCode::OK,
            &json!({"status": "false", "message": BOTH_INVALID}),
        ),
    }
}

fn plain(problem: CredentialProblem, status: &str) -> serde_json::Value {
    let message = match problem {
        CredentialProblem::UserMissing => "userName should not be empty",
        CredentialProblem::KeyMissing
        | CredentialProblem::KeyEmpty
        | CredentialProblem::TokenOnKeyAccount => "apiKey should not be empty",
        CredentialProblem::UserWrong | CredentialProblem::KeyWrong => BOTH_INVALID,
        // No page says how tokens are refused here; the shared texts are the service's own.
        CredentialProblem::TokenMissing
        | CredentialProblem::TokenExpired
        | CredentialProblem::TokenUnknown
        | CredentialProblem::KeyOnTokenAccount => return shared(api(problem)),
    };
    json!({"status": status, "message": message})
}

fn agent_state(problem: CredentialProblem) -> serde_json::Value {
    let message = match problem {
        CredentialProblem::UserMissing => "Please provide UserName",
        CredentialProblem::UserWrong => "user_name or api_Key is Invalid",
        CredentialProblem::KeyWrong => BOTH_INVALID,
        CredentialProblem::KeyMissing | CredentialProblem::KeyEmpty => "apiKey should not be empty",
        _ => return shared(api(problem)),
    };
    json!({"status": "error", "message": message})
}
