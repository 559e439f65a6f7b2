import { useSearchParams } from 'wouter';
import { useAssist } from '../../assist';
import { useWords } from '../../words/words';
import { Audit } from './Audit';
import { Subscription } from './Subscription';
import { Teams } from './Teams';
import { Tokens } from './Tokens';
import { Users } from './Users';
import './admin.css';

const PARTS = ['users', 'teams', 'tokens', 'audit', 'subscription'] as const;
const CONTENT = { users: Users, teams: Teams, tokens: Tokens, audit: Audit, subscription: Subscription };

/** Who may use the desk, as which agent, and what was done with it. The part that is shown is in the address. */
export default function Admin() {
  const words = useWords();
  const [search, setSearch] = useSearchParams();
  const wanted = search.get('part');
  const assist = useAssist();
  const part = assist && wanted === 'assist' ? wanted : PARTS.find((known) => known === wanted) ?? 'users';
  const Content = assist && part === 'assist' ? assist.ConsentPart : CONTENT[part as (typeof PARTS)[number]];
  const tab = (key: string, name: string) => <button key={key} type="button" role="tab" id={`tab-${key}`} aria-selected={part === key} aria-controls="part" onClick={() => setSearch({ part: key })}>{name}</button>;
  return (
    <div className="page admin">
      <h1>{words.admin.title}</h1>
      <div className="tabs" role="tablist" aria-label={words.admin.title}>
        {PARTS.map((key) => tab(key, words.admin[key]))}
        {assist && <assist.Tab>{(name) => tab('assist', name)}</assist.Tab>}
      </div>
      <div id="part" role="tabpanel" aria-labelledby={`tab-${part}`} className="stack"><Content /></div>
    </div>
  );
}
