//! Where requests go: the address of an endpoint is put together once.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use http::Uri;
use url::Url;

use super::Target;
use crate::core::endpoint::Host;
use crate::types::invalid::Invalid;

/// An address without query, in both forms that a transport may want.
#[derive(Debug, Clone)]
pub(super) struct Address {
    pub(super) url: Url,
    pub(super) uri: Uri,
}

impl Address {
    /// A path under the target's base.
    pub(super) fn of(base: &Url, path: &str) -> Result<Self, Invalid> {
        let mut url = base.clone();
        match base.path() {
            "/" => url.set_path(path),
            prefix => url.set_path(&format!("{}{path}", prefix.trim_end_matches('/'))),
        }
        Ok(Self { uri: uri_of(&url)?, url })
    }

    /// The same with a query.
    pub(super) fn with_query(mut self, query: &str) -> Result<Self, Invalid> {
        self.url.set_query(Some(query));
        self.uri = uri_of(&self.url)?;
        Ok(self)
    }
}

fn uri_of(url: &Url) -> Result<Uri, Invalid> {
    let uri = url.as_str().try_into();
    uri.map_err(|_| Invalid::new("base_url", "cannot be combined into an address"))
}

/// More paths than this are not remembered: no client has as many endpoints.
const MOST: usize = 256;

/// The addresses of a client's endpoints, by host and path. A client's bases never change.
#[derive(Debug, Default)]
pub(crate) struct Addresses(RwLock<BTreeMap<Host, BTreeMap<Box<str>, Address>>>);

impl Addresses {
    /// The address of a path without holes.
    pub(super) fn of(&self, target: &Target<'_>) -> Result<Address, Invalid> {
        let (host, path) = (target.spec.host, target.path);
        {
            let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(address) = known.get(&host).and_then(|paths| paths.get(path)) {
                return Ok(address.clone());
            }
        }
        let address = Address::of(target.base, path)?;
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let paths = known.entry(host).or_default();
        if paths.len() < MOST {
            paths.insert(path.into(), address.clone());
        }
        Ok(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::encode::KEY_HEADER;
    use crate::core::endpoint::Spec;

    #[test]
    fn an_address_that_is_known_is_the_one_that_was_made_and_few_are_kept() {
        let base = Url::parse("http://api.example.test/under/").unwrap();
        let addresses = Addresses::default();
        let of = |path: &str| {
            let target = Target {
                spec: &Spec::DEFAULT,
                base: &base,
                path,
                key_header: KEY_HEADER,
                addresses: &addresses,
            };
            addresses.of(&target).unwrap()
        };
        for _ in 0..2 {
            for at in 0..MOST + 9 {
                let address = of(&format!("/a b/{at}"));
                let want = format!("http://api.example.test/under/a%20b/{at}");
                assert_eq!((address.url.as_str(), address.uri.to_string()), (&*want, want.clone()));
            }
        }
        let kept: usize = addresses.0.read().unwrap().values().map(BTreeMap::len).sum();
        assert_eq!(kept, MOST);
        let asked = of("/a").with_query("b=c+d").unwrap();
        assert_eq!(asked.uri.to_string(), "http://api.example.test/under/a?b=c+d");
        assert_eq!(of("/a").uri.query(), None);
    }
}
