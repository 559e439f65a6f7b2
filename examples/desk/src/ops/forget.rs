//! `desk forget`: takes a number out of everything the desk keeps.

use ozonetel_sdk::types::{PhoneNumber, redact_number};

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
    /// The store did not do it; nothing was forgotten.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Forgets a number in all its spellings: what to print.
///
/// # Errors
/// [`ForgetError`].
pub async fn forget(store: &Db, number: &str, at: i64) -> Result<String, ForgetError> {
    let number = PhoneNumber::from(number.trim());
    let digits = number.as_str().bytes().filter(u8::is_ascii_digit).count();
    if number.key().is_none() || digits < FEWEST {
        return Err(ForgetError::NoNumber);
    }
    let masked = redact_number(number.as_str());
    let row = AuditRow::of_desk(at, "number.forget", format!("number:{masked}"));
    let done = store.forget_number(&number, row).await?;
    Ok(format!(
        "{masked} is forgotten: in {} calls, which stay without it and without notes, in {} records that were its \
         holder's alone, which are gone, and in {} other places. The service still has it in its own reports: a day \
         that is read again brings its rows back.",
        done.calls, done.removed, done.places
    ))
}
