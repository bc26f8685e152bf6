package modules_test

// policiesDiffer are the differences of policies, groups, resources and options.
var policiesDiffer = []otherwise{
	{seqs: []int{219, 220, 229, 239}, status: 200, lines: []string{"`GET groups`, `GET resources` and `GET options` 500"}},
	{seqs: []int{475, 499, 505, 511, 517, 519, 520}, status: 400, lines: []string{"an id that is no whole number: 500, or the number that JavaScript makes of it"}},
	{seqs: []int{686, 687, 910}, status: 400, lines: []string{"`resources/bulk` with what is no list, or a type that is none: 500"}},
	{seqs: []int{868}, status: 400, again: policyOfHR, lines: []string{"two policies of one title, two groups of one name and type"}},
	{seqs: []int{871}, status: 400, lines: []string{"any number in `screenshotInterval`, of an unknown unit"}},
	{seqs: []int{872}, status: 404, lines: []string{"a policy of an organization that is not there: 500"}},
	{seqs: []int{878}, status: 404, lines: []string{"HR reads, changes and makes everybody's policies, groups and resources"}},
	{seqs: []int{893}, status: 400, lines: []string{"a site in a group of applications, an application in one of sites: 201"}},
	{seqs: []int{903}, status: 400, again: `{"type":"WEBSITE","value":"olx.uz","organizationId":1}`, lines: []string{"groups and resources are of no organization"}},
	{
		seqs: []int{907}, status: 400, lines: []string{"groups and resources are of no organization"},
		again: `[{"type":"WEBSITE","value":"b1","organizationId":1},{"type":"WEBSITE","value":"b2"},{"type":"WEBSITE","value":"b1"},{"type":"WEBSITE","value":"olx.uz"}]`,
	},
}

// policyOfHR is the body of 868 with a title of its own.
const policyOfHR = `{"title":"Yangi siyosat 2","isActiveWindowEnabled":true,"isScreenshotEnabled":true,"isVisitedSitesEnabled":false,"organizationId":2,
	"screenshotInterval":5,"screenshotIsGrayscale":false,"screenshotCaptureAll":true}`
