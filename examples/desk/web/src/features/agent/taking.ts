import type { Owner } from '../../phone/owner';

/** Takes the phone to this tab, unless the one that has it is in a call: that is told. One that does not answer is passed over. */
export async function takePhone(owner: Pick<Owner, 'command' | 'take'>, refused: (why: string) => void) {
  const why = await owner.command('hand_over');
  if (why === 'in_a_call' || why === 'others_call') refused(why); else owner.take();
}
