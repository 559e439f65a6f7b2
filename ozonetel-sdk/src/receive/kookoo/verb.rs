//! The verbs of an answer: one type per tag.
//!
//! Values whose words the sources do not list (`record`, `lang`, `moh` …) are text, to be written as the account's
//! documentation says. An attribute that has no method here is given with `attribute`.

use std::borrow::Cow;
use std::fmt;

use crate::types::invalid::Invalid;
use crate::types::phone::{DialPlan, PhoneNumber};
use crate::types::wire::{SensitiveText, shown_name};

/// A tag of the XML as it is written.
///
/// ```
/// use ozonetel_sdk::kookoo::IvrResponse;
/// use ozonetel_sdk::kookoo::verb::{Element, Verb};
/// let later = Element::new("newverb").attribute("a", "1 < 2");
/// let xml = IvrResponse::new().then(Verb::Other(later)).to_xml()?;
/// assert!(xml.contains(r#"<newverb a="1 &lt; 2"/>"#));
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
///
/// `Debug` shows names only: what is said and whom it is said to are personal.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Element {
    /// The tag's name.
    pub name: String,
    /// The attributes, in order.
    pub attributes: Vec<(String, String)>,
    /// The text in it.
    pub text: String,
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.attributes.iter().map(|(name, _)| shown_name(name)).collect();
        f.debug_struct("Element")
            .field("name", &shown_name(&self.name))
            .field("attributes", &names)
            .field("text", &self.text.len())
            .finish()
    }
}

impl Element {
    /// An empty tag.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Adds an attribute.
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.push((name.into(), value.into()));
        self
    }

    /// Sets the text.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }
}

/// A value of an attribute or a text.
trait Value: Sized {
    fn write(&self) -> Cow<'_, str>;
    fn read(text: &str) -> Option<Self>;
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
    /// What `Debug` shows: a text may be a number, an address, or what is said.
    fn shown(&self) -> Cow<'_, str> {
        Cow::Borrowed("…")
    }
}

impl Value for String {
    fn write(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }
    fn read(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Value for SensitiveText {
    fn write(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.as_str())
    }
    fn read(text: &str) -> Option<Self> {
        Some(text.into())
    }
}

impl Value for u32 {
    fn write(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_string())
    }
    fn read(text: &str) -> Option<Self> {
        // Only what is written back the same: a leading zero or sign stays an attribute of its own.
        text.parse().ok().filter(|n: &u32| n.to_string() == text)
    }
    fn shown(&self) -> Cow<'_, str> {
        self.write()
    }
}

/// A time-out whose unit the sources disagree on: one says seconds, another milliseconds. The number is written as it
/// is; which of the two it means on your account has to be found out there.
///
/// ```
/// use ozonetel_sdk::kookoo::verb::Timeout;
/// assert_eq!(Timeout::seconds(30).number(), 30);
/// assert_eq!(Timeout::millis(30_000).number(), 30_000);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeout(u32);

impl Timeout {
    /// For an account on which the number means seconds.
    pub fn seconds(seconds: u32) -> Self {
        Self(seconds)
    }

    /// For an account on which the number means milliseconds.
    pub fn millis(millis: u32) -> Self {
        Self(millis)
    }

    /// The number that is written.
    pub fn number(self) -> u32 {
        self.0
    }
}

impl Value for Timeout {
    fn write(&self) -> Cow<'_, str> {
        self.0.write().into_owned().into()
    }
    fn read(text: &str) -> Option<Self> {
        u32::read(text).map(Self)
    }
    fn shown(&self) -> Cow<'_, str> {
        self.write()
    }
}

/// Where `<dial>` goes. `Debug` is masked.
///
/// The service treats everything that looks like digits as a telephone number, a SIP extension as well: to dial an
/// extension the host has to be named. A browser phone of an agent is reached through the agent socket.
///
/// ```
/// use ozonetel_sdk::kookoo::verb::{DialForm, DialTarget};
/// assert_eq!(DialTarget::pstn(&"+919000000001".into())?.as_str(), "09000000001");
/// assert_eq!(DialTarget::plain("500001").form(), DialForm::Plain);
/// assert_eq!(DialTarget::sip("500001", "sip.example.test")?.as_str(), "sip:500001@sip.example.test");
/// assert_eq!(DialTarget::address("500001", "sip.example.test")?.as_str(), "500001@sip.example.test");
/// assert!(DialTarget::sip("50 0001", "sip.example.test").is_err());
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialTarget(SensitiveText);

