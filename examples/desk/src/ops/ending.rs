//! Why the process ends, and whether another start may mend that: whatever passes by itself does not keep the desk from
//! being started again.

use std::error::Error;
use std::fmt;
use std::io;
use std::process::ExitCode;

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
