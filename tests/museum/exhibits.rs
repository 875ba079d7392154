//! The exhibits: whose fault it was, when, the report, and the step with the cure.

use crate::support::report::Outcome;
use crate::support::server::Server;
use crate::{crowd, files, framing};

/// A fault that a real server had.
pub struct Exhibit {
    /// Where it stands: the module of its test.
    pub room: &'static str,
    /// The test that looks for it: what a server without the fault does.
    pub name: &'static str,
    pub asks: fn(&Server) -> Outcome,
    pub whose: &'static str,
    pub year: u16,
    /// The report's name and address.
    pub report: &'static str,
    pub link: &'static str,
    /// What came over the wire.
    pub bytes: &'static str,
    pub story: &'static str,
    /// The chapter that teaches the cure.
    pub cure: &'static str,
}

/// Collects the exhibits, and makes a test of each.
macro_rules! museum {
    ($($room:ident::$name:ident: $whose:literal, $year:literal,
    $report:literal ($link:literal), $bytes:expr, $story:literal,
    $cure:literal;)*) => {
        pub const EXHIBITS: &[Exhibit] = &[$(Exhibit {
            room: stringify!($room),
            name: stringify!($name),
            asks: $room::$name,
            whose: $whose,
            year: $year,
            report: $report,
            link: $link,
            bytes: $bytes,
            story: $story,
            cure: $cure,
        }),*];
        mod shows {
            $(#[test]
            fn $name() {
                crate::ask(stringify!($name), super::$room::$name);
            })*
        }
    };
}

