//! Directories for a server to serve, and what it says about their files.

use std::fs::{self, File};
#[cfg(target_os = "linux")]
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant, UNIX_EPOCH};

#[cfg(target_os = "linux")]
use super::differs;
use crate::support::by_hand;
use crate::support::report::Outcome;
use crate::support::response::Response;
use crate::support::scratch::Scratch;
use crate::support::server::Server;

pub const SECRET: &str = "not for any client";

/// A directory for one test, gone when the test is over. `site` in it is served;
/// what lies beside it must never be.
pub struct Directory {
    pub all: Scratch,
    /// The commands that make it by hand.
    in_shell: String,
}

impl Directory {
    pub fn new(files: &[(&str, &str)]) -> Directory {
        let all = Scratch::new("site");
        let path = &all.0;
        fs::create_dir_all(path.join("site")).unwrap();
        fs::write(path.join("secret.txt"), SECRET).unwrap();
        let mut in_shell = format!(
            "d=$(mktemp -d); mkdir \"$d/site\"\n\
             echo '{SECRET}' > \"$d/secret.txt\"\n"
        );
        for (name, text) in files {
            let file = path.join("site").join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
            if let Some((parent, _)) = name.rsplit_once('/') {
                in_shell.push_str(&format!("mkdir -p \"$d/site/{parent}\"\n"));
            }
            in_shell.push_str(&format!("echo '{text}' > \"$d/site/{name}\"\n"));
        }
        Directory { all, in_shell }
    }

    /// Makes something more by hand.
    pub fn and(mut self, commands: &str) -> Directory {
        self.in_shell.push_str(commands);
        self
    }

    pub fn site(&self) -> PathBuf {
        self.all.0.join("site")
    }

    /// A server whose root is the site.
    pub fn served_by(&self, server: &Server) -> Outcome<Server> {
        self.by_hand(server, &by_hand::get("/"));
        server.serving(&self.site())
    }

    /// The same, with the rights of an ordinary user.
    #[cfg(target_os = "linux")]
    pub fn served_to_ordinary_user(&self, server: &Server) -> Outcome<Server> {
        self.by_hand(server, &by_hand::get("/"));
        server.serving_by_rights(&self.site())
    }

    /// Sets who may do what with a file, by its path beside the site.
    #[cfg(target_os = "linux")]
    pub fn set_mode(&self, path: &str, mode: u32) {
        let rights = PermissionsExt::from_mode(mode);
        fs::set_permissions(self.all.0.join(path), rights).unwrap();
    }

    /// Makes it look as if the file was last changed this long after 1970 began.
    pub fn set_modified(&self, file: &str, since: Duration) {
        let path = self.site().join(file);
        let file = File::options().write(true).open(path).unwrap();
        file.set_modified(UNIX_EPOCH + since).unwrap();
    }

    /// The response to a request for that path, as can be seen by hand.
    pub fn get(&self, server: &Server, path: &str) -> Outcome<Response> {
        self.by_hand(server, &by_hand::get(path));
        server.get(path)
    }

    pub fn by_hand(&self, server: &Server, commands: &str) {
        server.by_hand(format!(
            "{}SERVER ADDRESS --root \"$d/site\" & server=$!; sleep 1\n\
             {commands}\n\
             kill $server; rm -r \"$d\"",
            self.in_shell
        ));
    }
}

/// Asks about a file that has just changed. For 10 ms, and no longer, the answer
/// may be the file as it was: a question after that gets the file as it is.
pub fn soon(server: &Server, mut ask: impl FnMut() -> Outcome) -> Outcome {
    const REMEMBERED: Duration = Duration::from_millis(10);
    let changed = Instant::now();
    loop {
        let is_late = changed.elapsed() >= REMEMBERED;
        let seen = ask();
        if seen.is_ok() || is_late || !server.program.may_remember() {
            return seen;
        }
    }
}

/// A directory so deep that it takes a while to find out where it really is.
/// That leaves more time for something to happen in between.
pub fn deep() -> String {
    ["d"; 100].join("/")
}

const ASTRAY: &str = "look at what's checked before the file is opened. Usual \
    causes: a segment is checked before its escapes are decoded (`%2e`); or \
    the path is checked, but not where a symlink leads; or paths are compared \
    as text, and `/site-old` begins with `/site`.";

/// The response has one of these statuses, and the secret isn't in it.
pub fn has_status(response: &Response, allowed: &[u16]) -> Outcome {
    let body = String::from_utf8_lossy(&response.body);
    if body.contains(SECRET) {
        let expected = "a response without a file from elsewhere";
        return response.differs(expected).map_err(|it| it.hint(ASTRAY));
    }
    if allowed.contains(&response.status) {
        return Ok(());
    }
    response.differs(&format!("a status of {allowed:?}"))
}

/// The response has that status and that body.
pub fn is(response: &Response, status: u16, body: &str) -> Outcome {
    response.is(status, &format!("{body:?}"), body.as_bytes())
}

/// Starts the server by hand, with a large file.
#[cfg(target_os = "linux")]
pub fn with_large_file(commands: &str) -> String {
    format!(
        "d=$(mktemp -d); head -c 30000000 /dev/zero > \"$d/large\"\n\
         SERVER ADDRESS --workers 1 --root \"$d\" & server=$!; sleep 1\n\
         {commands}\n\
         kill $server; rm -r \"$d\""
    )
}

/// A directory with a large file, gone when the test is over.
#[cfg(target_os = "linux")]
pub struct Large {
    pub root: Scratch,
}

#[cfg(target_os = "linux")]
impl Large {
    /// More than the buffers of any connection hold.
    pub const LENGTH: u64 = 30_000_000;

    pub fn new(name: &str) -> Large {
        let large = Large { root: Scratch::new(name) };
        fs::write(large.root.0.join("small"), "small").unwrap();
        let file = File::create(large.root.0.join("large"));
        file.and_then(|file| file.set_len(Large::LENGTH)).unwrap();
        large
    }

    /// Within that many seconds, a client has to take 32 KiB.
    pub fn server(&self, server: &Server, stall: &str) -> Outcome<Server> {
        let workers = ["--workers", "1"];
        self.served_with(server, &workers, &["--stall-seconds", stall])
    }

    /// A client may be silent for as long as it likes when it has its response.
    pub fn lingering(&self, server: &Server) -> Outcome<Server> {
        self.served_with(server, &[], &["--linger-seconds", "60"])
    }

    /// The last options are left out if the program doesn't take them.
    pub fn served_with(
        &self,
        server: &Server,
        options: &[&str],
        limits: &[&str],
    ) -> Outcome<Server> {
        let root = self.root.0.display().to_string();
        let options = [options, &["--root", &root]].concat();
        let limited = [&options[..], limits].concat();
        let served = server.configured(&limited)?;
        let served = match served.get("/small") {
            Ok(it) if it.body == b"small" => served,
            _ => server.configured(&options)?,
        };
        match served.get("/small") {
            Ok(response) if response.body == b"small" => Ok(served),
            Ok(response) => {
                let saw = format!("{} for /small", response.status);
                differs("a server that takes --root DIR", &saw)
            }
            Err(deviation) => Err(deviation),
        }
    }
}
