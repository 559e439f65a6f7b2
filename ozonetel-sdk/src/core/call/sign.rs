//! Steps 3 and 4: resolve the credential, and sign the request with it.

use super::judge::AttemptError;
use super::prepare::PreparedCall;
use super::progress::CallProgress;
use crate::core::credential::{AuthMode, AuthSecret, Credential};
use crate::core::encode::{self, Target};
use crate::core::endpoint::{Auth, Repeat};
use crate::core::error::{Error, ErrorKind};
use crate::core::transport::Outgoing;
use crate::core::wait::within;
use crate::types::invalid::Invalid;

/// The credential that the endpoint needs, resolved again for every attempt, within the call's time. A refresh
/// that takes longer goes on for those who come later.
pub(super) async fn credential(
    progress: &mut CallProgress<'_>,
) -> Result<Credential, AttemptError> {
    let auth = progress.spec.auth;
    let late = || Err(Error::said(ErrorKind::Credentials, "no credential came in the call's time"));
    let credentials = &progress.core.credentials;
    let credential = match credentials.at_hand(auth.kind()) {
        Some(credential) => credential,
        None => within(|| progress.before_sending(), credentials.credential(auth.kind()))
            .await
            .unwrap_or_else(|_| progress.in_time().and_then(|()| late()))
            .map_err(|error| AttemptError::BeforeSending(error.for_credentials()))?,
    };
    let (token, mode) = match &credential.secret {
        AuthSecret::Bearer { id, .. } => (Some(*id), AuthMode::Token),
        AuthSecret::Key(_) => (None, AuthMode::Key),
    };
    progress.token = token;
    progress.mode = (auth == Auth::Account).then_some(mode);
    Ok(credential)
}

/// The service refused the last attempt's token as expired: the next one begins with another.
pub(super) async fn reject(progress: &CallProgress<'_>) {
    if let Some(token) = progress.token {
        // Whoever holds the store is about to replace the token anyway.
        let _ = within(|| progress.before_sending(), progress.core.credentials.reject(token)).await;
    }
}

/// The HTTP request: fields and credential where the description says. On the heap: it is handed on several times.
pub(super) fn sign(
    progress: &CallProgress<'_>,
    call: &PreparedCall<'_>,
    credential: &Credential,
) -> Result<Box<Outgoing>, AttemptError> {
    let (spec, config) = (call.spec, &progress.core.config);
    let refuse = |invalid: Invalid| AttemptError::BeforeSending(invalid.into());
    let base = config.bases.get(&spec.host).ok_or_else(|| {
        refuse(Invalid::new("base_url", "is not known for this family in this region"))
    })?;
    let target = Target {
        spec,
        base,
        path: config.paths.get(spec.name).map_or(spec.path, String::as_str),
        key_header: config.key_headers.get(spec.name).map_or(encode::KEY_HEADER, String::as_str),
        addresses: &progress.core.addresses,
    };
    let request =
        encode::encode_request(&target, &call.fields, credential, call.agent).map_err(refuse)?;
    Ok(Box::new(Outgoing::with_url(request, spec.repeat == Repeat::Once)))
}
