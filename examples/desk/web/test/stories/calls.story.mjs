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
