import { useQuery } from '@tanstack/react-query';
import { get } from '../../api/client';
import { Field, Notice } from '../../ui/controls';
import { useWords } from '../../words/words';

export interface Choice { campaign: string; did: string }
export const DEFAULTS: Choice = { campaign: '', did: '' };

/** On which campaign to call, and which number the customer sees. A number belongs to its campaign: choosing one chooses the other. */
export function DialOptions({ choice, onChange }: { choice: Choice; onChange: (choice: Choice) => void }) {
  const words = useWords();
  const campaigns = useQuery({ queryKey: ['campaigns'], queryFn: () => get('/api/campaigns'), staleTime: 300_000 });
  const callerIds = useQuery({ queryKey: ['caller-ids'], queryFn: () => get('/api/caller-ids'), staleTime: 300_000 });
  const numbers = callerIds.data?.callerIds ?? [];
  const pickCampaign = (campaign: string) => {
    const fits = numbers.some((one) => one.did === choice.did && (one.campaign ?? campaign) === campaign);
    onChange({ campaign, did: fits ? choice.did : '' });
  };
  const pickNumber = (did: string) => onChange({ did, campaign: numbers.find((one) => one.did === did)?.campaign ?? choice.campaign });
  return (
    <div className="options">
      {(campaigns.isError || callerIds.isError) && <Notice tone="warning">{words.worklist.choicesFailed}</Notice>}
      <Field label={words.worklist.campaign}>
        {(ids) => (
          <select {...ids} value={choice.campaign} onChange={(event) => pickCampaign(event.target.value)}>
            <option value="">{words.worklist.defaultChoice}</option>
            {campaigns.data?.campaigns.filter(({ canDial }) => canDial).map(({ name }) => <option key={name}>{name}</option>)}
          </select>
        )}
      </Field>
      <Field label={words.worklist.did}>
        {(ids) => (
          <select {...ids} value={choice.did} onChange={(event) => pickNumber(event.target.value)}>
            <option value="">{words.worklist.defaultChoice}{callerIds.data?.default ? ` (${callerIds.data.default})` : ''}</option>
            {numbers.map(({ did, campaign }) => <option key={`${did} ${campaign ?? ''}`} value={did}>{campaign === null ? did : `${did} · ${campaign}`}</option>)}
          </select>
        )}
      </Field>
    </div>
  );
}
