package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/staff-control/staff-control/platform/id"
)

// shift is when people of a department are expected, in minutes of the day; until may be after the next midnight.
type shift struct {
	name        string
	from, until int
	days        []int // 1 is Monday
	byDefault   bool
}

var (
	weekdays = []int{1, 2, 3, 4, 5}
	allDays  = []int{1, 2, 3, 4, 5, 6, 7}

	office  = shift{"Ofis 9–18", 9 * 60, 18 * 60, weekdays, true}
	storage = shift{"Ombor 7–16", 7 * 60, 16 * 60, []int{1, 2, 3, 4, 5, 6}, false}
	daily   = shift{"Kunduzgi navbat 8–20", 8 * 60, 20 * 60, allDays, false}
	nightly = shift{"Tungi navbat 20–8", 20 * 60, 32 * 60, allDays, false}

	shifts = []shift{office, storage, daily, nightly}
)

// department is one of the company's; share is how many of a hundred people are in it.
type department struct {
	name, short string
	under       string // the short name of the department above
	shift       shift
	share       int
	work        []application
}

var departments = []department{
	{"Rahbariyat", "Rahbariyat", "", office, 6, managing},
	{"Savdo bo‘limi", "Savdo", "", office, 22, selling},
	{"Buxgalteriya", "Buxgalteriya", "", office, 13, accounting},
	{"Axborot texnologiyalari bo‘limi", "AT", "", office, 12, programming},
	{"Отдел кадров", "Кадры", "", office, 6, hiring},
	{"Operatsiyalar", "Operatsiyalar", "", office, 0, nil},
	{"Markaziy omborxona", "Ombor", "Operatsiyalar", storage, 14, storing},
	{"Dispetcherlik (kunduzgi)", "Dispetcherlik", "Operatsiyalar", daily, 14, dispatching},
	{"Dispetcherlik (tungi)", "Tungi navbat", "Operatsiyalar", nightly, 13, dispatching},
}

// person is somebody of the company, with a computer of one's own.
type person struct {
	number        int // from 1
	name          string
	department    department
	username, sid string
	uid, computer string
	mac           string
	// linked is false for a Windows user of whom nobody has said yet who it is.
	linked bool
}

// silent is the number of the person whose computer has stopped reporting.
const silent = 17

// company makes the people: the same seed and number make the same ones.
func company(seed int64, employees int) []person {
	r := rand.New(rand.NewPCG(uint64(seed), 0))
	people := make([]person, 0, employees+len(strangers))
	couples := r.Perm(len(givenNames) * len(familyNames)) // so that nobody is called like another until there are very many
	for n := 1; n <= employees; n++ {
		couple := couples[n%len(couples)]
		name, username := nameOf(givenNames[couple%len(givenNames)], familyNames[couple/len(givenNames)], n)
		people = append(people, newPerson(seed, n, name, username, departmentOf(n, employees), true))
	}
	for i, s := range strangers {
		p := newPerson(seed, employees+1+i, s.name, s.username, departments[s.department], false)
		p.computer = s.computer
		people = append(people, p)
	}
	return people
}

// strangers are Windows users whom nobody has linked to a person.
var strangers = []struct {
	name, username, computer string
	department               int
}{
	{"Kassa", "kassa", "KASSA-1", 1},
	{"Ombor terminali", "ombor", "OMBOR-TSD", 6},
}

func newPerson(seed int64, n int, name, username string, d department, linked bool) person {
	u := id.Derive(seed, "demo", fmt.Sprint(n))
	return person{
		number: n, name: name, department: d, username: username, linked: linked,
		sid:      fmt.Sprintf("S-1-5-21-1004336348-1177238915-682003330-%d", 1100+n),
		uid:      fmt.Sprintf("DEMO-%X", u[:6]),
		computer: fmt.Sprintf("PC-%02d", n),
		mac:      fmt.Sprintf("5C:26:0A:%02X:%02X:%02X", u[6], u[7], u[8]),
	}
}

// departmentOf spreads people over departments by their shares, each department's in a row.
func departmentOf(n, employees int) department {
	share := 0
	for _, d := range departments {
		share += d.share
		if n*100 <= share*employees {
			return d
		}
	}
	return departments[len(departments)-1]
}

// nameOf makes a name, every fifth in Cyrillic as people write it, and the login that goes with it.
func nameOf(first givenName, last familyName, n int) (name, username string) {
	suffix, cyrillic := "", ""
	if first.female {
		suffix, cyrillic = "a", "а"
	}
	username = strings.ToLower(ascii.Replace(first.latin)[:1] + "." + ascii.Replace(last.latin) + suffix)
	if n > len(givenNames) { // the initial and the family name do not tell so many apart
		username += fmt.Sprint(n)
	}
	if n%5 == 0 {
		return last.cyrillic + cyrillic + " " + first.cyrillic, username
	}
	return last.latin + suffix + " " + first.latin, username
}

// ascii makes a login of a name.
var ascii = strings.NewReplacer("‘", "", "’", "", "O‘", "O", "G‘", "G")

type givenName struct {
	latin, cyrillic string
	female          bool
}

var givenNames = []givenName{
	{"Aziz", "Азиз", false}, {"Dilnoza", "Дилноза", true}, {"Jasur", "Жасур", false}, {"Malika", "Малика", true},
	{"O‘ktam", "Ўктам", false}, {"Nodira", "Нодира", true}, {"Sherzod", "Шерзод", false}, {"Zilola", "Зилола", true},
	{"Bobur", "Бобур", false}, {"Gulnora", "Гулнора", true}, {"Shuhrat", "Шуҳрат", false}, {"Feruza", "Феруза", true},
	{"Rustam", "Рустам", false}, {"Kamola", "Камола", true}, {"G‘ayrat", "Ғайрат", false}, {"Sevara", "Севара", true},
	{"Timur", "Тимур", false}, {"Lola", "Лола", true}, {"Ulug‘bek", "Улуғбек", false}, {"Madina", "Мадина", true},
	{"Otabek", "Отабек", false}, {"Yulduz", "Юлдуз", true}, {"Doniyor", "Дониёр", false}, {"Charos", "Чарос", true},
}

type familyName struct{ latin, cyrillic string }

var familyNames = []familyName{
	{"Karimov", "Каримов"}, {"Rahimov", "Раҳимов"}, {"Yusupov", "Юсупов"}, {"Tursunov", "Турсунов"}, {"Abdullayev", "Абдуллаев"},
	{"Qodirov", "Қодиров"}, {"Ergashev", "Эргашев"}, {"Ismoilov", "Исмоилов"}, {"Nazarov", "Назаров"}, {"To‘xtayev", "Тўхтаев"},
	{"Xolmatov", "Холматов"}, {"Sodiqov", "Содиқов"}, {"G‘aniyev", "Ғаниев"}, {"Mirzayev", "Мирзаев"}, {"Saidov", "Саидов"},
	{"Umarov", "Умаров"}, {"Jo‘rayev", "Жўраев"}, {"Aliyev", "Алиев"}, {"Hamidov", "Ҳамидов"}, {"Olimov", "Олимов"},
	{"Shodiyev", "Шодиев"}, {"Nurmatov", "Нурматов"}, {"Zokirov", "Зокиров"}, {"Boboyev", "Бобоев"}, {"Normurodov", "Нормуродов"},
}
