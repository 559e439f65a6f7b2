import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Inbox, Phone, PhoneMissed } from 'lucide-react';
import { useState, type ComponentProps, type FormEvent, type ReactNode } from 'react';
import { at, get, post } from '../../api/client';
import { Problem } from '../../api/problem';
import type { Entry, Missed } from '../../api/types';
import { KEYS } from '../../live/cache';
import { useMe, useNow, useStale } from '../../state';
import { Part } from '../../ui/Broken';
import { lazily } from '../../ui/lazily';
import { Button, Chip, Empty, Field, Lacks, Notice } from '../../ui/controls';
import { ContextMenu, type MenuEntry } from '../../ui/Menu';
import { toast, toastProblem } from '../../ui/toasts';
import { ago, dateAndTime, grouped, span } from '../../words/time';
import { useWords, type Words } from '../../words/words';
import { isOwn, useHolder } from '../call/claims';
import { dial } from '../call/dialing';
import { useDialBlock } from '../call/placing';
import { DEFAULTS, DialOptions } from './DialOptions';
import { FollowUps } from '../follow-ups/FollowUps';
import { Owed, useOwed } from '../disposition/Owed';
import { useTemplates, type Selected } from '../lead/query';
import { LEVELS_MS, LEVEL_TONE, readAt, waiting } from './levels';
import { useMissed } from './missed';

const MessageDialog = lazily(() => import('../lead/MessageDialog'));

type Select = (who: Selected) => void;
type Tab = 'worklist' | 'missed' | 'follow_ups' | 'owed';

export function Worklist({ onSelect, chosen, busy }: { onSelect: Select; chosen: string | null; busy: boolean }) {
  const words = useWords();
  const [tab, setTab] = useState<Tab>('worklist');
  const missed = useMissed();
  const { list: owing, rows: owed } = useOwed();
  const count = missed.data?.missed.length ?? 0;
  const owes = owed?.length ?? 0;
  const tabs: [Tab, string, number, (boolean | undefined)?][] = [['worklist', words.worklist.title, 0], ['missed', words.worklist.missed, count, missed.data?.more], ['follow_ups', words.worklist.followUps, 0]];
  if (owes > 0 || tab === 'owed') tabs.push(['owed', words.worklist.owed, owes, owing.data?.more]);
  return (
    <section className="card list-card" aria-label={words.worklist.title}>
      <Dialer busy={busy} onSelect={onSelect} />
      <div className="tabs" role="tablist">
        {tabs.map(([key, name, n, more]) => <button key={key} type="button" role="tab" id={`tab-${key}`} aria-selected={tab === key} aria-controls="list" onClick={() => setTab(key)}>{name}{n > 0 && <> <Chip tone={key === 'owed' ? 'warning' : 'blue'}>{n}{more && '+'}</Chip></>}</button>)}
      </div>
      <div className="scroll" id="list" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {tab === 'worklist' && <Entries onSelect={onSelect} chosen={chosen} busy={busy} />}
        {tab === 'missed' && <MissedList missed={missed.data?.missed} more={missed.data?.more ?? false} nameless={missed.data?.leadsMissing ?? false} failed={missed.isError && !missed.data} again={() => void missed.refetch()} busy={busy} onSelect={onSelect} />}
        {tab === 'follow_ups' && <FollowUps busy={busy} onSelect={onSelect} />}
        {tab === 'owed' && <Owed />}
      </div>
    </section>
  );
}

function Dialer({ busy, onSelect }: { busy: boolean; onSelect: Select }) {
  const words = useWords();
  const cannot = useDialBlock(busy);
  const [number, setNumber] = useState('');
  const [more, setMore] = useState(false);
  const [choice, choose] = useState(DEFAULTS);
  const holder = useHolder()({ number: number.trim() });
  const blocked = cannot ?? (number.trim() === '' ? words.worklist.dialPlace : holder === null ? null : words.worklist.claimed(holder));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (blocked) return;
    onSelect({ number: number.trim(), name: null });
    void dial({ number: number.trim(), campaign: choice.campaign || null, did: choice.did || null });
    setNumber('');
    // The call's shortcuts are single keys: they work once nobody types any more.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  };
  return (
    <form className="dialer" onSubmit={submit} style={{ flexWrap: 'wrap' }}>
      <div className="grow"><Field label={words.worklist.dialPlace}>{(ids) => <input {...ids} inputMode="tel" autoComplete="off" value={number} onChange={(event) => setNumber(event.target.value)} />}</Field></div>
      <Button type="submit" tone="primary" blocked={blocked}><Phone aria-hidden />{words.worklist.dial}</Button>
      <Button tone="quiet" aria-expanded={more} onClick={() => setMore(!more)}>{words.worklist.options}</Button>
      {holder !== null && <p className="small muted note" role="status">{words.call.refused['claimed']}</p>}
      {more && <DialOptions choice={choice} onChange={choose} />}
    </form>
  );
}

