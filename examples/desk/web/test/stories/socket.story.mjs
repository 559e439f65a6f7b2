// The agent's socket in the tab that has the phone: the service rings only the browser that holds it.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { Browser, story, until } from '../harness.mjs';

let browser;
before(async () => { browser = await Browser.start(); });
after(async () => { await browser?.stop(); });
const BROWSER = { DESK_AGENT_SOCKET: 'browser', DESK_SIM_RINGS: 'browser' };

describe('the agent socket in the tab', { concurrency: 2 }, () => {
  test('the tab that has the phone carries it, and is rung; a second tab takes both over', { timeout: 120_000 }, story(() => browser, async (desk, chromium) => {
    const sockets = [];
    const prepare = (context) => { context.on('page', (page) => page.on('websocket', (socket) => sockets.push({ page, socket }))); };
    const open = (page, part) => sockets.filter((one) => one.page === page && one.socket.url().includes(part) && !one.socket.isClosed()).length;
    const person = await chromium.person(desk, 'agent01@desk.test', { prepare });
    const first = person.page;
    await person.phoneReady();
    await until('the tab holds relay and agent socket', async () => open(first, '/api/phone/relay') === 1 && open(first, '/mdl') === 1);
    await person.dial('9000000001');
    await person.talks();
    await person.button('End').click();
    await person.dispose('Info Provided');
    await person.back();
    const second = await person.open();
    await second.getByText('Use the phone here').waitFor();
    assert.equal(open(second, '/api/phone/relay'), 0, 'one tab has it');
    await second.getByText('Use the phone here').click();
    await second.getByText('Phone ready').waitFor();
    await until('the second tab holds both, the first neither', async () => open(second, '/mdl') === 1 && open(second, '/api/phone/relay') === 1 && open(first, '/mdl') === 0 && open(first, '/api/phone/relay') === 0);
    const ucid = await desk.inbound('9000000002');
    await second.getByRole('alertdialog').waitFor();
    await second.getByRole('button', { name: 'Accept' }).click();
    await desk.callIs(ucid, 'answered');
    await person.leave();
  }, BROWSER));
});
