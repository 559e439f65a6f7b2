// A desk with live assist: two browsers that speak, and the providers.
import { Browser, Desk, hearEachOther } from './harness.mjs';
import { Chat, Speech } from './providers.mjs';
import { Voice } from './sound.mjs';

export const SAID = {
  customer: ['I would like the price list.', 'When can you call me back?'],
  agent: ['Good morning, how can I help you?', 'Monday at ten would be fine.'],
};
/** Whether a chat is asked for a summary, not for a suggestion. */
export const isSummary = ({ messages }) => /summari[sz]e/i.test(JSON.stringify(messages));

/** What a chat answers: a suggestion, or a summary where it is asked for one. */
const answered = (asked) => (isSummary(asked) ? 'Wants the price list.' : 'Offer Monday at ten.');

/** Two voices that take turns, a browser for each, and the providers of each run. */
export async function assisted() {
  const voices = {
    customer: new Voice(SAID.customer, { voice: 'en-us+f3', before: 0.3, pause: 1 }),
    agent: new Voice(SAID.agent, { voice: 'en-gb', before: 1.2, pause: 1.1 }),
  };
  const agents = await Browser.start([], { microphone: voices.agent.file });
  const customers = await Browser.start([], { microphone: voices.customer.file });
  return {
    voices,
    /** `begin` brings about what `tell` needs. */
    async run(tell, begin, { script = SAID, environment = {}, answer = answered } = {}) {
      const speech = await Speech.start(script);
      const chat = await Chat.start(answer);
      let desk = null;
      const settings = {
        DEEPGRAM_API_KEY: 'story-speech-key', DEEPGRAM_URL: `${speech.url}/v1/listen`, OPENAI_API_KEY: 'story-chat-key', OPENAI_BASE_URL: chat.url, OPENAI_MODEL: 'story',
        DESK_ASSIST_CONSENT: 'on', ASSIST_EVERY: '2s', ...environment,
      };
      try {
        desk = await Desk.start(settings);
        const all = { desk, speech, chat, voices, agents, customers };
        await tell({ ...all, ...await begin(all) });
      } catch (error) {
        await agents.pictures(error);
        throw error;
      } finally {
        await desk?.stop();
        speech.stop();
        chat.stop();
        await Promise.all([agents, customers].flatMap(({ browser }) => browser.contexts()).map((context) => context.close()));
      }
    },
    async stop() {
      await agents.stop();
      await customers.stop();
      Object.values(voices).forEach((voice) => voice.remove());
    },
  };
}

/** A transcript that is asked for before anything was heard is not there yet, which Chromium logs as an error. */
export const mayAskEarly = (person) => person.provokes(/404 \(Not Found\)/);

/** A call between the two, who hear each other. */
export async function talking({ desk, agents, customers }, options = {}) {
  const agent = await agents.person(desk, 'agent01@desk.test', options);
  await agent.phoneReady();
  const customer = await customers.customer(desk, '500005');
  const ucid = await desk.dialledElsewhere('500005');
  await agent.button(/Pick up|Accept/).click();
  await desk.callIs(ucid, 'answered');
  await agent.page.getByText('Talking', { exact: true }).waitFor();
  await hearEachOther(agent, customer);
  agent.ucid = ucid;
  mayAskEarly(agent);
  return { agent, customer, ucid };
}
