/** The only place that knows ECharts. Colours are read from the tokens, and again when the theme changes. */
import { BarChart, PieChart } from 'echarts/charts';
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { init, use, type EChartsCoreOption } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';

use([BarChart, PieChart, GridComponent, LegendComponent, TooltipComponent, AriaComponent, SVGRenderer]);

interface Part { name: string; value: number }
type Props =
  | { kind: 'days'; days: { name: string; inbound: number | null; outbound: number | null }[]; names: [string, string] }
  | { kind: 'donut'; parts: Part[] }
  | { kind: 'stack'; parts: Part[]; text: (n: number) => string };

function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return { parts: ['--chart-in', '--chart-out', '--chart-3', '--chart-4', '--chart-5', '--chart-6'].map(of), text: of('--text'), muted: of('--muted'), line: of('--line'), card: of('--card') };
}

function option(props: Props): EChartsCoreOption {
  const { parts, text, muted, line, card } = colours();
  const base = { color: parts, textStyle: { color: text, fontFamily: getComputedStyle(document.body).fontFamily }, animation: false, aria: { enabled: true, decal: { show: false } }, tooltip: { backgroundColor: card, borderColor: line, textStyle: { color: text } } };
  if (props.kind === 'days') {
    return {
      ...base, legend: { data: props.names, textStyle: { color: muted }, top: 0, left: 0, itemWidth: 10, itemHeight: 10 },
      grid: { left: 8, right: 8, top: 34, bottom: 4, containLabel: true },
      xAxis: { type: 'category', data: props.days.map(({ name }) => name), axisLine: { lineStyle: { color: line } }, axisTick: { show: false }, axisLabel: { color: muted } },
      yAxis: { type: 'value', minInterval: 1, splitLine: { lineStyle: { color: line } }, axisLabel: { color: muted } },
      series: [
        { name: props.names[0], type: 'bar', barMaxWidth: 18, itemStyle: { borderRadius: [3, 3, 0, 0] }, data: props.days.map(({ inbound }) => inbound) },
        { name: props.names[1], type: 'bar', barMaxWidth: 18, itemStyle: { borderRadius: [3, 3, 0, 0] }, data: props.days.map(({ outbound }) => outbound) },
      ],
    };
  }
  if (props.kind === 'donut') {
    const value = new Map(props.parts.map((part) => [part.name, part.value]));
    return {
      ...base, tooltip: { ...base.tooltip, trigger: 'item' },
      legend: { type: 'scroll', orient: 'vertical', left: '52%', top: 'middle', itemWidth: 10, itemHeight: 10, itemGap: 12, textStyle: { color: text }, pageTextStyle: { color: muted }, formatter: (name: string) => `${name}  ${value.get(name) ?? ''}` },
      series: [{ type: 'pie', radius: ['52%', '78%'], center: ['26%', '50%'], label: { show: false }, itemStyle: { borderColor: card, borderWidth: 2 }, data: props.parts }],
    };
  }
  const { text: label } = props;
  return {
    ...base, tooltip: { ...base.tooltip, trigger: 'item', formatter: ({ seriesName, value }: { seriesName: string; value: number }) => `${seriesName} ${label(value)}` },
    legend: { textStyle: { color: muted }, top: 0, left: 0, itemWidth: 10, itemHeight: 10 },
    grid: { left: 0, right: 0, top: 34, bottom: 4 },
    xAxis: { type: 'value', show: false, max: props.parts.reduce((sum, part) => sum + part.value, 0) || 1 }, yAxis: { type: 'category', show: false, data: [''] },
    series: props.parts.map(({ name, value }) => ({ name, type: 'bar', stack: 'all', barWidth: 30, data: [value] })),
  };
}

export default function Chart(props: Props) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const chart = init(element, null, { renderer: 'svg' });
    const draw = () => chart.setOption(option(props), true);
    draw();
    const size = new ResizeObserver(() => chart.resize());
    size.observe(element);
    addEventListener('desk-theme', draw);
    return () => { removeEventListener('desk-theme', draw); size.disconnect(); chart.dispose(); };
  }, [props]);
  return <div ref={place} />;
}
