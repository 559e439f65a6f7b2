export interface Figures {
  total: number; answered: number; missed: number; inbound: number; outbound: number; booked: number; handlingMeanSec: number | null; talkMeanSec: number | null; conversion: number | null; signedInSec: number | null;
  dispositions: Record<string, number>;
  timeUse: Record<string, number> | null;
  provisional?: boolean;
  gaps?: { from: number; to: number }[];
}
export interface Trend { days: { day: string; inbound: number; outbound: number; figures?: Figures }[] }
