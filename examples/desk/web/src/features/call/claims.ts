/** Numbers that a colleague has taken: the desk refuses calls to them. */
import { sameAgent } from '../../api/agents';
import { useMe, useNow } from '../../state';
import { isSameNumber } from '../desk/subject';
import { useMissed } from '../worklist/missed';

interface Claim { claimedBy: string | null; claimedUntil: number | null }
type Claimed = Claim & { number: string };

/** Whether it is taken as yet: a claim ends by itself. */
const holds = ({ claimedBy, claimedUntil }: Claim, now: number) => claimedBy !== null && (claimedUntil === null || now < claimedUntil);

/** Whether the agent has taken it. */
export const isOwn = (claim: Claim, own: string | null, now: number) => holds(claim, now) && sameAgent(claim.claimedBy, own);

/** Which other agent has taken a number, as the row itself or the missed calls have it; `null` if it may be called. */
export function holderOf(of: { number: string | null } & Partial<Claim>, missed: readonly Claimed[], own: string | null, now: number): string | null {
  const { number } = of;
  if (number === null) return null;
  const row = { claimedBy: of.claimedBy ?? null, claimedUntil: of.claimedUntil ?? null };
  const all: Claim[] = [row, ...missed.filter((one) => isSameNumber(one.number, number))];
  return all.find((claim) => holds(claim, now) && !sameAgent(claim.claimedBy, own))?.claimedBy ?? null;
}

/** The same, for what is on the page. */
export function useHolder(): (of: { number: string | null } & Partial<Claim>) => string | null {
  const { data: me } = useMe();
  const missed = useMissed().data?.missed ?? [];
  const now = useNow(5_000);
  return (of) => holderOf(of, missed, me?.agents[0] ?? null, now);
}
