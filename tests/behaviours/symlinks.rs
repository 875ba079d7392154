//! Where a symlink leads, and what isn't a regular file.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::directory::{Directory, SECRET, deep, has_status, is, soon};
use crate::support::report::Outcome;
use crate::support::server::Server;

impl Directory {
    /// Makes a symlink at `from`, a path below the site.
    fn link(&self, to: impl AsRef<Path>, from: &str) {
        symlink(to, self.site().join(from)).unwrap();
    }
}

pub fn symlink_out_of_the_root_is_not_followed(server: &Server) -> Outcome {
    let directory = Directory::new(&[("a/b.txt", "inside")]).and(
        "ln -s ../secret.txt \"$d/site/file.txt\"\n\
         ln -s .. \"$d/site/directory\"\n\
         ln -s ../../secret.txt \"$d/site/a/relative.txt\"\n\
         ln -s a \"$d/site/within\"; ln -s b.txt \"$d/site/a/c.txt\"\n\
         mkdir \"$d/site-too\"; cp \"$d/secret.txt\" \"$d/site-too/a\"\n\
         ln -s ../site-too \"$d/site/too\"\n",
    );
    // Its path begins with the root's, letter by letter.
    fs::create_dir(directory.all.0.join("site-too")).unwrap();
    fs::write(directory.all.0.join("site-too/a"), SECRET).unwrap();
    directory.link(directory.all.0.join("secret.txt"), "file.txt");
    directory.link(&directory.all.0, "directory");
    directory.link("../../secret.txt", "a/relative.txt");
    directory.link("../site-too", "too");
    directory.link("loop", "loop");
    directory.link("nowhere", "dangling");
    directory.link("a", "within");
    directory.link("b.txt", "a/c.txt");
    let server = directory.served_by(server)?;
    for _ in 0..2 {
        for path in ["/within/b.txt", "/a/c.txt", "/within/c.txt"] {
            is(&directory.get(&server, path)?, 200, "inside")?;
        }
        for path in [
            "/file.txt",
            "/directory/secret.txt",
            "/directory/site/a/b.txt/../../../secret.txt",
            "/directory",
            "/directory/",
            "/a/relative.txt",
            "/too/a",
            "/too",
            "/dangling",
            "/loop",
        ] {
            has_status(&directory.get(&server, path)?, &[404, 403])?;
        }
    }
    server.is_well()
}

/// Kubernetes mounts a ConfigMap like this, and switches `..data` to change all
/// its files at once.
pub fn symlink_through_a_hidden_directory_is_followed(
    server: &Server,
) -> Outcome {
    let directory =
        Directory::new(&[("..v1/p.html", "one"), ("..v2/p.html", "two")]).and(
            "ln -s ..v1 \"$d/site/..data\"\n\
             ln -s ..data/p.html \"$d/site/p.html\"\n",
        );
    directory.link("..v1", "..data");
    directory.link("..data/p.html", "p.html");
    let server = directory.served_by(server)?;
    is(&directory.get(&server, "/p.html")?, 200, "one").map_err(|it| {
        it.hint(
            "look at where names that begin with a dot are refused. Only what \
             a client asks for counts. A link in the root may lead through \
             such a name, as long as it ends below the root.",
        )
    })?;
    has_status(&directory.get(&server, "/..data/p.html")?, &[404, 403])?;
    directory.link("..v2", "..next");
    let next = directory.site().join("..next");
    fs::rename(next, directory.site().join("..data")).unwrap();
    soon(&server, || is(&directory.get(&server, "/p.html")?, 200, "two"))
}

pub fn switched_root_is_followed(server: &Server) -> Outcome {
    let directory =
        Directory::new(&[("r1/a", "one"), ("r2/a", "two"), ("r2/b", "new")]);
    directory.link("r1", "now");
    directory.link("r2", "next");
    let now = directory.site().join("now");
    directory.by_hand(
        server,
        "ln -s r1 \"$d/site/now\"; ln -s r2 \"$d/site/next\"\n\
         kill $server; wait $server   # or the port is still taken\n\
         SERVER ADDRESS --root \"$d/site/now\" & server=$!\n\
         sleep 1; curl -m 3 http://ADDRESS/a\n\
         mv -T \"$d/site/next\" \"$d/site/now\"\n\
         curl -m 3 http://ADDRESS/a",
    );
    let server = server.serving(&now)?;
    is(&server.get("/a")?, 200, "one")?;
    fs::rename(directory.site().join("next"), &now).unwrap();
    let seen = soon(&server, || is(&server.get("/a")?, 200, "two"));
    seen.map_err(|it| {
        it.hint(
            "look at where the root's real path is determined. Doing it once, \
             at the start, is too early: a deployment switches the link later.",
        )
    })?;
    is(&server.get("/b")?, 200, "new")
}

/// Between two questions about a path, the answer may change.
pub fn symlink_switched_meanwhile_never_leads_out(server: &Server) -> Outcome {
    let deep = deep();
    let directory = Directory::new(&[(&format!("{deep}/a"), "inside")]);
    let link = format!("{deep}/link");
    directory.link("a", &link);
    directory.by_hand(
        server,
        "d=$d/site; p=$(printf 'd/%.0s' $(seq 100))\n\
         while sleep 0; do for to in a \"$d/../secret.txt\"; do\n  \
         ln -s \"$to\" \"$d/new\"; mv -T \"$d/new\" \"$d/${p}link\"\n\
         done; done 2>&- & loop=$!\n\
         for i in $(seq 900); do curl -s -m 3 http://ADDRESS/${p}link; done |\n  \
         grep -c 'not for'; kill $loop; wait $loop; d=${d%/site}",
    );
    let server = server.serving(&directory.site())?;
    let secret = directory.all.0.join("secret.txt");
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            // Relaxed: nothing else depends on it.
            while !is_over.load(Ordering::Relaxed) {
                for to in [&secret, Path::new("a")] {
                    directory.link(to, "new");
                    let new = directory.site().join("new");
                    fs::rename(new, directory.site().join(&link)).unwrap();
                }
            }
        });
        let all = (0..100).try_for_each(|_| {
            has_status(&server.get(&format!("/{link}"))?, &[200, 404]).map_err(|it| {
                it.hint(
                    "look at what happens between the check of a path and its \
                     use. If a link is switched in between, the check was about \
                     another file. Open first, then check that the path still \
                     leads to what is open.",
                )
            })
        });
        is_over.store(true, Ordering::Relaxed);
        all
    })
}

pub fn named_pipe_does_not_block_a_worker(server: &Server) -> Outcome {
    let directory =
        Directory::new(&[("a", "a")]).and("mkfifo \"$d/site/pipe\"\n");
    let pipe = directory.site().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    let socket = directory.site().join("socket");
    let listener = UnixListener::bind(&socket);
    assert!(made.is_ok_and(|it| it.success()) && listener.is_ok());
    directory.link("pipe", "link");
    directory.link("/dev/zero", "zeros");
    let server = directory.served_by(server)?;
    // More often than there are workers.
    for path in ["/pipe", "/socket", "/link", "/zeros", "/pipe", "/pipe"] {
        has_status(&directory.get(&server, path)?, &[404, 403])?;
    }
    is(&directory.get(&server, "/a")?, 200, "a")
}
