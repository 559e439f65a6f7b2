//! The tables, as numbered steps that both databases take.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr};

/// Number, title and text of each step; numbers by area, see [`store`](super).
const STEPS: &[(i64, &str, &str)] = &[
    (100, "meta, events, leases", include_str!("../../migrations/0100_ground.sql")),
    (110, "token and limits", include_str!("../../migrations/0110_account_state.sql")),
    (200, "people, sessions, audit", include_str!("../../migrations/0200_people.sql")),
    (300, "calls, dials, outbox, pushes", include_str!("../../migrations/0300_calls.sql")),
    (310, "dial ways", include_str!("../../migrations/0310_dial_ways.sql")),
    (330, "owed dispositions", include_str!("../../migrations/0330_owed.sql")),
    (331, "phone names of dials", include_str!("../../migrations/0331_phone_name.sql")),
    (340, "notes", include_str!("../../migrations/0340_notes.sql")),
    (345, "words about agents", include_str!("../../migrations/0345_agent_words.sql")),
    (400, "leads, missed calls, follow-ups", include_str!("../../migrations/0400_work.sql")),
    (410, "agents", include_str!("../../migrations/0410_agents.sql")),
    (420, "leads' details, appointments", include_str!("../../migrations/0420_customers.sql")),
    (421, "finished calls", include_str!("../../migrations/0421_reports.sql")),
    (422, "messages to leads", include_str!("../../migrations/0422_messages.sql")),
    (450, "hand-offs", include_str!("../../migrations/0450_handoffs.sql")),
    (480, "bookings", include_str!("../../migrations/0480_bookings.sql")),
    (510, "reminders", include_str!("../../migrations/0510_reminders.sql")),
    (600, "live assist", include_str!("../../migrations/0600_assist.sql")),
];

/// All steps. A database with steps that are not in the list, or with others of the same number, is refused.
pub(super) fn migrator() -> Migrator {
    let step = |&(number, title, sql): &(i64, &'static str, &'static str)| {
        let sql = AssertSqlSafe(sql.to_owned()).into_sql_str();
        Migration::new(number, title.into(), MigrationType::Simple, sql, false)
    };
    Migrator::with_migrations(STEPS.iter().map(step).collect())
}

/// Whether a step is one of this desk's.
pub(super) fn is_known(number: i64) -> bool {
    STEPS.iter().any(|(known, ..)| *known == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_of_types_that_both_databases_have() {
        let mut numbers = Vec::new();
        for (number, title, sql) in STEPS {
            numbers.push(number);
            for line in sql.lines().map(|line| line.split("--").next().unwrap_or_default().trim()) {
                let mut words = line.split_whitespace();
                let (Some(column), Some(kind)) = (words.next(), words.next()) else { continue };
                let declares = column.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
                if declares && kind.bytes().all(|b| b.is_ascii_uppercase()) {
                    assert!(matches!(kind, "TEXT" | "BIGINT"), "{title}: {line}");
                }
            }
        }
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    }
}
