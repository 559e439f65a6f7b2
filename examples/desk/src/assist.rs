//! Live assist: its settings, and what its flows share.

pub(crate) mod attachment;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::future::Cache;
use ozonetel_sdk::auth::Secret;
use ozonetel_sdk::client::Variables;
use ozonetel_sdk::error::Invalid;
use ozonetel_sdk::transport::reqwest::{Network, Reqwest};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use url::Url;

use self::attachment::SessionHandle;
use crate::core::assist::breaker::Breaker;
use crate::core::assist::budget::{CAPS, Caps, PRICES, Prices, Used};
use crate::core::assist::gate::AssistState;
use crate::core::call::CallState;
use crate::core::switch;
use crate::ports::chat::Chat;
use crate::ports::chat::openai::{self, OpenAi};
use crate::ports::speech::SpeechToText;
use crate::ports::speech::deepgram::{self, Deepgram};
use crate::ports::speech::vosk::Vosk;

/// How often suggestions are asked for, unless `ASSIST_EVERY` says otherwise.
const EVERY: Duration = Duration::from_secs(10);

/// How many questions may be under way at once.
const QUESTIONS: usize = 64;

/// How many streams may be opened at once: all at once would each take longer than they may.
const OPENING: usize = 16;

/// How many summaries of leads are kept, and for how long.
const SUMMARIES: (u64, Duration) = (2_000, Duration::from_mins(10));

/// What live assist runs on. Without a provider there is none of it.
#[derive(Clone)]
pub struct AssistSettings {
    /// Who hears what is said.
    pub speech: Option<Arc<dyn SpeechToText>>,
    /// Who is asked.
    pub chat: Option<Arc<dyn Chat>>,
    /// How often suggestions are asked for, if something new was said.
    pub every: Duration,
    /// What it may use.
    pub caps: Caps,
    /// What that costs.
    pub prices: Prices,
    /// Whether calls are listened to of whose campaign nothing is said.
    pub consent: bool,
    /// Whether the providers are stand-ins of the demo.
    pub stand_in: bool,
}

impl fmt::Debug for AssistSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssistSettings")
            .field("speech", &self.speech)
            .field("chat", &self.chat)
            .finish_non_exhaustive()
    }
}

impl Default for AssistSettings {
    fn default() -> Self {
        Self {
            speech: None,
            chat: None,
            every: EVERY,
            caps: Caps::default(),
            prices: Prices::default(),
            consent: false,
            stand_in: false,
        }
    }
}

impl AssistSettings {
    /// From variables.
    ///
    /// # Errors
    /// The variable that is missing or cannot be parsed.
    pub fn read(variables: &dyn Variables) -> Result<Self, Invalid> {
        let get = |name: &str| {
            variables.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        let consent = switch(variables, "DESK_ASSIST_CONSENT")?.unwrap_or(false);
        let caps: Caps = get(CAPS).map(|text| text.parse()).transpose()?.unwrap_or_default();
        let prices: Option<Prices> = get(PRICES).map(|text| text.parse()).transpose()?;
        if caps.day.micros > 0 && prices.is_none() {
            let text = format!("is missing: {CAPS} has day_money, which it is counted by");
            return Err(Invalid::new(PRICES, text));
        }
        Ok(Self {
            speech: speech(&get)?,
            chat: chat(&get)?,
            every: get("ASSIST_EVERY").map_or(Ok(EVERY), |text| every(&text))?,
            caps,
            prices: prices.unwrap_or_default(),
            consent,
            stand_in: false,
        })
    }

    /// Whether there is any of it.
    pub fn is_on(&self) -> bool {
        self.speech.is_some() || self.chat.is_some()
    }
}

/// Who hears.
fn speech(get: &dyn Fn(&str) -> Option<String>) -> Result<Option<Arc<dyn SpeechToText>>, Invalid> {
    let address = |name: &'static str, text: &str| {
        let wrong = || Invalid::new(name, "expected wss://HOST/PATH");
        let url = Url::parse(text).map_err(|_| wrong())?;
        let is_socket = matches!(url.scheme(), "wss" | "ws") && url.has_host();
        if is_socket && url.username().is_empty() { Ok(url) } else { Err(wrong()) }
    };
    if let Some(text) = get("VOSK_URL") {
        if get("DEEPGRAM_API_KEY").is_some() {
            return Err(Invalid::new("VOSK_URL", "only one of it and DEEPGRAM_API_KEY may be set"));
        }
        alone(get, &OF_SPEECH, "VOSK_URL names who hears calls")?;
        return Ok(Some(Arc::new(Vosk::new(address("VOSK_URL", &text)?))));
    }
    let Some(key) = get("DEEPGRAM_API_KEY") else {
        alone(get, &OF_SPEECH, "DEEPGRAM_API_KEY is not")?;
        return Ok(None);
    };
    let key = secret("DEEPGRAM_API_KEY", key)?;
    let url =
        address("DEEPGRAM_URL", &get("DEEPGRAM_URL").unwrap_or_else(|| deepgram::URL.into()))?;
    let model = get("DEEPGRAM_MODEL").unwrap_or_else(|| deepgram::MODEL.to_owned());
    Ok(Some(Arc::new(Deepgram::new(url, key, model, get("DEEPGRAM_LANGUAGE")))))
}

