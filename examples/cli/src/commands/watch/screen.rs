//! The wallboard on a terminal, from 80 × 24 up.

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Cell, Paragraph, Row, Table};

use super::board::{AgentGroup, Board, CallStage, clock};
use crate::mask::printable;

/// What the person in front of it has chosen.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct View {
    /// How many agents are above the first that is shown.
    pub(super) scrolled: usize,
    pub(super) is_colored: bool,
}

impl View {
    fn style(self, color: Color) -> Style {
        if self.is_colored { Style::new().fg(color) } else { Style::new() }
    }
}

/// The color of what agents do; the word beside it says the same.
fn color(group: AgentGroup) -> Color {
    match group {
        AgentGroup::OnCall => Color::Cyan,
        AgentGroup::WrapUp => Color::Yellow,
        AgentGroup::Ready => Color::Green,
        AgentGroup::Paused => Color::Magenta,
        AgentGroup::Idle | AgentGroup::LoggedOut => Color::Gray,
        AgentGroup::Unknown => Color::Red,
    }
}

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, board: &Board, source: &str, view: View, now: Timestamp) {
    let wanted = u16::try_from(board.call_count()).unwrap_or(u16::MAX).saturating_add(3);
    let below = wanted.clamp(4, (frame.area().height / 2).max(4));
    let areas = Layout::vertical([
        Constraint::Length(4),
        Constraint::Min(4),
        Constraint::Length(below),
        Constraint::Length(1),
    ]);
    let [head, agents, queue, keys] = areas.areas(frame.area());
    frame.render_widget(heading(board, source, view, now), head);
    draw_agents(frame, agents, board, view, now);
    draw_calls(frame, queue, board, view, now);
    frame.render_widget(Paragraph::new("q quits   up, down scroll"), keys);
}

fn heading<'a>(board: &Board, source: &'a str, view: View, now: Timestamp) -> Paragraph<'a> {
    let state = match (&board.down, board.heard) {
        (None, _) => Span::styled("connected", view.style(Color::Green)),
        (Some(reason), heard) => {
            let of = heard.map_or_else(String::new, |heard| {
                format!(", what is shown is {} old", clock(now.duration_since(heard)))
            });
            Span::styled(
                format!("NOT CONNECTED: {}{of}", printable(reason)),
                view.style(Color::Red),
            )
        }
    };
    let figures = board.figures();
    let groups: Vec<String> =
        board.groups().iter().map(|(group, count)| format!("{count} {}", group.word())).collect();
    let groups = if groups.is_empty() { "no agents".to_owned() } else { groups.join(", ") };
    let calls = format!(
        "{} calls since {} UTC: {} answered, {} missed; now {} waiting, {} talking",
        figures.calls,
        board.began.strftime("%H:%M"),
        figures.answered,
        figures.missed,
        figures.waiting,
        figures.talking
    );
    Paragraph::new(vec![
        Line::from(vec![
            Span::styled("ozonetel watch", Style::new().add_modifier(Modifier::BOLD)),
            Span::raw(format!("  {source}  {} UTC", now.strftime("%H:%M:%S"))),
        ]),
        Line::from(state),
        Line::raw(groups),
        Line::raw(calls),
    ])
}

fn draw_agents(frame: &mut Frame<'_>, area: Rect, board: &Board, view: View, now: Timestamp) {
    let count = board.agent_count();
    let room = usize::from(area.height.saturating_sub(3));
    let first = view.scrolled.min(count.saturating_sub(room));
    let shown = board.agents().skip(first).take(room).map(|row| {
        let style = view.style(color(row.group));
        let reason = row.reason.as_deref().unwrap_or_default();
        Row::new([
            Cell::new(printable(&row.agent)),
            Cell::new(row.group.word()).style(style),
            Cell::new(clock(now.duration_since(row.since))),
            Cell::new(printable(&row.word)),
            Cell::new(printable(reason)),
        ])
    });
    let widths = [
        Constraint::Fill(2),
        Constraint::Length(10),
        Constraint::Length(9),
        Constraint::Length(12),
        Constraint::Fill(3),
    ];
    let last = (first + room).min(count);
    let title = if count > room {
        format!(" agents {} to {last} of {count} ", first + 1)
    } else {
        format!(" agents {count} ")
    };
    let head = Row::new(["agent", "does", "for", "word", "reason"])
        .style(Style::new().add_modifier(Modifier::BOLD));
    let table = Table::new(shown, widths)
        .header(head)
        .block(Block::new().borders(Borders::TOP | Borders::BOTTOM).title(title));
    frame.render_widget(table, area);
}

