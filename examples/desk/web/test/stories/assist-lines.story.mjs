// Live assist when something goes wrong, and when it is not there: the call goes on, gaps are told, nothing is kept that must not be.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before, describe } from 'node:test';
import { assisted, isSummary, mayAskEarly, talking } from '../assisted.mjs';
import { until } from '../harness.mjs';
import { look } from '../look.mjs';
import { delays, percentile, record } from '../sound.mjs';

let world;
before(async () => { world = await assisted(); });
after(async () => { await world?.stop(); });

const lines = (agent) => agent.card('Transcript').getByRole('list', { name: 'Transcript' });
const line = (agent, text) => lines(agent).locator('li:not(.interim)').filter({ hasText: text }).first();
const many = (who, count) => Array.from({ length: count }, (_, n) => `${who} says sentence number ${n + 1}.`);
const LONG = { customer: many('The customer', 60), agent: many('The agent', 60) };

/** Every file below a folder, as text. */
const kept = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1')).join('\n');

describe('assist, when something goes wrong', () => {
  test('a provider that dies leaves a gap and the call as it is; what comes after it is written down again', { timeout: 180_000 }, async () => {
    await world.run(async ({ agent, desk, speech }) => {
      const { page } = agent;
      await line(agent, 'The customer says sentence number 1.').waitFor({ timeout: 30_000 });
      speech.streams.forEach((stream) => { stream.garbage('{"type":"Results","channel":'); stream.garbage('[]'); stream.say({ type: 'Something', new: true }); });
      await line(agent, 'The customer says sentence number 2.').waitFor({ timeout: 30_000 });
      speech.die();
      // Commands of the call do not wait for it.
      await agent.button('Hold').click();
      await page.getByText('On hold', { exact: true }).waitFor();
      await agent.button('Resume').click();
      await page.getByText('Talking', { exact: true }).waitFor();
      await agent.picture('assist-provider-down');
      speech.down = false;
      const count = speech.count;
      await until('it is sent to again', () => speech.count > count + 20, 60_000);
      await lines(agent).locator('li.gap').first().waitFor({ timeout: 30_000 });
      await until('more is written down', async () => (await lines(agent).locator('li.gap ~ li.customer:not(.interim)').count()) > 0, 60_000);
      assert.ok(['answered'].includes((await desk.call(agent.ucid)).state));
      await agent.picture('assist-gap');
      agent.quiet();
    }, talking, { script: LONG });
  });

  test('while the call is held not one frame is sent', { timeout: 120_000 }, async () => {
    await world.run(async ({ agent, customer, speech }) => {
      await until('it is sent', () => speech.count > 20, 30_000);
      await agent.button('Hold').click();
      await agent.page.getByText('On hold', { exact: true }).waitFor();
      await speech.settled();
      const [before, packets] = [speech.count, (await customer.heard()).packets];
      await until('time goes by', async () => (await customer.heard()).packets > packets + 75);
      assert.equal(speech.count, before);
      await agent.button('Resume').click();
      await until('it is sent again', () => speech.count > before, 30_000);
    }, talking, { script: LONG });
  });

  test('what was said and suggested survives a reload, and what was dismissed stays away', { timeout: 120_000 }, async () => {
    await world.run(async ({ agent }) => {
      const { page } = agent;
      const panel = agent.card('Transcript');
      const suggestions = panel.getByRole('region', { name: 'Suggestions' });
      await line(agent, 'The customer says sentence number 2.').waitFor({ timeout: 30_000 });
      await suggestions.getByText(/Suggestion \d+ of/).first().waitFor({ timeout: 30_000 });
      assert.equal(await page.locator('.assist img').count(), 0, 'what looks like HTML is none');
      await suggestions.getByRole('button', { name: 'earlier' }).waitFor({ timeout: 30_000 });
      await suggestions.getByRole('button', { name: 'earlier' }).click();
      const first = suggestions.getByRole('listitem').filter({ hasText: /Suggestion 1 of/ });
      await first.getByRole('button', { name: 'Dismiss' }).click();
      await first.waitFor({ state: 'detached' });
      const before = await lines(agent).locator('li:not(.interim) > p').allTextContents();
      page.on('dialog', (dialog) => void dialog.accept());
      await page.reload();
      await line(agent, 'The customer says sentence number 2.').waitFor();
      const after = await lines(agent).locator('li:not(.interim) > p').allTextContents();
      assert.deepEqual(after.slice(0, before.length), before);
      const earlier = suggestions.getByRole('button', { name: 'earlier' });
      if (await earlier.count() > 0) await earlier.click();
      await suggestions.getByText(/Suggestion 2 of/).waitFor();
      assert.equal(await suggestions.getByText(/Suggestion 1 of/).count(), 0);
      agent.quiet();
    }, talking, { script: LONG, answer: numbered() });
  });

  test('by keyboard and for screen readers, in both themes', { timeout: 180_000 }, async () => {
    await world.run(async ({ agent }) => {
      const { page } = agent;
      const panel = agent.card('Transcript');
      await line(agent, 'The customer says sentence number 3.').waitFor({ timeout: 30_000 });
      // What is read out is finished: no sentence is told in two pieces.
      const told = await panel.locator('[aria-live=polite] > p').allTextContents();
      assert.ok(told.length > 0 && told.every((text) => text.endsWith('.')), told.join('|'));
      await look(agent, 'with assist', { focus: false });
      // It follows what is said until one scrolls up, and again once one asks for it.
      const list = lines(agent);
      await list.focus();
      await until('there is something to scroll', () => list.evaluate((element) => element.scrollHeight > element.clientHeight + 100), 60_000);
      const atEnd = () => list.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight < 4);
      assert.ok(await atEnd());
      await page.keyboard.press('Home');
      const newest = panel.getByRole('button', { name: 'To the newest' });
      await newest.waitFor();
      const count = await list.getByRole('listitem').count();
      await until('more is said', async () => (await list.getByRole('listitem').count()) > count, 30_000);
      assert.equal(await list.evaluate((element) => element.scrollTop < 40), true, 'it stays where one looks');
      await newest.press('Enter');
      await until('it is at the end', atEnd);
      await panel.getByLabel('Search the transcript').fill('number 2');
      await panel.getByText(/^\d+ found$/).waitFor();
      assert.ok((await list.locator('mark').allTextContents()).every((text) => text.toLowerCase() === 'number 2'));
      await agent.picture('assist-search');
      await page.keyboard.press('Escape');
      await until('all is shown again', async () => (await list.locator('mark').count()) === 0);
    }, (all) => talking(all, { bypassCSP: true, reducedMotion: 'reduce' }), { script: LONG });
  });

  test('a card number is in no file of the desk, nor in its log', { timeout: 120_000 }, async () => {
    const card = '4111 1111 1111 1111';
    const script = { customer: ['My card is four one double one', 'one one one one one one one one one one one one please.', `I repeat: ${card}.`, 'That was it.'], agent: ['Please do not read it out.'] };
    await world.run(async ({ agent, desk }) => {
      await line(agent, 'That was it.').waitFor({ timeout: 60_000 });
      assert.ok(!/4111|1111/.test((await lines(agent).textContent()).replaceAll(/[\s-]/g, '')));
      await agent.button('End').click();
      await agent.page.getByText('How did it end?').waitFor();
      await agent.page.getByText('Filled in from the transcript.').waitFor({ timeout: 30_000 });
      const all = kept(desk.folder) + Buffer.concat(desk.log).toString('latin1');
      assert.ok(all.length > 10_000);
      for (const trace of ['4111111111111111', '4111 1111', '4111-1111', 'four one double one', 'one one one one']) assert.ok(!all.includes(trace), trace);
    }, talking, { script });
  });

  test('how long a sample takes from the file to the provider', { timeout: 180_000 }, async (t) => {
    await world.run(async ({ agent, customer, speech, voices }) => {
      const tracks = {
        agent: await record(agent.page, 'globalThis.connections.at(-1).getSenders().find(({ track }) => track?.kind === "audio").track'),
        customer: await record(customer.page, 'globalThis.customer.track()'),
      };
      const count = speech.count;
      await until('half a minute was heard', () => speech.count > count + 600, 60_000);
      for (const who of ['customer', 'agent']) {
        const all = delays(voices[who], await tracks[who](), speech.heard(who));
        assert.ok(all.length > 100, `${who}: ${all.length} samples were found`);
        t.diagnostic(`${who}: from a sample's time in the file to its receipt, ms: median ${percentile(all, 0.5).toFixed(0)}, p99 ${percentile(all, 0.99).toFixed(0)}, longest ${percentile(all, 1).toFixed(0)} (${all.length} samples)`);
      }
    }, talking, { script: LONG });
  });
});

