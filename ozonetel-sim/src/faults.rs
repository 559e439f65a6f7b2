//! Faults on demand: the next request to a path goes wrong in a chosen way.

use std::collections::VecDeque;
use std::str::FromStr;
use std::time::Duration;

/// How a request goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Acts, and answers late.
    Delay,
    /// Does not act; answers with an HTTP status.
    Status,
    /// Does not act; answers 429.
    LimitStatus,
    /// Does not act; answers 200 with the text of a limit.
    LimitText,
    /// Does not act; answers 200 with a web page.
    Html,
    /// Acts; the answer breaks off in the middle.
    Cut,
    /// Does not act; the connection closes without an answer.
    CloseBefore,
    /// Acts; the connection closes without an answer.
    CloseAfter,
    /// Does not act; says that the token has expired.
    ExpiredToken,
    /// Acts; the answer arrives a few bytes at a time.
    SlowDrip,
    /// Agent socket: acts, and never replies.
    Silence,
    /// Agent socket: does not act; from now on nothing is read or written, the connection stays.
    HalfOpen,
    /// Agent socket: acts, and replies twice. Push: it is sent twice, both at once, or the second
    /// so much later.
    Duplicate,
    /// Agent socket: acts; the reply waits until the next one has gone. Push: it waits until the
    /// next one to the same address has gone.
    Reorder,
    /// Agent socket: acts; a frame of 16 MiB comes before the reply.
    Giant,
    /// Agent socket: acts; text that is not a token and a binary frame come before the reply.
    NonJson,
    /// Push: it is never sent.
    Loss,
    /// Push: a body without any call id goes out before it.
    Ping,
}

/// The method of a token of an agent's socket, in faults and in the log.
pub(crate) const SOCKET: &str = "WS";
/// The path of faults that hit tokens of an agent's socket.
pub(crate) const MDL_PATH: &str = "mdl";
/// The method of what the service sends, in faults.
pub(crate) const PUSH: &str = "PUSH";
/// The path of faults that hit pushes; with a colon and a kind's word, pushes of that kind.
pub(crate) const PUSH_PATH: &str = "push";
/// The path of faults that hit pings of an agent's socket, and nothing else.
pub(crate) const PING_PATH: &str = "mdl:ping";
/// Where the control API is, which answers before any fault.
const CONTROL: &str = "/_sim";
/// What pushes of one kind are called after the colon.
const PUSH_KINDS: [&str; 5] = ["callback", "call", "agent", "status", "check"];

impl FaultKind {
    /// Every kind.
    pub const ALL: [Self; 18] = [
        Self::Delay,
        Self::Status,
        Self::LimitStatus,
        Self::LimitText,
        Self::Html,
        Self::Cut,
        Self::CloseBefore,
        Self::CloseAfter,
        Self::ExpiredToken,
        Self::SlowDrip,
        Self::Silence,
        Self::HalfOpen,
        Self::Duplicate,
        Self::Reorder,
        Self::Giant,
        Self::NonJson,
        Self::Loss,
        Self::Ping,
    ];

    /// The kind's word in the control API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Delay => "delay",
            Self::Status => "status",
            Self::LimitStatus => "limit_status",
            Self::LimitText => "limit_text",
            Self::Html => "html",
            Self::Cut => "cut",
            Self::CloseBefore => "close_before",
            Self::CloseAfter => "close_after",
            Self::ExpiredToken => "expired_token",
            Self::SlowDrip => "slow_drip",
            Self::Silence => "silence",
            Self::HalfOpen => "half_open",
            Self::Duplicate => "duplicate",
            Self::Reorder => "reorder",
            Self::Giant => "giant",
            Self::NonJson => "non_json",
            Self::Loss => "loss",
            Self::Ping => "ping",
        }
    }

    /// Whether the request still has its effect.
    pub fn acts(self) -> bool {
        let refuses = matches!(
            self,
            Self::Status
                | Self::LimitStatus
                | Self::LimitText
                | Self::Html
                | Self::CloseBefore
                | Self::ExpiredToken
                | Self::HalfOpen
        );
        !refuses
    }

    /// Whether it can hit a token of an agent's socket.
    ///
    /// There, [`FaultKind::CloseBefore`] does not act, [`FaultKind::Cut`] acts and breaks the
    /// connection without a reply, and [`FaultKind::CloseAfter`] acts, replies and breaks it.
    pub fn on_socket(self) -> bool {
        self.only_socket()
            || matches!(self, Self::Delay | Self::Cut | Self::CloseBefore | Self::CloseAfter)
    }

    /// Whether it can hit no request to the service, but a token of an agent's socket.
    fn only_socket(self) -> bool {
        matches!(
            self,
            Self::Silence
                | Self::HalfOpen
                | Self::Duplicate
                | Self::Reorder
                | Self::Giant
                | Self::NonJson
        )
    }

    /// Whether it can hit what the service sends.
    pub fn on_push(self) -> bool {
        matches!(self, Self::Delay | Self::Duplicate | Self::Reorder | Self::Loss | Self::Ping)
    }

    /// Whether it can hit a request to the service.
    pub fn on_request(self) -> bool {
        !self.only_socket() && !matches!(self, Self::Loss | Self::Ping)
    }

    /// Whether it can hit this kind of request.
    fn fits(self, method: &str) -> bool {
        match method {
            SOCKET => self.on_socket(),
            PUSH => self.on_push(),
            _ => self.on_request(),
        }
    }
}

