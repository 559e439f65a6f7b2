import { useCalls } from '../../state';
import { useLeaveUnheard } from '../call/notify';
import { callOf } from '../desk/subject';
import { useDueAlarm } from '../follow-ups/due';
import { useMissedNews } from '../worklist/missed';

/** What an agent is told of on whichever page: a call while the page is hidden, a promise that falls due, a missed call. */
export function News({ agent }: { agent: string }) {
  useLeaveUnheard(useCalls().flatMap((call) => callOf(call, agent) ?? []));
  useDueAlarm();
  useMissedNews();
  return null;
}
