// What happens meanwhile: a dial as a call comes in.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { Browser, story, until } from '../harness.mjs';

let browser;
before(async () => { browser = await Browser.start(); });
after(async () => { await browser?.stop(); });
const run = (told, environment) => story(() => browser, told, environment);
const agent = (desk, chromium, options) => chromium.person(desk, 'agent01@desk.test', options);

/** A call that came in is up; the UCID. */
async function inboundCall(desk, person, from = '9000000003') {
  const ucid = await desk.inbound(from);
  await person.page.getByRole('alertdialog').waitFor();
  await person.button('Accept').click();
  await person.page.getByText('Talking', { exact: true }).waitFor();
  return ucid;
}

describe('meanwhile', { concurrency: 2 }, () => {
  test('in a call no list offers another one', { timeout: 60_000 }, run(async (desk, chromium) => {
    const added = await desk.api('POST', '/api/follow-ups', { dueAt: Date.now() + 3_600_000, number: '9000000107', text: 'price list' });
    assert.equal(added.status, 201, JSON.stringify(added.body));
    const person = await agent(desk, chromium);
    await person.phoneReady();
    await inboundCall(desk, person);
    for (const tab of ['Worklist', 'Follow-ups']) {
      await person.page.getByRole('tab', { name: tab }).click();
      const call = person.page.getByRole('tabpanel').getByRole('button', { name: /^Call / }).first();
      assert.deepEqual([tab, await call.getAttribute('aria-disabled'), await call.getAttribute('title')], [tab, 'true', 'you are in a call']);
    }
    await person.leave();
  }));

  test('a number that a colleague has taken is called from nowhere until it is given back', { timeout: 90_000 }, run(async (desk, chromium) => {
    const number = '9000000177';
    const ucid = await desk.inbound(number);
    await desk.customer(ucid, 'hangup');
    const two = await chromium.person(desk, 'agent02@desk.test');
    const missed = await until('it is missed', async () => (await two.json('/api/missed')).missed.find((one) => one.number.endsWith(number)));
    const tell = (verb) => two.page.evaluate(([id, word]) => fetch(`/api/missed/${id}/${word}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }).then(({ status }) => status), [missed.id, verb]);
    assert.equal(await tell('claim'), 200);
    const person = await agent(desk, chromium);
    const { page } = person;
    await person.phoneReady();
    const row = page.getByRole('tabpanel').getByRole('listitem').filter({ hasText: '90000 00177' });
    const calls = () => [row.getByRole('button', { name: 'Call 90000 00177' }), page.getByRole('button', { name: 'Call', exact: true })];
    await page.getByLabel('Number to call').fill(number);
    for (const tab of ['Worklist', 'Missed']) {
      await page.getByRole('tab', { name: tab }).click();
      await row.getByText('taken by agent02').waitFor();
      for (const button of calls()) assert.deepEqual([tab, await button.getAttribute('aria-disabled'), await button.getAttribute('title')], [tab, 'true', 'taken by agent02']);
    }
    await page.getByText('A colleague has taken this number').waitFor();
    await row.locator('button.who').click();
    const card = page.getByRole('main').getByRole('button', { name: 'Call 90000 00177' }).last();
    assert.equal(await card.getAttribute('title'), 'taken by agent02');
    await person.picture('taken-by-a-colleague');
    // A page that does not know it yet is told by the desk, in words.
    person.provokes(/409/);
    const refused = await page.evaluate((to) => fetch('/api/calls', { method: 'POST', headers: { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() }, body: JSON.stringify({ number: to }) }).then(async (answer) => [answer.status, (await answer.json()).reason]), number);
    assert.deepEqual(refused, [409, 'claimed']);
    assert.equal(await tell('release'), 200);
    await row.getByText('taken by agent02').waitFor({ state: 'detached' });
    for (const button of calls()) assert.equal(await button.getAttribute('aria-disabled'), null);
    await two.leave();
    await person.leave();
  }));

  test('what became of a dial is told beside the call that came in before its answer', { timeout: 60_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    const { page } = person;
    await person.phoneReady();
    let answer = () => {};
    const held = new Promise((resolve) => { answer = resolve; });
    let posts = 0;
    await person.context.route('**/api/calls', async (route) => {
      posts += 1;
      await held;
      await route.fulfill({ status: 409, contentType: 'application/problem+json', body: JSON.stringify({ status: 409, message: 'You are in a call.', mayHaveHappened: false, reason: 'in_a_call' }) });
    });
    person.provokes(/409/);
    await person.dial('9000000009');
    await page.getByText('Calling …').first().waitFor();
    await inboundCall(desk, person);
    answer();
    await page.getByText('The call was not placed.').waitFor();
    await page.getByText('You are in a call.').waitFor();
    assert.equal(await page.getByText('Talking', { exact: true }).count(), 1);
    await person.picture('dial-refused-in-call');
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await page.getByText('The call was not placed.').waitFor({ state: 'detached' });
    assert.equal(posts, 1);
    await person.leave();
  }));
});
