//! Parameters: `*( ";" name [ "=" value ] )`, of headers and of URIs.

use core::fmt;

use crate::chars::{self, PARAM_END, TOKEN};
use crate::error::{Error, ErrorKind};
use crate::host;
use crate::leniency::Leniency;
use crate::quoted::{self, Unescape};
use crate::scan;
use crate::text::{self, Text};

/// Parameters in their order, parsed one by one.
///
/// ```
/// use sip_ucid::Params;
///
/// let params = Params::new(b";tag=abc ; lr;q = \"a;b\"");
/// assert_eq!(params.get("TAG").unwrap(), "abc");
/// assert!(params.has("lr"));
/// assert_eq!(params.get("lr").unwrap(), "");
/// assert_eq!(params.count(), 3);
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Params<'a> {
    rest: &'a [u8],
}

/// One parameter.
///
/// ```
/// use sip_ucid::Params;
///
/// let param = Params::new(b";text=\"say \\\"hi\\\"\"").next().unwrap();
/// assert_eq!(param.name(), "text");
/// assert_eq!(param.value().unwrap(), r#""say \"hi\"""#);
/// assert_eq!(param.unescape().unwrap().to_string(), r#"say "hi""#);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Param<'a> {
    name: Text<'a>,
    value: Option<Text<'a>>,
}

impl<'a> Param<'a> {
    /// The name as sent; compare with [`Text::is`].
    ///
    /// ```
    /// let param = sip_ucid::Params::new(b"; Tag = 7").next().unwrap();
    /// assert_eq!(param.name(), "Tag");
    /// ```
    pub const fn name(&self) -> Text<'a> {
        self.name
    }

    /// The value as sent, quotes included; `None` without a `=`.
    ///
    /// ```
    /// let params = sip_ucid::Params::new(b";lr;q=\"1\"");
    /// let values: Vec<_> = params.map(|param| param.value()).collect();
    /// assert_eq!(values, [None, Some("\"1\"".into())]);
    /// ```
    pub const fn value(&self) -> Option<Text<'a>> {
        self.value
    }

    /// The value without quotes and escapes.
    ///
    /// ```
    /// let param = sip_ucid::Params::new(br#";text="a \"b\"""#).next().unwrap();
    /// assert_eq!(param.unescape().unwrap().to_string(), "a \"b\"");
    /// ```
    pub fn unescape(&self) -> Option<Unescape<'a>> {
        self.value.map(|value| Unescape::new(value.as_bytes()))
    }

    /// Whether name and value match `generic-param`: token, host or quoted string.
    pub(crate) fn is_strict(&self) -> bool {
        let value = self.value.is_none_or(|value| match value.as_bytes() {
            [b'"', ..] => quoted::is_strict(value.as_bytes()),
            bytes if chars::only(bytes, TOKEN) => true,
            // A host may be an IPv6 address, with brackets or, in `received`, without.
            [b'[', inner @ .., b']'] => host::is_ipv6(inner),
            bytes => host::is_ipv6(bytes),
        });
        let empty = self.value.is_some_and(Text::is_empty);
        chars::all(self.name.as_bytes(), TOKEN) && value && !empty
    }
}

impl fmt::Debug for Param<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Param({})", self.name)
    }
}

impl<'a> Params<'a> {
    /// Parameters from text that is empty or begins with `;`.
    ///
    /// ```
    /// assert_eq!(sip_ucid::Params::new(b";a=1;b").count(), 2);
    /// assert_eq!(sip_ucid::Params::new(b"").count(), 0);
    /// ```
    pub const fn new(text: &'a [u8]) -> Self {
        Self { rest: text }
    }

