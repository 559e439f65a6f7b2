// Leads, appointments, and two browsers that want the same slot.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { findings } from '../axe.mjs';
import { Browser, story, until } from '../harness.mjs';

let browser;
before(async () => { browser = await Browser.start(); });
after(async () => { await browser?.stop(); });
const run = (told, environment) => story(() => browser, told, environment);
const agent = (desk, chromium, options) => chromium.person(desk, 'agent01@desk.test', options);

/** The first lead of the worklist: its row, name and number. */
async function lead(person) {
  const { entries } = await person.json('/api/worklist');
  const { name, number } = entries.find(({ kind }) => kind === 'lead');
  return { name, number, row: person.page.getByRole('listitem').filter({ hasText: name }).first() };
}

/** The form with a department, a doctor and tomorrow chosen. */
async function form(page) {
  const all = page.getByRole('region', { name: 'Appointments' });
  if (await all.getByLabel('Department').count() === 0) await all.getByRole('button', { name: 'Book appointment' }).first().click();
  await all.getByLabel('Department').selectOption({ index: 1 });
  await until('there are doctors', async () => await all.getByLabel('Doctor').locator('option').count() > 1);
  await all.getByLabel('Doctor').selectOption({ index: 1 });
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Kolkata' }).format(Date.now() + 86_400_000);
  await all.getByLabel('Day').fill(day);
  await all.locator('.slots label').first().waitFor();
  return all;
}

const free = (all) => all.locator('.slots label:not(.taken):not(.past)');
const choose = async (all, n = 0) => { const slot = free(all).nth(n); const time = await slot.locator('time').textContent(); await slot.click(); return time; };
const book = (all, time) => all.getByRole('button', { name: `Book ${time}` }).click();

/** A voice assistant, with a token of its own: what it hands over. */
async function assistant(desk, chromium) {
  const admin = await chromium.person(desk, 'admin@desk.test');
  const token = await admin.page.evaluate(async () => {
    const made = await fetch('/api/admin/tokens', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: 'assistant', role: 'service' }) });
    return (await made.json()).token;
  });
  await admin.leave();
  return async (body) => {
    const response = await fetch(`${desk.http}/api/handoff`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify({ carrier: 'none', tool_calls: [], ...body }) });
    assert.equal(response.status, 200, await response.text());
  };
}

