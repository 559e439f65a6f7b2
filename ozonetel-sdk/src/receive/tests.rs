//! What programs expect of what the service sends, as a table: it does not compile if an entry is missing.

use std::fmt::Display;
use std::hash::Hash;
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::api::cdr::{CallStatus, CallType, DialStatus, HangupBy};
use crate::receive::kookoo::{IvrDialResult, IvrEvent, IvrRequest, OutboundCallStatus};
use crate::receive::phone_call::{
    CallKey, CallOutcome, CallOutcomeKind, DialReply, Invite, PhoneCall, RawStatus,
};
use crate::receive::push::{AgentAction, AgentEvent, CallAction, CallEvent, Callback, ScreenPop};

fn printed<T: Display>() {}
fn parsed<T: FromStr>() {}
fn serialized<T: Serialize + DeserializeOwned>() {}
fn ordered<T: Ord>() {}
fn hashed<T: Hash + Eq>() {}
fn compared<T: PartialEq<str> + for<'a> PartialEq<&'a str>>() {}
fn shared<T: Send + Sync + Clone + std::fmt::Debug + 'static>() {}

macro_rules! table {
    ($($ty:ty: $($check:ident)+;)+) => { $( shared::<$ty>(); $( $check::<$ty>(); )+ )+ };
}

#[test]
fn every_type_has_what_programs_expect() {
    table! {
        CallStatus: printed parsed serialized ordered hashed compared;
        CallType: printed parsed serialized ordered hashed compared;
        DialStatus: printed parsed serialized ordered hashed compared;
        HangupBy: printed parsed serialized ordered hashed compared;
        AgentAction: printed parsed serialized ordered hashed compared;
        CallAction: printed parsed serialized ordered hashed compared;
        IvrEvent: printed parsed serialized ordered hashed compared;
        IvrDialResult: printed parsed serialized ordered hashed compared;
        Callback: serialized;
        CallEvent: serialized;
        AgentEvent: serialized;
        ScreenPop: serialized;
        IvrRequest: serialized;
        OutboundCallStatus: serialized;
        PhoneCall: serialized;
        CallOutcome: serialized hashed;
        CallOutcomeKind: printed parsed serialized ordered hashed;
        RawStatus: serialized hashed;
        DialReply: serialized ordered hashed;
        Invite: serialized ordered hashed;
        CallKey: printed serialized ordered hashed;
    }
}
