/** Who needs attention first: pure. */
import type { AgentView } from '../../api/types';

const rank = (agent: AgentView, now: number): number => {
  if (agent.owed > 0) return 0;
  const word = agent.state.word.toUpperCase();
  const minutes = agent.state.since === null ? 0 : (now - agent.state.since) / 60_000;
  if (/ACW|WRAP|AFTER/.test(word)) return minutes > 2 ? 1 : 3;
  if (/PAUSE|AUX|BREAK/.test(word)) return minutes > 15 ? 2 : 5;
  if (/BUSY|CALL|TALK/.test(word)) return minutes > 10 ? 2 : 4;
  if (agent.loggedIn === false || /LOG.*OUT/.test(word)) return 8;
  return agent.state.fresh ? 6 : 7;
};

export function byAttention(agents: readonly AgentView[], now: number): AgentView[] {
  return [...agents].sort((a, b) => rank(a, now) - rank(b, now) || (a.state.since ?? now) - (b.state.since ?? now) || a.agent.localeCompare(b.agent));
}