function Entries({ onSelect, chosen, busy }: { onSelect: Select; chosen: string | null; busy: boolean }) {
  const words = useWords();
  const blocked = useDialBlock(busy);
  const holder = useHolder();
  const list = useInfiniteQuery({
    queryKey: KEYS.worklist,
    queryFn: async ({ pageParam }) => readAt(await get('/api/worklist', { query: { cursor: pageParam, limit: 50 } }), Date.now()),
    refetchInterval: LEVELS_MS,
    initialPageParam: null as string | null,
    getNextPageParam: ({ cursor }) => cursor,
  });
  if (list.isError && !list.data) return <div style={{ padding: 12 }}><Notice tone="bad" action={<Button small onClick={() => void list.refetch()}>{words.retry}</Button>}>{words.problem.title}</Notice></div>;
  if (list.isPending) return <p className="empty" role="status">{words.loading}</p>;
  const pages = list.data.pages;
  const entries = waiting(pages);
  const left = pages[0]?.withoutNumber ?? 0;
  return (
    <>
      {pages.some(({ leadsMissing }) => leadsMissing) && <Lacks>{words.worklist.leadsMissing}</Lacks>}
      {pages[0]?.moreUrgent && <Lacks>{words.worklist.moreUrgent}</Lacks>}
      {entries.length === 0 && <Empty icon={<Inbox aria-hidden />} title={words.worklist.empty}><p>{words.worklist.emptyWhy}</p></Empty>}
      <ul>{entries.map(({ entry, since }) => <EntryRow key={entry.id} entry={entry} since={since} chosen={entry.number === chosen} taken={holder(entry)} cannot={blocked} onSelect={onSelect} />)}</ul>
      {left > 0 && <p className="small muted" style={{ padding: 12 }}>{words.worklist.left(left)}</p>}
      {list.hasNextPage && <div style={{ padding: 12 }}><Button onClick={() => void list.fetchNextPage()}>{words.showMore}</Button></div>}
    </>
  );
}

function EntryRow({ entry, since, chosen, taken: by, cannot, onSelect }: { entry: Entry; since: number; chosen: boolean; taken: string | null; cannot: string | null; onSelect: Select }) {
  const words = useWords();
  const now = useNow(30_000);
  const name = entry.name ?? grouped(entry.number);
  const waits = entry.kind === 'missed' ? ago(now - since, words) : words.lead.waits(span(now - since, words));
  const who = { number: entry.number, name: entry.name, leadId: entry.leadId, missedId: entry.kind === 'missed' ? entry.id.replace(/^missed:/, '') : null };
  const call = () => { onSelect(who); void dial(who); };
  const taken = by === null ? null : words.worklist.claimed(by);
  const blocked = cannot ?? taken;
  return (
    <RowMenu who={entry} blocked={blocked} onCall={call} area={
      <li className="entry" aria-current={chosen || undefined}>
        <Button icon tone="quiet" aria-label={words.worklist.call(name)} blocked={blocked} onClick={call}><Phone aria-hidden /></Button>
        <Who name={name} onSelect={() => onSelect(who)}>{[taken, words.worklist.kinds[entry.kind] ?? entry.kind, entry.source, waits, sinceLast(entry.lastInteractionAt, now, words)].filter(Boolean).join(' · ')}</Who>
        <Chip tone={LEVEL_TONE[entry.level]}>{words.worklist.level[entry.level] ?? entry.level}</Chip>
      </li>
    } />
  );
}

function sinceLast(at: number | null | undefined, now: number, words: Words): string | null {
  return at === null || at === undefined ? null : words.worklist.last(span(now - at, words));
}

/** Who it is; a press shows the lead beside the list. */
function Who({ name, onSelect, children }: { name: string; onSelect: () => void; children: ReactNode }) {
  return <button type="button" className="who" onClick={onSelect}><strong dir="auto">{name}</strong><span className="small muted">{children}</span></button>;
}

interface Listed { number: string; name: string | null; leadId?: string | null }

