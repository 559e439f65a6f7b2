//! Settings that are on or off.

use ozonetel_sdk::client::Variables;
use ozonetel_sdk::error::Invalid;

/// What a variable says: on or off; `None` where it is not set.
///
/// # Errors
/// It is neither.
pub fn switch(variables: &dyn Variables, name: &'static str) -> Result<Option<bool>, Invalid> {
    let word = variables.get(name).map(|word| word.trim().to_ascii_lowercase());
    match word.as_deref() {
        None | Some("") => Ok(None),
        Some("on" | "true" | "yes" | "1") => Ok(Some(true)),
        Some("off" | "false" | "no" | "0") => Ok(Some(false)),
        Some(_) => Err(Invalid::new(name, "expected on or off")),
    }
}