    /// The text of all of them.
    ///
    /// ```
    /// assert_eq!(sip_ucid::Params::new(b";a=1;b").as_text(), ";a=1;b");
    /// ```
    pub const fn as_text(self) -> Text<'a> {
        Text::new(self.rest)
    }

    /// The value of the first parameter of this name, ignoring case; empty if it has none.
    ///
    /// ```
    /// let params = sip_ucid::Params::new(b";lr;Expires=60;expires=90");
    /// assert_eq!(params.get("expires").unwrap(), "60");
    /// assert_eq!(params.get("lr").unwrap(), "");
    /// assert_eq!(params.get("q"), None);
    /// ```
    pub fn get(mut self, name: &str) -> Option<Text<'a>> {
        self.find(|param| param.name.is(name)).map(|param| param.value.unwrap_or_default())
    }

    /// Whether there is a parameter of this name.
    ///
    /// ```
    /// assert!(sip_ucid::Params::new(b";a=1;LR").has("lr"));
    /// ```
    pub fn has(self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Whether there are none.
    ///
    /// ```
    /// use sip_ucid::Params;
    /// assert!(Params::new(b" ;; ").is_empty() && !Params::new(b";lr").is_empty());
    /// ```
    pub fn is_empty(mut self) -> bool {
        self.next().is_none()
    }

    /// Checks that each is `name [= value]` and none is empty, but for what is forgiven.
    pub(crate) fn check(self, leniency: Leniency) -> Result<(), Error> {
        let mut all = Self::new(after_plain(self.rest));
        loop {
            let before = text::trim_start(all.rest);
            let flag = match all.step() {
                Step::Done => return Ok(()),
                Step::Param(param) if param.is_strict() => continue,
                Step::Empty if before.first() == Some(&b';') => Leniency::EMPTY_ELEMENTS,
                Step::Param(_) | Step::Empty => Leniency::LOOSE_CHARACTERS,
            };
            if !leniency.has(flag) {
                return Err(Error::new(ErrorKind::Parameter, self.rest.len() - before.len()));
            }
        }
    }

    #[inline]
    fn step(&mut self) -> Step<'a> {
        let (param, rest) = split(self.rest);
        self.rest = rest;
        param
    }
}

/// What is left after the parameters at the beginning that have neither quotes nor white space.
///
/// Most are like that, and each of their bytes is looked at once.
fn after_plain(text: &[u8]) -> &[u8] {
    let mut sound = text;
    while let [b';', rest @ ..] = sound {
        let (name, rest) = rest.split_at_checked(chars::run(rest, TOKEN)).unwrap_or_default();
        let (value, rest) = match rest {
            [b'=', rest @ ..] => rest.split_at_checked(chars::run(rest, TOKEN)).unwrap_or_default(),
            _ => (name, rest),
        };
        if name.is_empty() || value.is_empty() || !matches!(rest, [] | [b';', ..]) {
            break;
        }
        sound = rest;
    }
    sound
}

enum Step<'a> {
    Param(Param<'a>),
    Empty,
    Done,
}

/// The parameter after the `;` at which `text` begins, and what follows it.
#[inline]
fn split(text: &[u8]) -> (Step<'_>, &[u8]) {
    let text = text::trim_start(text);
    let text = match text {
        [] => return (Step::Done, text),
        [b';', rest @ ..] => rest,
        // Only malformed input comes here, such as `"a"b`: what follows is not a parameter.
        _ => match text.iter().position(|byte| *byte == b';') {
            Some(at) => return (Step::Empty, text.get(at..).unwrap_or_default()),
            None => return (Step::Empty, &[]),
        },
    };
    let text = text::trim_start(text);
    let end = text.iter().position(|b| chars::is(*b, PARAM_END)).unwrap_or(text.len());
    scan::tally(1 + end);
    let (name, rest) = text.split_at_checked(end).unwrap_or_default();
    let name = Text::new(text::trim_end(name));
    let [b'=', value @ ..] = rest else {
        let step =
            if name.is_empty() { Step::Empty } else { Step::Param(Param { name, value: None }) };
        return (step, rest);
    };
    let value = text::trim_start(value);
    let end = match value {
        [b'"', ..] => quoted::end(value).unwrap_or(value.len()),
        _ => value.iter().position(|b| matches!(b, b';' | b',')).unwrap_or(value.len()),
    };
    let (value, rest) = value.split_at_checked(end).unwrap_or_default();
    (Step::Param(Param { name, value: Some(Text::new(text::trim_end(value))) }), rest)
}

impl<'a> Iterator for Params<'a> {
    type Item = Param<'a>;

    #[inline]
    fn next(&mut self) -> Option<Param<'a>> {
        loop {
            match self.step() {
                Step::Param(param) => return Some(param),
                Step::Empty => {}
                Step::Done => return None,
            }
        }
    }
}

impl fmt::Debug for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}
