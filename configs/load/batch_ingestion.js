// The design document's scenario batch_ingestion: gateways that each send a batch of a hundred events a second, more
// and more of them.
import { check, sleep } from 'k6';
import * as load from './lib.js';

export { watch } from './lib.js';
export const handleSummary = load.report('batch_ingestion');
export const options = load.options({
  batch_ingestion: {
    executor: 'ramping-vus',
    startVUs: load.many(10),
    stages: [
      { duration: load.lasting(2), target: load.many(50) },
      { duration: load.lasting(5), target: load.many(100) },
      { duration: load.lasting(10), target: load.many(200) },
      { duration: load.lasting(2), target: 0 },
    ],
  },
}, 19);

export default function () {
  const idempotencyToken = `batch_${__VU}_${__ITER}_${Date.now()}`;
  const response = load.deliver('/v2/ingest/logs', { data: load.windows(100), idempotencyToken }, { 'X-Idempotency-Token': idempotencyToken });
  check(response, {
    'status is 200': (r) => r.status === 200,
    'response time < 400ms': (r) => r.timings.duration < 400,
    'no duplicate processing': (r) => r.status === 200 && !r.json('duplicateDetected'),
    'timescale write successful': (r) => r.status === 200 && r.json('timescaleStatus') === 'success',
    'buffer usage under 80%': (r) => Number(r.headers['X-Buffer-Usage'] || 0) < 0.8,
  });
  sleep(1);
}
