//! The account's registers: phone numbers, blocked numbers, the subscription, and what KooKoo and messaging sent.

use std::collections::BTreeMap;

use super::World;

/// Entries of a register at most.
const KEPT: usize = 100_000;

/// A phone number of an offline agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhoneEntry {
    /// Its name; unique without regard to case.
    pub name: String,
    /// The number.
    pub number: String,
    /// Its skills.
    pub skills: Vec<String>,
}

/// A group of blocked numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockGroup {
    /// Its name.
    pub name: String,
    /// The numbers.
    pub numbers: Vec<String>,
}

/// Where events are pushed to.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Subscription {
    /// Call events.
    pub calls: String,
    /// Agent events.
    pub agents: String,
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription")
            .field("calls", &!self.calls.is_empty())
            .field("agents", &!self.agents.is_empty())
            .finish()
    }
}

/// Everything that is registered.
#[derive(Debug, Default)]
pub(crate) struct Registers {
    phones: Vec<PhoneEntry>,
    groups: BTreeMap<u64, BlockGroup>,
    subscription: Subscription,
    outbound: BTreeMap<u64, (String, i64)>,
    sent: u64,
}

impl World {
    /// The phone number of a name.
    pub fn phone_entry(&self, name: &str) -> Option<&PhoneEntry> {
        self.registers.phones.iter().find(|entry| entry.name.eq_ignore_ascii_case(name))
    }

    /// All phone numbers.
    pub fn phone_entries(&self) -> &[PhoneEntry] {
        &self.registers.phones
    }

    /// Registers a phone number. False when name or number is taken.
    pub fn add_phone(&mut self, entry: PhoneEntry) -> bool {
        let phones = &mut self.registers.phones;
        let taken = phones
            .iter()
            .any(|p| p.name.eq_ignore_ascii_case(&entry.name) || p.number == entry.number);
        if taken || phones.len() >= KEPT {
            return false;
        }
        phones.push(entry);
        true
    }

    /// Takes a phone number out, if name and number are those of one entry.
    pub fn take_phone(&mut self, name: &str, number: &str) -> Option<PhoneEntry> {
        let fits = |p: &PhoneEntry| p.name.eq_ignore_ascii_case(name) && p.number == number;
        let at = self.registers.phones.iter().position(fits)?;
        Some(self.registers.phones.remove(at))
    }

    /// Creates a group of blocked numbers; its id.
    pub fn add_group(&mut self, name: &str, numbers: Vec<String>) -> u64 {
        let id = self.registers.groups.keys().last().map_or(20, |last| last + 1);
        self.registers.groups.insert(id, BlockGroup { name: name.to_owned(), numbers });
        if self.registers.groups.len() > KEPT {
            self.registers.groups.pop_first();
        }
        id
    }

    /// The group of an id.
    pub fn group_mut(&mut self, id: u64) -> Option<&mut BlockGroup> {
        self.registers.groups.get_mut(&id)
    }

    /// Whether a number is in any group.
    pub fn is_blocked(&self, number: &str) -> bool {
        self.registers.groups.values().any(|group| group.numbers.iter().any(|n| n == number))
    }

    /// Takes a number out of every group. False when it was in none.
    pub fn unblock(&mut self, number: &str) -> bool {
        let mut found = false;
        for group in self.registers.groups.values_mut() {
            let before = group.numbers.len();
            group.numbers.retain(|n| n != number);
            found |= group.numbers.len() < before;
        }
        found
    }

    /// Where events are pushed to.
    pub fn subscription(&self) -> &Subscription {
        &self.registers.subscription
    }

    /// Where events are pushed to, to be changed.
    pub fn subscription_mut(&mut self) -> &mut Subscription {
        &mut self.registers.subscription
    }

    /// Takes an outbound call of KooKoo's; its id.
    pub fn queue_outbound(&mut self, number: &str) -> u64 {
        let now = self.now.second();
        let taken =
            |id: &u64| self.registers.outbound.contains_key(id) || self.known.contains_key(id);
        let first = u64::try_from(now).unwrap_or(0) * 1000;
        let id = (first..=u64::MAX).find(|id| !taken(id)).unwrap_or(first);
        self.registers.outbound.insert(id, (number.to_owned(), now));
        if self.registers.outbound.len() > KEPT {
            self.registers.outbound.pop_first();
        }
        id
    }

    /// Number and second of an outbound call of KooKoo's.
    pub fn outbound(&self, id: u64) -> Option<(&str, i64)> {
        self.registers.outbound.get(&id).map(|(number, at)| (number.as_str(), *at))
    }

    /// Counts a message that was sent; its number.
    pub fn message_sent(&mut self) -> u64 {
        self.registers.sent += 1;
        self.registers.sent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{Moment, Setup};

    #[test]
    fn registers_keep_what_they_are_told() {
        let mut world = World::new(Setup::default(), Moment::from_unix_s(1_790_000_000));
        let entry = |name: &str, number: &str| PhoneEntry {
            name: name.into(),
            number: number.into(),
            skills: vec![],
        };
        assert!(world.add_phone(entry("desk4", "9000000044")));
        assert!(!world.add_phone(entry("DESK4", "9000000045")));
        assert!(!world.add_phone(entry("desk5", "9000000044")));
        assert_eq!(world.take_phone("desk4", "9000000045"), None);
        assert!(world.take_phone("Desk4", "9000000044").is_some());
        let id = world.add_group("x", vec!["9000000001".into()]);
        assert!(world.is_blocked("9000000001") && world.group_mut(id + 1).is_none());
        assert!(world.unblock("9000000001") && !world.unblock("9000000001"));
        let first = world.queue_outbound("1");
        assert_eq!(world.queue_outbound("2"), first + 1);
        assert_eq!(world.outbound(first + 1), Some(("2", 1_790_000_000)));
    }
}
