import { CalendarDays, ListTodo, Wrench } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { Notice } from '../../ui/controls';
import { dateAndTime, grouped, timeOfDay } from '../../words/time';
import { useWords, type Words } from '../../words/words';
import type { Activity, Profile, Turn } from './profile';
import { useProfile } from './query';
import './customer.css';

/** What the caller and the assistant said. */
function Turns({ turns }: { turns: readonly Turn[] }) {
  const words = useWords();
  const newest = useRef<HTMLLIElement>(null);
  // Where the list is cut off, it is the beginning that is: the last words are why there is a call.
  useEffect(() => { const list = newest.current?.parentElement; if (list) list.scrollTop = list.scrollHeight; }, [turns.length]);
  if (turns.length === 0) return <p className="muted small">{words.customer.noTurns}</p>;
  return (
    <ol className="turns" tabIndex={0} aria-label={words.customer.turns}>
      {turns.map(({ who, role, text, at }, n) => (
        <li key={n} className={who} ref={n === turns.length - 1 ? newest : null}>
          <span className="small muted">{who === 'other' ? <bdi>{role}</bdi> : words.customer.said[who]}{at !== null && <> · <time title={dateAndTime(at)}>{timeOfDay(at)}</time></>}</span>
          <p dir="auto">{text}</p>
        </li>
      ))}
    </ol>
  );
}

const ICON: Record<string, typeof Wrench> = { calendar_event: CalendarDays, todo: ListTodo };

function what({ kind, action }: Activity, words: Words) {
  const name = words.customer.kinds[kind] ?? kind.replaceAll('_', ' ');
  return action === null ? name : `${name}: ${words.customer.actions[action] ?? action}`;
}

/** What the assistant did. */
function Activities({ activities }: { activities: readonly Activity[] }) {
  const words = useWords();
  if (activities.length === 0) return <p className="muted small">{words.customer.noActivities}</p>;
  return (
    <ul className="activities">
      {activities.map((one, n) => {
        const Icon = ICON[one.kind] ?? Wrench;
        return (
          <li key={n}>
            <Icon aria-hidden />
            <div className="grow">
              <p dir="auto">{one.title}</p>
              <p className="small muted"><bdi>{what(one, words)}</bdi>{one.date !== null && <> · <bdi>{one.date}</bdi></>}{one.at !== null && <> · <time>{dateAndTime(one.at)}</time></>}</p>
              {one.result !== null && one.result !== one.title && one.result !== one.action && <p className="small" dir="auto">{one.result}</p>}
            </div>
          </li>
        );
      })}
    </ul>
  );
}

/** The whole profile. All of it is text, whatever it looks like. */
export function ProfileView({ profile }: { profile: Profile }) {
  const words = useWords();
  const facts: [string, string | null][] = [[words.customer.phone, profile.phone === null ? null : grouped(profile.phone)], [words.customer.email, profile.email], [words.customer.note, profile.notes], ...profile.more];
  return (
    <div className="stack profile">
      <dl className="definition">
        {facts.map(([name, text]) => text !== null && <div key={name} className="pair"><dt><bdi>{name}</bdi></dt><dd><bdi>{text}</bdi></dd></div>)}
      </dl>
      <section><h3>{words.customer.turns}</h3><Turns turns={profile.turns} /></section>
      <section><h3>{words.customer.activities}</h3><Activities activities={profile.activities} /></section>
    </div>
  );
}

const LAST_TURNS = 6;
const LAST_ACTIVITIES = 3;

/** The part that one takes in while it rings: what was said last, what was done last. */
export default function ProfileBrief({ ucid }: { ucid: string }) {
  const words = useWords();
  const { data: profile, isError } = useProfile(ucid);
  if (isError) return <Notice tone="warning">{words.customer.failed}</Notice>;
  if (!profile) return null;
  const before = profile.turns.length - LAST_TURNS;
  return (
    <div className="stack profile brief">
      {(profile.email ?? profile.notes) !== null && <p className="small muted"><bdi>{[profile.email, profile.notes].filter(Boolean).join(' · ')}</bdi></p>}
      <section><h3>{words.customer.turns}</h3>{before > 0 && <p className="small muted">{words.customer.before(before)}</p>}<Turns turns={profile.turns.slice(-LAST_TURNS)} /></section>
      {profile.activities.length > 0 && <section><h3>{words.customer.activities}</h3><Activities activities={profile.activities.slice(-LAST_ACTIVITIES)} /></section>}
    </div>
  );
}
