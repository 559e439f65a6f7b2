//! Finds where someone speaks, and says what the script says was spoken there.

/// How many samples a second has.
const RATE: u64 = 16_000;

/// How loud a sample is that someone speaks.
const LOUD: u32 = 500;

/// After how long a silence an utterance is over: 400 ms.
const SILENCE: u64 = RATE * 4 / 10;

/// After how long some of it is known: 300 ms.
const SOME: u64 = RATE * 3 / 10;

/// The longest utterance: 5 s.
const LONGEST: u64 = RATE * 5;

/// The shortest: 200 ms. A click is none.
const SHORTEST: u64 = RATE / 5;

/// Words, with their place in the stream in seconds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spoken {
    pub(super) text: String,
    pub(super) start: f64,
    pub(super) duration: f64,
    pub(super) is_final: bool,
}

/// An utterance that goes on.
struct Utterance {
    text: String,
    start: u64,
    loud_to: u64,
    shown: bool,
}

/// How loud samples are, and which is the first loud one.
pub(super) fn loudness(samples: &[u8]) -> (u32, Option<u64>) {
    let (mut squares, mut count, mut onset) = (0_u64, 0_u64, None);
    for pair in samples.chunks_exact(2) {
        let value = match pair {
            [low, high] => i16::from_le_bytes([*low, *high]).unsigned_abs(),
            _ => 0,
        };
        if onset.is_none() && u32::from(value) >= LOUD {
            onset = Some(count);
        }
        squares += u64::from(value) * u64::from(value);
        count += 1;
    }
    let mean = squares / count.max(1);
    (u32::try_from(mean.isqrt()).unwrap_or(u32::MAX), onset)
}

/// One stream.
#[derive(Default)]
pub(super) struct Recogniser {
    place: u64,
    utterance: Option<Utterance>,
}

#[expect(clippy::cast_precision_loss, reason = "a stream has fewer samples than 2^53")]
fn seconds(samples: u64) -> f64 {
    samples as f64 / RATE as f64
}

impl Recogniser {
    /// How many samples came.
    pub(super) fn place(&self) -> u64 {
        self.place
    }

    /// Takes samples; `words` is asked for what an utterance that begins says.
    pub(super) fn take(&mut self, samples: &[u8], words: impl FnOnce() -> String) -> Vec<Spoken> {
        let (from, length) = (self.place, samples.len() as u64 / 2);
        self.place += length;
        let (_, onset) = loudness(samples);
        let mut spoken = Vec::new();
        if let Some(onset) = onset {
            let loud_to = self.place;
            if let Some(utterance) = &mut self.utterance {
                utterance.loud_to = loud_to;
            } else {
                let (text, start) = (words(), from + onset);
                self.utterance = Some(Utterance { text, start, loud_to, shown: false });
            }
        }
        let Some(utterance) = &mut self.utterance else { return spoken };
        let is_over = self.place - utterance.loud_to >= SILENCE;
        if is_over || self.place - utterance.start >= LONGEST {
            spoken.extend(self.finish());
        } else if !utterance.shown && self.place - utterance.start >= SOME {
            utterance.shown = true;
            let words: Vec<_> = utterance.text.split(' ').collect();
            let some = words.len().div_ceil(2);
            let text = words.into_iter().take(some).collect::<Vec<_>>().join(" ");
            let (start, duration) =
                (seconds(utterance.start), seconds(self.place - utterance.start));
            spoken.push(Spoken { text, start, duration, is_final: false });
        }
        spoken
    }

    /// Ends the utterance that goes on.
    pub(super) fn finish(&mut self) -> Option<Spoken> {
        let Utterance { text, start, loud_to, shown } = self.utterance.take()?;
        let length = loud_to - start;
        let text = if length >= SHORTEST || shown { text } else { String::new() };
        Some(Spoken { text, start: seconds(start), duration: seconds(length), is_final: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(value: i16) -> Vec<u8> {
        std::iter::repeat_n(value.to_le_bytes(), 1_600).flatten().collect()
    }

    #[test]
    fn an_utterance_is_where_it_is_loud() {
        let mut recogniser = Recogniser::default();
        let mut all = Vec::new();
        let values = [vec![0; 5], vec![4_000; 10], vec![0; 6], vec![4_000], vec![0; 6]].concat();
        for value in values {
            all.extend(recogniser.take(&frame(value), || "one two three".into()));
        }
        let found: Vec<_> = all
            .iter()
            .map(|one| {
                (
                    one.text.as_str(),
                    (one.start * 10.0).round(),
                    (one.duration * 10.0).round(),
                    one.is_final,
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("one two", 5.0, 3.0, false),
                ("one two three", 5.0, 10.0, true),
                // A click says nothing, but for what was shown of it.
                ("one two", 21.0, 3.0, false),
                ("one two three", 21.0, 1.0, true),
            ]
        );
        assert_eq!(recogniser.finish(), None);
        assert_eq!(loudness(&frame(-600)), (600, Some(0)));
        assert_eq!(loudness(&[]), (0, None));
    }
}
