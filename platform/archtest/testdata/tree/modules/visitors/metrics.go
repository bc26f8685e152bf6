package visitors

import _ "github.com/prometheus/client_golang/prometheus"
