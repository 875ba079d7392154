//! A client that asks for a part of a file gets that part.

use std::fs;
#[cfg(target_os = "linux")]
use std::os::unix::fs::FileExt;
use std::time::Duration;

use super::differs;
use super::directory::soon;
#[cfg(target_os = "linux")]
use super::directory::{Directory, Large};
use super::partial::{LARGE, Site, TEN, curl, is_part, is_whole, with_fields};
use crate::support::client::get;
use crate::support::report::{Deviation, Outcome, Symptom, difference};
use crate::support::response::Response;
use crate::support::server::Server;
use crate::support::{DEADLINE, by_hand};

pub fn single_range_is_206(server: &Server) -> Outcome {
    let large = &*LARGE;
    let site = Site::new(server)?;
    for (value, part) in [
        ("bytes=0-0", 0..1),
        ("bytes=2-4", 2..5),
        ("bytes=9-9", 9..10),
        ("bytes=0-9", 0..10),
        ("bytes=7-", 7..10),
        ("bytes=0-", 0..10),
        ("bytes=-3", 7..10),
        // A range that ends beyond the file is cut off.
        ("bytes=7-10", 7..10),
        ("bytes=7-1990", 7..10),
        ("bytes=-11", 0..10),
        // These numbers don't fit into 64 bits, or only just.
        ("bytes=7-18446744073709551615", 7..10),
        ("bytes=7-18446744073709551616", 7..10),
        ("bytes=7-99999999999999999999999999", 7..10),
        ("bytes=-18446744073709551616", 0..10),
        // A list with one range, and a unit in capitals.
        ("bytes=,2-4", 2..5),
        ("bytes=2-4 ,", 2..5),
        ("BYTES=2-4", 2..5),
    ] {
        let fields = [&*format!("Range: {value}")];
        is_part(&site.get("/ten", &fields)?, &fields, part, TEN)?;
    }
    let fields = ["Range: bytes=0-0"];
    is_part(&site.get("/one", &fields)?, &fields, 0..1, "0")?;
    let length = large.len();
    for (value, part) in [
        ("bytes=299000-", 299_000..length),
        ("bytes=-5", length - 5..length),
        ("bytes=3-200000", 3..200_001),
    ] {
        let fields = [&*format!("Range: {value}")];
        is_part(&site.get("/large.txt", &fields)?, &fields, part, large)?;
    }
    // Apart from the range, the head is the one of the whole file.
    let whole = site.get("/large.txt", &[])?;
    let part = site.get("/large.txt", &["Range: bytes=0-0"])?;
    for name in ["content-type", "etag", "last-modified", "cache-control"] {
        if part.field(name).is_none() || part.field(name) != whole.field(name) {
            return part.differs(&format!("the same {name} as in the 200"));
        }
    }
    Ok(())
}

pub fn range_beyond_the_end_is_416(server: &Server) -> Outcome {
    let site = Site::new(server)?;
    for value in [
        "bytes=10-",
        "bytes=10-20",
        "bytes=100000-",
        "bytes=-0",
        "bytes=18446744073709551615-",
        "bytes=18446744073709551616-18446744073709551617",
    ] {
        let field = format!("Range: {value}");
        let response = site.get("/ten", &[&field])?;
        let found = response.field("content-range").unwrap_or_default();
        if response.status != 416 || found != "bytes */10" {
            let expected =
                format!("416 and Content-Range: bytes */10 for {field}");
            return response.differs(&expected);
        }
    }
    site.server.is_well()
}

pub fn unusable_range_is_ignored(server: &Server) -> Outcome {
    let site = Site::new(server)?;
    site.sends_ranges()?;
    for value in [
        // Several ranges, in one list or in two fields.
        "bytes=0-0,9-9",
        "bytes=0-0, -1",
        "bytes=0-0\r\nRange: bytes=9-9",
        // Another unit.
        "lines=2-4",
        "byte=2-4",
        "2-4",
        // What isn't a range of bytes.
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=2",
        "bytes=4-2",
        "bytes=alpha",
        "bytes=2-alpha",
        "bytes=alpha-4",
        "bytes=+2-4",
        "bytes=2-+4",
        "bytes=-+3",
        "bytes=--3",
        "bytes=2-4-6",
        "bytes=2 - 4",
        "bytes=2-4 6-",
        "bytes=0x2-4",
        "bytes 2-4",
    ] {
        let fields: Vec<String> =
            format!("Range: {value}").split("\r\n").map(String::from).collect();
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        is_whole(&site.get("/ten", &fields)?, &fields, TEN)?;
    }
    // An empty file has no parts, only its whole. Its last byte would even be
    // satisfiable, but no Content-Range can say so (RFC 9110 §14.1.2, §14.4).
    for value in ["bytes=-1", "bytes=0-", "bytes=0-65535", "bytes=5-"] {
        let fields = [&*format!("Range: {value}")];
        is_whole(&site.get("/empty", &fields)?, &fields, "")?;
    }
    site.server.is_well()
}