describe('customers', { concurrency: 2 }, () => {
  test('two browsers, one slot: one books, the other is told and sees what is free now', { timeout: 90_000 }, run(async (desk, chromium) => {
    const one = await agent(desk, chromium);
    const two = await chromium.person(desk, 'agent02@desk.test');
    for (const person of [one, two]) {
      await (await lead(person)).row.locator('button.who').click();
      await person.page.getByRole('region', { name: 'Lead 360' }).waitFor();
    }
    const [first, second] = [await form(one.page), await form(two.page)];
    // The second one's network is slow: its page does not hear in time that the slot is taken.
    await two.context.route('**/api/slots*', () => {});
    const time = await choose(first);
    assert.equal(await choose(second), time);
    // A number may be a family's: who is to come need not be the lead.
    const known = await first.getByLabel('Who is to come').inputValue();
    assert.notEqual(known, '');
    await first.getByLabel('Who is to come').fill('Little Demo');
    await book(first, time);
    await first.getByText('Booked:').waitFor();
    two.provokes(/409/);
    await book(second, time);
    await second.getByText('Someone else took that time just now.').waitFor();
    const taken = second.locator('.slots label.taken').filter({ hasText: time });
    await taken.waitFor();
    assert.equal(await taken.locator('input').isDisabled(), true);
    await two.picture('appointment-conflict');
    await two.context.unroute('**/api/slots*');
    const other = await choose(second);
    assert.notEqual(other, time);
    await book(second, other);
    await second.getByText('Booked:').waitFor();
    const { appointments } = await one.json('/api/appointments');
    assert.equal(new Set(appointments.map(({ slotId }) => slotId)).size, appointments.length);
    assert.deepEqual(appointments.map(({ name }) => name).sort(), ['Little Demo', known].sort());
    await first.getByText('Little Demo').waitFor();
    await two.leave();
    await one.leave();
  }));

  test('an appointment booked in a call: suggested as its disposition, counted, and in Lead 360', { timeout: 120_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium, { bypassCSP: true, reducedMotion: 'reduce' });
    const { page } = person;
    const clean = async (what) => assert.deepEqual([what, await findings(page)], [what, []]);
    await person.phoneReady();
    const who = await lead(person);
    await who.row.getByRole('button', { name: 'Call' }).click();
    await page.getByRole('region', { name: 'Preparation' }).getByRole('heading', { name: who.name }).waitFor();
    const ucid = await person.talks();
    await page.getByRole('region', { name: 'Talking' }).getByRole('heading', { name: who.name }).waitFor();
    await person.button('Book appt').click();
    const all = await form(page);
    const time = await choose(all, 1);
    await clean('slots');
    await person.picture('appointment-slots');
    await book(all, time);
    await all.getByText('Booked:').waitFor();
    // Another time for the same appointment, which gives the first one back.
    await all.getByRole('button', { name: 'Change' }).click();
    await all.locator('.slots label').first().waitFor();
    const later = await choose(all, 3);
    await all.getByRole('button', { name: 'Save change' }).click();
    await all.getByText('Booked:').waitFor();
    const { appointments: [kept] } = await person.json(`/api/appointments?ucid=${ucid}`);
    assert.equal(new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'Asia/Kolkata' }).format(kept.startsAt), later);
    assert.equal(kept.state, 'booked');

    await person.button('End').first().click();
    await page.getByText('Chosen because an appointment was booked').waitFor();
    assert.equal(await page.getByRole('radio', { name: 'Appointment booked' }).isChecked(), true);
    await person.picture('appointment-suggested');
    await page.getByRole('button', { name: 'Save disposition' }).click();
    await page.getByRole('button', { name: 'Back to Worklist' }).waitFor();
    const whole = page.getByRole('region', { name: 'Lead 360' });
    await whole.locator('li').filter({ hasText: 'booked' }).first().waitFor();
    await clean('lead 360');
    await person.picture('lead-360');
    await person.back();
    await page.getByRole('link', { name: 'My Performance' }).click();
    await until('the booking is in the figures', async () => (await person.json('/api/performance')).appointmentsBooked === 1, 60_000);
    await page.reload();
    await page.locator('.figures .card').filter({ hasText: 'Booked' }).locator('.figure').filter({ hasText: /^1$/ }).waitFor();
    await person.leave();
  }));

  test('an appointment that is cancelled suggests nothing and frees its slot', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    const { page } = person;
    await person.phoneReady();
    await (await lead(person)).row.getByRole('button', { name: 'Call' }).click();
    await person.talks();
    await person.button('Book appt').click();
    const all = await form(page);
    const before = await free(all).count();
    await book(all, await choose(all));
    await all.getByText('Booked:').waitFor();
    await all.getByRole('button', { name: 'Cancel it' }).click();
    await all.getByRole('button', { name: 'Yes, cancel it' }).click();
    await all.getByText('cancelled').waitFor();
    await all.getByRole('button', { name: 'Book another' }).click();
    await form(page);
    await until('its slot is free again', async () => (await free(all).count()) === before);
    await person.button('End').first().click();
    await page.getByText('How did it end?').waitFor();
    assert.equal(await page.getByRole('radio', { checked: true }).count(), 0);
    await person.leave();
  }));

  test('WhatsApp from the menu of a row is sent once and kept; without its fields there is no SMS', { timeout: 60_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    const { page } = person;
    const who = await lead(person);
    await who.row.locator('button.who').click({ button: 'right' });
    const menu = page.getByRole('menu');
    assert.equal(await menu.getByRole('menuitem', { name: 'Send an SMS' }).count(), 0);
    await menu.getByRole('menuitem', { name: 'Send WhatsApp' }).click();
    const dialog = page.getByRole('dialog', { name: 'Send WhatsApp' });
    await dialog.getByLabel('Template').selectOption({ index: 1 });
    for (const field of await dialog.getByLabel(/^Value/).all()) await field.fill('tomorrow');
    await person.picture('message');
    await dialog.getByRole('button', { name: 'Send', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await who.row.locator('button.who').click();
    await page.getByRole('region', { name: 'Lead 360' }).locator('li').filter({ hasText: 'WhatsApp' }).waitFor();
    const { entries } = await person.json('/api/worklist');
    const { messages } = await person.json(`/api/leads/${entries.find(({ name }) => name === who.name).leadId}/360`);
    assert.equal(messages.length, 1);
    await person.leave();
  }));

  test('two calls of one customer show each its own words, and markup in them is text', { timeout: 90_000 }, run(async (desk, chromium) => {
    const handOver = await assistant(desk, chromium);
    const person = await agent(desk, chromium);
    const { page } = person;
    await person.phoneReady();
    const { extension } = await person.json('/api/phone/config');
    const hostile = '<img src=x onerror="document.title=1"><b>bold</b>';
    const calls = [];
    for (const words of [`first ${hostile}`, 'second, of another call']) {
      const ucid = await desk.inbound('9000000042');
      calls.push(ucid);
      const rings = page.getByRole('alertdialog');
      await rings.waitFor();
      await handOver({ session_id: `session-${calls.length}`, extension, call_id: ucid, user: { name: hostile, phone: '9000000042' }, transcript: [{ role: 'user', content: words }] });
      const said = rings.locator('.turns li.customer > p');
      await said.waitFor();
      assert.deepEqual(await said.allTextContents(), [words]);
      await rings.getByRole('heading', { name: hostile }).waitFor();
      await person.button('Accept').click();
      const window = page.getByRole('dialog', { name: 'Customer:' });
      await window.waitFor();
      assert.deepEqual(await window.locator('.turns li.customer > p').allTextContents(), [words]);
      assert.equal(await page.locator('img[src=x], .window b').count(), 0);
      await desk.customer(ucid, 'hangup');
      await window.waitFor({ state: 'detached' });
      await person.dispose('Info');
      await person.back();
    }
    for (const [n, ucid] of calls.entries()) {
      const { conversation_history: turns } = await person.json(`/api/customer/data?call_id=${ucid}`);
      assert.match(turns[0].content, n === 0 ? /^first/ : /^second/);
    }
    await person.leave();
  }));

  test('two calls of one customer at the same moment: each agent sees the words of the call that is theirs', { timeout: 120_000 }, run(async (desk, chromium) => {
    const handOver = await assistant(desk, chromium);
    const people = [];
    for (const id of ['agent01', 'agent02']) {
      const person = await chromium.person(desk, `${id}@desk.test`);
      await person.phoneReady();
      const { extension } = await person.json('/api/phone/config');
      people.push({ id, person, extension });
    }
    // Calls of others reach agent02 in the demo: none does after a pause.
    const two = people[1].person;
    const state = (body) => two.page.evaluate(async ([path, sent]) => (await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(sent) })).status, [`/api/agents/agent02/${body.reason ? 'pause' : 'ready'}`, body]);
    await until('agent02 is free', async () => {
      await state({ reason: 'lunch' });
      const { agents } = await desk.control('state');
      return agents.find(({ id }) => id === 'agent02').pause_reason !== null && (await two.json('/api/calls/live')).calls.length === 0;
    }, 60_000);
    await state({});
    for (const one of people) {
      one.ucid = (await desk.control('inbound', { did: '918000000001', caller: '9000000042', skill: `direct_${one.id}` })).ucid;
      one.words = `said before the call to ${one.id}`;
    }
    for (const { ucid, words, extension, id } of people) {
      await handOver({ session_id: `session-of-${id}`, extension, call_id: ucid, user: { name: `Caller of ${id}`, phone: '9000000042' }, transcript: [{ role: 'user', content: words }] });
    }
    const said = (part) => part.locator('.turns li.customer > p');
    for (const { person, words } of people) {
      const rings = person.page.getByRole('alertdialog');
      await said(rings).waitFor();
      assert.deepEqual(await said(rings).allTextContents(), [words]);
    }
    for (const { person } of people) await person.button('Accept').click();
    for (const { person, words, id } of people) {
      const window = person.page.getByRole('dialog', { name: `Customer: Caller of ${id}` });
      await window.waitFor();
      assert.deepEqual(await said(window).allTextContents(), [words]);
      assert.equal(await person.page.getByRole('dialog', { name: 'Customer:' }).count(), 1);
      await person.picture(`same-customer-${id}`);
    }
    // The end of one call closes its own window and no other.
    await desk.customer(people[0].ucid, 'hangup');
    await people[0].person.page.getByRole('dialog', { name: 'Customer:' }).waitFor({ state: 'detached' });
    assert.deepEqual(await said(two.page.getByRole('dialog', { name: 'Customer:' })).allTextContents(), [people[1].words]);
    for (const { person } of people) await person.leave();
  }));

  test('where its fields are named an SMS is sent once from the menu of a row, and kept', { timeout: 60_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium, { bypassCSP: true, reducedMotion: 'reduce' });
    const { page } = person;
    const who = await lead(person);
    await who.row.locator('button.who').click({ button: 'right' });
    await page.getByRole('menu').getByRole('menuitem', { name: 'Send an SMS' }).click();
    const dialog = page.getByRole('dialog', { name: 'Send an SMS' });
    const send = dialog.getByRole('button', { name: 'Send', exact: true });
    assert.equal(await send.getAttribute('aria-disabled'), 'true', 'nothing to send yet');
    await dialog.getByLabel('Text').fill('We expect you tomorrow at 10:30.');
    assert.deepEqual(await findings(page), []);
    await person.picture('sms');
    await send.dblclick();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText(`Sent to ${who.name}`).waitFor();
    await who.row.locator('button.who').click();
    const whole = page.getByRole('region', { name: 'Lead 360' });
    await whole.locator('li').filter({ hasText: 'We expect you tomorrow at 10:30.' }).waitFor();
    await whole.getByRole('button', { name: 'SMS' }).waitFor();
    const { entries } = await person.json('/api/worklist');
    const { messages } = await person.json(`/api/leads/${entries.find(({ name }) => name === who.name).leadId}/360`);
    assert.deepEqual(messages.map(({ channel, state, text }) => [channel, state, text]), [['sms', 'sent', 'We expect you tomorrow at 10:30.']]);
    await person.leave();
  }, { DESK_SMS_FIELDS: 'phone_no={number}, message={text}, sender=ACME' }));

  test('360 px: the window is a sheet, and the call’s controls stay on the screen', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium, { viewport: { width: 360, height: 740 }, bypassCSP: true, reducedMotion: 'reduce' });
    const { page } = person;
    const clean = async (what) => assert.deepEqual([what, await findings(page)], [what, []]);
    await person.button('Send me an assistant').click();
    await page.getByRole('alertdialog').locator('.turns li').first().waitFor();
    const accept = person.button('Accept');
    const inView = async (what) => { const { y, height } = await what.boundingBox(); assert.ok(y >= 52 && y + height <= 740 - 56, `${y} ${height}`); };
    await inView(accept);
    await clean('ringing');
    await person.picture('narrow-ringing');
    await accept.click();
    const sheet = page.getByRole('dialog', { name: 'Customer:' });
    await sheet.waitFor();
    const box = await sheet.boundingBox();
    assert.deepEqual([box.x, box.width, Math.round(box.y + box.height)], [0, 360, 740 - 56]);
    for (const name of ['Mute', 'Hold', 'End']) {
      await inView(person.button(name).first());
      assert.ok((await person.button(name).first().boundingBox()).y + 30 < box.y);
    }
    await clean('sheet');
    await person.picture('narrow-sheet');
    await sheet.getByRole('button', { name: 'Close' }).click();
    await person.button('Book appt').click();
    const all = await form(page);
    await choose(all, 2);
    await inView(person.button('End').first());
    await clean('slots');
    await person.picture('narrow-slots');
    await person.leave();
  }, { DESK_SIM_SPEED: '0.5' }));
});
