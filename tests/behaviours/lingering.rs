//! A close that loses nothing of the response.

#[cfg(target_os = "linux")]
use std::fs;

#[cfg(target_os = "linux")]
use super::differs;
#[cfg(target_os = "linux")]
use super::directory::{Large, with_large_file};
#[cfg(target_os = "linux")]
use super::responding::has_status;
#[cfg(target_os = "linux")]
use crate::support::DEADLINE;
#[cfg(target_os = "linux")]
use crate::support::client::get;
#[cfg(target_os = "linux")]
use crate::support::report::Outcome;
#[cfg(target_os = "linux")]
use crate::support::server::Server;

#[cfg(target_os = "linux")]
pub fn late_body_does_not_reset_the_response(server: &Server) -> Outcome {
    server.by_hand(with_large_file(
        "(printf 'GET /large HTTP/1.0\\r\\n\\r\\n'; sleep 0.1; echo; sleep 2) | \
         curl -m 9 telnet://ADDRESS | wc -c",
    ));
    // More than has reached the client when the server is done with it.
    const LENGTH: u64 = 1_000_000;
    let large = Large::new("late");
    let file = fs::File::create(large.root.0.join("middle"));
    file.and_then(|file| file.set_len(LENGTH)).unwrap();
    let server = server.serving(&large.root.0)?;
    let time_passes = || {
        for _ in 0..20 {
            has_status(&mut server.send(get("/small"))?, 200, &server)?;
        }
        Ok(())
    };
    for is_sent_at_once in [true, false] {
        let mut client = server.send(get("/middle"))?;
        client.head(DEADLINE)?;
        if !is_sent_at_once {
            time_passes()?;
        }
        client.send("\r\n")?;
        time_passes()?;
        let count = client.drain();
        if count != LENGTH {
            let saw = format!("{count}, and a connection that is reset");
            return differs(&format!("all {LENGTH} bytes"), &saw);
        }
    }
    Ok(())
}
