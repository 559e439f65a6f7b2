// The decision of the npm package as the softphone of these tests asks for it.
export function decisionOf({ SoftphonePolicy, readInvite }, setting) {
  const policy = new SoftphonePolicy(setting);
  const now = () => performance.now();
  return {
    dialled: () => { policy.dialing(now()); },
    answersAtOnce: (ucid, caller) => policy.decide(now(), ucid, caller) === 'answer',
    readUcid: (message) => readInvite(message).ucid ?? null,
    ended: (ucid) => policy.ended(now(), ucid),
  };
}
