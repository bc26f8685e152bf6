// The design document's scenario timescale_stress: a constant rate of messages to /v2/ingest/timeseries. Its 1000 a
// second, and its 1000 records in each, are both scaled; beside them some messages always have all 1000 records.
import { check } from 'k6';
import * as load from './lib.js';

export { watch } from './lib.js';
export const handleSummary = load.report('timescale_stress');
const constant = (rate, exec) => ({
  executor: 'constant-arrival-rate', exec, rate, timeUnit: '1s', duration: load.lasting(5), preAllocatedVUs: 50, gracefulStop: '10s',
});
export const options = load.options({
  timescale_stress: constant(load.many(1000), 'stress'),
  thousand_records: constant(load.many(10), 'thousand'),
}, 5);

function send(records) {
  const response = load.deliver('/v2/ingest/timeseries', load.windows(records));
  check(response, {
    'timescale ingestion successful': (r) => r.status === 200,
    'write latency acceptable': (r) => r.timings.duration < 200,
    'no fallback triggered': (r) => r.headers['X-Fallback-Mode'] !== 'true',
  });
}

export const stress = () => send(load.many(1000));
export const thousand = () => send(1000);
