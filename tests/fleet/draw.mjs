// Draws the figures of `make load`, with the page's own chart library.
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const web = new URL('../../examples/desk/web/package.json', import.meta.url);
const COLOURS = { sqlite: '#2f6f9f', postgres: '#b5562b' };

function chart(echarts, title, unit, names, series) {
  const view = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 720, height: 380 });
  view.setOption({
    animation: false, backgroundColor: '#ffffff', title: { text: title, left: 12, top: 8, textStyle: { fontSize: 15 } },
    legend: { bottom: 8, itemGap: 28, data: series.map(({ name }) => name) }, grid: { left: 64, right: 24, top: 56, bottom: 64 },
    xAxis: { type: 'value', name: names, nameLocation: 'middle', nameGap: 26, min: 'dataMin', max: 'dataMax' },
    yAxis: { type: 'value', name: unit, min: 0 },
    series: series.map(({ name, data, color, dashed }) => ({
      name, type: 'line', data, symbolSize: data.length > 40 ? 0 : 7, lineStyle: { color, type: dashed ? 'dashed' : 'solid' }, itemStyle: { color },
    })),
  });
  return view.renderToSVGString();
}

/** Writes the charts; the files. */
export async function draw(results, folder) {
  const require = createRequire(web);
  let echarts;
  try { echarts = require('echarts'); } catch { return ['not drawn: examples/desk/web has no libraries (npm ci there)']; }
  const databases = [...new Set(results.map(({ database }) => database))];
  const files = [];
  const write = (name, svg) => {
    const file = join(folder, `${name}.svg`);
    writeFileSync(file, svg);
    if (existsSync(file)) files.push(file);
  };
  for (const database of databases) {
    const longest = results.filter((one) => one.database === database).at(-1);
    const line = (name, color, key, dashed) => ({ name, color, dashed, data: longest.memory.all.map((one) => [one.second, Math.round(one[key])]) });
    write(`memory-${database}`, chart(echarts, `Memory, ${longest.agents} agents, ${longest.asked} calls a second, ${database}`, 'MiB', 'seconds', [
      line('desk', COLOURS[database], 'desk'), line('desk, anonymous', COLOURS[database], 'own', true), line('simulator', '#777777', 'sim'),
    ]));
  }
  // How it grows: with one size there is nothing to see.
  if (new Set(results.map(({ agents }) => agents)).size > 1) {
    const grown = (value) => databases.map((database) => ({
      name: database, color: COLOURS[database], data: results.filter((one) => one.database === database).map((one) => [one.agents, value(one)]),
    }));
    write('commands', chart(echarts, 'Commands, p99', 'ms', 'agents', grown((one) => Math.round(one.commands.p99))));
    write('events', chart(echarts, "From the service's change to the stream, p99", 'ms', 'agents', grown((one) => Math.round(one.events.p99))));
    write('processor', chart(echarts, 'Processor time of the desk', '% of a core', 'agents', grown((one) => Math.round(one.processor.desk * 100))));
  }
  return files;
}
