//! What programs expect of the types, as a table: it does not compile if an entry is missing.

use std::fmt::Display;
use std::hash::Hash;
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::types::ids::{
    AgentId, CallId, CampaignName, Did, DispositionName, PauseReason, PhoneName, SkillName, Ucid,
};
use crate::types::phone::{Country, NumberKey, PhoneNumber, Region};
use crate::types::wire::{ClockDuration, Day, LocalDateTime, SensitiveText, TimeOfDay, Zone};

fn printed<T: Display>() {}
fn parsed<T: FromStr>() {}
fn serialized<T: Serialize + DeserializeOwned>() {}
fn ordered<T: Ord>() {}
fn hashed<T: Hash + Eq>() {}
fn compared<T: PartialEq<str> + for<'a> PartialEq<&'a str>>() {}
fn converted<A: From<B>, B>() {}
fn fallible<A: TryFrom<B>, B>() {}
fn shared<T: Send + Sync + Clone + std::fmt::Debug + 'static>() {}

macro_rules! table {
    ($($ty:ty: $($check:ident)+;)+) => { $( shared::<$ty>(); $( $check::<$ty>(); )+ )+ };
}

#[test]
fn every_type_has_what_programs_expect() {
    table! {
        Ucid: printed parsed serialized ordered hashed compared;
        CallId: printed parsed serialized ordered hashed compared;
        AgentId: printed parsed serialized ordered hashed compared;
        CampaignName: printed parsed serialized ordered hashed compared;
        PhoneName: printed parsed serialized ordered hashed compared;
        SkillName: printed parsed serialized ordered hashed compared;
        DispositionName: printed parsed serialized ordered hashed compared;
        PauseReason: printed parsed serialized ordered hashed compared;
        Did: printed parsed serialized ordered hashed compared;
        PhoneNumber: printed parsed serialized ordered hashed compared;
        SensitiveText: printed parsed serialized ordered hashed compared;
        NumberKey: ordered hashed;
        Country: printed parsed hashed;
        Region: printed parsed serialized ordered hashed;
        ClockDuration: printed parsed serialized ordered hashed;
        Day: printed parsed serialized ordered hashed;
        TimeOfDay: printed parsed serialized ordered hashed;
        LocalDateTime: printed parsed serialized ordered hashed;
        Zone: parsed;
    }
    converted::<Day, jiff::civil::Date>();
    converted::<jiff::civil::Date, Day>();
    converted::<TimeOfDay, jiff::civil::Time>();
    converted::<jiff::civil::Time, TimeOfDay>();
    converted::<LocalDateTime, jiff::civil::DateTime>();
    converted::<jiff::civil::DateTime, LocalDateTime>();
    converted::<Zone, jiff::tz::TimeZone>();
    converted::<jiff::tz::TimeZone, Zone>();
    converted::<std::time::Duration, ClockDuration>();
    fallible::<ClockDuration, std::time::Duration>();
    converted::<Ucid, u32>();
    converted::<u64, Ucid>();
    fallible::<Ucid, u64>();
    fallible::<CallId, u64>();
    converted::<CallId, Ucid>();
}
