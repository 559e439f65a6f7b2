//! Reading allocates nothing, whatever is read.

use sip_ucid::{Head, Message, Name};

use crate::corpus::messages;

fn read(bytes: &[u8]) -> usize {
    let mut seen = usize::from(sip_ucid::call(bytes).ucid.is_some());
    let who = sip_ucid::identity(bytes);
    seen += usize::from(who.avaya_ucid().is_some()) + who.diversions().count();
    seen += usize::from(who.asserted_number().is_some());
    seen += Message::datagram(bytes).map_or(0, |message| message.body().len());
    let Some(head) = Head::parse(bytes).ok().and_then(sip_ucid::Status::complete) else {
        return seen;
    };
    seen += head.notes().count();
    seen += head.validate().count() + head.conflicts().count() + head.headers().count();
    seen += head.vias().count() + head.contacts().count() + head.elements(Name::Allow).count();
    let from = head.from().ok();
    seen += from.and_then(|from| from.display_name()).map_or(0, Iterator::count);
    seen += from.and_then(|from| from.parsed_uri().ok()?.number()).map_or(0, sip_ucid::Text::len);
    seen + head.cseq().map_or(0, |cseq| cseq.number() as usize)
}

#[test]
fn nothing_is_allocated() {
    for (name, bytes) in messages() {
        let mut seen = 0;
        let measured = allocation_counter::measure(|| seen = read(&bytes));
        assert_eq!(measured.count_total, 0, "{name}");
        let whole = Message::datagram(&bytes).is_ok();
        assert!(seen > 0 || !whole, "{name}: nothing was read");
    }
    let counted = allocation_counter::measure(|| drop(vec![0_u8; 8]));
    assert_eq!(counted.count_total, 1, "the counter counts");
}
