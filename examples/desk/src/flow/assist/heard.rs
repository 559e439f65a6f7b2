//! What a session has heard: entries as they are shown and kept, masked.

use std::collections::VecDeque;

use crate::core::assist::masking::{MaskedText, Masker};
use crate::core::assist::transcript::{Speaker, TranscriptEntry, TranscriptKind};
use crate::ports::speech::HeardWords;

/// How many entries are remembered: those that may still change, and those that are asked with.
const REMEMBERED: usize = 256;

/// How near a gap may be to the one before, to be one with it.
const TOGETHER_MS: i64 = 1_000;

/// What becomes of words.
#[derive(Debug, Default)]
pub(super) struct HeardChange {
    /// To be shown for now, and not kept.
    pub(super) passing: Option<TranscriptEntry>,
    /// To be kept.
    pub(super) kept: Vec<TranscriptEntry>,
}

/// What was heard so far.
#[derive(Debug, Default)]
pub(super) struct Heard {
    masker: Masker,
    entries: VecDeque<TranscriptEntry>,
    /// Of each speaker, the entry that is not final: its id, and where it begins.
    open: [Option<(String, i64)>; 2],
}

fn new_id() -> String {
    crate::chance::id().simple().to_string()
}

fn place(speaker: Speaker) -> usize {
    usize::from(speaker == Speaker::Agent)
}

impl Heard {
    /// The entries that are remembered, the oldest first.
    pub(super) fn entries(&mut self) -> &[TranscriptEntry] {
        self.entries.make_contiguous()
    }

    /// Takes words of a speaker.
    pub(super) fn words(&mut self, speaker: Speaker, words: &HeardWords, now: i64) -> HeardChange {
        let text = words.text.trim();
        let Some(open) = self.open.get_mut(place(speaker)) else { return HeardChange::default() };
        let known = open.take();
        if text.is_empty() && (known.is_none() || !words.is_final) {
            *open = known;
            return HeardChange::default();
        }
        let (id, start_ms) = known.unwrap_or_else(|| (new_id(), words.from_ms));
        let mut entry = TranscriptEntry {
            id: id.clone(),
            kind: TranscriptKind::Speech,
            speaker,
            start_ms,
            end_ms: words.to_ms.max(start_ms),
            text: String::new(),
            is_final: words.is_final,
        };
        if !words.is_final {
            *open = Some((id, start_ms));
            entry.text = self.masker.preview(speaker, text, now);
            return HeardChange { passing: Some(entry), kept: Vec::new() };
        }
        if text.is_empty() {
            // It was nothing: what was shown goes.
            return HeardChange { passing: Some(entry), kept: Vec::new() };
        }
        self.remember(entry);
        let masked = self.masker.hear(speaker, &id, text, now);
        HeardChange { passing: None, kept: self.masked(masked) }
    }

    /// Nothing is known of a time of a speaker.
    pub(super) fn gap(&mut self, speaker: Speaker, from: i64, to: i64) -> HeardChange {
        let last = self.entries.iter_mut().rev().find(|entry| entry.speaker == speaker);
        if let Some(last) = last
            && last.kind == TranscriptKind::Gap
            && from <= last.end_ms + TOGETHER_MS
        {
            (last.start_ms, last.end_ms) = (last.start_ms.min(from), last.end_ms.max(to));
            return HeardChange { passing: None, kept: vec![last.clone()] };
        }
        let entry = TranscriptEntry {
            id: new_id(),
            kind: TranscriptKind::Gap,
            speaker,
            start_ms: from,
            end_ms: to.max(from),
            text: String::new(),
            is_final: true,
        };
        self.remember(entry.clone());
        HeardChange { passing: None, kept: vec![entry] }
    }

    /// Nothing more comes of what is not final: what was shown of it goes.
    pub(super) fn drop_open(&mut self, speaker: Speaker) -> HeardChange {
        let open = self.open.get_mut(place(speaker)).and_then(Option::take);
        let gone = |(id, start_ms)| TranscriptEntry {
            id,
            kind: TranscriptKind::Speech,
            speaker,
            start_ms,
            end_ms: start_ms,
            text: String::new(),
            is_final: true,
        };
        HeardChange { passing: open.map(gone), kept: Vec::new() }
    }

    /// What is known by the time alone.
    pub(super) fn pass(&mut self, now: i64) -> HeardChange {
        let masked = self.masker.pass(now);
        HeardChange { passing: None, kept: self.masked(masked) }
    }

    /// Nothing more is said.
    pub(super) fn finish(&mut self) -> HeardChange {
        let masked = self.masker.finish();
        HeardChange { passing: None, kept: self.masked(masked) }
    }

