package computers

import (
	"context"
	"strconv"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

// routesV1 serves v1's clients, under the prefix of its last version and under the one before.
func (m *Module) routesV1(r httpx.Router) {
	for _, prefix := range []string{"/api/v1", "/api"} {
		users, people := prefix+"/computer-users", prefix+"/employees/:id"
		r.GET(users, computer.Link, httpx.Handle(200, m.getUsersV1), httpx.Lenient(), httpx.Doc("Windows users, a page at a time"))
		r.GET(users+"/unlinked", computer.Link, httpx.Handle(200, m.getUnlinkedV1), httpx.Doc("Windows users who are nobody yet"))
		r.GET(users+"/:id", computer.Link, httpx.Handle(200, m.getUserV1), httpx.Doc("One Windows user with its computers"))
		r.PUT(users+"/:id", computer.Link, httpx.Handle(200, m.putUserV1), httpx.Doc("Change what is known of a Windows user"))
		r.DELETE(users+"/:id", computer.Link, httpx.Handle(200, m.deleteUserV1), httpx.Doc("Delete a Windows user, or make one inactive who was seen"))
		r.POST(users+"/:id/link-employee", computer.Link, httpx.Handle(201, m.linkEmployeeV1), httpx.Doc("Say which employee a Windows user is"))
		r.DELETE(users+"/:id/unlink-employee", computer.Link, httpx.Handle(200, m.unlinkEmployeeV1), httpx.Doc("Say that a Windows user is nobody's from now on"))
		r.GET(people+"/computer-users", computer.Read, httpx.Handle(200, m.getUsersOfV1), httpx.Doc("The Windows users that an employee is, with their computers"))
		r.POST(people+"/link-computer-user", computer.Link, httpx.Handle(201, m.linkUserV1), httpx.Doc("Say that an employee is a Windows user"))
		r.DELETE(people+"/unlink-computer-user/:computer_user_id", computer.Link, httpx.Handle(200, m.unlinkUserV1), httpx.Doc("Say that an employee is a Windows user no longer"))
		r.GET(prefix+"/computers", computer.Read, httpx.Handle(200, m.getComputersV1), httpx.Lenient(), httpx.Doc("Computers, a page at a time"))
		r.GET(prefix+"/computers/:id/users", computer.Read, httpx.Handle(200, m.getUsersOnV1), httpx.Doc("The Windows users that were seen on a computer"))
	}
}

// pathsV1 are the prefixes of routesV1.
func pathsV1() (paths []string) {
	for _, prefix := range []string{"/api/v1", "/api"} {
		paths = append(paths, prefix+"/computer-users", prefix+"/computers", prefix+"/employees/:id/computer-users",
			prefix+"/employees/:id/link-computer-user", prefix+"/employees/:id/unlink-computer-user")
	}
	return paths
}

func (m *Module) getUsersV1(ctx context.Context, in httpx.QueryV1) (page httpx.PageV1[knownUserV1], err error) {
	l, err := newestFirst(ctx, in, userSortsV1)
	if err != nil {
		return page, err
	}
	v, err := m.service.look(ctx)
	if err != nil {
		return page, err
	}
	rows, total, err := m.service.store.usersV1(ctx, v, l)
	page.Data, page.Total, page.Page, page.Limit = asKnownV1(rows), total, l.Page, l.Limit
	return page, err
}

// newestFirst reads the query of a list that v1 turned unless it was told otherwise.
func newestFirst(ctx context.Context, in httpx.QueryV1, sorts []string) (httpx.ListV1, error) {
	l, err := in.List(ctx, sorts...)
	if in.Order == nil {
		l.Desc = true
	}
	if l.Sort == "" {
		l.Sort = "createdAt"
	}
	return l, err
}

// who returns the Windows users that are meant and that the actor sees.
func (m *Module) who(ctx context.Context, w which) ([]knownUser, error) { return m.service.who(ctx, w) }

// one returns one Windows user.
func (m *Module) one(ctx context.Context, id int64) (knownUser, error) { return m.service.one(ctx, id) }

// seen returns where these Windows users were seen.
func (m *Module) seen(ctx context.Context, rows []knownUser) (map[int64][]seenPair, error) {
	ids := make([]int64, len(rows))
	for i, u := range rows {
		ids[i] = u.ID
	}
	return m.service.store.pairsV1(ctx, ids)
}

func (m *Module) getUnlinkedV1(ctx context.Context, _ struct{}) ([]seenUserV1, error) {
	rows, err := m.who(ctx, which{nobody: true})
	if err != nil {
		return nil, err
	}
	pairs, err := m.seen(ctx, rows)
	list := make([]seenUserV1, len(rows))
	for i, u := range rows {
		list[i] = seenUserV1{asUserV1(u), asPairsV1(pairs[u.ID])}
	}
	return list, err
}

func (m *Module) getUserV1(ctx context.Context, in idRequest) (out wholeUserV1, err error) {
	u, err := m.one(ctx, in.ID)
	if err != nil {
		return out, err
	}
	pairs, err := m.seen(ctx, []knownUser{u})
	return wholeUserV1{asKnownV1([]knownUser{u})[0], asPairsV1(pairs[u.ID])}, err
}

// userBodyV1 is what v1 let be said of a Windows user, by the names that it had there.
type userBodyV1 struct {
	ID         int64        `path:"id" json:"-"`
	SID        *string      `json:"sid,omitempty"`
	ComputerID *int64       `json:"computer_id,omitempty" doc:"one on which the user was seen; agents say on which"`
	Name       *string      `json:"name,omitempty"`
	Domain     httpx.TextV1 `json:"domain,omitzero"`
	Username   *string      `json:"username,omitempty"`
	IsAdmin    *bool        `json:"is_admin,omitempty"`
	IsInDomain *bool        `json:"is_in_domain,omitempty"`
	IsActive   *bool        `json:"is_active,omitempty"`
}

func (m *Module) putUserV1(ctx context.Context, in userBodyV1) (out userV1, err error) {
	u, err := m.one(ctx, in.ID)
	if err != nil {
		return out, err
	}
	if err := m.checkComputer(ctx, u, in.ComputerID); err != nil {
		return out, err
	}
	err = m.service.changeUser(ctx, in.ID, userInput{
		SID: in.SID, Name: in.Name, Domain: in.Domain.Pointer(), Username: in.Username, Admin: in.IsAdmin, InDomain: in.IsInDomain, Active: in.IsActive,
	})
	if err != nil {
		return out, err
	}
	u, err = m.one(ctx, in.ID)
	return asUserV1(u), err
}

// checkComputer refuses a computer on which the user was not seen.
func (m *Module) checkComputer(ctx context.Context, u knownUser, computerID *int64) error {
	if computerID == nil {
		return nil
	}
	pairs, err := m.seen(ctx, []knownUser{u})
	if err != nil {
		return err
	}
	for _, p := range pairs[u.ID] {
		if p.ComputerID == *computerID {
			return nil
		}
	}
	var f fault.Fields
	f.Add("computer_id", "unknown_reference", nil)
	return f.Err()
}

// nothingV1 is v1's empty answer.
type nothingV1 = *struct{}

func (m *Module) deleteUserV1(ctx context.Context, in idRequest) (nothingV1, error) {
	return nil, m.service.removeUser(ctx, in.ID)
}

type linkEmployeeV1 struct {
	ID         int64 `path:"id" json:"-"`
	EmployeeID int64 `json:"employee_id"`
}

func (m *Module) linkEmployeeV1(ctx context.Context, in linkEmployeeV1) (out userV1, err error) {
	if in.EmployeeID == 0 {
		var f fault.Fields
		f.Add("employee_id", "required", nil)
		return out, f.Err()
	}
	u, err := m.one(ctx, in.ID)
	if err != nil {
		return out, err
	}
	if u.EmployeeID != nil {
		return out, errLinked
	}
	if err := m.service.link(ctx, in.ID, in.EmployeeID, nil); err != nil {
		return out, err
	}
	u, err = m.one(ctx, in.ID)
	return asUserV1(u), err
}

// unlinkEmployeeV1 says of whoever is nobody's that it is nobody's, as v1 did.
func (m *Module) unlinkEmployeeV1(ctx context.Context, in idRequest) (nothingV1, error) {
	u, err := m.one(ctx, in.ID)
	if err != nil || u.EmployeeID == nil {
		return nil, err
	}
	return nil, m.service.unlink(ctx, in.ID, false)
}

type usersOfV1 struct {
	EmployeeID int64             `json:"employeeId"`
	Data       []usedComputersV1 `json:"data"`
}

func (m *Module) getUsersOfV1(ctx context.Context, in idRequest) (out usersOfV1, err error) {
	who, err := m.service.staff.ByID(ctx, in.ID)
	if err != nil {
		return out, err
	}
	rows, err := m.who(ctx, which{employee: who.ID})
	if err != nil {
		return out, err
	}
	pairs, err := m.seen(ctx, rows)
	out = usersOfV1{who.ID, make([]usedComputersV1, len(rows))}
	for i, u := range rows {
		out.Data[i] = usedComputersV1{asUserV1(u), asUsedV1(pairs[u.ID])}
	}
	return out, err
}

type linkUserV1 struct {
	ID             int64  `path:"id" json:"-"`
	ComputerUserID string `json:"computerUserId" doc:"a number, as a text"`
}

type linkedV1 struct {
	EmployeeID   int64  `json:"employeeId"`
	ComputerUser userV1 `json:"computerUser"`
	Message      string `json:"message"`
}

func (m *Module) linkUserV1(ctx context.Context, in linkUserV1) (out linkedV1, err error) {
	id, err := strconv.ParseInt(in.ComputerUserID, 10, 64)
	if err != nil {
		var f fault.Fields
		f.Add("computerUserId", "not_a_number", nil)
		return out, f.Err()
	}
	if _, err := m.one(ctx, id); err != nil {
		return out, err
	}
	if err := m.service.link(ctx, id, in.ID, nil); err != nil {
		return out, err
	}
	u, err := m.one(ctx, id)
	return linkedV1{in.ID, asUserV1(u), "Computer user linked successfully"}, err
}

type unlinkUserV1 struct {
	ID             int64 `path:"id" json:"-"`
	ComputerUserID int64 `path:"computer_user_id" json:"-"`
}

func (m *Module) unlinkUserV1(ctx context.Context, in unlinkUserV1) (out httpx.MessageV1, err error) {
	if _, err := m.service.staff.ByID(ctx, in.ID); err != nil {
		return out, err
	}
	u, err := m.one(ctx, in.ComputerUserID)
	if err != nil {
		return out, err
	}
	if u.EmployeeID == nil || *u.EmployeeID != in.ID {
		return out, errUserUnknown
	}
	return httpx.MessageV1{Message: "Computer user unlinked successfully"}, m.service.unlink(ctx, in.ComputerUserID, false)
}

func (m *Module) getComputersV1(ctx context.Context, in httpx.QueryV1) (page httpx.PageV1[computerV1], err error) {
	l, err := newestFirst(ctx, in, computerSortsV1)
	if err != nil {
		return page, err
	}
	v, err := m.service.look(ctx)
	if err != nil {
		return page, err
	}
	rows, total, err := m.service.store.computersV1(ctx, v, l, 0)
	page.Total, page.Page, page.Limit = total, l.Page, l.Limit
	for _, c := range rows {
		page.Data = append(page.Data, asComputerV1(c))
	}
	return page, err
}

func (m *Module) getUsersOnV1(ctx context.Context, in idRequest) ([]knownUserV1, error) {
	v, err := m.service.look(ctx)
	if err != nil {
		return nil, err
	}
	found, _, err := m.service.store.computersV1(ctx, v, httpx.ListV1{Page: 1, Limit: 1}, in.ID)
	if err == nil && len(found) == 0 {
		m.service.audit.Missed(ctx, (*computerRow)(nil), in.ID, "computer", "computers.read")
		err = errUnknown
	}
	if err != nil {
		return nil, err
	}
	rows, err := m.service.store.usersWho(ctx, v, which{computer: in.ID})
	return asKnownV1(rows), err
}
