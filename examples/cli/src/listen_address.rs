//! Where a server of this program listens.

use std::net::SocketAddr;

/// An address of this machine: a port alone, or after `localhost` or an IP address.
pub(crate) fn parse(text: &str) -> Result<SocketAddr, String> {
    let local = text.strip_prefix("localhost:").unwrap_or(text);
    let port = local.parse().map(|port: u16| SocketAddr::from(([127, 0, 0, 1], port)));
    port.ok()
        .or_else(|| text.parse().ok())
        .ok_or_else(|| "expected an address such as 7788, localhost:7788 or 0.0.0.0:7788".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_is_one_of_this_machine() {
        for (text, want) in [
            ("7788", "127.0.0.1:7788"),
            ("localhost:0", "127.0.0.1:0"),
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("[::1]:80", "[::1]:80"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), want);
        }
        for bad in ["", "x", "70000", "example.test:80", "127.0.0.1"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
