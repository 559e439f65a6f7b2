import { useMutation } from '@tanstack/react-query';
import { ChevronDown, KeyRound, Languages, LogOut, Mic, Moon, RotateCcw } from 'lucide-react';
import { useState } from 'react';
import { at, post } from '../../api/client';
import type { Me } from '../../api/types';
import { leave } from '../../app';
import { useAgent, useStale } from '../../state';
import { Dialog } from '../../ui/Dialog';
import { Menu } from '../../ui/Menu';
import { Button, Notice } from '../../ui/controls';
import { chooseTheme, theme } from '../../ui/theme';
import { sentence, toastProblem } from '../../ui/toasts';
import { keepLanguage, language, useWords } from '../../words/words';
import { keepAll } from '../call/drafts';
import { Devices } from '../devices/Devices';
import { PasswordForm } from '../sign-in/SignIn';
import { endSession } from './signing-out';

type Open = 'sign_out' | 'force' | 'devices' | 'password' | null;

export function Profile({ me }: { me: Me }) {
  const own = me.agents[0] ?? null;
  const words = useWords();
  const [open, setOpen] = useState<Open>(null);
  const stale = useStale();
  const close = () => setOpen(null);
  const switchLanguage = () => {
    keepLanguage(language() === 'en' ? 'hi' : 'en');
    dispatchEvent(new Event('desk-language'));
  };
  return (
    <>
      <Menu
        trigger={<Button tone="quiet"><span className="only-read">{words.profile.label}: </span>{me.name}<ChevronDown aria-hidden /></Button>}
        entries={[
          { key: 'who', caption: me.email ?? me.name },
          ...(own === null ? [] : [
            { key: 'force', label: words.profile.forceReady, icon: <RotateCcw aria-hidden />, blocked: stale && (words.reason['stale'] ?? stale), onSelect: () => setOpen('force') },
            { key: 'devices', label: words.profile.devices, icon: <Mic aria-hidden />, onSelect: () => setOpen('devices') },
          ]),
          { key: 'theme', label: words.profile.theme, icon: <Moon aria-hidden />, onSelect: () => chooseTheme(theme() === 'dark' ? 'light' : 'dark') },
          { key: 'language', label: language() === 'en' ? 'हिन्दी' : 'English', icon: <Languages aria-hidden />, onSelect: switchLanguage },
          { key: 'password', label: words.profile.changePassword, icon: <KeyRound aria-hidden />, onSelect: () => setOpen('password') },
          { key: 'line', line: true },
          { key: 'out', label: words.profile.signOut, icon: <LogOut aria-hidden />, onSelect: () => setOpen('sign_out') },
        ]}
      />
      {open === 'sign_out' && <SignOut me={me} onClose={close} />}
      {open === 'force' && own !== null && <ForceReady agent={own} onClose={close} />}
      {open === 'devices' && <Dialog open title={words.devices.title} onClose={close}><Devices /></Dialog>}
      {open === 'password' && <Dialog open title={words.password.title} onClose={close}><PasswordForm email={me.email ?? ''} title="" onDone={close} /></Dialog>}
    </>
  );
}

const LONGEST_MS = 5_000;
/** Whether it comes true within a time. */
const within = (ms: number, wish: Promise<boolean>) => Promise.race([wish, new Promise<boolean>((resolve) => { setTimeout(() => resolve(false), ms); })]);

function SignOut({ me, onClose }: { me: Me; onClose: () => void }) {
  const words = useWords();
  const agent = useAgent(me.agents[0] ?? null);
  const [loses, setLoses] = useState(false);
  const out = useMutation({
    mutationFn: async () => {
      // Once the session is gone nothing can be sent any more.
      if (!await within(LONGEST_MS, keepAll()) && !loses) { setLoses(true); return false; }
      await endSession();
      return true;
    },
    onSuccess: (isOut) => { if (isOut) leave(); },
  });
  const inCall = agent?.call !== null && agent !== null;
  return (
    <Dialog open title={words.profile.confirm} onClose={onClose} footer={<>
      <Button onClick={onClose}>{words.cancel}</Button>
      <Button tone="primary" blocked={inCall ? words.profile.inCall : out.isPending ? words.loading : null} onClick={() => out.mutate()}>{words.profile.signOut}</Button>
    </>}>
      {inCall ? <Notice tone="warning">{words.profile.inCall}</Notice> : me.agents.length > 0 && <p>{words.profile.loses}</p>}
      {agent !== null && agent.owed > 0 && <Notice tone="warning">{words.profile.owes(agent.owed)}{!loses && ` ${words.profile.kept}`}</Notice>}
      {loses && <Notice tone="warning">{words.profile.losesNotes}</Notice>}
      {out.error && <Notice tone="bad">{sentence(out.error, words).title}</Notice>}
    </Dialog>
  );
}

function ForceReady({ agent, onClose }: { agent: string; onClose: () => void }) {
  const words = useWords();
  const stale = useStale();
  const force = useMutation({ mutationFn: () => post(at('/api/agents/{id}/force-ready', { id: agent }), {}), onSuccess: onClose, onError: (problem) => toastProblem(problem, words) });
  return (
    <Dialog open title={words.profile.forceTitle} onClose={onClose} footer={<>
      <Button onClick={onClose}>{words.cancel}</Button>
      <Button tone="primary" blocked={stale ? words.reason['stale'] : force.isPending ? words.loading : null} onClick={() => force.mutate()}>{words.profile.forceReady}</Button>
    </>}><p>{words.profile.forceWhy}</p></Dialog>
  );
}