pub fn range_of_a_head_request_is_ignored(server: &Server) -> Outcome {
    let site = Site::new(server)?;
    site.sends_ranges()?;
    let whole = site.get("/ten", &[])?;
    for value in ["bytes=2-4", "bytes=10-"] {
        let field = format!("Range: {value}");
        let by_hand = curl("/ten", &[&field]).replace("-gi", "-gI");
        site.directory.by_hand(&site.server, &by_hand);
        let request = with_fields("HEAD", "/ten", &[&field]);
        let mut client = site.server.send(request)?;
        let head = client.head(DEADLINE)?;
        let without_date = |response: &Response| {
            let fields = response.fields.iter();
            let fields = fields.filter(|(name, _)| name != "date").cloned();
            fields.collect::<Vec<_>>()
        };
        let same = without_date(&head) == without_date(&whole);
        if head.status != 200 || !same {
            return head.differs("the head of the 200 that a GET gets");
        }
        client.is_closed(DEADLINE)?;
    }
    Ok(())
}

pub fn every_file_accepts_ranges(server: &Server) -> Outcome {
    let site = Site::new(server)?;
    for path in ["/ten", "/large.txt", "/empty"] {
        for fields in [&[][..], &["Range: bytes=0-0"]] {
            let response = site.get(path, fields)?;
            let is_file = [200, 206].contains(&response.status);
            let accepts = response.field("accept-ranges") == Some("bytes");
            if is_file && !accepts {
                return response.differs("Accept-Ranges: bytes with a file");
            }
        }
    }
    Ok(())
}

pub fn if_range_sends_a_part_only_of_the_same_version(
    server: &Server,
) -> Outcome {
    let site = Site::new(server)?;
    site.sends_ranges()?;
    let tag = site.field_of("/ten", "etag")?;
    let date = site.field_of("/ten", "last-modified")?;
    for (value, is_current) in [
        (tag.clone(), true),
        (date.clone(), true),
        (format!("W/{tag}"), false),
        ("\"another\"".to_string(), false),
        (tag.replace('"', ""), false),
        (format!("{tag}, \"another\""), false),
        ("*".to_string(), false),
        ("Sun, 06 Nov 1994 08:49:37 GMT".to_string(), false),
        // A later date isn't the same one.
        ("Fri, 31 Dec 9999 23:59:59 GMT".to_string(), false),
        (date.replace("GMT", "UTC"), false),
        ("yesterday".to_string(), false),
        (String::new(), false),
    ] {
        let field = format!("If-Range: {value}");
        let fields = [&*field, "Range: bytes=2-4"];
        let response = site.get("/ten", &fields)?;
        match is_current {
            true => is_part(&response, &fields, 2..5, TEN)?,
            false => is_whole(&response, &fields, TEN)?,
        }
        // Of another version, everything is sent.
        let fields = [&*field, "Range: bytes=10-"];
        let response = site.get("/ten", &fields)?;
        match is_current {
            true => response.has_status(416)?,
            false => is_whole(&response, &fields, TEN)?,
        }
    }
    // A tag may contain bytes beyond ASCII.
    let mut request =
        with_fields("GET", "/ten", &["If-Range: \"?\"", "Range: bytes=2-4"])
            .into_bytes();
    for byte in request.iter_mut().filter(|byte| **byte == b'?') {
        *byte = 0xff;
    }
    site.directory.by_hand(&site.server, &by_hand::raw(&request));
    let response = site.server.send(request)?.response(DEADLINE)?;
    is_whole(&response, &["If-Range: \"\\xff\""], TEN)
}

pub fn weak_tag_never_matches_if_range(server: &Server) -> Outcome {
    let site = Site::new(server)?;
    site.sends_ranges()?;
    // A file from the future, 2100, is young for as long as the test runs.
    site.directory.set_modified("ten", Duration::from_secs(4_102_444_800));
    let mut tag = String::new();
    soon(&site.server, || {
        tag = site.field_of("/ten", "etag")?;
        match tag.starts_with("W/") {
            true => Ok(()),
            false => differs("a weak ETag for a young file", &tag),
        }
    })?;
    let strong = tag.trim_start_matches("W/");
    for value in [&*tag, strong, "Fri, 01 Jan 2100 00:00:00 GMT"] {
        let field = format!("If-Range: {value}");
        let fields = [&*field, "Range: bytes=2-4"];
        is_whole(&site.get("/ten", &fields)?, &fields, TEN)?;
    }
    site.sends_ranges()
}

