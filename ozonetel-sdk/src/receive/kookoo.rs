//! KooKoo, the CPaaS side: calls placed over it ([`outbound`]), what an IVR application is asked, what it answers,
//! and the media stream.
//!
//! KooKoo asks the application's URL with a GET ([`IvrRequest`]) and does what the XML in the answer says ([`IvrResponse`], made
//! of [`verb`]s). After a `Stream` or a `Dial` request the caller is **still on the line**: answer with more verbs or with
//! [`Hangup`](verb::Hangup). After `Hangup` or `Disconnect` nothing more is spoken.
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
//! use ozonetel_sdk::kookoo::{IvrResponse, IvrRequest, IvrStep};
//!
//! let request = IvrRequest::from_query("event=NewCall&sid=90000000000000001&cid_e164=%2B919000000001")?;
//! let answer = match request.step() {
//!     IvrStep::NewCall => IvrResponse::new()
//!         .then(PlayText::new("Sales & service: press one"))
//!         .then(CollectDtmf::new().max_digits(1).wait(5000)),
//!     IvrStep::Keys(Some(_)) => IvrResponse::new().then(Dial::new(DialTarget::pstn(&"9000000002".into())?)),
//!     _ => IvrResponse::new().then(Hangup::new()),
//! };
//! let xml = answer.to_xml()?;
//! assert!(xml.contains("<playtext>Sales &amp; service: press one</playtext>"));
//! assert_eq!(IvrResponse::read(xml.as_bytes())?, answer);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod media;
mod request;
mod response;
pub mod verb;

pub use request::{
    IvrDialResult, IvrDialResultKind, IvrEvent, IvrEventKind, IvrRequest, IvrStep,
    OutboundCallStatus,
};
pub use response::{IvrResponse, MAX_VERBS};
