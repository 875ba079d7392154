//! What the page shows besides the balancers.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

use crate::clients::{Client, Load};
use crate::output::Output;
use crate::place::{binary, repository};
use crate::running::Running;
use crate::scratch::Scratch;
use crate::servers::{Balancer, Copy};
use crate::{
    DEADLINE, address, config, free_port, free_ports, program, send_signal,
    with_ports,
};

/// A command of the page that begins so.
fn typed(start: &str) -> String {
    let page = repository().join("book/src/where_next.md");
    let page = fs::read_to_string(page).unwrap();
    let mut commands = page.lines().filter_map(|it| it.strip_prefix("$ "));
    let command = commands.find(|it| it.starts_with(start));
    command.unwrap_or_else(|| panic!("no command {start}")).to_string()
}

/// Runs it in a shell, in that directory, and says how it ended and what it said.
/// What is set up on this machine for curl is left out.
fn run(command: &str, folder: &Path) -> (ExitStatus, String) {
    fs::write(folder.join(".curlrc"), "").unwrap();
    let mut shell = Command::new("sh")
        .args(["-c", &format!("exec 2>&1; {command}")])
        .current_dir(folder)
        .env("CURL_HOME", folder)
        .env("no_proxy", "*")
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let said = Output::collect(shell.stdout.take().unwrap());
    let ended = said.wait_for_end(DEADLINE);
    if !ended {
        let kill = format!("kill -KILL -{}", shell.id());
        Command::new("sh").args(["-c", &kill]).status().unwrap();
    }
    let status = shell.wait().unwrap();
    let said = said.lines().join("\n");
    assert!(ended, "{command} does not end: {said}");
    (status, said)
}

#[test]
fn nginx_speaks_tls_if_it_has_a_certificate() {
    if program("openssl").is_none() || program("curl").is_none() {
        return;
    }
    let scratch = Scratch::new("deploy-tls");
    let folder = scratch.0.join("target/nginx");
    fs::create_dir_all(&folder).unwrap();
    let (status, said) = run(&typed("openssl req"), &scratch.0);
    assert!(status.success(), "{said}");
    let ports = free_ports();
    let _copy = Copy::start(ports[0], &[]);
    let balancer = Balancer::nginx_with("tls", ports, |nginx| {
        let conf = with_ports(&config("tls.conf"), &ports);
        fs::write(nginx.join("tls.conf"), conf).unwrap();
        for file in ["cert.pem", "key.pem"] {
            fs::copy(folder.join(file), nginx.join(file)).unwrap();
        }
    });
    let Some(_balancer) = balancer else { return };
    let command = with_ports(&typed("curl --cacert"), &ports);
    let (status, said) = run(&command, &scratch.0);
    assert!(status.success() && said.contains("200 OK"), "{command}\n{said}");
}

/// The processes that `restart.sh` has noted.
fn noted(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder.join("target")).unwrap();
    let files = files.map(|it| it.unwrap().path());
    let notes = files.filter(|it| it.extension().is_some_and(|e| e == "pid"));
    notes.map(|it| fs::read_to_string(it).unwrap()).collect()
}

#[test]
fn a_script_starts_and_replaces_copies_under_load() {
    if program("curl").is_none() {
        return;
    }
    // The copies run on when the script has ended.
    let end = "kill $(cat target/*.pid) 2> /dev/null";
    let scratch = Scratch::ending_with(end, "deploy-restart");
    let ports = free_ports();
    fs::create_dir_all(scratch.0.join("target")).unwrap();
    for file in ["healthy.sh", "restart.sh"] {
        fs::write(scratch.0.join(file), config(file)).unwrap();
    }
    let step20 = binary("step20").display().to_string();
    let script = |name: &str, port: u16| {
        let script = format!("STEP20='{step20}' sh {name} {port}");
        run(&script, &scratch.0)
    };
    let succeeds = |name: &str, port: u16| {
        let (status, said) = script(name, port);
        assert!(status.success(), "{name} {port}: {said}");
    };

    assert!(!script("healthy.sh", ports[0]).0.success(), "nobody is there");
    succeeds("restart.sh", ports[0]);
    succeeds("restart.sh", ports[1]);
    succeeds("healthy.sh", ports[0]);
    let before = noted(&scratch.0);
    let Some(balancer) = Balancer::nginx("restart", ports) else { return };
    let load = Load::start(&balancer, ["/"; 4]);
    succeeds("restart.sh", ports[0]);
    load.wait_for(20);
    succeeds("restart.sh", ports[1]);
    load.wait_for(20);
    load.end(&balancer);
    let after = noted(&scratch.0);
    assert_eq!(after.len(), 2);
    assert!(after.iter().all(|id| !before.contains(id)), "{after:?}");
    // Where the port is taken, it neither hangs nor says that all is well.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    drop(thread::spawn(move || {
        while let Ok((stream, _)) = taken.accept() {
            drop(stream);
        }
    }));
    assert!(!script("restart.sh", port).0.success(), "the port is taken");
}

