//! The frames of a WebSocket, as a client sends and takes them (RFC 6455).

use crate::support::DEADLINE;
use crate::support::client::Client;
use crate::support::report::{Deviation, Outcome, Symptom, shown};
use crate::support::response::Response;
use crate::support::server::Server;
use std::fmt::{self, Display};

pub const CONTINUATION: u8 = 0x0;
pub const TEXT: u8 = 0x1;
pub const BINARY: u8 = 0x2;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;
pub const PONG: u8 = 0xA;

/// The bit that says that no other fragment follows.
pub const FIN: u8 = 0x80;
/// The bit that says that the payload is masked.
const MASK: u8 = 0x80;

/// The largest message that has to be echoed.
pub const MAX_MESSAGE: usize = 1 << 20;

/// The head of a frame that a client sends: its first byte, the length, and the
/// key of the mask.
pub fn head(first: u8, length: u64, key: [u8; 4]) -> Vec<u8> {
    let mut head = vec![first];
    match length {
        0..=125 => head.push(MASK | length as u8),
        126..=0xFFFF => {
            head.push(MASK | 126);
            head.extend((length as u16).to_be_bytes());
        }
        _ => {
            head.push(MASK | 127);
            head.extend(length.to_be_bytes());
        }
    }
    head.extend(key);
    head
}

/// A frame that a client sends.
pub fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    // One that isn't the same for all frames.
    let key = [0x37, 0xfa, first, payload.len() as u8];
    let mut frame = head(first, payload.len() as u64, key);
    let mask = key.iter().cycle();
    frame.extend(payload.iter().zip(mask).map(|(byte, key)| byte ^ key));
    frame
}

pub fn close(code: u16, reason: &str) -> Vec<u8> {
    let payload = [&code.to_be_bytes(), reason.as_bytes()].concat();
    frame(FIN | CLOSE, payload)
}

/// A message or a control frame that a server sends.
#[derive(PartialEq)]
pub struct Message {
    pub opcode: u8,
    payload: Vec<u8>,
}

impl Message {
    pub fn new(opcode: u8, payload: impl AsRef<[u8]>) -> Message {
        Message { opcode, payload: payload.as_ref().to_vec() }
    }
}

impl Display for Message {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let name = match self.opcode {
            TEXT => "text",
            BINARY => "binary",
            PING => "a ping",
            PONG => "a pong",
            CLOSE => match self.payload[..] {
                [] => return write!(out, "a close without a code"),
                [high, low, ..] => {
                    let code = u16::from_be_bytes([high, low]);
                    return write!(out, "a close with the code {code}");
                }
                [_] => "a close",
            },
            opcode => return write!(out, "a frame with the opcode {opcode}"),
        };
        let length = self.payload.len();
        write!(out, "{name} of {length} bytes: {}", shown(&self.payload))
    }
}

pub struct Socket {
    client: Client,
}

pub const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// The head of the response to a handshake with these fields.
pub fn handshake(server: &Server, fields: &str) -> Outcome<(Client, Response)> {
    let mut client = server.send(format!(
        "GET /socket HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n"
    ))?;
    let head = client.head(DEADLINE)?;
    Ok((client, head))
}

