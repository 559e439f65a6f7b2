// The documentation site out of the repository's own pages: `site.mjs assemble FOLDER` writes the sources for mdBook,
// `site.mjs check FOLDER` follows every link of the built pages. Nothing is fetched.
// `site.mjs reference FOLDER` looks every link to docs.rs up in what `cargo doc` built.
// `site.mjs archive FOLDER` writes what an operator reads beside the programs of a release; all files there are in one folder.
//
// SUMMARY.md says which pages there are. A page keeps its path in the repository, so that links between pages stay as they
// are; a link to a file that is no page leads to the repository, one to an item of the SDK to its reference.
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const SITE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(SITE, '../..');
const REPOSITORY = 'https://example.test/ozonetel-sdk';
const REFERENCE = 'https://docs.rs/ozonetel-sdk/latest/ozonetel_sdk/';
const PICTURE = /\.(png|svg)$/;

const problems = [];

const LINK = new RegExp([
  /^```[\s\S]*?^```/, // a block of code
  /(!?\[(?:`[^`\n]*`|[^\[\]`])*\])\(([^)\s]+)\)/, // [text](target)
  /\[(`[\w:!]+`)\](?![([:])/, // [`Client`], as rustdoc links it
  /`[^`\n]*`/, // code
].map(({ source }) => source).join('|'), 'gm');

/** A text whose links lead to what `change` makes of their targets; code stays as it is. */
function relinked(text, change) {
  const defined = new Set([...text.matchAll(/^\[(`[^`]+`)\]: /gm)].map(([, item]) => item));
  return text.replace(LINK, (whole, shown, target, item) => {
    if (item && defined.has(item)) return whole;
    if (item) return `[${item}](${change(item.replaceAll('`', ''))})`;
    return target ? `${shown}(${change(target)})` : whole;
  });
}

/** A page's file in the site: a folder's README is its index. */
const inSite = (page) => page.replace(/README\.md$/, 'index.md');

/** The name by which a heading is linked to. */
function anchor(heading) {
  const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '').trim().toLowerCase();
  return plain.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
}

function anchors(text) {
  const headings = text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#{1,6} (.*)$/gm);
  return new Set([...headings].map(([, heading]) => anchor(heading)));
}

/** A link of `page` as the site has it, on the page `from` where it is shown. */
function linked(page, pages, target, from = page) {
  const guided = target.startsWith(`${REFERENCE}guide/`) && target.slice(REFERENCE.length).match(/^guide\/(\w+)\/$/);
  if (guided) return linked('ozonetel-sdk/README.md', pages, `docs/${guided[1].replaceAll('_', '-')}.md`, from);
  if (/^(https?:|mailto:)/.test(target)) return target;
  const item = target.match(/^(?:crate::)?((?:\w+::)*\w+)$/)?.[1];
  if (item && page.startsWith('ozonetel-sdk/') && !existsSync(join(ROOT, dirname(page), target))) {
    const guide = item.match(/^guide::(\w+)$/)?.[1];
    if (!guide) return `${REFERENCE}?search=${item.split('::').slice(-2).join('%3A%3A')}`;
    return linked(page, pages, relative(dirname(page), `ozonetel-sdk/docs/${guide.replaceAll('_', '-')}.md`), from);
  }
  const [path, fragment] = target.split('#');
  const file = path ? normalize(join(dirname(page), path)).replace(/\/$/, '') : page;
  if (!existsSync(join(ROOT, file))) problems.push(`${page}: ${target} is not there`);
  else if (fragment && file.endsWith('.md') && !anchors(readFileSync(join(ROOT, file), 'utf8')).has(fragment)) {
    problems.push(`${page}: ${target} has no such heading`);
  }
  // A folder is its README.
  const readme = `${file}/README.md`;
  const found = [file, readme].find((one) => pages.has(one));
  const hash = fragment ? `#${fragment}` : '';
  if (found) return relative(dirname(from), inSite(found)) + hash;
  if (PICTURE.test(file)) return relative(dirname(from), file);
  return `${REPOSITORY}/tree/main/${file}${hash}`;
}

/** What is below a heading, up to the next one of its level. */
function section(page, heading) {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const lines = text.split('\n');
  const begin = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (begin < 0) {
    problems.push(`${page} has no heading "${heading}"`);
    return '';
  }
  const level = lines[begin].indexOf(' ');
  let code = false;
  const end = lines.findIndex((line, at) => {
    if (line.startsWith('```')) code = !code;
    return at > begin && !code && /^#+ /.test(line) && line.indexOf(' ') <= level;
  });
  return lines.slice(begin + 1, end < 0 ? undefined : end).join('\n').trim();
}

