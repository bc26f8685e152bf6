// The design document's scenario queue_backlog_stress, through a real gateway: agents report ten windows at a time, the
// gateway queues them on its disk and delivers them to agent-api. What waits there is the queue's depth.
import http from 'k6/http';
import { check } from 'k6';
import * as load from './lib.js';

export { watch, watchWrites } from './lib.js';
export const handleSummary = load.report('queue_backlog_stress');
export const options = load.options({
  queue_backlog_stress: {
    executor: 'ramping-arrival-rate',
    startRate: load.many(100),
    timeUnit: '1s',
    preAllocatedVUs: 50,
    stages: [
      { duration: load.lasting(2), target: load.many(500) },
      { duration: load.lasting(5), target: load.many(1000) },
      { duration: load.lasting(2), target: load.many(100) },
    ],
  },
  writes: { executor: 'constant-arrival-rate', exec: 'watchWrites', rate: 1, timeUnit: '1s', preAllocatedVUs: 1, maxVUs: 1, duration: load.lasting(9) },
}, 9);

// The gateway answers after the events are durable on its disk.
export default function () {
  const events = load.windows(10).map((w) => ({
    type: w.type, at: w.timestamp, title: w.payload.windowTitle, processName: w.payload.processName, durationSeconds: w.payload.durationSeconds,
  }));
  const { computerUid, userSid } = load.window();
  const response = http.post(`${load.gateway}/v2/agent/events`, JSON.stringify({ computerUid, userSid, events }), {
    headers: { 'Content-Type': 'application/json', 'X-API-Key': __ENV.AGENT_KEY },
  });
  check(response, {
    'status is 200': (r) => r.status === 200,
    'response time < 400ms': (r) => r.timings.duration < 400,
  });
}