impl FromStr for FaultKind {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        // The socket's own word for a late reply.
        let word = if word == "late" { Self::Delay.word() } else { word };
        Self::ALL.into_iter().find(|kind| kind.word() == word).ok_or(())
    }
}

/// A fault that waits for its request.
///
/// ```
/// use ozonetel_sim::{Fault, FaultKind};
/// let fault = Fault::new(FaultKind::Status).on("/ca_apis/aht").status(502).times(2);
/// assert_eq!(fault.kind, FaultKind::Status);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// The path; `mdl` for the agent socket without its pings, `mdl:ping` for those; `push` for what the service sends, or `push:callback`,
    /// `push:call`, `push:agent`, `push:status`, `push:check` for some of it; or `*` for every path
    /// but the control API's and the token's.
    pub path: String,
    /// The method in capitals; any method without it.
    pub method: Option<String>,
    /// How many requests it hits.
    pub count: u32,
    /// How late, for [`FaultKind::Delay`]; how long between pieces, for [`FaultKind::SlowDrip`].
    pub delay: Option<Duration>,
    /// The HTTP status, for [`FaultKind::Status`].
    pub status: Option<u16>,
}

impl Fault {
    /// A fault that hits the next request, wherever it goes.
    pub fn new(kind: FaultKind) -> Self {
        Self { kind, path: "*".into(), method: None, count: 1, delay: None, status: None }
    }

    /// Hits requests to one path.
    pub fn on(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Hits requests with one method.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into().to_ascii_uppercase());
        self
    }

    /// Hits so many requests.
    pub fn times(mut self, count: u32) -> Self {
        self.count = count;
        self
    }

    /// Sets how late, or how slowly.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    /// Sets the HTTP status.
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Why it could never hit anything, if it could not.
    ///
    /// ```
    /// use ozonetel_sim::{Fault, FaultKind};
    /// let fault = Fault::new(FaultKind::Duplicate);
    /// assert_eq!(fault.clone().on("mdl").never_hits(), None);
    /// assert!(fault.on("/ca_apis/aht").never_hits().is_some());
    /// ```
    pub fn never_hits(&self) -> Option<&'static str> {
        let kind = self.kind;
        let is = |word: &str| self.method.as_deref().is_some_and(|m| m.eq_ignore_ascii_case(word));
        let none = self.method.is_none();
        let on_request = kind.on_request() && !is(SOCKET) && !is(PUSH);
        let on_socket = kind.on_socket() && (none || is(SOCKET));
        let on_push = kind.on_push() && (none || is(PUSH));
        let why = |hits: bool, why| (!hits).then_some(why);
        if self.count == 0 {
            return Some("count has to be at least 1");
        }
        match self.path.as_str() {
            "*" if is(PUSH) => Some("* is not for pushes: path has to be push"),
            "*" if !kind.on_request() && !kind.on_socket() => {
                Some("this kind hits pushes only: path has to be push")
            }
            "*" => why(on_request || on_socket, NO_METHOD),
            MDL_PATH | PING_PATH => {
                why(on_socket, "this kind cannot hit the agent socket, whose method is WS")
            }
            PUSH_PATH => why(on_push, NO_PUSH),
            path if path == CONTROL || path.starts_with("/_sim/") => {
                Some("the control API is never hit")
            }
            path if path.starts_with('/') && path.contains('?') => Some("path is without a query"),
            path if path.starts_with('/') && !kind.on_request() => {
                Some("this kind cannot hit a request to the service")
            }
            path if path.starts_with('/') => why(on_request, NO_METHOD),
            path if path.strip_prefix("push:").is_some_and(|kind| PUSH_KINDS.contains(&kind)) => {
                why(on_push, NO_PUSH)
            }
            _ => Some(
                "path has to begin with /, or be *, mdl, mdl:ping, push, or push: and callback, \
                 call, agent, status or check",
            ),
        }
    }

    fn hits(&self, method: &str, path: &str, spared: bool) -> bool {
        if !self.kind.fits(method) {
            return false;
        }
        let path = match self.path.as_str() {
            "*" => !spared,
            PUSH_PATH => method == PUSH,
            own => own == path,
        };
        path && self.method.as_ref().is_none_or(|m| m.eq_ignore_ascii_case(method))
    }
}

/// Why a fault cannot hit what its kind and path are for.
const NO_METHOD: &str = "this kind and this path are not for that method";

/// Why a fault cannot hit what the service sends.
const NO_PUSH: &str = "this kind cannot hit pushes, whose method is PUSH";

/// Faults in the order they were asked for; the first that fits is used first.
#[derive(Debug, Default)]
pub(crate) struct Faults(VecDeque<Fault>);