/// Runs a command line of the book, but for the program's path, the folder and
/// the address: it serves, and SIGTERM ends it with status 0.
fn serves(arguments: &[String]) {
    let port = free_port();
    let mut command = Command::new(binary("step20"));
    command.args(arguments.iter().map(|argument| match argument.as_str() {
        "/srv/www" => format!("{}/static", repository().display()),
        "127.0.0.1:%i" | "0.0.0.0:7878" => address(port).to_string(),
        argument => argument.to_string(),
    }));
    let mut process = Running::spawn(&mut command).unwrap();
    process.address().expect("the command line starts a server");
    let answer = Client::connect(address(port))
        .and_then(|mut client| client.request("GET /"));
    let demo = Client::connect(address(port))
        .and_then(|mut client| client.request("GET /sleep?ms=0"));
    send_signal("TERM", &process);
    let ended = process.stdout.wait_for_end(DEADLINE);
    assert!(ended, "{arguments:?}: {:?}", process.stderr.lines());
    let status = process.wait().unwrap();
    assert_eq!(answer.unwrap().status, "200");
    assert_eq!(demo.unwrap().status, "404", "--no-demo is missing");
    assert!(status.success(), "{arguments:?}: {status}");
}

#[test]
fn the_service_starts_and_stops() {
    let unit = config("step20@.service");
    let line = unit.lines().find_map(|it| it.strip_prefix("ExecStart="));
    let mut words = line.unwrap().split(' ').map(String::from);
    assert_eq!(words.next().as_deref(), Some("/usr/local/bin/step20"));
    serves(&words.collect::<Vec<_>>());
}

#[test]
fn the_service_is_what_systemd_understands() {
    let Some(systemd_analyze) = program("systemd-analyze") else { return };
    let scratch = Scratch::new("deploy-systemd");
    let unit = config("step20@.service");
    let step20 = format!("\"{}\"", binary("step20").display());
    let unit = unit.replace("/usr/local/bin/step20", &step20);
    let file = scratch.0.join("step20@.service");
    fs::write(&file, unit).unwrap();
    let mut verify = Command::new(systemd_analyze);
    let verify = verify.args(["verify", "--man=no"]).arg(&file);
    let verify = verify.output().unwrap();
    let said = String::from_utf8_lossy(&verify.stderr);
    let ours = said.lines().filter(|line| line.contains("step20"));
    assert_eq!(ours.collect::<Vec<_>>(), Vec::<&str>::new());
    assert!(verify.status.success(), "{said}");
}

/// No container can be built in a test. But what goes into it is there, cargo
/// finds it enough, and the program starts with these arguments.
#[test]
fn the_container_gets_what_it_needs() {
    let file = config("Containerfile");
    let lines = |start: &str| -> Vec<String> {
        let lines = file.lines().filter_map(|it| it.strip_prefix(start));
        lines.map(String::from).collect()
    };
    let build = "cargo build --release --locked --bin step20";
    assert_eq!(lines("RUN "), [build]);
    let scratch = Scratch::new("deploy-container");
    for copied in lines("COPY ") {
        if let Some(rest) = copied.strip_prefix("--from=build ") {
            let built = "/build/target/release/step20 /usr/local/bin/step20";
            assert_eq!(rest, built);
            continue;
        }
        let mut names: Vec<&str> = copied.split(' ').collect();
        let to = names.pop().unwrap();
        for name in names {
            let from = repository().join(name);
            assert!(from.exists(), "{name} is not there to be copied");
            if !to.starts_with('/') {
                let copy = format!("cp -r '{}' {name}", from.display());
                assert!(run(&copy, &scratch.0).0.success());
            }
        }
    }
    // As the file builds it, but for the longest part.
    let check = build.replace("build --release", "check --offline");
    let check = check.replacen("cargo", "\"${CARGO:-cargo}\"", 1);
    let (status, said) =
        run(&format!("CARGO_TARGET_DIR=target {check}"), &scratch.0);
    assert!(status.success(), "{check}\n{said}");
    let line = lines("CMD ").concat();
    let line = line.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let words = line.expect("a list, because a shell would keep signals");
    let mut words =
        words.split(", ").map(|it| it.trim_matches('"').to_string());
    assert_eq!(words.next().as_deref(), Some("step20"));
    serves(&words.collect::<Vec<_>>());
}
