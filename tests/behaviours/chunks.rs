//! Bodies that come in chunks, each of which says how long it is.

use super::bodies::{CHUNKED, is_refused, is_skipped, post};
use super::connections::get;
use super::responding::is_hello;
use crate::support::DEADLINE;
use crate::support::client;
use crate::support::report::Outcome;
use crate::support::server::Server;

/// Each of these bodies is skipped, and the next request is answered.
fn are_skipped(server: &Server, bodies: &[&str], hint: &str) -> Outcome {
    let mut requests = bodies.iter().map(|body| post(CHUNKED, body));
    requests.try_for_each(|it| is_skipped(server, &it, hint))
}

/// Each of these bodies is 400, and the connection ends.
fn are_refused(server: &Server, bodies: &[&str], hint: &str) -> Outcome {
    let mut requests = bodies.iter().map(|body| post(CHUNKED, body));
    requests.try_for_each(|it| is_refused(server, 400, &it, hint))
}

pub fn chunked_body_is_skipped(server: &Server) -> Outcome {
    let inner = get("/inner");
    let chunk = format!("{:x}\r\n{inner}\r\n", inner.len());
    are_skipped(
        server,
        &[
            "0\r\n\r\n",
            &format!("{chunk}{chunk}0\r\n\r\n"),
            &format!("000{chunk}000\r\n\r\n"),
            "A\r\n1234567890\r\na\r\n0\r\n\r\n12345\r\n0\r\n\r\n",
        ],
        "look at how a chunk is taken apart: its length in hexadecimal, CR LF, \
         that many bytes of data, CR LF. A length of 0 ends the chunks, and an \
         empty line ends the body.",
    )
}

pub fn empty_list_elements_are_skipped(server: &Server) -> Outcome {
    let hint = "look at how you read the list in Transfer-Encoding: element by \
                element, in upper or lower case, and without the empty ones.";
    for fields in [
        "Transfer-Encoding: , chunked\r\n",
        "transfer-encoding:CHUNKED ,\t,\r\n",
        "Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n",
    ] {
        is_skipped(server, &post(fields, "4\r\nGET \r\n0\r\n\r\n"), hint)?;
    }
    Ok(())
}

pub fn malformed_chunk_is_400(server: &Server) -> Outcome {
    are_refused(
        server,
        &[
            "x\r\n\r\n",
            "g\r\nsixteen or so...\r\n0\r\n\r\n",
            "\r\n\r\n",
            "-1\r\n\r\n",
            "+4\r\nabcd\r\n0\r\n\r\n",
            "0x4\r\nabcd\r\n0\r\n\r\n",
            " 4\r\nabcd\r\n0\r\n\r\n",
            "4 \r\nabcd\r\n0\r\n\r\n",
            "4\r\nabcde\r\n0\r\n\r\n",
            "4\r\nabc\r\n0\r\n\r\n",
            "4\r\nabcd0\r\n\r\n",
            "10000000000000004\r\nabcd\r\n0\r\n\r\n",
        ],
        "look at the line before a chunk, and at what follows its data. The \
         line begins with a hexadecimal number and nothing else, and after the \
         data comes CR LF. If either is wrong, the end of the body is lost.",
    )
}

pub fn chunk_extensions_are_ignored(server: &Server) -> Outcome {
    are_skipped(
        server,
        &[
            "4;a\r\nabcd\r\n0;b=c\r\n\r\n",
            "4 ;\ta=\"b;c\"\r\nabcd\r\n0\r\n\r\n",
        ],
        "look at the line before a chunk. After its length there may be a \
         semicolon, and then whatever the client likes to add.",
    )
}

pub fn malformed_chunk_extension_is_400(server: &Server) -> Outcome {
    let long = format!("4;{}\r\nabcd\r\n0\r\n\r\n", "x".repeat(2000));
    are_refused(
        server,
        &[
            "g;a\r\nsixteen or so...\r\n0\r\n\r\n",
            "4;\u{1}\r\nabcd\r\n0\r\n\r\n",
            "4;a\rb\r\nabcd\r\n0\r\n\r\n",
            "4\r;a\r\nabcd\r\n0\r\n\r\n",
            "4 a\r\nabcd\r\n0\r\n\r\n",
            "4;a\nabcd\r\n0\r\n\r\n",
            &long,
        ],
        "look at what you accept after the length of a chunk: no control \
         character except a tab, and at most a kilobyte.",
    )?;
    // An extension without end is refused, too.
    let endless = post(CHUNKED, &format!("4;{}", "x".repeat(2000)));
    let mut client = server.send(endless)?;
    client.response(DEADLINE)?.has_status(400)
}

