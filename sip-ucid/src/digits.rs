//! Numbers written in digits.

use crate::chars::{self, DIGIT};

/// A number of digits only, if it fits.
#[inline]
pub(crate) fn decimal<T: TryFrom<u64>>(text: &[u8]) -> Option<T> {
    if text.is_empty() {
        return None;
    }
    let mut value = 0_u64;
    for byte in text {
        if !chars::is(*byte, DIGIT) {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(*byte - b'0'))?;
    }
    T::try_from(value).ok()
}

/// The value of a hexadecimal digit.
pub(crate) fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
