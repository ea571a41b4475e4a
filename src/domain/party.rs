//! Whom a call was with and on which day, in 32 bits: enough to tell an id that was used again for
//! another call from a record that changed.

/// The customer and the day of a call.
///
/// The ledger keeps it, and must hold no people: of the customer there are 16 bits on purpose, which
/// thousands of phone numbers share.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Party(u32);

impl Party {
    /// Of a call's `customer` and `dateTime`; nothing is known of a time that does not begin with a date.
    pub fn of(customer: &str, time: &str) -> Party {
        day(time).map_or_else(Party::default, |day| {
            Party(u32::from(customer_bits(customer)) << 16 | u32::from(day))
        })
    }

    /// From [`Party::bits`].
    pub const fn from_bits(bits: u32) -> Party {
        Party(bits)
    }

    /// As a number: the customer above the day. 0 if nothing is known.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether anything is known.
    pub const fn is_known(self) -> bool {
        self.0 != 0
    }

    /// Whether the customer and the day are known to be others now.
    pub const fn changes(self, now: Party) -> (bool, bool) {
        let is_known = self.is_known() && now.is_known();
        let changed = self.0 ^ now.0;
        (
            is_known && changed >> 16 != 0,
            is_known && changed & 0xFFFF != 0,
        )
    }

    /// Whether two records of one id are two calls: with other customers, more than a day apart. A
    /// zone that was put right moves a call by a day at most, and a number that was put right leaves
    /// its day.
    pub const fn is_of_another_call(self, other: Party) -> bool {
        let days = (self.0 & 0xFFFF).abs_diff(other.0 & 0xFFFF);
        self.is_known() && other.is_known() && self.0 >> 16 != other.0 >> 16 && days > 1
    }
}

/// 16 bits of a hash of the digits, however they are set apart; of the whole text where it has letters.
fn customer_bits(customer: &str) -> u16 {
    let has_letters = customer.chars().any(char::is_alphabetic);
    let hash = if has_letters {
        xxhash_rust::xxh3::xxh3_64(customer.as_bytes())
    } else {
        let digits = customer.bytes().filter(u8::is_ascii_digit);
        let number = digits.fold(0_u64, |number, digit| {
            number
                .wrapping_mul(10)
                .wrapping_add(u64::from(digit - b'0'))
        });
        // The highest bits of a product with an odd number depend on all bits of the other.
        number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    };
    let [high, low, ..] = hash.to_be_bytes();
    u16::from_be_bytes([high, low])
}

/// Days from 1970-01-01, of a time that begins with a date after that (`2024-03-15T…`).
fn day(time: &str) -> Option<u16> {
    let number = |from, to| time.get(from..to)?.parse::<u32>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    // Years that begin in March have their odd day at the end.
    let (year, month) = match month {
        1 | 2 => (year.checked_sub(1)?, month + 9),
        3..=12 => (year, month - 3),
        _ => return None,
    };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    let days = u16::try_from(days.checked_sub(719_469)?).ok()?;
    (days != 0).then_some(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_customer_on_another_day_is_another_call() {
        let sent = Party::of("+4512345602", "2024-02-28T09:00:00Z");
        let is_other = |customer, time| sent.is_of_another_call(Party::of(customer, time));
        assert!(is_other("+4512345699", "2024-06-01T09:00:00Z"));
        assert!(is_other("+4512345699", "2023-02-28T09:00:00Z"));
        assert!(is_other("ida@example.com", "2024-03-01T09:00:00Z"));
        // A number that was put right, a time that was, and a zone that was.
        assert!(!is_other("+4512345699", "2024-02-28T17:00:00Z"));
        assert!(!is_other("+4512345602", "2024-06-01T09:00:00Z"));
        assert!(!is_other("+4512345699", "2024-02-29T00:30:00+02:00"));
        assert!(!is_other("+45 12 34 56 02", "2024-06-01T09:00:00Z"));
    }

    #[test]
    fn a_change_is_told_apart_by_customer_and_day() {
        let sent = Party::of("+4512345602", "2024-02-28T09:00:00Z");
        let changes = |customer, time| sent.changes(Party::of(customer, time));
        assert_eq!(changes("+4512345699", "2024-02-28"), (true, false));
        assert_eq!(changes("+4512345602", "2024-02-29"), (false, true));
        assert_eq!(changes("+4512345602", "2024-02-28"), (false, false));
        assert_eq!(sent.changes(Party::default()), (false, false));
    }

    #[test]
    fn what_is_not_known_is_no_other_call() {
        let sent = Party::of("+4512345602", "2024-02-28T09:00:00Z");
        for unknown in [
            Party::default(),
            Party::of("+4512345699", "soon"),
            Party::of("+4512345699", "2024-13-01"),
            Party::of("+4512345699", ""),
        ] {
            assert!(!unknown.is_known());
            assert!(!sent.is_of_another_call(unknown) && !unknown.is_of_another_call(sent));
        }
    }

    #[test]
    fn days_are_counted_as_the_calendar_does() {
        let mut date = jiff::civil::date(1970, 1, 2);
        for days in 1..=u16::MAX {
            assert_eq!(day(&date.to_string()), Some(days), "{date}");
            date = date.tomorrow().unwrap();
        }
        assert_eq!((day(&date.to_string()), day("1970-01-01")), (None, None));
    }

    #[test]
    fn the_bits_are_kept() {
        let party = Party::of("+4512345602", "2024-02-28");
        assert_eq!(Party::from_bits(party.bits()), party);
        // Ledgers hold them.
        assert_eq!(party.bits() & 0xFFFF, 19_781);
    }
}
