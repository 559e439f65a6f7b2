// What a reload, a lost network and a slow person do to a call: the card tells the truth, and nothing is sent twice.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { Browser, hearEachOther, story, until } from '../harness.mjs';

let browser;
before(async () => { browser = await Browser.start(); });
after(async () => { await browser?.stop(); });
const run = (told, environment) => story(() => browser, told, environment);
const agent = (desk, chromium, options) => chromium.person(desk, 'agent01@desk.test', options);

/** A call between the page and a customer at a softphone, who hear each other. */
async function talking(desk, chromium) {
  const person = await agent(desk, chromium);
  await person.phoneReady();
  const customer = await chromium.customer(desk, '500005');
  const ucid = await desk.dialledElsewhere('500005');
  await person.button(/Pick up|Accept/).click();
  await desk.callIs(ucid, 'answered');
  await person.page.getByText('Talking', { exact: true }).waitFor();
  await hearEachOther(person, customer);
  return { person, customer, ucid };
}

async function reload(person) {
  person.page.on('dialog', (dialog) => void dialog.accept());
  await person.page.reload();
  await person.page.getByText('You cannot be heard').waitFor();
}

/** The first dial of a page is held up on its way; the others go through. What was held, and every key. */
async function heldUp({ page, context }, desk) {
  const held = [];
  const keys = [];
  await page.route('**/api/calls', (route) => {
    const request = route.request();
    if (request.method() !== 'POST') return route.fallback();
    keys.push(request.headers()['idempotency-key']);
    if (keys.length > 1) return route.fallback();
    held.push(request);
    return undefined;
  });
  const arrive = () => {
    const { 'idempotency-key': key, 'desk-user': user } = held[0].headers();
    return context.request.post(`${desk.http}/api/calls`, { headers: { 'idempotency-key': key, 'desk-user': user, origin: desk.http }, data: held[0].postDataJSON() });
  };
  return { held, keys, arrive };
}

/** An agent whose dial is held up on its way, as the page says after a reload. */
async function notPlaced(desk, chromium) {
  const person = await agent(desk, chromium);
  const { page } = person;
  await person.phoneReady();
  const { held, keys, arrive } = await heldUp(person, desk);
  await person.dial('9000000001');
  await until('it is on its way', async () => held.length === 1);
  await page.reload();
  person.provokes(/404/);
  await person.phoneReady();
  await page.getByText('The call was not placed.').waitFor();
  return { person, keys, arrive };
}

