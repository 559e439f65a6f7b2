/** A dial whose answer is lost and the next one to the same number, in whatever order they and the news of them arrive. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Call } from '../../src/api/types';
import { Problem, unanswered } from '../../src/api/problem';
import { hasOutcome, metBy, type Pending } from '../../src/features/call/outcome';
import { call } from './calls';

interface Body { number: string; campaign?: string; did?: string; missedId?: string; leadId?: string }
interface Sent { key: string; body: Body; session: number }
interface Row { id: string; what: string; state: 'accepted' | 'refused'; ucid: string | null }
type Answer = { status: number; body: Record<string, unknown>; head: Record<string, string> };

/** Which number each text of these tests is. */
const LINES: Record<string, string> = { '+91 90000 00001': '9000000001', '09000000001': '9000000001', '090000 00001': '9000000001', '9000000001.0': '9000000001', '+1 201 555 0123': '+12015550123', '001 201-555-0123': '+12015550123', '020 1555 0123': '2015550123' };

/** The desk as far as a dial goes: one row for a key, an answer that is given again, no dial in a call. */
class Desk {
  rows = new Map<string, Row>();
  calls: Call[] = [];
  session = 0;
  refuses = false;
  namesRows = true;
  #count = 0;

  get rings() { return this.calls.length; }
  get isBusy() { return this.calls.some(({ phase }) => phase === 'active'); }

  arrives({ key, body, session }: Sent): Answer {
    if (session !== this.session) return refusal(401, 'not-signed-in');
    const what = `${LINES[body.number] ?? body.number} ${body.campaign ?? 'own'} ${body.did ?? ''}`;
    const row = this.rows.get(key);
    if (row && row.what !== what) return this.#of(row, refusal(422, 'key_used'));
    if (row) return this.#of(row, this.#answer(row), { 'idempotent-replayed': 'true' });
    if (this.isBusy) return refusal(409, 'in_a_call');
    this.#count += 1;
    const made: Row = { id: `d${this.#count}`, what, state: this.refuses ? 'refused' : 'accepted', ucid: this.refuses ? null : `${this.#count}` };
    this.rows.set(key, made);
    if (made.ucid !== null) this.calls.push(call({ ucid: made.ucid, ids: [made.ucid], phase: 'active', number: '9000000001', dial: { id: made.id, reference: made.id, state: 'accepted' } }));
    return this.#of(made, this.#answer(made));
  }

  /** The customer is busy, the agent says so: the call is over. */
  ends() { this.calls = this.calls.map((one) => ({ ...one, phase: 'closed', disposition: { code: 'X', name: 'X', at: 0, by: 'x', callBackAt: null, targets: {} } })); }

  asked(path: string) {
    const [, , kind, name = ''] = path.split('/');
    const row = this.rows.get(name);
    if (kind === 'dials' && row) return { id: row.id, ucid: row.ucid, reference: row.id, state: row.state };
    const found = kind === 'calls' && this.calls.find(({ ucid }) => ucid === name);
    if (found) return found;
    throw new Problem({ status: 404, message: '', mayHaveHappened: false });
  }

  #answer(row: Row): Answer {
    return row.state === 'accepted' ? { status: 200, body: { id: row.id, ucid: row.ucid, reference: row.id, state: row.state, message: '' }, head: {} } : refusal(409, 'agent_not_available');
  }

  #of(row: Row, { head, ...answer }: Answer, more: Record<string, string> = {}): Answer {
    return { ...answer, head: { ...head, ...more, ...(this.namesRows ? { 'desk-dial': row.id } : {}) } };
  }
}
const refusal = (status: number, reason: string): Answer => ({ status, body: { status, message: reason, mayHaveHappened: false, reason }, head: {} });

let desk: Desk;
/** What the network does to the next request. */
let network: (sent: Sent) => Answer | null;
const sent: Sent[] = [];
vi.mock('../../src/api/client', () => ({
  at: (path: string, { key, ucid }: { key?: string; ucid?: string }) => path.replace('{key}', key ?? '').replace('{ucid}', ucid ?? ''),
  get: (path: string) => new Promise((resolve) => { resolve(desk.asked(path)); }),
  post: async (_: string, body: Body, { key, hears }: { key: string; hears: (head: Headers) => void }) => {
    const one = { key, body, session: desk.session };
    sent.push(one);
    await Promise.resolve();
    const answer = network(one);
    if (answer === null) throw unanswered(true);
    hears(new Headers(answer.head));
    if (answer.status >= 400) throw new Problem(answer.body as never);
    return answer.body;
  },
}));

