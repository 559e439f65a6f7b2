//! `SCHEMA.md` describes the tables as they are.

use std::collections::BTreeSet;

use ozonetel_store::StoreAddress;
use sqlx::{Connection as _, Row as _};

use crate::rig::Kind;

/// Table, column and type, with ` null` behind it where a value may be missing.
type Columns = BTreeSet<(String, String, String)>;

fn described() -> Columns {
    let mut found = Columns::new();
    let mut table = None;
    for line in include_str!("../../SCHEMA.md").lines() {
        if let Some(name) = line.strip_prefix("## ") {
            table = name.strip_prefix('`').and_then(|name| name.strip_suffix('`'));
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let (Some(table), [_, column, kind, meaning, ..]) = (table, cells.as_slice()) else {
            continue;
        };
        let Some(column) = column.strip_prefix('`').and_then(|name| name.strip_suffix('`')) else {
            continue;
        };
        assert!(!meaning.is_empty(), "{table}.{column} is not explained");
        assert!(
            found.insert((table.to_owned(), column.to_owned(), (*kind).to_owned())),
            "{table}.{column} twice"
        );
    }
    found
}

async fn sqlite() -> Columns {
    let place = Kind::Sqlite.place().await;
    let Some(StoreAddress::Sqlite(path)) = &place.address else { panic!("no file") };
    let url = format!("sqlite:{}", path.display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let sql =
        "select m.name, c.name, lower(c.type) || case c.\"notnull\" when 1 then '' else ' null' end
        from sqlite_schema m join pragma_table_info(m.name) c where m.type = 'table'";
    let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

async fn postgres() -> Columns {
    let place = Kind::Postgres.place().await;
    let Some(StoreAddress::Postgres(url)) = &place.address else { panic!("no server") };
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    let sql = "select table_name::text, column_name::text,
            data_type::text || case is_nullable when 'NO' then '' else ' null' end
        from information_schema.columns where table_schema = current_schema()";
    let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

#[tokio::test]
async fn the_page_names_every_column_and_no_other() {
    let described = described();
    for (kind, columns) in [("SQLite", sqlite().await), ("PostgreSQL", postgres().await)] {
        let missing: Vec<_> = columns.difference(&described).collect();
        let gone: Vec<_> = described.difference(&columns).collect();
        assert!(
            missing.is_empty() && gone.is_empty(),
            "{kind}: not described {missing:?}, not there {gone:?}"
        );
    }
    let kinds: BTreeSet<&str> =
        described.iter().map(|(_, _, kind)| kind.trim_end_matches(" null")).collect();
    assert_eq!(kinds, BTreeSet::from(["bigint", "smallint", "text"]), "types that both have");
}

#[tokio::test]
async fn the_questions_on_the_page_have_answers() {
    let page = include_str!("../../SCHEMA.md");
    let questions: Vec<&str> =
        page.split("```sql\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(questions.len() >= 4, "{} questions", questions.len());
    let (sqlite, postgres) = (Kind::Sqlite.place().await, Kind::Postgres.place().await);
    let Some(StoreAddress::Sqlite(path)) = &sqlite.address else { panic!("no file") };
    let Some(StoreAddress::Postgres(url)) = &postgres.address else { panic!("no server") };
    let mut file =
        sqlx::SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    let mut server = sqlx::PgConnection::connect(url).await.unwrap();
    for sql in questions {
        sqlx::query(sql).fetch_all(&mut file).await.unwrap();
        sqlx::query(sql).fetch_all(&mut server).await.unwrap();
    }
}
