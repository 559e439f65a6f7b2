//! Which pushes are worked at the same time, and which one after another.

use std::collections::HashMap;

use ozonetel_sdk::push::PushReader;

use crate::core::dial::number_key;
use crate::flow::push_address::PushKind;
use crate::store::StoredPush;

/// Pushes in turns: those of one turn are worked in the order in which they came, the turns at the same time.
///
/// An event is of its own time, in whatever order it comes. A call that was answered closes what its customer missed
/// before: callbacks of one customer are one turn. If one does not say of which customer it is, all that are no events are
/// one turn.
pub(super) fn turns(pushes: Vec<StoredPush>) -> Vec<Vec<StoredPush>> {
    let is_event = |push: &StoredPush| push.source == PushKind::Events.as_str();
    let (events, others): (Vec<_>, Vec<_>) = pushes.into_iter().partition(is_event);
    let events = events.into_iter().map(|event| vec![event]);
    let customers: Option<Vec<_>> = others.iter().map(customers).collect();
    let others = match customers {
        Some(customers) => of_customers(others.into_iter().zip(customers)),
        None => vec![others],
    };
    events.chain(others).collect()
}

/// The customers that a callback speaks of; `None` if it does not say.
fn customers(push: &StoredPush) -> Option<Vec<String>> {
    if push.source != PushKind::Calls.as_str() {
        return None;
    }
    let parsed = PushReader::new().callbacks(None, push.body.as_bytes()).ok()?;
    parsed.items.iter().map(|callback| callback.caller_id.as_ref().map(number_key)).collect()
}

/// A turn for each customer; one that speaks of several joins their turns.
fn of_customers(pushes: impl Iterator<Item = (StoredPush, Vec<String>)>) -> Vec<Vec<StoredPush>> {
    let mut turns: HashMap<usize, Vec<StoredPush>> = HashMap::new();
    let mut turn_of: HashMap<String, usize> = HashMap::new();
    for (at, (push, customers)) in pushes.enumerate() {
        let mut turn = vec![push];
        for known in customers.iter().filter_map(|customer| turn_of.get(customer)) {
            turn.extend(turns.remove(known).unwrap_or_default());
        }
        let joined: Vec<usize> =
            customers.iter().filter_map(|customer| turn_of.get(customer).copied()).collect();
        for known in turn_of.values_mut().filter(|known| joined.contains(known)) {
            *known = at;
        }
        turn_of.extend(customers.into_iter().map(|customer| (customer, at)));
        turns.insert(at, turn);
    }
    let mut turns: Vec<_> = turns.into_values().collect();
    for turn in &mut turns {
        turn.sort_by_key(|push| push.id);
    }
    turns.sort_by_key(|turn| turn.first().map(|push| push.id));
    turns
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn push(id: i64, kind: PushKind, body: String) -> StoredPush {
        StoredPush { id, source: kind.as_str().to_owned(), body, at: 0, attempt: 1 }
    }

    fn callback(id: i64, numbers: &[&str]) -> StoredPush {
        let items: Vec<_> = numbers
            .iter()
            .map(|number| json!({"monitorUCID": "90000000000000001", "CallerID": number}))
            .collect();
        push(id, PushKind::Calls, json!(items).to_string())
    }

    fn ids(pushes: Vec<StoredPush>) -> Vec<Vec<i64>> {
        turns(pushes).iter().map(|turn| turn.iter().map(|push| push.id).collect()).collect()
    }

    #[test]
    fn callbacks_of_one_customer_are_one_turn_however_the_number_is_written() {
        let event = |id| push(id, PushKind::Events, "{}".to_owned());
        let pushes = vec![
            callback(1, &["9000000001"]),
            callback(2, &["9000000002"]),
            event(3),
            callback(4, &["+91 90000 00001"]),
            callback(5, &["919000000002"]),
            event(6),
            callback(7, &["9000000003"]),
        ];
        assert_eq!(ids(pushes), [vec![3], vec![6], vec![1, 4], vec![2, 5], vec![7]]);
    }

    #[test]
    fn one_of_several_customers_joins_their_turns() {
        let one = |id, number| callback(id, &[number]);
        let pushes = vec![
            one(1, "9000000001"),
            one(2, "9000000002"),
            one(3, "9000000003"),
            callback(4, &["9000000002", "9000000001"]),
            one(5, "9000000002"),
            one(6, "9000000001"),
            one(7, "9000000003"),
        ];
        assert_eq!(ids(pushes), [vec![1, 2, 4, 5, 6], vec![3, 7]]);
    }

    #[test]
    fn one_of_no_known_customer_leaves_all_in_one_turn() {
        let nameless =
            push(2, PushKind::Calls, r#"{"monitorUCID":"90000000000000002"}"#.to_owned());
        for odd in [
            nameless,
            push(2, PushKind::Calls, "{".to_owned()),
            push(2, PushKind::Kookoo, "{}".to_owned()),
        ] {
            let pushes = vec![callback(1, &["9000000001"]), odd, callback(3, &["9000000003"])];
            assert_eq!(ids(pushes), [vec![1, 2, 3]]);
        }
        assert_eq!(ids(Vec::new()), Vec::<Vec<i64>>::new());
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_a_customers_order_is_kept(
            all in prop::collection::vec(prop::collection::vec(0_u8..6, 1..3), 0..20),
        ) {
            let number = |n: &u8| format!("900000000{n}");
            let pushes = all.iter().zip(1..).map(|(numbers, id)| {
                let numbers: Vec<_> = numbers.iter().map(number).collect();
                callback(id, &numbers.iter().map(String::as_str).collect::<Vec<_>>())
            });
            let turns = ids(pushes.collect());
            let mut found: Vec<_> = turns.concat();
            found.sort_unstable();
            prop_assert_eq!(found, (1..=i64::try_from(all.len()).unwrap()).collect::<Vec<_>>());
            for customer in 0..6 {
                let of: Vec<i64> =
                    all.iter().zip(1..).filter(|(numbers, _)| numbers.contains(&customer)).map(|(_, id)| id).collect();
                let holding: Vec<_> =
                    turns.iter().filter(|turn| of.iter().any(|id| turn.contains(id))).collect();
                prop_assert!(holding.len() <= 1);
                for turn in holding {
                    prop_assert!(turn.is_sorted());
                }
            }
        }
    }
}
