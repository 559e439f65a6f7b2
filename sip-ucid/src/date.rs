//! Date: `Sat, 13 Nov 2010 23:29:00 GMT`, the one form that SIP allows.

use crate::digits::decimal;
use crate::error::{Error, ErrorKind};

const DAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// A date and time of the Date header, to the second.
///
/// ```
/// use sip_ucid::Date;
///
/// let date = Date::parse(b"Sat, 13 Nov 2010 23:29:00 GMT").unwrap();
/// assert_eq!((date.year(), date.month(), date.day()), (2010, 11, 13));
/// assert_eq!((date.hour(), date.minute(), date.second()), (23, 29, 0));
/// assert_eq!(date.unix_seconds(), 1_289_690_940);
/// assert!(Date::parse(b"Fri, 01 Jan 2010 16:00:00 EST").is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
}

impl Date {
    /// Parses a value; the day of the week need not fit the date.
    ///
    /// # Errors
    /// [`ErrorKind::Date`] for any other form, and for any zone but GMT.
    ///
    /// ```
    /// use sip_ucid::{Date, ErrorKind};
    /// assert_eq!(Date::parse(b"Thu, 29 Feb 2024 00:00:00 GMT").unwrap().day(), 29);
    /// let error = Date::parse(b"Wed, 29 Feb 2023 00:00:00 GMT").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Date);
    /// ```
    pub fn parse(value: &[u8]) -> Result<Self, Error> {
        Self::read(value).ok_or(Error::new(ErrorKind::Date, 0))
    }

    fn read(value: &[u8]) -> Option<Self> {
        let (weekday, rest) = value.split_at_checked(3)?;
        let (day, rest) = rest.strip_prefix(b", ")?.split_at_checked(2)?;
        let (month, rest) = rest.strip_prefix(b" ")?.split_at_checked(3)?;
        let (year, rest) = rest.strip_prefix(b" ")?.split_at_checked(4)?;
        let (hour, rest) = rest.strip_prefix(b" ")?.split_at_checked(2)?;
        let (minute, rest) = rest.strip_prefix(b":")?.split_at_checked(2)?;
        let (second, zone) = rest.strip_prefix(b":")?.split_at_checked(2)?;
        let known = DAYS.iter().any(|name| name.eq_ignore_ascii_case(weekday));
        let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))? + 1;
        let date = Self {
            year: decimal(year)?,
            month: u8::try_from(month).ok()?,
            day: decimal(day)?,
            hour: decimal(hour)?,
            minute: decimal(minute)?,
            second: decimal(second)?,
        };
        let sound = (1..=date.days_in_month()).contains(&date.day)
            && date.hour < 24
            && date.minute < 60
            && date.second <= 60;
        (known && sound && zone.eq_ignore_ascii_case(b" GMT")).then_some(date)
    }

    const fn days_in_month(&self) -> u8 {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        match self.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// The year.
    ///
    /// ```
    /// let date = sip_ucid::Date::parse(b"Sat, 13 Nov 2010 23:29:00 GMT").unwrap();
    /// assert_eq!(date.year(), 2010);
    /// ```
    pub const fn year(&self) -> u16 {
        self.year
    }

    /// The month, from 1.
    ///
    /// ```
    /// let date = sip_ucid::Date::parse(b"Sat, 13 Nov 2010 23:29:00 GMT").unwrap();
    /// assert_eq!(date.month(), 11);
    /// ```
    pub const fn month(&self) -> u8 {
        self.month
    }

    /// The day of the month, from 1.
    ///
    /// ```
    /// let date = sip_ucid::Date::parse(b"Sat, 13 Nov 2010 23:29:00 GMT").unwrap();
    /// assert_eq!(date.day(), 13);
    /// ```
    pub const fn day(&self) -> u8 {
        self.day
    }

    /// The hour.
    ///
    /// ```
    /// let date = sip_ucid::Date::parse(b"Sat, 13 Nov 2010 23:29:00 GMT").unwrap();
    /// assert_eq!(date.hour(), 23);
    /// ```
    pub const fn hour(&self) -> u8 {
        self.hour
    }

    /// The minute.
    ///
    /// ```
    /// let date = sip_ucid::Date::parse(b"Sat, 13 Nov 2010 23:29:00 GMT").unwrap();
    /// assert_eq!(date.minute(), 29);
    /// ```
    pub const fn minute(&self) -> u8 {
        self.minute
    }

    /// The second; 60 in a leap second.
    ///
    /// ```
    /// let date = sip_ucid::Date::parse(b"Sat, 31 Dec 2016 23:59:60 GMT").unwrap();
    /// assert_eq!(date.second(), 60);
    /// ```
    pub const fn second(&self) -> u8 {
        self.second
    }

    /// Seconds since 1970.
    ///
    /// ```
    /// let date = sip_ucid::Date::parse(b"Fri, 02 Jan 1970 00:00:01 GMT").unwrap();
    /// assert_eq!(date.unix_seconds(), 86_401);
    /// ```
    pub fn unix_seconds(&self) -> i64 {
        // Days since 1 March of year 0: months counted from March make the leap day the last.
        let (month, year) = (i64::from(self.month), i64::from(self.year));
        let (month, year) = if month > 2 { (month - 3, year) } else { (month + 9, year - 1) };
        let days = 365 * year + year.div_euclid(4) - year.div_euclid(100)
            + year.div_euclid(400)
            + (153 * month + 2) / 5
            + i64::from(self.day)
            - 1;
        let seconds = 3600 * i64::from(self.hour) + 60 * i64::from(self.minute);
        (days - 719_468) * 86_400 + seconds + i64::from(self.second)
    }
}
