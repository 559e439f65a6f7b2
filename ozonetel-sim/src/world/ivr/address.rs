//! The address of an application.

/// Where an application is: an address without its query, and the query's parameters, which are
/// sent along each time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApplicationAddress {
    base: String,
    parameters: Vec<(String, String)>,
}

impl ApplicationAddress {
    pub(super) fn new(url: &str) -> Self {
        let url = url.split('#').next().unwrap_or_default();
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let parameters = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { base: base.to_owned(), parameters }
    }

    /// Goes on at another address; the old one's parameters stay unless they are to be dropped.
    pub(super) fn moved(&self, url: &str, clean: bool) -> Self {
        let mut next = Self::new(url);
        if !clean {
            let new = |name: &String| next.parameters.iter().any(|(n, _)| n == name);
            let old: Vec<_> =
                self.parameters.iter().filter(|(name, _)| !new(name)).cloned().collect();
            next.parameters.extend(old);
        }
        next
    }

    pub(super) fn url(&self, fields: &[(&str, String)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.parameters);
        query.extend_pairs(fields);
        format!("{}?{}", self.base, query.finish())
    }
}
