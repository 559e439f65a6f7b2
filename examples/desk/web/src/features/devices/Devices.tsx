import { useEffect, useState } from 'react';
import { softphone } from '../../app';
import { choose, chosen } from '../../phone/audio';
import { usePhone } from '../../state';
import { Button, Field, Notice } from '../../ui/controls';
import { useWords } from '../../words/words';

/** Microphone, voice and ring: kept in this browser, changed also in a call. */
export function Devices() {
  const words = useWords();
  const phone = usePhone();
  const [devices, setDevices] = useState<MediaDeviceInfo[]>([]);
  const [now, setNow] = useState(chosen);
  useEffect(() => {
    const look = () => void navigator.mediaDevices.enumerateDevices().then(setDevices);
    look();
    navigator.mediaDevices.addEventListener('devicechange', look);
    return () => navigator.mediaDevices.removeEventListener('devicechange', look);
  }, [phone.microphone]);
  const pick = (what: 'input' | 'output' | 'ring', id: string) => {
    choose({ [what]: id });
    setNow(chosen());
    if (what === 'input') void softphone.useDevices();
    if (what === 'output') softphone.speaker.useOutput();
  };
  const select = (what: 'input' | 'output' | 'ring', kind: MediaDeviceKind) => (
    <Field label={words.devices[what]}>
      {(ids) => (
        <select {...ids} value={now[what]} onChange={(event) => pick(what, event.target.value)}>
          <option value="">{words.devices.standard}</option>
          {devices.filter((device) => device.kind === kind && device.deviceId !== '').map(({ deviceId, label }) => <option key={deviceId} value={deviceId}>{label}</option>)}
        </select>
      )}
    </Field>
  );
  return (
    <div className="stack">
      {phone.microphone === 'ready' ? <Notice tone="good">{words.devices.ready}</Notice>
        : phone.microphone !== 'unasked' && <Notice tone="bad">{words.phone[phone.microphone]}</Notice>}
      {phone.microphone !== 'ready' && <Button onClick={() => void softphone.useDevices()}>{words.devices.allow}</Button>}
      {select('input', 'audioinput')}
      {select('output', 'audiooutput')}
      {select('ring', 'audiooutput')}
      <Notifications />
      <Button onClick={() => softphone.speaker.test()}>{words.devices.test}</Button>
    </div>
  );
}

/** Calls that come while the page is hidden are told by the browser, where that is allowed. */
function Notifications() {
  const words = useWords();
  const [permission, setPermission] = useState(() => 'Notification' in window ? Notification.permission : 'denied');
  if (permission === 'granted') return null;
  if (permission === 'denied') return <Notice>{words.devices.notificationsOff}</Notice>;
  return <Button onClick={() => void Notification.requestPermission().then(setPermission)}>{words.devices.notifications}</Button>;
}