const stored = new Map<string, string>();
const goesThrough = (one: Sent) => desk.arrives(one);

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  stored.clear();
  stored.set('desk-user', 'u1');
  sent.length = 0;
  desk = new Desk();
  network = goesThrough;
  vi.stubGlobal('sessionStorage', { getItem: (name: string) => stored.get(name) ?? null, setItem: (name: string, text: string) => stored.set(name, text), removeItem: (name: string) => stored.delete(name) });
});
afterEach(() => { vi.useRealTimers(); vi.unstubAllGlobals(); });

type Dialling = typeof import('../../src/features/call/dialing');
class Page {
  dialling!: Dialling;
  /** Whether it is told of calls. */
  hears = true;

  static async open() {
    const page = new Page();
    await page.reload();
    return page;
  }
  async reload() {
    vi.resetModules();
    // The class that the page knows is the one that the desk throws.
    vi.doMock('../../src/api/problem', () => ({ Problem, unanswered }));
    this.dialling = await import('../../src/features/call/dialing');
  }
  get pending() { return JSON.parse(stored.get('desk-dial:u1') ?? 'null') as Pending | null; }
  /** What its parts do by and by: hear of calls, ask for the dial, look for its call. */
  async goesOn() {
    for (let n = 0; n < 4; n += 1) {
      if (this.hears) await this.dialling.follow(desk.calls);
      await this.dialling.resume();
      const found = await this.dialling.lookFor();
      if (found) await this.shows(found);
      vi.advanceTimersByTime(2_000);
    }
  }
  /** As its card does with a call that was looked for. */
  async shows(found: Call) {
    if (found.phase !== 'closed') await this.dialling.follow([found]);
    else if (this.pending?.repeats) this.dialling.tellThatItRang(this.pending.key);
    else this.dialling.forgetPending();
  }
  /** Closes what is told, as whoever dials from a list does. */
  closes() { if (this.pending && hasOutcome(this.pending)) this.dialling.forgetPending(); }
}

const LIST = { number: '9000000001', name: 'R. Rao', missedId: 'm1', leadId: 'l1' };
const NEXT = {
  'the same list': LIST,
  'another list': { number: '9000000001' },
  'typed': { number: '+91 90000 00001' },
  'typed, on another campaign': { number: '09000000001', campaign: 'other', did: '918000000001' },
};
const MEANWHILE: Record<string, (page: Page) => Promise<void> | void> = {
  'nothing': () => {},
  'a reload': (page) => page.reload(),
  'a closed card': (page) => page.closes(),
  'a sign-out': async (page) => {
    desk.session += 1;
    stored.delete('desk-dial:u1');
    await page.reload();
  },
  'somebody else in between': async (page) => {
    stored.set('desk-user', 'u2');
    await page.reload();
    expect(page.dialling.usePending).toBeDefined();
    stored.set('desk-user', 'u1');
    await page.reload();
  },
};
const ARRIVES = ['never', 'before the next', 'as the next is on its way', 'in the next call', 'after the next call'] as const;

/** The first dial: its answer is lost, and a desk that is asked a while later knows of none. */
async function lost(page: Page, wish: (typeof NEXT)[keyof typeof NEXT] = LIST): Promise<Sent> {
  network = () => null;
  await page.dialling.dial(wish);
  network = goesThrough;
  vi.advanceTimersByTime(5_000);
  await page.dialling.resume();
  expect(page.pending?.state).toBe('not_sent');
  return sent[0] as Sent;
}

/** The next dial, and the first one's arrival. */
async function next(page: Page, wish: (typeof NEXT)[keyof typeof NEXT], first: Sent, arrives: (typeof ARRIVES)[number]) {
  if (arrives === 'as the next is on its way') network = (one) => { desk.arrives(first); return desk.arrives(one); };
  await page.dialling.dial(wish);
  network = goesThrough;
  await page.goesOn();
  if (arrives === 'in the next call') desk.arrives(first);
  desk.ends();
  await page.goesOn();
  if (arrives === 'after the next call') desk.arrives(first);
}

/** Whether the page says what became of the dial, where no call of it is to be seen. */
const isTold = (page: Page) => page.pending !== null && ['refused', 'not_sent', 'unknown', 'happened'].includes(page.pending.state);