fn draw_calls(frame: &mut Frame<'_>, area: Rect, board: &Board, view: View, now: Timestamp) {
    let count = board.call_count();
    let room = usize::from(area.height.saturating_sub(2));
    let shown = board.calls().take(room).map(|row| {
        let waits = row.news.stage == CallStage::Waiting;
        let style = if waits { view.style(Color::Red) } else { Style::new() };
        let text = |text: &Option<String>| printable(text.as_deref().unwrap_or_default());
        Row::new([
            Cell::new(row.news.stage.word()).style(style),
            Cell::new(clock(now.duration_since(row.since))),
            Cell::new(text(&row.news.caller)),
            Cell::new(text(&row.news.agent)),
            Cell::new(text(&row.news.campaign)),
            Cell::new(printable(&row.news.id)),
        ])
    });
    let widths = [
        Constraint::Length(9),
        Constraint::Length(8),
        Constraint::Length(14),
        Constraint::Fill(2),
        Constraint::Fill(2),
        Constraint::Length(20),
    ];
    let title = if count > room {
        format!(" calls, the first {room} of {count} ")
    } else {
        format!(" calls {count} ")
    };
    let head = Row::new(["call", "for", "caller", "agent", "campaign", "id"])
        .style(Style::new().add_modifier(Modifier::BOLD));
    let table = Table::new(shown, widths).header(head).block(Block::new().title(title));
    frame.render_widget(table, area);
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::super::board::Change;
    use super::super::board::tests::{agent, at, call};
    use super::*;

    fn drawn(board: &Board, width: u16, height: u16, scrolled: usize) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let view = View { scrolled, is_colored: true };
        terminal.draw(|frame| draw(frame, board, "the simulator", view, at(65))).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn everything_is_on_eighty_by_twenty_four() {
        let mut board = Board::new(at(0));
        for (id, word) in [("agent01", "READY"), ("agent02", "BUSY"), ("agent03", "PAUSED")] {
            board.apply(Change::Agent(agent(id, word)), at(1));
        }
        board.apply(Change::Call(call("90000000000000001", CallStage::Waiting)), at(5));
        let text = drawn(&board, 80, 24, 0);
        for part in [
            "connected",
            "agents 3",
            "on a call",
            "1:04",
            "waiting",
            "1:00",
            "…01",
            "90000000000000001",
            "1 calls since 06:30 UTC",
            "q quits",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        board.apply(Change::Down("no answer".to_owned()), at(6));
        assert!(
            drawn(&board, 80, 24, 0)
                .contains("NOT CONNECTED: no answer, what is shown is 1:00 old")
        );
    }

    #[test]
    fn a_thousand_agents_scroll_and_no_size_is_too_small() {
        let mut board = Board::new(at(0));
        let agents = (0..1000).map(|n| agent(&format!("agent{n:04}"), "READY")).collect();
        board.apply(Change::Everything { agents, calls: Vec::new() }, at(1));
        let text = drawn(&board, 80, 24, 0);
        assert!(text.contains("agent0000") && text.contains("of 1000"), "{text}");
        let end = drawn(&board, 80, 24, 5000);
        assert!(end.contains("agent0999"), "{end}");
        for (width, height) in [(1, 1), (10, 3), (40, 8), (300, 100)] {
            drawn(&board, width, height, 3);
        }
    }
}
