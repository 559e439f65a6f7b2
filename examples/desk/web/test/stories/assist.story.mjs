// Live assist in a call between two people whose voices come from files: what is written down, beside whom, and what is
// not sent. The providers are this story's own.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { assisted, talking } from '../assisted.mjs';
import { until } from '../harness.mjs';
import { placed, RATE } from '../sound.mjs';

let world;
before(async () => { world = await assisted(); });
after(async () => { await world?.stop(); });

describe('assist', () => {
  test('a conversation is written down beside the call, and a pause sends not one frame', { timeout: 120_000 }, async () => {
    await world.run(async ({ agent, customer, speech, voices }) => {
      const { page } = agent;
      const panel = agent.card('Transcript');
      const lines = panel.getByRole('list', { name: 'Transcript' });
      for (const [who, name] of [['customer', 'Customer'], ['agent', 'You']]) {
        for (const line of speech.script[who]) {
          const entry = lines.locator(`li.${who}:not(.interim)`).filter({ hasText: line }).first();
          await entry.waitFor({ timeout: 30_000 });
          assert.ok((await entry.textContent()).startsWith(name), `${line}: said by ${name}`);
        }
      }
      await page.getByRole('region', { name: 'Talking' }).getByText('transcribed').waitFor();

      // Both channels, each its own, in order: ten seconds in which whatever was recognised comes as it is in the file. A
      // browser that has too little of the processor stretches what it plays, so it need not be the first ten.
      const found = {};
      const whole = (channel) => {
        const heard = speech.heard(channel).samples.slice(-10 * RATE);
        found[channel] = placed(voices[channel], heard).map(({ at, into, turn }) => at / RATE - into - turn * voices[channel].seconds);
        return found[channel].length >= 6 && Math.max(...found[channel]) - Math.min(...found[channel]) < 0.2;
      };
      let enough = 100;
      await until('ten seconds of each, in order and whole', () => {
        if (['customer', 'agent'].some((who) => speech.heard(who).blocks.length <= enough)) return false;
        // Looking takes time that the browsers need: once in two seconds.
        enough += 20;
        return ['customer', 'agent'].every(whole);
      }, 60_000).catch((error) => { throw new Error(`${error.message}: ${JSON.stringify(found)}`); });
      for (const [channel, other] of [['customer', 'agent'], ['agent', 'customer']]) {
        assert.deepEqual(placed(voices[other], speech.heard(channel).samples, { like: 0.8 }), [], `nothing of the ${other} is in the channel of the ${channel}`);
      }

      const suggestion = panel.getByRole('region', { name: 'Suggestions' });
      await suggestion.getByText('Offer Monday at ten.').first().waitFor({ timeout: 30_000 });
      await suggestion.getByRole('button', { name: 'Copy' }).first().click();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'Offer Monday at ten.');
      await agent.picture('assist-call-light');

      await agent.button('Pause rec').click();
      await page.getByText('recording paused').waitFor();
      await page.getByText('transcript paused').first().waitFor();
      await speech.settled();
      const [before, spoken] = [speech.count, (await customer.heard()).packets];
      // Both go on talking for more than a second.
      await until('the two hear each other', async () => (await customer.heard()).packets > spoken + 75);
      assert.equal(speech.count, before, 'not one frame was sent');
      await agent.button('Resume rec').click();
      await until('it listens again', () => speech.count > before);

      await agent.button('End').click();
      await page.getByText('How did it end?').waitFor();
      await page.getByText('Filled in from the transcript.').waitFor({ timeout: 30_000 });
      assert.equal(await page.getByLabel('Notes').inputValue(), 'Wants the price list.');
      await agent.picture('assist-after-light');
      agent.quiet();
    }, talking);
  });
});
