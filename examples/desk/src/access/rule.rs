//! Who may ask for a route: the word in its attribute, `x-allow`.

use std::fmt;
use std::str::FromStr;

use crate::core::caller::{Caller, Role};

/// Who may ask for a route.
///
/// | word | who |
/// |---|---|
/// | `none` | anyone: health, the page's files, signing in |
/// | `set-up` | anyone, also while there is no administrator |
/// | `secret` | whoever has the secret in the address; the handler compares it |
/// | `self` | any session or token, also before the first password is changed: who one is, one's own session |
/// | `any` | any session or token |
/// | `loopback` | this machine without a proxy in between; from elsewhere an administrator's or a service's token |
/// | `agent`, `supervisor`, `administrator` | persons and tokens of this role, and of the roles after it |
/// | `service` | machines, and administrators |
///
/// `:own` or `:team` after a role says that the handler lets an agent act on own records only and a supervisor on the
/// team's; a test holds the handler to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    who: Who,
    scoped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Nobody,
    SetUp,
    Secret,
    Own,
    Any,
    Loopback,
    AtLeast(Role),
    Service,
}

/// A word that is not a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not a rule: none, set-up, secret, self, any, loopback, service, or agent, supervisor, administrator with :own or :team"
)]
pub struct UnknownRule;

impl FromStr for Rule {
    type Err = UnknownRule;

    fn from_str(text: &str) -> Result<Self, UnknownRule> {
        let (word, scope) = text.split_once(':').map_or((text, None), |(w, s)| (w, Some(s)));
        let who = match word {
            "none" => Who::Nobody,
            "set-up" => Who::SetUp,
            "secret" => Who::Secret,
            "self" => Who::Own,
            "any" => Who::Any,
            "loopback" => Who::Loopback,
            "service" => Who::Service,
            "agent" => Who::AtLeast(Role::Agent),
            "supervisor" => Who::AtLeast(Role::Supervisor),
            "administrator" => Who::AtLeast(Role::Administrator),
            _ => return Err(UnknownRule),
        };
        match (who, scope) {
            (_, None) => Ok(Self { who, scoped: false }),
            (Who::AtLeast(_), Some("own" | "team")) => Ok(Self { who, scoped: true }),
            _ => Err(UnknownRule),
        }
    }
}

impl Rule {
    /// Who may ask, in words.
    pub fn told(self) -> &'static str {
        match self.who {
            Who::Nobody | Who::SetUp | Who::Secret | Who::Own | Who::Any => {
                "anyone who is signed in"
            }
            Who::Loopback => {
                "requests without a token from this machine, administrators, and tokens of the role service"
            }
            Who::AtLeast(Role::Agent) => "agents",
            Who::AtLeast(Role::Supervisor) => "supervisors and administrators",
            Who::AtLeast(_) => "administrators",
            Who::Service => "tokens of the role service, and administrators",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.who {
            Who::Nobody => "none",
            Who::SetUp => "set-up",
            Who::Secret => "secret",
            Who::Own => "self",
            Who::Any => "any",
            Who::Loopback => "loopback",
            Who::Service => "service",
            Who::AtLeast(role) => role.as_str(),
        };
        f.write_str(word)?;
        match self.who {
            Who::AtLeast(Role::Agent) if self.scoped => f.write_str(":own"),
            _ if self.scoped => f.write_str(":team"),
            _ => Ok(()),
        }
    }
}

/// Why a caller is kept from a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// No session and no token.
    NotSignedIn,
    /// The role may not.
    NotAllowed,
    /// The password has to be changed first.
    PasswordFirst,
}

impl Rule {
    /// Whether the route asks for no session and no token.
    pub fn is_open(self) -> bool {
        matches!(self.who, Who::Nobody | Who::SetUp | Who::Secret)
    }

    /// Whether the route is served before there is an administrator.
    pub fn is_for_set_up(self) -> bool {
        matches!(self.who, Who::SetUp)
    }

