// A front end of the frozen routes as people have it beside a sidecar today, in Node and without a library. What it knows
// of the desk is the header that says who asks: node front-end.mjs URL [TOKEN]
const [url, token] = process.argv.slice(2);
const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };

async function ask(method, route, body) {
  const response = await fetch(`${url}/api/ozonetel/${route}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : null };
}

async function post(route, body) {
  const answer = await ask('POST', route, body);
  if (answer.status >= 300) throw new Error(`${route}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** The call is up a while after it was dialled: until then the service knows no such call. */
async function onceItIsUp(route, body) {
  for (let tries = 0; ; tries += 1) {
    const answer = await ask('POST', route, body);
    if (answer.status < 300 && answer.body.status !== 'error') return answer.body;
    if (tries === 100) throw new Error(`${route}: ${JSON.stringify(answer.body)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const seen = {};
seen.login = await post('agent-login', { agentId: 'agent01' });
seen.dial = await post('dial', { phoneNumber: '9000012345', campaignName: 'support_out', leadName: 'Customer A' });
const { ucid } = seen.dial;
seen.hold = await onceItIsUp('call-control', { ucid, action: 'HOLD' });
seen.unhold = await post('call-control', { ucid, action: 'UNHOLD' });
seen.mute = await post('call-control', { ucid, action: 'MUTE' });
seen.unmute = await post('call-control', { ucid, action: 'UNMUTE' });
seen.pause = await post('recording', { ucid, action: 'pause' });
seen.resume = await post('recording', { ucid, action: 'unPause' });
seen.conference = await post('call-control', { ucid, action: 'CONFERENCE', conferenceNumber: '9000012346' });
seen.kick = await post('call-control', { ucid, action: 'KICK_CALL', conferenceNumber: '500001' });
seen.dispose = await post('dispose', {
  ucid, disposition: 'INFO_PROVIDED', callerPhone: '9000012345', direction: 'outbound', durationSec: 12, leadId: 'lead-1', notes: 'sent the brochure',
});
seen.state = await post('agent-state', { agentId: 'agent01', state: 'Pause', pauseReason: 'lunch' });
seen.ready = await post('agent-state', { agentId: 'agent01', state: 'Ready' });
seen.missed = await ask('GET', 'missed-calls');
seen.performance = await ask('GET', 'performance');
seen.history = await ask('GET', 'call-history');
seen.incomplete = await ask('POST', 'dial', {});
seen.logout = await post('agent-logout', { agentId: 'agent01' });
console.log(JSON.stringify(seen));
