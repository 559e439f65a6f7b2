//! The secret in the address that pushes go to: their only proof.

use ozonetel_sdk::push::verify::{Signer, Verifier};

use crate::context::Context;
use crate::failure::Failure;

/// The variable that holds it.
pub(crate) const VARIABLE: &str = "OZONETEL_PUSH_SECRET";

/// The name under which it is in the query, unless the variable says `NAME=SECRET`.
const NAME: &str = "code";

/// The longest name that is taken for one.
const LONGEST: usize = 32;

/// What proves a push, if the secret is set.
pub(crate) fn verifier(text: Option<&str>) -> Result<Option<Verifier>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let (name, secret) = parts(text);
    let invalid = |_| Failure::usage(format!("{VARIABLE} has to be a secret, or NAME=SECRET"));
    Verifier::url(name, secret).map(Some).map_err(invalid)
}

/// Name and secret. What no name can be, or what padding alone follows, is part of a secret, as of one in base64.
fn parts(text: &str) -> (&str, &str) {
    let named = text.split_once('=').filter(|(name, secret)| {
        let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let is_padding = secret.chars().all(|c| c == '=');
        begins && name.len() <= LONGEST && name.chars().all(of_name) && !is_padding
    });
    named.unwrap_or((NAME, text))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_at_the_end_of_a_secret_is_part_of_it() {
        for secret in ["c2VjcmV0", "c2VjcmV0LW9m=", "c2VjcmV0LW9mLXVybHM==", "a/b+c=d", "=x", "0=x"]
        {
            assert_eq!(parts(secret), ("code", secret));
        }
        let long = format!("{}=x", "a".repeat(LONGEST + 1));
        assert_eq!(parts(&long), ("code", long.as_str()));
        for (text, named) in [
            ("token=s3cret", ("token", "s3cret")),
            ("x-key.1=c2VjcmV0LW9m==", ("x-key.1", "c2VjcmV0LW9m==")),
            ("_k==x", ("_k", "=x")),
        ] {
            assert_eq!(parts(text), named, "{text}");
        }
    }
}
