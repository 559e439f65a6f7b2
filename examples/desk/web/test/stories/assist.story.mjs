// Live assist in a call between two people whose voices come from files: what is written down, beside whom, and what is
// not sent. The providers are this story's own.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { assisted, talking } from '../assisted.mjs';
import { until } from '../harness.mjs';
import { placed } from '../sound.mjs';

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

      await until('each was heard for ten seconds', () => ['customer', 'agent'].every((who) => speech.heard(who).blocks.length > 100), 30_000);

      // Both channels, each its own, in order: whatever was recognised in them comes as it is in the file.
      for (const channel of ['customer', 'agent']) {
        const { samples } = speech.heard(channel);
        const pieces = placed(voices[channel], samples);
        assert.ok(pieces.length >= 6, `${channel}: ${pieces.length} pieces were found`);
        const off = pieces.map(({ at, into, turn }) => at / 16_000 - into - turn * voices[channel].seconds);
        assert.ok(Math.max(...off) - Math.min(...off) < 0.2, `${channel}: in order and whole: ${off.map((one) => one.toFixed(3))}`);
        const other = channel === 'agent' ? 'customer' : 'agent';
        assert.deepEqual(placed(voices[other], samples, { like: 0.8 }), [], `nothing of the ${other} is in the channel of the ${channel}`);
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