museum! {
    framing::chunked_with_a_capital_is_chunked:
        "a web server for small devices, in C", 2022,
        "Mongoose, issue 1540"
        ("https://github.com/cesanta/mongoose/issues/1540"),
        framing::CAPITAL_CHUNKED,
        "The Finder on a Mac writes `Chunked`, but the server knew only \
         `chunked`. So it took the body for the next request, and uploads \
         failed.",
        "step17_bodies";
    framing::length_beside_chunks_ends_the_connection:
        "a web server and proxy, in C++", 2024,
        "OpenLiteSpeed, issue 392"
        ("https://github.com/litespeedtech/openlitespeed/issues/392"),
        framing::BOTH_LENGTHS,
        "The proxy read the chunks and left the length where it was, so the \
         server behind it found the first request empty, and a second one in \
         its body.",
        "step17_bodies";
    framing::two_lengths_are_refused:
        "a web server for Ruby, in C", 2020,
        "Agoo, issue 88"
        ("https://github.com/ohler55/agoo/issues/88"),
        framing::TWO_LENGTHS,
        "Which of two lengths counts? If two servers in a chain choose \
         differently, they disagree about where the next request begins.",
        "step17_bodies";
    framing::length_with_a_sign_is_refused:
        "Rust's best-known HTTP library", 2021,
        "hyper, RUSTSEC-2021-0078"
        ("https://rustsec.org/advisories/RUSTSEC-2021-0078.html"),
        framing::SIGNED_LENGTH,
        "`str::parse` accepts a plus sign. In HTTP, a length has none, and a \
         proxy might ignore such a field.",
        "step17_bodies";
    framing::chunk_size_with_a_prefix_ends_the_connection:
        "a web server for Ruby", 2023,
        "protocol-http1, CVE-2023-38697"
        ("https://github.com/socketry/protocol-http1/security/advisories/GHSA-6jwc-qr2q-7xwj"),
        framing::PREFIXED_CHUNK,
        "Ruby's own conversion of hexadecimal numbers accepts the `0x` that \
         programmers put in front of them. HTTP doesn't.",
        "step17_bodies";
    framing::huge_chunk_size_does_not_overflow:
        "a database's web server, in Java", 2026,
        "QuestDB, pull request 6802"
        ("https://github.com/questdb/questdb/pull/6802"),
        framing::HUGE_CHUNK,
        "In a signed 64-bit number, these sixteen digits are negative. The \
         server's pointer moved backwards, out of its buffer, and the process \
         crashed.",
        "step17_bodies";
    framing::space_before_the_colon_is_refused:
        "Java's best-known network library", 2019,
        "Netty, issue 9571"
        ("https://github.com/netty/netty/issues/9571"),
        framing::SPACE_BEFORE_COLON,
        "A load balancer ignored the field with the space, and Netty removed \
         the space. So the load balancer went by the length, and Netty by the \
         chunks.",
        "step07_requests";
    framing::field_without_a_colon_is_refused:
        "a web server for small devices, in C", 2023,
        "Mongoose, issue 2293"
        ("https://github.com/cesanta/mongoose/issues/2293"),
        framing::NO_COLON,
        "For Mongoose, a field's name ended at the first space or colon, so \
         even this line without a colon set a length.",
        "step07_requests";
    framing::line_feed_within_a_field_is_refused:
        "a web server for Python", 2019,
        "Waitress, GHSA-pg36-wpm5-g57p"
        ("https://github.com/Pylons/waitress/security/advisories/GHSA-pg36-wpm5-g57p"),
        framing::BARE_LINE_FEED,
        "The standard allows a server to take a lone LF for the end of a line. \
         A proxy that doesn't do so sees one field where this server saw two.",
        "step17_bodies";
    framing::control_bytes_before_a_request_are_refused:
        "Java's best-known network library", 2026,
        "Netty, CVE-2026-50020"
        ("https://github.com/netty/netty/security/advisories/GHSA-hvcg-qmg6-jm4c"),
        framing::CONTROL_FIRST,
        "A server may skip empty lines before a request. Netty skipped control \
         bytes, too, so it found a request in what a proxy took for garbage.",
        "step07_requests";
    files::encoded_dots_do_not_lead_out:
        "Node's most used middleware", 2011,
        "Connect, issue 198"
        ("https://github.com/senchalabs/connect/issues/198"),
        files::ENCODED_DOTS,
        "Connect looked for `..` first, and decoded the path afterwards.",
        "step09_files";
    files::half_encoded_dots_do_not_lead_out:
        "one of the most used web servers", 2021,
        "Apache, CVE-2021-41773"
        ("https://httpd.apache.org/security/vulnerabilities_24.html"),
        files::HALF_ENCODED_DOTS,
        "A new function removed `..` while it decoded the path, but overlooked \
         a dot before an encoded dot. The first fix missed dots that were \
         encoded twice.",
        "step09_files";
    files::two_slashes_do_not_lead_out:
        "a small web server in Rust", 2018,
        "simple-server, issue 54"
        ("https://github.com/steveklabnik/simple-server/issues/54"),
        files::TWO_SLASHES,
        "The server removed one slash and joined the rest to its root. In \
         Rust, an absolute path replaces what it's joined to.",
        "step09_files";
    files::encoded_nul_does_not_end_the_server:
        "a file server for Node", 2019,
        "http-server, issue 502"
        ("https://github.com/http-party/http-server/issues/502"),
        files::NUL,
        "A file's name can't contain a NUL, so the call that looked for the \
         file failed. The server didn't catch that error, and three characters \
         ended the process.",
        "step09_files";
    files::path_does_not_redirect_to_another_host:
        "Python's own web server", 2017,
        "http.server, CVE-2021-28861"
        ("https://bugs.python.org/issue32084"),
        files::FOREIGN_PATH,
        "This path names a directory, so the server redirected the browser to \
         the same path with a slash at the end. But an address that begins \
         with two slashes names a host.",
        "step09_files";
    files::range_up_to_the_last_number_does_no_harm:
        "the web server in the Windows kernel", 2015,
        "HTTP.sys, CVE-2015-1635"
        ("https://www.f5.com/company/blog/nginx/nginx-protect-cve-2015-1635"),
        files::FULL_RANGE,
        "The server added one to the last position. For the largest 64-bit \
         number, the sum is 0, and so one line of text stopped the whole \
         machine.",
        "step11_ranges";
    files::thousand_ranges_do_not_multiply_the_file:
        "one of the most used web servers", 2011,
        "Apache, CVE-2011-3192"
        ("https://www.kb.cert.org/vuls/id/405811"),
        files::MANY_RANGES,
        "For each of more than 1,300 ranges, the server copied its \
         description of the file. A few such requests filled the memory.",
        "step11_ranges";
    files::line_of_megabytes_is_refused:
        "a web server library in C++", 2026,
        "cpp-httplib, issue 2530"
        ("https://github.com/yhirose/cpp-httplib/issues/2530"),
        files::LONG_LINE,
        "Older versions of the library read each line to its end, and this \
         line has none. Five clients sent 16 MiB each, and weren't stopped.",
        "step12_limits";
    files::log_contains_no_control_character:
        "Ruby's own web server", 2010,
        "WEBrick, CVE-2009-4492"
        ("https://www.ruby-lang.org/en/news/2010/01/10/webrick-escape-sequence-injection/"),
        files::ESCAPE,
        "The server decoded the path and logged it. When an administrator read \
         the log, the terminal obeyed, and renamed its window to `owned`.",
        "step15_overload";
    crowd::head_that_never_ends_times_out:
        "one of the most used web servers", 2009,
        "Apache, CVE-2007-6750"
        ("https://nvd.nist.gov/vuln/detail/CVE-2007-6750"),
        crowd::SLOWLORIS,
        "Each new field restarted the timeout. A program called Slowloris held \
         all the server's threads from one laptop, with a few bytes each.",
        "step13_deadlines";
    crowd::four_silent_connections_delay_no_other_client:
        "many a student's thread pool", 2023,
        "The Rust Programming Language, issue 3545"
        ("https://github.com/rust-lang/book/issues/3545"),
        crowd::FOUR_SILENT,
        "A browser opens connections before it needs them. In the report, \
         one of those held a worker, even at shutdown. Four hold all four.",
        "step18_nonblocking";
    crowd::aborted_connections_do_not_end_the_server:
        "a small web server in Rust", 2025,
        "tiny-http, issue 283"
        ("https://github.com/tiny-http/tiny-http/issues/283"),
        crowd::ABORTED,
        "`accept` fails for a client that has gone already. The thread that \
         accepts took that for the end of the server, and stopped.",
        "step15_overload";
    crowd::exhausted_descriptors_do_not_end_the_server:
        "a fast web server in Nim", 2019,
        "httpbeast, pull request 27"
        ("https://github.com/dom96/httpbeast/pull/27"),
        crowd::NO_DESCRIPTORS,
        "With many clients at once, the server ran out of descriptors. \
         `accept` failed, and the server stopped for good.",
        "step15_overload";
    crowd::response_survives_the_body_that_comes_later:
        "Rust's best-known HTTP library", 2022,
        "hyper, issue 3078"
        ("https://github.com/hyperium/hyper/issues/3078"),
        crowd::EARLY_RESPONSE,
        "The server said 503 before it had read the body, and closed. The \
         kernel answered the rest of the body with a reset, and the client \
         never saw the 503.",
        "step14_lingering_close";
    crowd::shutdown_does_not_wait_for_an_idle_client:
        "a web server for Haskell", 2021,
        "warp, issue 853"
        ("https://github.com/yesodweb/wai/issues/853"),
        crowd::IDLE_AT_THE_END,
        "A browser kept its connection open, as it may. The shutdown waited \
         for it until the time limit for the whole shutdown ran out.",
        "step18_nonblocking";
}
