//! Who is registered, over which connection, and until when.

use std::collections::BTreeMap;
use std::time::Duration;

use sip_ucid::{Contact, Message, Name, Writer};

use super::compose::SipResponse;
use super::connection::{ConnectionId, SoftphoneId};
use super::digest::{DigestClaim, DigestResult, check};

/// The longest registration.
const LONGEST_S: u32 = 3600;
/// A registration that does not say how long.
const USUAL_S: u32 = 600;
/// How many bindings an extension may have; the oldest goes.
const MOST: usize = 8;

/// A softphone that can be rung.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Binding {
    pub(super) line: ConnectionId,
    pub(super) softphone: SoftphoneId,
    until: Duration,
}

/// The extensions that may register, and those that have.
#[derive(Debug, Default)]
pub(super) struct Registrar {
    passwords: BTreeMap<String, String>,
    bindings: BTreeMap<String, Vec<Binding>>,
}

/// The result of a registration.
pub(super) struct RegisterResult {
    pub(super) reply: SipResponse<'static>,
    /// An extension whose telephone came or went.
    pub(super) changed: Option<(String, bool)>,
    /// The softphones that this connection now belongs to.
    pub(super) softphones: Vec<SoftphoneId>,
}

impl RegisterResult {
    fn no(code: u16, reason: &'static str) -> Self {
        let reply = SipResponse::new(code, reason, "registrar");
        Self { reply, changed: None, softphones: Vec::new() }
    }
}

impl Registrar {
    /// The extensions that may register from now on, and their passwords.
    pub(super) fn allow(&mut self, passwords: BTreeMap<String, String>) {
        self.passwords = passwords;
    }

    /// The softphone that rings for an extension: the last that registered over a connection that may be
    /// rung.
    pub(super) fn binding(
        &self,
        extension: &str,
        may_ring: impl Fn(ConnectionId) -> bool,
    ) -> Option<&Binding> {
        self.bindings.get(extension)?.iter().rev().find(|binding| may_ring(binding.line))
    }

    /// Whether any softphone is registered for an extension.
    pub(super) fn has(&self, extension: &str) -> bool {
        self.bindings.get(extension).is_some_and(|bindings| !bindings.is_empty())
    }

    /// Answers REGISTER. `nonce` is the connection's.
    pub(super) fn register(
        &mut self,
        request: &Message<'_>,
        line: ConnectionId,
        (realm, nonce): (&str, &str),
        now: Duration,
    ) -> RegisterResult {
        let user = request.to().ok().and_then(|to| {
            let uri = to.parsed_uri().ok()?;
            Some(uri.sip()?.user()?.to_owned_string())
        });
        let Some((user, password)) = user.and_then(|u| self.passwords.get_key_value(&u)) else {
            return RegisterResult::no(404, "Not Found");
        };
        let claim = DigestClaim { user, password, realm, nonce, method: "REGISTER" };
        let proofs = request.auths(Name::Authorization).flatten();
        let proof = proofs.map(|auth| check(&auth, &claim)).next();
        if proof != Some(DigestResult::Good) {
            let stale = if proof == Some(DigestResult::Stale) { ", stale=true" } else { "" };
            let challenge = format!(
                "Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm=MD5, qop=\"auth\"{stale}"
            );
            let mut no = RegisterResult::no(401, "Unauthorized");
            no.reply = no.reply.header("WWW-Authenticate", challenge);
            return no;
        }
        let user = user.clone();
        self.bind(&user, request, line, now)
    }

    fn bind(
        &mut self,
        user: &str,
        request: &Message<'_>,
        line: ConnectionId,
        now: Duration,
    ) -> RegisterResult {
        let general = request.expires().unwrap_or(USUAL_S);
        let before = self.has(user);
        let mut softphones = Vec::new();
        let bindings = self.bindings.entry(user.to_owned()).or_default();
        for contact in request.contacts() {
            let address = match contact {
                Ok(Contact::Address(address)) => address,
                Ok(Contact::Any) if general == 0 => {
                    bindings.clear();
                    continue;
                }
                _ => return RegisterResult::no(400, "Bad Contact"),
            };
            let own = address.params().get("expires").and_then(|t| t.to_str()?.parse().ok());
            let expires = u32::min(own.unwrap_or(general), LONGEST_S);
            let uri = address.uri().to_owned_string();
            // What is kept has to be writable: an INVITE goes to this URI.
            if expires > 0 && Writer::request(&mut Vec::new(), "INVITE", &uri).is_err() {
                return RegisterResult::no(400, "Contact is no URI that a request can be sent to");
            }
            bindings.retain(|b| b.softphone.contact != uri);
            if expires > 0 {
                let instance = address.params().get("+sip.instance");
                let softphone = SoftphoneId {
                    extension: user.to_owned(),
                    contact: uri,
                    instance: instance.map(sip_ucid::Text::to_owned_string),
                };
                softphones.push(softphone.clone());
                let until = now + Duration::from_secs(u64::from(expires));
                bindings.push(Binding { line, softphone, until });
            }
        }
        if bindings.len() > MOST {
            bindings.remove(0);
        }
        let mut reply = SipResponse::new(200, "OK", "registrar");
        for binding in bindings.iter() {
            let left = binding.until.saturating_sub(now).as_secs();
            reply =
                reply.header("Contact", format!("<{}>;expires={left}", binding.softphone.contact));
        }
        let after = !bindings.is_empty();
        let changed = (before != after).then(|| (user.to_owned(), after));
        RegisterResult { reply, changed, softphones }
    }

    /// Forgets the bindings that a condition holds for; the extensions that have no telephone any more.
    fn drop_where(&mut self, gone: impl Fn(&Binding) -> bool) -> Vec<String> {
        for bindings in self.bindings.values_mut() {
            bindings.retain(|b| !gone(b));
        }
        let empty: Vec<String> =
            self.bindings.iter().filter(|(_, b)| b.is_empty()).map(|(e, _)| e.clone()).collect();
        self.bindings.retain(|_, b| !b.is_empty());
        empty
    }

    pub(super) fn line_closed(&mut self, line: ConnectionId) -> Vec<String> {
        self.drop_where(|b| b.line == line)
    }

    pub(super) fn tick(&mut self, now: Duration) -> Vec<String> {
        self.drop_where(|b| b.until <= now)
    }
}