pub fn preconditions_come_before_ranges(server: &Server) -> Outcome {
    let site = Site::new(server)?;
    site.sends_ranges()?;
    let tag = site.field_of("/ten", "etag")?;
    let date = site.field_of("/ten", "last-modified")?;
    for (field, status) in [
        (format!("If-None-Match: {tag}"), 304),
        ("If-None-Match: \"another\"".to_string(), 206),
        (format!("If-Modified-Since: {date}"), 304),
        ("If-Match: \"another\"".to_string(), 412),
        (format!("If-Match: {tag}"), 206),
        ("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT".into(), 412),
        (format!("If-Match: {tag}\r\nIf-Range: \"another\""), 200),
        (format!("If-None-Match: {tag}\r\nIf-Range: {tag}"), 304),
    ] {
        for (range, beyond) in [("bytes=2-4", 206), ("bytes=10-", 416)] {
            let status = if status == 206 { beyond } else { status };
            let range = format!("Range: {range}");
            let mut fields: Vec<&str> = field.split("\r\n").collect();
            fields.push(&range);
            let request = with_fields("GET", "/ten", &fields);
            site.directory.by_hand(&site.server, &curl("/ten", &fields));
            let head = site.server.send(request)?.head(DEADLINE)?;
            if head.status != status {
                let fields = fields.join(", ");
                return head.differs(&format!("{status} for {fields}"));
            }
        }
    }
    Ok(())
}

pub fn interrupted_download_continues(server: &Server) -> Outcome {
    const PART: usize = 100_000;
    let site = Site::new(server)?;
    let by_hand = format!(
        "curl -s http://ADDRESS/large.txt | head -c {PART} > \"$d/part\"\n\
         curl -C - -o \"$d/part\" http://ADDRESS/large.txt\n\
         cmp \"$d/part\" \"$d/site/large.txt\" && echo complete"
    );
    let large = &*LARGE;
    let take_part = || {
        let mut client = site.server.send(get("/large.txt"))?;
        let head = client.head(DEADLINE)?;
        let tag = head.field("etag").unwrap_or_default().to_string();
        Ok((tag, client.part_of_body(PART)?))
    };
    let (tag, mut part) = take_part()?;
    let if_range = format!("If-Range: {tag}");
    let fields = [&*if_range, &format!("Range: bytes={PART}-")];
    let response = site.get("/large.txt", &fields)?;
    site.directory.by_hand(&site.server, &by_hand);
    is_part(&response, &fields, PART..large.len(), large)?;
    part.extend(&response.body);
    if part != large.as_bytes() {
        let saw = difference(large.as_bytes(), &part);
        let expected = "two parts that together are the whole file";
        return Err(Deviation::new(Symptom::Differs, expected, &saw));
    }
    // The rest of another version would only spoil what the client has.
    take_part()?;
    let changed = large.replace('0', "o");
    fs::write(site.directory.site().join("large.txt"), &changed).unwrap();
    let second_later = Duration::from_secs(946_684_801);
    site.directory.set_modified("large.txt", second_later);
    is_whole(&site.get("/large.txt", &fields)?, &fields, &changed)
}

#[cfg(target_os = "linux")]
pub fn range_beyond_4_gib_is_sent_in_constant_memory(
    server: &Server,
) -> Outcome {
    const LENGTH: u64 = 5 << 30;
    const MARK: &str = "before 4 GiB, and after";
    const START: u64 = (4 << 30) - 12;
    let directory =
        Directory::new(&[]).and("truncate -s 5G \"$d/site/sparse\"\n");
    let sparse = fs::File::create(directory.site().join("sparse")).unwrap();
    sparse.set_len(LENGTH).unwrap();
    sparse.write_all_at(MARK.as_bytes(), START).unwrap();
    sparse.write_all_at(b"the end", LENGTH - 7).unwrap();
    let server = directory.served_by(server)?;
    let ask = |range: &str| {
        let field = format!("Range: bytes={range}");
        let curl =
            curl("/sparse", &[&field]).replace("-gi", "-gi -o /dev/null -D -");
        directory.by_hand(&server, &curl);
        server.send(with_fields("GET", "/sparse", &[&field]))
    };
    let last = START + MARK.len() as u64 - 1;
    for (range, text) in [
        (format!("{START}-{last}"), MARK),
        (format!("{}-", LENGTH - 7), "the end"),
        ("-7".to_string(), "the end"),
    ] {
        let mut client = ask(&range)?;
        client.head(DEADLINE)?.has_status(206)?;
        let part = client.part_of_body(text.len())?;
        if part != text.as_bytes() {
            let saw = difference(text.as_bytes(), &part);
            return differs(&format!("{text:?} for bytes={range}"), &saw);
        }
        client.is_closed(DEADLINE)?;
    }
    ask(&format!("{LENGTH}-"))?.head(DEADLINE)?.has_status(416)?;
    let before = server.peak_memory()?;
    let (first, count) = (4_u64 << 30, Large::LENGTH);
    let mut client = ask(&format!("{first}-{}", first + count - 1))?;
    client.head(DEADLINE)?.has_status(206)?;
    let drained = client.drain();
    if drained != count {
        let expected = format!("{count} bytes, and no more");
        return differs(&expected, &format!("{drained}"));
    }
    let more = server.peak_memory()?.saturating_sub(before);
    if more > 4 * 1024 {
        let saw = format!("{more} KiB");
        return differs("less than 4 MiB of memory for a large range", &saw);
    }
    Ok(())
}