describe.each([true, false])('on a desk that names rows: %s', (namesRows) => {
  describe.each(Object.keys(MEANWHILE))('meanwhile %s', (meanwhile) => {
    describe.each(Object.keys(NEXT) as (keyof typeof NEXT)[])('then from %s', (path) => {
      test.each(ARRIVES)('a request that arrives %s rings no second time, and no dial is swallowed', async (arrives) => {
        for (const hears of [true, false]) {
          stored.clear();
          stored.set('desk-user', 'u1');
          sent.length = 0;
          desk = new Desk();
          desk.namesRows = namesRows;
          const page = await Page.open();
          page.hears = hears;
          const first = await lost(page);
          let isKnown = false;
          if (arrives === 'before the next') {
            desk.arrives(first);
            if (hears) await page.dialling.follow(desk.calls);
            desk.ends();
            if (hears) await page.dialling.follow(desk.calls);
            isKnown = hears;
          }
          await MEANWHILE[meanwhile]?.(page);
          const before = desk.rings;
          await next(page, NEXT[path], first, arrives);
          // What the agent has seen ring is not what they dial for now; of what they have not, one of the two rings.
          expect([hears, desk.rings]).toEqual([hears, isKnown ? 2 : 1]);
          // Nobody was rung for the one that was meant: then it is said, and the next is another.
          if (desk.rings > before) continue;
          expect([hears, isTold(page), page.pending?.state]).toEqual([hears, true, 'happened']);
          await page.dialling.dial(NEXT[path]);
          expect([hears, desk.rings]).toEqual([hears, before + 1]);
        }
      });

      test.each(['before the next', 'as the next is on its way'] as const)('one that arrives %s and is refused is said to be, and the one after it rings', async (arrives) => {
        desk.namesRows = namesRows;
        const page = await Page.open();
        const first = await lost(page);
        desk.refuses = true;
        if (arrives === 'before the next') desk.arrives(first);
        await MEANWHILE[meanwhile]?.(page);
        const held = desk.session === first.session && arrives !== 'before the next';
        if (held) network = (one) => { desk.arrives(first); return desk.arrives(one); };
        await page.dialling.dial(NEXT[path]);
        await page.goesOn();
        expect([desk.rings, page.pending?.state]).toEqual([0, 'refused']);
        network = goesThrough;
        desk.refuses = false;
        await page.dialling.dial(NEXT[path]);
        if (!namesRows) await page.dialling.dial(NEXT[path]);
        expect(desk.rings).toBe(1);
      });
    });
  });

  test('an answer that was lost alone is found, and the next dial is another', async () => {
    for (const hears of [true, false]) {
      desk = new Desk();
      desk.namesRows = namesRows;
      stored.delete('desk-dial:u1');
      const page = await Page.open();
      page.hears = hears;
      network = (one) => { desk.arrives(one); return null; };
      await page.dialling.dial(LIST);
      network = goesThrough;
      await page.dialling.resume();
      expect(page.pending).toMatchObject({ state: 'accepted', repeats: false });
      vi.advanceTimersByTime(31_000);
      desk.ends();
      await page.goesOn();
      expect([page.pending, [...stored.keys()]]).toEqual([null, ['desk-user']]);
      await page.dialling.dial(LIST);
      expect([hears, desk.rings]).toEqual([hears, 2]);
    }
  });

  test('the next one’s answer may be lost too: of all three that arrive one rings', async () => {
    desk.namesRows = namesRows;
    const page = await Page.open();
    const first = await lost(page);
    network = () => null;
    await page.dialling.dial(NEXT.typed);
    vi.advanceTimersByTime(120_000);
    network = goesThrough;
    await page.dialling.resume();
    expect(page.pending?.state).toBe('not_sent');
    // It counts from the one that was sent last.
    vi.advanceTimersByTime(5_000);
    await page.dialling.dial(NEXT['another list']);
    desk.ends();
    for (const one of [first, ...sent]) desk.arrives(one);
    expect([desk.rings, new Set(sent.map(({ key }) => key)).size]).toEqual([1, 1]);
  });

  test('one that is refused before anything is written down leaves the first its key, for no longer than it may arrive', async () => {
    desk.namesRows = namesRows;
    const page = await Page.open();
    const first = await lost(page);
    for (const reason of ['in_a_call', 'claimed', 'outside_calling_hours', 'dial_open', 'did', 'limit']) {
      network = () => refusal(reason === 'limit' ? 429 : reason === 'did' ? 400 : 409, reason);
      await page.dialling.dial(LIST);
      expect([reason, page.pending?.state]).toEqual([reason, 'refused']);
    }
    network = () => ({ status: 502, body: { status: 502, message: 'the campaigns', mayHaveHappened: false }, head: {} });
    await page.dialling.dial(LIST);
    network = goesThrough;
    await page.dialling.dial(LIST);
    desk.ends();
    desk.arrives(first);
    expect([desk.rings, new Set(sent.map(({ key }) => key)).size]).toEqual([1, 1]);
  });
});

