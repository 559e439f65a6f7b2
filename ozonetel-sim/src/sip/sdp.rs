//! Session descriptions of a peer without media: well-formed for a browser, and without candidates.
//!
//! With a candidate that never connects a browser ends the call after a quarter of a minute;
//! without any it waits for as long as the call lasts.

use std::fmt::Write as _;

use rand::Rng;
use rand::distr::{Alphanumeric, SampleString as _};

/// The media type of a session description.
pub(super) const KIND: &str = "application/sdp";

/// Payload types as Chromium numbers them, so that an offer of another browser can follow ours.
const CODECS: &str = "a=rtpmap:111 opus/48000/2\r\n\
    a=fmtp:111 minptime=10;useinbandfec=1\r\n\
    a=rtpmap:0 PCMU/8000\r\n\
    a=rtpmap:110 telephone-event/48000\r\n\
    a=fmtp:110 0-16\r\n\
    a=rtpmap:126 telephone-event/8000\r\n\
    a=fmtp:126 0-16\r\n";

/// Our end of a session.
#[derive(Clone, Debug)]
pub(super) struct LocalSession {
    id: u32,
    version: u32,
    user: String,
    password: String,
    fingerprint: String,
    remote_user: String,
    active: bool,
}

impl LocalSession {
    pub(super) fn new(rng: &mut impl Rng) -> Self {
        let octets: [u8; 32] = rng.random();
        let hex: Vec<String> = octets.iter().map(|octet| format!("{octet:02X}")).collect();
        Self {
            id: rng.random_range(1..=u32::MAX >> 1),
            version: 0,
            user: Alphanumeric.sample_string(rng, 8),
            password: Alphanumeric.sample_string(rng, 24),
            fingerprint: hex.join(":"),
            remote_user: String::new(),
            active: false,
        }
    }

    /// Takes the active part in DTLS: for a softphone that is to talk with another one later. Its own part
    /// cannot change then, and the other one, who has answered an offer, has the active part.
    pub(super) fn be_active(&mut self) {
        self.active = true;
    }

    fn head(&mut self) -> String {
        self.version += 1;
        format!("v=0\r\no=- {} {} IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n", self.id, self.version)
    }

    fn transport(&self, setup: &str) -> String {
        format!(
            "c=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:{}\r\na=ice-pwd:{}\r\n\
             a=fingerprint:sha-256 {}\r\na=setup:{setup}\r\n",
            self.user, self.password, self.fingerprint
        )
    }

    /// An offer of one audio stream.
    pub(super) fn offer(&mut self) -> String {
        let mut text = self.head();
        text.push_str("a=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 0 110 126\r\n");
        text.push_str(&self.transport(if self.active { "active" } else { "actpass" }));
        text.push_str("a=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\n");
        text.push_str(CODECS);
        text
    }

    /// Takes note of the answer to our offer.
    pub(super) fn answered(&mut self, answer: &str) {
        attribute(answer, "ice-ufrag").unwrap_or_default().clone_into(&mut self.remote_user);
    }

    /// An answer to an offer: its first audio stream with the direction turned round, every other
    /// stream refused. `None` when it offers no audio.
    pub(super) fn answer(&mut self, offer: &str, rng: &mut impl Rng) -> Option<String> {
        let sections = sections(offer);
        let at = sections.iter().skip(1).position(|s| s.starts_with("m=audio "))? + 1;
        let user = attribute(offer, "ice-ufrag").unwrap_or_default();
        if !self.remote_user.is_empty() && self.remote_user != user {
            // The other side restarts ICE, so must we.
            self.user = Alphanumeric.sample_string(rng, 8);
            self.password = Alphanumeric.sample_string(rng, 24);
        }
        user.clone_into(&mut self.remote_user);
        let mut text = self.head();
        let audio = sections.get(at)?;
        let mid = attribute(audio, "mid").filter(|mid| is_token(mid));
        if let Some(mid) = mid {
            let _ = write!(text, "a=group:BUNDLE {mid}\r\n");
        }
        for (no, section) in sections.iter().enumerate().skip(1) {
            if no == at {
                text.push_str(&self.accepted(offer, section, mid)?);
            } else {
                text.push_str(&refused(section)?);
            }
        }
        Some(text)
    }

