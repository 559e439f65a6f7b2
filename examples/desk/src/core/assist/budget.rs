//! What live assist may cost.

use std::str::FromStr;

use ozonetel_sdk::error::Invalid;

/// The variable of the caps.
pub const CAPS: &str = "ASSIST_CAPS";

/// The variable of the prices.
pub const PRICES: &str = "ASSIST_PRICES";

const MINUTE_MS: i64 = 60_000;
const MICROS: i64 = 1_000_000;

/// What was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used {
    /// Audio that a provider was sent, in milliseconds; of two speakers twice as much.
    pub audio_ms: i64,
    /// Tokens of questions and answers.
    pub tokens: i64,
    /// Money, in millionths.
    pub micros: i64,
}

impl Used {
    /// Each part with its word.
    pub fn parts(self) -> [(&'static str, i64); 3] {
        [("audio_ms", self.audio_ms), ("tokens", self.tokens), ("micros", self.micros)]
    }

    /// Sets the part with a word; an unknown word is of a newer desk.
    pub fn set(&mut self, what: &str, amount: i64) {
        match what {
            "audio_ms" => self.audio_ms = amount,
            "tokens" => self.tokens = amount,
            "micros" => self.micros = amount,
            _ => {}
        }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, more: Self) -> Self {
        Self {
            audio_ms: self.audio_ms.saturating_add(more.audio_ms),
            tokens: self.tokens.saturating_add(more.tokens),
            micros: self.micros.saturating_add(more.micros),
        }
    }

    /// Of each part the larger amount.
    #[must_use]
    pub fn at_least(self, other: Self) -> Self {
        Self {
            audio_ms: self.audio_ms.max(other.audio_ms),
            tokens: self.tokens.max(other.tokens),
            micros: self.micros.max(other.micros),
        }
    }
}

/// What may be used at most, on one call or a day; 0 is without limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Of one call.
    pub call: Used,
    /// Of one day, by all desks on the store.
    pub day: Used,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            call: Used { audio_ms: 240 * MINUTE_MS, tokens: 100_000, micros: 0 },
            day: Used { audio_ms: 20_000 * MINUTE_MS, tokens: 5_000_000, micros: 0 },
        }
    }
}

impl Caps {
    /// Whether more audio may be sent.
    pub fn allow_audio(&self, call: Used, day: Used) -> bool {
        below(call.audio_ms, self.call.audio_ms)
            && below(day.audio_ms, self.day.audio_ms)
            && below(day.micros, self.day.micros)
    }

    /// Whether more may be asked.
    pub fn allow_tokens(&self, call: Used, day: Used) -> bool {
        below(call.tokens, self.call.tokens)
            && below(day.tokens, self.day.tokens)
            && below(day.micros, self.day.micros)
    }
}

fn below(used: i64, cap: i64) -> bool {
    cap == 0 || used < cap
}

/// What a unit costs, in millionths of the money of the caps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prices {
    /// A minute of audio.
    pub minute: i64,
    /// A million tokens of questions.
    pub input: i64,
    /// A million tokens of answers.
    pub output: i64,
}

impl Prices {
    /// Audio of this length with its price.
    pub fn audio(&self, audio_ms: i64) -> Used {
        let micros = audio_ms.saturating_mul(self.minute) / MINUTE_MS;
        Used { audio_ms, micros, ..Used::default() }
    }

    /// Tokens with their price.
    pub fn tokens(&self, input: i64, output: i64) -> Used {
        let price =
            input.saturating_mul(self.input).saturating_add(output.saturating_mul(self.output));
        Used { tokens: input.saturating_add(output), micros: price / MICROS, ..Used::default() }
    }
}

/// `name=number` parts.
fn parts(
    text: &str,
    wrong: &dyn Fn() -> Invalid,
    mut set: impl FnMut(&str, &str) -> Result<(), Invalid>,
) -> Result<(), Invalid> {
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').ok_or_else(wrong)?;
        set(name.trim(), value.trim())?;
    }
    Ok(())
}

/// A number with at most six digits after the point, in millionths.
fn micros(text: &str) -> Option<i64> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || rest.len() > 6 || !digits(whole) || !digits(rest) {
        return None;
    }
    let rest: i64 = format!("{rest:0<6}").parse().ok()?;
    Some(whole.parse::<i64>().ok()? * MICROS + rest)
}

