import { expect, test } from 'vitest';
import { asksCallBack, callBackToSend } from '../../src/features/disposition/callback';
import { momentOf } from '../../src/words/time';

test('a call-back time goes only with a disposition that asks for one', () => {
  const typed = '2026-12-01T10:30';
  expect([callBackToSend('FOLLOW_UP', typed), callBackToSend('CALLBACK_REQUESTED', typed)]).toEqual([{ callBackAt: momentOf(typed) }, { callBackAt: momentOf(typed) }]);
  expect([callBackToSend('NOT_INTERESTED', typed), callBackToSend('', typed), callBackToSend('FOLLOW_UP', '')]).toEqual([{}, {}, {}]);
  expect(['FOLLOW_UP', 'CALLBACK', 'NOT_INTERESTED'].map(asksCallBack)).toEqual([true, true, false]);
});
