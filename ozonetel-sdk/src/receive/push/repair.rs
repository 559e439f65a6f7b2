//! Times and durations in spellings that senders are known to use.

use serde_json::Value;

/// The usual spelling of a time or a duration that came in another one. `None` where it is neither.
pub(super) fn time_text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let text = without_fraction(&text);
    match text.split_once([' ', 'T']) {
        Some((day, time)) => Some(format!("{} {}", day_text(day)?, clock_text(time.trim())?)),
        None if text.contains(':') => clock_text(text),
        None => {
            let seconds: u32 = digits(text).then(|| text.parse().ok()).flatten()?;
            Some(format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60))
        }
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Text without the fraction of a second at its end.
fn without_fraction(text: &str) -> &str {
    match text.rsplit_once('.') {
        Some((whole, fraction)) if digits(fraction) => whole,
        _ => text,
    }
}

/// `2026:11:21`, `2026/11/21`, `2026-1-2`: year, month and day in this order.
fn day_text(day: &str) -> Option<String> {
    let parts: Vec<&str> = day.split([':', '/', '-']).collect();
    let [year, month, day] = *parts else { return None };
    let short = |part: &str| digits(part) && part.len() <= 2;
    (digits(year) && year.len() == 4 && short(month) && short(day))
        .then(|| format!("{year}-{month:0>2}-{day:0>2}"))
}

/// `H:MM:SS` and `HH:MM:SS`.
fn clock_text(clock: &str) -> Option<String> {
    let (hours, rest) = clock.split_once(':')?;
    digits(hours).then(|| format!("{hours:0>2}:{rest}"))
}

#[cfg(test)]
mod tests;
