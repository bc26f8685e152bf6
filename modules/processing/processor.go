package processing

import runtimemetrics "runtime/metrics"

// processor is how much of the processors that the process may use it has used since it began, in percent.
func processor() float64 {
	samples := []runtimemetrics.Sample{{Name: "/cpu/classes/idle:cpu-seconds"}, {Name: "/cpu/classes/total:cpu-seconds"}}
	runtimemetrics.Read(samples)
	idle, total := samples[0].Value.Float64(), samples[1].Value.Float64()
	if total == 0 {
		return 0
	}
	return 100 * (total - idle) / total
}