/// What is of no use without the key of who hears calls.
const OF_SPEECH: [&str; 3] = ["DEEPGRAM_MODEL", "DEEPGRAM_LANGUAGE", "DEEPGRAM_URL"];

/// A setting of a provider that is not set.
fn alone(
    get: &dyn Fn(&str) -> Option<String>,
    names: &[&'static str],
    without: &str,
) -> Result<(), Invalid> {
    match names.iter().find(|name| get(name).is_some()) {
        Some(name) => Err(Invalid::new(name, format!("is set, and {without}"))),
        None => Ok(()),
    }
}

/// Who is asked.
fn chat(get: &dyn Fn(&str) -> Option<String>) -> Result<Option<Arc<dyn Chat>>, Invalid> {
    let (key, base, model) = (get("OPENAI_API_KEY"), get("OPENAI_BASE_URL"), get("OPENAI_MODEL"));
    if key.is_none() && base.is_none() {
        alone(get, &["OPENAI_MODEL"], "neither OPENAI_API_KEY nor OPENAI_BASE_URL is")?;
        return Ok(None);
    }
    let model = model.ok_or(Invalid::new(
        "OPENAI_MODEL",
        "is missing: OPENAI_API_KEY or OPENAI_BASE_URL is set",
    ))?;
    let base = base.unwrap_or_else(|| openai::BASE_URL.to_owned());
    let wrong = || Invalid::new("OPENAI_BASE_URL", "expected https://HOST/PATH");
    let url = Url::parse(&base).map_err(|_| wrong())?;
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if !plain || !matches!(url.scheme(), "https" | "http") || !url.has_host() {
        return Err(wrong());
    }
    let address = format!("{}/chat/completions", url.as_str().trim_end_matches('/'));
    let address = address.parse().map_err(|_| wrong())?;
    let key = key.map(|key| secret("OPENAI_API_KEY", key)).transpose()?;
    let transport = Arc::new(Reqwest::new(&Network::default())?);
    Ok(Some(Arc::new(OpenAi::new(address, key, model, transport))))
}

/// A key that can be sent in a header.
fn secret(name: &'static str, text: String) -> Result<Secret, Invalid> {
    if text.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(text.into())
    } else {
        Err(Invalid::new(name, "expected a key without spaces"))
    }
}

/// `10s`, or seconds alone.
fn every(text: &str) -> Result<Duration, Invalid> {
    let seconds = text.strip_suffix('s').unwrap_or(text).trim().parse::<u64>().ok();
    let seconds = seconds.filter(|seconds| (1..=600).contains(seconds));
    seconds
        .map(Duration::from_secs)
        .ok_or(Invalid::new("ASSIST_EVERY", "expected seconds from 1 to 600, such as 10s"))
}

/// What the flows of live assist share.
pub struct Assist {
    settings: AssistSettings,
    /// What was said of campaigns; it changes when someone says otherwise.
    consents: watch::Sender<BTreeMap<String, bool>>,
    /// By call.
    sessions: Mutex<HashMap<String, SessionHandle>>,
    begun: Instant,
    /// Sessions, and what they have under way.
    tasks: TaskTracker,
    speech_breaker: Mutex<Breaker>,
    chat_breaker: Mutex<Breaker>,
    /// The day, and what was used on it by all desks as far as is known.
    day: Mutex<(String, Used)>,
    pub(crate) questions: Arc<Semaphore>,
    /// Streams that are being opened: many calls that wait for one provider do not hold each other up.
    pub(crate) opening: Semaphore,
    /// Summaries by lead and by what they are of.
    pub(crate) summaries: Cache<(String, u64), (String, i64)>,
}

