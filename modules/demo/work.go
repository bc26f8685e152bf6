package demo

// application is a program that people of a department use, with what stands in its title. Where it is a browser the
// titles are pages, each with its address.
type application struct {
	process string
	titles  []string
	pages   []page
	weight  int // how often among the others
}

type page struct{ title, url string }

// browser is the program that shows pages.
const browser = "chrome.exe"

func surfing(weight int, pages ...page) application {
	return application{process: browser, pages: pages, weight: weight}
}

var (
	telegram = application{process: "Telegram.exe", weight: 8, titles: []string{"Telegram", "Ishxona guruhi – Telegram", "Отдел продаж – Telegram"}}
	explorer = application{process: "explorer.exe", weight: 3, titles: []string{"Yuklamalar", "Hujjatlar", "Общая папка (\\\\server)", "Bu kompyuter"}}
	outlook  = application{process: "OUTLOOK.EXE", weight: 12, titles: []string{"Kiruvchi – Outlook", "Входящие – Outlook", "Re: Shartnoma bo‘yicha savol – Xabar", "Calendar – Outlook"}}

	news    = page{"Kun.uz – O‘zbekiston yangiliklari", "https://kun.uz/news/today"}
	gazeta  = page{"Газета.uz – новости Узбекистана", "https://www.gazeta.uz/ru/"}
	youtube = page{"YouTube", "https://www.youtube.com/"}
	bank    = page{"Markaziy bank – valyuta kurslari", "https://cbu.uz/uz/arkhiv-kursov-valyut/"}
	gov     = page{"my.gov.uz – davlat xizmatlari", "https://my.gov.uz/uz"}
	soliq   = page{"Soliq to‘lovchi kabineti", "https://my3.soliq.uz/main"}
	search  = page{"Google", "https://www.google.com/search?q=valyuta+kursi"}
	roads   = page{"Yandex Xaritalar – Toshkent", "https://yandex.uz/maps/10335/tashkent/"}
)

var managing = []application{
	outlook, telegram,
	{process: "EXCEL.EXE", weight: 14, titles: []string{"Oylik reja.xlsx – Excel", "План продаж 2026.xlsx – Excel", "KPI dashboard.xlsx – Excel"}},
	{process: "WINWORD.EXE", weight: 9, titles: []string{"Buyruq №214.docx – Word", "Приказ об отпуске.docx – Word", "Board minutes.docx – Word"}},
	{process: "POWERPNT.EXE", weight: 6, titles: []string{"Yil yakuni taqdimoti.pptx – PowerPoint", "O‘zbekiston bozori.pptx – PowerPoint"}},
	surfing(9, news, gazeta, bank, gov),
}

var selling = []application{
	outlook, telegram, explorer,
	{process: "EXCEL.EXE", weight: 14, titles: []string{"Mijozlar ro‘yxati.xlsx – Excel", "Прайс-лист ноябрь.xlsx – Excel", "Savdo hisoboti.xlsx – Excel"}},
	{process: "1cv8.exe", weight: 16, titles: []string{"Заказ клиента – 1С:Предприятие", "Реализация товаров – 1С:Предприятие"}},
	surfing(16, page{"Bitrix24 – bitimlar", "https://namuna.bitrix24.uz/crm/deal/"}, page{"Uzum Market – sotuvchi kabineti", "https://seller.uzum.uz/"}, news, youtube, search),
}

var accounting = []application{
	outlook, explorer,
	{process: "1cv8.exe", weight: 30, titles: []string{"Бухгалтерия предприятия – 1С", "Платёжное поручение – 1С:Предприятие", "Ish haqi hisobi – 1C:Korxona"}},
	{process: "EXCEL.EXE", weight: 22, titles: []string{"Отчёт за ноябрь.xlsx – Excel", "Balans 2026.xlsx – Excel", "Ҳисобот.xlsx – Excel"}},
	surfing(12, soliq, bank, gov, news),
}

var programming = []application{
	telegram,
	{process: "Code.exe", weight: 30, titles: []string{"main.go – billing – Visual Studio Code", "schema.sql – billing – Visual Studio Code", "README.md – sayt – Visual Studio Code"}},
	{process: "WindowsTerminal.exe", weight: 12, titles: []string{"PowerShell", "ssh server", "make test"}},
	surfing(22, page{"Pull requests – GitHub", "https://github.com/pulls"}, page{"Stack Overflow – unique index NULL", "https://stackoverflow.com/questions/8289100"},
		page{"PostgreSQL: Documentation", "https://www.postgresql.org/docs/current/"}, youtube, page{"Хабр", "https://habr.com/ru/feed/"}),
}

var hiring = []application{
	outlook, telegram,
	{process: "WINWORD.EXE", weight: 20, titles: []string{"Mehnat shartnomasi.docx – Word", "Трудовой договор.docx – Word", "Buyruq loyihasi.docx – Word"}},
	{process: "EXCEL.EXE", weight: 14, titles: []string{"Табель учёта рабочего времени.xlsx – Excel", "Xodimlar.xlsx – Excel"}},
	surfing(14, page{"hh.uz – rezyumelar", "https://tashkent.hh.uz/search/resume"}, page{"my.mehnat.uz", "https://my.mehnat.uz/"}, gazeta),
}

var storing = []application{
	telegram, explorer,
	{process: "1cv8.exe", weight: 34, titles: []string{"Поступление товаров – 1С:Предприятие", "Ombor qoldig‘i – 1C:Korxona", "Перемещение товаров – 1С"}},
	{process: "EXCEL.EXE", weight: 16, titles: []string{"Inventarizatsiya.xlsx – Excel", "Накладные.xlsx – Excel"}},
	surfing(8, news, youtube, roads),
}

var dispatching = []application{
	telegram,
	{process: "MicroSIP.exe", weight: 24, titles: []string{"MicroSIP – qo‘ng‘iroq", "MicroSIP – navbat: 3", "MicroSIP"}},
	{process: "EXCEL.EXE", weight: 8, titles: []string{"Navbat jurnali.xlsx – Excel", "Журнал смены.xlsx – Excel"}},
	surfing(26, roads, page{"Buyurtmalar – dispetcher paneli", "https://dispatch.namuna.uz/orders"}, page{"Haydovchilar holati", "https://dispatch.namuna.uz/drivers"}, news, youtube),
}

// calls are meetings at the computer: nobody types, and it is work.
var calls = []string{"Zoom Meeting – Haftalik yig‘ilish", "Zoom – Планёрка", "Zoom Meeting – mijoz bilan"}
