//! What `own-websocket-echo` asks for.

use crate::shelf_frames::*;
use crate::support::report::Outcome;
use crate::support::server::Server;

pub fn handshake_is_accepted(server: &Server) -> Outcome {
    for (fields, key, accept) in [
        (
            "Connection: Upgrade\r\nUpgrade: websocket\r\n",
            "dGhlIHNhbXBsZSBub25jZQ==", // the example of the RFC
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        ),
        (
            "connection: keep-alive, upgrade\r\nupgrade: h2c, WebSocket\r\n",
            "wgrU12/pd1mqJ6DJm/9nEA==",
            "EETi4+KtE/enHbIplhOe47N0Q1U=",
        ),
        (
            "Sec-WebSocket-Extensions: permessage-deflate\r\n\
             Upgrade: websocket\r\nConnection: Upgrade\r\n",
            "AAAAAAAAAAAAAAAAAAAAAA==",
            "ICX+Yqv66kxgM0FcWaLWlFLwTAI=",
        ),
    ] {
        let fields = format!(
            "{fields}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
        );
        let (_client, head) = handshake(server, &fields)?;
        let field = |name| head.field(name).unwrap_or("");
        let mut options = field("connection").split(',').map(str::trim);
        let is_right = head.status == 101
            && field("upgrade").eq_ignore_ascii_case("websocket")
            && options.any(|it| it.eq_ignore_ascii_case("upgrade"))
            && field("sec-websocket-accept") == accept;
        if !is_right {
            let expected = format!(
                "status 101, Upgrade: websocket, Connection: Upgrade, \
                 Sec-WebSocket-Accept: {accept}"
            );
            return head.differs(&expected).map_err(|it| {
                it.hint(
                    "RFC 6455 §4.2.2: look at what is hashed. It's the key as \
                     it came, in Base64, and after it the text that the RFC \
                     gives. And names of protocols are case-insensitive (§4.2.1).",
                )
            });
        }
        let more = ["sec-websocket-extensions", "content-length"];
        if more.iter().any(|name| head.field(name).is_some()) {
            let expected = "no extension, and no body";
            return head.differs(expected).map_err(|it| {
                it.hint(
                    "RFC 6455 §9.1 and RFC 9110 §8.6: look at what else the \
                     head says. An extension that's accepted has to be used, \
                     and a 101 has no length.",
                )
            });
        }
    }
    Ok(())
}

pub fn bad_handshake_is_refused(server: &Server) -> Outcome {
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    let version = "Sec-WebSocket-Version: 13\r\n";
    for (fields, statuses) in [
        (format!("{upgrade}Sec-WebSocket-Version: 8\r\n{KEY}"), &[426][..]),
        (format!("{upgrade}{KEY}"), &[400, 426]),
        (format!("{upgrade}{version}"), &[400]),
        (format!("{upgrade}{version}{KEY}{KEY}"), &[400]),
        (format!("{upgrade}{version}Sec-WebSocket-Key: c2hvcnQ=\r\n"), &[400]),
        (
            format!(
                "{upgrade}{version}Sec-WebSocket-Key: {}\r\n",
                "!".repeat(24)
            ),
            &[400],
        ),
        (String::new(), &[400, 426]),
        (format!("Upgrade: websocket\r\n{version}{KEY}"), &[400, 426]),
        (format!("Connection: Upgrade\r\n{version}{KEY}"), &[400, 426]),
        (
            format!("Connection: Upgrade\r\nUpgrade: h2c\r\n{version}{KEY}"),
            &[400, 426],
        ),
    ] {
        let (_client, head) = handshake(server, &fields)?;
        let field = |name| head.field(name).unwrap_or("");
        let says_what_else = head.status != 426
            || field("upgrade").eq_ignore_ascii_case("websocket")
                && field("sec-websocket-version") == "13";
        if !statuses.contains(&head.status) || !says_what_else {
            let expected = match statuses {
                [400] => "status 400",
                [426] => {
                    "status 426, Upgrade: websocket, \
                          Sec-WebSocket-Version: 13"
                }
                _ => {
                    "status 400, or 426 with Upgrade: websocket and \
                      Sec-WebSocket-Version: 13"
                }
            };
            return head.differs(expected).map_err(|it| {
                it.hint(
                    "RFC 6455 §4.2.1 lists what a handshake needs, and §4.2.2 \
                     (under 4) what another version gets. RFC 9110 §15.5.22: \
                     look at what a 426 says. Usual cause: a field's value is \
                     never looked at.",
                )
            });
        }
    }
    Ok(())
}

