//! Recordings: which links are followed, and what an answer to one means.

use http::{StatusCode, Uri, uri::Scheme};
use ozonetel_sdk::cdr::CallRecord;
use ozonetel_store::CallLegs;

/// The hosts of recordings that are known, each with the scheme that it needs: the older ones have no TLS.
pub const HOSTS: [&str; 3] = [
    "https://s3.ap-south-1.amazonaws.com",
    "https://s3-ap-south-1.amazonaws.com",
    "http://recordings.kookoo.in",
];

/// Why there is no link to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoLink {
    /// The call goes on: the recording is being made.
    Running,
    /// The call was not answered, or not recorded.
    NotRecorded,
    /// The link leads to a host that is not listed, or is not a link.
    NotListed,
}

/// The link to a call's recording: of the leg that was asked for, else of the last that has one.
///
/// # Errors
/// Why there is none.
pub fn link(records: &[CallRecord], asked: &str, hosts: &[String]) -> Result<Uri, NoLink> {
    let call = CallLegs::new(records);
    if !call.is_ended() {
        return Err(NoLink::Running);
    }
    let text = |leg: &CallRecord| {
        let link = leg.call_audio.as_ref()?.as_str().trim();
        (!link.is_empty()).then(|| link.to_owned())
    };
    let own = call.legs().iter().find(|leg| leg.ucid.is_some_and(|ucid| ucid.as_str() == asked));
    let own = own.and_then(|leg| text(leg));
    match own.or_else(|| call.legs().iter().rev().find_map(|leg| text(leg))) {
        Some(text) => listed(&text, hosts).ok_or(NoLink::NotListed),
        None => Err(NoLink::NotRecorded),
    }
}

/// The link, if its scheme and host are listed, nothing but a host is named, and the port is the scheme's own.
fn listed(text: &str, hosts: &[String]) -> Option<Uri> {
    let uri: Uri = text.parse().ok()?;
    let (scheme, authority) = (uri.scheme()?, uri.authority()?);
    let plain = authority.as_str().eq_ignore_ascii_case(authority.host());
    let known = hosts.iter().any(|host| {
        let (wanted, name) = host.split_once("://").unwrap_or(("https", host));
        scheme.as_str() == wanted && authority.host().eq_ignore_ascii_case(name)
    });
    let web = *scheme == Scheme::HTTPS || *scheme == Scheme::HTTP;
    (plain && known && web).then_some(uri)
}

/// What an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AudioAnswer {
    /// The recording, or the part that was asked for.
    Audio,
    /// The file is not there yet: stores answer with an error document until it is.
    NotReady,
    /// There is no such part.
    NoSuchRange,
    /// The file is somewhere else: redirects are not followed.
    Elsewhere,
    /// The store of recordings fails.
    Failed,
}

/// Judges an answer by its head and its first bytes: a store may answer 200 with an error document.
pub fn judge(status: StatusCode, content_type: Option<&str>, first: &[u8]) -> AudioAnswer {
    match status {
        StatusCode::OK | StatusCode::PARTIAL_CONTENT => {
            let kind = content_type.unwrap_or("").split(';').next().unwrap_or("").trim();
            let kind = kind.to_ascii_lowercase();
            let audio = kind.is_empty()
                || kind.starts_with("audio/")
                || ["application/octet-stream", "binary/octet-stream"].contains(&kind.as_str());
            let document = first.trim_ascii_start().first() == Some(&b'<');
            if audio && !document { AudioAnswer::Audio } else { AudioAnswer::NotReady }
        }
        StatusCode::NOT_FOUND | StatusCode::FORBIDDEN | StatusCode::GONE => AudioAnswer::NotReady,
        StatusCode::RANGE_NOT_SATISFIABLE => AudioAnswer::NoSuchRange,
        status if status.is_redirection() => AudioAnswer::Elsewhere,
        _ => AudioAnswer::Failed,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hosts() -> Vec<String> {
        HOSTS.map(str::to_owned).into()
    }

    fn leg(ucid: u32, link: &str, hangup: &str) -> CallRecord {
        let row = json!({"CallID": 1, "UCID": ucid, "Event": "AgentDial", "HangupBy": hangup, "CallAudio": link});
        serde_json::from_value(row).unwrap()
    }

    #[test]
    fn only_listed_hosts_are_asked() {
        let found = |link: &str| super::link(&[leg(11, link, "UserHangup")], "11", &hosts());
        for link in [
            "https://s3.ap-south-1.amazonaws.com/3m-pu.ozonetel.com/acme_support/a.mp3",
            "https://S3-AP-South-1.amazonaws.com/a.mp3",
            "http://recordings.kookoo.in/acme_support/acme_support_11.mp3",
        ] {
            assert_eq!(found(link).unwrap().to_string().to_lowercase(), link.to_lowercase());
        }
        for link in [
            "http://s3.ap-south-1.amazonaws.com/a.mp3",
            "https://s3.ap-south-1.amazonaws.com.example.test/a.mp3",
            "https://example.test/a.mp3",
            "https://s3.ap-south-1.amazonaws.com@example.test/a.mp3",
            "https://user@s3.ap-south-1.amazonaws.com/a.mp3",
            "https://s3.ap-south-1.amazonaws.com:8443/a.mp3",
            "https://127.0.0.1/a.mp3",
            "file:///etc/passwd",
            "s3.ap-south-1.amazonaws.com/a.mp3",
            "/a.mp3",
            "no link",
        ] {
            assert_eq!(found(link), Err(NoLink::NotListed), "{link}");
        }
    }

    #[test]
    fn no_recording_is_told_from_one_that_is_being_made() {
        let of = |records: &[CallRecord]| super::link(records, "11", &hosts());
        // A row has its link before the call has ended.
        for link in ["", "http://recordings.kookoo.in/a.mp3"] {
            assert_eq!(of(&[leg(11, link, "")]), Err(NoLink::Running));
        }
        assert_eq!(of(&[leg(11, " ", "UserHangup")]), Err(NoLink::NotRecorded));
        let link = "http://recordings.kookoo.in/a.mp3";
        let other = "http://recordings.kookoo.in/b.mp3";
        // The leg's own, else that of the last leg.
        let both = [leg(11, link, "UserHangup"), leg(12, other, "UserHangup")];
        assert_eq!(of(&both).unwrap(), link);
        assert_eq!(super::link(&both, "1", &hosts()).unwrap(), other);
    }

    #[test]
    fn an_error_document_is_no_audio() {
        use AudioAnswer as A;
        for (status, kind, first, expected) in [
            (200, Some("audio/mpeg"), &b"ID3"[..], A::Audio),
            (206, Some("audio/mpeg; x=y"), b"\xff\xfb", A::Audio),
            (200, Some("binary/octet-stream"), b"ID3", A::Audio),
            (200, None, b"ID3", A::Audio),
            (200, Some("audio/mpeg"), b" <?xml version", A::NotReady),
            (200, Some("application/xml"), b"ID3", A::NotReady),
            (200, Some("text/html"), b"", A::NotReady),
            (404, Some("application/xml"), b"<Error>", A::NotReady),
            (403, None, b"", A::NotReady),
            (416, None, b"", A::NoSuchRange),
            (302, None, b"", A::Elsewhere),
            (500, None, b"", A::Failed),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(judge(status, kind, first), expected, "{status} {kind:?}");
        }
    }
}