describe('lost', { concurrency: 2 }, () => {
  test('after a reload in mid-call the agent reconnects, and both hear each other', { timeout: 120_000 }, run(async (desk, chromium) => {
    const { person, customer, ucid } = await talking(desk, chromium);
    await reload(person);
    await person.phoneReady();
    await person.button('Reconnect').click();
    await person.page.getByText('You cannot be heard').waitFor({ state: 'detached', timeout: 30_000 });
    await hearEachOther(person, customer);
    assert.equal((await desk.callsTo('500005')).filter(({ caller }) => caller === '500005').length, 1);
    assert.ok(['answered', 'held'].includes((await desk.call(ucid)).state));
    await person.leave();
    await customer.context.close();
  }));

  test('half a minute after a reload without Reconnect the card still says so, and End ends the call for the customer too', { timeout: 120_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    await person.phoneReady();
    await person.dial('9000000001');
    const ucid = await person.talks();
    await reload(person);
    await desk.advance(32);
    await until('the service has dropped the agent, not the customer', async () => (await desk.call(ucid)).legs[0].ended !== null);
    assert.equal((await desk.call(ucid)).state, 'held');
    await person.page.getByText('You cannot be heard').waitFor();
    assert.equal((await person.json(`/api/calls/${ucid}`)).can.reconnect, null);
    await person.picture('cannot-be-heard-32s');
    await person.button('End').click();
    await person.page.getByText('How did it end?').waitFor();
    await desk.callIs(ucid, 'wrap_up', 'ended');
    assert.equal((await desk.callsTo('9000000001')).length, 1);
    await person.dispose('Follow Up');
    await person.leave();
  }));

  test('a dial that is held up on its way, and dialled again after a reload, rings the customer once', { timeout: 90_000 }, run(async (desk, chromium) => {
    const { person, keys, arrive } = await notPlaced(desk, chromium);
    const { page } = person;
    await person.button('Close').click();
    await person.dial('9000000001');
    await person.talks();
    await person.button('End').click();
    await person.dispose('Follow Up');
    // Now the first one comes after all.
    const late = await arrive();
    assert.deepEqual([late.status(), late.headers()['idempotent-replayed'], keys[1] === keys[0]], [200, 'true', true]);
    assert.equal((await desk.callsTo('9000000001')).length, 1);
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await person.leave();
  }));

  test('one that arrives after all is the call that it rings; the next one to that customer is another', { timeout: 90_000 }, run(async (desk, chromium) => {
    const { person, keys, arrive } = await notPlaced(desk, chromium);
    const { page } = person;
    await person.button('Close').click();
    assert.equal((await arrive()).status(), 200);
    await person.talks();
    await person.button('End').click();
    await person.dispose('Follow Up');
    await person.back();
    await person.dial('9000000001');
    await person.talks();
    assert.equal(keys[1] === keys[0], false);
    assert.equal((await desk.callsTo('9000000001')).length, 2);
    await person.button('End').click();
    await person.dispose('Follow Up');
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await person.leave();
  }));

  test('one that rang and was over before the page heard of it is told where the agent dials anew, and the next one rings', { timeout: 90_000 }, run(async (desk, chromium) => {
    const { person, arrive } = await notPlaced(desk, chromium);
    const { page } = person;
    // What is asked of the dial is not answered, so that the page does not know which call it sees.
    person.provokes(/ERR_FAILED/);
    await page.route('**/api/dials/*', (route) => route.abort());
    assert.equal((await arrive()).status(), 200);
    await person.talks();
    await person.button('End').click();
    await person.dispose('Follow Up');
    await person.back();
    await person.dial('+91 90000 00001');
    await page.getByText('The customer’s phone did ring.').waitFor();
    await page.getByText('No call goes out now.').waitFor();
    assert.equal((await desk.callsTo('9000000001')).length, 1);
    await person.picture('did-ring');
    await person.button('Close').click();
    await person.dial('9000000001');
    await person.talks();
    assert.equal((await desk.callsTo('9000000001')).length, 2);
    await person.button('End').click();
    await person.dispose('Follow Up');
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await person.leave();
  }));

  test('End soon after a reload ends the call for the customer too', { timeout: 60_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    await person.phoneReady();
    await person.dial('9000000001');
    const ucid = await person.talks();
    await reload(person);
    await person.button('End').click();
    await person.page.getByText('How did it end?').waitFor();
    await desk.callIs(ucid, 'wrap_up', 'ended');
    await person.dispose('Follow Up');
    await person.leave();
  }));

  test('offline and back in mid-call: the page says so, holds commands back, and catches up by itself', { timeout: 120_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    await person.phoneReady();
    await person.dial('9000000001');
    const ucid = await person.talks();
    person.provokes(/ERR_INTERNET_DISCONNECTED/, /ERR_NETWORK_CHANGED/, /WebSocket/);
    await person.page.getByLabel('Notes').fill('before the network went');
    await person.context.setOffline(true);
    await person.page.evaluate(() => dispatchEvent(new Event('offline')));
    await person.page.getByText('This computer is offline.').waitFor();
    await person.page.getByRole('button', { name: 'Hold', exact: false }).and(person.page.locator('[aria-disabled=true]')).waitFor();
    await person.picture('offline');
    await person.context.setOffline(false);
    await person.page.getByText('This computer is offline.').waitFor({ state: 'detached' });
    await person.button('Hold').click();
    await person.page.getByText('On hold', { exact: true }).waitFor();
    assert.equal((await desk.call(ucid)).held, true);
    assert.equal(await person.page.getByLabel('Notes').inputValue(), 'before the network went');
    await until('the notes are kept', async () => (await person.json(`/api/calls/${ucid}`)).notes === 'before the network went');
    await person.leave();
  }));

  test('past the wrap-up limit the service closes the call; the page says so and the disposition is kept all the same', { timeout: 120_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    await person.phoneReady();
    await person.dial('9000000001');
    const ucid = await person.talks();
    await person.button('End').click();
    await person.page.getByText('How did it end?').waitFor();
    await person.page.getByText('After-call work for').waitFor();
    await desk.advance(600);
    await until('the service closed it', async () => (await desk.call(ucid))?.state === 'ended');
    await person.page.getByText('The service closed this call itself: its time of 120 s had run out').waitFor();
    await person.picture('wrap-up-overrun');
    await person.dispose('Follow Up', 'later than it should be');
    await person.page.getByText('Saved', { exact: true }).waitFor();
    await person.back();
    await person.page.getByText('No call', { exact: true }).waitFor();
    const { disposition } = await person.json(`/api/calls/${ucid}`);
    assert.equal(disposition.code, 'FOLLOW_UP_SCHEDULED');
    await person.leave();
  }));

  test('a disposition that was never given is owed, and can be given later', { timeout: 120_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    await person.phoneReady();
    await person.dial('9000000001');
    const ucid = await person.talks();
    await person.button('End').click();
    await person.page.getByText('How did it end?').waitFor();
    await desk.advance(600);
    await person.page.getByText('The service closed this call itself').waitFor();
    await person.back();
    await person.page.getByRole('tab', { name: 'To dispose' }).click();
    await person.page.getByRole('list', { name: 'Dispositions still owed' }).getByRole('button', { name: 'Choose' }).click();
    const dialog = person.page.getByRole('dialog');
    await dialog.getByRole('radio', { name: 'Info Provided' }).check();
    await person.picture('owed');
    await dialog.getByRole('button', { name: 'Save disposition' }).click();
    await person.page.getByText('Nothing is owed.').waitFor();
    assert.equal((await person.json(`/api/calls/${ucid}`)).disposition.code, 'INFO_PROVIDED');
    await person.leave();
  }));
});
