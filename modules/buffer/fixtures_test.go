package buffer

import (
	"fmt"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
)

// windowEvent is what agents mostly send: a window with a title of usual length.
func windowEvent(n int) activity.Event {
	return activity.Event{
		Kind: activity.ActiveWindow, Key: fmt.Sprintf("0192f3a4-5b6c-7d8e-9f00-%012d", n),
		ComputerUID: "PC-ACCOUNTS-17", UserSID: "S-1-5-21-3623811015-3361044348-30300820-1013",
		At: time.Date(2025, 11, 3, 9, 14, 7, 250e6, time.UTC).Add(time.Duration(n) * time.Second), Duration: 12,
		Title: "Квартальный отчёт 2025 — Microsoft Excel", Process: "EXCEL.EXE", Source: "api",
	}
}

func wholeEvent() activity.Event {
	at := time.Date(2025, 11, 3, 9, 14, 7, 250e6, time.UTC)
	return activity.Event{
		Kind: activity.Screenshot, Key: "k", ComputerUID: "PC", UserSID: "S", At: at, End: at.Add(time.Minute), Duration: 60,
		Title: "t", Process: "p", URL: "https://example.uz/?q=1&r=2", Session: activity.Lock, FilePath: `C:\shots\1.png`, FileSize: 9,
		Private: true, SHA256: "ab", Width: 1920, Height: 1080, Details: map[string]string{"name": "PC-17"}, Source: "v1", Aside: activity.UnidentifiedAgent, Trace: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	}
}

func windows(from, n int) []activity.Event {
	events := make([]activity.Event, n)
	for i := range events {
		events[i] = windowEvent(from + i)
	}
	return events
}
