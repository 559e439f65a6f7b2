//! Times, numbers and ids from text.

use ozonetel_sdk::types::{CallId, Ucid};
use ozonetel_sdk::types::{ClockDuration, Day, LocalDateTime, TimeOfDay, Zone};
use ozonetel_sdk::types::{DialPlan, PhoneNumber, Region};

/// Times, numbers and ids from text.
pub fn values(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(hms) = text.parse::<ClockDuration>() {
        assert_eq!(
            hms.to_string().parse::<ClockDuration>().expect("what is written can be read"),
            hms
        );
    }
    if let Ok(stamp) = text.parse::<LocalDateTime>() {
        assert_eq!(
            stamp.to_string().parse::<LocalDateTime>().expect("what is written can be read"),
            stamp
        );
        let _ = stamp.instant(&Zone::india());
    }
    if let Ok(day) = text.parse::<Day>() {
        let _ = (day.next(), day.previous(), day.end());
    }
    let _ = (text.parse::<TimeOfDay>(), text.parse::<Zone>());
    if let Ok(ucid) = text.parse::<Ucid>() {
        assert_eq!((ucid.as_str(), CallId::from(ucid).as_str()), (text, text));
    }
    let number = PhoneNumber::from(text);
    for plan in [DialPlan::new(Region::India), DialPlan::new(Region::International)] {
        if let Ok(form) = number.for_kick(&plan) {
            assert_eq!(form.for_kick(&plan).expect("a form is its own form"), form);
        }
        if let Ok(dialled) = number.for_dial(&plan) {
            assert_eq!(dialled.for_dial(&plan).expect("a form is its own form"), dialled);
        }
        let _ = number.for_conference(&plan);
    }
    assert!(!number.is_same_number(&PhoneNumber::from("")));
}
