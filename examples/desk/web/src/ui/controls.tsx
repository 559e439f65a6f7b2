import { useId, type ComponentProps, type ReactNode } from 'react';
import { AlertTriangle, CheckCircle2, Info, OctagonAlert } from 'lucide-react';

type ButtonProps = Omit<ComponentProps<'button'>, 'disabled'> & {
  tone?: 'primary' | 'good' | 'bad' | 'quiet';
  small?: boolean;
  icon?: boolean;
  /** Why it cannot be pressed; `null` or absent if it can. It stays focusable, so that the reason can be read. */
  blocked?: string | null | undefined;
};

/** A button that says why it is blocked. */
export function Button({ tone, small, icon, blocked, className, onClick, type = 'button', title, ...rest }: ButtonProps) {
  const names = ['button', tone, small && 'small', icon && 'icon', className].filter(Boolean).join(' ');
  const off = blocked !== null && blocked !== undefined;
  return (
    <button
      {...rest}
      type={type}
      className={names}
      aria-disabled={off || undefined}
      title={off ? blocked : title}
      onClick={(event) => { if (off) event.preventDefault(); else onClick?.(event); }}
    />
  );
}

interface FieldProps { label: string; hint?: string; wrong?: string | null; children: (ids: { id: string; 'aria-invalid': boolean; 'aria-describedby': string | undefined }) => ReactNode }

export function Field({ label, hint, wrong, children }: FieldProps) {
  const id = useId();
  const note = wrong || hint ? `${id}-note` : undefined;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, 'aria-invalid': Boolean(wrong), 'aria-describedby': note })}
      {wrong ? <span className="wrong" id={note}>{wrong}</span> : hint && <span className="hint" id={note}>{hint}</span>}
    </div>
  );
}

type Tone = 'good' | 'warning' | 'bad' | 'blue';
const ICONS = { good: CheckCircle2, warning: AlertTriangle, bad: OctagonAlert, blue: Info };

export function Notice({ tone = 'blue', children, action }: { tone?: Tone; children: ReactNode; action?: ReactNode }) {
  const Icon = ICONS[tone];
  return (
    <div className={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      <Icon aria-hidden />
      <div className="grow">{children}</div>
      {action}
    </div>
  );
}

/** What a list does not hold, where it stands: one that is not whole never looks whole. */
export function Lacks({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return <div className="lacks"><Notice tone="warning" action={action}>{children}</Notice></div>;
}

export function Chip({ tone, children }: { tone?: Tone | undefined; children: ReactNode }) {
  return <span className={`chip ${tone ?? ''}`}>{children}</span>;
}

export function Empty({ icon, title, children }: { icon?: ReactNode; title: string; children?: ReactNode }) {
  return <div className="empty">{icon}<strong>{title}</strong>{children}</div>;
}
