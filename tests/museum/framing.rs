//! Where a request ends: what two readers take for two different requests.

use crate::answer::Answer;
use crate::support::report::Outcome;
use crate::support::server::Server;

pub const CAPITAL_CHUNKED: &str = "POST / HTTP/1.1\r\nHost: a\r\n\
    Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n\
    GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

pub fn chunked_with_a_capital_is_chunked(server: &Server) -> Outcome {
    let answer = Answer::to(server, CAPITAL_CHUNKED)?;
    match answer.statuses[..] {
        // A server may also refuse the first request, and close.
        [_] if answer.is_closed => Ok(()),
        [_, status] if status < 400 => Ok(()),
        _ => answer.differs(
            "a response to the first request, and none to `5` or `hello`",
            "RFC 9112 §7: look at how the name of a coding is compared. It \
             ignores case.",
        ),
    }
}

pub const BOTH_LENGTHS: &str = "POST / HTTP/1.1\r\nHost: a\r\n\
    Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n\
    GET / HTTP/1.1\r\nHost: gotcha\r\n\r\n\r\n0\r\n\r\n";

pub fn length_beside_chunks_ends_the_connection(server: &Server) -> Outcome {
    Answer::to(server, BOTH_LENGTHS)?.is_the_last(
        "RFC 9112 §6.1: look at a request that has both fields. Refuse it, or \
         believe the chunks; in any case, close.",
    )
}

pub const TWO_LENGTHS: &str = "GET / HTTP/1.1\r\nContent-Length: 47\r\n\
    Content-Length: 0\r\nHost: 127.0.0.1\r\n\r\n\
    GET /smuggle HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

pub fn two_lengths_are_refused(server: &Server) -> Outcome {
    Answer::to(server, TWO_LENGTHS)?.is_a_refusal(
        "RFC 9112 §6.3: look at what happens to a second `Content-Length`. Usual \
         cause: only the first one is looked up, or only the last.",
    )
}

pub const SIGNED_LENGTH: &str = "POST / HTTP/1.1\r\nHost: a\r\n\
    Content-Length: +5\r\n\r\nhello";

pub fn length_with_a_sign_is_refused(server: &Server) -> Outcome {
    Answer::to(server, SIGNED_LENGTH)?.is_a_refusal(
        "RFC 9110 §8.6: look at how the number is read. A length has only \
         digits, but many a library's parser takes a sign, too.",
    )
}

pub const PREFIXED_CHUNK: &str = "POST / HTTP/1.1\r\nHost: a\r\n\
    Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n";

pub fn chunk_size_with_a_prefix_ends_the_connection(
    server: &Server,
) -> Outcome {
    Answer::to(server, PREFIXED_CHUNK)?.is_the_last(
        "RFC 9112 §7.1: look at how a chunk's size is read. It has only \
         hexadecimal digits, but many a library's parser takes `0x`, too.",
    )
}

pub const HUGE_CHUNK: &str = "POST / HTTP/1.1\r\nHost: a\r\n\
    Transfer-Encoding: chunked\r\n\r\ndddddddddddddddd\r\nhello\r\n0\r\n\r\n\
    GET /smuggle HTTP/1.1\r\nHost: a\r\n\r\n";

pub fn huge_chunk_size_does_not_overflow(server: &Server) -> Outcome {
    let answer = Answer::to(server, HUGE_CHUNK)?;
    match answer.statuses.len() {
        // A server that believes the size waits for that many bytes.
        0 | 1 => answer.server_goes_on(server),
        _ => answer.differs(
            "no second response: the chunk goes on for exabytes",
            "RFC 9112 §7.1: look at the arithmetic of the chunk's size. Sixteen \
             digits fit into 64 bits, but may be negative in a signed type.",
        ),
    }
}

pub const SPACE_BEFORE_COLON: &str = "POST / HTTP/1.1\r\nHost: a\r\n\
    Content-Length: 6\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\nX";

pub fn space_before_the_colon_is_refused(server: &Server) -> Outcome {
    Answer::to(server, SPACE_BEFORE_COLON)?.is_a_refusal(
        "RFC 9112 §5.1: look at what comes before the colon. One server removes \
         the space and sees a coding, another sees an unknown field.",
    )
}

pub const NO_COLON: &str = "GET / HTTP/1.1\r\nHost: a\r\n\
    Content-Length 10\r\n\r\n0123456789";

pub fn field_without_a_colon_is_refused(server: &Server) -> Outcome {
    Answer::to(server, NO_COLON)?.is_a_refusal(
        "RFC 9112 §5: look at how a line is split. Without a colon, it \
         isn't a field, and must be neither repaired nor skipped.",
    )
}

pub const BARE_LINE_FEED: &str = "GET / HTTP/1.1\r\nHost: a\r\n\
    Content-Length: 100\r\nX-Header: x\nContent-Length: 0\r\n\r\n\
    GET /smuggle HTTP/1.1\r\nHost: a\r\n\r\n";

pub fn line_feed_within_a_field_is_refused(server: &Server) -> Outcome {
    Answer::to(server, BARE_LINE_FEED)?.is_a_refusal(
        "RFC 9112 §2.2: look at what ends a line. If a lone LF does so here, \
         but not in a proxy, the two see different fields.",
    )
}

pub const CONTROL_FIRST: &str =
    "\0\x01GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

pub fn control_bytes_before_a_request_are_refused(server: &Server) -> Outcome {
    Answer::to(server, CONTROL_FIRST)?.is_a_refusal(
        "RFC 9112 §2.2: look at what is skipped before a request line. That may \
         be an empty line, and nothing else.",
    )
}
