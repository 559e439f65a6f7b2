//! Credentials: security schemes, and what of them is in the input.

use ozonetel_sdk::endpoint::{Auth, Input, Spec};
use serde_json::{Map, Value, json};

use crate::operations::Operation;

/// The schemes that the operations use.
pub(super) fn schemes(operations: &[Operation]) -> Value {
    let mut out = Map::new();
    for operation in operations {
        for alternative in alternatives(&operation.spec.auth) {
            for (name, scheme) in alternative {
                out.insert(name, scheme);
            }
        }
    }
    Value::Object(out)
}

/// Which schemes an operation asks for: alternatives of sets.
pub(super) fn requirement(auth: &Auth) -> Value {
    let set = |schemes: Vec<(String, Value)>| -> Value {
        schemes.into_iter().map(|(name, _)| (name, json!([]))).collect::<Map<_, _>>().into()
    };
    alternatives(auth).into_iter().map(set).collect()
}

fn alternatives(auth: &Auth) -> Vec<Vec<(String, Value)>> {
    let key = || header("key", "apiKey", "The account's key, in an account set to BASIC_AUTH.");
    match auth {
        Auth::Account => {
            let bearer = json!({
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "A token of `auth_generate_token`, in an account set to TOKEN_AUTH. It lasts an hour, ten an hour are made, and each ends all earlier ones.",
            });
            vec![vec![key()], vec![("bearer".to_owned(), bearer)]]
        }
        Auth::KeyHeader => vec![vec![key()]],
        Auth::Headers { user, key } => vec![vec![
            header(&format!("header_{user}"), user, "The account's name."),
            header(&format!("header_{key}"), key, "The account's key."),
        ]],
        Auth::KeyOnlyHeader(name) => {
            vec![vec![header(&format!("header_{name}"), name, "The account's key.")]]
        }
        Auth::AccountBasic => vec![vec![basic("basic_account", "The account's name and its key.")]],
        Auth::AgentBasic { .. } => {
            vec![vec![basic("basic_agent", "The agent's id and the agent's password.")]]
        }
        // The key is a field like others.
        Auth::Fields { .. } | Auth::KeyField(_) | Auth::Kookoo(_) => vec![vec![]],
    }
}

fn header(scheme: &str, name: &str, description: &str) -> (String, Value) {
    let about = json!({"type": "apiKey", "in": "header", "name": name, "description": description});
    (scheme.to_owned(), about)
}

fn basic(scheme: &str, description: &str) -> (String, Value) {
    (scheme.to_owned(), json!({"type": "http", "scheme": "basic", "description": description}))
}

/// The credential's fields in the input: name, and what it is.
pub(super) fn input_fields(spec: &Spec) -> Vec<(&'static str, Value)> {
    let account = |name| (name, json!({"type": "string", "description": "The account's name."}));
    let key = |name, of| {
        let description = format!("The {of}'s key.");
        (name, json!({"type": "string", "format": "password", "description": description}))
    };
    match spec.auth {
        Auth::Account | Auth::KeyHeader => vec![account("userName")],
        Auth::Fields { user, key: name } | Auth::AgentBasic { user, key: name } => {
            vec![account(user), key(name, "account")]
        }
        Auth::KeyField(name) => vec![key(name, "account")],
        Auth::Kookoo(name) => vec![key(name, "KooKoo account")],
        Auth::Headers { .. } | Auth::AccountBasic | Auth::KeyOnlyHeader(_) => Vec::new(),
    }
}

/// Whether the credential's fields are in the query string.
pub(super) fn in_query(spec: &Spec) -> bool {
    matches!(spec.input, Input::Query | Input::Path)
}
