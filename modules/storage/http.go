package storage

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
)

const (
	prefix = "/api/v2/storage"
	files  = prefix + "/files"
	signed = prefix + "/signed"
	// uploadTimeout is for a large file on a slow line.
	uploadTimeout = 10 * time.Minute
)

// uploaded are the kinds that people bring. The others are made by the system, which keeps rows of its own about them:
// nobody else makes or deletes such.
var uploaded = []file.Kind{file.Credential, file.Profile}

// home is what the paths of uploads of the kind begin with, so that none stands where the system keeps its own.
func home(k file.Kind) string { return string(k) + "s/" }

func (s *service) routes(r httpx.Router) {
	r.GET(prefix+"/usage", file.Read, httpx.Handle(http.StatusOK, s.getUsage), httpx.Doc("What an organization's files take, by kind."))
	r.GET(files, file.Read, httpx.Handle(http.StatusOK, s.getFiles), httpx.Doc("Files in the order of their paths."))
	r.POST(files, file.Write, httpx.Raw(s.postFile), httpx.BodyLimit(int64(s.cfg.MaxUpload)), httpx.BodyTimeout(uploadTimeout), httpx.TakesBytes("*/*"), httpx.Gives[fileResponse](http.StatusCreated),
		httpx.Asks(
			grid.Parameter{Name: "kind", Doc: "credential or profile"}, grid.Parameter{Name: "path", Doc: "begins with credentials/ or profiles/"},
			grid.Parameter{Name: "metadata", Doc: "an object, as JSON"}, grid.Parameter{Name: "organization", Kind: grid.Number, Doc: "one's own if it is not said"},
		),
		httpx.Doc("Upload a file: the body is its content, the header Content-Type its type."))
	r.GET(files+"/:id", file.Read, httpx.Handle(http.StatusOK, s.getFile), httpx.Doc("What is known of a file."))
	r.GET(files+"/:id/content", file.Read, httpx.Raw(s.getContent), httpx.GivesFile("*/*"), httpx.Doc("Download a file. Screenshots are opened in their gallery, with a reason."))
	r.POST(files+"/:id/url", file.Read, httpx.Handle(http.StatusOK, s.postURL), httpx.Doc("An address that gives the file to whoever has it, until it expires."))
	r.DELETE(files+"/:id", file.Write, httpx.Handle(http.StatusNoContent, s.deleteFile), httpx.Doc("Delete a file that somebody uploaded."))
	r.GET(signed, actor.Public, httpx.Raw(s.getSigned), httpx.Asks(grid.Parameter{Name: "t", Doc: "what the address was signed with"}), httpx.GivesFile("*/*"), httpx.Doc("The file of an address that was given out."))
}

// in returns the context narrowed to the organization that the asker names, or has.
func (s *service) in(ctx context.Context, organizationID int64) (context.Context, error) {
	a, _ := actor.From(ctx)
	if organizationID == 0 || organizationID == a.OrganizationID {
		_, err := organizationOf(ctx)
		return ctx, err
	}
	o, err := s.tree.ByID(ctx, organizationID)
	return actor.With(ctx, a.In(o.ID)), err
}

type usageRequest struct {
	Organization int64 `query:"organization" doc:"for an actor of no organization"`
}

func (s *service) getUsage(ctx context.Context, in usageRequest) (u file.Usage, err error) {
	if ctx, err = s.in(ctx, in.Organization); err != nil {
		return u, err
	}
	return s.Usage(ctx)
}

type filesRequest struct {
	Organization int64     `query:"organization" doc:"for an actor of no organization"`
	Prefix       string    `query:"prefix"`
	Kind         file.Kind `query:"kind"`
	After        string    `query:"after"`
	Limit        int       `query:"limit"`
}

type fileResponse struct {
	ID id.UUID `json:"id"`
	file.File
}

func (s *service) getFiles(ctx context.Context, in filesRequest) (page httpx.Page[fileResponse], err error) {
	if ctx, err = s.in(ctx, in.Organization); err != nil {
		return page, err
	}
	rows, next, err := s.page(ctx, file.Query{Prefix: in.Prefix, Kind: in.Kind, After: in.After, Limit: in.Limit})
	for _, row := range rows {
		page.Items = append(page.Items, fileResponse{row.ID, row.file()})
	}
	page.Next = next
	return page, err
}

type fileRequest struct {
	ID id.UUID `path:"id" json:"-"`
}

// find returns the row and the context narrowed to its organization.
func (s *service) find(ctx context.Context, fileID id.UUID, action string) (context.Context, fileRow, error) {
	row, err := s.store.byID(ctx, fileID)
	if err != nil {
		if err = notFound(err); fault.Of(err).Is(file.ErrUnknown) {
			s.audit.Missed(ctx, (*fileRow)(nil), fileID, "file", "file."+action)
		}
		return ctx, row, err
	}
	a, _ := actor.From(ctx)
	return actor.With(ctx, a.In(row.OrganizationID)), row, nil
}

