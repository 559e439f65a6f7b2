export interface HistoryRow {
  ucid: string; direction: 'inbound' | 'outbound' | null; masked: string; agent: string | null; startedAt: number | null; talkSec: number | null;
  outcome: string | null; disposition: string | null; recording: 'ready' | 'not_ready' | 'none' | null;
  legs: { agent: string | null; status: string | null; startedAt: number | null; talkSec: number | null }[];
}
export interface HistoryPage { calls: HistoryRow[]; cursor: string | null; gaps?: { from: number; to: number }[] }
