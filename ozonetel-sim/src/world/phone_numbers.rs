//! The phone numbers of offline agents.

/// Entries at most.
const KEPT: usize = 100_000;

/// A phone number of an offline agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhoneNumberEntry {
    /// Its name; unique without regard to case.
    pub name: String,
    /// The number.
    pub number: String,
    /// Its skills.
    pub skills: Vec<String>,
}

/// All of them, in the order they were created.
#[derive(Clone, Debug, Default)]
pub struct PhoneNumbers(Vec<PhoneNumberEntry>);

impl PhoneNumbers {
    /// The phone number of a name.
    pub fn get(&self, name: &str) -> Option<&PhoneNumberEntry> {
        self.iter().find(|entry| entry.name.eq_ignore_ascii_case(name))
    }

    /// All phone numbers.
    pub fn iter(&self) -> impl Iterator<Item = &PhoneNumberEntry> {
        self.0.iter()
    }

    /// Creates a phone number. False when name or number is taken.
    pub fn add(&mut self, entry: PhoneNumberEntry) -> bool {
        let taken = self
            .iter()
            .any(|p| p.name.eq_ignore_ascii_case(&entry.name) || p.number == entry.number);
        let room = !taken && self.0.len() < KEPT;
        if room {
            self.0.push(entry);
        }
        room
    }

    /// Takes a phone number out, if name and number are those of one entry.
    pub fn take(&mut self, name: &str, number: &str) -> Option<PhoneNumberEntry> {
        let fits = |p: &PhoneNumberEntry| p.name.eq_ignore_ascii_case(name) && p.number == number;
        let at = self.0.iter().position(fits)?;
        Some(self.0.remove(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_unique() {
        let mut numbers = PhoneNumbers::default();
        let entry = |name: &str, number: &str| PhoneNumberEntry {
            name: name.into(),
            number: number.into(),
            skills: vec![],
        };
        assert!(numbers.add(entry("desk4", "9000000044")));
        assert!(!numbers.add(entry("DESK4", "9000000045")));
        assert!(!numbers.add(entry("desk5", "9000000044")));
        assert_eq!(numbers.take("desk4", "9000000045"), None);
        assert!(numbers.take("Desk4", "9000000044").is_some());
    }
}
