//! Statistics as one page: inline SVG, no script, nothing loaded from elsewhere.

use std::fmt::{self, Write as _};

use super::CallStats;

/// The size of the picture of hours.
const WIDTH: u64 = 720;
const HEIGHT: u64 = 200;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:760px;margin:2rem auto;padding:0 1rem;\
    color:#1a1a1a;background:#fff}table{border-collapse:collapse}td,th{padding:.25rem .75rem;text-align:left;\
    border-bottom:1px solid #ddd}.n{text-align:right}svg{max-width:100%;height:auto}.a{fill:#1b7f5c}.m{fill:#b3402e}\
    @media(prefers-color-scheme:dark){body{color:#eee;background:#151515}td,th{border-color:#444}text{fill:#eee}}";

/// Text inside of HTML.
struct Escaped<'t>(&'t str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c if c.is_control() => f.write_char(' ')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// The page.
pub(super) fn drawn(stats: &CallStats, account: &str) -> String {
    let mut page = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut page, stats, account);
    page
}

fn write(page: &mut String, stats: &CallStats, account: &str) -> fmt::Result {
    let title = format!("Calls of {account}, {} to {}", stats.from, stats.to);
    let title = Escaped(&title);
    write!(
        page,
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style><h1>{title}</h1>"
    )?;
    let rate = stats.answer_percent.map_or("none has ended".to_owned(), |rate| format!("{rate} %"));
    writeln!(
        page,
        "<p>{}, {} answered, {} missed{}. Answer rate: {rate}.</p>",
        stats.told_calls(),
        stats.answered,
        stats.missed,
        stats.told_open()
    )?;
    missing(page, stats)?;
    hours(page, stats)?;
    writeln!(page, "<h2>Outcomes</h2><table><tr><th>outcome<th class=\"n\">calls")?;
    for (outcome, calls) in &stats.outcomes {
        writeln!(page, "<tr><td>{}<td class=\"n\">{calls}", Escaped(outcome))?;
    }
    writeln!(
        page,
        "</table><h2>Agents</h2><table><tr><th>agent<th class=\"n\">calls<th class=\"n\">answered\
        <th class=\"n\">talk, minutes"
    )?;
    for agent in &stats.agents {
        let minutes = agent.talk_s.div_ceil(60);
        let (name, calls, answered) = (Escaped(&agent.agent), agent.calls, agent.answered);
        writeln!(
            page,
            "<tr><td>{name}<td class=\"n\">{calls}<td class=\"n\">{answered}<td class=\"n\">{minutes}"
        )?;
    }
    writeln!(page, "</table></html>")
}

/// What is not in it.
fn missing(page: &mut String, stats: &CallStats) -> fmt::Result {
    if let Some(at) = &stats.as_of {
        writeln!(page, "<p>Today as of {}: it has more calls later.</p>", Escaped(at))?;
    }
    let mut told = Vec::new();
    for (days, text) in [
        (&stats.days_never_read, "Not in it, because they were never read"),
        (&stats.days_in_part, "In it only in part, because they were last read too early"),
    ] {
        if !days.is_empty() {
            told.push(format!("{text}: {}.", days.join(", ")));
        }
    }
    for gap in &stats.gaps {
        told.push(format!("Records may be missing from {} to {}.", gap.from, gap.to));
    }
    told.extend(stats.told_unread().map(|text| format!("{text}.")));
    for text in told {
        writeln!(page, "<p><strong>{}</strong></p>", Escaped(&text))?;
    }
    Ok(())
}

/// A bar per hour: answered below, missed above; what they say is in the table of each bar's title as well.
fn hours(page: &mut String, stats: &CallStats) -> fmt::Result {
    writeln!(page, "<h2>By hour</h2>")?;
    let most = stats.hours.iter().map(|hour| hour.calls).max().unwrap_or_default();
    if most == 0 {
        return writeln!(page, "<p>No calls.</p>");
    }
    writeln!(
        page,
        "<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"Answered and missed calls by hour of the day\">",
        HEIGHT + 24
    )?;
    let slot = WIDTH / 24;
    for hour in &stats.hours {
        let x = u64::from(hour.hour) * slot;
        let (answered, missed) = (hour.answered * HEIGHT / most, hour.missed * HEIGHT / most);
        let rate =
            hour.answer_percent.map_or(String::new(), |rate| format!(", answer rate {rate} %"));
        writeln!(
            page,
            "<g><title>{:02}:00: {} calls, {} answered, {} missed{rate}</title>",
            hour.hour, hour.calls, hour.answered, hour.missed
        )?;
        let width = slot.saturating_sub(4);
        let top = HEIGHT.saturating_sub(answered);
        writeln!(
            page,
            "<rect class=\"a\" x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"{answered}\"/>"
        )?;
        let above = top.saturating_sub(missed);
        writeln!(
            page,
            "<rect class=\"m\" x=\"{x}\" y=\"{above}\" width=\"{width}\" height=\"{missed}\"/>"
        )?;
        writeln!(
            page,
            "<text x=\"{}\" y=\"{}\" font-size=\"12\" text-anchor=\"middle\">{:02}</text></g>",
            x + width / 2,
            HEIGHT + 18,
            hour.hour
        )?;
    }
    writeln!(page, "</svg><p>Green: answered. Red: missed. An hour's figures are in its title.</p>")
}

#[cfg(test)]
mod tests {
    use super::super::{AgentStats, HourStats};
    use super::*;

    #[test]
    fn a_page_is_whole_and_what_others_wrote_is_text() {
        let hour =
            HourStats { hour: 10, calls: 4, answered: 3, missed: 1, answer_percent: Some(75) };
        let agent =
            AgentStats { agent: "<script>x</script>".into(), calls: 4, answered: 3, talk_s: 61 };
        let stats = CallStats {
            from: "2026-01-02".into(),
            to: "2026-01-02".into(),
            calls: 4,
            answered: 3,
            missed: 1,
            answer_percent: Some(75),
            hours: vec![hour],
            agents: vec![agent],
            ..CallStats::default()
        };
        let page = drawn(&stats, "acme_support");
        assert!(page.contains("10:00: 4 calls, 3 answered, 1 missed, answer rate 75 %"), "{page}");
        assert!(page.contains("height=\"150\"") && page.contains("y=\"0\""), "{page}");
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script"), "{page}");
        for other in ["http://", "https://", "src=", "@import", "url("] {
            assert!(!page.contains(other), "{other}");
        }
        assert!(drawn(&CallStats::default(), "x").contains("No calls."));
    }

    #[test]
    fn a_page_says_what_is_not_in_it() {
        let gap = r#"{"from":"2026-01-01 12:00:00","to":"2026-01-01 23:59:59","reason":"read_in_part","rows":0,"cause":null}"#;
        let stats = CallStats {
            days_never_read: vec!["2025-12-30".into(), "2025-12-31".into()],
            days_in_part: vec!["2026-01-01".into()],
            as_of: Some("2026-01-02 12:05:00".into()),
            unread: 2,
            gaps: vec![serde_json::from_str(gap).unwrap()],
            ..CallStats::default()
        };
        let page = drawn(&stats, "x");
        for part in [
            "Not in it, because they were never read: 2025-12-30, 2025-12-31.",
            "In it only in part, because they were last read too early: 2026-01-01.",
            "Today as of 2026-01-02 12:05:00",
            "2 rows cannot be parsed",
            "Records may be missing from 2026-01-01 12:00:00 to 2026-01-01 23:59:59.",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(!drawn(&CallStats::default(), "x").contains("<strong>"));
    }
}
