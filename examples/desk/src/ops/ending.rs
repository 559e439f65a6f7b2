//! Why the process ends, and whether another start may mend that: whatever passes by itself does not keep the desk from
//! being started again. A folder that is not there is taken for a misspelt one: what may be mounted late has to be named in
//! the unit.

use std::error::Error;
use std::fmt;
use std::io;
use std::process::ExitCode;

use ozonetel_store::StoreError as RecordsError;

use super::supervisor::MISCONFIGURED;
use crate::store::StoreError;

/// What another start would not mend.
#[derive(Debug)]
pub struct Misconfigured(pub String);

impl Error for Misconfigured {}

impl fmt::Display for Misconfigured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How the process ends.
pub fn code(error: &(dyn Error + 'static)) -> ExitCode {
    if error.is::<Misconfigured>() { ExitCode::from(MISCONFIGURED) } else { ExitCode::FAILURE }
}

/// Why a store cannot be served from. Tables of another version stay so, and no one makes its folder.
pub fn unusable(error: StoreError) -> Box<dyn Error> {
    match error {
        StoreError::Version(_) | StoreError::NoFolder(_) => Misconfigured(error.to_string()).into(),
        other => other.into(),
    }
}

/// The same of the call records, which are in the same database. Another program may have put another account's there.
pub fn unusable_records(error: RecordsError) -> Box<dyn Error> {
    match error {
        RecordsError::OtherAccount { .. } | RecordsError::Newer { .. } => {
            Misconfigured(format!("the call records: {error}")).into()
        }
        other => other.into(),
    }
}

/// Why the address cannot be used; what has no port in it gets an example, and stays so. One that is in use is free some
/// time, and a name may be found later.
pub fn cannot_listen(address: &str, error: &io::Error) -> Box<dyn Error> {
    let text = format!("cannot listen on {address}: {error}");
    if error.kind() != io::ErrorKind::InvalidInput {
        return text.into();
    }
    let example = "DESK_LISTEN is a port from 0 to 65535, or an address with one, such as 8080 or localhost:8080";
    Misconfigured(format!("{text}; {example}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_start_mends_the_records_of_another_account_or_a_newer_program() {
        let of_another =
            RecordsError::OtherAccount { store: "acme_sales".into(), asked: "acme_support".into() };
        for error in [of_another, RecordsError::Newer { found: 9, known: 4 }] {
            let text = error.to_string();
            let ending = unusable_records(error);
            assert!(ending.is::<Misconfigured>() && ending.to_string().contains(&text), "{ending}");
        }
        let away = RecordsError::Database(sqlx::Error::PoolTimedOut);
        assert!(!unusable_records(away).is::<Misconfigured>(), "it may be there later");
    }
}
