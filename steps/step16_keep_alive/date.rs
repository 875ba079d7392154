//! Dates as HTTP writes them: `Sun, 06 Nov 1994 08:49:37 GMT`.

use std::time::{SystemTime, UNIX_EPOCH};

const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", //
    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const DAY: u64 = 24 * 60 * 60;
/// The last second of the year 9999.
const LAST: u64 = 253_402_300_799;

/// A time as an IMF-fixdate (RFC 9110 §5.6.7), to the second.
pub fn imf_fixdate(time: SystemTime) -> String {
    let days = seconds(time) / DAY;
    let (year, month, day) = date(days);
    // 1 January 1970 was a Thursday.
    let weekday = WEEKDAYS[(days % 7) as usize];
    let (month, time) = (MONTHS[month], time_of_day(time));
    format!("{weekday}, {day:02} {month} {year} {time} GMT")
}

/// A time as the Common Log Format writes it: `06/Nov/1994:08:49:37 +0000`.
pub fn common_log(time: SystemTime) -> String {
    let (year, month, day) = date(seconds(time) / DAY);
    let (month, time) = (MONTHS[month], time_of_day(time));
    format!("{day:02}/{month}/{year}:{time} +0000")
}

fn time_of_day(time: SystemTime) -> String {
    let second = seconds(time) % DAY;
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{hour:02}:{minute:02}:{:02}", second % 60)
}

/// Whole seconds since 1970 began. A time that no date of HTTP can tell is
/// taken for the first or the last that can be told.
pub fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs().min(LAST)
}

/// Reads a date in any of the three forms that HTTP has had (RFC 9110 §5.6.7),
/// as seconds since 1970 began. The weekday is not held against the date.
pub fn parse(text: &str) -> Option<u64> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    match words[..] {
        // Sun, 06 Nov 1994 08:49:37 GMT
        [_, day, month, year, time, "GMT"] if year.len() == 4 => {
            at(year.parse().ok()?, month, day, time)
        }
        // Sunday, 06-Nov-94 08:49:37 GMT
        [_, date, time, "GMT"] => {
            let (day, date) = date.split_once('-')?;
            let (month, year) = date.split_once('-')?;
            let year = number(year).filter(|_| year.len() == 2)?;
            at(in_full(year), month, day, time)
        }
        // Sun Nov  6 08:49:37 1994
        [_, month, day, time, year] if year.len() == 4 => {
            at(year.parse().ok()?, month, day, time)
        }
        _ => None,
    }
}

/// A year of two digits is never more than 50 years ahead.
fn in_full(year: u64) -> u64 {
    let (this_year, ..) = date(seconds(SystemTime::now()) / DAY);
    let latest = this_year + 50;
    latest - (latest - year) % 100
}

fn at(year: u64, month: &str, day: &str, time: &str) -> Option<u64> {
    let month = MONTHS.iter().position(|it| *it == month)?;
    let day = number(day).filter(|day| *day >= 1)?;
    if !(1970..=9999).contains(&year) || day > days_of(year, month) {
        return None;
    }
    let (hour, rest) = time.split_once(':')?;
    let (minute, second) = rest.split_once(':')?;
    let (hour, minute) = (number(hour)?, number(minute)?);
    // A minute can have a leap second.
    let second = number(second)?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let months: u64 = (0..month).map(|month| days_of(year, month)).sum();
    let days = days_before(year) + months + day - 1;
    Some(days * DAY + hour * 3600 + minute * 60 + second)
}

/// A number of one or two digits.
fn number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits && text.len() <= 2)
}

/// The year, the month from 0 and the day from 1, so many days after 1970 began.
fn date(mut days: u64) -> (u64, usize, u64) {
    // A year may be a little later than this, but never earlier.
    let mut year = 1970 + days / 366;
    while days_before(year + 1) <= days {
        year += 1;
    }
    days -= days_before(year);
    let mut month = 0;
    while days >= days_of(year, month) {
        days -= days_of(year, month);
        month += 1;
    }
    (year, month, days + 1)
}

/// The days from 1970 up to the beginning of a year.
fn days_before(year: u64) -> u64 {
    let leap_days = |year| year / 4 - year / 100 + year / 400;
    365 * (year - 1970) + leap_days(year - 1) - leap_days(1969)
}

fn days_of(year: u64, month: usize) -> u64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        1 if leap => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn seconds_become_dates() {
        for (seconds, date) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (68_169_599, "Mon, 28 Feb 1972 23:59:59 GMT"),
            (68_169_600, "Tue, 29 Feb 1972 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(imf_fixdate(time), date);
            assert_eq!(parse(date), Some(seconds));
        }
        let time = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let logged = "06/Nov/1994:08:49:37 +0000";
        assert_eq!(common_log(time), logged);
    }

    #[test]
    fn dates_of_old_forms_are_read_too() {
        for date in [
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 06 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(parse(date), Some(784_111_777), "{date}");
        }
        let soon = parse("Monday, 01-Jan-35 00:00:00 GMT");
        assert_eq!(soon, parse("Mon, 01 Jan 2035 00:00:00 GMT"));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "yesterday",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:00 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 +8:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1960 08:49:37 GMT",
            "Sunday, 06-Nov-1994 08:49:37 GMT",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_that_no_date_can_tell_is_told_by_the_nearest() {
        let last = UNIX_EPOCH + Duration::from_secs(LAST);
        for (time, nearest) in [
            (UNIX_EPOCH - Duration::from_secs(1), UNIX_EPOCH),
            (last + Duration::from_secs(1), last),
        ] {
            assert_eq!(imf_fixdate(time), imf_fixdate(nearest));
        }
    }
}
