//! Copies of the last step, and what stands before them.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::place::binary;
use crate::running::{Running, prepare};
use crate::scratch::Scratch;
use crate::{DEADLINE, address, config, program, send_signal, with_ports};

/// A copy of the last step.
pub struct Copy {
    process: Running,
    port: u16,
}

impl Copy {
    pub fn start(port: u16, options: &[&str]) -> Copy {
        let mut command = Command::new(binary("step20"));
        command.args(["--access-log", &address(port).to_string()]);
        let process = Running::spawn(command.args(options)).unwrap();
        process.address().expect("a copy announces its address");
        Copy { process, port }
    }

    /// How often it was asked by a client: a health check asks for the head.
    fn answered(lines: &[String]) -> usize {
        lines.iter().filter(|line| line.contains("\"GET /")).count()
    }

    pub fn wait_until_asked(&self, by: &str) {
        let asked = |lines: &[String]| Copy::answered(lines) > 0;
        let asked = self.process.stdout.wait(DEADLINE, asked);
        assert!(asked, "{by} does not ask the copy at {}", self.port);
    }

    /// Asks it to stop, and waits for that.
    pub fn stop(mut self) -> ExitStatus {
        send_signal("TERM", &self.process);
        let ended = self.process.stdout.wait_for_end(DEADLINE);
        assert!(
            ended,
            "a copy does not end: {:?}",
            self.process.stderr.lines()
        );
        self.process.wait().unwrap()
    }
}

/// The signal that ends nginx and HAProxy with their workers.
const SIGTERM: i32 = 15;

/// nginx or HAProxy, with the book's configuration but for the ports.
pub struct Balancer {
    pub name: &'static str,
    process: Child,
    ports: [u16; 4],
    _scratch: Scratch,
}

impl Balancer {
    pub fn nginx(test: &str, ports: [u16; 4]) -> Option<Balancer> {
        Balancer::nginx_with(test, ports, |_| ())
    }

    /// nginx with more files in its folder than the one.
    pub fn nginx_with(
        test: &str,
        ports: [u16; 4],
        put_files: impl Fn(&Path),
    ) -> Option<Balancer> {
        let program = program("nginx")?;
        let scratch = Scratch::new(&format!("deploy-nginx-{test}"));
        let conf = with_ports(&config("nginx.conf"), &ports);
        fs::write(scratch.0.join("nginx.conf"), conf).unwrap();
        put_files(&scratch.0);
        let mut command = Command::new(program);
        command.arg("-p").arg(&scratch.0).args(["-c", "nginx.conf"]);
        Some(Balancer::run("nginx", command, ports, scratch))
    }

    pub fn haproxy(test: &str, ports: [u16; 4]) -> Option<Balancer> {
        let program = program("haproxy")?;
        let scratch = Scratch::new(&format!("deploy-haproxy-{test}"));
        let conf = with_ports(&config("haproxy.cfg"), &ports);
        let file = scratch.0.join("haproxy.cfg");
        fs::write(&file, conf).unwrap();
        let mut command = Command::new(program);
        command.arg("-f").arg(file);
        Some(Balancer::run("haproxy", command, ports, scratch))
    }

    fn run(
        name: &'static str,
        mut command: Command,
        ports: [u16; 4],
        scratch: Scratch,
    ) -> Balancer {
        let log = scratch.0.join("output");
        let output = fs::File::create(&log).unwrap();
        command.stdout(output.try_clone().unwrap()).stderr(output);
        prepare(&mut command, SIGTERM);
        let mut process = command.stdin(Stdio::null()).spawn().unwrap();
        let start = Instant::now();
        while TcpStream::connect(address(ports[2])).is_err() {
            let ended = process.try_wait().unwrap();
            if ended.is_some() || start.elapsed() > DEADLINE {
                let said = fs::read_to_string(&log).unwrap_or_default();
                panic!("{name} does not start: {ended:?}\n{said}");
            }
            thread::sleep(Duration::from_millis(5));
        }
        Balancer { name, process, ports, _scratch: scratch }
    }

    pub fn address(&self) -> SocketAddr {
        address(self.ports[2])
    }
}

impl Drop for Balancer {
    /// Both have workers, which would survive a kill.
    fn drop(&mut self) {
        send_signal("TERM", &self.process);
        _ = self.process.wait();
    }
}

/// `Balancer::nginx` or `Balancer::haproxy`.
pub type Start = fn(&str, [u16; 4]) -> Option<Balancer>;