/// How many faults can wait.
const MOST: usize = 10_000;

impl Faults {
    /// Adds a fault; false when too many wait already, or it could never hit anything.
    pub(crate) fn add(&mut self, fault: Fault) -> bool {
        let room = self.0.len() < MOST && fault.never_hits().is_none();
        if room {
            self.0.push_back(fault);
        }
        room
    }

    /// The fault that hits this request, if one does.
    pub(crate) fn take(&mut self, method: &str, path: &str, spared: bool) -> Option<Fault> {
        let at = self.0.iter().position(|f| f.hits(method, path, spared))?;
        let fault = self.0.get_mut(at)?;
        fault.count -= 1;
        if fault.count == 0 { self.0.remove(at) } else { Some(fault.clone()) }
    }

    pub(crate) fn waiting(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_fits_is_used_first() {
        let mut faults = Faults::default();
        faults.add(Fault::new(FaultKind::Html).on("/a").times(2));
        faults.add(Fault::new(FaultKind::Cut).method("get"));
        faults.add(Fault::new(FaultKind::Delay).on("/a"));
        let mut kinds = |method, path, spared| faults.take(method, path, spared).map(|f| f.kind);
        assert_eq!(kinds("POST", "/b", false), None);
        assert_eq!(kinds("GET", "/a", false), Some(FaultKind::Html));
        assert_eq!(kinds("GET", "/token", true), None);
        assert_eq!(kinds("GET", "/b", false), Some(FaultKind::Cut));
        assert_eq!(kinds("POST", "/a", true), Some(FaultKind::Html));
        assert_eq!(kinds("POST", "/a", false), Some(FaultKind::Delay));
        assert_eq!(kinds("POST", "/a", false), None);
    }

    #[test]
    fn pushes_are_hit_by_their_own_faults_only() {
        let mut faults = Faults::default();
        faults.add(Fault::new(FaultKind::Delay));
        faults.add(Fault::new(FaultKind::Loss).on("push:agent"));
        faults.add(Fault::new(FaultKind::Ping).on("push"));
        let mut kinds = |method, path, spared| faults.take(method, path, spared).map(|f| f.kind);
        assert_eq!(kinds(PUSH, "push:callback", true), Some(FaultKind::Ping));
        assert_eq!(kinds(PUSH, "push:callback", true), None);
        assert_eq!(kinds(PUSH, "push:agent", true), Some(FaultKind::Loss));
        assert_eq!(kinds("GET", "/a", false), Some(FaultKind::Delay));
    }

    #[test]
    fn what_is_taken_can_hit_what_it_names_and_what_is_refused_hits_nothing() {
        let targets = [
            ("GET", "/a", false),
            ("POST", "/a", false),
            (SOCKET, MDL_PATH, false),
            (SOCKET, PING_PATH, true),
            (PUSH, "push:callback", true),
            (PUSH, "push:call", true),
            (PUSH, "push:agent", true),
            (PUSH, "push:status", true),
            (PUSH, "push:check", true),
        ];
        let paths = ["*", "push", "push:anything", "x", "", "/a?b=c", "/_sim/state", "/_sim"];
        let paths = targets.iter().map(|(_, path, _)| *path).chain(paths);
        for path in paths {
            for kind in FaultKind::ALL {
                for method in [None, Some("get"), Some("POST"), Some("ws"), Some("push")] {
                    let mut fault = Fault::new(kind).on(path);
                    fault.method = method.map(str::to_owned);
                    let hit = targets.iter().any(|(method, path, spared)| {
                        let mut one = Faults(VecDeque::from([fault.clone()]));
                        one.take(method, path, *spared).is_some()
                    });
                    assert_eq!(Faults::default().add(fault.clone()), hit, "{fault:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_refused_is_refused_with_its_own_reason() {
        use FaultKind::{Delay, Duplicate, Loss, Silence, Status};
        for (kind, path, method, why) in [
            (Duplicate, "*", Some("GET"), NO_METHOD),
            (Status, "*", Some("WS"), NO_METHOD),
            (Status, "/a", Some("WS"), NO_METHOD),
            (Delay, "*", Some("PUSH"), "* is not for pushes: path has to be push"),
            (Loss, "*", None, "this kind hits pushes only: path has to be push"),
            (Delay, "/a?b=c", None, "path is without a query"),
            (Silence, "/a", None, "this kind cannot hit a request to the service"),
            (Delay, "/_sim/state", None, "the control API is never hit"),
        ] {
            let mut fault = Fault::new(kind).on(path);
            fault.method = method.map(str::to_owned);
            assert_eq!(fault.never_hits(), Some(why), "{fault:?}");
        }
        let never = Fault::new(Delay).times(0);
        assert_eq!(never.never_hits(), Some("count has to be at least 1"));
        assert_eq!(Fault::new(Delay).on("/_simple").never_hits(), None);
    }

    #[test]
    fn every_kind_has_a_word_of_its_own() {
        for kind in FaultKind::ALL {
            assert_eq!(kind.word().parse(), Ok(kind));
        }
    }
}
