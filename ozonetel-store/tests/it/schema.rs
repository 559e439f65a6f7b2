//! `SCHEMA.md` describes the tables as they are.

use std::collections::BTreeSet;

use ozonetel_store::StoreAddress;
use serde_json::json;
use sqlx::{Connection as _, Row as _};

use crate::rig::{Kind, Reports};
use crate::suite::{leg, with};

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

/// What cannot be parsed fails whoever looks at it.
const DAMAGE: &str = "update cdr_row set record = '{' where key = '11'";

#[tokio::test]
async fn a_row_that_a_reading_finds_as_it_is_is_neither_looked_at_nor_written_again() {
    let rows = [leg(1, 11, "10:00:00"), leg(2, 21, "11:00:00")];
    let changed = [rows[0].clone(), with(rows[1].clone(), &[("Disposition", json!("Follow Up"))])];
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let place = kind.place().await;
        let reports = Reports::new();
        let mut sync = reports.sync(place.store.sink(), 200);
        reports.read(&mut sync, &rows).await;
        match place.address.as_ref().unwrap() {
            StoreAddress::Sqlite(path) => {
                let url = format!("sqlite:{}", path.display());
                let mut file = sqlx::SqliteConnection::connect(&url).await.unwrap();
                let refuse = "create trigger refuse before update on cdr_row when old.key = '11'
                              begin select raise(abort, 'written again'); end";
                sqlx::query(DAMAGE).execute(&mut file).await.unwrap();
                sqlx::query(refuse).execute(&mut file).await.unwrap();
            }
            StoreAddress::Postgres(url) => {
                let mut server = sqlx::PgConnection::connect(url).await.unwrap();
                let refuse = "create function refuse() returns trigger language plpgsql as
                              $$ begin raise exception 'written again'; end $$;
                              create trigger refuse before update on cdr_row for each row
                              when (old.key = '11') execute function refuse()";
                sqlx::query(DAMAGE).execute(&mut server).await.unwrap();
                sqlx::raw_sql(refuse).execute(&mut server).await.unwrap();
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(reports.read(&mut sync, &rows).await.rows.same, 2, "{kind:?}");
        assert_eq!(reports.read(&mut sync, &changed).await.rows.changed, 1, "{kind:?}");
        for key in ["1", "2"] {
            let call = place.store.call(key).await.unwrap().unwrap();
            assert_eq!(call.legs[0].reading, 3, "{kind:?}");
        }
    }
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