impl Socket {
    pub fn open(server: &Server) -> Outcome<Socket> {
        let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
        let fields = format!("{upgrade}Sec-WebSocket-Version: 13\r\n{KEY}");
        let (client, head) = handshake(server, &fields)?;
        head.has_status(101).map_err(|it| {
            it.hint("look at the handshake first: it has a test of its own.")
        })?;
        Ok(Socket { client })
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> Outcome {
        self.client.send(bytes)
    }

    fn take(&mut self, count: usize) -> Outcome<Vec<u8>> {
        self.client.part_of_body(count).map_err(|it| match it.symptom {
            Symptom::Hangs => it.expected("the next frame").hint(
                "look at what the server still waits for. Usual causes: more \
                 bytes than the length of the frame says; a frame that has come \
                 together with another one, and is already in the buffer; or \
                 the end of a frame that it could already have refused.",
            ),
            _ => {
                let saw = "the end of the connection".to_string();
                let it = Deviation { saw, ..it }.expected("the next frame");
                it.hint(
                    "RFC 6455 §7.1.7: look at what ends the connection. Before \
                     it ends, a close frame says why. And bytes that are left \
                     unread may destroy what was sent (chapter 14).",
                )
            }
        })
    }

    pub fn fault<T>(
        &self,
        expected: &str,
        saw: &str,
        hint: &str,
    ) -> Outcome<T> {
        let differs = Symptom::Differs;
        Err(self.client.deviation(differs, expected, saw).hint(hint))
    }

    /// The next frame: its first byte, and its payload.
    fn frame(&mut self) -> Outcome<(u8, Vec<u8>)> {
        let start = self.take(2)?;
        let (first, second) = (start[0], start[1]);
        let (length, least) = match second & !MASK {
            126 => (self.take(2)?, 126),
            127 => (self.take(8)?, 0x1_0000),
            length => (vec![length], 0),
        };
        let length = length.iter().fold(0, |sum, byte| sum << 8 | *byte as u64);
        let hint = "RFC 6455 §5.2 has a picture of a frame. A server doesn't mask, \
                    its three reserved bits are zero, and a length takes the \
                    fewest bytes possible.";
        if second & MASK != 0 || first & 0x70 != 0 || length < least {
            let saw = format!(
                "a frame that begins with {first:08b} {second:08b} and has \
                 {length} bytes"
            );
            return self.fault("the next frame", &saw, hint);
        }
        if length > MAX_MESSAGE as u64 {
            let saw = format!("a frame of {length} bytes");
            return self.fault("the next frame", &saw, hint);
        }
        Ok((first, self.take(length as usize)?))
    }

    /// The next message, which may be in fragments, or control frame.
    pub fn message(&mut self) -> Outcome<Message> {
        let (first, mut payload) = self.frame()?;
        let (opcode, mut last) = (first & 0xF, first);
        while last & FIN == 0 {
            let (next, more) = self.frame()?;
            if next & 0xF != CONTINUATION {
                let saw = format!("one with the opcode {}", next & 0xF);
                let hint = "RFC 6455 §5.4: look at what is sent while a message \
                            is only half sent.";
                return self.fault("the message's next fragment", &saw, hint);
            }
            payload.extend(more);
            last = next;
        }
        Ok(Message { opcode, payload })
    }

    /// Exactly this comes next.
    pub fn receives(&mut self, expected: Message, hint: &str) -> Outcome {
        let wanted = expected.to_string();
        let message = self.message().map_err(|it| it.expected(&wanted))?;
        if message == expected {
            return Ok(());
        }
        self.fault(&wanted, &message.to_string(), hint)
    }

    /// A close frame with this code comes, and nothing after it.
    pub fn is_closed_with(&mut self, code: u16, why: &str) -> Outcome {
        let expected = format!("a close with the code {code}, because {why}");
        let message = self.message().map_err(|it| it.expected(&expected))?;
        let is_close = message.opcode == CLOSE
            && message.payload.starts_with(&code.to_be_bytes())
            && message.payload.len() <= 125;
        if is_close {
            return self.ends();
        }
        let hint = "RFC 6455 §7.4.1 lists the codes, and §5.5.1 says how a close \
                    is answered. Look at what is checked as soon as the head of \
                    a frame has come, and what once the message is whole.";
        self.fault(&expected, &message.to_string(), hint)
    }

    /// After the server's close frame, we send ours, and the connection ends.
    pub fn ends(&mut self) -> Outcome {
        // It may be gone already.
        _ = self.send(close(1000, ""));
        self.client.is_closed(DEADLINE).map_err(|it| {
            it.expected("the end of the connection after the close frame").hint(
                "RFC 6455 §5.5.1 and §7.1.1: look at what follows a close frame. \
                 It's the last one, and the server is the first to end the \
                 connection.",
            )
        })
    }
}