/// How a [`DialTarget`] is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DialForm {
    /// As given: dialled as a telephone number, whatever it is.
    Plain,
    /// `0` and ten digits: a telephone number in India.
    ZeroPrefixed,
    /// `sip:ext@host`.
    Sip,
    /// `ext@host`.
    Address,
}

impl DialTarget {
    /// Text as it is. The service dials it as a telephone number, a bare SIP extension included.
    pub fn plain(text: impl Into<String>) -> Self {
        Self(text.into().into())
    }

    /// An Indian telephone number as `0` and ten digits; not an extension or another short number.
    ///
    /// # Errors
    /// As [`PhoneNumber::for_kookoo`].
    pub fn pstn(number: &PhoneNumber) -> Result<Self, Invalid> {
        Ok(Self(number.for_kookoo(&DialPlan::default())?.as_str().into()))
    }

    /// `sip:ext@host`.
    ///
    /// # Errors
    /// An extension or a host that is empty or has blanks, `@`, or other characters that are not allowed there.
    pub fn sip(extension: &str, host: &str) -> Result<Self, Invalid> {
        let address = Self::address(extension, host)?;
        Ok(Self(["sip:", address.as_str()].concat().into()))
    }

    /// `ext@host`.
    ///
    /// # Errors
    /// As [`sip`](Self::sip).
    pub fn address(extension: &str, host: &str) -> Result<Self, Invalid> {
        let user = |b: u8| b.is_ascii_alphanumeric() || b"-_.+*#~".contains(&b);
        if extension.is_empty() || !extension.bytes().all(user) {
            return Err(Invalid::new("extension", "has to be letters, digits or -_.+*#~"));
        }
        let place = |b: u8| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b);
        if host.is_empty() || !host.bytes().all(place) {
            return Err(Invalid::new("host", "has to be a host, with a port or without"));
        }
        Ok(Self([extension, "@", host].concat().into()))
    }

    /// The text in the tag.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Which form it is.
    pub fn form(&self) -> DialForm {
        let text = self.as_str();
        if text.len() > 4 && text.is_char_boundary(4) && text[..4].eq_ignore_ascii_case("sip:") {
            DialForm::Sip
        } else if text.contains('@') {
            DialForm::Address
        } else if text.len() == 11
            && text.starts_with('0')
            && text.bytes().all(|b| b.is_ascii_digit())
        {
            DialForm::ZeroPrefixed
        } else {
            DialForm::Plain
        }
    }
}

impl Value for DialTarget {
    fn write(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.as_str())
    }
    fn read(text: &str) -> Option<Self> {
        Some(Self(text.into()))
    }
    fn check(&self) -> Result<(), Invalid> {
        if self.as_str().trim().is_empty() {
            return Err(Invalid::new("dial", "has no target"));
        }
        Ok(())
    }
}

