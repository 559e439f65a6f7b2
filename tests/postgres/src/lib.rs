//! A real PostgreSQL for tests.
//!
//! [`server`] starts one for the test process, with Debian's binaries (`apt-get install postgresql`, which
//! `scripts/setup` does), on a socket in a folder of its own. It ends with the process, however that ends, because a
//! shell between the two waits for the end of its input. [`Server::database`] gives each test a database of its own,
//! copied from a template.

use std::collections::HashMap;
use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Error};
use tokio::sync::Mutex;

/// Initializes and starts a server in `$1`, says so, and stops it when standard input ends. Nothing is synced to the
/// disk: a crash of the machine takes the tests with it.
const SCRIPT: &str = r#"
trap '' INT TERM
PATH=$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
cd "$1" || exit 1
initdb -D data -U desk -A trust -E UTF8 --locale=C --no-sync >log 2>&1 &&
pg_ctl -D data -l log -w -o "-F -c listen_addresses= -c unix_socket_directories='$1' -c max_connections=300" start >>log 2>&1
if [ $? != 0 ]; then tail -n 3 log | tr '\n' ' '; echo; cd /; rm -rf "$1"; exit 1; fi
echo ready
cat >/dev/null
pg_ctl -D data -m immediate stop >/dev/null 2>&1
cd / && rm -rf "$1"
"#;

/// A running server.
#[derive(Debug)]
pub struct Server {
    folder: PathBuf,
    // Its input is the sign of life that the shell waits on.
    _shell: Child,
    databases: AtomicU32,
    templates: Mutex<HashMap<&'static str, String>>,
}

/// The server of this process, started by the first caller.
///
/// ```
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let url = ozonetel_postgres::server()?.database("empty", async |_| Ok(())).await?;
/// assert!(url.starts_with("postgres://"));
/// # Ok(()) }
/// # tokio::runtime::Runtime::new()?.block_on(run())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// PostgreSQL is not installed, or does not start.
pub fn server() -> io::Result<&'static Server> {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    let server = SERVER.get_or_init(|| Server::start().map_err(|error| error.to_string()));
    server.as_ref().map_err(|error| io::Error::other(error.clone()))
}

impl Server {
    fn start() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("postgres-").tempdir()?.keep();
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "sh"]).arg(&folder);
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        if fs::metadata("/proc/self").is_ok_and(|this| this.uid() == 0) {
            // PostgreSQL does not run as root.
            let (user, group) = other_user()?;
            chown(&folder, Some(user), Some(group))?;
            shell.uid(user).gid(group);
        }
        let mut shell = shell.spawn()?;
        let mut line = String::new();
        if let Some(output) = shell.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        if line.trim() != "ready" {
            let text = format!("PostgreSQL does not start (scripts/setup installs it): {line}");
            return Err(io::Error::other(text));
        }
        let (databases, templates) = (AtomicU32::new(0), Mutex::default());
        Ok(Self { folder, _shell: shell, databases, templates })
    }

    /// A new database, as a copy of the template of that name, which the first caller makes with `prepare`. The address
    /// of the database.
    ///
    /// # Errors
    /// What `prepare` or the server fails with.
    pub async fn database<P>(&self, template: &'static str, prepare: P) -> Result<String, Error>
    where
        P: AsyncFnOnce(&str) -> Result<(), Error>,
    {
        // Held while copying too: a template cannot be copied twice at once.
        let mut templates = self.templates.lock().await;
        if !templates.contains_key(template) {
            let name = format!("template_{}", self.number());
            self.admin(format!("CREATE DATABASE {name}")).await?;
            prepare(&self.url(&name)).await?;
            templates.insert(template, name);
        }
        let name = format!("test_{}", self.number());
        self.admin(format!("CREATE DATABASE {name} TEMPLATE {}", templates[template])).await?;
        Ok(self.url(&name))
    }

    fn number(&self) -> u32 {
        self.databases.fetch_add(1, Ordering::Relaxed)
    }

    fn url(&self, database: &str) -> String {
        let folder = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://desk@{folder}/{database}")
    }

    async fn admin(&self, sql: String) -> Result<(), Error> {
        let options = PgConnectOptions::new_without_pgpass();
        let options = options.socket(&self.folder).username("desk").database("postgres");
        let mut conn = options.connect().await?;
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await?;
        conn.close().await
    }
}

/// User and group of the package's user, or of one without rights.
fn other_user() -> io::Result<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd")?;
    let find = |name: &str| {
        let line = users.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        let mut fields = line.split(':').skip(1);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    let none = || io::Error::other("there is no user to run PostgreSQL as");
    find("postgres").or_else(|| find("nobody")).ok_or_else(none)
}
