// An agent's calls, from the click to the disposition.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { Browser, story, until } from '../harness.mjs';

let browser;
before(async () => { browser = await Browser.start(); });
after(async () => { await browser?.stop(); });
const run = (told, environment) => story(() => browser, told, environment);
const agent = (desk, chromium, options) => chromium.person(desk, 'agent01@desk.test', options);

describe('calls', { concurrency: 2 }, () => {
  test('a dial whose outcome is unknown says so and is not repeated', { timeout: 60_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    await person.phoneReady();
    await desk.fault('/ca_apis/AgentManualDial', 'close_before', { count: 1 });
    person.provokes(/50[24]/);
    await person.dial('9000000006');
    await person.page.getByText('We do not know whether').waitFor();
    await person.picture('unknown-dial');
    assert.ok((await desk.callsTo('9000000006')).length <= 1);
    await person.leave();
  }));

  test('a call that comes in is declined', { timeout: 60_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    await person.phoneReady();
    const ucid = await desk.inbound('9000000007');
    await person.page.getByRole('alertdialog').waitFor();
    await person.picture('ringing');
    await person.button('Decline').click();
    await until('it rings here no more', async () => (await desk.call(ucid))?.state !== 'agent_ringing');
    await person.page.getByRole('alertdialog').waitFor({ state: 'detached' });
    await person.leave();
  }));

  test('a transfer: connected, then completed; the agent has a disposition to give', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    await person.phoneReady();
    await person.dial('9000000001');
    await person.talks();
    await person.button('Transfer').first().click();
    const dialog = person.page.getByRole('dialog');
    await dialog.getByLabel('Number or extension').fill('9000000009');
    await dialog.getByRole('button', { name: 'Connect' }).click();
    await dialog.getByText('Third party 9').waitFor();
    await person.picture('transfer');
    await dialog.getByRole('button', { name: 'Complete' }).click();
    await person.page.getByText('After the call').first().waitFor();
    await person.leave();
  }));

  test('a call that is handed on to a colleague: each has the own form, notes and disposition', { timeout: 120_000 }, run(async (desk, chromium) => {
    const one = await agent(desk, chromium);
    const two = await chromium.person(desk, 'agent02@desk.test');
    for (const person of [one, two]) await person.phoneReady();
    const { extension } = await two.json('/api/phone/config');
    // Calls of others reach agent02 in the demo: none does after a pause.
    await until('agent02 is free', async () => {
      await two.page.evaluate(() => fetch('/api/agents/agent02/pause', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ reason: 'lunch' }) }));
      const { agents } = await desk.control('state');
      return agents.find(({ id }) => id === 'agent02').pause_reason !== null && (await two.json('/api/calls/live')).calls.length === 0;
    }, 60_000);
    const { ucid } = await desk.control('inbound', { did: '918000000001', caller: '9000000042', skill: 'direct_agent01' });
    await one.page.getByRole('alertdialog').waitFor();
    await one.button('Accept').click();
    await one.talks();
    await one.page.getByLabel('Notes').fill('Asked for a price.');
    await one.page.getByText('saved').first().waitFor();
    await one.button('Transfer').first().click();
    const dialog = one.page.getByRole('dialog');
    await dialog.getByLabel('Number or extension').fill(extension);
    await dialog.getByRole('button', { name: 'Connect' }).click();
    await two.button('Accept').or(two.button('Pick up')).first().click();
    await until('the colleague is there', async () => (await one.json(`/api/calls/${ucid}`)).participants.some(({ number, role }) => role === 'agent' && number === 'agent02'));
    await dialog.getByRole('button', { name: 'Complete' }).click();
    await two.talks();
    await two.page.getByLabel('Notes').fill('Wants it on Monday.');
    await two.page.getByText('saved').first().waitFor();
    const form = one.card('After the call');
    await form.getByText('How did it end?').waitFor();
    assert.deepEqual([await one.button('Hold').count(), await one.button('End').count()], [0, 0]);
    await one.picture('handed-on');
    await one.page.reload();
    await form.getByText('How did it end?').waitFor();
    assert.equal(await form.getByLabel('Notes').inputValue(), 'Asked for a price.');
    // What the colleague says is of the other part.
    await two.button('End').click();
    await two.card('After the call').getByText('How did it end?').waitFor();
    await two.picture('handed-on-colleague');
    // The simulated service takes none of who was rung into the call.
    two.provokes(/422/);
    await two.dispose('Follow Up');
    assert.equal(await form.getByText('How did it end?').isVisible(), true);
    await one.page.reload();
    await form.getByText('How did it end?').waitFor();
    await one.dispose('Info Provided');
    await one.picture('handed-on-disposed');
    await one.back();
    await one.page.reload();
    await one.page.getByText('No call').first().waitFor();
    for (const [person, notes] of [[one, 'Asked for a price.'], [two, 'Wants it on Monday.']]) {
      assert.equal((await person.json(`/api/calls/${ucid}`)).notes, notes);
      assert.deepEqual((await person.json('/api/owed')).owed.filter(({ state }) => state === 'none'), []);
      await person.leave();
    }
  }));

  test('recording stays paused over a reload', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    await person.phoneReady();
    await person.dial('9000000001');
    await person.talks();
    await person.button('Pause rec').click();
    await person.page.getByText('recording paused').waitFor();
    person.page.on('dialog', (dialog) => void dialog.accept());
    await person.page.reload();
    await person.page.getByText('recording paused').waitFor();
    await person.page.getByText('You cannot be heard').waitFor();
    await person.picture('cannot-be-heard');
    await person.leave();
  }));

  test('a disposition while the service is down is kept and sent later', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    await person.phoneReady();
    await person.dial('9000000001');
    const ucid = await person.talks();
    await person.button('End').click();
    await person.page.getByText('After the call').first().waitFor();
    await desk.fault('/ca_apis/DispositionAPIV2', 'status', { status: 503, count: 4 });
    person.provokes(/50[234]/);
    await person.page.getByRole('radio', { name: 'Follow up' }).check();
    await person.page.getByRole('button', { name: 'Save disposition' }).click();
    await person.page.getByText('Kept here, not yet at the service').waitFor();
    await person.picture('queued');
    await until('it reaches the service', async () => (await desk.call(ucid)).state === 'ended', 45_000);
    await person.leave();
  }));
});
