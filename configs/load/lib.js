// What the scripts of make load share: the document's thresholds, made-up events, and a watcher of the gateway's queue.
//
// SCALE multiplies rates, people at once and durations; 1 is what the design document says, which wants a machine of
// its own for the load and another for the database.
import http from 'k6/http';
import { check } from 'k6';
import { Trend } from 'k6/metrics';

export const scale = Number(__ENV.SCALE || 0.1);
export const agentAPI = __ENV.AGENT_API || 'http://127.0.0.1:3001';
export const gateway = __ENV.GATEWAY || '';
const keys = (__ENV.GATEWAY_KEYS || '').split(',');

// many scales a number of people or requests, of which there is at least one.
export const many = (n) => Math.max(1, Math.round(n * scale));
// lasting scales minutes.
export const lasting = (minutes) => `${Math.max(2, Math.round(minutes * 60 * scale))}s`;

// The names of the measures are the document's; the first is in milliseconds.
const writeDuration = new Trend('timescale_write_duration', true);
const queueDepth = new Trend('queue_depth');
const bufferUsage = new Trend('buffer_usage');

export const thresholds = {
  http_req_duration: ['p(95)<400'],
  http_req_failed: ['rate<0.005'],
  timescale_write_duration: ['p(95)<200'],
  queue_depth: ['max<10000'],
  buffer_usage: ['max<0.80'],
  checks: ['rate>0.995'],
};

// options are those of a script with these scenarios, beside which the queue is watched.
export function options(scenarios, minutes) {
  const watch = { executor: 'constant-arrival-rate', exec: 'watch', rate: 1, timeUnit: '1s', preAllocatedVUs: 2, duration: lasting(minutes) };
  return {
    scenarios: gateway ? { ...scenarios, watch } : scenarios,
    thresholds,
    summaryTrendStats: ['avg', 'med', 'p(95)', 'p(99)', 'max'],
    noConnectionReuse: false,
  };
}

const programs = ['EXCEL.EXE', 'WINWORD.EXE', 'chrome.exe', '1cv8.exe', 'OUTLOOK.EXE', 'Telegram.exe', 'AcroRd32.exe', 'explorer.exe'];
const titles = ['Hisobot {}-chorak.xlsx – Excel', 'Shartnoma № {} — Word', 'Квартальный отчёт {} — 1С:Предприятие', 'Kiruvchi ({}) – Outlook',
  'Telegram ({})', 'Buyruq {}.pdf – Adobe Reader', 'my.gov.uz – {} – Chrome'];
const random = (n) => Math.floor(Math.random() * n);
const sid = (n) => `S-1-5-21-3623811015-3361044348-30300820-${1000 + n}`;

// window is what one of five hundred people did within the last hour.
export function window() {
  const n = random(500);
  return {
    type: 'active_window',
    computerUid: `DESKTOP-${String(n).padStart(6, '0')}`,
    userSid: sid(n),
    timestamp: new Date(Date.now() - random(3600000)).toISOString(),
    payload: {
      windowTitle: titles[random(titles.length)].replace('{}', random(2000)),
      processName: programs[random(programs.length)],
      durationSeconds: 1 + random(300),
    },
  };
}

export const windows = (n) => Array.from({ length: n }, window);

// deliver sends a body as one of the gateways, and notes what the answer tells of agent-api.
export function deliver(path, body, headers = {}) {
  const response = http.post(agentAPI + path, JSON.stringify(body), {
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${keys[__VU % keys.length]}`, ...headers },
  });
  const timing = /write;dur=([0-9.]+)/.exec(response.headers['Server-Timing'] || '');
  if (timing) writeDuration.add(Number(timing[1]));
  bufferUsage.add(Number(response.headers['X-Buffer-Usage'] || 0));
  return response;
}

// sum adds up the values of a metric whose labels have this text among them.
function sum(text, name, labels = '') {
  let total = 0;
  for (const line of text.split('\n')) {
    if (line.startsWith(name) && line.includes(labels)) total += Number(line.slice(line.lastIndexOf(' ') + 1));
  }
  return total;
}

// watch notes how much waits on the gateway, and how full its buffer is.
export function watch() {
  const response = http.get(`${gateway}/metrics`);
  if (!check(response, { 'gateway answers': (r) => r.status === 200 })) return;
  queueDepth.add(sum(response.body, 'staff_buffer_records{', 'state="pending"'));
  bufferUsage.add(sum(response.body, 'staff_buffer_usage_ratio'));
}

// watchWrites notes how long agent-api took to store a batch, on average since it was asked last.
let writes = 0, seconds = 0;
export function watchWrites() {
  const response = http.get(`${agentAPI}/metrics`);
  if (!check(response, { 'agent-api answers': (r) => r.status === 200 })) return;
  const count = sum(response.body, 'timescale_write_duration_seconds_count');
  const took = sum(response.body, 'timescale_write_duration_seconds_sum');
  if (count > writes && writes > 0) writeDuration.add((1000 * (took - seconds)) / (count - writes));
  [writes, seconds] = [count, took];
}

// report is the line of docs/performance.md's table for one script, and what else there is to say.
export function report(name) {
  return (data) => {
    const value = { http_req_failed: 'rate', checks: 'rate', queue_depth: 'max', buffer_usage: 'max' };
    const cells = Object.keys(thresholds).map((metric) => {
      const measured = data.metrics[metric];
      if (!measured) return '**not measured**';
      const got = Number(measured.values[value[metric] || 'p(95)'].toFixed(4));
      return Object.values(measured.thresholds).every((t) => t.ok) ? got : `**${got}**`;
    });
    const requests = data.metrics.http_reqs.values;
    const checks = data.root_group.checks.map((c) => `${c.name}: ${c.passes}/${c.passes + c.fails}`);
    const dropped = data.metrics.dropped_iterations ? data.metrics.dropped_iterations.values.count : 0;
    const text = `| ${[name, ...cells].join(' | ')} |\n\n${name}: ${requests.count} requests, ${requests.rate.toFixed(0)} a second` +
      `${dropped ? `, ${dropped} iterations dropped for want of virtual users` : ''}; ${checks.join(', ')}.\n`;
    return { stdout: text, ...(__ENV.REPORT ? { [__ENV.REPORT]: text } : {}) };
  };
}
