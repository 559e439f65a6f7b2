//! A real Redis for tests.
//!
//! [`RedisServer::start`] starts one with Debian's binary (`apt-get install redis-server`, which `scripts/setup` does),
//! on a socket in a folder of its own. It ends with the test, however that ends, because a shell between the two waits
//! for the end of its input.

use std::io::{self, BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

/// Starts a server in `$1` with the settings in the other parameters, says so once it answers, and stops it when standard
/// input ends. Nothing is kept on disk.
const SCRIPT: &str = r#"
trap '' INT TERM
folder=$1
shift
cd "$folder" || exit 1
redis-server --port 0 --unixsocket "$folder/redis.sock" --save '' --appendonly no --dir "$folder" "$@" >log 2>&1 &
server=$!
tries=0
until [ "$(redis-cli -s "$folder/redis.sock" ping 2>/dev/null)" = PONG ]; do
  tries=$((tries + 1))
  if [ $tries = 200 ] || ! kill -0 $server 2>/dev/null; then tail -n 3 log | tr '\n' ' '; echo; exit 1; fi
  sleep 0.05
done
echo ready
cat >/dev/null
kill -KILL $server
wait $server 2>/dev/null
rm -f "$folder/redis.sock"
"#;

/// A server of a test's own.
#[derive(Debug)]
pub struct RedisServer {
    folder: TempDir,
    // Its input is the sign of life that the shell waits on.
    shell: Option<Child>,
    tls: Option<Tls>,
}

/// Where a server is reached with TLS.
#[derive(Debug)]
struct Tls {
    port: u16,
    certificate: String,
}

impl RedisServer {
    /// A new server, empty.
    ///
    /// ```
    /// let mut server = ozonetel_redis::RedisServer::start()?;
    /// assert!(server.url().starts_with("unix:///"));
    /// server.stop()?;
    /// server.start_again()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// Redis is not installed, or does not start.
    pub fn start() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("redis-").tempdir()?;
        let mut server = Self { folder, shell: None, tls: None };
        server.start_again()?;
        Ok(server)
    }

    /// A new server, empty, that is reached with TLS as `localhost`.
    ///
    /// ```
    /// let server = ozonetel_redis::RedisServer::start_with_tls()?;
    /// assert!(server.url().starts_with("rediss://localhost:"));
    /// assert!(server.certificate().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// Redis is not installed, cannot do TLS, or does not start.
    pub fn start_with_tls() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("redis-").tempdir()?;
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
        let made = made.map_err(io::Error::other)?;
        let certificate = pem("CERTIFICATE", made.cert.der());
        std::fs::write(folder.path().join("cert.pem"), &certificate)?;
        let key = pem("PRIVATE KEY", &made.signing_key.serialize_der());
        std::fs::write(folder.path().join("key.pem"), key)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut server = Self { folder, shell: None, tls: Some(Tls { port, certificate }) };
        server.start_again()?;
        Ok(server)
    }

    /// The certificate that it shows, PEM; `None` without TLS.
    pub fn certificate(&self) -> Option<&str> {
        self.tls.as_ref().map(|tls| tls.certificate.as_str())
    }

    /// Its address, which stays the same when it is started again.
    pub fn url(&self) -> String {
        if let Some(tls) = &self.tls {
            return format!("rediss://localhost:{}/", tls.port);
        }
        format!("unix://{}", self.folder.path().join("redis.sock").display())
    }

    /// What `redis-cli` answers to a command.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn ask(&self, command: &[&str]) -> io::Result<String> {
        let socket = self.folder.path().join("redis.sock");
        let output = Command::new("redis-cli").arg("-s").arg(&socket).args(command).output()?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
        }
        Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
    }

    /// Kills it; what it held is gone.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub fn stop(&mut self) -> io::Result<()> {
        if let Some(mut shell) = self.shell.take() {
            drop(shell.stdin.take());
            shell.wait()?;
        }
        Ok(())
    }

    /// Starts it again at the same address, empty.
    ///
    /// # Errors
    /// It does not start.
    pub fn start_again(&mut self) -> io::Result<()> {
        self.stop()?;
        self.shell = Some(run(self.folder.path(), self.tls.as_ref())?);
        Ok(())
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // The folder goes after the server.
        let _ = self.stop();
    }
}

fn pem(what: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {what}-----\n{}\n-----END {what}-----\n", lines.join("\n"))
}

fn run(folder: &Path, tls: Option<&Tls>) -> io::Result<Child> {
    let mut shell = Command::new("sh");
    shell.args(["-c", SCRIPT, "sh"]).arg(folder);
    if let Some(tls) = tls {
        let port = tls.port.to_string();
        shell.args(["--tls-port", &port, "--tls-auth-clients", "no"]);
        shell.args(["--tls-cert-file", "cert.pem", "--tls-key-file", "key.pem"]);
    }
    shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut shell = shell.spawn()?;
    let mut line = String::new();
    if let Some(output) = shell.stdout.take() {
        BufReader::new(output).read_line(&mut line)?;
    }
    if line.trim() == "ready" {
        return Ok(shell);
    }
    let text = format!("Redis does not start (scripts/setup installs it): {line}");
    Err(io::Error::other(text))
}