function assemble(folder) {
  const summary = readFileSync(join(SITE, 'SUMMARY.md'), 'utf8');
  const listed = [...summary.matchAll(/\]\(([^)]+)\)/g)].map(([, path]) => normalize(join('docs/site', path)));
  const pages = new Set(listed);
  if (pages.size !== listed.length) problems.push('SUMMARY.md lists a page twice');
  for (const page of pages) {
    const text = readFileSync(join(ROOT, page), 'utf8');
    const change = (source) => (target) => {
      const picture = normalize(join(dirname(source), target));
      if (PICTURE.test(target) && existsSync(join(ROOT, picture))) cpSync(join(ROOT, picture), join(folder, picture));
      return linked(source, pages, target, page);
    };
    const whole = relinked(text, change(page)).replace(/^\{\{section (\S+) (.+)\}\}$/gm, (_, path, heading) => {
      const source = normalize(join(dirname(page), path));
      return relinked(section(source, heading), change(source));
    });
    const written = join(folder, inSite(page));
    mkdirSync(dirname(written), { recursive: true });
    writeFileSync(written, whole);
  }
  const unlisted = ['docs', 'docs/cli', 'docs/site', 'docs/evidence', 'ozonetel-sdk/docs'].flatMap((part) =>
    readdirSync(join(ROOT, part)).filter((name) => name.endsWith('.md') && name !== 'SUMMARY.md')
      .map((name) => join(part, name)).filter((page) => !pages.has(page)));
  problems.push(...unlisted.map((page) => `${page} is in no chapter of docs/site/SUMMARY.md`));
  writeFileSync(join(folder, 'SUMMARY.md'), summary.replace(/(\]\()([^)]+)(\))/g, (_, open, path, close) =>
    open + inSite(normalize(join('docs/site', path))) + close));
  console.log(`${pages.size} pages`);
}

function files(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    (entry.isDirectory() ? files(join(folder, entry.name)) : [join(folder, entry.name)]));
}

function check(folder) {
  let count = 0;
  const ids = new Map();
  const idsOf = (file) => {
    if (!ids.has(file)) {
      const text = readFileSync(file, 'utf8');
      ids.set(file, new Set([...text.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id)));
    }
    return ids.get(file);
  };
  for (const file of files(folder).filter((name) => name.endsWith('.html'))) {
    const name = relative(folder, file);
    // The page for addresses that are not there, and the one for printing, are made of the others.
    if (['404.html', 'print.html', 'toc.html'].includes(name)) continue;
    const text = readFileSync(file, 'utf8');
    for (const [, target] of text.matchAll(/<(?:a|img)\b[^>]*?\s(?:href|src)="([^"]+)"/g)) {
      if (/^(https?:|mailto:|data:)/.test(target)) continue;
      count += 1;
      const [path, fragment] = target.split('#').map((part) => decodeURIComponent(part));
      let found = path ? join(dirname(file), path) : file;
      if (existsSync(found) && statSync(found).isDirectory()) found = join(found, 'index.html');
      if (!existsSync(found)) problems.push(`${name}: ${target} leads nowhere`);
      else if (fragment && !idsOf(found).has(fragment)) problems.push(`${name}: ${target} has no such place`);
    }
  }
  if (count === 0) problems.push('no page has a link');
  console.log(`${count} links within the site`);
}

/** Every link to the SDK's reference is to a page that `cargo doc` makes. */
function reference(folder) {
  let count = 0;
  for (const page of ['ozonetel-sdk/README.md', 'ozonetel-sim/README.md', 'ozonetel-store/README.md', 'sip-ucid/README.md']) {
    const text = readFileSync(join(ROOT, page), 'utf8');
    for (const [url, crate, path] of text.matchAll(/https:\/\/docs\.rs\/[\w-]+\/latest\/(\w+)\/([^\s)#]*(?:#[\w.]+)?)/g)) {
      count += 1;
      const [file, id] = path.split('#');
      const built = join(folder, crate, file.endsWith('/') || !file ? `${file}index.html` : file);
      const there = existsSync(built) && (!id || readFileSync(built, 'utf8').includes(`id="${id}"`));
      if (!there) problems.push(`${page}: ${url} is no page of the reference`);
    }
    for (const [, target] of text.matchAll(/\]\(([^)#\s]+)/g)) {
      if (!/^https?:/.test(target) && !existsSync(join(ROOT, dirname(page), target))) problems.push(`${page}: ${target} is not there`);
    }
  }
  if (count < 30) problems.push(`${count} links to the reference`);
  console.log(`${count} links to the reference`);
}

/** The pages of a release's archive. */
const OPERATORS = [
  'CHANGELOG.md', 'examples/desk/README.md', 'docs/operating.md', 'docs/desk-settings.md', 'docs/desk-api.md', 'docs/desk-from-a-sidecar.md',
  'docs/voice-assistant.md', 'docs/live-assist.md', 'docs/cluster.md', 'docs/load.md', 'ozonetel-sdk/docs/console.md',
];

/** Links lead to what is in the folder by its name, and to the repository otherwise. */
function archive(folder) {
  const delivery = 'examples/desk/delivery';
  const beside = readdirSync(join(ROOT, delivery)).filter((name) => existsSync(join(folder, name))).map((name) => join(delivery, name));
  const names = new Map([...OPERATORS, ...beside].map((path) => [path, path.split('/').at(-1)]));
  for (const page of OPERATORS) {
    const change = (target) => {
      const whole = linked(page, new Set([page]), target);
      const [path, fragment] = target.split('#');
      const file = normalize(join(dirname(page), path)).replace(/\/$/, '');
      const name = names.get(file) ?? names.get(`${file}/README.md`);
      if (!path) return target;
      return name ? name + (fragment ? `#${fragment}` : '') : whole;
    };
    writeFileSync(join(folder, names.get(page)), relinked(readFileSync(join(ROOT, page), 'utf8'), change));
  }
  console.log(`${OPERATORS.length} pages of the archive`);
}

const [what, folder] = process.argv.slice(2);
({ assemble, check, reference, archive })[what](folder);
if (problems.length) {
  console.error(problems.join('\n'));
  process.exit(1);
}