/** A chat whose suggestions can be told apart. */
function numbered() {
  let count = 0;
  return (asked) => (isSummary(asked) ? 'Wants the price list.' : `Suggestion ${count += 1} of the <img src=x>story.`);
}

/** A call that the page dialled: its campaign is known from the beginning. */
async function dialled({ desk, agents }) {
  const agent = await agents.person(desk, 'agent01@desk.test');
  await agent.phoneReady();
  await agent.dial('9000000101');
  await agent.talks();
  mayAskEarly(agent);
  return { agent };
}

describe('assist, where it is not', () => {
  test('a campaign whose switch is off: nothing is sent, nothing is shown; the switch is an administrator’s', { timeout: 120_000 }, async () => {
    await world.run(async ({ agent, agents, desk, speech }) => {
      assert.equal(await agent.card('Transcript').count(), 0);
      assert.equal(await agent.page.getByText('transcribed').count(), 0);
      const admin = await agents.person(desk, 'admin@desk.test');
      await admin.page.getByRole('link', { name: 'Admin' }).click();
      await admin.page.getByRole('tab', { name: 'Live assist' }).click();
      const toggle = admin.page.getByRole('switch', { name: 'Transcribe calls of support_out' });
      assert.equal(await toggle.isChecked(), false);
      assert.equal(speech.count, 0);
      await toggle.click();
      await until('it is on', async () => (await toggle.isChecked()) && await toggle.isEnabled());
      await admin.picture('assist-consent');
      await admin.leave();
      await agent.button('End').click();
      await agent.dispose('Follow Up');
      await agent.back();
      await agent.dial('9000000102');
      await agent.talks();
      await line(agent, 'The agent says sentence number 1.').waitFor({ timeout: 30_000 });
      agent.quiet();
    }, dialled, { script: LONG, environment: { DESK_ASSIST_CONSENT: 'off' } });
  });

  test('without keys the page loads nothing of it and asks for nothing of it', { timeout: 120_000 }, async () => {
    await world.run(async ({ agent, agents, desk, speech, chat }) => {
      assert.equal((await agent.json('/api/me')).assist ?? null, null);
      await agent.button('End').click();
      await agent.dispose('Follow Up');
      const asked = await agent.page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
      assert.ok(asked.length > 10);
      assert.deepEqual(asked.filter((name) => /assist|worklet|transcript|suggestion|summary|audio/.test(name)), []);
      const admin = await agents.person(desk, 'admin@desk.test');
      await admin.page.goto(`${desk.http}/admin?part=assist`);
      await admin.page.getByRole('tab', { name: 'Users', selected: true }).waitFor();
      assert.equal(await admin.page.getByRole('tab', { name: 'Live assist' }).count(), 0);
      assert.deepEqual([speech.streams.length, chat.requests.length], [0, 0]);
      await admin.leave();
    }, talking, { environment: { DEEPGRAM_API_KEY: '', OPENAI_API_KEY: '', DEEPGRAM_URL: '', OPENAI_BASE_URL: '', OPENAI_MODEL: '' } });
  });
});
