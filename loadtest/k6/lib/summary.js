// The end of a run: a few lines for people, and everything as JSON.

import { text } from './settings.js';

const folder = text('OUT', 'build/k6'); // must be there

const ms = (v) => `${v < 10 ? v.toFixed(1) : Math.round(v)} ms`;

const spread = (v) => `p50 ${ms(v.med)}, p95 ${ms(v['p(95)'])}, p99 ${ms(v['p(99)'])}`;

const figures = {
  counter: (v) => `${v.count}, ${v.rate.toFixed(1)}/s`,
  rate: (v) => `${v.passes} of ${v.passes + v.fails}`,
  trend: spread,
};

// options that every script has: what a summary needs, no tag that costs memory
// by the URL, and an end to whoever is late in ending.
export const common = {
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
  systemTags: ['status', 'method', 'name', 'scenario', 'expected_response', 'error_code'],
  setupTimeout: '2m',
};

// summarize makes the handleSummary of a script that shows these metrics.
export function summarize(script, shown) {
  return (data) => {
    const lines = ['', `${script}: ${Math.round(data.state.testRunDurationMs / 1000)} s`];
    for (const name of shown) {
      const metric = data.metrics[name];
      lines.push(`  ${name.padEnd(34)} ${metric ? figures[metric.type](metric.values) : 'none'}`);
    }
    const broken = [];
    for (const [name, metric] of Object.entries(data.metrics)) {
      for (const [limit, { ok }] of Object.entries(metric.thresholds || {})) {
        if (!ok) {
          broken.push(`  ${name} is not ${limit}: ${figures[metric.type](metric.values)}`);
        }
      }
    }
    lines.push(broken.length ? 'broken:' : 'clean', ...broken, '', '');
    delete data.setup_data; // passes and admissions are nobody's to read
    return { stdout: lines.join('\n'), [`${folder}/${script}.json`]: JSON.stringify(data, null, 2) };
  };
}
