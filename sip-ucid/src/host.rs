//! Host names and addresses: `hostname / IPv4address / IPv6reference`.

use crate::chars::{self, ALNUM, HEX, HOST_END, IPV6};
use crate::digits::decimal;
use crate::error::{Error, ErrorKind};
use crate::scan;

/// The host at the beginning of `text`, brackets included, and what follows it.
#[inline]
pub(crate) fn split(text: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let end = if let [b'[', ..] = text {
        scan::find(text, 0, b']').ok_or(Error::new(ErrorKind::Host, 0))? + 1
    } else {
        text.iter().position(|b| chars::is(*b, HOST_END)).unwrap_or(text.len())
    };
    match text.split_at_checked(end) {
        Some((host, rest)) if !host.is_empty() => Ok((host, rest)),
        _ => Err(Error::new(ErrorKind::Host, 0)),
    }
}

/// Host and port of `text`, which begins with `host` and has more than one colon after it.
///
/// An address without brackets is given whole, with the port after it if there is one; both are empty
/// if it is not clear what is the address and what the port.
#[cold]
pub(crate) fn split_many_colons<'a>(
    host: &'a [u8],
    text: &'a [u8],
) -> (&'a [u8], Option<&'a [u8]>) {
    if let [b'[', ..] = host {
        return (host, text.get(host.len() + 1..));
    }
    let colon = text.iter().rposition(|byte| *byte == b':').unwrap_or(text.len());
    let (address, port) = text.split_at_checked(colon).unwrap_or_default();
    let port = port.get(1..).unwrap_or_default();
    let with_port = is_ipv6(address) && decimal::<u16>(port).is_some();
    match (is_ipv6(text), with_port) {
        (true, false) => (text, None),
        (false, true) => (address, Some(port)),
        _ => (&[], None),
    }
}

/// Checks a host with the brackets of an IPv6 address.
pub(crate) fn check(host: &[u8]) -> Result<(), Error> {
    let bad = Err(Error::new(ErrorKind::Host, 0));
    if let [b'[', inner @ .., b']'] = host {
        return if is_ipv6(inner) { Ok(()) } else { bad };
    }
    // Labels may begin with a digit, also the last: container ids do. None may be empty, and none
    // begin or end with a hyphen; a dot may end the name.
    let mut before = b'.';
    for byte in host {
        let sound = match byte {
            b'.' => chars::is(before, ALNUM),
            b'-' => before != b'.',
            _ => chars::is(*byte, ALNUM),
        };
        if !sound {
            return bad;
        }
        before = *byte;
    }
    if host.is_empty() || before == b'-' { bad } else { Ok(()) }
}

/// `IPv6address` of RFC 3261: up to eight groups, one `::`, an IPv4 address at the end.
///
/// The grammar lets the IPv4 address follow `::` after one more colon, and RFC 5118 4.10 asks that
/// it be accepted.
pub(crate) fn is_ipv6(text: &[u8]) -> bool {
    if !chars::all(text, IPV6) {
        return false;
    }
    let (hex, mut groups) = match text.iter().rposition(|byte| *byte == b':') {
        Some(colon) if text.contains(&b'.') => {
            let (hex, last) = text.split_at_checked(colon).unwrap_or_default();
            if !is_ipv4(last.get(1..).unwrap_or_default()) {
                return false;
            }
            // `::1.2.3.4` leaves one colon, which was half of the `::`.
            let hex = if hex.ends_with(b":") && !hex.ends_with(b"::") {
                text.get(..=colon).unwrap_or_default()
            } else {
                hex
            };
            (hex, 2)
        }
        Some(_) => (text, 0),
        None => return false,
    };
    let double = hex.windows(2).position(|pair| pair == b"::");
    let (left, right) = match double {
        Some(at) => (hex.get(..at).unwrap_or_default(), hex.get(at + 2..).unwrap_or_default()),
        None => (hex, &[][..]),
    };
    for side in [left, right] {
        if side.is_empty() {
            continue;
        }
        for group in side.split(|byte| *byte == b':') {
            groups += 1;
            if group.len() > 4 || !chars::all(group, HEX) {
                return false;
            }
        }
    }
    if double.is_some() { groups <= 7 } else { groups == 8 }
}

fn is_ipv4(text: &[u8]) -> bool {
    let octet = |part: &[u8]| part.len() <= 3 && decimal::<u8>(part).is_some();
    text.split(|byte| *byte == b'.').count() == 4 && text.split(|byte| *byte == b'.').all(octet)
}
