//! KooKoo, the CPaaS side: calls placed over it ([`outbound`]), what an IVR application is asked, what it answers,
//! and the media stream.
//!
//! KooKoo asks the application's URL with a GET ([`Request`]) and does what the XML in the answer says ([`Answer`], made
//! of [`verb`]s). After a `Stream` or a `Dial` request the caller is **still on the line**: answer with more verbs or with
//! [`Hangup`](verb::Hangup). After `Hangup` or `Disconnect` nothing is spoken any more.
//!
//! Two things on which the sources disagree are not decided here: the unit of `<dial>`'s time-out
//! ([`Timeout`](verb::Timeout)) and whether `t` or `o` is the time-out of `<collectdtmf>`
//! ([`CollectDtmf`](verb::CollectDtmf)).
//!
//! **A plain SIP extension in `<dial>` is treated as a telephone number by the service.** A browser phone that an agent
//! is logged in with is reached through the agent socket, not through `<dial>`; see [`DialTarget`](verb::DialTarget) for
//! every form there is.
//!
//! ```
//! use ozonetel_sdk::kookoo::verb::{CollectDtmf, Dial, DialTarget, Hangup, PlayText};
//! use ozonetel_sdk::kookoo::{Answer, Request, Step};
//!
//! let request = Request::from_query("event=NewCall&sid=90000000000000001&cid_e164=%2B919000000001")?;
//! let answer = match request.step() {
//!     Step::NewCall => Answer::new()
//!         .then(PlayText::new("Sales & service: press one"))
//!         .then(CollectDtmf::new().max_digits(1).wait(5000)),
//!     Step::Keys(Some(_)) => Answer::new().then(Dial::new(DialTarget::pstn(&"9000000002".into())?)),
//!     _ => Answer::new().then(Hangup::new()),
//! };
//! let xml = answer.to_xml()?;
//! assert!(xml.contains("<playtext>Sales &amp; service: press one</playtext>"));
//! assert_eq!(Answer::read(xml.as_bytes())?, answer);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
pub mod media;

mod request;
pub mod verb;

pub use answer::{Answer, MAX_VERBS};
pub use request::{
    DialResult, DialResultKind, Request, RequestEvent, RequestEventKind, Status, Step,
};
