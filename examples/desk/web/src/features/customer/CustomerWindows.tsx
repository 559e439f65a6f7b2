import type { Call } from '../../api/types';
import { Window } from '../../ui/Window';
import { grouped } from '../../words/time';
import { useWords } from '../../words/words';
import { beginning, hasWindow, place, usePlace } from './places';
import { ProfileView } from './ProfileView';
import { useProfile } from './query';

/** A window for each call that somebody told something about, from the answer to its end. While it rings, the card says it. */
export default function CustomerWindows({ calls }: { calls: readonly Call[] }) {
  return calls.filter(hasWindow).map((call, at) => <CustomerWindow key={call.ucid} call={call} at={at} />);
}

function CustomerWindow({ call, at }: { call: Call; at: number }) {
  const words = useWords();
  const { data: profile } = useProfile(call.ucid);
  const { box, closed } = usePlace(call.ucid);
  if (!profile || closed) return null;
  const who = profile.name ?? call.lead?.name ?? (call.number ? grouped(call.number) : call.masked || words.unknownName);
  return (
    <Window title={words.customer.titled(who)} start={box ?? beginning(at, { width: innerWidth, height: innerHeight })}
      onClose={() => place(call.ucid, { closed: true })} onPlaced={(next) => place(call.ucid, { box: next })}>
      <ProfileView profile={profile} />
    </Window>
  );
}