macro_rules! verbs {
    ($(
        $(#[$meta:meta])*
        $name:ident = $tag:literal $( ( $(#[$tmeta:meta])* $text:ident : $tty:ty ) )? {
            $( $(#[$ameta:meta])* $field:ident : $ty:ty [$arg:ty] = $attr:literal ),* $(,)?
        }
    )+) => {
        $(
            $(#[$meta])*
            #[doc = concat!("\n\nThe tag `<", $tag, ">`.")]
            ///
            /// `Debug` shows names and counts only.
            #[derive(Clone, PartialEq, Eq)]
            pub struct $name {
                $( $(#[$tmeta])* pub $text: $tty, )?
                $( $(#[$ameta])* #[doc = concat!("\n\nThe attribute `", $attr, "`.")] pub $field: Option<$ty>, )*
                /// Attributes that have no field here.
                pub other: Vec<(String, String)>,
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    #[allow(unused_mut, reason = "not every verb has attributes or a text")]
                    let mut out = f.debug_struct(stringify!($name));
                    $( out.field(stringify!($text), &self.$text.write().len()); )?
                    $( if let Some(value) = &self.$field {
                        out.field(stringify!($field), &value.shown());
                    } )*
                    let other: Vec<_> = self.other.iter().map(|(name, _)| shown_name(name)).collect();
                    out.field("other", &other).finish()
                }
            }

            impl $name {
                const ATTRIBUTES: &'static [&'static str] = &[$($attr),*];

                /// The verb with what it cannot do without.
                #[allow(clippy::new_without_default, reason = "a verb that needs a text has no default")]
                pub fn new($($text: impl Into<$tty>)?) -> Self {
                    Self { $($text: $text.into(),)? $($field: None,)* other: Vec::new() }
                }

                $(
                    $(#[$ameta])*
                    #[doc = concat!("\n\nThe attribute `", $attr, "`.")]
                    pub fn $field(mut self, value: $arg) -> Self {
                        self.$field = Some(value.into());
                        self
                    }
                )*

                /// An attribute that has no method here.
                pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
                    self.other.push((name.into(), value.into()));
                    self
                }

                fn element(&self) -> Result<Element, Invalid> {
                    if self.other.iter().any(|(name, _)| Self::ATTRIBUTES.contains(&name.as_str())) {
                        return Err(Invalid::new("attribute", "has a method of its own"));
                    }
                    #[allow(unused_mut, reason = "not every verb has attributes or a text")]
                    let mut element = Element::new($tag);
                    $( if let Some(value) = &self.$field {
                        value.check()?;
                        element.attributes.push(($attr.into(), value.write().into_owned()));
                    } )*
                    element.attributes.extend(self.other.iter().cloned());
                    $( self.$text.check()?; element.text = self.$text.write().into_owned(); )?
                    Ok(element)
                }

                fn of(element: &Element) -> Option<Self> {
                    #[allow(unused_mut, reason = "not every verb has attributes or a text")]
                    let mut text = Some(element.text.as_str());
                    #[allow(unused_mut, reason = "not every verb has attributes")]
                    let mut out = Self {
                        $( $text: <$tty>::read(text.take()?)?, )?
                        $( $field: None, )*
                        other: Vec::new(),
                    };
                    if text.is_some_and(|text| !text.trim().is_empty()) {
                        return None;
                    }
                    for (name, value) in &element.attributes {
                        match name.as_str() {
                            $( $attr if out.$field.is_none() && <$ty>::read(value).is_some() => {
                                out.$field = <$ty>::read(value);
                            } )*
                            // A known attribute with a value it cannot have: the tag stays as it is.
                            known if Self::ATTRIBUTES.contains(&known) => return None,
                            _ => out.other.push((name.clone(), value.clone())),
                        }
                    }
                    Some(out)
                }
            }

            impl From<$name> for Verb {
                fn from(verb: $name) -> Self {
                    Self::$name(verb)
                }
            }
        )+

        /// One verb of an answer.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Verb {
            $( $(#[$meta])* $name($name), )+
            /// An unknown tag, or a known one with a value that it cannot have.
            Other(Element),
        }

        impl Verb {
            fn element(&self) -> Result<Element, Invalid> {
                match self {
                    $( Self::$name(verb) => verb.element(), )+
                    Self::Other(element) => Ok(element.clone()),
                }
            }
        }

        impl From<Element> for Verb {
            /// The verb that a tag is, in any case of its name.
            fn from(element: Element) -> Self {
                let read = match element.name.to_ascii_lowercase().as_str() {
                    $( $tag => $name::of(&element).map(Self::$name), )+
                    _ => None,
                };
                read.unwrap_or(Self::Other(element))
            }
        }
    };
}

verbs! {
    /// Speaks a text.
    ///
    /// ```
    /// use ozonetel_sdk::kookoo::IvrResponse;
    /// use ozonetel_sdk::kookoo::verb::PlayText;
    /// let xml = IvrResponse::new().then(PlayText::new("Hello").lang("EN")).to_xml()?;
    /// assert!(xml.contains(r#"<playtext lang="EN">Hello</playtext>"#));
    /// # Ok::<(), ozonetel_sdk::error::Invalid>(())
    /// ```
    PlayText = "playtext" (
        /// The text.
        text: SensitiveText
    ) {
        /// The language.
        lang: String [impl Into<String>] = "lang",
        /// The speed.
        speed: String [impl Into<String>] = "speed",
        /// The quality.
        quality: String [impl Into<String>] = "quality",
        /// The type.
        kind: String [impl Into<String>] = "type",
    }
    /// Plays a file: WAV, 8 kHz, 16 bit, mono.
    ///
    /// ```
    /// use ozonetel_sdk::kookoo::IvrResponse;
    /// use ozonetel_sdk::kookoo::verb::PlayAudio;
    /// let xml = IvrResponse::new().then(PlayAudio::new("https://example.test/a.wav")).to_xml()?;
    /// assert!(xml.contains(r#"<playaudio>https://example.test/a.wav</playaudio>"#));
    /// # Ok::<(), ozonetel_sdk::error::Invalid>(())
    /// ```
    PlayAudio = "playaudio" (
        /// The file's address.
        url: String
    ) {}
    /// Speaks a number, a date or something similar.
    ///
    /// ```
    /// use ozonetel_sdk::kookoo::IvrResponse;
    /// use ozonetel_sdk::kookoo::verb::SayAs;
    /// let xml = IvrResponse::new().then(SayAs::new("12").format("1")).to_xml()?;
    /// assert!(xml.contains(r#"<say-as format="1">12</say-as>"#));
    /// # Ok::<(), ozonetel_sdk::error::Invalid>(())
    /// ```
    SayAs = "say-as" (
        /// What to speak.
        text: SensitiveText
    ) {
        /// As what.
        format: String [impl Into<String>] = "format",
        /// The language.
        lang: String [impl Into<String>] = "lang",
    }
    /// Waits for keys; they come with the request `GotDTMF`. In most sources `t` is the key that ends the input and `o`
    /// the time-out in milliseconds; one document uses `t` for the time-out: see [`wait_in_t`](CollectDtmf::wait_in_t).
    ///
    /// ```
    /// use ozonetel_sdk::kookoo::IvrResponse;
    /// use ozonetel_sdk::kookoo::verb::CollectDtmf;
    /// let xml = IvrResponse::new().then(CollectDtmf::new().max_digits(4).end_key("*").wait(5000)).to_xml()?;
    /// assert!(xml.contains(r#"<collectdtmf l="4" t="*" o="5000"/>"#));
    /// # Ok::<(), ozonetel_sdk::error::Invalid>(())
    /// ```
    CollectDtmf = "collectdtmf" {
        /// The most keys.
        max_digits: u32 [u32] = "l",
        /// The key that ends the input; or the time-out, in the one document.
        end_key: String [impl Into<String>] = "t",
        /// The time-out in milliseconds.
        wait: u32 [u32] = "o",
    }
    /// Records the caller; the link comes with the request `Record`.
    ///
    /// ```
    /// use ozonetel_sdk::kookoo::IvrResponse;
    /// use ozonetel_sdk::kookoo::verb::Record;
    /// let xml = IvrResponse::new().then(Record::new().silence(3)).to_xml()?;
    /// assert!(xml.contains(r#"<record silence="3"/>"#));
    /// # Ok::<(), ozonetel_sdk::error::Invalid>(())
    /// ```
    Record = "record" {
        /// The format.
        format: String [impl Into<String>] = "format",
        /// How much silence ends it; the unit is not stated.
        silence: u32 [u32] = "silence",
        /// How long at most; the unit is not stated.
        max_duration: u32 [u32] = "maxduration",
        /// The key that ends it.
        term_char: String [impl Into<String>] = "termchar",
    }
    /// Connects the caller to another person; the request `Dial` follows, and the caller is still there.
    ///
    /// ```
    /// use ozonetel_sdk::kookoo::IvrResponse;
    /// use ozonetel_sdk::kookoo::verb::{Dial, DialTarget};
    /// let xml = IvrResponse::new().then(Dial::new(DialTarget::sip("500001", "sip.example.test")?)).to_xml()?;
    /// assert!(xml.contains(r#"<dial>sip:500001@sip.example.test</dial>"#));
    /// # Ok::<(), ozonetel_sdk::error::Invalid>(())
    /// ```
    Dial = "dial" (
        /// Whom.
        target: DialTarget
    ) {
        /// Whether to record.
        record: String [impl Into<String>] = "record",
        /// The longest call after it was answered; the unit is not stated.
        limit_time: u32 [u32] = "limittime",
        /// How long it rings. Sources disagree on the unit.
        timeout: Timeout [impl Into<Timeout>] = "timeout",
        /// What the caller hears meanwhile: `default` or `ring`.
        moh: String [impl Into<String>] = "moh",
        /// What the called person hears first.
        prompt_to_called_number: String [impl Into<String>] = "promptToCalledNumber",
        /// The number to show.
        caller_id: String [impl Into<String>] = "caller_id",
        /// Whether the caller may transfer (newer).
        transfer_allowed_by_caller: String [impl Into<String>] = "transfer_allowed_by_caller",
        /// What to call when it is answered (newer).
        callback_onanswered: String [impl Into<String>] = "callback_onanswered",
    }
    /// Puts the caller into a room.
    ///
    /// ```
    /// use ozonetel_sdk::kookoo::IvrResponse;
    /// use ozonetel_sdk::kookoo::verb::Conference;
    /// let xml = IvrResponse::new().then(Conference::new("room7")).to_xml()?;
    /// assert!(xml.contains(r#"<conference>room7</conference>"#));
    /// # Ok::<(), ozonetel_sdk::error::Invalid>(())
    /// ```
    Conference = "conference" (
        /// The room.
        room: String
    ) {
        /// What a caller on hold hears.
        caller_onhold_music: String [impl Into<String>] = "caller_onhold_music",
        /// Whether to record.
        record: String [impl Into<String>] = "record",
        /// The number to show.
        caller_id: String [impl Into<String>] = "caller_id",
        /// The time-out. Its unit is not stated.
        timeout: Timeout [impl Into<Timeout>] = "timeout",
        /// The version.
        version: String [impl Into<String>] = "version",
    }
    /// Hands the caller to a skill's agents in CloudAgent.
    ///
    /// ```
    /// use ozonetel_sdk::kookoo::IvrResponse;
    /// use ozonetel_sdk::kookoo::verb::CcTransfer;
    /// let xml = IvrResponse::new().then(CcTransfer::new("General").uui("order 7")).to_xml()?;
    /// assert!(xml.contains(r#"<cctransfer uui="order 7">General</cctransfer>"#));
    /// # Ok::<(), ozonetel_sdk::error::Invalid>(())
    /// ```
    CcTransfer = "cctransfer" (
        /// The skill.
        skill: String
    ) {
        /// Whether to record.
        record: String [impl Into<String>] = "record",
        /// What the caller hears meanwhile.
        moh: String [impl Into<String>] = "moh",
        /// Carried into events, callbacks and reports.
        uui: SensitiveText [impl Into<SensitiveText>] = "uui",
        /// The time-out. Its unit is not stated.
        timeout: Timeout [impl Into<Timeout>] = "timeout",
        /// How the agents ring.
        ring_type: String [impl Into<String>] = "ringType",
    }
    /// Continues at another address.
    ///
    /// ```
    /// use ozonetel_sdk::kookoo::IvrResponse;
    /// use ozonetel_sdk::kookoo::verb::GotoUrl;
    /// let xml = IvrResponse::new().then(GotoUrl::new("https://example.test/?a=1&b=2")).to_xml()?;
    /// assert!(xml.contains(r#"<gotourl>https://example.test/?a=1&amp;b=2</gotourl>"#));
    /// # Ok::<(), ozonetel_sdk::error::Invalid>(())
    /// ```
    GotoUrl = "gotourl" (
        /// The address.
        url: String
    ) {
        /// Whether to drop the parameters of the current address, which are sent along otherwise.
        clean_params: String [impl Into<String>] = "clean_params",
    }
    /// Connects the caller's audio to a SIP trunk's number or to a WebSocket; afterwards comes the request `Stream`, and
    /// the caller is still there.
    ///
    /// ```
    /// use ozonetel_sdk::kookoo::IvrResponse;
    /// use ozonetel_sdk::kookoo::verb::Stream;
    /// let xml = IvrResponse::new().then(Stream::new("520001").is_sip("true")).to_xml()?;
    /// assert!(xml.contains(r#"<stream is_sip="true">520001</stream>"#));
    /// # Ok::<(), ozonetel_sdk::error::Invalid>(())
    /// ```
    Stream = "stream" (
        /// The trunk's number: its short extension, not the DID. May be empty with a `url`.
        number: String
    ) {
        /// `true` for a SIP trunk.
        is_sip: String [impl Into<String>] = "is_sip",
        /// The WebSocket; has to be `wss`.
        url: String [impl Into<String>] = "url",
        /// Carried along: in the INVITE's `X-UUI`, in the stream's `x_headers`.
        x_uui: SensitiveText [impl Into<SensitiveText>] = "x-uui",
        /// Whether audio goes both ways.
        bidirectional: String [impl Into<String>] = "bidirectional",
    }
    /// Records from here on.
    ///
    /// ```
    /// use ozonetel_sdk::kookoo::IvrResponse;
    /// use ozonetel_sdk::kookoo::verb::StartRecord;
    /// let xml = IvrResponse::new().then(StartRecord::new()).to_xml()?;
    /// assert!(xml.contains(r#"<start-record/>"#));
    /// # Ok::<(), ozonetel_sdk::error::Invalid>(())
    /// ```
    StartRecord = "start-record" {}
    /// Recognizes speech; the text comes with the request `Recognize`. No attribute of it is known from the sources.
    ///
    /// ```
    /// use ozonetel_sdk::kookoo::IvrResponse;
    /// use ozonetel_sdk::kookoo::verb::Recognize;
    /// let xml = IvrResponse::new().then(Recognize::new("")).to_xml()?;
    /// assert!(xml.contains(r#"<recognize/>"#));
    /// # Ok::<(), ozonetel_sdk::error::Invalid>(())
    /// ```
    Recognize = "recognize" (
        /// The text in the tag.
        text: String
    ) {}
    /// Sends a text message. No attribute of it is known from the sources.
    ///
    /// ```
    /// use ozonetel_sdk::kookoo::IvrResponse;
    /// use ozonetel_sdk::kookoo::verb::SendSms;
    /// let xml = IvrResponse::new().then(SendSms::new("Thank you")).to_xml()?;
    /// assert!(xml.contains(r#"<sendsms>Thank you</sendsms>"#));
    /// # Ok::<(), ozonetel_sdk::error::Invalid>(())
    /// ```
    SendSms = "sendsms" (
        /// The message.
        text: SensitiveText
    ) {}
    /// Ends the call.
    ///
    /// ```
    /// use ozonetel_sdk::kookoo::IvrResponse;
    /// use ozonetel_sdk::kookoo::verb::Hangup;
    /// let xml = IvrResponse::new().then(Hangup::new()).to_xml()?;
    /// assert!(xml.contains(r#"<hangup/>"#));
    /// # Ok::<(), ozonetel_sdk::error::Invalid>(())
    /// ```
    Hangup = "hangup" {}
}

impl CollectDtmf {
    /// For accounts on which `t` is the time-out: writes the number there. No end key can be given then.
    ///
    /// ```
    /// use ozonetel_sdk::kookoo::IvrResponse;
    /// use ozonetel_sdk::kookoo::verb::CollectDtmf;
    /// let most = IvrResponse::new().then(CollectDtmf::new().max_digits(4).end_key("#").wait(5000)).to_xml()?;
    /// assert!(most.contains(r##"<collectdtmf l="4" t="#" o="5000"/>"##));
    /// let one = IvrResponse::new().then(CollectDtmf::new().max_digits(4).wait_in_t(5000)).to_xml()?;
    /// assert!(one.contains(r#"<collectdtmf l="4" t="5000"/>"#));
    /// # Ok::<(), ozonetel_sdk::error::Invalid>(())
    /// ```
    pub fn wait_in_t(mut self, number: u32) -> Self {
        self.end_key = Some(number.to_string());
        self.wait = None;
        self
    }
}

impl Verb {
    /// The tag, checked.
    pub(super) fn checked(&self) -> Result<Element, Invalid> {
        if let Self::Stream(Stream { url: Some(url), .. }) = self
            && !url.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("wss://"))
        {
            return Err(Invalid::new("url", "has to be wss"));
        }
        self.element()
    }
}
