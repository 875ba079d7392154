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

/// A time as an IMF-fixdate, to the second (RFC 9110 §5.6.7).
pub fn imf_fixdate(time: SystemTime) -> String {
    let second = seconds(time);
    let (days, second) = (second / DAY, second % DAY);
    let (year, month, day) = date(days);
    // 1 January 1970 was a Thursday.
    let (weekday, month) = (WEEKDAYS[(days % 7) as usize], MONTHS[month]);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    // Each response has dates, and filling in a form takes a quarter of the time
    // that `format!` does.
    let mut form = *b"___, 00 ___ 0000 00:00:00 GMT";
    form[0..3].copy_from_slice(weekday.as_bytes());
    form[8..11].copy_from_slice(month.as_bytes());
    let numbers = [day, year / 100, year % 100, hour, minute, second];
    for (index, number) in [5, 12, 14, 17, 20, 23].into_iter().zip(numbers) {
        form[index] += (number / 10) as u8;
        form[index + 1] += (number % 10) as u8;
    }
    String::from_utf8_lossy(&form).into_owned()
}

/// A time as the Common Log Format writes it: `06/Nov/1994:08:49:37 +0000`.
pub fn common_log(time: SystemTime) -> String {
    let date = imf_fixdate(time);
    let words: Vec<&str> = date.split(' ').collect();
    let [_, day, month, year, time, _] = words[..] else { return date };
    format!("{day}/{month}/{year}:{time} +0000")
}

/// Reads a date in any of the three formats that HTTP has used (RFC 9110
/// §5.6.7), as seconds since 1970 began. A wrong weekday doesn't matter.
pub fn parse(text: &str) -> Option<u64> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    match words[..] {
        // Sun, 06 Nov 1994 08:49:37 GMT
        [_, day, month, year, time, "GMT"] => {
            parse_words(digits(year, 4)?, month, day, time)
        }
        // Sunday, 06-Nov-94 08:49:37 GMT
        [_, date, time, "GMT"] => {
            let (day, date) = date.split_once('-')?;
            let (month, year) = date.split_once('-')?;
            parse_words(full_year(digits(year, 2)?), month, day, time)
        }
        // Sun Nov  6 08:49:37 1994
        [_, month, day, time, year] => {
            parse_words(digits(year, 4)?, month, day, time)
        }
        _ => None,
    }
}

fn parse_words(year: u64, month: &str, day: &str, time: &str) -> Option<u64> {
    let month = MONTHS.iter().position(|name| *name == month)?;
    let day = digits(day, 2).or_else(|| digits(day, 1))?;
    if year < 1970 || day == 0 || day > days_in(year, month) {
        return None;
    }
    let (hour, rest) = time.split_once(':')?;
    let (minute, second) = rest.split_once(':')?;
    let (hour, minute) = (digits(hour, 2)?, digits(minute, 2)?);
    let second = digits(second, 2)?;
    // A minute may have a leap second.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let months: u64 = (0..month).map(|month| days_in(year, month)).sum();
    let days = days_before(year) + months + day - 1;
    Some(days * DAY + hour * 3600 + minute * 60 + second)
}

/// A number of exactly this many digits.
fn digits(text: &str, count: usize) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits && text.len() == count)
}

/// A year of two digits is never more than 50 years ahead.
fn full_year(year: u64) -> u64 {
    let (this_year, ..) = date(seconds(SystemTime::now()) / DAY);
    let latest = this_year + 50;
    latest - (latest - year) % 100
}

/// Whole seconds since 1970 began. A time that HTTP can't express becomes the
/// first or the last one that it can.
pub fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs().min(LAST)
}

/// The year, the month from 0 and the day from 1 of a number of days since 1970
/// began.
fn date(mut days: u64) -> (u64, usize, u64) {
    // The year may be a little later than this, but never earlier.
    let mut year = 1970 + days / 366;
    while days_before(year + 1) <= days {
        year += 1;
    }
    days -= days_before(year);
    let mut month = 0;
    while days >= days_in(year, month) {
        days -= days_in(year, month);
        month += 1;
    }
    (year, month, days + 1)
}

/// The days from the beginning of 1970 to the beginning of a year.
fn days_before(year: u64) -> u64 {
    let leap_days = |year| year / 4 - year / 100 + year / 400;
    365 * (year - 1970) + leap_days(year - 1) - leap_days(1969)
}

fn days_in(year: u64, month: usize) -> u64 {
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
            (1_777_507_200, "Thu, 30 Apr 2026 00:00:00 GMT"),
            (1_780_185_600, "Sun, 31 May 2026 00:00:00 GMT"),
            (1_782_864_000, "Wed, 01 Jul 2026 00:00:00 GMT"),
            (1_785_888_000, "Wed, 05 Aug 2026 00:00:00 GMT"),
            (1_788_912_000, "Wed, 09 Sep 2026 00:00:00 GMT"),
            (1_791_590_400, "Sat, 10 Oct 2026 00:00:00 GMT"),
            (1_797_724_800, "Sun, 20 Dec 2026 00:00:00 GMT"),
            (1_814_313_600, "Wed, 30 Jun 2027 00:00:00 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(imf_fixdate(time), date);
            assert_eq!(parse(date), Some(seconds));
        }
    }

    #[test]
    fn a_log_has_dates_of_its_own() {
        let time = UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(common_log(time), "06/Nov/1994:08:49:37 +0000");
    }

    #[test]
    fn dates_in_old_forms_are_read_too() {
        for date in
            ["Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(parse(date), Some(784_111_777), "{date}");
        }
        let soon = parse("Monday, 01-Jan-35 00:00:00 GMT");
        assert_eq!(soon, parse("Mon, 01 Jan 2035 00:00:00 GMT"));
    }

    #[test]
    fn what_is_not_a_date_is_refused() {
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
    fn a_time_out_of_range_becomes_the_nearest_date() {
        let last = UNIX_EPOCH + Duration::from_secs(LAST);
        for (time, nearest) in [
            (
                UNIX_EPOCH - Duration::from_secs(1),
                "Thu, 01 Jan 1970 00:00:00 GMT",
            ),
            (last + Duration::from_secs(1), "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            assert_eq!(imf_fixdate(time), nearest);
        }
    }

    #[test]
    fn a_year_of_two_digits_is_at_most_50_years_ahead() {
        let (this_year, ..) = date(seconds(SystemTime::now()) / DAY);
        assert_eq!(full_year((this_year + 50) % 100), this_year + 50);
        assert_eq!(full_year((this_year + 51) % 100), this_year - 49);
    }

    #[test]
    fn years_follow_each_other_without_a_gap() {
        let mut days = 0;
        for year in 1970..2401 {
            assert_eq!(days_before(year), days, "{year}");
            assert_eq!(date(days), (year, 0, 1));
            days += (0..12).map(|month| days_in(year, month)).sum::<u64>();
            assert_eq!(date(days - 1), (year, 11, 31));
        }
    }
}
