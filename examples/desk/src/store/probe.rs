//! What there is where a store is to be. Looking makes no file and no table, and changes none.
//!
//! A store keeps its writes in a log beside it, which SQLite makes whenever it opens one without, also to read: made by
//! another user, the desk could not open it. Where there is no log all is in the file, which is then read as one that
//! nobody changes.

use std::fmt::Write as _;
use std::path::Path;
use std::str::FromStr as _;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Row as _};

use super::conn::{LIMIT, PATIENCE};
use super::error::StoreError;
use super::meta::Owner;
use super::migrations::SCHEMA;

/// What was found where a store is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundStore {
    /// There is nothing yet, or a database without tables.
    Nothing,
    /// A database with tables, of which none are a desk's.
    Foreign,
    /// A desk's store.
    Desk {
        /// Whose it is; `None` if no desk has served from it yet.
        owner: Option<String>,
        /// How many steps this desk takes with its tables when it starts.
        to_come: usize,
    },
}

impl FoundStore {
    /// Refuses to work on anything but this owner's store whose tables are those of this desk.
    ///
    /// # Errors
    /// [`StoreError::Unused`], [`StoreError::Foreign`], [`StoreError::Version`].
    pub fn check(self, place: &str, owner: &Owner) -> Result<(), StoreError> {
        let wanted = owner.to_string();
        match self {
            Self::Desk { owner: Some(found), .. } if found != wanted => {
                Err(StoreError::Foreign { found, wanted })
            }
            Self::Desk { owner: Some(_), to_come: 0 } => Ok(()),
            Self::Desk { owner: Some(_), .. } => {
                let text = "they are older than this program: the desk brings them up to date when it starts";
                Err(StoreError::Version(text.to_owned()))
            }
            _ => Err(StoreError::Unused(place.to_owned())),
        }
    }
}

/// What a look reads of the tables.
struct Tables {
    all: i64,
    owner: Option<String>,
    version: Option<i64>,
    steps: Vec<i64>,
}

impl Tables {
    fn judge(self) -> Result<FoundStore, StoreError> {
        if self.steps.is_empty() {
            return Ok(if self.all == 0 { FoundStore::Nothing } else { FoundStore::Foreign });
        }
        let to_come = SCHEMA.admit(self.version, &self.steps)?;
        Ok(FoundStore::Desk { owner: self.owner, to_come })
    }
}

const OWNER: &str = "SELECT value FROM desk_meta WHERE name = 'owner'";
const VERSION: &str = "SELECT number FROM desk_meta WHERE name = 'schema'";
const STEPS: &str = "SELECT version FROM _sqlx_migrations ORDER BY version";

/// Looks at a SQLite file.
///
/// ```
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use desk::store::probe::{FoundStore, look_at_file};
/// use desk::store::{Db, Meta as _, Owner};
///
/// let folder = tempfile::tempdir()?;
/// let file = folder.path().join("desk.sqlite");
/// assert_eq!(look_at_file(&file)?, FoundStore::Nothing);
/// assert!(!file.exists());
/// Db::sqlite(&file).await?.take_for(&Owner::Simulator).await?;
/// let owner = Some("the simulator".to_owned());
/// assert_eq!(look_at_file(&file)?, FoundStore::Desk { owner, to_come: 0 });
/// # Ok(()) }
/// # tokio::runtime::Runtime::new()?.block_on(run())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// It cannot be read, or its tables are of a version that this desk does not take.
pub fn look_at_file(file: &Path) -> Result<FoundStore, StoreError> {
    if !file.try_exists().unwrap_or(true) {
        return Ok(FoundStore::Nothing);
    }
    let conn = opened(file)?;
    conn.busy_timeout(PATIENCE)?;
    tables_of_file(&conn)?.judge()
}

fn opened(file: &Path) -> Result<Connection, StoreError> {
    // The log is beside the file itself, whatever links lead to it.
    let file = &std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    let has_log = Path::new(&log).try_exists().unwrap_or(true);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    Ok(match unchanging(file).filter(|_| !has_log) {
        Some(address) => Connection::open_with_flags(address, flags | OpenFlags::SQLITE_OPEN_URI)?,
        None => Connection::open_with_flags(file, flags)?,
    })
}