    fn accepted(&self, offer: &str, section: &str, mid: Option<&str>) -> Option<String> {
        let (proto, payloads) = media(section)?;
        let taken: Vec<&str> = payloads.into_iter().filter(|p| section_knows(section, p)).collect();
        if taken.is_empty() {
            return None;
        }
        let mut text = format!("m=audio 9 {proto} {}\r\n", taken.join(" "));
        if attribute(offer, "fingerprint").is_some() {
            let active = self.active || attribute(section, "setup") == Some("passive");
            text.push_str(&self.transport(if active { "active" } else { "passive" }));
        } else {
            text.push_str("c=IN IP4 0.0.0.0\r\n");
        }
        if let Some(mid) = mid {
            let _ = write!(text, "a=mid:{mid}\r\n");
        }
        let _ = write!(text, "a={}\r\n", direction(offer, section).turned());
        if lines(section).any(|l| l == "a=rtcp-mux") {
            text.push_str("a=rtcp-mux\r\n");
        }
        for line in lines(section) {
            let format = ["a=rtpmap:", "a=fmtp:"].iter().find_map(|p| line.strip_prefix(p));
            let payload = format.and_then(|f| f.split(' ').next());
            if payload.is_some_and(|p| taken.contains(&p)) {
                let _ = write!(text, "{line}\r\n");
            }
        }
        Some(text)
    }
}

/// Which way media may flow, as one side says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MediaDirection {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl MediaDirection {
    /// The same, as the other side says it.
    fn turned(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "recvonly",
            Self::RecvOnly => "sendonly",
            Self::Inactive => "inactive",
        }
    }
}

/// Whether an offer puts the other side on hold.
pub(super) fn holds(offer: &str) -> bool {
    let sections = sections(offer);
    let audio = sections.iter().skip(1).find(|s| s.starts_with("m=audio "));
    audio.is_some_and(|audio| {
        matches!(direction(offer, audio), MediaDirection::SendOnly | MediaDirection::Inactive)
    })
}

fn direction(offer: &str, section: &str) -> MediaDirection {
    let session = sections(offer).first().copied().unwrap_or_default();
    let said = lines(section).chain(lines(session)).find_map(|line| match line {
        "a=sendrecv" => Some(MediaDirection::SendRecv),
        "a=sendonly" => Some(MediaDirection::SendOnly),
        "a=recvonly" => Some(MediaDirection::RecvOnly),
        "a=inactive" => Some(MediaDirection::Inactive),
        _ => None,
    });
    said.unwrap_or(MediaDirection::SendRecv)
}

/// The session part and each media part.
fn sections(text: &str) -> Vec<&str> {
    let mut starts = vec![0];
    starts.extend(text.match_indices("\nm=").map(|(at, _)| at + 1));
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).filter_map(|(from, to)| text.get(*from..to)).collect()
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim_end)
}

fn attribute<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    lines(text).find_map(|line| line.strip_prefix("a=")?.strip_prefix(name)?.strip_prefix(':'))
}

/// The protocol and the payload types of a media part.
fn media(section: &str) -> Option<(&str, Vec<&str>)> {
    let mut words = lines(section).next()?.split(' ');
    let proto = words.nth(2)?;
    Some((proto, words.filter(|w| is_token(w)).collect()))
}

fn section_knows(section: &str, payload: &str) -> bool {
    let codec = lines(section).find_map(|line| {
        let (number, codec) = line.strip_prefix("a=rtpmap:")?.split_once(' ')?;
        (number == payload).then(|| codec.split('/').next().unwrap_or_default())
    });
    match codec {
        Some(codec) => ["opus", "pcmu", "telephone-event"].contains(&&*codec.to_ascii_lowercase()),
        None => payload == "0",
    }
}

