import { expect, test, vi } from 'vitest';
import { takePhone } from '../../src/features/agent/taking';

test('the phone is taken from a tab that gives it or does not answer, and why not from one that is in a call', async () => {
  for (const [why, taken, told] of [[null, 1, []], ['no_answer', 1, []], ['in_a_call', 0, ['in_a_call']], ['others_call', 0, ['others_call']]] as const) {
    const take = vi.fn();
    const refused: string[] = [];
    await takePhone({ command: () => Promise.resolve(why), take }, (reason) => { refused.push(reason); });
    expect([why, take.mock.calls.length, refused]).toEqual([why, taken, told]);
  }
});
