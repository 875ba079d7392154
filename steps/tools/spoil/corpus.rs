//! What is spoilt: requests of every kind that the server knows, and some that
//! it has to refuse.

use crate::mutate::{spoil, swell};
use crate::random::Random;

const REQUESTS: &[&[u8]] = &[
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"\r\nHEAD /a.txt?q=1?r HTTP/1.1\r\nHost: a.example:8080\r\n\r\n",
    b"\r\n\r\n\r\n\r\nGET /empty HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /docs/./b%20c.txt HTTP/1.1\r\nhost:[::1]:80\r\n\
     X-1!#: \t\xe9 \r\n\r\n",
    b"GET /large HTTP/1.1\r\nHost: a\r\nRange: bytes=2-65700\r\n\r\n",
    b"GET /a.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=-3\r\n\r\n",
    b"GET /a.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=9-\r\n\r\n",
    b"GET http://a/docs HTTP/1.1\r\nHost: b\r\n\r\n",
    b"GET /docs/../a.txt HTTP/1.0\r\nConnection: x, Keep-Alive\r\n\r\n",
    b"GET HTTP://a?q HTTP/1.0\r\n\r\n",
    b"GET /a.txt HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"x\" , *\r\n\r\n",
    b"GET /a.txt HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n",
    b"GET /a.txt HTTP/1.1\r\nHost: a\r\nIf-Match: \"a,b\", W/\"c\"\r\n\r\n",
    b"GET /missing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"BREW /pot HTTP/1.9\r\nHost: a\r\n\r\n",
    // These must be refused.
    b"\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GE{T / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : a\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a/b@c\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n c\r\n\r\n",
    b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
];

const BODIES: &[&[u8]] = &[
    b"POST /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nGET / HTTP/",
    b"HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nHEAD ",
    b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\
     Content-Length: 5\r\n\r\n12345",
    b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n12345",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
     5\r\n12345\r\n00a;a=\"b\"\r\n1234567890\r\n0\r\nA: b\r\nC:\r\n\r\n",
    b"DELETE /x HTTP/1.1\r\nHost: a\r\ntransfer-encoding: ,CHUNKED ,\r\n\r\n\
     1 ;a\r\n\n\r\n000\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
     1\r\n1\r\n10000\r\n12345",
    // These must be refused.
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
     5\r\n12345\r\nffffffffffffffff\r\n12345",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
     5\n12345\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
     5\r\n123456\r\n0\r\nA : b\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
     5;a\rb\r\n12345\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\
     Content-Length: 5\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\
     Content-Length: 5\r\n\r\n12345",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n12345",
    b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET /a.txt HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\
     Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
];

/// Paths of all kinds, including those of files that mustn't be served.
const PATHS: &[&str] = &[
    "/",
    "/a.txt",
    "/docs",
    "/docs/",
    "/docs/b%20c.txt",
    "/docs/./../a.txt",
    "/100%25.txt",
    "/empty",
    "/.well-known/a",
    "/docs/.well-known/a",
    "/.hidden",
    "/docs/.git/config",
    "/../outside.txt",
    "/docs/../../outside.txt",
    "/%2e%2E/outside.txt",
    "/docs%2fb%20c.txt",
    "/docs/%2e%2e%2fa.txt",
    "/a%00.txt",
    "/docs\\b%20c.txt",
    "//a.txt",
    "/a.txt/",
    "/docs/..",
    "/%c3%a9",
    "/escape",
    "/out",
    "/out/outside.txt",
];

const RANGES: &[&str] = &[
    "bytes=0-0",
    "bytes=2-4",
    "bytes=2-",
    "bytes=-3",
    "bytes=-0",
    "bytes=10-",
    "bytes=9-9",
    "bytes=0-99",
    "BYTES= , 1-2 ,",
    "bytes=0-1,3-4",
    "bytes=4-2",
    "bytes=0-18446744073709551615",
    "bytes=18446744073709551614-",
    "bytes=-18446744073709551616",
    "lines=1-2",
    "bytes=1-2-3",
    "bytes=,",
];

/// Lists of tags. `"tag"` stands for the file's own.
const TAGS: &[&str] = &[
    "*",
    "\"a\"",
    "\"tag\"",
    "W/\"tag\"",
    "\"a,b\" , W/\"c d\",,\"\"",
    "\"x\", \"tag\"",
    "",
    "*, \"a\"",
    "w/\"tag\"",
    "W/W/\"tag\"",
    "abc",
];

/// The date of the file, a second before and after it, and other forms.
const DATES: &[&str] = &[
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:36 GMT",
    "Sun, 06 Nov 1994 08:49:38 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
    "Thu, 29 Feb 1996 23:59:60 GMT",
    "Thu, 30 Feb 1995 00:00:00 GMT",
    "Mon, 28 Feb 2101 08:49:37 GMT",
];

/// One of these requests, spoilt.
fn request(requests: &[&[u8]], random: &mut Random) -> Vec<u8> {
    let mut bytes = random.pick(requests).to_vec();
    match random.one_in(8) {
        true => swell(&mut bytes, random),
        false => spoil(&mut bytes, random.pick(requests), random),
    }
    bytes
}

/// A request, with its body if it has one.
pub fn head(random: &mut Random) -> Vec<u8> {
    let requests = random.pick(&[REQUESTS, REQUESTS, REQUESTS, BODIES]);
    request(requests, random)
}

/// A request with a body, chunked most of the time.
pub fn body(random: &mut Random) -> Vec<u8> {
    request(BODIES, random)
}

/// A few requests on one connection, each spoilt or not.
pub fn requests(random: &mut Random) -> Vec<u8> {
    let count = 1 + random.below(3);
    let mut all = Vec::new();
    for _ in 0..count {
        let requests = random.pick(&[REQUESTS, BODIES]);
        match random.one_in(2) {
            true => all.extend_from_slice(random.pick(requests)),
            false => all.extend(request(requests, random)),
        }
    }
    all
}

/// A path, as a request has it.
pub fn path(random: &mut Random) -> Vec<u8> {
    let mut bytes = random.pick(PATHS).as_bytes().to_vec();
    spoil(&mut bytes, random.pick(PATHS).as_bytes(), random);
    bytes.retain(u8::is_ascii_graphic);
    bytes
}

/// The value of a `Range`.
pub fn range(random: &mut Random) -> Vec<u8> {
    let mut bytes = random.pick(RANGES).as_bytes().to_vec();
    spoil(&mut bytes, random.pick(RANGES).as_bytes(), random);
    bytes
}

/// A few fields with preconditions.
pub fn preconditions(random: &mut Random) -> Vec<u8> {
    let mut fields = Vec::new();
    for _ in 0..1 + random.below(3) {
        let (name, values) = random.pick(&[
            ("If-Match", TAGS),
            ("If-None-Match", TAGS),
            ("If-Range", TAGS),
            ("If-Modified-Since", DATES),
            ("If-Unmodified-Since", DATES),
            ("If-Range", DATES),
        ]);
        let mut value = random.pick(values).as_bytes().to_vec();
        if random.one_in(2) {
            spoil(&mut value, random.pick(values).as_bytes(), random);
        }
        fields.extend([name.as_bytes(), b": ", &value, b"\r\n"].concat());
    }
    fields
}