impl fmt::Debug for Assist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assist").field("settings", &self.settings).finish_non_exhaustive()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Assist {
    /// With these settings.
    pub fn new(settings: AssistSettings) -> Self {
        Self {
            settings,
            consents: watch::Sender::default(),
            sessions: Mutex::default(),
            begun: Instant::now(),
            tasks: TaskTracker::new(),
            speech_breaker: Mutex::default(),
            chat_breaker: Mutex::default(),
            day: Mutex::default(),
            questions: Arc::new(Semaphore::new(QUESTIONS)),
            opening: Semaphore::new(OPENING),
            summaries: Cache::builder().max_capacity(SUMMARIES.0).time_to_live(SUMMARIES.1).build(),
        }
    }

    /// The settings.
    pub fn settings(&self) -> &AssistSettings {
        &self.settings
    }

    /// Whether calls of this call's campaign may be listened to. One whose campaign is not known yet may be of any: it
    /// is not listened to if one of them may not be.
    pub fn has_consent(&self, call: &CallState) -> bool {
        let campaign = call.campaign.as_ref().map(|name| name.as_str().trim());
        let consents = self.consents.borrow();
        match campaign.filter(|name| !name.is_empty()) {
            Some(name) => consents.get(name).copied().unwrap_or(self.settings.consent),
            None => self.settings.consent && consents.values().all(|consent| *consent),
        }
    }

    /// What was said of campaigns, as it is now known.
    pub(crate) fn set_consents(&self, said: Vec<(String, bool)>) {
        let said: BTreeMap<_, _> = said.into_iter().collect();
        self.consents.send_if_modified(|known| std::mem::replace(known, said.clone()) != said);
    }

    /// Follows what is said of campaigns.
    pub(crate) fn follow_consents(&self) -> watch::Receiver<BTreeMap<String, bool>> {
        self.consents.subscribe()
    }

    /// Whether a call is listened to; `None` if it is not one that could be.
    pub fn state_of(&self, id: &str, call: &CallState) -> Option<AssistState> {
        if self.settings.speech.is_none() || !self.has_consent(call) {
            return None;
        }
        let known = locked(&self.sessions).get(id).map(SessionHandle::shown);
        // Without a session no page sends its audio here.
        let without = || Some(AssistState::of(call, true)).filter(|state| !state.is_on());
        Some(known.or_else(without).unwrap_or(AssistState::NO_AUDIO))
    }

    /// Whether a call is listened to here now, or is being written about.
    pub fn is_listening(&self, call: &str) -> bool {
        locked(&self.sessions).contains_key(call)
    }

    /// Lets work run in a task of its own.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(work);
    }

    /// Waits until all sessions are over; they end when streams are told to.
    pub(crate) async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Milliseconds since the desk began, by a clock that never goes back.
    pub(crate) fn now_ms(&self) -> i64 {
        i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    pub(crate) fn with_sessions<T>(
        &self,
        work: impl FnOnce(&mut HashMap<String, SessionHandle>) -> T,
    ) -> T {
        work(&mut locked(&self.sessions))
    }

    pub(crate) fn speech_breaker<T>(&self, work: impl FnOnce(&mut Breaker) -> T) -> T {
        work(&mut locked(&self.speech_breaker))
    }

    pub(crate) fn chat_breaker<T>(&self, work: impl FnOnce(&mut Breaker) -> T) -> T {
        work(&mut locked(&self.chat_breaker))
    }

    /// What was used on a day, as far as is known.
    pub(crate) fn used_on(&self, day: &str) -> Used {
        let known = locked(&self.day);
        if known.0 == day { known.1 } else { Used::default() }
    }

    pub(crate) fn note_used(&self, day: &str, used: Used) {
        *locked(&self.day) = (day.to_owned(), used);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::call::{CallPhase, Recording, RecordingState};

    fn read(variables: &[(&str, &str)]) -> Result<AssistSettings, Invalid> {
        let variables: Vec<(String, String)> =
            variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        AssistSettings::read(&move |name: &str| {
            variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        })
    }

    #[test]
    fn a_call_of_an_unknown_campaign_may_be_of_one_that_may_not_be_listened_to() {
        let settings = AssistSettings { consent: true, ..AssistSettings::default() };
        let assist = Assist::new(settings);
        let unknown = CallState::default();
        let of = |name: &str| CallState { campaign: Some(name.into()), ..CallState::default() };
        let blank = of(" ");
        assert!(assist.has_consent(&unknown) && assist.has_consent(&of("sales")));
        assist.set_consents(vec![("care".into(), true)]);
        assert!(assist.has_consent(&unknown) && assist.has_consent(&blank));
        assist.set_consents(vec![("care".into(), true), ("sales".into(), false)]);
        assert!(!assist.has_consent(&unknown) && !assist.has_consent(&blank));
        assert!(assist.has_consent(&of("care")) && assist.has_consent(&of("other")));
        assert!(!assist.has_consent(&of(" sales ")));
        let off = Assist::new(AssistSettings::default());
        off.set_consents(vec![("care".into(), true)]);
        assert!(!off.has_consent(&unknown) && off.has_consent(&of("care")));
    }

    #[test]
    fn a_call_that_no_page_sends_the_audio_of_is_not_listened_to() {
        let local = [("VOSK_URL", "ws://127.0.0.1:2700"), ("DESK_ASSIST_CONSENT", "on")];
        let assist = Assist::new(read(&local).unwrap());
        let call = CallState {
            phase: CallPhase::Active,
            held: Some(false),
            recording: Recording { state: RecordingState::On, ..Recording::default() },
            ..CallState::default()
        };
        assert_eq!(assist.state_of("1", &call), Some(AssistState::NO_AUDIO));
        let held = CallState { held: Some(true), ..call };
        assert_eq!(assist.state_of("1", &held).and_then(|state| state.reason), Some("onHold"));
    }

    #[test]
    fn without_a_key_there_is_none_of_it() {
        let settings = read(&[]).unwrap();
        assert!(!settings.is_on() && !settings.consent);
        assert_eq!(settings.every, Duration::from_secs(10));
    }

    #[test]
    fn keys_turn_it_on_and_are_not_shown() {
        let deepgram = ("DEEPGRAM_API_KEY", "hunter2");
        let openai = [("OPENAI_API_KEY", "hunter2"), ("OPENAI_MODEL", "m")];
        let settings = read(&[deepgram, openai[0], openai[1], ("ASSIST_EVERY", "30s")]).unwrap();
        assert_eq!(settings.every, Duration::from_secs(30));
        assert!(settings.speech.is_some() && settings.chat.is_some());
        let shown = format!("{settings:?}");
        assert!(shown.contains("api.deepgram.com") && shown.contains("nova-3"), "{shown}");
        assert!(shown.contains("api.openai.com") && !shown.contains("hunter2"), "{shown}");
        let local = [("OPENAI_BASE_URL", "http://127.0.0.1:9/v1/"), ("OPENAI_MODEL", "m")];
        assert!(read(&local).unwrap().chat.is_some());
        assert!(read(&[("VOSK_URL", "ws://127.0.0.1:2700")]).unwrap().speech.is_some());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let key = ("DEEPGRAM_API_KEY", "hunter2");
        for (variables, field) in [
            (vec![("DEEPGRAM_API_KEY", "a b")], "DEEPGRAM_API_KEY"),
            (vec![key, ("DEEPGRAM_URL", "https://x.example.test")], "DEEPGRAM_URL"),
            (vec![key, ("VOSK_URL", "ws://127.0.0.1:2700")], "VOSK_URL"),
            (vec![("OPENAI_API_KEY", "k")], "OPENAI_MODEL"),
            (vec![("OPENAI_MODEL", "m")], "OPENAI_MODEL"),
            (
                vec![("DEEPGRAM_MODEL", "nova-2"), ("OPENAI_BASE_URL", "http://127.0.0.1:9")],
                "DEEPGRAM_MODEL",
            ),
            (vec![("DEEPGRAM_LANGUAGE", "hi")], "DEEPGRAM_LANGUAGE"),
            (
                vec![("VOSK_URL", "ws://127.0.0.1:2700"), ("DEEPGRAM_URL", "wss://x")],
                "DEEPGRAM_URL",
            ),
            (vec![("OPENAI_BASE_URL", "127.0.0.1"), ("OPENAI_MODEL", "m")], "OPENAI_BASE_URL"),
            (vec![("ASSIST_EVERY", "0s")], "ASSIST_EVERY"),
            (vec![("ASSIST_EVERY", "soon")], "ASSIST_EVERY"),
            (vec![("DESK_ASSIST_CONSENT", "perhaps")], "DESK_ASSIST_CONSENT"),
            (vec![("ASSIST_CAPS", "hour=1")], "ASSIST_CAPS"),
            (vec![("ASSIST_CAPS", "day_money=1")], "ASSIST_PRICES"),
        ] {
            let invalid = read(&variables).unwrap_err();
            assert_eq!(invalid.field(), field);
            assert!(!invalid.to_string().contains("hunter2"));
        }
    }
}