    fn remember(&mut self, entry: TranscriptEntry) {
        if self.entries.len() >= REMEMBERED {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// The entries of texts, with these. An entry that is remembered no longer stays as it was kept: masked.
    fn masked(&mut self, texts: Vec<MaskedText>) -> Vec<TranscriptEntry> {
        let mut kept = Vec::new();
        for MaskedText { id, text } in texts {
            if let Some(entry) = self.entries.iter_mut().rev().find(|entry| entry.id == id) {
                entry.text = text;
                kept.push(entry.clone());
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str, from_ms: i64, is_final: bool) -> HeardWords {
        HeardWords { from_ms, to_ms: from_ms + 500, text: text.into(), is_final }
    }

    #[test]
    fn an_entry_keeps_its_id_until_it_is_final() {
        let mut heard = Heard::default();
        let one = heard.words(Speaker::Customer, &words("good", 100, false), 0).passing.unwrap();
        let other = heard.words(Speaker::Agent, &words("hello", 200, false), 0).passing.unwrap();
        let two =
            heard.words(Speaker::Customer, &words("good day", 150, false), 0).passing.unwrap();
        let last = heard.words(Speaker::Customer, &words("good day sir", 100, true), 0).kept;
        assert_eq!((&one.id, one.is_final, one.text.as_str()), (&two.id, false, "good"));
        assert_ne!(one.id, other.id);
        assert_eq!((last.len(), &last[0].id, last[0].is_final), (1, &one.id, true));
        assert_eq!((last[0].start_ms, last[0].end_ms), (100, 600));
        let next = heard.words(Speaker::Customer, &words("and", 900, true), 0).kept;
        assert!(next[0].id > one.id);
    }

    #[test]
    fn silence_is_nothing_and_takes_back_what_was_shown() {
        let mut heard = Heard::default();
        let silence = heard.words(Speaker::Customer, &words(" ", 0, true), 0);
        assert!(silence.passing.is_none() && silence.kept.is_empty());
        let shown = heard.words(Speaker::Customer, &words("uh", 0, false), 0).passing.unwrap();
        let gone = heard.words(Speaker::Customer, &words("", 0, true), 0);
        let gone = (gone.passing.unwrap(), gone.kept.len());
        assert_eq!(
            (&gone.0.id, gone.0.text.as_str(), gone.0.is_final, gone.1),
            (&shown.id, "", true, 0)
        );
        assert!(heard.entries().is_empty());
    }

    #[test]
    fn what_never_becomes_final_is_taken_back_and_the_next_words_are_others() {
        let mut heard = Heard::default();
        let shown = heard.words(Speaker::Agent, &words("uh", 0, false), 0).passing.unwrap();
        assert!(heard.drop_open(Speaker::Customer).passing.is_none());
        let gone = heard.drop_open(Speaker::Agent).passing.unwrap();
        assert_eq!((&gone.id, gone.text.as_str(), gone.is_final), (&shown.id, "", true));
        assert!(heard.drop_open(Speaker::Agent).passing.is_none());
        let next = heard.words(Speaker::Agent, &words("hello", 9_000, true), 0).kept;
        assert_ne!(next[0].id, shown.id);
        assert_eq!(next[0].start_ms, 9_000);
    }

    #[test]
    fn gaps_that_follow_each_other_are_one() {
        let mut heard = Heard::default();
        let first = heard.gap(Speaker::Agent, 100, 200).kept;
        heard.words(Speaker::Customer, &words("hello", 150, true), 0);
        let second = heard.gap(Speaker::Agent, 250, 400).kept;
        assert_eq!((&first[0].id, second[0].start_ms, second[0].end_ms), (&second[0].id, 100, 400));
        heard.words(Speaker::Agent, &words("hello", 450, true), 0);
        assert_ne!(heard.gap(Speaker::Agent, 500, 600).kept[0].id, first[0].id);
    }

    #[test]
    fn a_number_comes_out_masked_and_what_is_none_comes_out_later() {
        let mut heard = Heard::default();
        let passing = heard.words(Speaker::Customer, &words("4111 1111", 0, false), 0).passing;
        assert_eq!(passing.unwrap().text, "••••");
        let kept = heard.words(Speaker::Customer, &words("4111 1111", 0, true), 0).kept;
        assert_eq!(kept[0].text, "••••");
        assert!(heard.pass(60_000).kept.is_empty());
        let kept = heard.pass(60_001).kept;
        assert_eq!((kept.len(), kept[0].text.as_str()), (1, "4111 1111"));
        assert!(heard.finish().kept.is_empty());
    }
}