    /// Whether this machine may ask without more.
    pub fn is_for_loopback(self) -> bool {
        self.who == Who::Loopback
    }

    /// Whether a secret in the address decides.
    pub fn is_by_secret(self) -> bool {
        self.who == Who::Secret
    }

    /// Whether the handler looks at whose record it is.
    pub fn is_scoped(self) -> bool {
        self.scoped
    }

    /// Whether a caller may ask.
    ///
    /// # Errors
    /// Why not.
    pub fn check(self, caller: Option<&Caller>) -> Result<(), Denial> {
        if self.is_open() {
            return Ok(());
        }
        let caller = caller.ok_or(Denial::NotSignedIn)?;
        if caller.must_change_password && self.who != Who::Own {
            return Err(Denial::PasswordFirst);
        }
        let allowed = match self.who {
            Who::Nobody | Who::SetUp | Who::Secret | Who::Any | Who::Own => true,
            Who::Loopback | Who::Service => {
                matches!(caller.role, Role::Service | Role::Administrator)
            }
            Who::AtLeast(least) => caller.role != Role::Service && caller.role >= least,
        };
        if allowed { Ok(()) } else { Err(Denial::NotAllowed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::caller::Scope;

    fn caller(role: Role) -> Caller {
        Caller {
            id: "u1".into(),
            role,
            own: Vec::new(),
            scope: Scope::All,
            is_person: true,
            must_change_password: false,
        }
    }

    #[test]
    fn a_rule_is_its_word() {
        for word in [
            "none",
            "set-up",
            "secret",
            "self",
            "any",
            "loopback",
            "service",
            "agent",
            "agent:own",
            "supervisor",
            "supervisor:team",
            "administrator",
        ] {
            assert_eq!(word.parse::<Rule>().unwrap().to_string(), word);
        }
        for word in
            ["", "agents", "Agent", "any:own", "agent:", "agent:all", "service:own", "none "]
        {
            assert_eq!(word.parse::<Rule>(), Err(UnknownRule), "{word}");
        }
    }

    #[test]
    fn who_may_ask_cell_by_cell() {
        use Denial::{NotAllowed, NotSignedIn};
        let (yes, no) = (Ok(()), Err(NotAllowed));
        for (word, nobody, by_role) in [
            ("none", yes, [yes, yes, yes, yes]),
            ("set-up", yes, [yes, yes, yes, yes]),
            ("secret", yes, [yes, yes, yes, yes]),
            ("any", Err(NotSignedIn), [yes, yes, yes, yes]),
            ("self", Err(NotSignedIn), [yes, yes, yes, yes]),
            ("loopback", Err(NotSignedIn), [no, no, yes, yes]),
            ("agent:own", Err(NotSignedIn), [yes, yes, yes, no]),
            ("supervisor", Err(NotSignedIn), [no, yes, yes, no]),
            ("administrator", Err(NotSignedIn), [no, no, yes, no]),
            ("service", Err(NotSignedIn), [no, no, yes, yes]),
        ] {
            let rule: Rule = word.parse().unwrap();
            assert_eq!(rule.check(None), nobody, "{word}, nobody");
            for (role, expected) in Role::ALL.into_iter().zip(by_role) {
                assert_eq!(rule.check(Some(&caller(role))), expected, "{word}, {role}");
            }
        }
    }

    #[test]
    fn a_first_password_is_changed_before_anything_else() {
        let own: Rule = "self".parse().unwrap();
        let new = Caller { must_change_password: true, ..caller(Role::Administrator) };
        assert_eq!(own.check(Some(&new)), Ok(()));
        for word in ["any", "agent", "administrator", "loopback"] {
            let rule: Rule = word.parse().unwrap();
            assert_eq!(rule.check(Some(&new)), Err(Denial::PasswordFirst), "{word}");
        }
    }
}