pub fn message_comes_back(server: &Server) -> Outcome {
    let mut socket = Socket::open(server)?;
    let hint = "RFC 6455 §5.2 and §5.3: look at the length, which is written in \
                three ways, and at the mask, whose four bytes start over with \
                each frame.";
    let text = |length| "Hello, hello! ".bytes().cycle().take(length);
    for length in [5, 0, 1, 125, 126, 127, 0xFFFF, 0x1_0000, MAX_MESSAGE] {
        let text: Vec<u8> = text(length).collect();
        socket.send(frame(FIN | TEXT, &text))?;
        socket.receives(Message::new(TEXT, text), hint)?;
    }
    let bytes: Vec<u8> = (0..=255).collect();
    socket.send(frame(FIN | BINARY, &bytes))?;
    socket.receives(Message::new(BINARY, bytes), hint)?;
    for byte in frame(FIN | TEXT, "κόσμε") {
        socket.send([byte])?;
    }
    socket.receives(Message::new(TEXT, "κόσμε"), hint)?;
    let two = [frame(FIN | TEXT, "one"), frame(FIN | TEXT, "two")];
    socket.send(two.concat())?;
    socket.receives(Message::new(TEXT, "one"), hint)?;
    socket.receives(Message::new(TEXT, "two"), hint)
}

pub fn fragments_are_one_message(server: &Server) -> Outcome {
    let mut socket = Socket::open(server)?;
    let hint = "RFC 6455 §5.4 and §5.5: look at a message in fragments. Its \
                opcode comes with the first one, and the others have zero. A \
                control frame may come between them, and is answered at once.";
    // A ping while a message is half there, and half a letter.
    socket.send(frame(TEXT, b"Zo\xC3"))?;
    socket.send(frame(FIN | PING, "are you there?"))?;
    socket.receives(Message::new(PONG, "are you there?"), hint)?;
    socket.send(frame(CONTINUATION, ""))?;
    socket.send(frame(FIN | PONG, "unasked"))?;
    socket.send(frame(FIN | CONTINUATION, b"\xAB"))?;
    socket.receives(Message::new(TEXT, "Zoë"), hint)?;
    socket.send(frame(FIN | PING, ""))?;
    socket.receives(Message::new(PONG, ""), hint)?;
    socket.send(frame(FIN | PING, [7; 125]))?;
    socket.receives(Message::new(PONG, [7; 125]), hint)?;
    // The end: what comes after a close frame isn't read.
    socket.send([close(1000, "bye"), frame(FIN | TEXT, "more")].concat())?;
    socket.is_closed_with(1000, "the client has closed with it")?;
    let mut socket = Socket::open(server)?;
    socket.send(frame(FIN | CLOSE, ""))?;
    match socket.message()? {
        Message { opcode: CLOSE, .. } => socket.ends(),
        other => socket.fault("a close", &other.to_string(), hint),
    }
}

pub fn broken_frame_ends_with_its_code(server: &Server) -> Outcome {
    let huge = head(FIN | BINARY, 1 << 40, [0; 4]);
    let large = vec![0; MAX_MESSAGE];
    let too_much = [frame(BINARY, large), head(FIN | CONTINUATION, 1, [0; 4])];
    let twice = [frame(TEXT, "a"), frame(FIN | TEXT, "b")];
    for (frames, code, why) in [
        (vec![FIN | TEXT, 2, b'h', b'i'], 1002, "the frame isn't masked"),
        (frame(FIN | 0x40 | TEXT, "hi"), 1002, "a reserved bit is set"),
        (frame(FIN | 0x3, "hi"), 1002, "there's no such opcode"),
        (frame(PING, "hi"), 1002, "a ping has no fragments"),
        (frame(FIN | PING, [0; 126]), 1002, "a ping has at most 125 bytes"),
        (frame(FIN | CONTINUATION, "hi"), 1002, "nothing is continued"),
        (twice.concat(), 1002, "the first message isn't whole yet"),
        (frame(FIN | CLOSE, [3]), 1002, "half a code isn't one"),
        (close(999, ""), 1002, "999 isn't a code"),
        (close(1005, ""), 1002, "1005 is never sent"),
        (frame(FIN | TEXT, b"\xC0\xAF"), 1007, "this isn't UTF-8"),
        (frame(FIN | TEXT, b"\xED\xA0\x80"), 1007, "this isn't UTF-8"),
        (frame(FIN | TEXT, b"Zo\xC3"), 1007, "the last letter isn't whole"),
        (frame(FIN | CLOSE, b"\x03\xE8\xFF"), 1007, "the reason isn't UTF-8"),
        (huge, 1009, "the length is above 1 MiB"),
        (too_much.concat(), 1009, "all fragments together are above 1 MiB"),
    ] {
        let mut socket = Socket::open(server)?;
        socket.send(frames)?;
        socket.is_closed_with(code, why)?;
    }
    server.is_well()
}
