// What an administrator does, and what follows from it.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { Browser, story, until } from '../harness.mjs';

let browser;
before(async () => { browser = await Browser.start(); });
after(async () => { await browser?.stop(); });
const run = (told, environment) => story(() => browser, told, environment);

describe('administration', { concurrency: 2 }, () => {
  test('a user is added and linked to an agent, signs in, and has to choose a password', { timeout: 90_000 }, run(async (desk, chromium) => {
    const admin = await chromium.person(desk, 'admin@desk.test');
    const { page } = admin;
    await page.getByRole('link', { name: 'Admin' }).click();
    const form = page.getByRole('form', { name: 'Add user' });
    await form.getByLabel('E-mail').fill('agent03@desk.test');
    await form.getByLabel('Name').fill('Agent Three');
    await form.getByLabel('First password').fill('first password');
    await form.getByRole('button', { name: 'Add user' }).click();
    await page.getByRole('button', { name: 'Change agent03@desk.test' }).click();
    await page.getByRole('menuitem', { name: 'Agent and phone' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('CloudAgent agent').fill('agent03');
    await dialog.getByLabel('Extension').fill('500003');
    await dialog.getByLabel('SIP password').fill('a secret of the phone');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    const row = page.getByRole('row').filter({ hasText: 'agent03@desk.test' });
    await row.getByText('500003').waitFor();
    await admin.picture('admin-users');
    // What is kept is never shown again.
    await page.getByRole('button', { name: 'Change agent03@desk.test' }).click();
    await page.getByRole('menuitem', { name: 'Agent and phone' }).click();
    assert.equal(await dialog.getByLabel('SIP password').inputValue(), '');
    assert.equal(await dialog.getByText('One is kept. Leave this empty to keep it.').count(), 1);
    assert.equal((await page.content()).includes('a secret of the phone'), false);
    await dialog.getByRole('button', { name: 'Cancel' }).click();

    const person = await chromium.visitor(desk, 'agent03@desk.test');
    await person.page.getByLabel('E-mail').fill('agent03@desk.test');
    await person.page.getByLabel('Password', { exact: true }).fill('first password');
    await person.page.getByRole('button', { name: 'Sign in' }).click();
    await person.page.getByText('Choose your own password').waitFor();
    await person.page.getByLabel('Present password').fill('first password');
    await person.page.getByLabel('New password', { exact: true }).fill('quite another one');
    await person.page.getByLabel('New password again').fill('quite another one');
    await person.page.getByRole('button', { name: 'Change password' }).click();
    await person.page.getByRole('navigation', { name: 'Pages' }).waitFor();

    await page.getByRole('button', { name: 'Change agent03@desk.test' }).click();
    await page.getByRole('menuitem', { name: 'Disable' }).click();
    await row.getByText('disabled').waitFor();
    person.provokes(/40[13]/);
    await until('the session has ended', async () => await person.page.evaluate(async () => (await fetch('/api/me')).status) === 401);
    await page.getByRole('tab', { name: 'Audit' }).click();
    await page.getByText('user.add').first().waitFor();
    // A day that is taken away is no question that could not be asked.
    await page.getByLabel('From').fill('');
    await page.waitForTimeout(300);
    await page.getByText('user.add').first().waitFor();
    assert.equal(await page.getByText('That did not work').count(), 0);
    await admin.picture('admin-audit');
    await admin.leave();
    await person.leave();
  }));

  test('the first administrator is made by the link that the desk prints, once', { timeout: 90_000 }, run(async (desk, chromium) => {
    const link = await until('the link is printed', () => /\S+(\/setup#\S+)/.exec(desk.said.join('\n'))?.[1]);
    const context = await chromium.browser.newContext({ locale: 'en-IN' });
    const page = await context.newPage();
    const visit = async () => {
      await page.goto(desk.http + link);
      await page.getByRole('heading', { name: 'Make the first administrator' }).waitFor();
      assert.equal(new URL(page.url()).hash, '', 'the secret does not stay in the address');
      await page.getByLabel('E-mail').fill('boss@example.test');
      await page.getByLabel('Name').fill('Boss');
    };
    await visit();
    await page.getByLabel('Password').fill('short');
    await page.getByRole('button', { name: 'Make and sign in' }).click();
    await page.getByText('has to have at least 10 characters').waitFor();
    await page.getByLabel('Password').fill('long enough for this');
    await page.getByRole('button', { name: 'Make and sign in' }).click();
    await page.getByRole('navigation', { name: 'Pages' }).waitFor();
    assert.equal(await page.evaluate(async () => (await (await fetch('/api/me')).json()).role), 'administrator');
    await context.clearCookies();
    await page.goto('about:blank');
    await visit();
    await page.getByLabel('Password').fill('long enough for this');
    await page.getByRole('button', { name: 'Make and sign in' }).click();
    await page.getByRole('alert').waitFor();
    assert.equal(await page.evaluate(async () => (await fetch('/api/me')).status), 401);
    await context.close();
  }, { DESK_LISTEN: '0.0.0.0:0' }));

  test('a token is shown once, works, and is refused once it is revoked; a team makes its agents visible', { timeout: 90_000 }, run(async (desk, chromium) => {
    const admin = await chromium.person(desk, 'admin@desk.test');
    const { page } = admin;
    await page.goto(`${desk.http}/admin?part=tokens`);
    const form = page.getByRole('form', { name: 'Make token' });
    await form.getByLabel('What it is for').fill('west office');
    await form.getByLabel('Role').selectOption('agent');
    await form.getByLabel('Agents').fill('agent02');
    await form.getByRole('button', { name: 'Make token' }).click();
    const token = await page.locator('code').filter({ hasText: /^desk_/ }).textContent();
    const asks = async () => (await fetch(`${desk.http}/api/me`, { headers: { authorization: `Bearer ${token}` } })).status;
    assert.equal(await asks(), 200);
    await page.reload();
    const row = page.getByRole('row').filter({ hasText: 'west office' });
    await row.waitFor();
    assert.equal((await page.content()).includes(token), false);
    await admin.picture('admin-tokens');
    await row.getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await row.waitFor({ state: 'detached' });
    assert.equal(await asks(), 401);

    await page.getByRole('tab', { name: 'Teams' }).click();
    await page.getByRole('button', { name: 'Add team' }).click();
    await page.getByLabel('Name').fill('West');
    await page.getByLabel('agent02').check();
    await page.getByLabel('Supervisor One').check();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('row').filter({ hasText: 'West' }).getByText('Supervisor One').waitFor();
    await admin.picture('admin-teams');
    await admin.leave();
  }));

  test('a supervisor imports leads and assigns them; they are on the agent\'s worklist', { timeout: 90_000 }, run(async (desk, chromium) => {
    const supervisor = await chromium.person(desk, 'supervisor01@desk.test');
    const { page } = supervisor;
    await page.getByRole('link', { name: 'Team' }).click();
    await page.getByLabel('CSV file').setInputFiles({ name: 'leads.csv', mimeType: 'text/csv', buffer: Buffer.from('number,name,source\n9000000071,Imported One,fair\nnone,Without Number,web\n') });
    await page.getByRole('button', { name: 'Import leads' }).click();
    await page.getByText('1 lead imported, 1 left out.').waitFor();
    await page.getByLabel('Name or number').fill('Imported');
    await page.getByRole('checkbox', { name: 'Imported One' }).check();
    await page.getByLabel('Assign to').selectOption('agent01');
    await page.getByRole('button', { name: 'Assign 1 lead' }).click();
    await page.getByRole('row').filter({ hasText: 'Imported One' }).getByRole('cell', { name: 'agent01', exact: true }).waitFor();
    const person = await chromium.person(desk, 'agent01@desk.test');
    await person.page.getByRole('button', { name: 'Call Imported One' }).waitFor();
    await supervisor.leave();
    await person.leave();
  }));
});