func (s *service) getFile(ctx context.Context, in fileRequest) (fileResponse, error) {
	_, row, err := s.find(ctx, in.ID, "read")
	return fileResponse{row.ID, row.file()}, err
}

func entry(action string, p actor.Permission, row fileRow) audit.Entry {
	return audit.Entry{
		Action: "file." + action, Permission: p, Object: "file:" + row.ID.String(), OrganizationID: row.OrganizationID,
		After: map[string]any{"path": row.Path, "kind": row.Kind, "size": row.Size},
	}
}

// note writes down what somebody is about to get.
func (s *service) note(ctx context.Context, e audit.Entry) error {
	return s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error { return s.audit.Write(ctx, tx, e) })
}

func (s *service) postFile(c *echo.Context) error {
	ctx := c.Request().Context()
	var f fault.Fields
	n := file.New{Path: c.QueryParam("path"), Kind: file.Kind(c.QueryParam("kind")), ContentType: c.Request().Header.Get("Content-Type")}
	checkKind(&f, n.Kind, uploaded)
	if slices.Contains(uploaded, n.Kind) && !strings.HasPrefix(n.Path, home(n.Kind)) {
		f.Add("path", codeHome, fault.Params{"Prefix": home(n.Kind)})
	}
	if m := c.QueryParam("metadata"); m != "" && json.Unmarshal([]byte(m), &n.Metadata) != nil {
		f.Add("metadata", codeMetadata, nil)
	}
	var organizationID int64
	if o := c.QueryParam("organization"); o != "" {
		var err error
		if organizationID, err = strconv.ParseInt(o, 10, 64); err != nil {
			f.Add("organization", "not_a_number", nil)
		}
	}
	err := f.Err()
	if err == nil {
		ctx, err = s.in(ctx, organizationID)
	}
	if err != nil {
		return err
	}
	answer, err := s.uploadOf(ctx, n, c.Request())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, answer)
}

func (s *service) uploadOf(ctx context.Context, n file.New, r *http.Request) (answer fileResponse, err error) {
	stored, err := s.Put(ctx, n, r.Body)
	if err != nil {
		return answer, err
	}
	row, err := s.store.byPath(ctx, stored.Path)
	if err != nil {
		return answer, notFound(err)
	}
	return fileResponse{row.ID, stored}, s.note(ctx, entry("uploaded", file.Write, row))
}

func (s *service) getContent(c *echo.Context) error {
	fileID, err := id.Parse(c.Param("id"))
	if err != nil {
		return file.ErrUnknown.Wrap(err)
	}
	ctx, row, err := s.find(c.Request().Context(), fileID, "download")
	if err != nil {
		return err
	}
	if row.guarded() {
		return errGuarded
	}
	body, f, err := s.content(ctx, row)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := s.note(ctx, entry("downloaded", file.Read, row)); err != nil {
		return err
	}
	return stream(c, body, f.ContentType, f.Size, f.Path)
}

type urlRequest struct {
	ID      id.UUID `path:"id" json:"-"`
	Seconds int64   `json:"expiresInSeconds,omitempty" doc:"from 1 to 604800; the setting storage.link_expiry if it is not said"`
}

type urlResponse struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expiresAt"`
}

func (s *service) postURL(ctx context.Context, in urlRequest) (answer urlResponse, err error) {
	ctx, row, err := s.find(ctx, in.ID, "link")
	if err != nil {
		return answer, err
	}
	if row.guarded() {
		return answer, errGuarded
	}
	expiresIn := s.cfg.LinkExpiry
	if in.Seconds != 0 {
		expiresIn = time.Duration(min(max(in.Seconds, 0), 1<<30)) * time.Second
	}
	answer.ExpiresAt = s.now().UTC().Add(expiresIn).Truncate(time.Second)
	if answer.URL, err = s.link(ctx, row, expiresIn); err != nil {
		return answer, err
	}
	return answer, s.note(ctx, entry("linked", file.Read, row))
}

func (s *service) deleteFile(ctx context.Context, in fileRequest) (struct{}, error) {
	ctx, row, err := s.find(ctx, in.ID, "delete")
	if err != nil {
		return struct{}{}, err
	}
	if row.guarded() || row.Kind == file.Archive {
		return struct{}{}, errGuarded
	}
	e := entry("deleted", file.Write, row)
	e.Before, e.After = e.After, nil
	return struct{}{}, s.deleteSome(ctx, []string{row.Path}, func(ctx context.Context, tx db.Tx) error { return s.audit.Write(ctx, tx, e) })
}
