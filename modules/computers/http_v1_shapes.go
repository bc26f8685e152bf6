package computers

import "github.com/staff-control/staff-control/platform/httpx"

// userV1 is a Windows user in v1's shape: what is not known is null.
type userV1 struct {
	ID         int64        `json:"id"`
	EmployeeID *int64       `json:"employeeId"`
	SID        string       `json:"sid"`
	Name       string       `json:"name"`
	Domain     *string      `json:"domain"`
	Username   string       `json:"username"`
	IsAdmin    bool         `json:"isAdmin"`
	IsInDomain bool         `json:"isInDomain"`
	IsActive   bool         `json:"isActive"`
	CreatedAt  httpx.TimeV1 `json:"createdAt"`
	UpdatedAt  httpx.TimeV1 `json:"updatedAt"`
}

func asUserV1(u knownUser) userV1 {
	return userV1{
		ID: u.ID, EmployeeID: u.EmployeeID, SID: u.SID, Name: u.Name, Domain: u.Domain, Username: u.Username, IsAdmin: u.Admin,
		IsInDomain: u.InDomain, IsActive: u.Active, CreatedAt: httpx.TimeV1(u.CreatedAt), UpdatedAt: httpx.TimeV1(u.UpdatedAt),
	}
}

type knownUserV1 struct {
	userV1
	Employee *employeeV1 `json:"employee"`
}

type employeeV1 struct {
	ID         int64        `json:"id"`
	Name       string       `json:"name"`
	Department departmentV1 `json:"department"`
}

type departmentV1 struct {
	ID        int64  `json:"id"`
	FullName  string `json:"fullName"`
	ShortName string `json:"shortName"`
}

func asKnownV1(rows []knownUser) []knownUserV1 {
	list := make([]knownUserV1, len(rows))
	for i, u := range rows {
		list[i].userV1 = asUserV1(u)
		if u.EmployeeID != nil {
			list[i].Employee = &employeeV1{*u.EmployeeID, u.EmployeeName, departmentV1{u.DepartmentID, u.DepartmentFullName, u.DepartmentShortName}}
		}
	}
	return list
}

// computerV1 is a computer in v1's shape.
type computerV1 struct {
	ID          int64        `json:"id"`
	ComputerUID string       `json:"computerUid"`
	OS          *string      `json:"os"`
	IPAddress   *string      `json:"ipAddress"`
	MACAddress  *string      `json:"macAddress"`
	IsActive    bool         `json:"isActive"`
	CreatedAt   httpx.TimeV1 `json:"createdAt"`
	UpdatedAt   httpx.TimeV1 `json:"updatedAt"`
}

func asComputerV1(c computerRow) computerV1 {
	return computerV1{c.ID, c.UID, c.OS, c.IPAddress, c.MACAddress, c.Active, httpx.TimeV1(c.CreatedAt), httpx.TimeV1(c.UpdatedAt)}
}

// placeV1 is a Windows user on a computer, in v1's shape.
type placeV1 struct {
	ID             int64        `json:"id"`
	ComputerUserID int64        `json:"computerUserId"`
	ComputerID     int64        `json:"computerId"`
	IsActive       bool         `json:"isActive"`
	CreatedAt      httpx.TimeV1 `json:"createdAt"`
	UpdatedAt      httpx.TimeV1 `json:"updatedAt"`
}

func asPlaceV1(p seenPair) placeV1 {
	return placeV1{p.ID, p.UserID, p.ComputerID, p.Active, httpx.TimeV1(p.CreatedAt), httpx.TimeV1(p.UpdatedAt)}
}

type pairV1 struct {
	placeV1
	Computer computerV1 `json:"computer"`
}

func asPairsV1(pairs []seenPair) []pairV1 {
	list := make([]pairV1, len(pairs))
	for i, p := range pairs {
		list[i] = pairV1{asPlaceV1(p), asComputerV1(p.Computer)}
	}
	return list
}

type seenUserV1 struct {
	userV1
	UsersOnComputers []pairV1 `json:"usersOnComputers"`
}

type wholeUserV1 struct {
	knownUserV1
	UsersOnComputers []pairV1 `json:"usersOnComputers"`
}

// usedV1 is a computer of one of an employee's Windows users.
type usedV1 struct {
	placeV1
	Computer     usedComputerV1 `json:"computer"`
	UserSessions []struct{}     `json:"userSessions" doc:"none: sessions are among what is monitored"`
}

type usedComputerV1 struct {
	ID          int64   `json:"id"`
	ComputerUID string  `json:"computerUid"`
	OS          *string `json:"os"`
	IPAddress   *string `json:"ipAddress"`
}

type usedComputersV1 struct {
	userV1
	UsersOnComputers []usedV1 `json:"usersOnComputers"`
}

func asUsedV1(pairs []seenPair) []usedV1 {
	list := make([]usedV1, len(pairs))
	for i, p := range pairs {
		list[i] = usedV1{asPlaceV1(p), usedComputerV1{p.ComputerID, p.Computer.UID, p.Computer.OS, p.Computer.IPAddress}, []struct{}{}}
	}
	return list
}
