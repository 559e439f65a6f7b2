//! Settings of people and access.

use std::path::Path;
use std::time::Duration;

use http::HeaderValue;
use ozonetel_sdk::client::Variables;
use ozonetel_sdk::error::Invalid;
use url::Url;

use super::origin::PublicAddress;
use super::seal::SealKey;
use crate::core::switch;

/// How long a session lasts without being used, unless `DESK_SESSION_IDLE_MINUTES` says otherwise.
const IDLE: Duration = Duration::from_hours(2);

/// How long a session lasts at most, unless `DESK_SESSION_HOURS` says otherwise.
const LONGEST: Duration = Duration::from_hours(12);

/// The settings of people and access. The default is for this machine alone, without a key.
#[derive(Debug, Clone)]
pub struct PeopleSettings {
    /// The names under which browsers reach the desk.
    pub address: PublicAddress,
    /// Origins whose pages may send requests with a token.
    pub origins: Vec<HeaderValue>,
    /// How long a session lasts without being used.
    pub idle: Duration,
    /// How long a session lasts at most.
    pub longest: Duration,
    /// The key that agents' passwords are sealed with.
    pub key: Option<SealKey>,
    /// Whether everyone on this machine can read the file that the key is in.
    pub is_key_open: bool,
    /// Whether a proxy stands in front whose `X-Forwarded-For` is to be believed.
    pub behind_proxy: bool,
    /// Whether nothing but set-up is served while there is no administrator.
    pub needs_administrator: bool,
}

impl Default for PeopleSettings {
    fn default() -> Self {
        Self {
            address: PublicAddress::default(),
            origins: Vec::new(),
            idle: IDLE,
            longest: LONGEST,
            key: None,
            is_key_open: false,
            behind_proxy: false,
            needs_administrator: false,
        }
    }
}

impl PeopleSettings {
    /// From any source of variables.
    ///
    /// # Errors
    /// The variable that cannot be parsed.
    pub fn read(variables: &dyn Variables) -> Result<Self, Invalid> {
        let get = |name: &str| variables.get(name).filter(|value| !value.trim().is_empty());
        let url = get("DESK_PUBLIC_URL");
        let names = hosts(&get("DESK_HOSTS").unwrap_or_default())?;
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let address = PublicAddress::new(url.as_deref(), &names)
            .map_err(|error| Invalid::new("DESK_PUBLIC_URL", error.to_string()))?;
        Ok(Self {
            address,
            origins: origins(&get("DESK_ORIGINS").unwrap_or_default())?,
            idle: time(&get, "DESK_SESSION_IDLE_MINUTES", 60, 5..=24 * 60)?.unwrap_or(IDLE),
            longest: time(&get, "DESK_SESSION_HOURS", 3600, 1..=31 * 24)?.unwrap_or(LONGEST),
            key: key(get("DESK_KEY"), get("DESK_KEY_FILE"))?,
            is_key_open: get("DESK_KEY_FILE").is_some_and(|file| is_open(file.trim())),
            behind_proxy: switch(variables, "DESK_BEHIND_PROXY")?.unwrap_or(false),
            needs_administrator: false,
        })
    }
}

/// Names in `Host`; a port beside one does not count.
fn hosts(text: &str) -> Result<Vec<String>, Invalid> {
    let wrong = || Invalid::new("DESK_HOSTS", "expected names, such as desk.example.test");
    let parse = |name: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b".-_:[]".contains(&b);
        let url = Url::parse(&format!("http://{}", name.trim())).map_err(|_| wrong())?;
        let is_name = name.trim().bytes().all(plain);
        url.host_str().filter(|_| is_name).map(str::to_owned).ok_or_else(wrong)
    };
    text.split(',').filter(|name| !name.trim().is_empty()).map(parse).collect()
}

fn origins(text: &str) -> Result<Vec<HeaderValue>, Invalid> {
    let wrong = || Invalid::new("DESK_ORIGINS", "expected https://NAME, https://NAME:PORT, …");
    let parse = |origin: &str| {
        let bare = origin.trim().trim_end_matches('/').to_ascii_lowercase();
        PublicAddress::new(Some(&bare), &[]).map_err(|_| wrong())?;
        HeaderValue::from_str(&bare).map_err(|_| wrong())
    };
    text.split(',').filter(|origin| !origin.trim().is_empty()).map(parse).collect()
}

fn time(
    get: &dyn Fn(&str) -> Option<String>,
    name: &'static str,
    unit: u64,
    allowed: std::ops::RangeInclusive<u64>,
) -> Result<Option<Duration>, Invalid> {
    let parse = |text: String| {
        let count: Option<u64> = text.trim().parse().ok();
        let wrong = || {
            let (least, most) = (allowed.start(), allowed.end());
            Invalid::new(name, format!("expected a number from {least} to {most}"))
        };
        let count = count.filter(|count| allowed.contains(count)).ok_or_else(wrong)?;
        Ok(Duration::from_secs(count * unit))
    };
    get(name).map(parse).transpose()
}