impl FromStr for Caps {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || {
            let text = "expected caps such as call_minutes=240,call_tokens=100000,day_minutes=20000,\
                        day_tokens=5000000,day_money=50; 0 is without limit";
            Invalid::new(CAPS, text)
        };
        let mut caps = Self::default();
        parts(text, &wrong, |name, value| {
            let number = || value.parse::<u32>().map(i64::from).map_err(|_| wrong());
            match name {
                "call_minutes" => caps.call.audio_ms = number()? * MINUTE_MS,
                "call_tokens" => caps.call.tokens = number()?,
                "day_minutes" => caps.day.audio_ms = number()? * MINUTE_MS,
                "day_tokens" => caps.day.tokens = number()?,
                "day_money" => caps.day.micros = micros(value).ok_or_else(wrong)?,
                _ => return Err(wrong()),
            }
            Ok(())
        })?;
        Ok(caps)
    }
}

impl FromStr for Prices {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || {
            let text = "expected prices such as minute=0.0077,input=0.15,output=0.60: of a minute of audio and \
                        of a million tokens";
            Invalid::new(PRICES, text)
        };
        let mut prices = Self::default();
        parts(text, &wrong, |name, value| {
            let price = micros(value).ok_or_else(wrong)?;
            match name {
                "minute" => prices.minute = price,
                "input" => prices.input = price,
                "output" => prices.output = price,
                _ => return Err(wrong()),
            }
            Ok(())
        })?;
        Ok(prices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caps_and_prices_are_read() {
        let caps: Caps =
            "call_minutes=1, call_tokens=0,day_minutes=2,day_money=0.5".parse().unwrap();
        let call = Used { audio_ms: 60_000, tokens: 0, micros: 0 };
        let day = Used { audio_ms: 120_000, tokens: 5_000_000, micros: 500_000 };
        assert_eq!(caps, Caps { call, day });
        let prices: Prices = "minute=0.0077,output=0.6".parse().unwrap();
        assert_eq!(prices, Prices { minute: 7_700, input: 0, output: 600_000 });
        for wrong in ["call_minutes", "call_minutes=-1", "hour=1", "day_money=1.0000001"] {
            assert_eq!(wrong.parse::<Caps>().unwrap_err().field(), CAPS, "{wrong}");
        }
        for wrong in ["minute", "minute=x", "minute=", "minute=1e3", "second=1"] {
            assert_eq!(wrong.parse::<Prices>().unwrap_err().field(), PRICES, "{wrong}");
        }
    }

    #[test]
    fn each_cap_ends_what_it_is_for() {
        let caps: Caps = "call_minutes=1,call_tokens=10,day_minutes=2,day_tokens=20,day_money=1"
            .parse()
            .unwrap();
        let used = |audio_ms, tokens, micros| Used { audio_ms, tokens, micros };
        let both = |call, day| (caps.allow_audio(call, day), caps.allow_tokens(call, day));
        let nothing = Used::default();
        assert_eq!(both(used(59_999, 9, 0), used(119_999, 19, 999_999)), (true, true));
        assert_eq!(both(used(60_000, 0, 0), nothing), (false, true));
        assert_eq!(both(used(0, 10, 0), nothing), (true, false));
        assert_eq!(both(nothing, used(120_000, 0, 0)), (false, true));
        assert_eq!(both(nothing, used(0, 20, 0)), (true, false));
        assert_eq!(both(nothing, used(0, 0, 1_000_000)), (false, false));
        let open: Caps = "call_minutes=0,call_tokens=0,day_minutes=0,day_tokens=0".parse().unwrap();
        let much = used(i64::MAX, i64::MAX, i64::MAX);
        assert!(open.allow_audio(much, much) && open.allow_tokens(much, much));
    }

    #[test]
    fn what_is_used_has_its_price() {
        let prices: Prices = "minute=0.006,input=1,output=2".parse().unwrap();
        assert_eq!(prices.audio(30_000), Used { audio_ms: 30_000, tokens: 0, micros: 3_000 });
        assert_eq!(prices.tokens(1_000, 500), Used { audio_ms: 0, tokens: 1_500, micros: 2_000 });
    }
}
