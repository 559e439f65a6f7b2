import type { AgentView } from '../../api/types';

/** The tone of a state that is known by a whole word of it: NOT_READY is not READY, and has none. */
export function stateTone(agent: AgentView): 'good' | 'warning' | 'bad' | 'blue' | '' {
  if (!agent.state.fresh) return '';
  const parts = agent.state.word.toUpperCase().split(/[^A-Z]+/);
  const has = (...words: string[]) => words.some((word) => parts.includes(word));
  if (has('NOT')) return '';
  if (has('READY', 'AVAILABLE', 'IDLE')) return 'good';
  if (has('ACW', 'WRAP', 'WRAPUP', 'AFTER')) return 'warning';
  if (has('BUSY', 'CALL', 'INCALL', 'CALLING', 'TALK', 'TALKING')) return 'blue';
  if (has('PAUSE', 'PAUSED', 'AUX', 'BREAK')) return 'warning';
  if (has('LOGOUT') || (has('OUT') && has('LOG', 'LOGGED'))) return 'bad';
  return '';
}