/** What can be done with a row: a message only to a lead, and only where the account can send it. */
function RowMenu({ who, blocked, onCall, area }: { who: Listed; blocked: string | null; onCall: () => void; area: ComponentProps<typeof ContextMenu>['area'] }) {
  const words = useWords();
  const { data: can } = useTemplates();
  const [channel, write] = useState<'sms' | 'whatsapp' | null>(null);
  const lead = who.leadId ? { id: who.leadId, name: who.name, number: who.number } : null;
  const entries: MenuEntry[] = [
    { key: 'call', label: words.worklist.dial, blocked, onSelect: onCall },
    ...(lead && can?.sms ? [{ key: 'sms', label: words.worklist.sms, onSelect: () => write('sms') }] : []),
    ...(lead && can && can.whatsapp.length > 0 ? [{ key: 'whatsapp', label: words.worklist.whatsapp, onSelect: () => write('whatsapp') }] : []),
    { key: 'copy', label: words.worklist.copy, onSelect: () => void navigator.clipboard.writeText(who.number) },
  ];
  return (
    <>
      <ContextMenu label={who.name ?? grouped(who.number)} entries={entries} area={area} />
      {lead && channel && <Part><MessageDialog channel={channel} lead={lead} onClose={() => write(null)} /></Part>}
    </>
  );
}

function MissedList({ missed, more, nameless, failed, again, busy, onSelect }: { missed: readonly Missed[] | undefined; more: boolean; nameless: boolean; failed: boolean; again: () => void; busy: boolean; onSelect: Select }) {
  const words = useWords();
  const { data: me } = useMe();
  const now = useNow(30_000);
  const stale = useStale();
  const cannot = useDialBlock(busy);
  const holder = useHolder();
  const cache = useQueryClient();
  const claim = useMutation({
    mutationFn: ({ id, verb }: { id: string; verb: 'claim' | 'release' }) => post(at(`/api/missed/{id}/${verb}`, { id }), {}),
    onError: (problem) => { if (problem instanceof Problem && problem.body['reason'] === 'claimed') toast('warning', words.problem.title, words.call.refused['claimed']); else toastProblem(problem, words); },
    onSettled: () => cache.invalidateQueries({ queryKey: KEYS.missed }),
  });
  if (failed) return <div style={{ padding: 12 }}><Notice tone="bad" action={<Button small onClick={again}>{words.retry}</Button>}>{words.problem.title}</Notice></div>;
  if (!missed) return <p className="empty" role="status">{words.loading}</p>;
  if (missed.length === 0) return <Empty icon={<PhoneMissed aria-hidden />} title={words.worklist.missedEmpty}><p>{words.worklist.missedEmptyWhy}</p></Empty>;
  return (
    <>
    {nameless && <Lacks>{words.worklist.leadsMissing}</Lacks>}
    <ul>
      {missed.map((entry) => {
        const mine = isOwn(entry, me?.agents[0] ?? null, now);
        const by = holder(entry);
        const taken = by === null ? null : words.worklist.claimed(by);
        const name = entry.name ?? grouped(entry.number);
        const blocked = cannot ?? taken;
        const who = { number: entry.number, name: entry.name, leadId: entry.leadId ?? null, missedId: entry.id };
        const call = () => { onSelect(who); void dial(who); };
        return (
          <RowMenu key={entry.id} who={entry} blocked={blocked} onCall={call} area={
            <li className="entry">
              <Button icon tone="quiet" aria-label={words.worklist.call(name)} blocked={blocked} onClick={call}><Phone aria-hidden /></Button>
              <Who name={name} onSelect={() => onSelect(who)}>{taken && <>{taken} · </>}<time title={dateAndTime(entry.at)}>{ago(now - entry.at, words)}</time> · {words.worklist.attempts(entry.calls)}{entry.lastInteractionAt != null && <> · {words.worklist.last(span(now - entry.lastInteractionAt, words))}</>}</Who>
              <Chip tone={LEVEL_TONE[entry.level]}>{words.worklist.level[entry.level] ?? entry.level}</Chip>
              {!taken && <Button small blocked={stale ? words.reason['stale'] : null} onClick={() => claim.mutate({ id: entry.id, verb: mine ? 'release' : 'claim' })}>{mine ? words.worklist.release : words.worklist.claim}</Button>}
            </li>
          } />
        );
      })}
    </ul>
    {more && <Lacks>{words.worklist.moreMissed}</Lacks>}
    </>
  );
}
