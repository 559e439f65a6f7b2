//! The secret in the address that pushes go to: their only proof.

use ozonetel_sdk::push::verify::{Signer, Verifier};

use crate::context::Context;
use crate::failure::Failure;

/// The variable that holds it.
pub(crate) const VARIABLE: &str = "OZONETEL_PUSH_SECRET";

/// The name under which it is in the query, unless the variable says `NAME=SECRET`.
const NAME: &str = "code";

/// What proves a push, if the secret is set.
pub(crate) fn verifier(text: Option<&str>) -> Result<Option<Verifier>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let (name, secret) = parts(text);
    let invalid = |_| Failure::usage(format!("{VARIABLE} has to be a secret, or NAME=SECRET"));
    Verifier::url(name, secret).map(Some).map_err(invalid)
}

fn parts(text: &str) -> (&str, &str) {
    text.split_once('=').unwrap_or((NAME, text))
}

/// The name under which the secret is in the query, if it is set, or would be.
pub(crate) fn name(text: Option<&str>) -> &str {
    text.map_or(NAME, |text| parts(text).0)
}

/// An address with the secret in its query, if it is set.
pub(crate) fn with_secret(context: &Context, url: &str) -> Result<String, Failure> {
    match verifier(context.variable(VARIABLE))? {
        Some(verifier) => Ok(Signer::of(&verifier).url(url)?),
        None => Ok(url.to_owned()),
    }
}
