//! Bytes as text.

/// Two digits for each byte.
pub(crate) fn hex<'b>(bytes: impl IntoIterator<Item = &'b u8>) -> String {
    let bytes = bytes.into_iter();
    let mut text = String::with_capacity(2 * bytes.size_hint().0);
    let digits = bytes.flat_map(|byte| [byte >> 4, byte & 15]);
    text.extend(digits.filter_map(|digit| char::from_digit(digit.into(), 16)));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_has_two_digits() {
        assert_eq!(hex(&[0, 9, 0x5c, 0xff]), "00095cff");
        assert_eq!(hex(&[]), "");
    }
}