/// The address of a file that nobody changes; `None` if its name is no text.
fn unchanging(file: &Path) -> Option<String> {
    let path = std::path::absolute(file).ok()?;
    let mut address = "file:".to_owned();
    for byte in path.to_str()?.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            address.push(byte.into());
        } else {
            let _ = write!(address, "%{byte:02X}");
        }
    }
    address.push_str("?immutable=1");
    Some(address)
}

fn tables_of_file(conn: &Connection) -> Result<Tables, StoreError> {
    let count = |which: &str| {
        let count = format!("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND {which}");
        conn.query_row(&count, [], |row| row.get::<_, i64>(0))
    };
    let all = count("name NOT LIKE 'sqlite_%'")?;
    if count("name IN ('desk_meta', '_sqlx_migrations')")? < 2 {
        return Ok(Tables { all, owner: None, version: None, steps: Vec::new() });
    }
    let owner = conn.query_row(OWNER, [], |row| row.get(0)).optional()?;
    let version = conn.query_row(VERSION, [], |row| row.get(0)).optional()?;
    let mut steps = conn.prepare(STEPS)?;
    let steps = steps.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(Tables { all, owner, version, steps })
}

/// Looks at a database in PostgreSQL, by its address.
///
/// # Errors
/// As [`look_at_file`].
pub async fn look_at_database(url: &str) -> Result<FoundStore, StoreError> {
    let options = PgConnectOptions::from_str(url)?;
    let options = options.options([("default_transaction_read_only", "on")]);
    let late = |_| StoreError::Unavailable("the database has not answered in time".into());
    let looking = async {
        let mut conn = options.connect().await?;
        let tables = tables_of_database(&mut conn).await?;
        conn.close().await?;
        Ok::<_, StoreError>(tables)
    };
    tokio::time::timeout(LIMIT, looking).await.map_err(late)??.judge()
}