fn key(text: Option<String>, file: Option<String>) -> Result<Option<SealKey>, Invalid> {
    match (text, file) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => {
            Err(Invalid::new("DESK_KEY", "and DESK_KEY_FILE are both set: keep one"))
        }
        (Some(text), None) => SealKey::parse(&text)
            .map(Some)
            .map_err(|error| Invalid::new("DESK_KEY", error.to_string())),
        (None, Some(file)) => {
            let wrong = |reason: String| Invalid::new("DESK_KEY_FILE", reason);
            let text = std::fs::read_to_string(Path::new(file.trim()))
                .map_err(|error| wrong(format!("cannot be read: {}", error.kind())))?;
            SealKey::parse(&text).map(Some).map_err(|error| wrong(error.to_string()))
        }
    }
}

/// Whether everyone can read a file.
#[cfg(unix)]
fn is_open(file: &str) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).is_ok_and(|found| found.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn is_open(_: &str) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    fn read(pairs: &[(&'static str, &str)]) -> Result<PeopleSettings, Invalid> {
        let pairs: Vec<_> =
            pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        PeopleSettings::read(&move |name: &str| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
        })
    }

    #[test]
    fn without_variables_it_is_a_desk_of_this_machine() {
        let settings = read(&[]).unwrap();
        assert!(!settings.address.is_secure() && settings.key.is_none());
        assert!(settings.origins.is_empty() && !settings.behind_proxy);
        assert_eq!((settings.idle, settings.longest), (IDLE, LONGEST));
    }

    #[test]
    fn each_variable_is_taken() {
        let settings = read(&[
            ("DESK_PUBLIC_URL", "https://desk.example.test"),
            ("DESK_ORIGINS", "https://Crm.example.test/, http://localhost:3000"),
            ("DESK_SESSION_IDLE_MINUTES", "30"),
            ("DESK_SESSION_HOURS", "9"),
            ("DESK_KEY", KEY),
            ("DESK_BEHIND_PROXY", "1"),
        ])
        .unwrap();
        assert!(settings.address.is_secure() && settings.behind_proxy && settings.key.is_some());
        assert_eq!(settings.origins, ["https://crm.example.test", "http://localhost:3000"]);
        assert_eq!(settings.idle, Duration::from_mins(30));
        assert_eq!(settings.longest, Duration::from_hours(9));
    }

    #[test]
    fn what_cannot_be_parsed_is_named_and_no_key_is_shown() {
        for (name, value) in [
            ("DESK_PUBLIC_URL", "desk.example.test"),
            ("DESK_HOSTS", "https://x"),
            ("DESK_HOSTS", "good.example.test, a b"),
            ("DESK_HOSTS", "user@x"),
            ("DESK_HOSTS", "x/y"),
            ("DESK_ORIGINS", "*"),
            ("DESK_ORIGINS", "https://a.test, b.test"),
            ("DESK_SESSION_IDLE_MINUTES", "4"),
            ("DESK_SESSION_HOURS", "soon"),
            ("DESK_KEY", "hunter2"),
            ("DESK_KEY_FILE", "/nowhere/key"),
        ] {
            let invalid = read(&[(name, value)]).unwrap_err();
            assert_eq!(invalid.field(), name);
            assert!(!invalid.to_string().contains("hunter2"), "{invalid}");
        }
        let both = read(&[("DESK_KEY", KEY), ("DESK_KEY_FILE", "key")]).unwrap_err();
        assert!(!both.to_string().contains(KEY) && both.field() == "DESK_KEY");
    }

    #[test]
    fn a_name_in_host_is_known_with_and_without_its_port() {
        let settings = read(&[("DESK_HOSTS", "inner.example.test:8443, Other.test")]).unwrap();
        for (host, is_own) in [
            ("inner.example.test:8443", true),
            ("inner.example.test", true),
            ("other.test", true),
            ("evil.test", false),
        ] {
            let mut headers = http::HeaderMap::new();
            headers.insert(http::header::HOST, host.parse().unwrap());
            assert_eq!(settings.address.is_host(&headers), is_own, "{host}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_everyone_can_read_is_told_of() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, KEY).unwrap();
        for (mode, is_open) in [(0o644, true), (0o640, false), (0o600, false)] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            let settings = read(&[("DESK_KEY_FILE", file.to_str().unwrap())]).unwrap();
            assert_eq!(settings.is_key_open, is_open, "{mode:o}");
        }
    }

    #[test]
    fn a_key_can_be_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, format!("{KEY}\n")).unwrap();
        let settings = read(&[("DESK_KEY_FILE", file.to_str().unwrap())]).unwrap();
        let sealed = SealKey::parse(KEY).unwrap().seal("u", &"x".into()).unwrap();
        assert_eq!(settings.key.unwrap().open("u", &sealed).unwrap().reveal(), "x");
    }
}
