package demo

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// guest is somebody who comes to visit.
type guest struct{ last, first, place string }

// The guests of two days; they come in turn.
var guests = []guest{
	{"Mahmudov", "Anvar", "OOO «Hamkor Trade»"}, {"Петрова", "Анна", "1С-Рарус"}, {"Ҳакимов", "Ботир", "Тошкент Банк"},
	{"Kim", "Viktoriya", "Samsung Electronics"}, {"Sobirov", "Laziz", "UzAuto Logistics"}, {"Xudoyberdiyeva", "Nargiza", "Soliq qoʻmitasi"},
	{"Иванов", "Сергей", "ООО «Лифтсервис»"}, {"Rasulova", "Shahnoza", "Uztelecom"}, {"Қаюмов", "Дилшод", "Artel"},
	{"Toshmatov", "Eldor", "Akfa"}, {"Smith", "John", "KPMG"}, {"Юлдашева", "Зарина", "Ишга суҳбат"},
}

// aDay is how many of them come on one.
const aDay = 6

// opens is the hour at which the day's guests are received, and those of the day before shown out.
const opens = 9

// receive has the day's guests come once a day: two are inside, one stays too long, three are still expected. What somebody
// else has done at the desk stands in nobody's way: then there are fewer.
func (m *maker) receive(ctx context.Context, now time.Time) error {
	if !m.received.IsZero() && m.midnight(now).Equal(m.midnight(m.received)) {
		return nil
	}
	var today struct {
		Arrived, Inside int
	}
	if err := m.dashboard.call(ctx, "GET", "/api/v2/visitors/today", nil, &today); err != nil {
		return err
	}
	known, err := m.known(ctx, "/api/v2/visitors")
	if err != nil {
		return err
	}
	if today.Arrived > 0 || len(known) > 0 && now.In(m.zone).Hour() < opens {
		return nil
	}
	m.received = now
	err = m.showOut(ctx)
	for i := 0; err == nil && i < aDay; i++ {
		g := guests[(now.In(m.zone).YearDay()*aDay+i)%len(guests)]
		err = m.welcome(ctx, i, g, known[g.last+" "+g.first], now)
	}
	if err != nil && !errors.Is(err, errGone) && ctx.Err() == nil {
		m.log.WarnContext(ctx, "the demo company has fewer guests today", "err", err)
		return nil
	}
	return err
}

// showOut checks out whom the day before has left inside.
func (m *maker) showOut(ctx context.Context) error {
	var page struct{ Items []thing }
	if err := m.dashboard.call(ctx, "GET", "/api/v2/visitors/visits?inside=true&limit=100", nil, &page); err != nil {
		return err
	}
	for _, visit := range page.Items {
		if err := m.dashboard.call(ctx, "POST", fmt.Sprintf("/api/v2/visitors/visits/%d/checkout", visit.ID), nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// welcome is what becomes of the i-th guest of a day.
func (m *maker) welcome(ctx context.Context, i int, g guest, there thing, now time.Time) error {
	const visitors = "/api/v2/visitors"
	in := map[string]any{"organizationId": m.row.OrganizationID, "lastName": g.last, "firstName": g.first, "workPlace": g.place, "hostId": m.hostOf(i)}
	id, err := m.enter(ctx, visitors, there, in)
	if err != nil {
		return err
	}
	if i == 2 { // without a code, and only for a moment
		in := map[string]any{"visitorId": id, "badge": "3", "until": now.Add(30 * time.Second)}
		return m.dashboard.call(ctx, "POST", visitors+"/visits", in, nil)
	}
	from, code := now.Add(-15*time.Minute), map[string]any{"codeType": "ONETIME"}
	switch i {
	case 4:
		code = map[string]any{"codeType": "MULTIPLE", "maxUses": 5}
	case 5:
		from = now.Add(90 * time.Minute)
		if last := m.midnight(now).AddDate(0, 0, 1).Add(-time.Minute); from.After(last) { // still today
			from = last
		}
	}
	code["startDate"], code["endDate"] = from, from.Add(8*time.Hour)
	var given struct {
		Code string `json:"code"`
	}
	if err := m.dashboard.call(ctx, "POST", fmt.Sprintf("%s/%d/codes", visitors, id), code, &given); err != nil || i > 1 {
		return err
	}
	return m.dashboard.call(ctx, "POST", visitors+"/visits", map[string]any{"code": given.Code, "badge": fmt.Sprint(i + 1)}, nil)
}

// hostOf is the employee whom a guest visits.
func (m *maker) hostOf(i int) int64 {
	return m.staffIDs[m.people[(i*7+2)%m.row.Employees].name].ID
}