async fn tables_of_database(conn: &mut PgConnection) -> Result<Tables, StoreError> {
    let count = "SELECT count(*) AS every, \
                 count(*) FILTER (WHERE tablename IN ('desk_meta', '_sqlx_migrations')) AS own \
                 FROM pg_tables WHERE schemaname = ANY (current_schemas(false))";
    let row = sqlx::query(count).fetch_one(&mut *conn).await?;
    let (all, own): (i64, i64) = (row.try_get("every")?, row.try_get("own")?);
    if own < 2 {
        return Ok(Tables { all, owner: None, version: None, steps: Vec::new() });
    }
    let owner = sqlx::query_scalar(OWNER).fetch_optional(&mut *conn).await?;
    let version = sqlx::query_scalar(VERSION).fetch_optional(&mut *conn).await?;
    let steps = sqlx::query_scalar(STEPS).fetch_all(&mut *conn).await?;
    Ok(Tables { all, owner, version, steps })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::store::suite::postgres;
    use crate::store::{Db, Meta as _};

    fn desk(owner: Option<&str>, to_come: usize) -> FoundStore {
        FoundStore::Desk { owner: owner.map(str::to_owned), to_come }
    }

    #[tokio::test]
    async fn a_look_changes_nothing_whatever_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("empty"), "").unwrap();
        let foreign = Connection::open(at("foreign")).unwrap();
        foreign.execute_batch("CREATE TABLE t (x)").unwrap();
        drop(foreign);
        let store = Db::sqlite(&at("older")).await.unwrap();
        store.take_for(&Owner::Simulator).await.unwrap();
        store.close().await;
        std::fs::copy(at("older"), at("newer")).unwrap();
        std::fs::copy(at("older"), at("own")).unwrap();
        let run = |name: &str, sql: &str| {
            let conn = Connection::open(at(name)).unwrap();
            conn.execute_batch(sql).unwrap();
        };
        let last = "DELETE FROM _sqlx_migrations \
                    WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
        run("older", last);
        run("newer", "UPDATE desk_meta SET number = 3 WHERE name = 'schema'");
        std::fs::copy(at("own"), at("a store? #1 \u{e9}%41")).unwrap();
        let files = || {
            let file = |entry: std::io::Result<std::fs::DirEntry>| {
                let path = entry.unwrap().path();
                (path.clone(), std::fs::read(path).unwrap())
            };
            std::fs::read_dir(folder.path()).unwrap().map(file).collect::<BTreeMap<_, _>>()
        };
        let before = files();
        for (name, found) in [
            ("empty", FoundStore::Nothing),
            ("foreign", FoundStore::Foreign),
            ("older", desk(Some("the simulator"), 1)),
            ("own", desk(Some("the simulator"), 0)),
            ("a store? #1 \u{e9}%41", desk(Some("the simulator"), 0)),
        ] {
            assert_eq!(look_at_file(&at(name)), Ok(found), "{name}");
            assert!(files() == before, "{name}");
        }
        assert!(matches!(look_at_file(&at("newer")), Err(StoreError::Version(_))));
        assert_eq!(look_at_file(&at("none")), Ok(FoundStore::Nothing));
        assert!(files() == before);
    }

    #[tokio::test]
    async fn what_a_desk_that_runs_has_written_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kept.sqlite");
        let store = Db::sqlite(&file).await.unwrap();
        assert_eq!(look_at_file(&file), Ok(desk(None, 0)));
        store.take_for(&Owner::Simulator).await.unwrap();
        assert_eq!(look_at_file(&file), Ok(desk(Some("the simulator"), 0)));
        store.close().await;
        assert_eq!(look_at_file(&file), Ok(desk(Some("the simulator"), 0)));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn it_is_seen_through_links_too() {
        let (folder, links) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (file, link) = (folder.path().join("kept.sqlite"), links.path().join("link.sqlite"));
        Db::sqlite(&file).await.unwrap().close().await;
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let store = Db::sqlite(&link).await.unwrap();
        store.take_for(&Owner::Simulator).await.unwrap();
        assert_eq!(look_at_file(&link), Ok(desk(Some("the simulator"), 0)));
        store.close().await;
        assert_eq!(look_at_file(&link), Ok(desk(Some("the simulator"), 0)));
        let beside = std::fs::read_dir(links.path()).unwrap().count();
        assert_eq!(beside, 1, "nothing is made beside the link");
    }

    #[tokio::test]
    async fn of_postgresql_too() {
        let server = ozonetel_postgres::server().unwrap();
        let empty = server.database("empty", async |_: &str| Ok(())).await.unwrap();
        assert_eq!(look_at_database(&empty).await, Ok(FoundStore::Nothing));
        let mut conn = PgConnection::connect(&empty).await.unwrap();
        sqlx::raw_sql("CREATE TABLE t (x INT)").execute(&mut conn).await.unwrap();
        assert_eq!(look_at_database(&empty).await, Ok(FoundStore::Foreign));
        let url = postgres().await;
        let store = Db::postgres(&url).await.unwrap();
        assert_eq!(look_at_database(&url).await, Ok(desk(None, 0)));
        store.take_for(&Owner::Simulator).await.unwrap();
        assert_eq!(look_at_database(&url).await, Ok(desk(Some("the simulator"), 0)));
        store.close().await;
    }

    #[test]
    fn only_the_owners_store_with_these_tables_is_worked_on() {
        let check = |found: FoundStore| found.check("kept.sqlite", &Owner::Simulator);
        assert_eq!(check(desk(Some("the simulator"), 0)), Ok(()));
        for found in [FoundStore::Nothing, FoundStore::Foreign, desk(None, 0)] {
            assert_eq!(check(found), Err(StoreError::Unused("kept.sqlite".to_owned())));
        }
        assert!(matches!(check(desk(Some("the simulator"), 1)), Err(StoreError::Version(_))));
        assert!(matches!(check(desk(Some("account a"), 1)), Err(StoreError::Foreign { .. })));
    }
}