pub fn trailers_are_skipped(server: &Server) -> Outcome {
    are_skipped(
        server,
        &[
            "0\r\nA: b\r\n\r\n",
            "4\r\nabcd\r\n0\r\nGET:\r\nHost: b\r\n\r\n",
            &format!("0\r\n{}\r\n", "A: b\r\n".repeat(16)),
        ],
        "look at what follows the last chunk. Up to the empty line, these are \
         fields of the same request, and not the head of the next.",
    )
}

pub fn malformed_or_endless_trailers_are_400(server: &Server) -> Outcome {
    are_refused(
        server,
        &[
            "0\r\nno field\r\n\r\n",
            "0\r\nA : b\r\n\r\n",
            "0\r\n A: b\r\n\r\n",
            "0\r\nA: b\n\r\n",
            "0\r\nA: \u{1}\r\n\r\n",
            &format!("0\r\n{}\r\n", "A: b\r\n".repeat(1000)),
        ],
        "look at the fields that follow the last chunk. They follow the same \
         rules as those of a head, and they need a limit, because otherwise a \
         client could send fields forever.",
    )
}

pub fn limits_of_chunked_bodies_are_exact(server: &Server) -> Outcome {
    // The line before a chunk has its CR, too.
    let line = |length| {
        let extension = "x".repeat(length - "4;\r".len());
        format!("4;{extension}\r\nabcd\r\n0\r\n\r\n")
    };
    let trailers = |count| format!("0\r\n{}\r\n", "A: b\r\n".repeat(count));
    let hint = "look at the limits of what comes with chunks: 1,024 bytes for \
                the line before each, with its CR, and 16 fields after the last \
                one. What's allowed is skipped, and one more is refused.";
    are_refused(server, &[&trailers(17)], hint)?;
    are_skipped(server, &[&trailers(16)], hint)?;
    server.by_hand(
        "for n in 1021 1022; do\n\
         (printf 'POST / HTTP/1.1\\r\\nHost: a\\r\\nTransfer-Encoding: chunked\\r\\n'\n\
         printf '\\r\\n4;%s\\r\\n' $(printf %${n}s | tr ' ' x)\n\
         printf 'abcd\\r\\n0\\r\\n\\r\\n'; sleep 1) | curl -s -m 3 telnet://ADDRESS\n\
         done   # 405 for a line of 1 KiB, 400 for one byte more",
    );
    are_refused(server, &[&line(1025)], hint)?;
    are_skipped(server, &[&line(1024)], hint)
}

pub fn total_of_chunks_cannot_wrap(server: &Server) -> Outcome {
    let hint = "look at how you add up the lengths of the chunks. A sum of \
                numbers that a client chooses can exceed any type: it panics in \
                a debug build, and wraps around in a release build.";
    for chunk in ["ffffffffffffffff", "fffffffffffffffe"] {
        let body = format!("2\r\nab\r\n{chunk}\r\n");
        is_refused(server, 413, &post(CHUNKED, &body), hint)?;
    }
    Ok(())
}

const LINE_FEED: &str = "look at what ends a line: CR LF, and never LF alone. \
    Programs that disagree about that see different lines, and so different \
    requests.";

pub fn bare_line_feed_in_a_head_is_400(server: &Server) -> Outcome {
    for request in [
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\nA: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\n",
        "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        is_refused(server, 400, request, LINE_FEED)?;
    }
    is_hello(&server.send(client::get("/"))?.response(DEADLINE)?)
}

pub fn bare_line_feed_in_a_chunk_is_400(server: &Server) -> Outcome {
    are_refused(
        server,
        &[
            "4\nabcd\r\n0\r\n\r\n",
            "4\r\nabcd\n0\r\n\r\n",
            "4\r\nabcd\r\n0\n\r\n",
            "4\r\nabcd\r\n0\r\n\n",
        ],
        LINE_FEED,
    )
}
