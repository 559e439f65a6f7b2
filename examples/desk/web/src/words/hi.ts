import { en, type Words } from './en';

const count = (n: number, what: string) => `${n} ${what}`;

/** हिन्दी. What is not here yet is English: the proof is that a second language needs one file. */
export const hi: Words = {
  ...en,
  language: 'हिन्दी',
  app: 'डेस्क',
  loading: 'खुल रहा है…', close: 'बंद करें', cancel: 'रहने दें', save: 'सहेजें', retry: 'फिर कोशिश करें', more: 'और', showMore: 'और दिखाएँ', none: 'कोई नहीं', unknownName: 'अनजान कॉलर', withheld: 'नंबर छिपा है', skip: 'सीधे सामग्री पर जाएँ',
  navigation: { label: 'पन्ने', desk: 'कॉल डेस्क', history: 'कॉल इतिहास', performance: 'मेरा काम', wallboard: 'वॉलबोर्ड', team: 'टीम', admin: 'प्रबंधन', devices: 'माइक और घंटी' },
  signIn: { ...en.signIn, title: 'साइन इन', email: 'ई-मेल', password: 'पासवर्ड', submit: 'साइन इन करें', working: 'साइन इन हो रहा है…', wrong: 'ई-मेल या पासवर्ड सही नहीं है।', slow: (s) => `बहुत अधिक कोशिशें। ${count(s, 'सेकंड')} बाद फिर कोशिश करें।`, unreachable: 'डेस्क तक पहुँच नहीं हुई। नेटवर्क देखें, फिर कोशिश करें।', again: 'आपका सत्र समाप्त हो गया', againWhy: 'आगे बढ़ने के लिए फिर साइन इन करें। इस पन्ने पर कुछ नहीं खोया है, और चलती कॉल चलती रहेगी।' },
  profile: { ...en.profile, label: 'आपकी प्रोफ़ाइल', signOut: 'साइन आउट', forceReady: 'ज़बरन तैयार', devices: 'माइक और घंटी', theme: 'गहरे रंग', language: 'भाषा', changePassword: 'पासवर्ड बदलें', confirm: 'साइन आउट करें?', loses: 'आप सेवा से भी साइन आउट हो जाएँगे, और कॉल आप तक नहीं आएँगी।', inCall: 'आप कॉल में हैं। पहले कॉल समाप्त करें।' },
  live: { connecting: 'जुड़ रहा है…', stale: (since) => `${since} से कोई समाचार नहीं। जो दिख रहा है वह पुराना हो सकता है, इसलिए आदेश रुके हैं।`, away: 'डेस्क फिर शुरू हो रहा है। यह अपने आप लौटेगा।', offline: 'यह कंप्यूटर ऑफ़लाइन है।' },
  phone: { ...en.phone, label: 'फ़ोन', registered: 'फ़ोन तैयार', connecting: 'फ़ोन जुड़ रहा है…', off: 'फ़ोन पंजीकृत नहीं', refused: 'फ़ोन अस्वीकृत', elsewhere: 'फ़ोन दूसरे टैब में है', take: 'यहाँ लें', unheard: 'आपकी आवाज़ नहीं जा रही', reconnect: 'फिर जोड़ें', missing: 'माइक नहीं मिला। लगाकर फिर कोशिश करें।', forbidden: 'इस पन्ने के लिए माइक रोका गया है। ब्राउज़र में अनुमति दें, फिर कोशिश करें।' },
  agent: { ...en.agent, badge: 'सेवा में आपकी स्थिति', ready: 'तैयार', pause: 'विराम', pauseWith: (reason) => `विराम: ${reason}`, afterCall: 'इस कॉल के बाद', unknown: (since) => since === null ? 'अज्ञात' : `${since} से अज्ञात`, logIn: 'सेवा में लॉग इन', reasons: 'कारण के साथ विराम', words: { READY: 'तैयार', AVAILABLE: 'तैयार', IDLE: 'तैयार', PAUSE: 'विराम', PAUSED: 'विराम', AUX: 'विराम', BUSY: 'कॉल में', INCALL: 'कॉल में', CALLING: 'कॉल लग रही है', ACW: 'कॉल के बाद', WRAPUP: 'कॉल के बाद', LOGOUT: 'लॉग आउट', LOGGED_OUT: 'लॉग आउट' } },
  worklist: { ...en.worklist, last: (ago) => `पिछला संपर्क ${ago} पहले`, title: 'कार्यसूची', missed: 'छूटी कॉल', followUps: 'फ़ॉलो-अप', owed: 'निपटान बाकी', empty: 'कार्यसूची खाली है।', call: (name) => `${name} को कॉल करें`, level: { ok: 'समय पर', due: 'अभी', late: 'देर' }, claim: 'लें', release: 'लौटाएँ', missedEmpty: 'कोई छूटी कॉल नहीं।', dialPlace: 'कॉल करने का नंबर', dial: 'कॉल', campaign: 'अभियान', kinds: { lead: 'लीड', missed: 'छूटी कॉल', follow_up: 'फ़ॉलो-अप' }, missedNews: (who) => `${who} की कॉल छूटी` },
  call: { ...en.call, didRing: 'ग्राहक का फ़ोन बजा था।', none: 'कोई कॉल नहीं', noneWhy: 'कार्यसूची से किसी को चुनें, या नंबर लिखें। आने वाली कॉल यहाँ दिखेंगी।', calling: 'कॉल लग रही है …', ringing: 'घंटी बज रही है', ringingIn: 'कॉल आ रही है', active: 'बातचीत', held: 'होल्ड पर', afterCall: 'कॉल के बाद', closed: 'समाप्त', accept: 'उठाएँ', decline: 'मना करें', end: 'समाप्त', mute: 'म्यूट', unmute: 'अनम्यूट', hold: 'होल्ड', resume: 'जारी', keypad: 'कीपैड', book: 'अपॉइंटमेंट', transfer: 'ट्रांसफ़र', pauseRec: 'रिकॉर्डिंग रोकें', resumeRec: 'रिकॉर्डिंग चालू', recorded: 'रिकॉर्ड हो रही है', notes: 'टिप्पणी', unknownTitle: 'पता नहीं कि ग्राहक का फ़ोन बजा या नहीं।', unknownWhy: 'हम देख रहे हैं। स्पष्ट होने तक फिर कॉल न करें।', history: 'पिछली कॉल', noHistory: 'कोई पिछली कॉल नहीं।', inbound: 'आने वाली', outbound: 'जाने वाली' },
  disposition: { ...en.disposition, title: 'कॉल कैसे समाप्त हुई?', submit: 'निपटान सहेजें', wrapUp: (s) => `${s} सेकंड शेष`, overrun: (s) => `सीमा से ${s} सेकंड ऊपर`, soFar: (time) => `कॉल के बाद का काम: ${time}`, choose: 'निपटान चुनें।', saved: 'सहेजा गया', suggested: 'चुना गया, क्योंकि इस कॉल में अपॉइंटमेंट बुक हुआ।', back: 'कार्यसूची पर लौटें', callBackAt: 'फिर कॉल का समय' },
  followUps: { title: 'फ़ॉलो-अप', empty: 'कोई फ़ॉलो-अप नहीं।', emptyWhy: 'कॉल के बाद जोड़ें, या निपटान के साथ “फिर कॉल का समय” चुनें।', due: (who) => `फ़ॉलो-अप का समय: ${who}`, done: 'हो गया', added: 'फ़ॉलो-अप जोड़ा गया', at: 'कब', what: 'किस लिए', add: 'जोड़ें', overdue: 'समय बीता' },
  transfer: { ...en.transfer, title: 'ट्रांसफ़र', number: 'नंबर या एक्सटेंशन', connect: 'जोड़ें', cold: 'तुरंत ट्रांसफ़र', complete: 'पूरा करें', stop: 'ट्रांसफ़र रद्द' },
  history: { ...en.history, title: 'कॉल इतिहास', from: 'से', to: 'तक', direction: 'दिशा', all: 'सभी', inbound: 'आने वाली', outbound: 'जाने वाली', outcome: 'परिणाम', number: 'नंबर', agent: 'एजेंट', when: 'कब', talk: 'बातचीत', disposition: 'निपटान', recording: 'रिकॉर्डिंग', play: 'सुनें', empty: 'कोई कॉल नहीं मिली।' },
  performance: { ...en.performance, delay: 'कॉल समाप्त होने के लगभग एक मिनट बाद यहाँ दिखती है।', title: 'मेरा काम', today: 'आज', yesterday: 'कल', week: 'पिछले 7 दिन', day: 'दिन', total: 'कॉल', answered: 'उठाई गईं', booked: 'बुक हुईं', handling: 'औसत समय', conversion: 'सफलता', signedIn: 'साइन इन', sevenDays: 'सात दिन, आने और जाने वाली', dispositions: 'निपटान', timeUse: 'समय का उपयोग', table: 'तालिका दिखाएँ', noData: 'कोई आँकड़े नहीं' },
  admin: { ...en.admin, title: 'प्रबंधन', users: 'उपयोगकर्ता', teams: 'टीमें', tokens: 'टोकन', audit: 'लेखा', subscription: 'घटना सदस्यता', email: 'ई-मेल', name: 'नाम', role: 'भूमिका', agents: 'एजेंट', extension: 'एक्सटेंशन', addUser: 'उपयोगकर्ता जोड़ें', newPassword: 'नया पासवर्ड', roles: { agent: 'एजेंट', supervisor: 'पर्यवेक्षक', administrator: 'प्रबंधक', service: 'सेवा' } },
  demo: { handoff: 'सहायक की कॉल मुझे भेजें', handoffWhy: 'एक काल्पनिक आवाज़-सहायक अपनी कॉल आपको सौंपता है।' },
  customer: {
    titled: (who) => `ग्राहक: ${who}`, open: 'ग्राहक की खिड़की खोलें', turns: 'सहायक से बातचीत', noTurns: 'पहले कुछ नहीं कहा गया।', before: (n) => `${n} और, कॉल उठाने पर खिड़की में`,
    activities: 'गतिविधियाँ', noActivities: 'पहले कुछ नहीं किया गया।', failed: 'सहायक की जानकारी नहीं खुल सकी।', phone: 'फ़ोन', email: 'ई-मेल', note: 'टिप्पणी',
    said: { customer: 'ग्राहक', assistant: 'सहायक' }, kinds: { calendar_event: 'कैलेंडर', todo: 'काम', tool_call: 'क्रिया' }, actions: { created: 'बनाया', updated: 'बदला', completed: 'पूरा किया' },
  },
  lead: {
    title: 'ग्राहक', choose: 'जानकारी देखने के लिए कार्यसूची से किसी को चुनें।', preparation: 'तैयारी', whole: 'लीड 360', source: 'स्रोत', assignedTo: 'किसके पास', last: 'पिछला संपर्क', never: 'अभी तक नहीं', level: 'सेवा स्तर',
    waits: (text) => `${text} से प्रतीक्षा में`, line: 'हमारा नंबर', notALead: 'लीड में नहीं है।', failed: 'लीड नहीं खुल सकी।', calls: 'कॉल', noCalls: 'अभी कोई कॉल नहीं।',
    kinds: { call: 'कॉल', message: 'संदेश', appointment: 'अपॉइंटमेंट', follow_up: 'फ़ॉलो-अप', whatsapp: 'WhatsApp', sms: 'SMS', other: 'बातचीत' },
  },
  appointments: {
    title: 'अपॉइंटमेंट', none: 'कोई अपॉइंटमेंट नहीं।', book: 'अपॉइंटमेंट बुक करें', bookAt: (time) => `${time} बुक करें`, bookedHere: 'बुक है', department: 'विभाग', doctor: 'डॉक्टर', day: 'दिन', slots: 'समय', notes: 'अपॉइंटमेंट की टिप्पणी', choose: 'चुनें…', chooseSlot: 'समय चुनें।',
    edit: 'बदलें', save: 'बदलाव सहेजें', cancel: 'रद्द करें', reallyCancel: 'हाँ, रद्द करें', keep: 'रहने दें', another: 'एक और बुक करें', changed: 'इस बीच किसी और ने इसे बदला। अब यह ऐसा है।', saved: (doctor, when) => `बुक हुआ: ${doctor}, ${when}।`,
    lost: 'यह समय अभी किसी और ने ले लिया।', lostWhy: 'कुछ बुक नहीं हुआ। नीचे ताज़ा समय हैं: दूसरा चुनें।', noSlots: 'इस दिन कोई समय नहीं।', noSlotsRead: 'समय नहीं खुल सके।', noChoices: 'विभाग और डॉक्टर नहीं खुल सके।', failed: 'अपॉइंटमेंट नहीं खुल सके।',
    noNumber: 'बुक करने के लिए नंबर चाहिए।', off: { taken: 'भरा', past: 'बीत गया' }, states: { booked: 'बुक', cancelled: 'रद्द', completed: 'पूरा' },
  },
  messages: {
    title: 'संदेश', none: 'कोई संदेश नहीं।', template: 'टेम्पलेट', choose: 'चुनें…', param: (n) => `मान ${n}`, text: 'संदेश', send: 'भेजें', fill: 'पहले सब भरें।', sent: (who) => `${who} को भेजा गया`,
    unknown: 'पता नहीं कि संदेश गया या नहीं।', doNotRepeat: 'फिर न भेजें: हो सकता है ग्राहक को मिल चुका हो।', states: { sent: 'भेजा', unknown: 'शायद गया', refused: 'अस्वीकृत', not_sent: 'नहीं गया' },
  },
};