test('a refusal that stands in a row is given again no longer than it takes to hear of it', async () => {
  const page = await Page.open();
  const first = await lost(page);
  // The desk was busy and has written down that nothing was sent.
  network = () => ({ status: 503, body: { status: 503, message: 'busy', mayHaveHappened: false }, head: { 'desk-dial': 'd1' } });
  await page.dialling.dial(LIST);
  network = goesThrough;
  await page.dialling.dial(LIST);
  expect([desk.rings, new Set(sent.map(({ key }) => key)).size, sent[1]?.key === first.key]).toEqual([1, 2, true]);
});

test('one that rings under the key of a request before is no less its own: nothing is told of it once it is over', async () => {
  const page = await Page.open();
  page.hears = false;
  await lost(page);
  await page.dialling.dial(LIST);
  desk.ends();
  vi.advanceTimersByTime(31_000);
  await page.goesOn();
  expect([desk.rings, page.pending]).toEqual([1, null]);
});

test('a call to the number that is not what became of the request leaves it its key', async () => {
  const page = await Page.open();
  const first = await lost(page);
  const other = call({ ucid: '99', phase: 'closed' });
  await page.dialling.follow([other]);
  await page.dialling.dial(LIST);
  expect(sent[1]?.key).toBe(first.key);
});

test('a desk that does not say whether a call is that dial is asked again after a while, and not all the time', async () => {
  const page = await Page.open();
  const first = await lost(page);
  desk.arrives(first);
  const asked = vi.spyOn(desk, 'asked').mockImplementation(() => { throw unanswered(false); });
  for (let n = 0; n < 5; n += 1) await page.dialling.follow(desk.calls);
  expect(asked).toHaveBeenCalledTimes(1);
  asked.mockRestore();
  desk.ends();
  vi.advanceTimersByTime(5_000);
  await page.dialling.follow(desk.calls);
  await page.dialling.dial(LIST);
  expect([desk.rings, sent[1]?.key === first.key]).toEqual([2, false]);
});

test('another customer’s dial has a key of its own', async () => {
  const page = await Page.open();
  await lost(page);
  await page.dialling.dial({ number: '9000000002' });
  expect(sent[1]?.key === sent[0]?.key).toBe(false);
});

test.each([
  ['9000000001.0', '9000000001'], ['9000000001', '9000000001.0'], ['9000000001.0', '+91 90000 00001'], ['+91 90000 00001', '090000 00001'],
  ['+1 201 555 0123', '001 201-555-0123'],
])('%s and %s are one customer, who is rung once', async (one, other) => {
  const page = await Page.open();
  const first = await lost(page, { number: one });
  await page.dialling.dial({ number: other });
  desk.ends();
  desk.arrives(first);
  expect([desk.rings, sent[1]?.key === first.key]).toEqual([1, true]);
});

test.each([
  ['+1 201 555 0123', '020 1555 0123'], ['020 1555 0123', '+1 201 555 0123'], ['9000000001', '+19000000001'],
])('%s and %s are two customers, and the second is rung though the first had arrived', async (one, other) => {
  const page = await Page.open();
  const first = await lost(page, { number: one });
  desk.arrives(first);
  desk.ends();
  await page.dialling.dial({ number: other });
  expect([desk.rings, sent[1]?.key === first.key, page.pending?.state]).toEqual([2, false, 'accepted']);
});

test('what the calls say of a dial', () => {
  const dial = { ucid: '7', reference: 'r', number: '9000000001', state: 'accepted' as Pending['state'], repeats: true };
  const over = call({ ucid: '7', phase: 'closed' });
  const live = call({ ucid: '7', phase: 'active' });
  expect([metBy(dial, []), metBy(dial, [call({ ucid: '8' })]), metBy(dial, [over]), metBy(dial, [over, live]), metBy({ ...dial, repeats: false }, [over])]).toEqual(['waits', 'waits', 'over', 'there', 'there']);
  expect((['sending', 'unknown', 'refused', 'not_sent', 'happened'] as const).map((state) => metBy({ ...dial, state }, [over]))).toEqual(['waits', 'waits', 'there', 'there', 'over']);
});
