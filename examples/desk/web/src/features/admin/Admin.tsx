import { useSearchParams } from 'wouter';
import { useWords } from '../../words/words';
import { Audit } from './Audit';
import { Subscription } from './Subscription';
import { Teams } from './Teams';
import { Tokens } from './Tokens';
import { Users } from './Users';
import './admin.css';

const PARTS = ['users', 'teams', 'tokens', 'audit', 'subscription'] as const;
type Part = (typeof PARTS)[number];
const CONTENT = { users: Users, teams: Teams, tokens: Tokens, audit: Audit, subscription: Subscription };

/** Who may use the desk, as which agent, and what was done with it. The part that is shown is in the address. */
export default function Admin() {
  const words = useWords();
  const [search, setSearch] = useSearchParams();
  const wanted = search.get('part');
  const part: Part = PARTS.find((known) => known === wanted) ?? 'users';
  const Content = CONTENT[part];
  return (
    <div className="page admin">
      <h1>{words.admin.title}</h1>
      <div className="tabs" role="tablist" aria-label={words.admin.title}>
        {PARTS.map((key) => <button key={key} type="button" role="tab" id={`tab-${key}`} aria-selected={part === key} aria-controls="part" onClick={() => setSearch({ part: key })}>{words.admin[key]}</button>)}
      </div>
      <div id="part" role="tabpanel" aria-labelledby={`tab-${part}`} className="stack"><Content /></div>
    </div>
  );
}
