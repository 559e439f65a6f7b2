/** The words of live assist: they are loaded with it. */
import { language, useWords } from '../../words/words';

export const en = {
  sign: {
    on: 'transcribed', paused: 'transcript paused', off: 'not transcribed',
    reasons: {
      recordingPaused: 'while nothing is recorded', onHold: 'while on hold', noAudio: 'no sound of the call comes from a page', cap: 'the limit of the day or of the call is reached',
      provider: 'the speech service does not answer; the call goes on as it is', stopping: 'the desk is restarting', unknown: 'the desk does not know how the call stands',
    } as Record<string, string>,
  },
  panel: {
    title: 'Transcript', standIn: 'Demo: what is heard and suggested is made up. Simulated customers have no voice.', search: 'Search the transcript', matches: (n: number) => `${n} found`, newest: 'To the newest',
    empty: 'Nothing has been said yet.', failed: 'What was said before could not be loaded.', gap: (seconds: number) => `${seconds} s not transcribed`, gapOpen: 'Not transcribed',
    customer: 'Customer', agent: 'You', other: 'Speaker',
  },
  suggestions: {
    title: 'Suggestions', none: 'None yet. They come while you talk.', copy: 'Copy', copied: 'Copied', dismiss: 'Dismiss', earlier: (n: number) => `${n} earlier`, fewer: 'Newest only', coming: 'being written',
  },
  summary: { title: 'In short', generated: 'Generated', why: 'Written by a language model from what is stored. It may be wrong.', waits: 'Being written…', standIn: 'Demo: made up.' },
  notes: { filled: 'Filled in from the transcript. Check it before you save.' },
  consent: {
    tab: 'Live assist', title: 'Transcripts by campaign', why: 'Calls of a campaign are transcribed only where this is on. Switch it on once callers are told, as the law that applies to them requires.',
    campaign: 'Campaign', on: 'on', off: 'off', transcribe: (campaign: string) => `Transcribe calls of ${campaign}`, none: 'No campaigns.',
  },
};

export type AssistWords = typeof en;

/** हिन्दी. */
export const hi: AssistWords = {
  sign: {
    on: 'लिखा जा रहा है', paused: 'लिखना रुका है', off: 'नहीं लिखा जा रहा',
    reasons: {
      recordingPaused: 'रिकॉर्डिंग न होने तक', onHold: 'होल्ड रहने तक', noAudio: 'किसी पेज से कॉल की आवाज़ नहीं आ रही', cap: 'दिन या कॉल की सीमा पूरी हुई',
      provider: 'वाक् सेवा उत्तर नहीं देती; कॉल वैसे ही चलती है', stopping: 'डेस्क फिर शुरू हो रही है', unknown: 'डेस्क को कॉल की स्थिति ज्ञात नहीं',
    },
  },
  panel: {
    title: 'बातचीत', standIn: 'डेमो: सुनी और सुझाई गई बातें काल्पनिक हैं। सिम्युलेटर के ग्राहकों की आवाज़ नहीं होती।', search: 'बातचीत में खोजें', matches: (n) => `${n} मिले`, newest: 'सबसे नई पर जाएँ',
    empty: 'अभी कुछ नहीं कहा गया।', failed: 'पहले की बातचीत नहीं खुल सकी।', gap: (seconds) => `${seconds} से॰ नहीं लिखे गए`, gapOpen: 'नहीं लिखा गया',
    customer: 'ग्राहक', agent: 'आप', other: 'वक्ता',
  },
  suggestions: {
    title: 'सुझाव', none: 'अभी कोई नहीं। बातचीत के दौरान आते हैं।', copy: 'कॉपी करें', copied: 'कॉपी हुआ', dismiss: 'हटाएँ', earlier: (n) => `${n} पुराने`, fewer: 'केवल नया', coming: 'लिखा जा रहा है',
  },
  summary: { title: 'संक्षेप में', generated: 'मशीन का लिखा', why: 'भाषा मॉडल ने रखी जानकारी से लिखा है। गलत हो सकता है।', waits: 'लिखा जा रहा है…', standIn: 'डेमो: काल्पनिक।' },
  notes: { filled: 'बातचीत से भरा गया। सहेजने से पहले जाँचें।' },
  consent: {
    tab: 'लाइव सहायता', title: 'अभियान के अनुसार बातचीत लिखना', why: 'किसी अभियान की कॉल तभी लिखी जाती हैं जब यह चालू हो। कॉल करने वालों को वहाँ के कानून के अनुसार बताने के बाद ही चालू करें।',
    campaign: 'अभियान', on: 'चालू', off: 'बंद', transcribe: (campaign) => `${campaign} की कॉल लिखें`, none: 'कोई अभियान नहीं।',
  },
};

/** In the language of the page. */
export function useAssistWords(): AssistWords {
  // Whoever shows words is drawn anew when the language changes.
  useWords();
  return language() === 'hi' ? hi : en;
}