fn refused(section: &str) -> Option<String> {
    let first = lines(section).next()?.strip_prefix("m=")?;
    let mut words = first.split(' ');
    let (kind, _, proto) = (words.next()?, words.next()?, words.next()?);
    let formats = words.collect::<Vec<_>>().join(" ");
    let mut text = format!("m={kind} 0 {proto} {formats}\r\nc=IN IP4 0.0.0.0\r\n");
    if let Some(mid) = attribute(section, "mid").filter(|mid| is_token(mid)) {
        let _ = write!(text, "a=mid:{mid}\r\n");
    }
    Some(text)
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    fn local() -> (LocalSession, StdRng) {
        let mut rng = StdRng::seed_from_u64(7);
        (LocalSession::new(&mut rng), rng)
    }

    #[test]
    fn an_offer_is_what_a_browser_wants_and_has_no_candidates() {
        let (mut local, _) = local();
        let offer = local.offer();
        for line in [
            "m=audio 9 UDP/TLS/RTP/SAVPF 111 0 110 126",
            "a=setup:actpass",
            "a=rtcp-mux",
            "a=rtpmap:111 opus/48000/2",
            "a=rtpmap:0 PCMU/8000",
            "a=rtpmap:126 telephone-event/8000",
            "a=sendrecv",
        ] {
            assert!(offer.lines().any(|l| l == line), "{line}");
        }
        assert!(!offer.contains("candidate"));
        assert!(attribute(&offer, "ice-ufrag").is_some_and(|u| u.len() >= 4));
        assert!(attribute(&offer, "ice-pwd").is_some_and(|p| p.len() >= 22));
        let print = attribute(&offer, "fingerprint").unwrap();
        assert_eq!(print.strip_prefix("sha-256 ").unwrap().split(':').count(), 32);
        assert!(offer.lines().all(|l| l.as_bytes().get(1) == Some(&b'=')));
        assert!(offer.ends_with("\r\n") && !offer.replace("\r\n", "").contains('\n'));
    }

    #[test]
    fn an_answer_turns_the_direction_round_and_refuses_the_rest() {
        let (mut local, mut rng) = local();
        local.offer();
        let offer = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE a1 v1\r\n\
            m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0\r\na=ice-ufrag:abcd\r\na=ice-pwd:x\r\n\
            a=fingerprint:sha-256 AA\r\na=setup:actpass\r\na=mid:a1\r\na=sendonly\r\na=rtcp-mux\r\n\
            a=rtpmap:111 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\n\
            m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:v1\r\n";
        let answer = local.answer(offer, &mut rng).unwrap();
        assert!(answer.contains("m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\n"), "{answer}");
        assert!(answer.contains("a=recvonly\r\n") && answer.contains("a=setup:passive\r\n"));
        assert!(answer.contains("m=video 0 UDP/TLS/RTP/SAVPF 96\r\n"));
        assert!(answer.contains("a=group:BUNDLE a1\r\n") && answer.contains("a=mid:v1\r\n"));
        assert!(!answer.contains("red/48000"));
        let user = attribute(&answer, "ice-ufrag").unwrap().to_owned();
        let again = local.answer(offer, &mut rng).unwrap();
        assert_eq!(attribute(&again, "ice-ufrag"), Some(&*user));
        let restarted = local.answer(&offer.replace("abcd", "efgh"), &mut rng).unwrap();
        assert_ne!(attribute(&restarted, "ice-ufrag"), Some(&*user));
    }

    #[test]
    fn an_offer_holds_when_it_receives_nothing() {
        let offer = |session: &str, media: &str| {
            format!(
                "v=0\r\n{session}m=audio 9 RTP/SAVPF 0\r\n{media}m=video 9 x 96\r\na=sendonly\r\n"
            )
        };
        for (session, media, held) in [
            ("", "a=sendonly\r\n", true),
            ("", "a=inactive\r\n", true),
            ("a=sendonly\r\n", "", true),
            ("a=sendonly\r\n", "a=sendrecv\r\n", false),
            ("", "a=recvonly\r\n", false),
            ("", "", false),
        ] {
            assert_eq!(holds(&offer(session, media)), held, "{session}{media}");
        }
        assert!(!holds(""));
    }

    #[test]
    fn an_offer_without_audio_we_know_has_no_answer() {
        let (mut local, mut rng) = local();
        for offer in ["", "v=0\r\n", "v=0\r\nm=video 9 x 96\r\n", "m=audio", "v=0\r\nm=audio 9\r\n"]
        {
            assert_eq!(local.answer(offer, &mut rng), None, "{offer:?}");
        }
        let only_g722 = "v=0\r\nm=audio 9 RTP/AVP 9\r\na=rtpmap:9 G722/8000\r\n";
        assert_eq!(local.answer(only_g722, &mut rng), None);
    }
}
