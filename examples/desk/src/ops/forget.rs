//! `desk forget`: takes a number out of everything the desk keeps.

use ozonetel_sdk::types::{PhoneNumber, redact_number};

use crate::core::forget::without;
use crate::ports::profiles::{Profiles, ProfilesError};
use crate::store::audit::AuditRow;
use crate::store::{Db, StoreError};

/// Fewer digits are an extension, which many things hold that are no number.
const FEWEST: usize = 7;

/// Why a number was not forgotten.
#[derive(Debug, thiserror::Error)]
pub enum ForgetError {
    /// The text is no telephone number.
    #[error("NUMBER is not a telephone number of at least {FEWEST} digits")]
    NoNumber,
    /// The store did not do all of it; what was forgotten until then stays so.
    #[error("{0}; the number may be forgotten in part: run it again")]
    Store(#[from] StoreError),
    /// It is forgotten but for the callers' profiles.
    #[error("the number is forgotten but for callers' profiles: {0}; run it again")]
    Profiles(#[from] ProfilesError),
}

/// Forgets a number in all its spellings, in the store and in the profiles beside it: what to print. Profiles in the
/// memory of a desk that runs on the store go within seconds.
///
/// # Errors
/// [`ForgetError`].
pub async fn forget(
    store: &Db,
    profiles: Option<&dyn Profiles>,
    number: &str,
    at: i64,
) -> Result<String, ForgetError> {
    let number = PhoneNumber::from(number.trim());
    let digits = number.as_str().bytes().filter(u8::is_ascii_digit).count();
    if number.key().is_none() || digits < FEWEST {
        return Err(ForgetError::NoNumber);
    }
    let masked = redact_number(number.as_str());
    let row = AuditRow::of_desk(at, "number.forget", format!("number:{masked}"));
    let done = store.forget_number(&number, row).await?;
    let profiles = match profiles {
        Some(profiles) => profiles.forget(&|text| without(text, &number).is_some()).await?,
        None => 0,
    };
    let left =
        if done.is_whole { "" } else { " It was written again and again meanwhile: run it again." };
    Ok(format!(
        "{masked} is forgotten: in {} calls, which stay without it and without notes, in {} records that were its \
         holder's alone, which are gone, in {} profiles, and in {} other places. The service still has it in its own reports: a day \
         that is read again brings its rows back, and so does what it sends again. Notes that are still to reach it go with \
         their delivery.{left}",
        done.calls, done.removed, profiles, done.places
    ))
}
